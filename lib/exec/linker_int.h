/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_LINKER_INT_H
#define WPKG_EXEC_LINKER_INT_H

/* What a linker knows, for instantiation. */

#include "base/arena.h"
#include "exec/engine_int.h"
#include "exec/linker.h"

/* A thing that can be imported: one of these, as kind says. */
struct exec_definition {
	struct wpkg_str module, field;
	uint8_t kind; /* enum wpkg_extern */
	union {
		struct wpkg_func *func;
		struct wpkg_table *table;
		struct wpkg_memory *memory;
		struct wpkg_global *global;
		struct wpkg_tag *tag;
	};
};

struct wpkg_linker {
	struct wpkg_engine *engine;
	struct wpkg_arena arena; /* names */
	struct exec_definition *definitions;
	uint32_t count, cap;
	uint32_t *buckets;     /* open addressing: index in definitions plus 1; 0: free */
	uint32_t bucket_count; /* a power of two, or 0 */
};

/* The definition of that name; NULL when there is none. */
const struct exec_definition *exec_linker_find(const struct wpkg_linker *linker,
					       struct wpkg_str module, struct wpkg_str field);

#endif
