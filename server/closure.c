/* SPDX-License-Identifier: Apache-2.0 */
#include "closure.h"

#include <stdarg.h>

#include "base/buf.h"
#include "pkg/annotation.h"
#include "pkg/project.h"
#include "pkg/requirement.h"
#include "store/record.h"

/* Packages that may be looked at for one version. */
#define PACKAGES_MAX 256

/* Modules of all of them. */
#define MODULES_MAX 1024

/* Bytes of all their versions' invoices, while one is chosen of each. */
#define SCRATCH_MAX ((size_t)256 << 20)

/* Conflicts that the resolver may meet: dependencies of people know a few. */
#define CONFLICTS_MAX 2000

/* Lines that say what is wrong. */
#define PROBLEMS_MAX 50

/* Versions that a line names. */
#define NAMED_MAX 5

/* A package, all of its versions. */
struct known {
	struct wpkg_str name;
	struct wpkg_record_list records;
	struct wpkg_candidate *candidates;
	struct known *next;
};

struct search {
	const struct closure_options *options;
	struct wpkg_arena scratch;
	struct wpkg_arena *arena; /* of what comes out */
	struct known *known;
	size_t known_count;
	struct wpkg_question_closure closure;
	size_t modules;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "dependencies: no memory");
}

/* Texts that the answer holds. */

static bool add_text(struct search *search, struct wpkg_strings *strings, size_t max,
		     struct wpkg_str text)
{
	if (!strings->items)
		strings->items = wpkg_arena_alloc(search->arena, max, sizeof(*strings->items));
	struct wpkg_str kept = wpkg_arena_dup(search->arena, text);
	if (!strings->items || !kept.ptr)
		return false;
	if (strings->count < max)
		strings->items[strings->count++] = kept;
	return true;
}

static bool add_problem(struct search *search, const struct wpkg_dependency *dependency,
			const char *format, ...) WPKG_PRINTF(3, 4);

static bool add_problem(struct search *search, const struct wpkg_dependency *dependency,
			const char *format, ...)
{
	struct wpkg_buf line;
	va_list args;
	wpkg_buf_init(&line, (size_t)1 << 20);
	wpkg_buf_append_format(&line, "dependency %.*s %.*s: ", WPKG_STR_ARG(dependency->name),
			       WPKG_STR_ARG(dependency->requirement));
	va_start(args, format);
	wpkg_buf_append_vformat(&line, format, args);
	va_end(args);
	bool added = line.failed == WPKG_OK &&
		     add_text(search, &search->closure.problems, PROBLEMS_MAX, wpkg_buf_str(&line));
	wpkg_buf_clear(&line);
	return added;
}

static bool is_foreign(const struct search *search, struct wpkg_str name)
{
	const struct wpkg_strings *foreign = &search->closure.foreign;
	for (size_t i = 0; i < foreign->count; i++)
		if (wpkg_str_equal(foreign->items[i], name))
			return true;
	return false;
}

/* Packages and their versions. */

static enum wpkg_status read_candidates(struct known *known, struct search *search,
					struct wpkg_err *err)
{
	size_t count = known->records.count;
	known->candidates =
		wpkg_arena_alloc(&search->scratch, count + 1, sizeof(*known->candidates));
	if (!known->candidates)
		return no_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct wpkg_record *record = &known->records.items[i];
		struct wpkg_invoice *invoice = NULL;
		enum wpkg_status status = wpkg_invoice_read(
			&invoice, &search->scratch, record->invoice, WPKG_INVOICE_TOML, err);
		if (status != WPKG_OK)
			return status;
		known->candidates[i].version = record->version;
		known->candidates[i].yanked = record->state == WPKG_RECORD_YANKED;
		if (!wpkg_invoice_dependencies(&known->candidates[i].dependencies, &search->scratch,
					       invoice))
			return no_memory(err);
	}
	return WPKG_OK;
}

/* Those that everybody sees: what is not published yet is nothing to depend on. */
static enum wpkg_status read_versions(struct known *known, struct search *search,
				      struct wpkg_err *err)
{
	const struct closure_options *options = search->options;
	const struct wpkg_viewer nobody = {0};
	if (options->may_read && !options->may_read(options->user, known->name))
		return WPKG_OK;
	enum wpkg_status status = wpkg_record_versions(&known->records, &search->scratch,
						       options->store, known->name, &nobody, err);
	size_t kept = 0;
	for (size_t i = 0; status == WPKG_OK && i < known->records.count; i++)
		if (known->records.items[i].published != 0)
			known->records.items[kept++] = known->records.items[i];
	known->records.count = kept;
	return status == WPKG_OK ? read_candidates(known, search, err) : status;
}

static enum wpkg_status find_package(struct known **out, struct search *search,
				     struct wpkg_str name, struct wpkg_err *err)
{
	for (struct known *known = search->known; known; known = known->next)
		if (wpkg_str_equal(known->name, name)) {
			*out = known;
			return WPKG_OK;
		}
	if (search->known_count++ == PACKAGES_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d packages are involved",
				 PACKAGES_MAX);
	struct known *known = wpkg_arena_alloc(&search->scratch, 1, sizeof(*known));
	if (!known)
		return no_memory(err);
	known->name = name;
	enum wpkg_status status = read_versions(known, search, err);
	if (status != WPKG_OK)
		return status;
	known->next = search->known;
	search->known = known;
	*out = known;
	return WPKG_OK;
}

/* Takes out of the list what the registry does not have, where that is nobody's business. */
static enum wpkg_status drop_foreign(struct wpkg_dependencies *list, struct search *search,
				     struct wpkg_err *err)
{
	struct wpkg_dependency *kept =
		wpkg_arena_alloc(&search->scratch, list->count + 1, sizeof(*kept));
	size_t count = 0;
	if (!kept)
		return no_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		struct known *known;
		enum wpkg_status status = find_package(&known, search, list->items[i].name, err);
		if (status != WPKG_OK)
			return status;
		if (known->records.count > 0)
			kept[count++] = list->items[i];
		else if (!is_foreign(search, known->name) &&
			 !add_text(search, &search->closure.foreign, PACKAGES_MAX, known->name))
			return no_memory(err);
	}
	*list = (struct wpkg_dependencies){kept, count};
	return WPKG_OK;
}

/* For the resolver, which asks for each name once. */
static enum wpkg_status give_candidates(void *state, struct wpkg_candidates *out,
					struct wpkg_str name, struct wpkg_err *err)
{
	struct search *search = state;
	struct known *known;
	enum wpkg_status status = find_package(&known, search, name, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; search->options->foreign && i < known->records.count; i++) {
		status = drop_foreign(&known->candidates[i].dependencies, search, err);
		if (status != WPKG_OK)
			return status;
	}
	*out = (struct wpkg_candidates){known->candidates, known->records.count};
	return WPKG_OK;
}

/* What is wrong with one dependency, whatever the others are. */

static bool matches(const struct wpkg_requirement *requirement, struct wpkg_str text)
{
	struct wpkg_version version;
	return wpkg_version_parse(&version, text, NULL) == WPKG_OK &&
	       wpkg_requirement_matches(requirement, &version);
}

/* "1.0.0, 1.1.0, ..." of those that match, highest first; NULL: of all. */
static void append_versions(struct wpkg_buf *out, const struct known *known,
			    const struct wpkg_requirement *requirement)
{
	unsigned named = 0;
	for (size_t i = 0; i < known->records.count && named <= NAMED_MAX; i++) {
		struct wpkg_str version = known->records.items[i].version;
		if (requirement && !matches(requirement, version))
			continue;
		wpkg_buf_append_text(out, named > 0 ? ", " : "");
		if (named++ < NAMED_MAX)
			wpkg_buf_append_str(out, version);
		else
			wpkg_buf_append_text(out, "...");
	}
}

static enum wpkg_status say_unfit(struct search *search, const struct wpkg_dependency *dependency,
				  const struct known *known,
				  const struct wpkg_requirement *requirement, size_t yanked,
				  struct wpkg_err *err)
{
	struct wpkg_buf versions;
	wpkg_buf_init(&versions, 4096);
	append_versions(&versions, known, yanked > 0 ? requirement : NULL);
	bool added = add_problem(search, dependency,
				 yanked > 0 ? "every version that would do was yanked: %s"
					    : "no version would do; there is %s",
				 wpkg_buf_text(&versions));
	wpkg_buf_clear(&versions);
	return added ? WPKG_OK : no_memory(err);
}

static enum wpkg_status look_at(struct search *search, const struct wpkg_dependency *dependency,
				struct wpkg_err *err)
{
	struct known *known;
	struct wpkg_err wrong;
	struct wpkg_requirement requirement;
	size_t fit = 0, yanked = 0;
	if (wpkg_requirement_parse(&requirement, dependency->requirement, &wrong) != WPKG_OK)
		return add_problem(search, dependency, "%s", wrong.msg) ? WPKG_OK : no_memory(err);
	enum wpkg_status status = find_package(&known, search, dependency->name, err);
	if (status != WPKG_OK)
		return status;
	if (known->records.count == 0)
		return add_problem(search, dependency,
				   "there is no such package here that the pusher may read")
			       ? WPKG_OK
			       : no_memory(err);
	for (size_t i = 0; i < known->records.count; i++) {
		if (!matches(&requirement, known->candidates[i].version))
			continue;
		fit++;
		yanked += known->candidates[i].yanked;
	}
	return fit > yanked ? WPKG_OK
			    : say_unfit(search, dependency, known, &requirement, yanked, err);
}

/* What was chosen. */

static enum wpkg_status add_modules(struct search *search, struct wpkg_question_package *package,
				    const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	package->modules = wpkg_arena_alloc(search->arena, invoice->parcel_count + 1,
					    sizeof(*package->modules));
	if (!package->modules)
		return no_memory(err);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		if (!wpkg_media_type_is_wasm(label->media_type))
			continue;
		if (search->modules++ == MODULES_MAX)
			return WPKG_FAIL(err, WPKG_ELIMIT, "they have more than %d modules",
					 MODULES_MAX);
		package->modules[package->module_count++] =
			(struct wpkg_question_module){label->name, label->sha256, label->size};
	}
	return WPKG_OK;
}

static enum wpkg_status add_needs(struct search *search, struct wpkg_question_package *package,
				  const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_dependencies needs;
	if (!wpkg_invoice_dependencies(&needs, search->arena, invoice))
		return no_memory(err);
	struct wpkg_str *names = wpkg_arena_alloc(search->arena, needs.count + 1, sizeof(*names));
	if (!names)
		return no_memory(err);
	for (size_t i = 0; i < needs.count; i++)
		names[i] = needs.items[i].name;
	package->needs = (struct wpkg_strings){names, needs.count};
	return WPKG_OK;
}

static enum wpkg_status add_package(struct search *search, const struct wpkg_choice *choice,
				    struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_viewer nobody = {0};
	enum wpkg_status status = wpkg_record_find(&record, search->arena, search->options->store,
						   choice->name, choice->version, &nobody, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_read(&invoice, search->arena, record.invoice,
					   WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_question_package package = {.name = record.name, .version = record.version};
	wpkg_digest_format(hex, &record.manifest);
	package.digest = wpkg_arena_format(search->arena, "sha256:%s", hex);
	status = package.digest.ptr ? add_modules(search, &package, invoice, err) : no_memory(err);
	if (status == WPKG_OK)
		status = add_needs(search, &package, invoice, err);
	if (status == WPKG_OK)
		search->closure.packages[search->closure.count++] = package;
	return status;
}

static enum wpkg_status take_choices(struct search *search, const struct wpkg_choices *choices,
				     struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	search->closure.packages = wpkg_arena_alloc(search->arena, choices->count + 1,
						    sizeof(*search->closure.packages));
	if (!search->closure.packages)
		return no_memory(err);
	for (size_t i = 0; status == WPKG_OK && i < choices->count; i++)
		status = add_package(search, &choices->items[i], err);
	return status;
}

/* Nothing fits: the explanation's sentences. */
static bool add_explanation(struct search *search, struct wpkg_str rest)
{
	struct wpkg_str line;
	while (wpkg_str_split(&rest, '\n', &line))
		if (line.len > 0 &&
		    !add_text(search, &search->closure.problems, PROBLEMS_MAX, line))
			return false;
	return true;
}

static enum wpkg_status resolve(struct search *search, struct wpkg_str name,
				const struct wpkg_dependencies *wanted, struct wpkg_err *err)
{
	struct wpkg_buf explanation;
	struct wpkg_choices choices = {0};
	const struct wpkg_resolve_source source = {search, give_candidates};
	const struct wpkg_resolve_options options = {.conflicts = CONFLICTS_MAX};
	wpkg_buf_init(&explanation, (size_t)1 << 20);
	enum wpkg_status status = wpkg_resolve(&choices, &search->scratch, name, wanted, &source,
					       &options, &explanation, err);
	if (status == WPKG_OK)
		status = take_choices(search, &choices, err);
	else if (status == WPKG_ENOTFOUND)
		status = add_explanation(search, wpkg_buf_str(&explanation)) ? WPKG_OK
									     : no_memory(err);
	wpkg_buf_clear(&explanation);
	return status;
}

static enum wpkg_status find_all(struct search *search, const struct wpkg_invoice *invoice,
				 struct wpkg_err *err)
{
	struct wpkg_dependencies wanted;
	if (!wpkg_invoice_dependencies(&wanted, &search->scratch, invoice))
		return no_memory(err);
	enum wpkg_status status = WPKG_OK;
	if (search->options->foreign)
		status = drop_foreign(&wanted, search, err);
	for (size_t i = 0; status == WPKG_OK && i < wanted.count; i++)
		status = look_at(search, &wanted.items[i], err);
	if (status == WPKG_OK && wanted.count > 0 && search->closure.problems.count == 0)
		status = resolve(search, invoice->name, &wanted, err);
	return status;
}

enum wpkg_status closure_find(struct wpkg_question_closure *out, struct wpkg_arena *arena,
			      const struct closure_options *options,
			      const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_err own;
	struct search search = {.options = options, .arena = arena};
	*out = (struct wpkg_question_closure){0};
	if (!wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES).ptr)
		return WPKG_OK;
	wpkg_arena_init(&search.scratch, SCRATCH_MAX);
	enum wpkg_status status = find_all(&search, invoice, &own);
	bool is_full = status == WPKG_ENOMEM && search.scratch.used > SCRATCH_MAX / 2;
	/* What passes a limit of ours would do so each time. */
	if (status == WPKG_ELIMIT || is_full) {
		struct wpkg_str line =
			wpkg_arena_format(arena, "the dependencies: %s",
					  status == WPKG_ELIMIT ? own.msg : "too many versions");
		search.closure = (struct wpkg_question_closure){0};
		status = line.ptr && add_text(&search, &search.closure.problems, 1, line)
				 ? WPKG_OK
				 : no_memory(&own);
	}
	wpkg_arena_clear(&search.scratch);
	if (status == WPKG_OK)
		*out = search.closure;
	else if (status == WPKG_ENOTFOUND)
		/* It was deleted since it was chosen. */
		return WPKG_FAIL(err, WPKG_EBUSY, "%s", own.msg);
	else if (err)
		*err = own;
	return status;
}
