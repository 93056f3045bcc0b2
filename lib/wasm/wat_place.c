/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "wasm/wat.h"

/* Characters of a long line that are shown before and behind the place. */
#define SHOWN 60

static bool begins_character(char byte)
{
	return ((uint8_t)byte & 0xc0) != 0x80;
}

/* A line ends with LF, CR, or CR LF. */
struct wpkg_wat_place wpkg_wat_place_at(struct wpkg_str text, size_t offset)
{
	if (offset > text.len)
		offset = text.len;
	struct wpkg_wat_place place = {.offset = (uint32_t)offset, .line = 1, .column = 1};
	for (size_t i = 0; i < offset; i++) {
		char byte = text.ptr[i];
		bool is_pair = byte == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
		if (byte == '\n' || (byte == '\r' && !is_pair)) {
			place.line++;
			place.column = 1;
		} else if (begins_character(byte)) {
			place.column++;
		}
	}
	return place;
}

static bool ends_line(char byte)
{
	return byte == '\n' || byte == '\r';
}

/* The text with tabs as spaces and what is not printable escaped; the number of its characters. */
static size_t append_shown(struct wpkg_buf *out, struct wpkg_str part)
{
	size_t start = out->len, characters = 0;
	while (part.len > 0) {
		size_t plain = wpkg_str_find(part, '\t');
		wpkg_utf8_append_escaped(out, wpkg_str_slice(part, 0, plain));
		if (plain < part.len)
			wpkg_buf_append_byte(out, ' ');
		part = wpkg_str_from_offset(part, plain + 1);
	}
	for (size_t i = start; i < out->len; i++)
		characters += begins_character(out->ptr[i]);
	return characters;
}

void wpkg_wat_place_format(struct wpkg_buf *out, struct wpkg_str text,
			   const struct wpkg_wat_place *place)
{
	size_t at = place->offset < text.len ? place->offset : text.len;
	size_t start = at, end = at;
	unsigned shown = 0;
	while (start > 0 && !ends_line(text.ptr[start - 1]) && shown < SHOWN)
		shown += begins_character(text.ptr[--start]);
	for (shown = 0; end < text.len && !ends_line(text.ptr[end]) &&
			(shown < SHOWN || !begins_character(text.ptr[end]));
	     end++)
		shown += begins_character(text.ptr[end]);
	bool is_cut = start > 0 && !ends_line(text.ptr[start - 1]);
	if (is_cut)
		wpkg_buf_append_text(out, "...");
	size_t before = append_shown(out, wpkg_str_slice(text, start, at)) + (is_cut ? 3 : 0);
	append_shown(out, wpkg_str_slice(text, at, end));
	wpkg_buf_append_byte(out, '\n');
	for (size_t i = 0; i < before; i++)
		wpkg_buf_append_byte(out, ' ');
	wpkg_buf_append_text(out, "^\n");
}
