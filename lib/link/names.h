/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_NAMES_H
#define WPKG_LINK_NAMES_H

/*
 * A table from names to numbers. Names are borrowed and must outlive the table; their order is
 * never asked for, so that no output depends on a hash. One thread at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct link_name {
	struct wpkg_str name;
	uint32_t hash;
	uint32_t value;
};

/* The zero value is the empty table. */
struct link_names {
	struct link_name *items; /* in the order in which they came */
	uint32_t *slots;	 /* open addressing: number of the item, plus 1; 0: free */
	uint32_t count, capacity;
};

void link_names_clear(struct link_names *names);

/*
 * Where the name's number is, until the next call. A name that was not there is added with number
 * 0, and *is_new says so. NULL without memory.
 */
uint32_t *link_names_put(struct link_names *names, struct wpkg_str name, bool *is_new);

/* The same of a name that is there; NULL when it is not. */
uint32_t *link_names_find(const struct link_names *names, struct wpkg_str name);

/* Of a number below the count, in the order in which they came. */
static inline struct link_name *link_names_at(const struct link_names *names, uint32_t number)
{
	return &names->items[number];
}

/*
 * One name for an import: equal when module, field and the words that stand for the type are. In
 * the arena; ptr NULL without memory.
 */
struct wpkg_str link_import_key(struct wpkg_arena *arena, struct wpkg_str module,
				struct wpkg_str field, const uint64_t *words, size_t count);

#endif
