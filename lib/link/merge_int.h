/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_MERGE_INT_H
#define WPKG_LINK_MERGE_INT_H

/*
 * A merge: what it exports and needs is settled (merge.c), with what happens at its start
 * (merge_start.c), and then it is written (merge_write.c).
 */

#include "link/link_int.h"

struct merge_export {
	struct wpkg_str name;
	uint8_t kind;
	struct link_item item;
};

struct merge {
	struct link link;
	const struct wpkg_link_options *options;
	struct merge_export *exports;
	size_t export_count;
	struct link_names export_names;
	uint32_t start_count; /* inputs with a start function */
	uint32_t start_type;  /* canonical number of the function that calls them all */
	bool makes_start;     /* there is such a function */
	bool *late;	      /* by input: another one's start function runs before it is there */
	struct wpkg_buf *out;
	size_t section, content; /* offsets in the output, of the section being made */
	struct wpkg_buf body;	 /* of the function being made */
	uint32_t input;		 /* whose bytes are read */
	struct wpkg_err *err;
};

enum wpkg_status merge_no_memory(struct merge *m);

/* Before anything is marked: is a function needed that calls the start functions, and which inputs
 * come after one? */
enum wpkg_status merge_plan_start(struct merge *m);
enum wpkg_status merge_note_late(struct merge *m);

/* After that. */
void merge_plan_late(struct merge *m);

/* Is it an active segment that the start function puts into its place? */
bool merge_is_late_elem(const struct merge *m, struct link_item item);
bool merge_is_late_data(const struct merge *m, struct link_item item);

/* The start function's index in the output; WPKG_INDEX_NONE: there is none. */
uint32_t merge_start_of(const struct merge *m);

/* The body of the start function that is made, into m->body. */
void merge_put_start_body(struct merge *m);

/* The input's bytes are read from now on. The last one rests: of a mapped file, at least a page
 * would stay in memory. */
void merge_turn_to(struct merge *m, uint32_t input);

/* Writes the output, all sections of it. */
enum wpkg_status merge_write(struct merge *m);

#endif
