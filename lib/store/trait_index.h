/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TRAIT_INDEX_H
#define WPKG_STORE_TRAIT_INDEX_H

/*
 * Which packages have a trait, as sets of their names' ids. What nearly all packages have costs a
 * search a bit of each, and not a look at each. Inside a transaction of the caller's.
 *
 * A row of trait_members has 4096 ids that follow each other, from a multiple of that on. Its bytes
 * are, for up to 255 members, two of each one's distance from the first, the higher byte first and
 * the smallest distance first; for more, 512 in which a bit stands for each id, the lowest bit of
 * the first byte for the first. A row without members is not kept.
 */

#include "store/store_int.h"
#include "store/trait.h"

/* The package had the old traits and has the fresh ones. */
WPKG_MUST_CHECK enum wpkg_status trait_index_change(struct db *db, int64_t name_id,
						    const struct traits *old,
						    const struct traits *fresh,
						    struct wpkg_err *err);

/* Ids of names, in an arena. The zero value is the empty set. */
struct name_set {
	uint8_t *bits;
	int64_t end; /* above each of them */
};

/* Those that have all the traits, of which there is at least one. */
WPKG_MUST_CHECK enum wpkg_status trait_index_find(struct name_set *out, struct wpkg_arena *arena,
						  struct db *db, const int64_t *traits,
						  size_t count, struct wpkg_err *err);

bool name_set_has(const struct name_set *set, int64_t id);

/* The greatest member below an id; -1 when there is none. */
int64_t name_set_below(const struct name_set *set, int64_t id);

#endif
