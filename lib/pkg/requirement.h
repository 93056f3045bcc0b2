/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_REQUIREMENT_H
#define WPKG_PKG_REQUIREMENT_H

/*
 * Which versions will do, as Cargo writes it: comparators joined by commas, all of which must
 * hold: ^1.2, ~1.2, <, <=, >, >=, =, 1.*, *. A bare 1.2 means ^1.2. A prerelease matches only when
 * a comparator with the same three numbers names a prerelease itself.
 *
 * Bindle adds two rules for a query's version filter, which wpkg_requirement_parse_filter has: the
 * empty text matches every version, and a full version matches exactly itself, build metadata
 * included.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "pkg/version.h"

#define WPKG_REQUIREMENT_MAX 32 /* comparators in one requirement */

enum wpkg_comparator_operator {
	WPKG_COMPARATOR_EXACT,
	WPKG_COMPARATOR_GREATER,
	WPKG_COMPARATOR_GREATER_EQUAL,
	WPKG_COMPARATOR_LESS,
	WPKG_COMPARATOR_LESS_EQUAL,
	WPKG_COMPARATOR_TILDE,
	WPKG_COMPARATOR_CARET,
	WPKG_COMPARATOR_WILDCARD
};

struct wpkg_comparator {
	enum wpkg_comparator_operator op;
	bool has_minor; /* false: only the major number was written */
	bool has_patch;
	struct wpkg_version version; /* parts not written are 0; texts borrowed */
};

struct wpkg_requirement {
	bool any;	  /* the empty filter: every version, prereleases too */
	bool exact_build; /* a filter that was a full version: equal in everything */
	struct wpkg_comparator comparators[WPKG_REQUIREMENT_MAX];
	size_t count; /* 0 and neither flag: "*", every release */
};

/* A requirement as a person writes it in wpkg.toml or after '@'. Borrows from the text. */
WPKG_MUST_CHECK enum wpkg_status wpkg_requirement_parse(struct wpkg_requirement *out,
							struct wpkg_str text, struct wpkg_err *err);

/* A version filter of Bindle's query. */
WPKG_MUST_CHECK enum wpkg_status wpkg_requirement_parse_filter(struct wpkg_requirement *out,
							       struct wpkg_str text,
							       struct wpkg_err *err);

bool wpkg_requirement_matches(const struct wpkg_requirement *requirement,
			      const struct wpkg_version *version);

#endif
