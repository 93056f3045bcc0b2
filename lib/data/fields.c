/* SPDX-License-Identifier: Apache-2.0 */
#include "data/fields.h"

#include <stdio.h>

#include "base/clock.h"

#define NAME_MAX_TEXT 160

/* "parcel.label.size": where the table stands, and the key. */
static const char *field_name(char out[NAME_MAX_TEXT], const struct wpkg_fields *fields,
			      struct wpkg_str key)
{
	snprintf(out, NAME_MAX_TEXT, "%s%s%.*s", fields->where, fields->where[0] ? "." : "",
		 WPKG_STR_ARG(key));
	return out;
}

enum wpkg_status wpkg_fields_open(struct wpkg_fields *out, const struct wpkg_value *value,
				  const char *where, struct wpkg_err *err)
{
	const char *name = where[0] ? where : "the document";
	if (value->kind != WPKG_VALUE_TABLE)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s is %s, not a table", name,
				    wpkg_value_kind_name(value->kind));
	/* The mask of taken keys has a bit for each; a format of ours has far fewer. */
	if (value->count > WPKG_FIELDS_MAX)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s has %zu keys, too many", name,
				    value->count);
	*out = (struct wpkg_fields){.table = value, .where = where};
	return WPKG_OK;
}

static const char *nearest_known(const struct wpkg_fields *fields, struct wpkg_str key)
{
	const char *near = NULL;
	unsigned best = 3;
	for (size_t i = 0; i < fields->known_count; i++) {
		unsigned distance = wpkg_str_distance(key, wpkg_str_from(fields->known[i]));
		if (distance < best) {
			best = distance;
			near = fields->known[i];
		}
	}
	return near;
}

enum wpkg_status wpkg_fields_close(struct wpkg_fields *fields, struct wpkg_err *err)
{
	char name[NAME_MAX_TEXT];
	for (size_t i = 0; i < fields->table->count; i++) {
		if (fields->taken & 1ULL << i)
			continue;
		const struct wpkg_value *key = &fields->table->keys[i];
		const char *near = nearest_known(fields, key->string);
		field_name(name, fields, key->string);
		if (near)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, key,
					    "unknown key %s (did you mean '%s'?)", name, near);
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, key, "unknown key %s", name);
	}
	return WPKG_OK;
}

static const struct wpkg_value *mark_taken(struct wpkg_fields *fields, const char *key)
{
	if (fields->known_count < WPKG_FIELDS_MAX)
		fields->known[fields->known_count++] = key;
	for (size_t i = 0; i < fields->table->count; i++) {
		if (!wpkg_str_equal_text(fields->table->keys[i].string, key))
			continue;
		fields->taken |= 1ULL << i;
		return &fields->table->items[i];
	}
	return NULL;
}

enum wpkg_status wpkg_fields_take(struct wpkg_fields *fields, const struct wpkg_value **out,
				  const char *key, enum wpkg_value_kind kind, enum wpkg_need need,
				  struct wpkg_err *err)
{
	char name[NAME_MAX_TEXT];
	field_name(name, fields, wpkg_str_from(key));
	const struct wpkg_value *value = mark_taken(fields, key);
	/* The original server's JSON prints absent optional values as null. */
	if (value && value->kind == WPKG_VALUE_NULL && need == WPKG_OPTIONAL)
		value = NULL;
	if (!value && need == WPKG_REQUIRED)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, fields->table, "%s is missing", name);
	if (value && value->kind != kind)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s is %s, not %s", name,
				    wpkg_value_kind_name(value->kind), wpkg_value_kind_name(kind));
	*out = value;
	return WPKG_OK;
}

enum wpkg_status wpkg_fields_take_string(struct wpkg_fields *fields, struct wpkg_str *out,
					 const char *key, enum wpkg_need need, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, key, WPKG_VALUE_STRING, need, err);
	if (status == WPKG_OK && value)
		*out = value->string;
	return status;
}

enum wpkg_status wpkg_fields_take_integer(struct wpkg_fields *fields, int64_t *out, const char *key,
					  enum wpkg_need need, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, key, WPKG_VALUE_INTEGER, need, err);
	if (status == WPKG_OK && value)
		*out = value->integer;
	return status;
}

enum wpkg_status wpkg_fields_take_boolean(struct wpkg_fields *fields, bool *out, const char *key,
					  enum wpkg_need need, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, key, WPKG_VALUE_BOOLEAN, need, err);
	if (status == WPKG_OK && value)
		*out = value->boolean;
	return status;
}

enum wpkg_status wpkg_fields_take_size(struct wpkg_fields *fields, uint64_t *out, const char *key,
				       struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(fields->table, key);
	bool is_text = value && value->kind == WPKG_VALUE_STRING;
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

static enum wpkg_status copy(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_str text,
			     const char *name, struct wpkg_err *err)
{
	*out = wpkg_arena_dup(arena, text);
	return out->ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", name);
}

enum wpkg_status wpkg_fields_copy_string(struct wpkg_fields *fields, struct wpkg_str *out,
					 struct wpkg_arena *arena, const char *key,
					 enum wpkg_need need, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, key, WPKG_VALUE_STRING, need, err);
	return status == WPKG_OK && value ? copy(out, arena, value->string, key, err) : status;
}

enum wpkg_status wpkg_fields_copy_strings(struct wpkg_fields *fields, struct wpkg_strings *out,
					  struct wpkg_arena *arena, const char *key,
					  struct wpkg_err *err)
{
	char name[NAME_MAX_TEXT];
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, key, WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	return wpkg_value_copy_strings(out, arena, array,
				       field_name(name, fields, wpkg_str_from(key)), err);
}

enum wpkg_status wpkg_value_copy_strings(struct wpkg_strings *out, struct wpkg_arena *arena,
					 const struct wpkg_value *array, const char *name,
					 struct wpkg_err *err)
{
	if (array->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, array, "%s is %s, not an array", name,
				    wpkg_value_kind_name(array->kind));
	struct wpkg_str *items = wpkg_arena_alloc(arena, array->count, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", name);
	for (size_t i = 0; i < array->count; i++) {
		const struct wpkg_value *item = &array->items[i];
		if (item->kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item, "%s[%zu] is %s, not a string",
					    name, i, wpkg_value_kind_name(item->kind));
		enum wpkg_status status = copy(&items[i], arena, item->string, name, err);
		if (status != WPKG_OK)
			return status;
	}
	*out = (struct wpkg_strings){items, array->count};
	return WPKG_OK;
}
