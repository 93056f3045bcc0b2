/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_token.h"

#include <stdio.h>

#include "base/utf8.h"
#include "wasm/wat.h"
#include "wasm/wat_literal.h"

/* What a byte may be part of. */
enum { NAME_BYTE = 1, DIGIT = 2, HEX_DIGIT = 4, LOWER = 8 };

static const uint8_t classes[256] = {
	['0' ... '9'] = NAME_BYTE | DIGIT | HEX_DIGIT,
	['a' ... 'f'] = NAME_BYTE | HEX_DIGIT | LOWER,
	['g' ... 'z'] = NAME_BYTE | LOWER,
	['A' ... 'F'] = NAME_BYTE | HEX_DIGIT,
	['G' ... 'Z'] = NAME_BYTE,
	['!'] = NAME_BYTE,
	['#' ... '\''] = NAME_BYTE,
	['*' ... '+'] = NAME_BYTE,
	['-' ... '/'] = NAME_BYTE,
	[':'] = NAME_BYTE,
	['<' ... '@'] = NAME_BYTE,
	['\\'] = NAME_BYTE,
	['^' ... '`'] = NAME_BYTE,
	['|'] = NAME_BYTE,
	['~'] = NAME_BYTE,
};

bool wat_is_name_byte(char byte)
{
	return classes[(uint8_t)byte] & NAME_BYTE;
}

bool wat_is_plain_id(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!wat_is_name_byte(text.ptr[i]))
			return false;
	return text.len > 0;
}

void wat_lexer_init(struct wat_lexer *lexer, struct wpkg_str text, uint32_t start, uint32_t end,
		    struct wpkg_err *err)
{
	*lexer = (struct wat_lexer){.text = text, .at = start, .end = end, .err = err};
}

bool wat_lexer_fail(struct wat_lexer *lexer, uint32_t offset, enum wpkg_status status,
		    const char *format, ...)
{
	if (lexer->status != WPKG_OK)
		return false;
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct wpkg_wat_place place = wpkg_wat_place_at(lexer->text, offset);
	wpkg_err_set(lexer->err, status, "%u:%u: %s", (unsigned)place.line, (unsigned)place.column,
		     text);
	lexer->status = status;
	lexer->failed_at = offset;
	lexer->at = lexer->end;
	return false;
}

static uint8_t byte_at(const struct wat_lexer *lexer, uint32_t at)
{
	return at < lexer->end ? (uint8_t)lexer->text.ptr[at] : 0;
}

static uint8_t class_at(const struct wat_lexer *lexer, uint32_t at)
{
	return classes[byte_at(lexer, at)];
}

/* Goes over a character outside of ASCII at the cursor. */
static bool skip_character(struct wat_lexer *lexer)
{
	struct wpkg_str rest = wpkg_str_slice(lexer->text, lexer->at, lexer->end);
	size_t before = rest.len;
	uint32_t character;
	if (!wpkg_utf8_next(&rest, &character))
		return wat_lexer_malformed(lexer, lexer->at, "malformed UTF-8 encoding");
	lexer->at += (uint32_t)(before - rest.len);
	return true;
}

/* Comments. */

/* ";; ..." up to the end of the line; the cursor is behind the semicolons. */
static bool skip_line(struct wat_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		uint8_t byte = byte_at(lexer, lexer->at);
		if (byte == '\n' || byte == '\r')
			return true;
		if (byte < 0x80)
			lexer->at++;
		else if (!skip_character(lexer))
			return false;
	}
	return true;
}

/* "(; ... ;)", nested; the cursor is at the start. */
static bool skip_block(struct wat_lexer *lexer)
{
	uint32_t start = lexer->at;
	uint32_t depth = 0;
	while (lexer->at < lexer->end) {
		uint8_t byte = byte_at(lexer, lexer->at), next = byte_at(lexer, lexer->at + 1);
		if (byte == '(' && next == ';') {
			depth++;
			lexer->at += 2;
		} else if (byte == ';' && next == ')') {
			lexer->at += 2;
			if (--depth == 0)
				return true;
		} else if (byte < 0x80) {
			lexer->at++;
		} else if (!skip_character(lexer)) {
			return false;
		}
	}
	return wat_lexer_malformed(lexer, start, "unclosed comment");
}

/* Strings. */

/* "\u{...}"; the cursor is behind the u. */
static bool skip_code_point(struct wat_lexer *lexer, uint32_t start)
{
	uint32_t value = 0;
	uint32_t at = lexer->at + 1;
	bool was_digit = false;
	if (byte_at(lexer, lexer->at) != '{')
		return wat_lexer_malformed(lexer, start, "illegal escape");
	for (; byte_at(lexer, at) != '}'; at++) {
		bool is_digit = class_at(lexer, at) & HEX_DIGIT;
		if (!is_digit && !(byte_at(lexer, at) == '_' && was_digit))
			return wat_lexer_malformed(lexer, start, "illegal escape");
		if (is_digit && value < 0x110000)
			value = value << 4 | wat_hex_digit(lexer->text.ptr[at]);
		was_digit = is_digit;
	}
	if (!was_digit || value >= 0x110000 || (value >= 0xd800 && value < 0xe000))
		return wat_lexer_malformed(lexer, start, "illegal escape");
	lexer->at = at + 1;
	return true;
}

/* A backslash and what it stands for. */
static bool skip_escape(struct wat_lexer *lexer)
{
	uint32_t start = lexer->at++;
	uint8_t byte = byte_at(lexer, lexer->at);
	if (byte == 'u') {
		lexer->at++;
		return skip_code_point(lexer, start);
	}
	if (byte != 0 && strchr("nrt\\'\"", byte)) {
		lexer->at++;
		return true;
	}
	if (!(class_at(lexer, lexer->at) & HEX_DIGIT) ||
	    !(class_at(lexer, lexer->at + 1) & HEX_DIGIT))
		return wat_lexer_malformed(lexer, start, "illegal escape");
	lexer->at += 2;
	return true;
}

static bool skip_string(struct wat_lexer *lexer)
{
	uint32_t start = lexer->at++;
	while (lexer->at < lexer->end) {
		uint8_t byte = byte_at(lexer, lexer->at);
		bool is_good = true;
		if (byte == '"') {
			lexer->at++;
			return true;
		}
		if (byte == '\n' || byte == '\r')
			break;
		if (byte == '\\')
			is_good = skip_escape(lexer);
		else if (byte >= 0x80)
			is_good = skip_character(lexer);
		else if (byte < 0x20 || byte == 0x7f)
			is_good = wat_lexer_malformed(lexer, lexer->at,
						      "illegal control character in string");
		else
			lexer->at++;
		if (!is_good)
			return false;
	}
	return wat_lexer_malformed(lexer, start, "unclosed string");
}

/* Runs of name characters and strings, without anything between them: always one token. */

static enum wat_token_kind kind_of_run(const struct wat_lexer *lexer, uint32_t start,
				       uint32_t first_string, unsigned strings)
{
	uint8_t first = byte_at(lexer, start);
	if (strings == 1 && first == '"' && first_string == lexer->at)
		return WAT_STRING;
	if (first == '$' && (strings == 0 || (strings == 1 && byte_at(lexer, start + 1) == '"' &&
					      first_string == lexer->at)))
		return WAT_ID;
	if (strings > 0)
		return WAT_RESERVED;
	if (classes[first] & LOWER)
		return WAT_WORD;
	if (classes[first] & DIGIT || first == '+' || first == '-')
		return WAT_NUMBER;
	return WAT_RESERVED;
}

static struct wat_token run(struct wat_lexer *lexer)
{
	struct wat_token token = {.start = lexer->at};
	uint32_t first_string = 0; /* the end of the first one */
	unsigned strings = 0;
	for (;;) {
		while (lexer->at < lexer->end && class_at(lexer, lexer->at) & NAME_BYTE)
			lexer->at++;
		if (byte_at(lexer, lexer->at) != '"')
			break;
		if (!skip_string(lexer))
			return (struct wat_token){WAT_END, lexer->end, lexer->end};
		if (strings++ == 0)
			first_string = lexer->at;
	}
	token.kind = kind_of_run(lexer, token.start, first_string, strings);
	token.end = lexer->at;
	uint32_t length = token.end - token.start;
	if (token.kind == WAT_ID && (length == 1 || (strings == 1 && length == 3))) {
		wat_lexer_malformed(lexer, token.start, "empty identifier");
		return (struct wat_token){WAT_END, lexer->end, lexer->end};
	}
	return token;
}

/* Annotations. */

/* The identifier behind "(@", decoded when it is a string. */
static bool read_annotation_id(struct wat_lexer *lexer, struct wpkg_buf *id)
{
	uint32_t start = lexer->at;
	lexer->at += 2;
	uint32_t name = lexer->at;
	if (byte_at(lexer, lexer->at) == '"') {
		if (!skip_string(lexer))
			return false;
		wat_literal_string(id, wpkg_str_slice(lexer->text, name, lexer->at));
		if (!wpkg_utf8_valid(wpkg_buf_str(id)))
			return wat_lexer_malformed(lexer, name, "malformed UTF-8 encoding");
	} else {
		while (lexer->at < lexer->end && class_at(lexer, lexer->at) & NAME_BYTE)
			lexer->at++;
		wpkg_buf_append_str(id, wpkg_str_slice(lexer->text, name, lexer->at));
	}
	/* Longer ones than the buffer holds mean nothing here. */
	if (id->len == 0 && id->failed == WPKG_OK)
		return wat_lexer_malformed(lexer, start, "empty annotation id");
	return true;
}

static void note(struct wat_lexer *lexer, struct wpkg_str id, const struct wat_note *found)
{
	static const char *const names[] = {"name", "custom", "metadata.code.branch_hint"};
	struct wat_note copy = *found;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!wpkg_str_equal_text(id, names[i]))
			continue;
		copy.kind = (enum wat_note_kind)i;
		wpkg_buf_append(lexer->notes, &copy, sizeof(copy));
		if (lexer->notes->failed != WPKG_OK)
			wat_lexer_fail(lexer, found->start, WPKG_ENOMEM, "no memory");
	}
}

static struct wat_token plain_token(struct wat_lexer *lexer, bool inside_annotation);

/* From "(@" to behind the closing parenthesis. */
static bool skip_annotation(struct wat_lexer *lexer)
{
	struct wat_note found = {.start = lexer->at};
	struct wpkg_buf id;
	uint32_t depth = 1;
	wpkg_buf_init(&id, 64);
	bool is_good = read_annotation_id(lexer, &id);
	found.content = lexer->at;
	while (is_good && depth > 0) {
		struct wat_token token = plain_token(lexer, true);
		if (token.kind == WAT_OPEN)
			depth++;
		else if (token.kind == WAT_CLOSE)
			depth--;
		else if (token.kind == WAT_END)
			is_good = wat_lexer_malformed(lexer, found.start, "unclosed annotation");
	}
	if (is_good && lexer->notes && id.failed == WPKG_OK) {
		found.content_end = lexer->at - 1;
		note(lexer, wpkg_buf_str(&id), &found);
		is_good = lexer->status == WPKG_OK;
	}
	if (id.failed == WPKG_ENOMEM)
		is_good = wat_lexer_fail(lexer, found.start, WPKG_ENOMEM, "no memory");
	wpkg_buf_clear(&id);
	return is_good;
}

/* Goes to the next token; false at the end and behind a failure. */
static bool skip_space(struct wat_lexer *lexer, bool inside_annotation)
{
	while (lexer->at < lexer->end) {
		uint8_t byte = byte_at(lexer, lexer->at), next = byte_at(lexer, lexer->at + 1);
		bool is_good = true;
		if (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r')
			lexer->at++;
		else if (byte == ';' && next == ';')
			is_good = skip_line(lexer);
		else if (byte == '(' && next == ';')
			is_good = skip_block(lexer);
		else if (byte == '(' && next == '@' && !inside_annotation)
			is_good = skip_annotation(lexer);
		else
			return true;
		if (!is_good)
			return false;
	}
	return false;
}

static struct wat_token plain_token(struct wat_lexer *lexer, bool inside_annotation)
{
	struct wat_token end = {WAT_END, lexer->end, lexer->end};
	if (!skip_space(lexer, inside_annotation))
		return end;
	uint8_t byte = byte_at(lexer, lexer->at);
	if (classes[byte] & NAME_BYTE || byte == '"')
		return run(lexer);
	struct wat_token token = {WAT_RESERVED, lexer->at, lexer->at + 1};
	if (byte == '(') {
		token.kind = WAT_OPEN;
	} else if (byte == ')') {
		token.kind = WAT_CLOSE;
	} else if (byte == 0 || !strchr(",;[]{}", byte)) {
		if (byte < 0x80 || skip_character(lexer))
			wat_lexer_malformed(lexer, token.start, "illegal character");
		return end;
	}
	lexer->at++;
	return token;
}

struct wat_token wat_lexer_next(struct wat_lexer *lexer)
{
	return plain_token(lexer, false);
}
