/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_DYLINK_INT_H
#define WPKG_LINK_DYLINK_INT_H

/*
 * Dynamic libraries that are joined ahead of time: dylink.c gives everything its place, and
 * dylink_loader.c makes the two modules that do what a dynamic loader would.
 */

#include "base/buf.h"
#include "link/dylink.h"
#include "link/names.h"
#include "wasm/facts.h"

/* Inputs of the merge. */
enum { DYLINK_LOADER, DYLINK_BASE, DYLINK_FIRST_LIBRARY };
/* Globals of base: two bases a library, then addresses. */
enum { DYLINK_STACK_POINTER, DYLINK_BASES };

struct dylink_library {
	const struct wpkg_link_input *input;
	struct wpkg_facts *facts;
	uint32_t memory_base, table_base;
	struct wpkg_link_target *bindings;
	uint8_t state; /* of the order: 0 not seen, 1 on the path, 2 placed */
};

/* A function or address that something asks for by name. */
struct dylink_place {
	struct wpkg_link_target target; /* function: of the library; address: unused */
	uint32_t value;			/* of the global */
	bool is_func;
};

struct dylink {
	const struct wpkg_dylink_options *options;
	struct wpkg_arena arena;
	struct dylink_library *libraries;
	uint32_t count;
	uint32_t *order; /* those that others need first */
	uint32_t placed;
	struct link_names addresses[2]; /* number in places, by name: data, functions */
	struct dylink_place *places;
	uint32_t place_count, slot_count, first_slot;
	uint64_t memory_at, table_at, memory_pages, memory_max;
	struct wpkg_buf base, loader, section;
	struct wpkg_buf problems;
	struct wpkg_err *err;
};

/* Problems are found all; the first is the error that dylink_answer gives. */
void dylink_problem(struct dylink *j, const struct dylink_library *library, const char *format, ...)
	WPKG_PRINTF(3, 4);
enum wpkg_status dylink_answer(struct dylink *j);
enum wpkg_status dylink_no_memory(struct dylink *j);

/* Bytes. */
uint64_t dylink_stack(const struct dylink *j);

/* The global of base that holds the place's value. */
uint32_t dylink_global_of_place(const struct dylink *j, uint32_t place);

/* Writes the module base: memory, table and globals, all of whose values are known. */
void dylink_put_base(struct dylink *j);

/* Writes the module loader. What its imports are bound to is in the arena. */
enum wpkg_status dylink_make_loader(struct dylink *j, struct wpkg_link_target **bindings);

#endif
