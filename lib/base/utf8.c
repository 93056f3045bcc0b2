/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* The length that a first byte announces, and the least character that needs that length. */
static size_t sequence_length(unsigned char first, uint32_t *least, uint32_t *bits)
{
	if (first < 0x80) {
		*least = 0;
		*bits = first;
		return 1;
	}
	if (first >= 0xc2 && first < 0xe0) {
		*least = 0x80;
		*bits = first & 0x1fU;
		return 2;
	}
	if (first >= 0xe0 && first < 0xf0) {
		*least = 0x800;
		*bits = first & 0x0fU;
		return 3;
	}
	if (first >= 0xf0 && first < 0xf5) {
		*least = 0x10000;
		*bits = first & 0x07U;
		return 4;
	}
	return 0;
}

bool wpkg_utf8_next(struct wpkg_str *s, uint32_t *character)
{
	if (s->len == 0)
		return false;
	const unsigned char *p = (const unsigned char *)s->ptr;
	uint32_t least;
	uint32_t c;
	size_t len = sequence_length(p[0], &least, &c);
	if (len == 0 || len > s->len)
		return false;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	*character = c;
	s->ptr += len;
	s->len -= len;
	return true;
}

size_t wpkg_utf8_invalid(struct wpkg_str s)
{
	struct wpkg_str rest = s;
	while (rest.len > 0) {
		uint64_t eight;
		if (rest.len >= 8) {
			memcpy(&eight, rest.ptr, 8);
			if ((eight & 0x8080808080808080U) == 0) {
				rest.ptr += 8;
				rest.len -= 8;
				continue;
			}
		}
		uint32_t c;
		if (!wpkg_utf8_next(&rest, &c))
			break;
	}
	return s.len - rest.len;
}

bool wpkg_utf8_valid(struct wpkg_str s)
{
	return wpkg_utf8_invalid(s) == s.len;
}

struct wpkg_str wpkg_utf8_cut(struct wpkg_str s, size_t most)
{
	if (s.len <= most)
		return s;
	while (most > 0 && ((unsigned char)s.ptr[most] & 0xc0) == 0x80)
		most--;
	return wpkg_str_slice(s, 0, most);
}

void wpkg_utf8_append(struct wpkg_buf *buf, uint32_t c)
{
	if (c < 0x80) {
		wpkg_buf_append_byte(buf, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		wpkg_buf_append_byte(buf, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		wpkg_buf_append_byte(buf, (uint8_t)(0xe0 | c >> 12));
		wpkg_buf_append_byte(buf, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		wpkg_buf_append_byte(buf, (uint8_t)(0xf0 | c >> 18));
		wpkg_buf_append_byte(buf, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		wpkg_buf_append_byte(buf, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	wpkg_buf_append_byte(buf, (uint8_t)(0x80 | (c & 0x3f)));
}

bool wpkg_utf8_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0xad || c == 0x61c || c == 0xfeff)
		return false;
	/* Zero-width characters, line and paragraph separators, marks and overrides of direction.
	 */
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e))
		return false;
	if (c >= 0x2060 && c <= 0x206f)
		return false;
	/* Private use and the tags that hide text. */
	if ((c >= 0xe000 && c <= 0xf8ff) || c >= 0xe0000)
		return false;
	return (c & 0xfffe) != 0xfffe && !(c >= 0xfdd0 && c <= 0xfdef);
}

void wpkg_utf8_append_escaped(struct wpkg_buf *buf, struct wpkg_str s)
{
	while (s.len > 0) {
		struct wpkg_str before = s;
		uint32_t c;
		if (!wpkg_utf8_next(&s, &c)) {
			wpkg_buf_append_format(buf, "\\x%02x", (unsigned char)s.ptr[0]);
			s.ptr++;
			s.len--;
		} else if (wpkg_utf8_printable(c)) {
			wpkg_buf_append(buf, before.ptr, before.len - s.len);
		} else {
			wpkg_buf_append_format(buf, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
		}
	}
}

void wpkg_utf8_append_vformat(struct wpkg_buf *buf, const char *format, va_list args)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_buf_append_vformat(&text, format, args);
	wpkg_utf8_append_escaped(buf, wpkg_buf_str(&text));
	if (text.failed != WPKG_OK && buf->failed == WPKG_OK)
		buf->failed = text.failed;
	wpkg_buf_clear(&text);
}
