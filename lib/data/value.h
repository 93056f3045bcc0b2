/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_DATA_VALUE_H
#define WPKG_DATA_VALUE_H

/*
 * A structured document, as TOML and JSON both hold it: a tree of values in one arena. Readers of
 * a format (an invoice, a keyring, a configuration) walk this tree and need not know which of the
 * two it came from; every value knows its line and column, so that they can say where a wrong one
 * stands. Writers build the tree in the order they want it written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum wpkg_value_kind {
	WPKG_VALUE_NULL, /* JSON only */
	WPKG_VALUE_BOOLEAN,
	WPKG_VALUE_INTEGER, /* -2^63 .. 2^63 - 1 */
	WPKG_VALUE_FLOAT,
	WPKG_VALUE_STRING,
	WPKG_VALUE_TIME, /* TOML's dates and times, kept as their text */
	WPKG_VALUE_ARRAY,
	WPKG_VALUE_TABLE
};

struct wpkg_value {
	enum wpkg_value_kind kind;
	uint32_t line;		  /* from 1; 0: not read from a text */
	uint32_t column;	  /* from 1 */
	bool boolean;		  /* of BOOLEAN */
	int64_t integer;	  /* of INTEGER */
	double number;		  /* of FLOAT */
	struct wpkg_str string;	  /* of STRING and TIME: UTF-8, in the arena */
	struct wpkg_value *items; /* of ARRAY and TABLE */
	struct wpkg_value *keys;  /* of TABLE: the items' keys, as STRING values with a place */
	size_t count;		  /* of ARRAY and TABLE */
	size_t capacity;	  /* allocated items and keys */
};

/* The value of a key; NULL when the table has none (or the value is no table). */
struct wpkg_value *wpkg_value_find(const struct wpkg_value *table, const char *key);

/* The string that a key has; ptr NULL when the table has none, or the value is no string. */
struct wpkg_str wpkg_value_find_string(const struct wpkg_value *table, const char *key);

/* "a string", "a table", ... for messages. */
const char *wpkg_value_kind_name(enum wpkg_value_kind kind);

/*
 * Building. Each appends to a table (with a key that it does not have yet; the text is copied) or
 * to an array (key NULL). The value that add returns is borrowed until the next append to the same
 * parent. NULL or false when memory is out; a NULL parent is out of memory too, so that a writer
 * may build a branch and check only its end.
 */
struct wpkg_value *wpkg_value_new_table(struct wpkg_arena *arena);
struct wpkg_value *wpkg_value_add(struct wpkg_arena *arena, struct wpkg_value *parent,
				  const char *key, enum wpkg_value_kind kind);
struct wpkg_value *wpkg_value_add_str(struct wpkg_arena *arena, struct wpkg_value *parent,
				      struct wpkg_str key, enum wpkg_value_kind kind);
WPKG_MUST_CHECK bool wpkg_value_add_string(struct wpkg_arena *arena, struct wpkg_value *parent,
					   const char *key, struct wpkg_str text);
WPKG_MUST_CHECK bool wpkg_value_add_integer(struct wpkg_arena *arena, struct wpkg_value *parent,
					    const char *key, int64_t number);
WPKG_MUST_CHECK bool wpkg_value_add_boolean(struct wpkg_arena *arena, struct wpkg_value *parent,
					    const char *key, bool boolean);

/* Sets the error to the place of a value (when it was read from a text) and a formatted text. */
void wpkg_value_complain(struct wpkg_err *err, enum wpkg_status status,
			 const struct wpkg_value *value, const char *text, ...) WPKG_PRINTF(4, 5);

/* The same, for "return WPKG_FAIL_AT(...)". */
#define WPKG_FAIL_AT(err, status, value, ...)                                                      \
	(wpkg_value_complain((err), (status), (value), __VA_ARGS__), (status))

#endif
