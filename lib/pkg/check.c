/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/check.h"

#include "base/clock.h"
#include "base/path.h"
#include "data/fields.h"
#include "data/json.h"
#include "pkg/annotation.h"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
}

/* What becomes arguments and paths of a guest, where a NUL ends a text. */
static enum wpkg_status take_strings(struct wpkg_fields *fields, struct wpkg_arena *arena,
				     struct wpkg_strings *out, const char *key,
				     struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_fields_copy_strings(fields, out, arena, key, err);
	for (size_t i = 0; status == WPKG_OK && i < out->count; i++)
		if (memchr(out->items[i].ptr, 0, out->items[i].len))
			status = WPKG_FAIL(err, WPKG_EFORMAT, "check.%s[%zu] holds a NUL", key, i);
	return status;
}

static enum wpkg_status take_environment(struct wpkg_fields *fields, struct wpkg_arena *arena,
					 struct wpkg_map *out, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status = wpkg_fields_take(fields, &table, "environment", WPKG_VALUE_TABLE,
						   WPKG_OPTIONAL, err);
	for (size_t i = 0; status == WPKG_OK && table && i < table->count; i++) {
		const struct wpkg_value *item = &table->items[i];
		struct wpkg_str key = table->keys[i].string;
		if (item->kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item,
					    "check.environment.%.*s is %s, not a string",
					    WPKG_STR_ARG(key), wpkg_value_kind_name(item->kind));
		if (memchr(key.ptr, '=', key.len))
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item,
					    "check.environment: '%.*s' holds '='",
					    WPKG_STR_ARG(key));
		if (!wpkg_map_set(arena, out, key, item->string))
			return no_memory(err);
	}
	return status;
}

/* A number (bytes, seconds), or a text with its unit: "64MiB", "2m". */
static enum wpkg_status take_amount(struct wpkg_fields *fields, uint64_t *out, const char *key,
				    bool duration, struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(fields->table, key);
	enum wpkg_value_kind kind =
		value && value->kind == WPKG_VALUE_STRING ? WPKG_VALUE_STRING : WPKG_VALUE_INTEGER;
	int64_t seconds = 0;
	enum wpkg_status status = wpkg_fields_take(fields, &value, key, kind, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !value)
		return status;
	if (kind == WPKG_VALUE_INTEGER) {
		if (value->integer < 0 || value->integer > INT64_MAX / 1000)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "check.%s is out of range",
					    key);
		*out = (uint64_t)value->integer * (duration ? 1000 : 1);
	} else if (duration) {
		status = wpkg_duration_parse(&seconds, value->string, err);
		*out = (uint64_t)seconds * 1000;
	} else {
		status = wpkg_size_parse(out, value->string, err);
	}
	if (status != WPKG_OK)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "check.%s: '%.*s' is no %s", key,
				    WPKG_STR_ARG(value->string), duration ? "duration" : "size");
	return WPKG_OK;
}

static enum wpkg_status take_expectations(struct wpkg_fields *fields, struct wpkg_arena *arena,
					  struct wpkg_check *check, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_fields_take_integer(fields, &check->exit_code, "exit-code",
							   WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(fields, &check->output, arena, "output",
						 WPKG_OPTIONAL, err);
	check->has_output = check->output.ptr != NULL;
	if (status == WPKG_OK)
		status = take_amount(fields, &check->fuel, "fuel", false, err);
	if (status == WPKG_OK)
		status = take_amount(fields, &check->memory, "memory", false, err);
	if (status == WPKG_OK)
		status = take_amount(fields, &check->timeout_ms, "timeout", true, err);
	return status;
}

static enum wpkg_status read_check(struct wpkg_check *out, struct wpkg_arena *arena,
				   const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_check check = {0};
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "check", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &check.name, arena, "name", WPKG_OPTIONAL,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &check.parcel, arena, "parcel",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_strings(&fields, arena, &check.arguments, "arguments", err);
	if (status == WPKG_OK)
		status = take_environment(&fields, arena, &check.environment, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &check.input, arena, "input",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_strings(&fields, arena, &check.files, "files", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &check.invoke, arena, "invoke",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_expectations(&fields, arena, &check, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK)
		*out = check;
	return status;
}

enum wpkg_status wpkg_checks_from_value(struct wpkg_checks *out, struct wpkg_arena *arena,
					const struct wpkg_value *array, struct wpkg_err *err)
{
	if (array->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, array, "check is %s, not an array of tables",
				    wpkg_value_kind_name(array->kind));
	if (array->count > WPKG_CHECKS_MAX)
		return WPKG_FAIL_AT(err, WPKG_ELIMIT, array, "%zu checks, more than %d",
				    array->count, WPKG_CHECKS_MAX);
	struct wpkg_check *items = wpkg_arena_alloc(arena, array->count, sizeof(*items));
	if (!items)
		return no_memory(err);
	for (size_t i = 0; i < array->count; i++) {
		enum wpkg_status status = read_check(&items[i], arena, &array->items[i], err);
		if (status != WPKG_OK)
			return status;
		if (!items[i].name.ptr)
			items[i].name = wpkg_arena_format(arena, "check %zu", i + 1);
		if (!items[i].name.ptr)
			return no_memory(err);
	}
	*out = (struct wpkg_checks){items, array->count};
	return WPKG_OK;
}

static bool add_strings(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
			const struct wpkg_strings *strings)
{
	if (strings->count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, table, key, WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < strings->count; i++)
		if (!wpkg_value_add_string(arena, array, NULL, strings->items[i]))
			return false;
	return array != NULL;
}

static bool add_text(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		     struct wpkg_str text)
{
	return text.len == 0 || wpkg_value_add_string(arena, table, key, text);
}

static bool add_number(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		       int64_t number)
{
	return number == 0 || wpkg_value_add_integer(arena, table, key, number);
}

/* A timeout is written in whole seconds, as it was read. */
static bool add_check(struct wpkg_arena *arena, struct wpkg_value *array,
		      const struct wpkg_check *check)
{
	struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
	bool made = table && add_text(arena, table, "name", check->name) &&
		    add_text(arena, table, "parcel", check->parcel) &&
		    add_strings(arena, table, "arguments", &check->arguments);
	if (made && check->environment.count > 0) {
		struct wpkg_value *environment =
			wpkg_value_add(arena, table, "environment", WPKG_VALUE_TABLE);
		for (size_t i = 0; made && i < check->environment.count; i++) {
			struct wpkg_value *value = wpkg_value_add_str(
				arena, environment, check->environment.pairs[i].key,
				WPKG_VALUE_STRING);
			made = value != NULL;
			if (made)
				value->string = check->environment.pairs[i].value;
		}
	}
	return made && add_text(arena, table, "input", check->input) &&
	       add_strings(arena, table, "files", &check->files) &&
	       add_text(arena, table, "invoke", check->invoke) &&
	       add_number(arena, table, "exit-code", check->exit_code) &&
	       (!check->has_output ||
		wpkg_value_add_string(arena, table, "output", check->output)) &&
	       add_number(arena, table, "fuel", (int64_t)check->fuel) &&
	       add_number(arena, table, "memory", (int64_t)check->memory) &&
	       add_number(arena, table, "timeout", (int64_t)(check->timeout_ms / 1000));
}

enum wpkg_status wpkg_checks_to_value(struct wpkg_arena *arena, struct wpkg_value *array,
				      const struct wpkg_checks *checks, struct wpkg_err *err)
{
	for (size_t i = 0; i < checks->count; i++)
		if (!add_check(arena, array, &checks->items[i]))
			return no_memory(err);
	return WPKG_OK;
}

enum wpkg_status wpkg_checks_of_invoice(struct wpkg_checks *out, struct wpkg_arena *arena,
					const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_str text = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_CHECKS);
	struct wpkg_value *array = NULL;
	if (!text.ptr) {
		*out = (struct wpkg_checks){0};
		return WPKG_OK;
	}
	enum wpkg_status status = wpkg_json_read(&array, arena, text, err);
	if (status == WPKG_OK)
		status = wpkg_checks_from_value(out, arena, array, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "annotations.%s", WPKG_ANNOTATION_CHECKS);
	return status;
}
