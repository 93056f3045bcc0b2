/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_int.h"
#include "pkg/host_matching.h"
#include "wasm/format.h"

/* What one profile demands of a module beside its imports. */

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

static void match_features(struct host_matching *m, const struct wpkg_host_profile *profile)
{
	const struct wpkg_module *module = m->subject->module;
	wpkg_features missing = module->features & ~profile->features & ~WPKG_FEATURE_BIT(MVP);
	for (unsigned i = 0; i < WPKG_FEATURE_COUNT; i++)
		if (missing >> i & 1)
			host_problem(m, "%#x: needs %s", (unsigned)module->feature_offsets[i],
				     wpkg_feature_name((enum wpkg_feature)i));
}

static uint32_t least(uint32_t count, uint32_t most)
{
	return count < most ? count : most;
}

bool host_imports_like(const struct wpkg_module *module, struct wpkg_str pattern)
{
	uint32_t count = least(module->import_count, HOST_IMPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (import_is_like(&module->imports[i], pattern))
			return true;
	return false;
}

void host_append_list(struct wpkg_buf *out, const struct wpkg_strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		wpkg_buf_append_format(out, "%s%.*s", i ? ", " : "", WPKG_STR_ARG(list->items[i]));
}

static void match_needed_imports(struct host_matching *m, const struct wpkg_host_profile *profile)
{
	for (size_t i = 0; i < profile->needed.count; i++)
		if (host_imports_like(m->subject->module, profile->needed.items[i]))
			return;
	if (profile->needed.count == 0 || !host_problem_begin(m))
		return;
	wpkg_buf_append_text(&m->line, "imports none of ");
	host_append_list(&m->line, &profile->needed);
	host_problem_end(m);
}

static bool imports_from(const struct wpkg_module *module, struct wpkg_str name)
{
	uint32_t count = least(module->import_count, HOST_IMPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_str_matches(module->imports[i].module, name))
			return true;
	return false;
}

static void match_exclusive_modules(struct host_matching *m, const struct wpkg_strings *names)
{
	struct wpkg_str first = {0};
	for (size_t i = 0; i < names->count; i++) {
		if (!imports_from(m->subject->module, names->items[i]))
			continue;
		if (first.len > 0) {
			host_problem(
				m, "imports from '%.*s' and from '%.*s', which exclude each other",
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
	uint32_t count = least(module->export_count, HOST_EXPORTS_MAX);
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

static void report_export(struct host_matching *m, const struct wpkg_host_item *item,
			  const struct wpkg_module_export *wrong)
{
	if (!host_problem_begin(m))
		return;
	if (wrong) {
		struct wpkg_str name = host_shown(wrong->name);
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
	host_problem_end(m);
}

static void match_required(struct host_matching *m, const struct wpkg_host_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct wpkg_module_export *wrong = NULL;
		if (!exports_item(m->subject->module, &items->items[i], &wrong))
			report_export(m, &items->items[i], wrong);
	}
}

static void match_optional(struct host_matching *m, const struct wpkg_host_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct wpkg_module_export *wrong = NULL;
		if (!exports_item(m->subject->module, &items->items[i], &wrong) && wrong)
			report_export(m, &items->items[i], wrong);
	}
}

static void match_one_of(struct host_matching *m, const struct wpkg_host_items *items)
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
	} else if (host_problem_begin(m)) {
		wpkg_buf_append_text(&m->line, "exports none of ");
		for (size_t i = 0; i < items->count; i++) {
			wpkg_buf_append_format(&m->line, "%s%.*s (", i ? ", " : "",
					       WPKG_STR_ARG(items->items[i].name));
			host_type_format(&m->line, &items->items[i].types[0]);
			wpkg_buf_append_byte(&m->line, ')');
		}
		host_problem_end(m);
	}
}

const struct wpkg_module_export *host_find_export(const struct wpkg_module *module,
						  struct wpkg_str name)
{
	uint32_t count = least(module->export_count, HOST_EXPORTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_str_matches(module->exports[i].name, name))
			return &module->exports[i];
	return NULL;
}

static void match_exclusive(struct host_matching *m, const struct wpkg_strings *names)
{
	const struct wpkg_module_export *first = NULL;
	for (size_t i = 0; i < names->count; i++) {
		const struct wpkg_module_export *found =
			host_find_export(m->subject->module, names->items[i]);
		if (found && first) {
			struct wpkg_str a = host_shown(first->name), b = host_shown(found->name);
			host_problem(m, "%#x: exports both %.*s and %.*s", (unsigned)found->offset,
				     WPKG_STR_ARG(a), WPKG_STR_ARG(b));
			return;
		}
		first = found ? found : first;
	}
}

static void match_forbidden(struct host_matching *m, const struct wpkg_strings *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct wpkg_module_export *found =
			host_find_export(m->subject->module, names->items[i]);
		if (!found)
			continue;
		struct wpkg_str name = host_shown(found->name);
		host_problem(m, "%#x: exports %.*s, which the host does not allow",
			     (unsigned)found->offset, WPKG_STR_ARG(name));
	}
}

static void match_custom_sections(struct host_matching *m, const struct wpkg_strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!wpkg_module_find_custom(m->subject->module, names->items[i]))
			host_problem(m, "has no custom section '%.*s'",
				     WPKG_STR_ARG(names->items[i]));
}

static void match_memories(struct host_matching *m, const struct wpkg_host_limits *limits)
{
	const struct wpkg_module *module = m->subject->module;
	if (limits->memories && module->memory_count > limits->memories)
		host_problem(m, "%u memories, more than %llu", (unsigned)module->memory_count,
			     (unsigned long long)limits->memories);
	for (uint32_t i = 0; i < module->memory_count; i++) {
		const struct wpkg_size *size = &module->memories[i].size;
		if (limits->memory_pages && size->min > limits->memory_pages)
			host_problem(m, "memory %u begins with %llu pages, more than %llu",
				     (unsigned)i, (unsigned long long)size->min,
				     (unsigned long long)limits->memory_pages);
		if (limits->maximum_pages && !size->has_max)
			host_problem(m, "memory %u states no maximum; the host has %llu pages",
				     (unsigned)i, (unsigned long long)limits->maximum_pages);
		else if (limits->maximum_pages && size->max > limits->maximum_pages)
			host_problem(m, "memory %u may grow to %llu pages, more than %llu",
				     (unsigned)i, (unsigned long long)size->max,
				     (unsigned long long)limits->maximum_pages);
	}
}

static void match_limits(struct host_matching *m, const struct wpkg_host_limits *limits)
{
	const struct wpkg_module *module = m->subject->module;
	uint32_t functions = module->func_count - module->func_import_count;
	if (limits->functions && functions > limits->functions)
		host_problem(m, "%u functions, more than %llu", (unsigned)functions,
			     (unsigned long long)limits->functions);
	match_memories(m, limits);
	for (uint32_t i = 0; limits->table_entries && i < module->table_count; i++)
		if (module->tables[i].size.min > limits->table_entries)
			host_problem(m, "table %u begins with %llu entries, more than %llu",
				     (unsigned)i, (unsigned long long)module->tables[i].size.min,
				     (unsigned long long)limits->table_entries);
	for (uint32_t i = 0; limits->no_passive_data && i < module->data_count; i++) {
		if (module->datas[i].mode == WPKG_SEGMENT_PASSIVE) {
			host_problem(m, "%#x: data segment %u is passive",
				     (unsigned)module->datas[i].bytes.start, (unsigned)i);
			return;
		}
	}
}

void host_match_rules(struct host_matching *m, const struct wpkg_host_profile *profile)
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
		if (host_imports_like(m->subject->module, profile->conditions[i].import))
			match_required(m, &profile->conditions[i].required);
	match_custom_sections(m, &profile->custom_sections);
	match_limits(m, &profile->limits);
}
