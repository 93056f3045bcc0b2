/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson reads and writes; it does not say where a value stood in the text. So the conversion
 * walks the text beside jansson's tree: it is known to be well-formed by then, and jansson keeps
 * the order of keys, so a few steps over spaces, strings and numbers are enough to follow.
 */
#include "data/json.h"

#include <jansson.h>

#include "base/mem.h"
#include "base/utf8.h"

#define DEPTH_MAX 64

struct cursor {
	struct wpkg_str rest;
	uint32_t line;
	uint32_t column;
};

static void step(struct cursor *at)
{
	if (at->rest.ptr[0] == '\n') {
		at->line++;
		at->column = 1;
	} else {
		at->column++;
	}
	at->rest.ptr++;
	at->rest.len--;
}

/* To the next byte that is neither a space nor one of the two separators. */
static void skip_to_token(struct cursor *at)
{
	while (at->rest.len > 0 && strchr(" \t\r\n,:", at->rest.ptr[0]))
		step(at);
}

static void skip_string(struct cursor *at)
{
	step(at);
	while (at->rest.len > 1 && at->rest.ptr[0] != '"') {
		if (at->rest.ptr[0] == '\\')
			step(at);
		step(at);
	}
	step(at);
}

static void skip_scalar(struct cursor *at)
{
	if (at->rest.len > 0 && at->rest.ptr[0] == '"') {
		skip_string(at);
		return;
	}
	while (at->rest.len > 0 && !strchr(" \t\r\n,:]}", at->rest.ptr[0]))
		step(at);
}

static void place(struct wpkg_value *value, struct cursor *at)
{
	skip_to_token(at);
	value->line = at->line;
	value->column = at->column;
}

static enum wpkg_status convert(struct wpkg_value *out, struct wpkg_arena *arena,
				const json_t *json, struct cursor *at, int depth,
				struct wpkg_err *err);

static enum wpkg_status copy_text(struct wpkg_str *out, struct wpkg_arena *arena,
				  struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_str copy = wpkg_arena_dup(arena, text);
	if (!copy.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "json document: no memory");
	*out = copy;
	return WPKG_OK;
}

static enum wpkg_status reserve(struct wpkg_value *out, struct wpkg_arena *arena, size_t count,
				struct wpkg_err *err)
{
	out->items = wpkg_arena_alloc(arena, count, sizeof(*out->items));
	if (out->kind == WPKG_VALUE_TABLE)
		out->keys = wpkg_arena_alloc(arena, count, sizeof(*out->keys));
	if (!out->items || (out->kind == WPKG_VALUE_TABLE && !out->keys))
		return WPKG_FAIL(err, WPKG_ENOMEM, "json document: no memory");
	out->capacity = count;
	return WPKG_OK;
}

static enum wpkg_status convert_object(struct wpkg_value *out, struct wpkg_arena *arena,
				       const json_t *json, struct cursor *at, int depth,
				       struct wpkg_err *err)
{
	out->kind = WPKG_VALUE_TABLE;
	enum wpkg_status status = reserve(out, arena, json_object_size(json), err);
	if (status != WPKG_OK)
		return status;
	step(at);
	/* jansson's iterator does not change the object, but takes it without const. */
	json_t *object = (json_t *)(uintptr_t)json;
	for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
		struct wpkg_value *key = &out->keys[out->count];
		place(key, at);
		skip_string(at);
		key->kind = WPKG_VALUE_STRING;
		status =
			copy_text(&key->string, arena, wpkg_str_from(json_object_iter_key(i)), err);
		if (status == WPKG_OK)
			status = convert(&out->items[out->count], arena, json_object_iter_value(i),
					 at, depth + 1, err);
		if (status != WPKG_OK)
			return status;
		out->count++;
	}
	skip_to_token(at);
	step(at);
	return WPKG_OK;
}

static enum wpkg_status convert_array(struct wpkg_value *out, struct wpkg_arena *arena,
				      const json_t *json, struct cursor *at, int depth,
				      struct wpkg_err *err)
{
	out->kind = WPKG_VALUE_ARRAY;
	enum wpkg_status status = reserve(out, arena, json_array_size(json), err);
	if (status != WPKG_OK)
		return status;
	step(at);
	for (size_t i = 0; i < json_array_size(json); i++) {
		status =
			convert(&out->items[i], arena, json_array_get(json, i), at, depth + 1, err);
		if (status != WPKG_OK)
			return status;
		out->count++;
	}
	skip_to_token(at);
	step(at);
	return WPKG_OK;
}

static enum wpkg_status convert(struct wpkg_value *out, struct wpkg_arena *arena,
				const json_t *json, struct cursor *at, int depth,
				struct wpkg_err *err)
{
	place(out, at);
	if (depth > DEPTH_MAX)
		return WPKG_FAIL_AT(err, WPKG_ELIMIT, out, "nested deeper than 64 levels");
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return convert_object(out, arena, json, at, depth, err);
	case JSON_ARRAY:
		return convert_array(out, arena, json, at, depth, err);
	case JSON_STRING:
		out->kind = WPKG_VALUE_STRING;
		skip_scalar(at);
		return copy_text(&out->string, arena,
				 wpkg_str_of(json_string_value(json), json_string_length(json)),
				 err);
	case JSON_INTEGER:
		out->kind = WPKG_VALUE_INTEGER;
		out->integer = json_integer_value(json);
		break;
	case JSON_REAL:
		out->kind = WPKG_VALUE_FLOAT;
		out->number = json_real_value(json);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		out->kind = WPKG_VALUE_BOOLEAN;
		out->boolean = json_is_true(json);
		break;
	case JSON_NULL:
		out->kind = WPKG_VALUE_NULL;
		break;
	}
	skip_scalar(at);
	return WPKG_OK;
}

static enum wpkg_status syntax_error(const json_error_t *bad, struct wpkg_err *err)
{
	enum json_error_code code = json_error_code(bad);
	if (code == json_error_out_of_memory)
		return WPKG_FAIL(err, WPKG_ENOMEM, "json document: no memory");
	int line = bad->line > 0 ? bad->line : 1;
	int column = bad->column > 0 ? bad->column : 1;
	return WPKG_FAIL(err, code == json_error_stack_overflow ? WPKG_ELIMIT : WPKG_EFORMAT,
			 "line %d, column %d: %s", line, column, bad->text);
}

enum wpkg_status wpkg_json_read(struct wpkg_value **out, struct wpkg_arena *arena,
				struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_value *root = wpkg_arena_alloc(arena, 1, sizeof(*root));
	if (!root)
		return WPKG_FAIL(err, WPKG_ENOMEM, "json document: no memory");
	json_error_t bad;
	json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len,
				  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &bad);
	if (!json)
		return syntax_error(&bad, err);
	struct cursor at = {.rest = text, .line = 1, .column = 1};
	enum wpkg_status status = convert(root, arena, json, &at, 0, err);
	json_decref(json);
	if (status == WPKG_OK)
		*out = root;
	return status;
}

void wpkg_json_write_string(struct wpkg_buf *buf, struct wpkg_str text)
{
	wpkg_buf_append_byte(buf, '"');
	while (text.len > 0) {
		struct wpkg_str before = text;
		uint32_t c;
		if (!wpkg_utf8_next(&text, &c)) {
			wpkg_buf_append_text(buf, "\xef\xbf\xbd");
			text = wpkg_str_from_offset(text, 1);
		} else if (c == '"' || c == '\\') {
			wpkg_buf_append_format(buf, "\\%c", (int)c);
		} else if (c == '\n') {
			wpkg_buf_append_text(buf, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			wpkg_buf_append_format(buf, "\\u%04x", (unsigned)c);
		} else {
			wpkg_buf_append(buf, before.ptr, before.len - text.len);
		}
	}
	wpkg_buf_append_byte(buf, '"');
}

struct writer {
	struct wpkg_buf *buf;
	bool indented;
};

static void write_break(const struct writer *writer, int depth)
{
	if (!writer->indented)
		return;
	wpkg_buf_append_byte(writer->buf, '\n');
	for (int i = 0; i < depth; i++)
		wpkg_buf_append_text(writer->buf, "  ");
}

static void write_value(const struct writer *writer, const struct wpkg_value *value, int depth);

static void write_items(const struct writer *writer, const struct wpkg_value *value, int depth)
{
	bool table = value->kind == WPKG_VALUE_TABLE;
	wpkg_buf_append_byte(writer->buf, table ? '{' : '[');
	for (size_t i = 0; i < value->count; i++) {
		wpkg_buf_append_text(writer->buf, i > 0 ? "," : "");
		write_break(writer, depth + 1);
		if (table) {
			wpkg_json_write_string(writer->buf, value->keys[i].string);
			wpkg_buf_append_text(writer->buf, writer->indented ? ": " : ":");
		}
		write_value(writer, &value->items[i], depth + 1);
	}
	if (value->count > 0)
		write_break(writer, depth);
	wpkg_buf_append_byte(writer->buf, table ? '}' : ']');
}

static void write_float(struct wpkg_buf *buf, double number)
{
	json_t *json = json_real(number);
	char text[64];
	size_t len = json ? json_dumpb(json, text, sizeof(text), JSON_ENCODE_ANY) : 0;
	json_decref(json);
	/* Not-a-number and the infinities have no JSON form, and json_real refuses them. */
	wpkg_buf_append(buf, len > 0 ? text : "null", len > 0 ? len : 4);
}

static void write_value(const struct writer *writer, const struct wpkg_value *value, int depth)
{
	switch (value->kind) {
	case WPKG_VALUE_NULL:
		wpkg_buf_append_text(writer->buf, "null");
		break;
	case WPKG_VALUE_BOOLEAN:
		wpkg_buf_append_text(writer->buf, value->boolean ? "true" : "false");
		break;
	case WPKG_VALUE_INTEGER:
		wpkg_buf_append_format(writer->buf, "%lld", (long long)value->integer);
		break;
	case WPKG_VALUE_FLOAT:
		write_float(writer->buf, value->number);
		break;
	case WPKG_VALUE_STRING:
	case WPKG_VALUE_TIME:
		wpkg_json_write_string(writer->buf, value->string);
		break;
	case WPKG_VALUE_ARRAY:
	case WPKG_VALUE_TABLE:
		write_items(writer, value, depth);
		break;
	}
}

void wpkg_json_write(struct wpkg_buf *buf, const struct wpkg_value *value,
		     enum wpkg_json_style style)
{
	struct writer writer = {.buf = buf, .indented = style == WPKG_JSON_INDENTED};
	write_value(&writer, value, 0);
	if (writer.indented)
		wpkg_buf_append_byte(buf, '\n');
}
