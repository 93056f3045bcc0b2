/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_LINKER_H
#define WPKG_EXEC_LINKER_H

/*
 * Names for what modules may import, and instantiation.
 *
 * A linker belongs to one engine and is freed before it. Definitions are looked up by module and
 * field name, both any bytes. A later definition of the same name replaces an earlier one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "exec/call.h"
#include "exec/host.h"

struct wpkg_engine;
struct wpkg_instance;
struct wpkg_linker;
struct wpkg_module; /* wasm/module.h: decoded and validated */

WPKG_MUST_CHECK enum wpkg_status wpkg_linker_new(struct wpkg_linker **out,
						 struct wpkg_engine *engine, struct wpkg_err *err);
void wpkg_linker_free(struct wpkg_linker *linker);

/*
 * A host function. The type is text: parameters, "->" and results, separated by spaces, of i32,
 * i64, f32, f64, v128, funcref and externref; such as "i32 i64 -> i32" or "->".
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_linker_define_func(struct wpkg_linker *linker, struct wpkg_str module, struct wpkg_str field,
			const char *type, wpkg_host_call *call, void *user, struct wpkg_err *err);

/* A global of one of these types, with its value. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_linker_define_global(struct wpkg_linker *linker, struct wpkg_str module, struct wpkg_str field,
			  const char *type, bool is_mutable, union wpkg_wasm_value value,
			  struct wpkg_err *err);

/* The size of a memory (pages of 64 KiB) or a table (entries). */
struct wpkg_extent {
	uint64_t min;
	uint64_t max; /* when has_max */
	bool has_max;
	bool is_64; /* addressed by i64 */
};

/* A memory, and a table of funcref. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_linker_define_memory(struct wpkg_linker *linker, struct wpkg_str module, struct wpkg_str field,
			  const struct wpkg_extent *extent, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status
wpkg_linker_define_table(struct wpkg_linker *linker, struct wpkg_str module, struct wpkg_str field,
			 const struct wpkg_extent *extent, struct wpkg_err *err);

/* What was made or found on its own (exec/external.h). */
struct wpkg_external;
WPKG_MUST_CHECK enum wpkg_status wpkg_linker_define(struct wpkg_linker *linker,
						    struct wpkg_str module, struct wpkg_str field,
						    const struct wpkg_external *external,
						    struct wpkg_err *err);

/* Every export of the instance, under the module name. */
WPKG_MUST_CHECK enum wpkg_status wpkg_linker_define_instance(struct wpkg_linker *linker,
							     struct wpkg_str module,
							     struct wpkg_instance *instance,
							     struct wpkg_err *err);

/*
 * Makes an instance of the module: imports resolved (WPKG_ENOTFOUND or WPKG_EINVAL names the import
 * that is missing or of another type), segments copied, start function run. When a segment or the
 * start function traps, the status is WPKG_EDENIED and the outcome, which may be NULL, has the
 * trap; what was written to imported memories and tables before stays written. A module that needs
 * what the engine cannot run yet is WPKG_EINVAL, naming the feature.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_linker_instantiate(struct wpkg_instance **out,
							 struct wpkg_linker *linker,
							 const struct wpkg_module *module,
							 struct wpkg_outcome *outcome,
							 struct wpkg_err *err);

#endif
