/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_BUDGET_H
#define WPKG_EXEC_BUDGET_H

/*
 * What the engines of one guest use up together, each on its own thread: fuel that is left, and
 * what is taken: bytes of memories, entries of tables, and bytes of all together, which are those
 * of the memories, of what tables have allocated and of the heaps. Counted, as each engine holds
 * it.
 */

#include <stdbool.h>
#include <stdint.h>

struct exec_budget {
	uint64_t fuel; /* left */
	uint64_t total_bytes, memory_bytes, table_entries;
	uint32_t holders;
};

/* NULL: no memory. The maker holds it. */
struct exec_budget *exec_budget_new(uint64_t fuel);
struct exec_budget *exec_budget_hold(struct exec_budget *budget);
void exec_budget_drop(struct exec_budget *budget); /* NULL is fine */

/* Between need and want of what is left; when it is less than need, all of it, and false. */
bool exec_budget_draw(uint64_t *got, uint64_t *left, uint64_t need, uint64_t want);

/* Adds to what is used, if that stays within the limit. */
bool exec_budget_take(uint64_t *used, uint64_t amount, uint64_t limit);
void exec_budget_return(uint64_t *used, uint64_t amount);

/* What of the limit is not used. Others may take it at any time. */
uint64_t exec_budget_left(const uint64_t *used, uint64_t limit);

/* Bytes of memories, which are among all bytes, too. */
void exec_budget_return_memory(struct exec_budget *budget, uint64_t bytes);

#endif
