/* SPDX-License-Identifier: Apache-2.0 */
#include "quota_rules.h"

#include <string.h>

#include "data/fields.h"
#include "store/access.h"

#define QUOTAS_MAX 1000

/* 0 would be read as no limit. */
static enum wpkg_status check_limit(const struct wpkg_fields *fields, const char *key,
				    uint64_t limit, struct wpkg_err *err)
{
	if (limit > 0 || !wpkg_value_find(fields->table, key))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EFORMAT, "%s is not above zero", key);
}

static enum wpkg_status take_count(uint64_t *out, struct wpkg_fields *fields, const char *key,
				   struct wpkg_err *err)
{
	int64_t count = 0;
	enum wpkg_status status = wpkg_fields_take_integer(fields, &count, key, WPKG_OPTIONAL, err);
	*out = count > 0 ? (uint64_t)count : 0;
	return status == WPKG_OK ? check_limit(fields, key, *out, err) : status;
}

static enum wpkg_status take_bytes(uint64_t *out, struct wpkg_fields *fields, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_fields_take_size(fields, out, "bytes", err);
	return status == WPKG_OK ? check_limit(fields, "bytes", *out, err) : status;
}

static enum wpkg_status take_text(struct wpkg_str *out, struct wpkg_arena *arena,
				  struct wpkg_fields *fields, const char *key, struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status = wpkg_fields_take_string(fields, &text, key, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !text.ptr)
		return status;
	if (text.len == 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s is empty", key);
	*out = wpkg_arena_dup(arena, text);
	return out->ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "quota: no memory");
}

static enum wpkg_status take_rule(struct wpkg_quota *quota, struct wpkg_arena *arena,
				  const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "quota", err);
	if (status == WPKG_OK)
		status = take_text(&quota->user, arena, &fields, "user", err);
	if (status == WPKG_OK)
		status = take_text(&quota->pattern, arena, &fields, "names", err);
	if (status == WPKG_OK && quota->pattern.len > 0)
		status = wpkg_pattern_check(quota->pattern, err);
	if (status == WPKG_OK)
		status = take_bytes(&quota->bytes, &fields, err);
	if (status == WPKG_OK)
		status = take_count(&quota->versions, &fields, "versions", err);
	if (status == WPKG_OK)
		status = take_count(&quota->packages, &fields, "packages", err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK && quota->bytes + quota->versions + quota->packages == 0)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "give bytes, versions or packages");
	return status;
}

enum wpkg_status quota_rules_take(struct wpkg_quotas *out, struct wpkg_arena *arena,
				  const struct wpkg_value *array, struct wpkg_err *err)
{
	if (array->count > QUOTAS_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d quotas", QUOTAS_MAX);
	struct wpkg_quota *items = wpkg_arena_alloc(arena, array->count + 1, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "quota: no memory");
	memset(items, 0, (array->count + 1) * sizeof(*items));
	for (size_t i = 0; i < array->count; i++) {
		struct wpkg_err why = {0};
		enum wpkg_status status = take_rule(&items[i], arena, &array->items[i], &why);
		if (status != WPKG_OK)
			return WPKG_FAIL_AT(err, status, &array->items[i], "quota: %s", why.msg);
	}
	*out = (struct wpkg_quotas){items, array->count};
	return WPKG_OK;
}

static bool add_text(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		     struct wpkg_str text)
{
	return text.len == 0 || wpkg_value_add_string(arena, table, key, text);
}

static bool add_limit(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		      uint64_t limit)
{
	return limit == 0 || wpkg_value_add_integer(arena, table, key,
						    limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

bool quota_rules_add(struct wpkg_arena *arena, struct wpkg_value *table,
		     const struct wpkg_quotas *quotas)
{
	if (quotas->count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, table, "quota", WPKG_VALUE_ARRAY);
	bool good = array != NULL;
	for (size_t i = 0; good && i < quotas->count; i++) {
		const struct wpkg_quota *quota = &quotas->items[i];
		struct wpkg_value *row = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		good = row && add_text(arena, row, "user", quota->user) &&
		       add_text(arena, row, "names", quota->pattern) &&
		       add_limit(arena, row, "bytes", quota->bytes) &&
		       add_limit(arena, row, "versions", quota->versions) &&
		       add_limit(arena, row, "packages", quota->packages);
	}
	return good;
}
