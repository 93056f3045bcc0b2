/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/version.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(struct wpkg_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.ptr[i]))
			return false;
	return s.len > 0;
}

static bool is_identifier(struct wpkg_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-')
			return false;
	}
	return s.len > 0;
}

/* Identifiers joined by dots; those of a prerelease have no leading zeros (sections 9 and 10). */
static bool is_dotted(struct wpkg_str s, bool no_leading_zeros)
{
	struct wpkg_str part;
	while (wpkg_str_split(&s, '.', &part)) {
		if (!is_identifier(part))
			return false;
		if (no_leading_zeros && part.len > 1 && part.ptr[0] == '0' && all_digits(part))
			return false;
	}
	return true;
}

static const char *const number_names[3] = {"major", "minor", "patch"};

enum wpkg_status wpkg_version_parse(struct wpkg_version *out, struct wpkg_str text,
				    struct wpkg_err *err)
{
	struct wpkg_version version = {0};
	uint64_t *numbers[3] = {&version.major, &version.minor, &version.patch};
	if (text.len > WPKG_VERSION_MAX)
		return WPKG_FAIL(err, WPKG_EFORMAT, "version is longer than %d bytes",
				 WPKG_VERSION_MAX);
	size_t plus = wpkg_str_find(text, '+');
	struct wpkg_str core = wpkg_str_slice(text, 0, plus);
	size_t dash = wpkg_str_find(core, '-');
	struct wpkg_str rest = wpkg_str_of(core.ptr ? core.ptr : "", dash);
	for (size_t i = 0; i < 3; i++) {
		struct wpkg_str part;
		if (!wpkg_str_split(&rest, '.', &part) || !wpkg_str_parse_u64(part, numbers[i]))
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "version '%.*s': bad or missing %s number",
					 WPKG_STR_ARG(text), number_names[i]);
	}
	if (rest.ptr)
		return WPKG_FAIL(err, WPKG_EFORMAT, "version '%.*s': more than three numbers",
				 WPKG_STR_ARG(text));
	if (dash < core.len) {
		version.prerelease = wpkg_str_of(core.ptr + dash + 1, core.len - dash - 1);
		if (!is_dotted(version.prerelease, true))
			return WPKG_FAIL(err, WPKG_EFORMAT, "version '%.*s': bad prerelease",
					 WPKG_STR_ARG(text));
	}
	if (plus < text.len) {
		version.build = wpkg_str_of(text.ptr + plus + 1, text.len - plus - 1);
		if (!is_dotted(version.build, false))
			return WPKG_FAIL(err, WPKG_EFORMAT, "version '%.*s': bad build metadata",
					 WPKG_STR_ARG(text));
	}
	*out = version;
	return WPKG_OK;
}

/* Numbers of any length: without leading zeros the longer one is the larger. */
static int compare_digits(struct wpkg_str a, struct wpkg_str b)
{
	while (a.len > 1 && a.ptr[0] == '0')
		a = wpkg_str_from_offset(a, 1);
	while (b.len > 1 && b.ptr[0] == '0')
		b = wpkg_str_from_offset(b, 1);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return wpkg_str_compare(a, b);
}

/* Section 11.4: numbers below words, numbers by value, words by bytes, the longer list wins. */
static int compare_dotted(struct wpkg_str a, struct wpkg_str b)
{
	for (;;) {
		struct wpkg_str left;
		struct wpkg_str right;
		bool more_a = wpkg_str_split(&a, '.', &left);
		bool more_b = wpkg_str_split(&b, '.', &right);
		if (!more_a || !more_b)
			return more_a - more_b;
		bool number_a = all_digits(left);
		bool number_b = all_digits(right);
		if (number_a != number_b)
			return number_a ? -1 : 1;
		int order = number_a ? compare_digits(left, right) : wpkg_str_compare(left, right);
		if (order != 0)
			return order;
	}
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_precedence(const struct wpkg_version *a, const struct wpkg_version *b)
{
	int order = compare_numbers(a->major, b->major);
	if (order == 0)
		order = compare_numbers(a->minor, b->minor);
	if (order == 0)
		order = compare_numbers(a->patch, b->patch);
	if (order != 0)
		return order;
	/* A release is above its prereleases. */
	if (a->prerelease.len == 0 || b->prerelease.len == 0)
		return (a->prerelease.len == 0) - (b->prerelease.len == 0);
	return compare_dotted(a->prerelease, b->prerelease);
}

int wpkg_version_compare(const struct wpkg_version *a, const struct wpkg_version *b)
{
	int order = compare_precedence(a, b);
	if (order != 0)
		return order;
	if (a->build.len == 0 || b->build.len == 0)
		return (a->build.len > 0) - (b->build.len > 0);
	order = compare_dotted(a->build, b->build);
	return order != 0 ? order : wpkg_str_compare(a->build, b->build);
}
