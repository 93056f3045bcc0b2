/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_CONSTANT_H
#define WPKG_EXEC_CONSTANT_H

/* Constant expressions (specification, section 3.4.14): initial values, offsets, items. */

#include "exec/object.h"

/* Operands of an expression that is being evaluated; the collector's roots are among them. */
struct exec_evaluation {
	uint64_t *slots; /* as on the machine's stack */
	uint8_t *kinds;
	uint32_t height; /* operands */
	uint32_t top;	 /* slots */
	uint32_t cap;	 /* operands there is room for, and half the slots */
	struct exec_evaluation *outer;
};

/*
 * The value of the validated expression that starts at the offset, into two words (of which most
 * types use the first). Globals before it must be set, functions must exist. *end, which may be
 * NULL, is set to the offset behind it. WPKG_TRAP_HEAP_LIMIT or WPKG_TRAP_NO_MEMORY.
 */
enum wpkg_trap exec_constant(uint64_t cell[2], uint32_t *end, const struct wpkg_instance *instance,
			     uint32_t start);

#endif
