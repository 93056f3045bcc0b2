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

/*
 * Defines what of that name it has, and nothing when it has none. So what is much, and mostly not
 * imported, costs nothing.
 */
typedef enum wpkg_status exec_source(struct wpkg_linker *linker, struct wpkg_str module,
				     struct wpkg_str field, void *user, struct wpkg_err *err);

struct wpkg_linker {
	struct wpkg_engine *engine;
	struct wpkg_arena arena; /* names */
	struct exec_definition *definitions;
	uint32_t count, cap;
	uint32_t *buckets;     /* open addressing: index in definitions plus 1; 0: free */
	uint32_t bucket_count; /* a power of two, or 0 */
	exec_source *source;   /* is asked for what is not defined; NULL: nobody */
	void *source_user;
};

/* The definition of that name, maybe made now; *out is NULL when there is none. */
WPKG_MUST_CHECK enum wpkg_status exec_linker_find(const struct exec_definition **out,
						  struct wpkg_linker *linker,
						  struct wpkg_str module, struct wpkg_str field,
						  struct wpkg_err *err);

#endif
