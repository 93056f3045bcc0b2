/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_AGGREGATE_H
#define WPKG_EXEC_AGGREGATE_H

/*
 * Structs and arrays: making them. Values are in slots, as the operands of the instructions are; no
 * values are the defaults. What refers to an object must be a root, as each call may collect.
 */

#include "exec/heap.h"

static inline uint64_t exec_i31(uint64_t value)
{
	return (uint32_t)(value << 1) | 1;
}

enum wpkg_trap exec_struct_make(uint64_t *ref, struct wpkg_engine *engine,
				const struct exec_layout *layout, const uint64_t *values);
enum wpkg_trap exec_array_make(uint64_t *ref, struct wpkg_engine *engine,
			       const struct exec_layout *layout, uint32_t length,
			       const uint64_t *value);
enum wpkg_trap exec_array_make_fixed(uint64_t *ref, struct wpkg_engine *engine,
				     const struct exec_layout *layout, uint32_t length,
				     const uint64_t *values);

#endif
