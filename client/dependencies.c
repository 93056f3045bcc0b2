/* SPDX-License-Identifier: Apache-2.0 */
#include "dependencies.h"

#include "base/file.h"
#include "pkg/annotation.h"
#include "pkg/oci_manifest.h"
#include "pkg/requirement.h"
#include "query.h"
#include "report.h"
#include "trust.h"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for dependencies");
}

static enum wpkg_status read_text(struct wpkg_str *out, struct wpkg_arena *arena, int folder,
				  const char *path, size_t max, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, max);
	enum wpkg_status status = wpkg_file_read(&text, folder, path, err);
	if (status == WPKG_OK) {
		*out = wpkg_arena_dup(arena, wpkg_buf_str(&text));
		if (!out->ptr)
			status = no_memory(err);
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status read_lock(struct dependencies *out, int folder, struct wpkg_err *err)
{
	struct wpkg_str text;
	struct wpkg_arena *arena = &out->session->arena;
	struct wpkg_err absent;
	enum wpkg_status status =
		read_text(&text, arena, folder, WPKG_LOCK_FILE, WPKG_LOCK_MAX, &absent);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status != WPKG_OK) {
		*err = absent;
		return status;
	}
	status = wpkg_lock_read(&out->lock, arena, text, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, WPKG_LOCK_FILE);
	out->has_lock = status == WPKG_OK;
	return status;
}

enum wpkg_status dependencies_read(struct dependencies *out, struct session *session, int folder,
				   struct wpkg_err *err)
{
	struct wpkg_str text;
	struct wpkg_arena *arena = &session->arena;
	*out = (struct dependencies){.session = session};
	enum wpkg_status status =
		read_text(&text, arena, folder, WPKG_PROJECT_FILE, WPKG_PROJECT_MAX, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_project_read(&out->project, arena, text, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, WPKG_PROJECT_FILE);
		return status;
	}
	const struct wpkg_map *map = &out->project->dependencies;
	struct wpkg_dependency *wanted = wpkg_arena_alloc(arena, map->count + 1, sizeof(*wanted));
	if (!wanted)
		return no_memory(err);
	for (size_t i = 0; i < map->count; i++)
		wanted[i] = (struct wpkg_dependency){map->pairs[i].key, map->pairs[i].value};
	out->name = out->project->name;
	out->wanted = (struct wpkg_dependencies){wanted, map->count};
	return read_lock(out, folder, err);
}

enum wpkg_status dependencies_of_invoice(struct dependencies *out, struct session *session,
					 const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	*out = (struct dependencies){.session = session, .name = invoice->name};
	return wpkg_invoice_dependencies(&out->wanted, &session->arena, invoice) ? WPKG_OK
										 : no_memory(err);
}

/* A version that a registry showed. */
struct shown {
	struct wpkg_invoice *invoice;
	struct wpkg_str registry;
	struct shown *next;
};

struct search {
	struct dependencies *dependencies;
	struct wpkg_str name; /* that is asked for now */
	struct shown *shown;  /* all, the last first */
	size_t count;	      /* of this name */
};

static enum wpkg_status take_invoice(struct search *search, struct wpkg_invoice *invoice,
				     struct wpkg_err *err)
{
	struct session *session = search->dependencies->session;
	if (!wpkg_str_equal(invoice->name, search->name))
		return WPKG_OK;
	struct shown *shown = wpkg_arena_alloc(&session->arena, 1, sizeof(*shown));
	struct wpkg_str registry = wpkg_arena_dup(&session->arena, wpkg_buf_str(&session->url));
	if (!shown || !registry.ptr)
		return no_memory(err);
	*shown = (struct shown){invoice, registry, search->shown};
	search->shown = shown;
	search->count++;
	return WPKG_OK;
}

static enum wpkg_status take_version(void *user, struct wpkg_invoice *invoice, bool *enough,
				     struct wpkg_err *err)
{
	(void)enough;
	return take_invoice(user, invoice, err);
}

static enum wpkg_status take_cached(void *user, struct wpkg_str version, struct wpkg_err *err)
{
	struct search *search = user;
	struct session *session = search->dependencies->session;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status =
		cache_get_invoice(&invoice, &session->arena, &session->cache,
				  wpkg_buf_str(&session->url), search->name, version, err);
	if (status == WPKG_OK)
		return take_invoice(search, invoice, err);
	return status == WPKG_EFORMAT ? WPKG_OK : status;
}

static enum wpkg_status recall(struct search *search, struct wpkg_err *err)
{
	struct session *session = search->dependencies->session;
	enum wpkg_status status = session_need_url(session, err);
	if (status == WPKG_OK)
		status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	return cache_each_version(&session->cache, wpkg_buf_str(&session->url), search->name,
				  take_cached, search, err);
}

static enum wpkg_status find(void *state, struct wpkg_candidates *out, struct wpkg_str name,
			     struct wpkg_err *err)
{
	struct search *search = state;
	struct session *session = search->dependencies->session;
	struct wpkg_query query = {.text = name, .yanked = true};
	search->name = name;
	search->count = 0;
	enum wpkg_status status = session_choose(session, name, err);
	if (status == WPKG_OK && session->global->offline)
		status = recall(search, err);
	else if (status == WPKG_OK)
		status = query_each(session, query, take_version, search, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_candidate *items =
		wpkg_arena_alloc(&session->arena, search->count + 1, sizeof(*items));
	if (!items)
		return no_memory(err);
	const struct shown *shown = search->shown;
	for (size_t i = 0; i < search->count; i++, shown = shown->next) {
		items[i].version = shown->invoice->version;
		items[i].yanked = shown->invoice->yanked;
		if (!wpkg_invoice_dependencies(&items[i].dependencies, &session->arena,
					       shown->invoice))
			return no_memory(err);
	}
	*out = (struct wpkg_candidates){items, search->count};
	return WPKG_OK;
}

static bool is_updated(const struct update *update, struct wpkg_str name)
{
	for (size_t i = 0; i < update->count; i++)
		if (wpkg_str_equal_text(name, update->names[i]))
			return true;
	return update->all;
}

static bool prefer(struct wpkg_choices *out, struct dependencies *dependencies,
		   const struct update *update)
{
	const struct wpkg_lock *lock = &dependencies->lock;
	out->count = 0;
	out->items = wpkg_arena_alloc(&dependencies->session->arena, lock->count + 1,
				      sizeof(*out->items));
	for (size_t i = 0; out->items && i < lock->count; i++)
		if (!is_updated(update, lock->packages[i].name))
			out->items[out->count++] = (struct wpkg_choice){lock->packages[i].name,
									lock->packages[i].version};
	return out->items != NULL;
}

static enum wpkg_status lock_version(struct wpkg_locked *out, struct search *search,
				     const struct wpkg_choice *choice, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &search->dependencies->session->arena;
	struct wpkg_oci_manifest manifest;
	const struct shown *shown = search->shown;
	while (shown && !(wpkg_str_equal(shown->invoice->name, choice->name) &&
			  wpkg_str_equal(shown->invoice->version, choice->version)))
		shown = shown->next;
	if (!shown)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s/%.*s is gone",
				 WPKG_STR_ARG(choice->name), WPKG_STR_ARG(choice->version));
	enum wpkg_status status =
		wpkg_oci_manifest_of_invoice(&manifest, arena, shown->invoice, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_locked *old = wpkg_lock_find(&search->dependencies->lock, choice->name);
	if (old && wpkg_str_equal(old->version, choice->version) &&
	    !wpkg_digest_equal(&old->content, &manifest.digest))
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "%.*s/%.*s is not what was locked: its content has changed",
				 WPKG_STR_ARG(choice->name), WPKG_STR_ARG(choice->version));
	*out = (struct wpkg_locked){.name = choice->name,
				    .version = choice->version,
				    .registry = shown->registry,
				    .content = manifest.digest};
	return wpkg_invoice_dependencies(&out->dependencies, arena, shown->invoice)
		       ? WPKG_OK
		       : no_memory(err);
}

enum wpkg_status dependencies_resolve(struct wpkg_lock *out, struct dependencies *dependencies,
				      const struct update *update, struct wpkg_buf *explanation,
				      struct wpkg_err *err)
{
	struct search search = {.dependencies = dependencies};
	struct wpkg_resolve_source source = {&search, find};
	struct wpkg_resolve_options options = {0};
	struct wpkg_choices choices;
	struct wpkg_lock lock = {0};
	struct wpkg_arena *arena = &dependencies->session->arena;
	if (!prefer(&options.preferred, dependencies, update))
		return no_memory(err);
	enum wpkg_status status =
		wpkg_resolve(&choices, arena, dependencies->name, &dependencies->wanted, &source,
			     &options, explanation, err);
	if (status != WPKG_OK)
		return status;
	lock.packages = wpkg_arena_alloc(arena, choices.count + 1, sizeof(*lock.packages));
	if (!lock.packages)
		return no_memory(err);
	for (size_t i = 0; status == WPKG_OK && i < choices.count; i++)
		status =
			lock_version(&lock.packages[lock.count++], &search, &choices.items[i], err);
	if (status == WPKG_OK)
		*out = lock;
	return status;
}

static enum wpkg_status check_need(const struct dependencies *dependencies,
				   const struct wpkg_dependency *need, struct wpkg_err *err)
{
	const struct wpkg_locked *locked = wpkg_lock_find(&dependencies->lock, need->name);
	struct wpkg_requirement requirement;
	struct wpkg_version version;
	if (!locked)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 WPKG_LOCK_FILE " does not have %.*s: 'wpkg lock' brings it up to "
						"date",
				 WPKG_STR_ARG(need->name));
	enum wpkg_status status = wpkg_requirement_parse(&requirement, need->requirement, err);
	if (status == WPKG_OK)
		status = wpkg_version_parse(&version, locked->version, err);
	if (status == WPKG_OK && !wpkg_requirement_matches(&requirement, &version))
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   WPKG_LOCK_FILE " has %.*s/%.*s, but %.*s is asked for: 'wpkg "
						  "lock' brings it up to date",
				   WPKG_STR_ARG(need->name), WPKG_STR_ARG(locked->version),
				   WPKG_STR_ARG(need->requirement));
	return status;
}

enum wpkg_status dependencies_check_lock(const struct dependencies *dependencies,
					 struct wpkg_err *err)
{
	const struct wpkg_lock *lock = &dependencies->lock;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < dependencies->wanted.count; i++)
		status = check_need(dependencies, &dependencies->wanted.items[i], err);
	for (size_t i = 0; status == WPKG_OK && i < lock->count; i++)
		for (size_t n = 0; status == WPKG_OK && n < lock->packages[i].dependencies.count;
		     n++)
			status = check_need(dependencies, &lock->packages[i].dependencies.items[n],
					    err);
	return status;
}

enum wpkg_status dependencies_refer(struct reference *out, struct session *session,
				    const struct wpkg_locked *locked, struct wpkg_err *err)
{
	*out = (struct reference){.parts = {.name = locked->name,
					    .version = locked->version,
					    .has_digest = true,
					    .digest = locked->content}};
	enum wpkg_status status = session_choose(session, locked->name, err);
	if (status == WPKG_OK && !session->global->offline &&
	    !wpkg_str_equal(wpkg_buf_str(&session->url), locked->registry))
		return WPKG_FAIL(err, WPKG_EDENIED, "%.*s was locked from %.*s, not from %s",
				 WPKG_STR_ARG(locked->name), WPKG_STR_ARG(locked->registry),
				 wpkg_buf_text(&session->url));
	return status;
}

enum wpkg_status dependencies_find(struct found *out, struct session *session,
				   const struct wpkg_locked *locked, struct wpkg_err *err)
{
	struct found found = {0};
	struct reference reference;
	enum wpkg_status status = dependencies_refer(&reference, session, locked, err);
	if (status == WPKG_OK)
		status = reference_find_usable(&found, session, &reference, err);
	if (status == WPKG_OK)
		status = trust_check(session, found.invoice, err);
	if (status == WPKG_OK)
		*out = found;
	return status;
}

void dependencies_explain(const struct global_options *global, const struct wpkg_buf *explanation)
{
	struct wpkg_str rest = wpkg_buf_str(explanation), line;
	while (wpkg_str_split(&rest, '\n', &line))
		if (line.len > 0)
			report_note(global, "%.*s", WPKG_STR_ARG(line));
}
