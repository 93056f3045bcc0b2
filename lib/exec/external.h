/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_EXTERNAL_H
#define WPKG_EXEC_EXTERNAL_H

/*
 * Functions, tables, memories, globals and tags as things of their own: made by the host, looked at
 * and changed by it, handed to a module without names. All are owned by their engine. Concrete
 * references in types are in the numbers of the engine.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/host.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "wasm/module.h"

struct wpkg_table;
struct wpkg_tag;

/* One of these, as kind says. */
struct wpkg_external {
	enum wpkg_extern kind;
	union {
		struct wpkg_func *func;
		struct wpkg_table *table;
		struct wpkg_memory *memory;
		struct wpkg_global *global;
		struct wpkg_tag *tag;
	};
};

/* The types that concrete references of the engine's types mean. */
const struct wpkg_types *wpkg_engine_types(const struct wpkg_engine *engine);

/* The export of that number in its module's list. */
struct wpkg_external wpkg_instance_export(const struct wpkg_instance *instance, uint32_t number);

/*
 * An instance whose imports are these, in the order of the module's list; else as
 * wpkg_linker_instantiate.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_instance_new(struct wpkg_instance **out, struct wpkg_engine *engine,
		  const struct wpkg_module *module, const struct wpkg_external *imports,
		  uint32_t import_count, struct wpkg_outcome *outcome, struct wpkg_err *err);

/* The type of a function; the lists live as long as the engine. */
struct wpkg_func_type {
	const wpkg_valtype *params, *results;
	uint32_t param_count, result_count;
};

/* A function of the host: types are its parameters, then its results. */
WPKG_MUST_CHECK enum wpkg_status wpkg_func_new(struct wpkg_func **out, struct wpkg_engine *engine,
					       const wpkg_valtype *types, uint32_t param_count,
					       uint32_t result_count, wpkg_host_call *call,
					       void *user, struct wpkg_err *err);
struct wpkg_func_type wpkg_func_type(const struct wpkg_func *func);

/* A tag whose values are these. */
WPKG_MUST_CHECK enum wpkg_status wpkg_tag_new(struct wpkg_tag **out, struct wpkg_engine *engine,
					      const wpkg_valtype *values, uint32_t count,
					      struct wpkg_err *err);
struct wpkg_func_type wpkg_tag_type(const struct wpkg_engine *engine, const struct wpkg_tag *tag);

WPKG_MUST_CHECK enum wpkg_status wpkg_global_new(struct wpkg_global **out,
						 struct wpkg_engine *engine, wpkg_valtype type,
						 bool is_mutable, union wpkg_wasm_value value,
						 struct wpkg_err *err);
wpkg_valtype wpkg_global_type(const struct wpkg_global *global);
bool wpkg_global_is_mutable(const struct wpkg_global *global);
/* The value is of the global's type; the global is mutable, or nobody has seen it. */
void wpkg_global_set(struct wpkg_global *global, union wpkg_wasm_value value);

WPKG_MUST_CHECK enum wpkg_status wpkg_memory_new(struct wpkg_memory **out,
						 struct wpkg_engine *engine,
						 const struct wpkg_extent *extent,
						 struct wpkg_err *err);
/* Pages as they are now, and the most. */
struct wpkg_extent wpkg_memory_extent(const struct wpkg_memory *memory);
/* The pages before; UINT64_MAX when it cannot grow by so many. */
uint64_t wpkg_memory_grow(struct wpkg_memory *memory, uint64_t pages);

/* A table of references of that type, all of them fill at first. */
WPKG_MUST_CHECK enum wpkg_status wpkg_table_new(struct wpkg_table **out, struct wpkg_engine *engine,
						wpkg_valtype element,
						const struct wpkg_extent *extent, uint64_t fill,
						struct wpkg_err *err);
wpkg_valtype wpkg_table_element(const struct wpkg_table *table);
struct wpkg_extent wpkg_table_extent(const struct wpkg_table *table);
/* False: there is no such entry. The reference is of the table's type. */
bool wpkg_table_get(uint64_t *ref, const struct wpkg_table *table, uint64_t index);
bool wpkg_table_set(struct wpkg_table *table, uint64_t index, uint64_t ref);
/* The entries before; UINT64_MAX when it cannot grow by so many. */
uint64_t wpkg_table_grow(struct wpkg_table *table, uint64_t entries, uint64_t fill);

#endif
