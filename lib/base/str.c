/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <limits.h>

int wpkg_str_precision(struct wpkg_str s)
{
	return s.len > INT_MAX ? INT_MAX : (int)s.len;
}

struct wpkg_str wpkg_str_from(const char *text)
{
	return wpkg_str_of(text, text ? strlen(text) : 0);
}

struct wpkg_str wpkg_str_of(const void *bytes, size_t len)
{
	return (struct wpkg_str){.ptr = bytes, .len = len};
}

bool wpkg_str_equal(struct wpkg_str a, struct wpkg_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool wpkg_str_equal_text(struct wpkg_str a, const char *b)
{
	return wpkg_str_equal(a, wpkg_str_from(b));
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool wpkg_str_equal_nocase(struct wpkg_str a, struct wpkg_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int wpkg_str_compare(struct wpkg_str a, struct wpkg_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;
	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool wpkg_str_starts(struct wpkg_str s, struct wpkg_str prefix)
{
	return s.len >= prefix.len && wpkg_str_equal(wpkg_str_slice(s, 0, prefix.len), prefix);
}

bool wpkg_str_ends(struct wpkg_str s, struct wpkg_str suffix)
{
	return s.len >= suffix.len &&
	       wpkg_str_equal(wpkg_str_from_offset(s, s.len - suffix.len), suffix);
}

bool wpkg_str_contains(struct wpkg_str s, struct wpkg_str part)
{
	if (part.len == 0)
		return true;
	return s.len >= part.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL;
}

/* One star to come back to is enough: what an earlier one took can stay as it is. */
bool wpkg_str_matches(struct wpkg_str s, struct wpkg_str pattern)
{
	size_t at = 0, in = 0, star = SIZE_MAX, star_at = 0;
	while (at < s.len) {
		if (in < pattern.len && pattern.ptr[in] == '*') {
			star = in++;
			star_at = at;
		} else if (in < pattern.len && pattern.ptr[in] == s.ptr[at]) {
			at++;
			in++;
		} else if (star != SIZE_MAX) {
			in = star + 1;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (in < pattern.len && pattern.ptr[in] == '*')
		in++;
	return in == pattern.len;
}

size_t wpkg_str_find(struct wpkg_str s, char byte)
{
	const char *at = s.len > 0 ? memchr(s.ptr, byte, s.len) : NULL;
	return at ? (size_t)(at - s.ptr) : s.len;
}

size_t wpkg_str_find_last(struct wpkg_str s, char byte)
{
	const char *at = s.len > 0 ? memrchr(s.ptr, byte, s.len) : NULL;
	return at ? (size_t)(at - s.ptr) : s.len;
}

struct wpkg_str wpkg_str_slice(struct wpkg_str s, size_t start, size_t end)
{
	if (end > s.len)
		end = s.len;
	if (start >= end)
		return (struct wpkg_str){0};
	return wpkg_str_of(s.ptr + start, end - start);
}

struct wpkg_str wpkg_str_from_offset(struct wpkg_str s, size_t start)
{
	return wpkg_str_slice(s, start, s.len);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct wpkg_str wpkg_str_trim(struct wpkg_str s)
{
	size_t start = 0;
	size_t end = s.len;
	while (start < end && is_space(s.ptr[start]))
		start++;
	while (end > start && is_space(s.ptr[end - 1]))
		end--;
	return wpkg_str_slice(s, start, end);
}

bool wpkg_str_split(struct wpkg_str *rest, char separator, struct wpkg_str *part)
{
	/* A NULL pointer marks the rest as used up: "a," has two parts, the second one empty. */
	if (!rest->ptr)
		return false;
	size_t at = wpkg_str_find(*rest, separator);
	*part = wpkg_str_of(rest->ptr, at);
	if (at == rest->len)
		*rest = (struct wpkg_str){0};
	else
		*rest = wpkg_str_of(rest->ptr + at + 1, rest->len - at - 1);
	return true;
}

bool wpkg_str_parse_u64(struct wpkg_str s, uint64_t *out)
{
	if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0'))
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		unsigned digit = (unsigned)(s.ptr[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned wpkg_str_distance(struct wpkg_str a, struct wpkg_str b)
{
	enum { MAX = 63 };
	if (a.len > MAX || b.len > MAX)
		return 255;
	unsigned rows[3][MAX + 1];
	unsigned *older = rows[0];
	unsigned *old = rows[1];
	unsigned *now = rows[2];
	for (unsigned j = 0; j <= b.len; j++)
		old[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned differ = a.ptr[i - 1] != b.ptr[j - 1];
			now[j] = least(least(old[j], now[j - 1]) + 1, old[j - 1] + differ);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
		unsigned *spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b.len];
}

bool wpkg_str_is_near(struct wpkg_str a, struct wpkg_str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	unsigned most = shorter > 4 ? 2 : 1;
	return shorter > 1 && wpkg_str_distance(a, b) <= most;
}
