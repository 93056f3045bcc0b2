/* SPDX-License-Identifier: Apache-2.0 */
#include "net/range.h"

static const struct wpkg_range whole = {.kind = WPKG_RANGE_WHOLE};
static const struct wpkg_range unsatisfiable = {.kind = WPKG_RANGE_UNSATISFIABLE};

/* Digits only; more than 64 bits of them mean "beyond any end", not an error. */
static bool parse_position(struct wpkg_str text, uint64_t *out)
{
	uint64_t value = 0;
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');
		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	*out = value;
	return true;
}

static struct wpkg_range part(uint64_t first, uint64_t last)
{
	return (struct wpkg_range){.kind = WPKG_RANGE_PART, .first = first, .last = last};
}

/* "-N": the last N bytes. */
static struct wpkg_range parse_suffix(struct wpkg_str text, uint64_t size)
{
	uint64_t count;
	if (!parse_position(text, &count))
		return whole;
	if (count == 0 || size == 0)
		return unsatisfiable;
	return part(count >= size ? 0 : size - count, size - 1);
}

struct wpkg_range wpkg_range_parse(struct wpkg_str header, uint64_t size)
{
	uint64_t first;
	uint64_t last = UINT64_MAX;
	size_t equals = wpkg_str_find(header, '=');
	if (!wpkg_str_equal_nocase(wpkg_str_slice(header, 0, equals), WPKG_LIT("bytes")))
		return whole;
	struct wpkg_str set = wpkg_str_trim(wpkg_str_from_offset(header, equals + 1));
	size_t dash = wpkg_str_find(set, '-');
	if (dash == set.len)
		return whole;
	struct wpkg_str end = wpkg_str_from_offset(set, dash + 1);
	if (dash == 0)
		return parse_suffix(end, size);
	if (!parse_position(wpkg_str_slice(set, 0, dash), &first))
		return whole;
	if (end.len > 0 && !parse_position(end, &last))
		return whole;
	if (last < first)
		return whole;
	if (first >= size)
		return unsatisfiable;
	return part(first, last >= size ? size - 1 : last);
}
