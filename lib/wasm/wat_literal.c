/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_literal.h"

#include "base/utf8.h"

static bool is_digit(char byte, unsigned base)
{
	if (byte >= '0' && byte <= '9')
		return true;
	char lower = (char)(byte | 0x20);
	return base == 16 && lower >= 'a' && lower <= 'f';
}

enum wat_literal wat_literal_unsigned(uint64_t *out, struct wpkg_str text, uint64_t max)
{
	unsigned base = wpkg_str_starts(text, WPKG_LIT("0x")) ? 16 : 10;
	size_t at = base == 16 ? 2 : 0;
	uint64_t value = 0;
	bool was_digit = false, in_range = true;
	for (; at < text.len; at++) {
		char byte = text.ptr[at];
		if (byte == '_' && was_digit) {
			was_digit = false;
			continue;
		}
		if (!is_digit(byte, base))
			return WAT_LITERAL_MALFORMED;
		was_digit = true;
		in_range = in_range && !__builtin_mul_overflow(value, base, &value) &&
			   !__builtin_add_overflow(value, wat_hex_digit(byte), &value);
	}
	if (!was_digit)
		return WAT_LITERAL_MALFORMED;
	if (!in_range || value > max)
		return WAT_LITERAL_RANGE;
	*out = value;
	return WAT_LITERAL_GOOD;
}

enum wat_literal wat_literal_integer(uint64_t *out, struct wpkg_str text, unsigned bits)
{
	uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	bool is_negative = wpkg_str_starts(text, WPKG_LIT("-"));
	bool is_signed = is_negative || wpkg_str_starts(text, WPKG_LIT("+"));
	uint64_t value = 0;
	enum wat_literal found = wat_literal_unsigned(&value, wpkg_str_from_offset(text, is_signed),
						      is_negative ? most / 2 + 1 : most);
	if (found == WAT_LITERAL_GOOD)
		*out = is_negative ? (0 - value) & most : value;
	return found;
}

static void append_escape(struct wpkg_buf *out, struct wpkg_str *rest)
{
	char byte = rest->ptr[1];
	size_t used = 2;
	if (byte == 'n') {
		wpkg_buf_append_byte(out, '\n');
	} else if (byte == 'r') {
		wpkg_buf_append_byte(out, '\r');
	} else if (byte == 't') {
		wpkg_buf_append_byte(out, '\t');
	} else if (byte == 'u') {
		uint32_t character = 0;
		for (used = 3; rest->ptr[used] != '}'; used++)
			if (rest->ptr[used] != '_')
				character = character << 4 | wat_hex_digit(rest->ptr[used]);
		wpkg_utf8_append(out, character);
		used++;
	} else if (is_digit(byte, 16)) {
		wpkg_buf_append_byte(
			out, (uint8_t)(wat_hex_digit(byte) << 4 | wat_hex_digit(rest->ptr[2])));
		used = 3;
	} else {
		wpkg_buf_append_byte(out, (uint8_t)byte);
	}
	*rest = wpkg_str_from_offset(*rest, used);
}

void wat_literal_string(struct wpkg_buf *out, struct wpkg_str token)
{
	struct wpkg_str rest = wpkg_str_slice(token, 1, token.len - 1);
	while (rest.len > 0) {
		size_t plain = wpkg_str_find(rest, '\\');
		wpkg_buf_append(out, rest.ptr, plain);
		rest = wpkg_str_from_offset(rest, plain);
		if (rest.len > 0)
			append_escape(out, &rest);
	}
}
