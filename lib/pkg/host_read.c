/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "data/fields.h"
#include "pkg/host_int.h"

/* A profile as a document. */

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "host profile: no memory");
}

static enum wpkg_status copy(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_str text,
			     struct wpkg_err *err)
{
	*out = wpkg_arena_dup(arena, text);
	return out->ptr ? WPKG_OK : no_memory(err);
}

static enum wpkg_status expect(const struct wpkg_value *value, enum wpkg_value_kind kind,
			       const char *what, struct wpkg_err *err)
{
	if (value->kind != kind)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s is %s", what,
				    wpkg_value_kind_name(value->kind));
	return WPKG_OK;
}

/* A list of lists. */
static enum wpkg_status take_groups(struct wpkg_fields *fields, struct wpkg_strings **out,
				    size_t *count, struct wpkg_arena *arena, const char *key,
				    struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, key, WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	struct wpkg_strings *groups = wpkg_arena_alloc(arena, array->count, sizeof(*groups));
	if (!groups)
		return no_memory(err);
	for (size_t i = 0; i < array->count && status == WPKG_OK; i++)
		status = wpkg_value_copy_strings(&groups[i], arena, &array->items[i], key, err);
	*out = groups;
	*count = array->count;
	return status;
}

/* Names and their types. */

static enum wpkg_status read_types(struct wpkg_host_item *item, struct wpkg_arena *arena,
				   const struct wpkg_value *value, struct wpkg_err *err)
{
	bool several = value->kind == WPKG_VALUE_ARRAY;
	const struct wpkg_value *texts = several ? value->items : value;
	size_t count = several ? value->count : 1;
	item->types = wpkg_arena_alloc(arena, count, sizeof(*item->types));
	if (!item->types)
		return no_memory(err);
	for (size_t i = 0; i < count; i++) {
		enum wpkg_status status = expect(&texts[i], WPKG_VALUE_STRING, "a type", err);
		if (status == WPKG_OK)
			status = host_type_parse(&item->types[i], arena, &texts[i], err);
		if (status != WPKG_OK)
			return status;
	}
	item->type_count = count;
	return WPKG_OK;
}

static bool is_pattern(struct wpkg_str name)
{
	return wpkg_str_find(name, '*') < name.len;
}

/* Plain names before patterns, by name. */
static int compare_items(const void *a, const void *b)
{
	const struct wpkg_host_item *left = a, *right = b;
	int patterns = is_pattern(left->name) - is_pattern(right->name);
	return patterns ? patterns : wpkg_str_compare(left->name, right->name);
}

static enum wpkg_status read_items(struct wpkg_host_items *out, struct wpkg_arena *arena,
				   const struct wpkg_value *table, const char *what,
				   struct wpkg_err *err)
{
	enum wpkg_status status = expect(table, WPKG_VALUE_TABLE, what, err);
	if (status != WPKG_OK)
		return status;
	out->items = wpkg_arena_alloc(arena, table->count, sizeof(*out->items));
	if (!out->items)
		return no_memory(err);
	for (size_t i = 0; i < table->count; i++) {
		struct wpkg_host_item *item = &out->items[i];
		status = copy(&item->name, arena, table->keys[i].string, err);
		if (status == WPKG_OK)
			status = read_types(item, arena, &table->items[i], err);
		if (status != WPKG_OK)
			return status;
	}
	out->count = table->count;
	qsort(out->items, out->count, sizeof(*out->items), compare_items);
	while (out->plain < out->count && !is_pattern(out->items[out->plain].name))
		out->plain++;
	return WPKG_OK;
}

static enum wpkg_status take_items(struct wpkg_fields *fields, struct wpkg_host_items *out,
				   struct wpkg_arena *arena, const char *key, enum wpkg_need need,
				   struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, key, WPKG_VALUE_TABLE, need, err);
	if (status == WPKG_OK && table)
		status = read_items(out, arena, table, key, err);
	return status;
}

static enum wpkg_status take_imports(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				     struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, "imports", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	profile->imports = wpkg_arena_alloc(arena, table->count, sizeof(*profile->imports));
	if (!profile->imports)
		return no_memory(err);
	for (size_t i = 0; i < table->count; i++) {
		struct wpkg_host_module *module = &profile->imports[i];
		status = copy(&module->name, arena, table->keys[i].string, err);
		if (status == WPKG_OK)
			status =
				read_items(&module->items, arena, &table->items[i], "imports", err);
		if (status != WPKG_OK)
			return status;
	}
	profile->import_count = table->count;
	return WPKG_OK;
}

static enum wpkg_status take_alias(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				   struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, "alias", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	for (size_t i = 0; status == WPKG_OK && table && i < table->count; i++) {
		status = expect(&table->items[i], WPKG_VALUE_STRING, "an alias", err);
		if (status == WPKG_OK &&
		    !wpkg_map_set(arena, &profile->alias, table->keys[i].string,
				  table->items[i].string))
			status = no_memory(err);
	}
	return status;
}

/* Exports. */

static enum wpkg_status take_one_of(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				    struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "one-of", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	profile->one_of = wpkg_arena_alloc(arena, array->count, sizeof(*profile->one_of));
	if (!profile->one_of)
		return no_memory(err);
	for (size_t i = 0; i < array->count && status == WPKG_OK; i++)
		status = read_items(&profile->one_of[i], arena, &array->items[i], "one-of", err);
	profile->one_of_count = array->count;
	return status;
}

static enum wpkg_status read_condition(struct wpkg_host_condition *out, struct wpkg_arena *arena,
				       const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "exports.where", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->import, arena, "import",
						 WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = take_items(&fields, &out->required, arena, "required", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status;
}

static enum wpkg_status take_conditions(struct wpkg_fields *fields,
					struct wpkg_host_profile *profile, struct wpkg_arena *arena,
					struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "where", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	profile->conditions = wpkg_arena_alloc(arena, array->count, sizeof(*profile->conditions));
	if (!profile->conditions)
		return no_memory(err);
	for (size_t i = 0; i < array->count && status == WPKG_OK; i++)
		status = read_condition(&profile->conditions[i], arena, &array->items[i], err);
	profile->condition_count = array->count;
	return status;
}

static enum wpkg_status take_exports(struct wpkg_fields *outer, struct wpkg_host_profile *profile,
				     struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status =
		wpkg_fields_take(outer, &table, "exports", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	status = wpkg_fields_open(&fields, table, "exports", err);
	if (status == WPKG_OK)
		status = take_items(&fields, &profile->required, arena, "required", WPKG_OPTIONAL,
				    err);
	if (status == WPKG_OK)
		status = take_items(&fields, &profile->optional, arena, "optional", WPKG_OPTIONAL,
				    err);
	if (status == WPKG_OK)
		status = take_one_of(&fields, profile, arena, err);
	if (status == WPKG_OK)
		status = take_groups(&fields, &profile->exclusive, &profile->exclusive_count, arena,
				     "exclusive", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &profile->forbidden, arena, "forbidden",
						  err);
	if (status == WPKG_OK)
		status = take_conditions(&fields, profile, arena, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status;
}

/* The rest. */

static enum wpkg_status take_component(struct wpkg_fields *outer, struct wpkg_host_profile *profile,
				       struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status =
		wpkg_fields_take(outer, &table, "component", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	profile->is_component = true;
	status = wpkg_fields_open(&fields, table, "component", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &profile->component_imports, arena,
						  "imports", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &profile->component_exports, arena,
						  "exports", err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status;
}

static enum wpkg_status take_limits(struct wpkg_fields *outer, struct wpkg_host_limits *limits,
				    struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	const struct {
		const char *key;
		uint64_t *target;
	} numbers[] = {
		{"module-size", &limits->module_size},	   {"memory-pages", &limits->memory_pages},
		{"maximum-pages", &limits->maximum_pages}, {"memories", &limits->memories},
		{"table-entries", &limits->table_entries}, {"functions", &limits->functions},
	};
	enum wpkg_status status =
		wpkg_fields_take(outer, &table, "limits", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	status = wpkg_fields_open(&fields, table, "limits", err);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && status == WPKG_OK; i++) {
		int64_t number = 0;
		status = wpkg_fields_take_integer(&fields, &number, numbers[i].key, WPKG_OPTIONAL,
						  err);
		if (status == WPKG_OK && number < 0)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, table, "limits.%s is negative",
					    numbers[i].key);
		*numbers[i].target = (uint64_t)number;
	}
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(&fields, &limits->no_passive_data,
						  "no-passive-data", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status;
}

static enum wpkg_status read_warning(struct wpkg_host_warning *out, struct wpkg_arena *arena,
				     const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "warning", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->import, arena, "import",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->export, arena, "export",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->feature, arena, "feature",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->text, arena, "text", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK && out->import.len + out->export.len + out->feature.len == 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value,
				    "warning: none of import, export and feature");
	return status;
}

static enum wpkg_status take_warnings(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				      struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "warning", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	profile->warnings = wpkg_arena_alloc(arena, array->count, sizeof(*profile->warnings));
	if (!profile->warnings)
		return no_memory(err);
	for (size_t i = 0; i < array->count && status == WPKG_OK; i++)
		status = read_warning(&profile->warnings[i], arena, &array->items[i], err);
	profile->warning_count = array->count;
	return status;
}

static enum wpkg_status take_features(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				      struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	profile->features = wpkg_features_all();
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "features", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	profile->features = WPKG_FEATURE_BIT(MVP);
	for (size_t i = 0; i < array->count; i++) {
		const struct wpkg_value *item = &array->items[i];
		enum wpkg_feature feature;
		status = expect(item, WPKG_VALUE_STRING, "a feature", err);
		if (status != WPKG_OK)
			return status;
		if (!wpkg_feature_find(&feature, item->string))
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item, "'%.*s' is no feature",
					    WPKG_STR_ARG(item->string));
		profile->features |= (wpkg_features)1 << feature;
	}
	return WPKG_OK;
}

static enum wpkg_status take_kind(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				  struct wpkg_err *err)
{
	static const char *const kinds[] = {"host", "glue", "part"};
	const struct wpkg_value *value = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, "kind", WPKG_VALUE_STRING, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !value)
		return status;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!wpkg_str_equal_text(value->string, kinds[i]))
			continue;
		profile->kind = (enum wpkg_host_kind)i;
		return WPKG_OK;
	}
	return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "kind is none of host, glue and part");
}

static enum wpkg_status take_head(struct wpkg_fields *fields, struct wpkg_host_profile *profile,
				  struct wpkg_arena *arena, struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_fields_copy_string(fields, &profile->id, arena, "id", WPKG_REQUIRED, err);
	if (status == WPKG_OK && !wpkg_host_id_valid(profile->id))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(fields->table, "id"),
				    "'%.*s' is no id of a host: lower-case letters, digits, '.' "
				    "and '-'",
				    WPKG_STR_ARG(profile->id));
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(fields, &profile->title, arena, "title",
						 WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(fields, &profile->note, arena, "note",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_kind(fields, profile, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(fields, &profile->sources, arena, "sources", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(fields, &profile->include, arena, "include", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(fields, &profile->variants, arena, "variants",
						  err);
	return status;
}

enum wpkg_status host_profile_read(struct wpkg_host_profile *out, struct wpkg_arena *arena,
				   const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_host_profile profile = {.kind = WPKG_HOST_RUNS};
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "", err);
	if (status == WPKG_OK)
		status = take_head(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = take_features(&fields, &profile, err);
	if (status == WPKG_OK)
		status = take_alias(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &profile.needed, arena, "needed-imports",
						  err);
	if (status == WPKG_OK)
		status = take_groups(&fields, &profile.import_exclusive,
				     &profile.import_exclusive_count, arena, "exclusive-modules",
				     err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &profile.custom_sections, arena,
						  "custom-sections", err);
	if (status == WPKG_OK)
		status = take_imports(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = take_exports(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = take_component(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = take_limits(&fields, &profile.limits, err);
	if (status == WPKG_OK)
		status = take_warnings(&fields, &profile, arena, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK)
		*out = profile;
	return status;
}
