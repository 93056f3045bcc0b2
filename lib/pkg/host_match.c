/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_match.h"

#include <stdarg.h>

#include "pkg/host_int.h"
#include "pkg/host_matching.h"
#include "wasm/format.h"

bool host_problem_begin(struct host_matching *m)
{
	m->report.more = m->report.problem_count == WPKG_HOST_PROBLEMS_MAX;
	wpkg_buf_reset(&m->line);
	if (m->variant.len > 0)
		wpkg_buf_append_format(&m->line, "as %.*s: ", WPKG_STR_ARG(m->variant));
	return !m->report.more && !m->failed;
}

void host_problem_end(struct host_matching *m)
{
	struct wpkg_str *line = &m->report.problems[m->report.problem_count];
	*line = wpkg_arena_dup(m->arena, wpkg_buf_str(&m->line));
	if (m->line.failed != WPKG_OK || !line->ptr)
		m->failed = true;
	else
		m->report.problem_count++;
}

void host_problem(struct host_matching *m, const char *format, ...)
{
	va_list args;
	if (!host_problem_begin(m))
		return;
	va_start(args, format);
	wpkg_buf_append_vformat(&m->line, format, args);
	va_end(args);
	host_problem_end(m);
}

/* Imports: what the profiles of the chain and what they include give. */

enum given { GIVEN_NO_MODULE, GIVEN_NO_NAME, GIVEN_OTHER_TYPE, GIVEN };

struct search {
	const struct wpkg_module *module;
	const struct wpkg_module_import *import;
	enum given best;
	const struct wpkg_host_type *other; /* of the first that has the name, but not the type */
};

/* "Any memory" under "any name" says nothing about a function: it is no near miss. */
static void look_at_item(struct search *search, const struct wpkg_host_item *item, bool is_plain)
{
	const struct wpkg_module_import *import = search->import;
	for (size_t i = 0; i < item->type_count && search->best != GIVEN; i++) {
		const struct wpkg_host_type *type = &item->types[i];
		if (host_type_gives(type, search->module, (enum wpkg_extern)import->kind,
				    import->index)) {
			search->best = GIVEN;
		} else if (is_plain || type->kind == import->kind) {
			search->best = GIVEN_OTHER_TYPE;
			search->other = search->other ? search->other : type;
		}
	}
}

static void look_at_items(struct search *search, const struct wpkg_host_items *items)
{
	struct wpkg_str name = search->import->field;
	size_t low = 0, high = items->plain;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = wpkg_str_compare(items->items[middle].name, name);
		if (order == 0) {
			look_at_item(search, &items->items[middle], true);
			break;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = items->plain; i < items->count && search->best != GIVEN; i++)
		if (wpkg_str_matches(name, items->items[i].name))
			look_at_item(search, &items->items[i], false);
}

static void look_at_profile(const struct host_matching *m, struct search *search,
			    const struct wpkg_host_profile *profile, struct wpkg_str module)
{
	for (size_t i = 0; i < profile->alias.count; i++)
		if (wpkg_str_equal(profile->alias.pairs[i].key, module))
			module = profile->alias.pairs[i].value;
	for (size_t i = 0; i < profile->import_count && search->best != GIVEN; i++) {
		struct wpkg_str given = profile->imports[i].name;
		if (!wpkg_str_matches(module, given))
			continue;
		if (search->best < GIVEN_NO_NAME && !wpkg_str_equal_text(given, "*"))
			search->best = GIVEN_NO_NAME;
		look_at_items(search, &profile->imports[i].items);
	}
	for (size_t i = 0; i < profile->include.count && search->best != GIVEN; i++)
		look_at_profile(m, search,
				wpkg_host_profiles_find(m->profiles, profile->include.items[i]),
				module);
}

static void report_import(struct host_matching *m, const struct search *search)
{
	const struct wpkg_module_import *import = search->import;
	struct wpkg_str module = host_shown(import->module), field = host_shown(import->field);
	if (!host_problem_begin(m))
		return;
	wpkg_buf_append_format(&m->line, "%#x: import %.*s.%.*s: ", (unsigned)import->offset,
			       WPKG_STR_ARG(module), WPKG_STR_ARG(field));
	if (search->best == GIVEN_NO_MODULE) {
		wpkg_buf_append_format(&m->line, "the host gives nothing under '%.*s'",
				       WPKG_STR_ARG(module));
	} else if (search->best == GIVEN_NO_NAME) {
		wpkg_buf_append_text(&m->line, "the host gives no such name");
	} else {
		wpkg_extern_format(&m->line, search->module, (enum wpkg_extern)import->kind,
				   import->index);
		wpkg_buf_append_text(&m->line, ", the host gives ");
		host_type_format(&m->line, search->other);
	}
	host_problem_end(m);
}

static bool is_linked(const struct host_matching *m, struct wpkg_str module)
{
	const struct wpkg_strings *linked = &m->subject->linked;
	for (size_t i = 0; i < linked->count; i++)
		if (wpkg_str_equal(linked->items[i], module))
			return true;
	return false;
}

/* Glue is there for imports whose names no list can hold: only what it lists must be so. */
static void match_imports(struct host_matching *m, bool is_glue)
{
	const struct wpkg_module *module = m->subject->module;
	if (module->import_count > HOST_IMPORTS_MAX) {
		host_problem(m, "%u imports, more than any host gives",
			     (unsigned)module->import_count);
		return;
	}
	for (uint32_t i = 0; i < module->import_count && !m->report.more; i++) {
		struct search search = {.module = module, .import = &module->imports[i]};
		if (is_linked(m, search.import->module))
			continue;
		for (size_t k = m->depth; k-- > 0 && search.best != GIVEN;)
			look_at_profile(m, &search, m->chain[k], search.import->module);
		if (search.best == GIVEN_OTHER_TYPE || (search.best != GIVEN && !is_glue))
			report_import(m, &search);
	}
}

static void warn(struct host_matching *m, const struct wpkg_host_warning *warning)
{
	const struct wpkg_module *module = m->subject->module;
	enum wpkg_feature feature;
	bool concerns =
		(warning->import.len > 0 && host_imports_like(module, warning->import)) ||
		(warning->export.len > 0 && host_find_export(module, warning->export)) ||
		(warning->feature.len > 0 && wpkg_feature_find(&feature, warning->feature) &&
		 (module->features >> feature & 1));
	if (concerns && m->report.warning_count < WPKG_HOST_PROBLEMS_MAX)
		m->report.warnings[m->report.warning_count++] = warning->text;
}

/* Components. */

static bool is_listed(struct wpkg_str name, const struct wpkg_strings *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (wpkg_str_matches(name, patterns->items[i]))
			return true;
	return false;
}

static bool gives_interface(const struct host_matching *m, const struct wpkg_host_profile *profile,
			    struct wpkg_str name)
{
	if (is_listed(name, &profile->component_imports))
		return true;
	for (size_t i = 0; i < profile->include.count; i++)
		if (gives_interface(m,
				    wpkg_host_profiles_find(m->profiles, profile->include.items[i]),
				    name))
			return true;
	return false;
}

static void match_component_imports(struct host_matching *m)
{
	const struct wpkg_component *component = m->subject->component;
	uint32_t count = component->import_count < HOST_IMPORTS_MAX ? component->import_count
								    : HOST_IMPORTS_MAX;
	for (uint32_t i = 0; i < count && !m->report.more; i++) {
		const struct wpkg_component_extern *import = &component->imports[i];
		struct wpkg_str name = host_shown(import->name);
		/* A type says itself what it is. */
		bool given = import->sort == WPKG_COMPONENT_TYPE;
		for (size_t k = 0; k < m->depth && !given; k++)
			given = gives_interface(m, m->chain[k], import->name);
		if (!given)
			host_problem(m, "%#x: import %.*s: the host gives no such %s",
				     (unsigned)import->offset, WPKG_STR_ARG(name),
				     wpkg_component_sort_name(import->sort));
	}
}

static void match_component_exports(struct host_matching *m,
				    const struct wpkg_host_profile *profile)
{
	const struct wpkg_component *component = m->subject->component;
	if (profile->component_exports.count == 0)
		return;
	for (uint32_t i = 0; i < component->export_count; i++)
		if (is_listed(component->exports[i].name, &profile->component_exports))
			return;
	if (!host_problem_begin(m))
		return;
	wpkg_buf_append_text(&m->line, "exports none of ");
	host_append_list(&m->line, &profile->component_exports);
	host_problem_end(m);
}

/* A profile and its variants. */

static void match_chain(struct host_matching *m)
{
	const struct wpkg_host_profile *last = m->chain[m->depth - 1];
	const struct wpkg_module *module = m->subject->module;
	if (last->is_component != (m->subject->component != NULL)) {
		host_problem(m, module ? "is a core module; the host takes components"
				       : "is a component; the host takes core modules");
		return;
	}
	for (size_t i = 0; i < m->depth && !m->subject->imports_only; i++) {
		const struct wpkg_host_profile *profile = m->chain[i];
		const struct wpkg_host_limits *limits = &profile->limits;
		if (limits->module_size && m->subject->size > limits->module_size)
			host_problem(m, "%llu bytes, more than %llu",
				     (unsigned long long)m->subject->size,
				     (unsigned long long)limits->module_size);
		if (module)
			host_match_rules(m, profile);
		else if (m->subject->component)
			match_component_exports(m, profile);
		for (size_t k = 0; module && k < profile->warning_count; k++)
			warn(m, &profile->warnings[k]);
	}
	if (module)
		match_imports(m, last->kind == WPKG_HOST_GLUE);
	else if (m->subject->component)
		match_component_imports(m);
}

static bool is_better(const struct wpkg_host_report *a, const struct wpkg_host_report *b)
{
	return !b->problems || a->problem_count < b->problem_count ||
	       (a->problem_count == b->problem_count && b->more && !a->more);
}

static void begin_report(struct host_matching *m)
{
	size_t size = sizeof(struct wpkg_str);
	m->report = (struct wpkg_host_report){
		.problems = wpkg_arena_alloc(m->arena, WPKG_HOST_PROBLEMS_MAX, size),
		.warnings = wpkg_arena_alloc(m->arena, WPKG_HOST_PROBLEMS_MAX, size),
	};
	m->failed = m->failed || !m->report.problems || !m->report.warnings;
}

/* The best report of the variants below the chain's end, in *best. */
static void match_variants(struct wpkg_host_report *best, struct host_matching *m)
{
	const struct wpkg_strings *variants = &m->chain[m->depth - 1]->variants;
	if (variants->count == 0) {
		begin_report(m);
		if (!m->failed)
			match_chain(m);
		if (!m->failed && is_better(&m->report, best))
			*best = m->report;
		return;
	}
	struct wpkg_str outer = m->variant;
	for (size_t i = 0; i < variants->count && !m->failed; i++) {
		m->chain[m->depth++] = wpkg_host_profiles_find(m->profiles, variants->items[i]);
		if (variants->count > 1)
			m->variant = variants->items[i];
		match_variants(best, m);
		m->depth--;
	}
	m->variant = outer;
}

enum wpkg_status wpkg_host_match(struct wpkg_host_report *out, struct wpkg_arena *arena,
				 const struct wpkg_host_profiles *profiles,
				 const struct wpkg_host_profile *profile,
				 const struct wpkg_host_subject *subject, struct wpkg_err *err)
{
	struct wpkg_host_report best = {0};
	struct host_matching m = {
		.arena = arena,
		.profiles = profiles,
		.subject = subject,
		.chain = {profile},
		.depth = 1,
	};
	wpkg_buf_init(&m.line, SIZE_MAX);
	match_variants(&best, &m);
	wpkg_buf_clear(&m.line);
	if (m.failed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "host match: no memory");
	best.matches = best.problem_count == 0;
	*out = best;
	return WPKG_OK;
}
