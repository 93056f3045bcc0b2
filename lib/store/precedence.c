/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   key         number number number prerelease build text
 *   number      count of bytes (0 to 8), the bytes, most significant first
 *   prerelease  01 identifiers, or 02 for a release: above its prereleases
 *   build       01 identifiers, or 00 for none: below any
 *   identifiers identifier ... 00: the shorter of two lists that begin alike is the lower
 *   identifier  01 count of digits, the digits (without leading zeros): below any word
 *               02 the characters 00
 *   text        the build metadata as written: "01" and "1" are one number but two versions
 */
#include "store/precedence.h"

static void append_number(struct wpkg_buf *buf, uint64_t number)
{
	uint8_t bytes[9];
	uint8_t count = 0;
	for (uint64_t rest = number; rest > 0; rest >>= 8)
		count++;
	bytes[0] = count;
	for (uint8_t i = 0; i < count; i++)
		bytes[1 + i] = (uint8_t)(number >> (8 * (count - 1 - i)));
	wpkg_buf_append(buf, bytes, (size_t)count + 1);
}

static bool is_numeric(struct wpkg_str identifier)
{
	for (size_t i = 0; i < identifier.len; i++)
		if (identifier.ptr[i] < '0' || identifier.ptr[i] > '9')
			return false;
	return identifier.len > 0;
}

static void append_identifier(struct wpkg_buf *buf, struct wpkg_str identifier)
{
	if (!is_numeric(identifier)) {
		wpkg_buf_append_byte(buf, 2);
		wpkg_buf_append_str(buf, identifier);
		wpkg_buf_append_byte(buf, 0);
		return;
	}
	while (identifier.len > 1 && identifier.ptr[0] == '0')
		identifier = wpkg_str_from_offset(identifier, 1);
	wpkg_buf_append_byte(buf, 1);
	wpkg_buf_append_byte(buf, (uint8_t)identifier.len); /* a version has at most 255 bytes */
	wpkg_buf_append_str(buf, identifier);
}

static void append_identifiers(struct wpkg_buf *buf, struct wpkg_str list)
{
	struct wpkg_str identifier;
	wpkg_buf_append_byte(buf, 1);
	while (wpkg_str_split(&list, '.', &identifier))
		append_identifier(buf, identifier);
	wpkg_buf_append_byte(buf, 0);
}

void precedence_append(struct wpkg_buf *buf, const struct wpkg_version *version)
{
	append_number(buf, version->major);
	append_number(buf, version->minor);
	append_number(buf, version->patch);
	if (version->prerelease.len > 0)
		append_identifiers(buf, version->prerelease);
	else
		wpkg_buf_append_byte(buf, 2);
	if (version->build.len > 0)
		append_identifiers(buf, version->build);
	else
		wpkg_buf_append_byte(buf, 0);
	wpkg_buf_append_str(buf, version->build);
}
