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

static enum wpkg_status take_functions(struct wpkg_policy *policy, struct wpkg_fields *fields,
				       struct wpkg_err *err)
{
	int64_t functions = 0;
	enum wpkg_status status =
		wpkg_fields_take_integer(fields, &functions, "functions", WPKG_OPTIONAL, err);
	if (status == WPKG_OK && functions < 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(fields->table, "functions"),
				    "functions is negative");
	if (functions > 0)
		policy->functions = (uint64_t)functions;
	return status;
}

enum wpkg_status wpkg_policy_take(struct wpkg_policy *policy, struct wpkg_arena *arena,
				  struct wpkg_fields *fields, struct wpkg_err *err)
{
	struct wpkg_policy own = *policy;
	enum wpkg_status status = take_features(&own, fields, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(fields, &own.imports, arena, "imports", err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_size(fields, &own.module_size, "module-size", err);
	if (status == WPKG_OK)
		status = take_functions(&own, fields, err);
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
