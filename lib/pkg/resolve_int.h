/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_RESOLVE_INT_H
#define WPKG_PKG_RESOLVE_INT_H

/*
 * What the solver (resolve.c) and the explanation (resolve_explain.c) share.
 *
 * A package is in one of finitely many states: not used at all, or at one of its known versions. A
 * term says in which of them it may be, as a set of bits: bit 0 is "not used", bit 1 the highest
 * version, and so on. With the state "not used" a member, negation is the complement, and every
 * rule of PubGrub's algebra is a plain operation on sets.
 *
 * An incompatibility is a list of terms that must not all hold. All of it lives in the solver's
 * arena, and sets never change once they are made.
 */

#include "pkg/requirement.h"
#include "pkg/resolve.h"
#include "pkg/version.h"

typedef const uint64_t *resolve_set;

struct resolve_version {
	const struct wpkg_candidate *candidate;
	struct wpkg_version version;
	bool expanded; /* its dependencies are incompatibilities by now */
};

/* A requirement that somebody had, and what it selects. */
struct resolve_named {
	struct wpkg_str text;
	resolve_set set;
	struct resolve_named *next;
};

struct resolve_package {
	struct wpkg_str name;
	struct resolve_version *versions; /* highest first */
	uint32_t version_count;
	uint32_t words; /* of its sets */

	resolve_set state; /* where it may still be */
	uint32_t choices;  /* versions in state */
	bool decided;

	uint32_t *assignments; /* that concern it, oldest first */
	uint32_t assignment_count, assignment_capacity;
	struct resolve_rule **rules; /* that have a term about it */
	uint32_t rule_count, rule_capacity;
	struct resolve_named *named;
	bool queued; /* for propagation */
};

struct resolve_term {
	uint32_t package;
	resolve_set set;
};

/* An incompatibility, and where it comes from. */
struct resolve_rule {
	struct resolve_term *terms;
	uint32_t term_count;
	struct resolve_rule *left, *right; /* learned from these two; NULL: given */

	/* A given one: versions of a package depend on another one. */
	uint32_t package;
	resolve_set versions;
	uint32_t target;
	struct wpkg_str requirement; /* ptr NULL: the rule that the root is needed */

	/* The explanation's notes. */
	unsigned uses; /* how many rules of the explanation rest on it */
	unsigned line; /* its sentence's number; 0: none */
};

struct resolve_solver {
	struct wpkg_arena arena;
	const struct wpkg_resolve_source *source;
	const struct wpkg_choices *preferred;
	struct resolve_package *packages; /* the root first */
	uint32_t package_count, package_capacity;
	struct wpkg_str root;
};

static inline bool resolve_set_has(resolve_set set, uint32_t bit)
{
	return (set[bit / 64] >> (bit % 64) & 1) != 0;
}

/* Is every member of a one of b? */
static inline bool resolve_set_within(resolve_set a, resolve_set b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if ((a[i] & ~b[i]) != 0)
			return false;
	return true;
}

static inline bool resolve_set_apart(resolve_set a, resolve_set b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if ((a[i] & b[i]) != 0)
			return false;
	return true;
}

/* Says why the rule, which no choice can keep, holds: a sentence a line. */
void resolve_explain(struct wpkg_buf *out, struct resolve_solver *solver,
		     struct resolve_rule *rule);

#endif
