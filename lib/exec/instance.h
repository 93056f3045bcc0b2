/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_INSTANCE_H
#define WPKG_EXEC_INSTANCE_H

/*
 * A module made to run: its exports, by name. Owned by the engine; made by wpkg_linker_instantiate
 * (exec/linker.h). What is found here is borrowed and lives as long as the engine.
 */

#include <stdint.h>

#include "base/str.h"
#include "exec/call.h"

struct wpkg_instance;
struct wpkg_memory;
struct wpkg_global;
struct wpkg_func;
struct wpkg_module;

const struct wpkg_module *wpkg_instance_module(const struct wpkg_instance *instance);

/* The export of that name and kind; NULL when there is none. */
struct wpkg_func *wpkg_instance_find_func(const struct wpkg_instance *instance,
					  struct wpkg_str name);
struct wpkg_memory *wpkg_instance_find_memory(const struct wpkg_instance *instance,
					      struct wpkg_str name);
struct wpkg_global *wpkg_instance_find_global(const struct wpkg_instance *instance,
					      struct wpkg_str name);

/* The name that the name section or an export has for a function; may be empty. */
struct wpkg_str wpkg_instance_function_name(const struct wpkg_instance *instance, uint32_t index);

/* The contents and the size in bytes of a memory, until it grows or the guest runs. */
uint8_t *wpkg_memory_bytes(const struct wpkg_memory *memory);
uint64_t wpkg_memory_size(const struct wpkg_memory *memory);

union wpkg_wasm_value wpkg_global_get(const struct wpkg_global *global);

#endif
