/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_LINKER_INT_H
#define WPKG_EXEC_LINKER_INT_H

/* What a linker knows, for instantiation. */

#include "base/arena.h"
#include "exec/engine_int.h"
#include "exec/external.h"
#include "exec/linker.h"

/* A thing that can be imported. */
struct exec_definition {
	struct wpkg_str module, field;
	struct wpkg_external external;
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
