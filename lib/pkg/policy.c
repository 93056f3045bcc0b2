/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/policy.h"

#include "base/buf.h"
#include "base/clock.h"

static enum wpkg_status take_features(struct wpkg_policy *policy, struct wpkg_fields *fields,
				      struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status =
		wpkg_fields_take_string(fields, &text, "features", WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !text.ptr)
		return status;
	status = wpkg_features_parse(&policy->features, text, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "features");
		return status;
	}
	return WPKG_OK;
}

static enum wpkg_status take_imports(struct wpkg_policy *policy, struct wpkg_arena *arena,
				     struct wpkg_fields *fields, struct wpkg_err *err)
{
	const struct wpkg_value *list = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &list, "imports", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !list)
		return status;
	struct wpkg_str *items = wpkg_arena_alloc(arena, list->count, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "imports: no memory");
	for (size_t i = 0; i < list->count; i++) {
		const struct wpkg_value *item = &list->items[i];
		if (item->kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item,
					    "imports[%zu] is %s, not a string", i,
					    wpkg_value_kind_name(item->kind));
		items[i] = wpkg_arena_dup(arena, item->string);
		if (!items[i].ptr)
			return WPKG_FAIL(err, WPKG_ENOMEM, "imports: no memory");
	}
	policy->imports = (struct wpkg_strings){items, list->count};
	return WPKG_OK;
}

/* A number, or for a size also a text such as "64MiB". */
static enum wpkg_status take_number(uint64_t *out, struct wpkg_fields *fields, const char *key,
				    bool is_size, struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(fields->table, key);
	bool is_text = is_size && value && value->kind == WPKG_VALUE_STRING;
	enum wpkg_status status = wpkg_fields_take(fields, &value, key,
						   is_text ? WPKG_VALUE_STRING : WPKG_VALUE_INTEGER,
						   WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !value)
		return status;
	if (is_text && wpkg_size_parse(out, value->string, err) != WPKG_OK)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s: '%.*s' is no size", key,
				    WPKG_STR_ARG(value->string));
	if (!is_text && value->integer < 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s is negative", key);
	if (!is_text)
		*out = (uint64_t)value->integer;
	return WPKG_OK;
}

enum wpkg_status wpkg_policy_take(struct wpkg_policy *policy, struct wpkg_arena *arena,
				  struct wpkg_fields *fields, struct wpkg_err *err)
{
	struct wpkg_policy own = *policy;
	enum wpkg_status status = take_features(&own, fields, err);
	if (status == WPKG_OK)
		status = take_imports(&own, arena, fields, err);
	if (status == WPKG_OK)
		status = take_number(&own.module_size, fields, "module-size", true, err);
	if (status == WPKG_OK)
		status = take_number(&own.functions, fields, "functions", false, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &own.need_check, "need-check",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &own.need_license, "need-license",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &own.need_host, "need-host",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &own.run_twice, "run-twice",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &own.foreign_dependencies,
						  "foreign-dependencies", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		*policy = own;
	return status;
}

static bool add_features(struct wpkg_arena *arena, struct wpkg_value *table, wpkg_features features)
{
	struct wpkg_buf text;
	if (!features)
		return true;
	wpkg_buf_init(&text, 4096);
	wpkg_buf_append_text(&text, wpkg_feature_name(WPKG_FEATURE_MVP));
	for (unsigned i = WPKG_FEATURE_MVP + 1; i < WPKG_FEATURE_COUNT; i++)
		if (features >> i & 1)
			wpkg_buf_append_format(&text, ",%s",
					       wpkg_feature_name((enum wpkg_feature)i));
	bool added = text.failed == WPKG_OK &&
		     wpkg_value_add_string(arena, table, "features", wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return added;
}

static bool add_number(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		       uint64_t number)
{
	int64_t shown = number > INT64_MAX ? INT64_MAX : (int64_t)number;
	return number == 0 || wpkg_value_add_integer(arena, table, key, shown);
}

static bool add_flag(struct wpkg_arena *arena, struct wpkg_value *table, const char *key, bool flag)
{
	return !flag || wpkg_value_add_boolean(arena, table, key, true);
}

bool wpkg_policy_add(struct wpkg_arena *arena, struct wpkg_value *table,
		     const struct wpkg_policy *policy)
{
	if (!add_features(arena, table, policy->features) ||
	    !add_number(arena, table, "module-size", policy->module_size) ||
	    !add_number(arena, table, "functions", policy->functions) ||
	    !add_flag(arena, table, "need-check", policy->need_check) ||
	    !add_flag(arena, table, "need-license", policy->need_license) ||
	    !add_flag(arena, table, "need-host", policy->need_host) ||
	    !add_flag(arena, table, "run-twice", policy->run_twice) ||
	    !add_flag(arena, table, "foreign-dependencies", policy->foreign_dependencies))
		return false;
	if (policy->imports.count == 0)
		return true;
	struct wpkg_value *list = wpkg_value_add(arena, table, "imports", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < policy->imports.count; i++)
		if (!wpkg_value_add_string(arena, list, NULL, policy->imports.items[i]))
			return false;
	return list != NULL;
}
