/* SPDX-License-Identifier: Apache-2.0 */
#include "data/value.h"

#include <stdio.h>

struct wpkg_value *wpkg_value_find(const struct wpkg_value *table, const char *key)
{
	if (!table || table->kind != WPKG_VALUE_TABLE)
		return NULL;
	for (size_t i = 0; i < table->count; i++)
		if (wpkg_str_equal_text(table->keys[i].string, key))
			return &table->items[i];
	return NULL;
}

struct wpkg_str wpkg_value_find_string(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == WPKG_VALUE_STRING ? value->string : (struct wpkg_str){0};
}

const char *wpkg_value_kind_name(enum wpkg_value_kind kind)
{
	static const char *const names[] = {
		[WPKG_VALUE_NULL] = "null",	     [WPKG_VALUE_BOOLEAN] = "a boolean",
		[WPKG_VALUE_INTEGER] = "an integer", [WPKG_VALUE_FLOAT] = "a float",
		[WPKG_VALUE_STRING] = "a string",    [WPKG_VALUE_TIME] = "a date or time",
		[WPKG_VALUE_ARRAY] = "an array",     [WPKG_VALUE_TABLE] = "a table",
	};
	return names[kind];
}

struct wpkg_value *wpkg_value_new_table(struct wpkg_arena *arena)
{
	struct wpkg_value *table = wpkg_arena_alloc(arena, 1, sizeof(*table));
	if (table)
		table->kind = WPKG_VALUE_TABLE;
	return table;
}

/* Doubling inside the arena leaves behind at most as much again as the final size. */
static bool grow(struct wpkg_arena *arena, struct wpkg_value *parent)
{
	bool is_table = parent->kind == WPKG_VALUE_TABLE;
	size_t capacity = parent->capacity ? 2 * parent->capacity : 8;
	struct wpkg_value *items = wpkg_arena_alloc(arena, capacity, sizeof(*items));
	struct wpkg_value *keys = NULL;
	if (is_table)
		keys = wpkg_arena_alloc(arena, capacity, sizeof(*keys));
	if (!items || (is_table && !keys))
		return false;
	if (parent->count > 0) {
		memcpy(items, parent->items, parent->count * sizeof(*items));
		if (keys)
			memcpy(keys, parent->keys, parent->count * sizeof(*keys));
	}
	parent->items = items;
	parent->keys = keys;
	parent->capacity = capacity;
	return true;
}

struct wpkg_value *wpkg_value_add_str(struct wpkg_arena *arena, struct wpkg_value *parent,
				      struct wpkg_str key, enum wpkg_value_kind kind)
{
	if (!parent || (parent->count == parent->capacity && !grow(arena, parent)))
		return NULL;
	if (parent->kind == WPKG_VALUE_TABLE) {
		struct wpkg_str copy = wpkg_arena_dup(arena, key);
		if (!copy.ptr)
			return NULL;
		parent->keys[parent->count] =
			(struct wpkg_value){.kind = WPKG_VALUE_STRING, .string = copy};
	}
	struct wpkg_value *value = &parent->items[parent->count++];
	*value = (struct wpkg_value){.kind = kind};
	return value;
}

struct wpkg_value *wpkg_value_add(struct wpkg_arena *arena, struct wpkg_value *parent,
				  const char *key, enum wpkg_value_kind kind)
{
	return wpkg_value_add_str(arena, parent, wpkg_str_from(key), kind);
}

bool wpkg_value_add_string(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			   struct wpkg_str text)
{
	struct wpkg_str copy = wpkg_arena_dup(arena, text);
	if (!copy.ptr)
		return false;
	struct wpkg_value *value = wpkg_value_add(arena, parent, key, WPKG_VALUE_STRING);
	if (value)
		value->string = copy;
	return value != NULL;
}

bool wpkg_value_add_integer(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			    int64_t number)
{
	struct wpkg_value *value = wpkg_value_add(arena, parent, key, WPKG_VALUE_INTEGER);
	if (value)
		value->integer = number;
	return value != NULL;
}

bool wpkg_value_add_boolean(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			    bool boolean)
{
	struct wpkg_value *value = wpkg_value_add(arena, parent, key, WPKG_VALUE_BOOLEAN);
	if (value)
		value->boolean = boolean;
	return value != NULL;
}

void wpkg_value_complain(struct wpkg_err *err, enum wpkg_status status,
			 const struct wpkg_value *value, const char *text, ...)
{
	char words[sizeof(err->msg)];
	va_list args;
	va_start(args, text);
	vsnprintf(words, sizeof(words), text, args);
	va_end(args);
	if (value && value->line > 0)
		wpkg_err_set(err, status, "line %u, column %u: %s", value->line, value->column,
			     words);
	else
		wpkg_err_set(err, status, "%s", words);
}
