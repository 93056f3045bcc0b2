/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/requirement.h"

static bool is_wildcard(struct wpkg_str s)
{
	return s.len == 1 && strchr("*xX", s.ptr[0]) != NULL;
}

struct operator_row {
	const char *text;
	enum wpkg_comparator_operator op;
};

/* Longer texts first: "<=" before "<". */
static const struct operator_row operators[] = {
	{">=", WPKG_COMPARATOR_GREATER_EQUAL}, {"<=", WPKG_COMPARATOR_LESS_EQUAL},
	{">", WPKG_COMPARATOR_GREATER},	       {"<", WPKG_COMPARATOR_LESS},
	{"=", WPKG_COMPARATOR_EXACT},	       {"~", WPKG_COMPARATOR_TILDE},
	{"^", WPKG_COMPARATOR_CARET},
};

static bool take_operator(struct wpkg_str *text, enum wpkg_comparator_operator *op)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		struct wpkg_str prefix = wpkg_str_from(operators[i].text);
		if (!wpkg_str_starts(*text, prefix))
			continue;
		*op = operators[i].op;
		*text = wpkg_str_trim(wpkg_str_from_offset(*text, prefix.len));
		return true;
	}
	*op = WPKG_COMPARATOR_CARET;
	return false;
}

/* "1", "1.2", "1.2.*": what of a version a comparator may leave out. */
static bool parse_partial(struct wpkg_comparator *out, struct wpkg_str text, bool had_operator)
{
	uint64_t *numbers[3] = {&out->version.major, &out->version.minor, &out->version.patch};
	bool wildcard = false;
	size_t n = 0;
	struct wpkg_str part;
	while (wpkg_str_split(&text, '.', &part)) {
		if (n == 3)
			return false;
		if (is_wildcard(part)) {
			if (n == 0 ||
			    (had_operator && out->op != WPKG_COMPARATOR_EXACT &&
			     out->op != WPKG_COMPARATOR_CARET && out->op != WPKG_COMPARATOR_TILDE))
				return false;
			wildcard = true;
		} else if (wildcard || !wpkg_str_parse_u64(part, numbers[n])) {
			return false;
		}
		if (!wildcard) {
			out->has_minor = n >= 1;
			out->has_patch = n >= 2;
		}
		n++;
	}
	if (wildcard && !had_operator)
		out->op = WPKG_COMPARATOR_WILDCARD;
	return n > 0;
}

static bool parse_comparator(struct wpkg_comparator *out, struct wpkg_str text)
{
	struct wpkg_comparator comparator = {0};
	text = wpkg_str_trim(text);
	bool had_operator = take_operator(&text, &comparator.op);
	if (wpkg_version_parse(&comparator.version, text, NULL) == WPKG_OK) {
		comparator.has_minor = comparator.has_patch = true;
	} else {
		comparator.version = (struct wpkg_version){0};
		if (text.len == 0 || !parse_partial(&comparator, text, had_operator))
			return false;
	}
	*out = comparator;
	return true;
}

enum wpkg_status wpkg_requirement_parse(struct wpkg_requirement *out, struct wpkg_str text,
					struct wpkg_err *err)
{
	struct wpkg_requirement requirement = {0};
	struct wpkg_str rest = wpkg_str_trim(text);
	struct wpkg_str part;
	if (is_wildcard(rest)) {
		*out = requirement;
		return WPKG_OK;
	}
	while (wpkg_str_split(&rest, ',', &part)) {
		if (requirement.count == WPKG_REQUIREMENT_MAX)
			return WPKG_FAIL(err, WPKG_ELIMIT, "requirement has more than %d parts",
					 WPKG_REQUIREMENT_MAX);
		if (!parse_comparator(&requirement.comparators[requirement.count], part))
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "'%.*s' is not a version requirement such as ^1.2 or "
					 ">=1.2, <2",
					 WPKG_STR_ARG(text));
		requirement.count++;
	}
	if (requirement.count == 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "the version requirement is empty");
	*out = requirement;
	return WPKG_OK;
}

enum wpkg_status wpkg_requirement_parse_filter(struct wpkg_requirement *out, struct wpkg_str text,
					       struct wpkg_err *err)
{
	struct wpkg_requirement filter = {0};
	if (text.len == 0) {
		filter.any = true;
	} else if (wpkg_version_parse(&filter.comparators[0].version, text, NULL) == WPKG_OK) {
		filter.exact_build = true;
		filter.count = 1;
	} else {
		return wpkg_requirement_parse(out, text, err);
	}
	*out = filter;
	return WPKG_OK;
}

/* Build metadata takes no part in comparing with a comparator's version. */
static int compare(const struct wpkg_version *version, const struct wpkg_comparator *comparator)
{
	struct wpkg_version a = *version;
	struct wpkg_version b = comparator->version;
	a.build = b.build = (struct wpkg_str){0};
	return wpkg_version_compare(&a, &b);
}

/* Do the numbers that the comparator wrote stand in the version? */
static bool same_numbers(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	return v->major == c->version.major && (!c->has_minor || v->minor == c->version.minor) &&
	       (!c->has_patch || v->patch == c->version.patch);
}

/* Above every version that has the comparator's numbers: for ">1.2", 1.3 and on. */
static bool is_greater(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	return !same_numbers(v, c) ? compare(v, c) > 0 : c->has_patch && compare(v, c) > 0;
}

static bool is_less(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	return !same_numbers(v, c) ? compare(v, c) < 0 : c->has_patch && compare(v, c) < 0;
}

static bool matches_exact(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	return same_numbers(v, c) && (!c->has_patch || compare(v, c) == 0);
}

/* ~1.2.3 keeps major and minor, ~1 the major number. */
static bool matches_tilde(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	return v->major == c->version.major && (!c->has_minor || v->minor == c->version.minor) &&
	       (!c->has_patch || compare(v, c) >= 0);
}

/* ^ keeps the first number that is not 0; 0.0 keeps both, 0.0.3 all three. */
static bool matches_caret(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	if (v->major != c->version.major)
		return false;
	if (!c->has_minor)
		return true;
	if (!c->has_patch)
		return c->version.major > 0 ? v->minor >= c->version.minor
					    : v->minor == c->version.minor;
	if (compare(v, c) < 0)
		return false;
	if (c->version.major > 0)
		return true;
	if (c->version.minor > 0)
		return v->minor == c->version.minor;
	return v->minor == 0 && v->patch == c->version.patch;
}

static bool matches(const struct wpkg_version *v, const struct wpkg_comparator *c)
{
	switch (c->op) {
	case WPKG_COMPARATOR_EXACT:
	case WPKG_COMPARATOR_WILDCARD:
		return matches_exact(v, c);
	case WPKG_COMPARATOR_GREATER:
		return is_greater(v, c);
	case WPKG_COMPARATOR_GREATER_EQUAL:
		return matches_exact(v, c) || is_greater(v, c);
	case WPKG_COMPARATOR_LESS:
		return is_less(v, c);
	case WPKG_COMPARATOR_LESS_EQUAL:
		return matches_exact(v, c) || is_less(v, c);
	case WPKG_COMPARATOR_TILDE:
		return matches_tilde(v, c);
	case WPKG_COMPARATOR_CARET:
		return matches_caret(v, c);
	}
	return false;
}

/* A prerelease is wanted only by a comparator that names one of the same three numbers. */
static bool wants_prerelease(const struct wpkg_requirement *requirement,
			     const struct wpkg_version *version)
{
	for (size_t i = 0; i < requirement->count; i++) {
		const struct wpkg_comparator *c = &requirement->comparators[i];
		if (c->has_patch && c->version.prerelease.len > 0 && same_numbers(version, c))
			return true;
	}
	return false;
}

bool wpkg_requirement_matches(const struct wpkg_requirement *requirement,
			      const struct wpkg_version *version)
{
	if (requirement->any)
		return true;
	if (requirement->exact_build)
		return wpkg_version_compare(version, &requirement->comparators[0].version) == 0;
	for (size_t i = 0; i < requirement->count; i++)
		if (!matches(version, &requirement->comparators[i]))
			return false;
	return version->prerelease.len == 0 || wants_prerelease(requirement, version);
}
