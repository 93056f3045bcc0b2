/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_match.h"

#include <stdarg.h>

#include "base/buf.h"
#include "pkg/host_int.h"
#include "wasm/format.h"

/* Profiles in a row, each a variant of the one before; no longer than the check of a set allows. */
#define CHAIN_MAX 9

/* A module with more imports than this is made against hosts, not for one. */
#define IMPORTS_MAX 10000

/* Exports that are looked at: those behind are none that a host asks for. */
#define EXPORTS_MAX 100000

/* Bytes of a name that a line shows. */
#define SHOWN_MAX 80

struct matching {
	struct wpkg_arena *arena;
	const struct wpkg_host_profiles *profiles;
	const struct wpkg_host_subject *subject;
	const struct wpkg_host_profile *chain[CHAIN_MAX]; /* whose rules count, and imports */
	size_t depth;
	struct wpkg_str variant; /* id, where there are others; what is wrong is wrong with it */
	struct wpkg_host_report report;
	struct wpkg_buf line; /* while one is made */
	bool failed;	      /* memory is out */
};

static void keep_line(struct matching *m, struct wpkg_str *lines, size_t *count)
{
	lines[*count] = wpkg_arena_dup(m->arena, wpkg_buf_str(&m->line));
	if (m->line.failed != WPKG_OK || !lines[*count].ptr)
		m->failed = true;
	else
		++*count;
}

/* Is there room for one more problem? Then its line may be made. */
static bool begin_problem(struct matching *m)
{
	m->report.more = m->report.problem_count == WPKG_HOST_PROBLEMS_MAX;
	wpkg_buf_reset(&m->line);
	if (m->variant.len > 0)
		wpkg_buf_append_format(&m->line, "as %.*s: ", WPKG_STR_ARG(m->variant));
	return !m->report.more && !m->failed;
}

static void end_problem(struct matching *m)
{
	keep_line(m, m->report.problems, &m->report.problem_count);
}

static void problem(struct matching *m, const char *format, ...) WPKG_PRINTF(2, 3);

static void problem(struct matching *m, const char *format, ...)
{
	va_list args;
	if (!begin_problem(m))
		return;
	va_start(args, format);
	wpkg_buf_append_vformat(&m->line, format, args);
	va_end(args);
	end_problem(m);
}

static struct wpkg_str shown(struct wpkg_str name)
{
	return wpkg_str_slice(name, 0, SHOWN_MAX);
}

/* Imports: what the profiles of the chain and what they include give. */

/* "MODULE.NAME" against a pattern, without putting the two together. */
static bool import_is_like(const struct wpkg_module_import *import, struct wpkg_str pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (pattern.ptr[i] == '.' &&
		    wpkg_str_matches(import->module, wpkg_str_slice(pattern, 0, i)) &&
		    wpkg_str_matches(import->field, wpkg_str_from_offset(pattern, i + 1)))
			return true;
	return false;
}

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

static void look_at_profile(const struct matching *m, struct search *search,
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

static void report_import(struct matching *m, const struct search *search)
{
	const struct wpkg_module_import *import = search->import;
	struct wpkg_str module = shown(import->module), field = shown(import->field);
	if (!begin_problem(m))
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
	end_problem(m);
}

/* Glue is there for imports whose names no list can hold: only what it lists must be so. */
static void match_imports(struct matching *m, bool is_glue)
{
	const struct wpkg_module *module = m->subject->module;
	if (module->import_count > IMPORTS_MAX) {
		problem(m, "%u imports, more than any host gives", (unsigned)module->import_count);
		return;
	}
	for (uint32_t i = 0; i < module->import_count && !m->report.more; i++) {
		struct search search = {.module = module, .import = &module->imports[i]};
		for (size_t k = m->depth; k-- > 0 && search.best != GIVEN;)
			look_at_profile(m, &search, m->chain[k], search.import->module);
		if (search.best == GIVEN_OTHER_TYPE || (search.best != GIVEN && !is_glue))
			report_import(m, &search);
	}
}

/* Rules of one profile about a module. */

static void match_features(struct matching *m, const struct wpkg_host_profile *profile)
{
	const struct wpkg_module *module = m->subject->module;
	wpkg_features missing = module->features & ~profile->features & ~WPKG_FEATURE_BIT(MVP);
	for (unsigned i = 0; i < WPKG_FEATURE_COUNT; i++)
		if (missing >> i & 1)
			problem(m, "%#x: needs %s", (unsigned)module->feature_offsets[i],
				wpkg_feature_name((enum wpkg_feature)i));
}

static uint32_t least(uint32_t count, uint32_t most)
{
	return count < most ? count : most;
}

static bool imports_like(const struct wpkg_module *module, struct wpkg_str pattern)
{
	uint32_t count = least(module->import_count, IMPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (import_is_like(&module->imports[i], pattern))
			return true;
	return false;
}

/* "a, b, c" */
static void append_list(struct wpkg_buf *out, const struct wpkg_strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		wpkg_buf_append_format(out, "%s%.*s", i ? ", " : "", WPKG_STR_ARG(list->items[i]));
}

static void match_needed_imports(struct matching *m, const struct wpkg_host_profile *profile)
{
	for (size_t i = 0; i < profile->needed.count; i++)
		if (imports_like(m->subject->module, profile->needed.items[i]))
			return;
	if (profile->needed.count == 0 || !begin_problem(m))
		return;
	wpkg_buf_append_text(&m->line, "imports none of ");
	append_list(&m->line, &profile->needed);
	end_problem(m);
}

static bool imports_from(const struct wpkg_module *module, struct wpkg_str name)
{
	uint32_t count = least(module->import_count, IMPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_str_matches(module->imports[i].module, name))
			return true;
	return false;
}

static void match_exclusive_modules(struct matching *m, const struct wpkg_strings *names)
{
	struct wpkg_str first = {0};
	for (size_t i = 0; i < names->count; i++) {
		if (!imports_from(m->subject->module, names->items[i]))
			continue;
		if (first.len > 0) {
			problem(m, "imports from '%.*s' and from '%.*s', which exclude each other",
				WPKG_STR_ARG(first), WPKG_STR_ARG(names->items[i]));
			return;
		}
		first = names->items[i];
	}
}

/* Is there an export like that? *wrong is one of the name, but of none of its types. */
static bool exports_item(const struct wpkg_module *module, const struct wpkg_host_item *item,
			 const struct wpkg_module_export **wrong)
{
	uint32_t count = least(module->export_count, EXPORTS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		const struct wpkg_module_export *export = &module->exports[i];
		if (!wpkg_str_matches(export->name, item->name))
			continue;
		for (size_t k = 0; k < item->type_count; k++)
			if (host_type_takes(&item->types[k], module,
					    (enum wpkg_extern) export->kind, export->index))
				return true;
		if (!*wrong)
			*wrong = export;
	}
	return false;
}

static void report_export(struct matching *m, const struct wpkg_host_item *item,
			  const struct wpkg_module_export *wrong)
{
	if (!begin_problem(m))
		return;
	if (wrong) {
		struct wpkg_str name = shown(wrong->name);
		wpkg_buf_append_format(&m->line, "%#x: export %.*s: ", (unsigned)wrong->offset,
				       WPKG_STR_ARG(name));
		wpkg_extern_format(&m->line, m->subject->module, (enum wpkg_extern)wrong->kind,
				   wrong->index);
		wpkg_buf_append_text(&m->line, ", the host wants ");
	} else {
		wpkg_buf_append_format(&m->line, "exports no %.*s: ", WPKG_STR_ARG(item->name));
		wpkg_buf_append_text(&m->line, "the host wants ");
	}
	for (size_t i = 0; i < item->type_count; i++) {
		wpkg_buf_append_text(&m->line, i ? " or " : "");
		host_type_format(&m->line, &item->types[i]);
	}
	end_problem(m);
}

static void match_required(struct matching *m, const struct wpkg_host_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct wpkg_module_export *wrong = NULL;
		if (!exports_item(m->subject->module, &items->items[i], &wrong))
			report_export(m, &items->items[i], wrong);
	}
}

static void match_optional(struct matching *m, const struct wpkg_host_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct wpkg_module_export *wrong = NULL;
		if (!exports_item(m->subject->module, &items->items[i], &wrong) && wrong)
			report_export(m, &items->items[i], wrong);
	}
}

static void match_one_of(struct matching *m, const struct wpkg_host_items *items)
{
	const struct wpkg_host_item *item = NULL;
	const struct wpkg_module_export *wrong = NULL;
	for (size_t i = 0; i < items->count; i++) {
		const struct wpkg_module_export *here = NULL;
		if (exports_item(m->subject->module, &items->items[i], &here))
			return;
		if (here && !wrong) {
			wrong = here;
			item = &items->items[i];
		}
	}
	if (wrong) {
		report_export(m, item, wrong);
	} else if (begin_problem(m)) {
		wpkg_buf_append_text(&m->line, "exports none of ");
		for (size_t i = 0; i < items->count; i++) {
			wpkg_buf_append_format(&m->line, "%s%.*s (", i ? ", " : "",
					       WPKG_STR_ARG(items->items[i].name));
			host_type_format(&m->line, &items->items[i].types[0]);
			wpkg_buf_append_byte(&m->line, ')');
		}
		end_problem(m);
	}
}

/* The first export with a name like that; NULL when there is none. */
static const struct wpkg_module_export *find_export(const struct wpkg_module *module,
						    struct wpkg_str name)
{
	uint32_t count = least(module->export_count, EXPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_str_matches(module->exports[i].name, name))
			return &module->exports[i];
	return NULL;
}

static void match_exclusive(struct matching *m, const struct wpkg_strings *names)
{
	const struct wpkg_module_export *first = NULL;
	for (size_t i = 0; i < names->count; i++) {
		const struct wpkg_module_export *found =
			find_export(m->subject->module, names->items[i]);
		if (found && first) {
			struct wpkg_str a = shown(first->name), b = shown(found->name);
			problem(m, "%#x: exports both %.*s and %.*s", (unsigned)found->offset,
				WPKG_STR_ARG(a), WPKG_STR_ARG(b));
			return;
		}
		first = found ? found : first;
	}
}

static void match_forbidden(struct matching *m, const struct wpkg_strings *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct wpkg_module_export *found =
			find_export(m->subject->module, names->items[i]);
		if (!found)
			continue;
		struct wpkg_str name = shown(found->name);
		problem(m, "%#x: exports %.*s, which the host does not allow",
			(unsigned)found->offset, WPKG_STR_ARG(name));
	}
}

static void match_custom_sections(struct matching *m, const struct wpkg_strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!wpkg_module_find_custom(m->subject->module, names->items[i]))
			problem(m, "has no custom section '%.*s'", WPKG_STR_ARG(names->items[i]));
}

static void match_memories(struct matching *m, const struct wpkg_host_limits *limits)
{
	const struct wpkg_module *module = m->subject->module;
	if (limits->memories && module->memory_count > limits->memories)
		problem(m, "%u memories, more than %llu", (unsigned)module->memory_count,
			(unsigned long long)limits->memories);
	for (uint32_t i = 0; i < module->memory_count; i++) {
		const struct wpkg_size *size = &module->memories[i].size;
		if (limits->memory_pages && size->min > limits->memory_pages)
			problem(m, "memory %u begins with %llu pages, more than %llu", (unsigned)i,
				(unsigned long long)size->min,
				(unsigned long long)limits->memory_pages);
		if (limits->maximum_pages && !size->has_max)
			problem(m, "memory %u states no maximum; the host has %llu pages",
				(unsigned)i, (unsigned long long)limits->maximum_pages);
		else if (limits->maximum_pages && size->max > limits->maximum_pages)
			problem(m, "memory %u may grow to %llu pages, more than %llu", (unsigned)i,
				(unsigned long long)size->max,
				(unsigned long long)limits->maximum_pages);
	}
}

static void match_limits(struct matching *m, const struct wpkg_host_limits *limits)
{
	const struct wpkg_module *module = m->subject->module;
	uint32_t functions = module->func_count - module->func_import_count;
	if (limits->functions && functions > limits->functions)
		problem(m, "%u functions, more than %llu", (unsigned)functions,
			(unsigned long long)limits->functions);
	match_memories(m, limits);
	for (uint32_t i = 0; limits->table_entries && i < module->table_count; i++)
		if (module->tables[i].size.min > limits->table_entries)
			problem(m, "table %u begins with %llu entries, more than %llu", (unsigned)i,
				(unsigned long long)module->tables[i].size.min,
				(unsigned long long)limits->table_entries);
	for (uint32_t i = 0; limits->no_passive_data && i < module->data_count; i++) {
		if (module->datas[i].mode == WPKG_SEGMENT_PASSIVE) {
			problem(m, "%#x: data segment %u is passive",
				(unsigned)module->datas[i].bytes.start, (unsigned)i);
			return;
		}
	}
}

static void match_module_rules(struct matching *m, const struct wpkg_host_profile *profile)
{
	match_features(m, profile);
	match_needed_imports(m, profile);
	for (size_t i = 0; i < profile->import_exclusive_count; i++)
		match_exclusive_modules(m, &profile->import_exclusive[i]);
	match_required(m, &profile->required);
	match_optional(m, &profile->optional);
	for (size_t i = 0; i < profile->one_of_count; i++)
		match_one_of(m, &profile->one_of[i]);
	for (size_t i = 0; i < profile->exclusive_count; i++)
		match_exclusive(m, &profile->exclusive[i]);
	match_forbidden(m, &profile->forbidden);
	for (size_t i = 0; i < profile->condition_count; i++)
		if (imports_like(m->subject->module, profile->conditions[i].import))
			match_required(m, &profile->conditions[i].required);
	match_custom_sections(m, &profile->custom_sections);
	match_limits(m, &profile->limits);
}

static void warn(struct matching *m, const struct wpkg_host_warning *warning)
{
	const struct wpkg_module *module = m->subject->module;
	enum wpkg_feature feature;
	bool concerns =
		(warning->import.len > 0 && imports_like(module, warning->import)) ||
		(warning->export.len > 0 && find_export(module, warning->export)) ||
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

static bool gives_interface(const struct matching *m, const struct wpkg_host_profile *profile,
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

static void match_component_imports(struct matching *m)
{
	const struct wpkg_component *component = m->subject->component;
	uint32_t count =
		component->import_count < IMPORTS_MAX ? component->import_count : IMPORTS_MAX;
	for (uint32_t i = 0; i < count && !m->report.more; i++) {
		const struct wpkg_component_extern *import = &component->imports[i];
		struct wpkg_str name = shown(import->name);
		/* A type says itself what it is. */
		bool given = import->sort == WPKG_COMPONENT_TYPE;
		for (size_t k = 0; k < m->depth && !given; k++)
			given = gives_interface(m, m->chain[k], import->name);
		if (!given)
			problem(m, "%#x: import %.*s: the host gives no such %s",
				(unsigned)import->offset, WPKG_STR_ARG(name),
				wpkg_component_sort_name(import->sort));
	}
}

static void match_component_exports(struct matching *m, const struct wpkg_host_profile *profile)
{
	const struct wpkg_component *component = m->subject->component;
	if (profile->component_exports.count == 0)
		return;
	for (uint32_t i = 0; i < component->export_count; i++)
		if (is_listed(component->exports[i].name, &profile->component_exports))
			return;
	if (!begin_problem(m))
		return;
	wpkg_buf_append_text(&m->line, "exports none of ");
	append_list(&m->line, &profile->component_exports);
	end_problem(m);
}

/* A profile and its variants. */

static void match_chain(struct matching *m)
{
	const struct wpkg_host_profile *last = m->chain[m->depth - 1];
	const struct wpkg_module *module = m->subject->module;
	if (last->is_component != (m->subject->component != NULL)) {
		problem(m, module ? "is a core module; the host takes components"
				  : "is a component; the host takes core modules");
		return;
	}
	for (size_t i = 0; i < m->depth; i++) {
		const struct wpkg_host_profile *profile = m->chain[i];
		const struct wpkg_host_limits *limits = &profile->limits;
		if (limits->module_size && m->subject->size > limits->module_size)
			problem(m, "%llu bytes, more than %llu",
				(unsigned long long)m->subject->size,
				(unsigned long long)limits->module_size);
		if (module)
			match_module_rules(m, profile);
		else
			match_component_exports(m, profile);
		for (size_t k = 0; module && k < profile->warning_count; k++)
			warn(m, &profile->warnings[k]);
	}
	if (module)
		match_imports(m, last->kind == WPKG_HOST_GLUE);
	else
		match_component_imports(m);
}

static bool is_better(const struct wpkg_host_report *a, const struct wpkg_host_report *b)
{
	return !b->problems || a->problem_count < b->problem_count ||
	       (a->problem_count == b->problem_count && b->more && !a->more);
}

static void begin_report(struct matching *m)
{
	size_t size = sizeof(struct wpkg_str);
	m->report = (struct wpkg_host_report){
		.problems = wpkg_arena_alloc(m->arena, WPKG_HOST_PROBLEMS_MAX, size),
		.warnings = wpkg_arena_alloc(m->arena, WPKG_HOST_PROBLEMS_MAX, size),
	};
	m->failed = m->failed || !m->report.problems || !m->report.warnings;
}

/* The best report of the variants below the chain's end, in *best. */
static void match_variants(struct wpkg_host_report *best, struct matching *m)
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
	struct matching m = {
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
