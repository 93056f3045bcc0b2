/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "wasm/format.h"

/* Longest text of a number that makes sense, with room for many digits of a fraction. */
#define TEXT_MAX 400

static bool is_extern(wpkg_valtype type)
{
	uint32_t heap = type & ~(WPKG_TYPE_REF | WPKG_TYPE_NULLABLE);
	return heap == WPKG_HEAP_EXTERN;
}

/* An integer of so many bits: signed or unsigned, decimal or hexadecimal. */
static bool parse_integer(uint64_t *out, const char *text, unsigned bits)
{
	bool negative = text[0] == '-';
	const char *digits = text + negative;
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	const char *first = hex ? digits + 2 : digits;
	char *end;
	if (!strchr("0123456789abcdefABCDEF", *first) || *first == '\0')
		return false;
	errno = 0;
	unsigned long long number = strtoull(first, &end, hex ? 16 : 10);
	uint64_t most = bits == 64 ? UINT64_MAX : UINT32_MAX;
	if (*end != '\0' || errno != 0 || number > (negative ? most / 2 + 1 : most))
		return false;
	*out = negative ? 0 - (uint64_t)number : number;
	return true;
}

static bool parse_float(double *out, const char *text)
{
	char *end;
	if (strchr(" \t\n\v\f\r", text[0])) /* the end of the text, too */
		return false;
	*out = strtod(text, &end);
	return *end == '\0';
}

static bool parse_vector(uint64_t out[2], const char *text)
{
	uint8_t bytes[16];
	if (strncmp(text, "0x", 2) != 0 || strlen(text) != 34 ||
	    !wpkg_hex_parse(bytes, sizeof(bytes), wpkg_str_from(text + 2)))
		return false;
	out[0] = out[1] = 0;
	for (unsigned i = 0; i < 16; i++)
		out[i < 8] = out[i < 8] << 8 | bytes[i];
	return true;
}

static bool parse_reference(uint64_t *out, wpkg_valtype type, const char *text)
{
	uint64_t number;
	*out = 0;
	if (strcmp(text, "null") == 0)
		return wpkg_valtype_is_nullable(type);
	if (!is_extern(type) || !parse_integer(&number, text, 64) || number >> 62)
		return false;
	*out = wpkg_ref_from_host(number);
	return true;
}

static bool parse(union wpkg_wasm_value *value, wpkg_valtype type, const char *text)
{
	double number;
	switch (type) {
	case WPKG_TYPE_I32:
		return parse_integer(&value->i64, text, 32);
	case WPKG_TYPE_I64:
		return parse_integer(&value->i64, text, 64);
	case WPKG_TYPE_F32:
		if (!parse_float(&number, text))
			return false;
		/* Not by way of double: rounding twice may give another number. */
		value->f32 = strtof(text, NULL);
		return true;
	case WPKG_TYPE_F64:
		return parse_float(&value->f64, text);
	case WPKG_TYPE_V128:
		return parse_vector(value->v128, text);
	default:
		return parse_reference(&value->ref, type, text);
	}
}

enum wpkg_status tool_value_parse(union wpkg_wasm_value *out, wpkg_valtype type,
				  struct wpkg_str text, struct wpkg_err *err)
{
	char copy[TEXT_MAX];
	union wpkg_wasm_value value = {.v128 = {0, 0}};
	if (text.len < sizeof(copy) && !memchr(text.ptr, 0, text.len)) {
		memcpy(copy, text.ptr, text.len);
		copy[text.len] = '\0';
		if (parse(&value, type, copy)) {
			*out = value;
			return WPKG_OK;
		}
	}
	struct wpkg_buf name;
	wpkg_buf_init(&name, TEXT_MAX);
	wpkg_valtype_format(&name, type, NULL);
	wpkg_err_set(err, WPKG_EINVAL, "'%.*s' is no value of type %s", WPKG_STR_ARG(text),
		     wpkg_buf_text(&name));
	wpkg_buf_clear(&name);
	return WPKG_EINVAL;
}

/* The sign and the payload of what is not a number can be seen, and parsed again by a wast tool. */
static void format_nan(struct wpkg_buf *out, bool negative, uint64_t payload, uint64_t canonical)
{
	wpkg_buf_append_text(out, negative ? "-nan" : "nan");
	if (payload != canonical)
		wpkg_buf_append_format(out, ":0x%llx", (unsigned long long)payload);
}

static void format_f32(struct wpkg_buf *out, const union wpkg_wasm_value *value)
{
	char text[64];
	if (isnan(value->f32)) {
		format_nan(out, value->i32 >> 31, value->i32 & 0x7fffff, 0x400000);
		return;
	}
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)value->f32);
		if (strtof(text, NULL) == value->f32)
			break;
	}
	wpkg_buf_append_text(out, text);
}

static void format_f64(struct wpkg_buf *out, const union wpkg_wasm_value *value)
{
	char text[64];
	if (isnan(value->f64)) {
		format_nan(out, value->i64 >> 63, value->i64 & 0xfffffffffffff, 0x8000000000000);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value->f64);
		if (strtod(text, NULL) == value->f64)
			break;
	}
	wpkg_buf_append_text(out, text);
}

void tool_value_format(struct wpkg_buf *out, wpkg_valtype type, const union wpkg_wasm_value *value)
{
	switch (type) {
	case WPKG_TYPE_I32:
		wpkg_buf_append_format(out, "%d", (int)value->i32);
		break;
	case WPKG_TYPE_I64:
		wpkg_buf_append_format(out, "%lld", (long long)value->i64);
		break;
	case WPKG_TYPE_F32:
		format_f32(out, value);
		break;
	case WPKG_TYPE_F64:
		format_f64(out, value);
		break;
	case WPKG_TYPE_V128:
		wpkg_buf_append_format(out, "0x%016llx%016llx", (unsigned long long)value->v128[1],
				       (unsigned long long)value->v128[0]);
		break;
	default:
		if (value->ref == 0)
			wpkg_buf_append_text(out, "null");
		else if (is_extern(type))
			wpkg_buf_append_format(out, "%llu",
					       (unsigned long long)wpkg_ref_to_host(value->ref));
		else
			wpkg_buf_append_text(out, "reference");
	}
}
