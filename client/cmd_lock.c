/* SPDX-License-Identifier: Apache-2.0 */
/* Which versions of its dependencies a package is built with: lock, update, tree, why. */
#include <fcntl.h>

#include "base/file.h"
#include "commands.h"
#include "dependencies.h"
#include "report.h"

static const char *digest_text(struct wpkg_arena *arena, const struct wpkg_digest *digest)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	return wpkg_arena_format(arena, "sha256:%s", hex).ptr;
}

static bool add_locked(struct wpkg_arena *arena, struct wpkg_value *row,
		       const struct wpkg_locked *locked)
{
	const char *digest = digest_text(arena, &locked->content);
	return row && digest && wpkg_value_add_string(arena, row, "name", locked->name) &&
	       wpkg_value_add_string(arena, row, "version", locked->version) &&
	       wpkg_value_add_string(arena, row, "registry", locked->registry) &&
	       wpkg_value_add_string(arena, row, "digest", wpkg_str_from(digest));
}

static struct wpkg_value *lock_document(struct wpkg_arena *arena, const struct wpkg_lock *lock)
{
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "packages", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < lock->count; i++) {
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = add_locked(arena, row, &lock->packages[i]);
	}
	return good ? document : NULL;
}

/* What is different from the lock of before, a line each. */
static void report_changes(const struct dependencies *dependencies, const struct wpkg_lock *lock)
{
	const struct global_options *global = dependencies->session->global;
	const struct wpkg_lock *old = &dependencies->lock;
	for (size_t i = 0; i < lock->count; i++) {
		const struct wpkg_locked *now = &lock->packages[i];
		const struct wpkg_locked *before = wpkg_lock_find(old, now->name);
		if (!before)
			report_line(global, "added      %.*s/%.*s", WPKG_STR_ARG(now->name),
				    WPKG_STR_ARG(now->version));
		else if (!wpkg_str_equal(before->version, now->version))
			report_line(global, "changed    %.*s/%.*s, was %.*s",
				    WPKG_STR_ARG(now->name), WPKG_STR_ARG(now->version),
				    WPKG_STR_ARG(before->version));
	}
	for (size_t i = 0; i < old->count; i++)
		if (!wpkg_lock_find(lock, old->packages[i].name))
			report_line(global, "removed    %.*s/%.*s",
				    WPKG_STR_ARG(old->packages[i].name),
				    WPKG_STR_ARG(old->packages[i].version));
	report_line(global, "locked     %zu %s", lock->count,
		    report_plural(lock->count, "package", "packages"));
}

static enum wpkg_status write_lock(const struct wpkg_lock *lock, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_LOCK_MAX);
	enum wpkg_status status = wpkg_lock_write(&text, lock, err);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&text, WPKG_LOCK_FILE, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, WPKG_LOCK_FILE, wpkg_buf_str(&text), 0644, 0,
					 err);
	wpkg_buf_clear(&text);
	return status;
}

static int resolve(const struct wpkg_invocation *invocation, const struct update *update)
{
	struct session session;
	struct dependencies dependencies = {0};
	struct wpkg_lock lock = {0};
	struct wpkg_buf explanation;
	struct wpkg_err err = {0};
	int code = WPKG_EXIT_DONE;
	wpkg_buf_init(&explanation, (size_t)1 << 20);
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = dependencies_read(&dependencies, &session, AT_FDCWD, &err);
	if (status == WPKG_OK)
		status = dependencies_resolve(&lock, &dependencies, update, &explanation, &err);
	if (status == WPKG_OK)
		status = write_lock(&lock, &err);
	if (status != WPKG_OK) {
		dependencies_explain(invocation->global, &explanation);
		code = report_error(&err);
	} else if (session.global->json) {
		code = report_json(lock_document(&session.arena, &lock));
	} else {
		report_changes(&dependencies, &lock);
	}
	wpkg_buf_clear(&explanation);
	session_close(&session);
	return code;
}

static int run_lock(const struct wpkg_invocation *invocation)
{
	return resolve(invocation, &(struct update){0});
}

const struct wpkg_command cmd_lock = {
	.name = "lock",
	.operands = "",
	.summary = "choose versions of the package's dependencies and write them to wpkg.lock",
	.description =
		"Reads wpkg.toml in the working directory and finds the highest versions that "
		"fit together, of its dependencies and of theirs. Versions that wpkg.lock has are "
		"kept where they still fit. The file says of each package the version, the "
		"registry and the digest of its content: keep it in version control.\n"
		"\n"
		"When nothing fits, the reasons are printed, a sentence each. A version whose "
		"content is not what was locked is refused with exit code 3. Names that the "
		"configuration's [registries] have the beginning of come from that registry and "
		"from no other.",
	.example = "wpkg lock",
	.run = run_lock,
};

static int run_update(const struct wpkg_invocation *invocation)
{
	const struct update update = {.all = invocation->operand_count == 0,
				      .names = (const char *const *)invocation->operands,
				      .count = invocation->operand_count};
	return resolve(invocation, &update);
}

const struct wpkg_command cmd_update = {
	.name = "update",
	.operands = "[NAME...]",
	.summary = "choose newer versions of the package's dependencies",
	.description = "As wpkg lock, but wpkg.lock does not hold the named packages where they "
		       "are; without names it holds none.",
	.example = "wpkg update example.com/json",
	.most_operands = SIZE_MAX,
	.run = run_update,
};

/* tree, why */

struct walk {
	struct dependencies dependencies;
	struct wpkg_str target;	  /* why: what is explained; tree: empty */
	struct wpkg_str path[65]; /* names from the root down */
	bool *was_shown;	  /* tree: by place in the lock */
	size_t lines;
	struct wpkg_arena *arena;
	struct wpkg_value *document; /* with --json */
	struct wpkg_value *ways;     /* why: in it */
	bool failed;		     /* no memory for it */
};

#define DEPTH_MAX 64

static const struct wpkg_locked *locked_of(const struct walk *walk, struct wpkg_str name)
{
	return wpkg_lock_find(&walk->dependencies.lock, name);
}

static bool add_needs(struct wpkg_arena *arena, struct wpkg_value *parent,
		      const struct wpkg_dependencies *needs)
{
	struct wpkg_value *list = wpkg_value_add(arena, parent, "dependencies", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < needs->count; i++) {
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = row && wpkg_value_add_string(arena, row, "name", needs->items[i].name) &&
		       wpkg_value_add_string(arena, row, "requirement",
					     needs->items[i].requirement);
	}
	return good;
}

/* The packages, each once, with what it asks for: whoever reads it makes the tree of it. */
static bool add_tree(struct walk *walk)
{
	const struct dependencies *dependencies = &walk->dependencies;
	const struct wpkg_project *project = dependencies->project;
	struct wpkg_arena *arena = walk->arena;
	struct wpkg_value *document = walk->document;
	bool good = wpkg_value_add_string(arena, document, "name", project->name) &&
		    wpkg_value_add_string(arena, document, "version", project->version) &&
		    add_needs(arena, document, &dependencies->wanted);
	struct wpkg_value *list = wpkg_value_add(arena, document, "packages", WPKG_VALUE_ARRAY);
	for (size_t i = 0; good && i < dependencies->lock.count; i++) {
		const struct wpkg_locked *locked = &dependencies->lock.packages[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = add_locked(arena, row, locked) &&
		       add_needs(arena, row, &locked->dependencies);
	}
	return good && list;
}

/* A package that was shown before is shown without what is below it. */
static void show_tree(struct walk *walk, const struct wpkg_dependencies *needs, unsigned depth)
{
	const struct wpkg_lock *lock = &walk->dependencies.lock;
	for (size_t i = 0; i < needs->count && depth < DEPTH_MAX; i++) {
		const struct wpkg_dependency *need = &needs->items[i];
		const struct wpkg_locked *locked = locked_of(walk, need->name);
		if (!locked)
			continue;
		bool *was_shown = &walk->was_shown[locked - lock->packages];
		bool is_again = *was_shown && locked->dependencies.count > 0;
		report_line(walk->dependencies.session->global, "%*s%.*s/%.*s (%.*s)%s",
			    (int)(2 * depth), "", WPKG_STR_ARG(need->name),
			    WPKG_STR_ARG(locked->version), WPKG_STR_ARG(need->requirement),
			    is_again ? ", as above" : "");
		if (is_again)
			continue;
		*was_shown = true;
		show_tree(walk, &locked->dependencies, depth + 1);
	}
}

static bool leads_to(const struct walk *walk, struct wpkg_str name, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		if (wpkg_str_equal(walk->path[i], name))
			return true;
	return false;
}

static void add_way(struct walk *walk, unsigned depth, struct wpkg_str requirement)
{
	struct wpkg_arena *arena = walk->arena;
	struct wpkg_value *way = wpkg_value_add(arena, walk->ways, NULL, WPKG_VALUE_TABLE);
	struct wpkg_value *path = wpkg_value_add(arena, way, "path", WPKG_VALUE_ARRAY);
	bool good = path != NULL;
	for (unsigned i = 0; good && i < depth; i++)
		good = wpkg_value_add_string(arena, path, NULL, walk->path[i]);
	good = good && wpkg_value_add_string(arena, path, NULL, walk->target) &&
	       wpkg_value_add_string(arena, way, "requirement", requirement);
	walk->failed = walk->failed || !good;
}

static void show_path(struct walk *walk, unsigned depth, struct wpkg_str requirement)
{
	struct wpkg_buf line;
	walk->lines++;
	if (walk->document) {
		add_way(walk, depth, requirement);
		return;
	}
	wpkg_buf_init(&line, 1 << 16);
	for (unsigned i = 0; i < depth; i++)
		wpkg_buf_append_format(&line, "%.*s > ", WPKG_STR_ARG(walk->path[i]));
	report_line(walk->dependencies.session->global, "%s%.*s (%.*s)", wpkg_buf_text(&line),
		    WPKG_STR_ARG(walk->target), WPKG_STR_ARG(requirement));
	wpkg_buf_clear(&line);
}

#define WAYS_MAX 100

/* Every way from the root to the target, without circles. */
static void show_ways(struct walk *walk, const struct wpkg_dependencies *needs, unsigned depth)
{
	for (size_t i = 0; i < needs->count && depth < DEPTH_MAX && walk->lines < WAYS_MAX; i++) {
		const struct wpkg_dependency *need = &needs->items[i];
		const struct wpkg_locked *locked = locked_of(walk, need->name);
		if (wpkg_str_equal(need->name, walk->target)) {
			show_path(walk, depth, need->requirement);
			continue;
		}
		size_t at = locked ? (size_t)(locked - walk->dependencies.lock.packages) : 0;
		if (!locked || leads_to(walk, need->name, depth) || walk->was_shown[at])
			continue;
		size_t before = walk->lines;
		walk->path[depth] = need->name;
		show_ways(walk, &locked->dependencies, depth + 1);
		/* Nothing below leads there: not to be looked at again. */
		walk->was_shown[at] = walk->lines == before;
	}
}

static enum wpkg_status show(struct walk *walk, struct session *session, struct wpkg_err *err)
{
	const struct dependencies *dependencies = &walk->dependencies;
	enum wpkg_status status = dependencies_read(&walk->dependencies, session, AT_FDCWD, err);
	if (status == WPKG_OK)
		status = dependencies_check_lock(dependencies, err);
	if (status != WPKG_OK)
		return status;
	walk->was_shown = wpkg_arena_alloc(&session->arena, dependencies->lock.count + 1,
					   sizeof(*walk->was_shown));
	if (!walk->was_shown)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for dependencies");
	const struct wpkg_project *project = dependencies->project;
	if (walk->target.len > 0) {
		walk->path[0] = project->name;
		if (walk->document) {
			walk->failed = !wpkg_value_add_string(walk->arena, walk->document, "name",
							      walk->target);
			walk->ways = wpkg_value_add(walk->arena, walk->document, "ways",
						    WPKG_VALUE_ARRAY);
		}
		show_ways(walk, &dependencies->wanted, 1);
		if (walk->lines == 0)
			return WPKG_FAIL(err, WPKG_ENOTFOUND, "nothing needs %.*s",
					 WPKG_STR_ARG(walk->target));
		return WPKG_OK;
	}
	if (walk->document) {
		walk->failed = !add_tree(walk);
		return WPKG_OK;
	}
	report_line(session->global, "%.*s/%.*s", WPKG_STR_ARG(project->name),
		    WPKG_STR_ARG(project->version));
	show_tree(walk, &dependencies->wanted, 1);
	return WPKG_OK;
}

static int run_walk(const struct wpkg_invocation *invocation, const char *target)
{
	struct session session;
	struct wpkg_err err = {0};
	struct walk walk = {.target = wpkg_str_from(target)};
	enum wpkg_status status = session_open(&session, invocation, &err);
	walk.arena = &session.arena;
	if (status == WPKG_OK && session.global->json) {
		walk.document = wpkg_value_new_table(walk.arena);
		walk.failed = !walk.document;
	}
	if (status == WPKG_OK && !walk.failed)
		status = show(&walk, &session, &err);
	int code = status == WPKG_OK ? WPKG_EXIT_DONE : report_error(&err);
	if (status == WPKG_OK && session.global->json)
		code = report_json(walk.failed ? NULL : walk.document);
	session_close(&session);
	return code;
}

static int run_tree(const struct wpkg_invocation *invocation)
{
	return run_walk(invocation, NULL);
}

const struct wpkg_command cmd_tree = {
	.name = "tree",
	.operands = "",
	.summary = "show what the package depends on, as wpkg.lock has it",
	.description = "What wpkg.toml asks for, and below each package what that one asks for, "
		       "with the requirement in parentheses; with --json each package once, with "
		       "what it asks for. Asks no registry.",
	.example = "wpkg tree",
	.run = run_tree,
};

static int run_why(const struct wpkg_invocation *invocation)
{
	return run_walk(invocation, invocation->operands[0]);
}

const struct wpkg_command cmd_why = {
	.name = "why",
	.operands = "NAME",
	.summary = "show what needs a package that is in wpkg.lock",
	.description = "A line for each way from the package in the working directory to NAME, "
		       "with the last one's requirement; at most 100. Asks no registry.",
	.example = "wpkg why example.com/text",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_why,
};
