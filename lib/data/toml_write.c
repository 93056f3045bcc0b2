/* SPDX-License-Identifier: Apache-2.0 */
#include "data/toml.h"

#include <math.h>

#include "base/utf8.h"

/* The tables above the one that is written, innermost first, for its [header]. */
struct path {
	const struct path *above;
	struct wpkg_str key;
};

static void write_string(struct wpkg_buf *buf, struct wpkg_str text)
{
	wpkg_buf_append_byte(buf, '"');
	uint32_t c;
	struct wpkg_str before = text;
	while (wpkg_utf8_next(&text, &c)) {
		if (c == '"' || c == '\\')
			wpkg_buf_append_format(buf, "\\%c", (int)c);
		else if (c == '\n')
			wpkg_buf_append_text(buf, "\\n");
		else if (c == '\t')
			wpkg_buf_append_text(buf, "\\t");
		else if (c == '\r')
			wpkg_buf_append_text(buf, "\\r");
		else if (c < 0x20 || c == 0x7f)
			wpkg_buf_append_format(buf, "\\u%04X", (unsigned)c);
		else
			wpkg_buf_append(buf, before.ptr, before.len - text.len);
		before = text;
	}
	wpkg_buf_append_byte(buf, '"');
}

static bool is_bare(struct wpkg_str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return key.len > 0;
}

static void write_key(struct wpkg_buf *buf, struct wpkg_str key)
{
	if (is_bare(key))
		wpkg_buf_append_str(buf, key);
	else
		write_string(buf, key);
}

static void write_path(struct wpkg_buf *buf, const struct path *path)
{
	if (path->above && path->above->key.ptr) {
		write_path(buf, path->above);
		wpkg_buf_append_byte(buf, '.');
	}
	write_key(buf, path->key);
}

static void write_float(struct wpkg_buf *buf, double number)
{
	if (isnan(number) || isinf(number)) {
		wpkg_buf_append_text(buf, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
		return;
	}
	size_t start = buf->len;
	wpkg_buf_append_format(buf, "%.17g", number);
	struct wpkg_str written = wpkg_str_from_offset(wpkg_buf_str(buf), start);
	if (wpkg_str_find(written, '.') == written.len &&
	    wpkg_str_find(written, 'e') == written.len)
		wpkg_buf_append_text(buf, ".0");
}

/* A value on one line. */
static void write_inline(struct wpkg_buf *buf, const struct wpkg_value *value)
{
	switch (value->kind) {
	case WPKG_VALUE_NULL:
		break;
	case WPKG_VALUE_BOOLEAN:
		wpkg_buf_append_text(buf, value->boolean ? "true" : "false");
		break;
	case WPKG_VALUE_INTEGER:
		wpkg_buf_append_format(buf, "%lld", (long long)value->integer);
		break;
	case WPKG_VALUE_FLOAT:
		write_float(buf, value->number);
		break;
	case WPKG_VALUE_STRING:
		write_string(buf, value->string);
		break;
	case WPKG_VALUE_TIME:
		wpkg_buf_append_str(buf, value->string);
		break;
	case WPKG_VALUE_ARRAY:
		wpkg_buf_append_byte(buf, '[');
		for (size_t i = 0; i < value->count; i++) {
			wpkg_buf_append_text(buf, i > 0 ? ", " : "");
			write_inline(buf, &value->items[i]);
		}
		wpkg_buf_append_byte(buf, ']');
		break;
	case WPKG_VALUE_TABLE:
		wpkg_buf_append_text(buf, value->count > 0 ? "{ " : "{}");
		for (size_t i = 0; i < value->count; i++) {
			wpkg_buf_append_text(buf, i > 0 ? ", " : "");
			write_key(buf, value->keys[i].string);
			wpkg_buf_append_text(buf, " = ");
			write_inline(buf, &value->items[i]);
		}
		wpkg_buf_append_text(buf, value->count > 0 ? " }" : "");
		break;
	}
}

static bool is_array_of_tables(const struct wpkg_value *value)
{
	if (value->kind != WPKG_VALUE_ARRAY || value->count == 0)
		return false;
	for (size_t i = 0; i < value->count; i++)
		if (value->items[i].kind != WPKG_VALUE_TABLE)
			return false;
	return true;
}

static bool has_header(const struct wpkg_value *value)
{
	return value->kind == WPKG_VALUE_TABLE || is_array_of_tables(value);
}

static bool has_plain_values(const struct wpkg_value *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (!has_header(&table->items[i]) && table->items[i].kind != WPKG_VALUE_NULL)
			return true;
	return false;
}

static void write_header(struct wpkg_buf *buf, const struct path *path, bool element)
{
	if (buf->len > 0)
		wpkg_buf_append_byte(buf, '\n');
	wpkg_buf_append_text(buf, element ? "[[" : "[");
	write_path(buf, path);
	wpkg_buf_append_text(buf, element ? "]]\n" : "]\n");
}

static void write_table(struct wpkg_buf *buf, const struct wpkg_value *table,
			const struct path *path)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct wpkg_value *value = &table->items[i];
		if (has_header(value) || value->kind == WPKG_VALUE_NULL)
			continue;
		write_key(buf, table->keys[i].string);
		wpkg_buf_append_text(buf, " = ");
		write_inline(buf, value);
		wpkg_buf_append_byte(buf, '\n');
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct wpkg_value *value = &table->items[i];
		struct path below = {.above = path, .key = table->keys[i].string};
		if (value->kind == WPKG_VALUE_TABLE) {
			/* A table of tables needs no header of its own; an empty one does. */
			if (value->count == 0 || has_plain_values(value))
				write_header(buf, &below, false);
			write_table(buf, value, &below);
		} else if (is_array_of_tables(value)) {
			for (size_t k = 0; k < value->count; k++) {
				write_header(buf, &below, true);
				write_table(buf, &value->items[k], &below);
			}
		}
	}
}

void wpkg_toml_write(struct wpkg_buf *buf, const struct wpkg_value *table)
{
	struct path top = {0};
	write_table(buf, table, &top);
}
