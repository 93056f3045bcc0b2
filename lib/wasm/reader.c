/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/reader.h"

#include <stdio.h>

#include "base/utf8.h"

void wpkg_reader_init(struct wpkg_reader *r, struct wpkg_str bytes, uint32_t origin,
		      struct wpkg_err *err)
{
	static const uint8_t nothing[1];
	r->base = bytes.ptr ? (const uint8_t *)bytes.ptr : nothing;
	r->at = r->base;
	r->end = r->base + bytes.len;
	r->limit = r->end;
	r->origin = origin;
	r->err = err;
	r->status = WPKG_OK;
	r->failed_at = 0;
	r->is_short = false;
}

bool wpkg_reader_fail(struct wpkg_reader *r, const uint8_t *where, enum wpkg_status status,
		      const char *format, ...)
{
	if (r->status != WPKG_OK)
		return false;
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->failed_at = wpkg_reader_offset_of(r, where);
	wpkg_err_set(r->err, status, "0x%x: %s", (unsigned)r->failed_at, text);
	r->status = status;
	r->at = r->end;
	return false;
}

bool wpkg_reader_short(struct wpkg_reader *r)
{
	if (r->status == WPKG_OK)
		r->is_short = true;
	return wpkg_reader_fail(r, r->end, WPKG_EFORMAT, "unexpected end");
}

uint8_t wpkg_reader_byte(struct wpkg_reader *r)
{
	if (r->at < r->end)
		return *r->at++;
	wpkg_reader_short(r);
	return 0;
}

/* Binary format, "Integers": at most ceil(bits/7) bytes, unused bits of the last one zero. */
uint64_t wpkg_reader_long_u(struct wpkg_reader *r, unsigned bits)
{
	const uint8_t *at = r->at;
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		if (at >= r->end) {
			wpkg_reader_short(r);
			return 0;
		}
		uint8_t byte = *at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (shift + 7 >= bits && byte >> (bits - shift)) {
			wpkg_reader_fail(r, at - 1, WPKG_EFORMAT,
					 byte & 0x80 ? "integer representation too long"
						     : "integer too large");
			return 0;
		}
		if (!(byte & 0x80))
			break;
	}
	r->at = at;
	return value;
}

/* The same; the unused bits of the last byte repeat the sign. */
int64_t wpkg_reader_long_s(struct wpkg_reader *r, unsigned bits)
{
	const uint8_t *at = r->at;
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		if (at >= r->end) {
			wpkg_reader_short(r);
			return 0;
		}
		byte = *at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < bits);
	unsigned used = 7 + bits - shift; /* bits of the last byte that count */
	if (shift >= bits && used <= 7) {
		int rest = (int8_t)(byte << 1) >> used;
		if (byte & 0x80 || (rest != 0 && rest != -1)) {
			wpkg_reader_fail(r, at - 1, WPKG_EFORMAT,
					 byte & 0x80 ? "integer representation too long"
						     : "integer too large");
			return 0;
		}
	}
	r->at = at;
	if (shift < 64 && byte & 0x40)
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

const uint8_t *wpkg_reader_skip(struct wpkg_reader *r, uint32_t count)
{
	if (wpkg_reader_left(r) < count) {
		wpkg_reader_short(r);
		return NULL;
	}
	const uint8_t *at = r->at;
	r->at += count;
	return at;
}

struct wpkg_str wpkg_reader_name(struct wpkg_reader *r, uint32_t max)
{
	const uint8_t *start = r->at;
	uint32_t length = wpkg_reader_u32(r);
	if (length > max)
		wpkg_reader_fail(r, start, WPKG_ELIMIT, "name of %u bytes, limit %u",
				 (unsigned)length, (unsigned)max);
	const uint8_t *bytes = wpkg_reader_skip(r, length);
	if (!bytes || r->status != WPKG_OK)
		return (struct wpkg_str){0};
	struct wpkg_str name = wpkg_str_of(bytes, length);
	size_t invalid = wpkg_utf8_invalid(name);
	if (invalid < length)
		wpkg_reader_fail(r, bytes + invalid, WPKG_EFORMAT, "malformed UTF-8 encoding");
	return name;
}

uint32_t wpkg_reader_count(struct wpkg_reader *r, uint32_t max, const char *what)
{
	const uint8_t *start = r->at;
	uint32_t count = wpkg_reader_u32(r);
	if (count > wpkg_reader_left(r))
		wpkg_reader_fail(r, start, WPKG_EFORMAT, "unexpected end: %u %s announced",
				 (unsigned)count, what);
	else if (count > max)
		wpkg_reader_fail(r, start, WPKG_ELIMIT, "%u %s, limit %u", (unsigned)count, what,
				 (unsigned)max);
	return r->status == WPKG_OK ? count : 0;
}

struct wpkg_reader wpkg_reader_sub(struct wpkg_reader *r, uint32_t size)
{
	struct wpkg_reader sub = *r;
	const uint8_t *start = wpkg_reader_skip(r, size);
	if (!start) {
		sub.at = sub.end;
		sub.status = r->status;
		return sub;
	}
	sub.end = start + size;
	return sub;
}

void wpkg_reader_join(struct wpkg_reader *outer, const struct wpkg_reader *sub)
{
	if (outer->status != WPKG_OK || sub->status == WPKG_OK)
		return;
	outer->status = sub->status;
	outer->failed_at = sub->failed_at;
	outer->at = outer->end;
}
