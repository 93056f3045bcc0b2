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

/* Writes at most 9 bytes; how many. */
static size_t put_number(uint8_t *out, uint64_t number)
{
	uint8_t count = 0;
	for (uint64_t rest = number; rest > 0; rest >>= 8)
		count++;
	out[0] = count;
	for (uint8_t i = 0; i < count; i++)
		out[1 + i] = (uint8_t)(number >> (8 * (count - 1 - i)));
	return (size_t)count + 1;
}

static void append_number(struct wpkg_buf *buf, uint64_t number)
{
	uint8_t bytes[9];
	wpkg_buf_append(buf, bytes, put_number(bytes, number));
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

/* Ranges. A key begins with the three numbers, and a prefix sorts before all that it begins: the
 * numbers alone are below every version that has them, prereleases too. */

struct numbers {
	uint64_t major;
	uint64_t minor;
	uint64_t patch;
	bool above_all;
};

static struct numbers after_patch(struct numbers n)
{
	n.patch++;
	return n.patch != 0 ? n
			    : (struct numbers){.major = n.major,
					       .minor = n.minor + 1,
					       .above_all = n.minor == UINT64_MAX};
}

static struct numbers after_minor(struct numbers n)
{
	n.patch = 0;
	n.minor++;
	return n.minor != 0 ? n : (struct numbers){.above_all = true};
}

static struct numbers after_major(struct numbers n)
{
	return (struct numbers){.major = n.major + 1, .above_all = n.major == UINT64_MAX};
}

/* What comes after all versions whose written numbers are those of the comparator. */
static struct numbers after_written(const struct wpkg_comparator *c, struct numbers n)
{
	if (!c->has_minor)
		return after_major(n);
	return c->has_patch ? after_patch(n) : after_minor(n);
}

/* ^1.2 ends at 2, ^0.2 at 0.3, ^0.0.2 at 0.0.3. */
static struct numbers after_caret(const struct wpkg_comparator *c, struct numbers n)
{
	if (!c->has_minor || n.major > 0)
		return after_major(n);
	if (!c->has_patch || n.minor > 0)
		return after_minor(n);
	return after_patch(n);
}

static int compare_numbers(struct numbers a, struct numbers b)
{
	if (a.above_all || b.above_all)
		return (int)a.above_all - (int)b.above_all;
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return a.patch < b.patch ? -1 : a.patch > b.patch;
}

static void narrow(struct numbers *low, struct numbers *high, const struct wpkg_comparator *c)
{
	struct numbers n = {
		.major = c->version.major, .minor = c->version.minor, .patch = c->version.patch};
	struct numbers from = n;
	struct numbers to = {.above_all = true};
	switch (c->op) {
	case WPKG_COMPARATOR_EXACT:
	case WPKG_COMPARATOR_WILDCARD:
		to = after_written(c, n);
		break;
	case WPKG_COMPARATOR_TILDE:
		to = c->has_minor ? after_minor(n) : after_major(n);
		break;
	case WPKG_COMPARATOR_CARET:
		to = after_caret(c, n);
		break;
	case WPKG_COMPARATOR_GREATER:
	case WPKG_COMPARATOR_GREATER_EQUAL:
		break;
	case WPKG_COMPARATOR_LESS:
	case WPKG_COMPARATOR_LESS_EQUAL:
		from = (struct numbers){0};
		to = after_written(c, n);
		break;
	}
	if (compare_numbers(from, *low) > 0)
		*low = from;
	if (compare_numbers(to, *high) < 0)
		*high = to;
}

static size_t put_numbers(uint8_t out[27], struct numbers n)
{
	size_t length = put_number(out, n.major);
	length += put_number(out + length, n.minor);
	return length + put_number(out + length, n.patch);
}

struct precedence_range precedence_range_of(const struct wpkg_requirement *requirement)
{
	struct precedence_range range = {0};
	struct numbers low = {0};
	struct numbers high = {.above_all = true};
	for (size_t i = 0; i < requirement->count; i++) {
		struct wpkg_comparator comparator = requirement->comparators[i];
		if (requirement->exact_build)
			comparator.has_minor = comparator.has_patch = true;
		narrow(&low, &high, &comparator);
	}
	range.low_length = put_numbers(range.low, low);
	if (!high.above_all)
		range.high_length = put_numbers(range.high, high);
	return range;
}
