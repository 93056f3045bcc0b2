/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/instance.h"

#include "exec/compile.h"
#include "exec/engine_int.h"

const struct wpkg_module *wpkg_instance_module(const struct wpkg_instance *instance)
{
	return instance->module;
}

static const struct wpkg_module_export *find(const struct wpkg_instance *instance,
					     struct wpkg_str name, enum wpkg_extern kind)
{
	const struct wpkg_module_export *found = wpkg_module_find_export(instance->module, name);
	return found && found->kind == kind ? found : NULL;
}

struct wpkg_func *wpkg_instance_find_func(const struct wpkg_instance *instance,
					  struct wpkg_str name)
{
	const struct wpkg_module_export *found = find(instance, name, WPKG_EXTERN_FUNC);
	return found ? instance->funcs[found->index] : NULL;
}

struct wpkg_memory *wpkg_instance_find_memory(const struct wpkg_instance *instance,
					      struct wpkg_str name)
{
	const struct wpkg_module_export *found = find(instance, name, WPKG_EXTERN_MEMORY);
	return found ? instance->memories[found->index] : NULL;
}

struct wpkg_global *wpkg_instance_find_global(const struct wpkg_instance *instance,
					      struct wpkg_str name)
{
	const struct wpkg_module_export *found = find(instance, name, WPKG_EXTERN_GLOBAL);
	return found ? instance->globals[found->index] : NULL;
}

struct wpkg_str wpkg_instance_function_name(const struct wpkg_instance *instance, uint32_t index)
{
	return wpkg_module_func_name(instance->module, index);
}

union wpkg_wasm_value wpkg_global_get(const struct wpkg_global *global)
{
	union wpkg_wasm_value value = {.v128 = {global->cell[0], global->cell[1]}};
	return value;
}

uint32_t exec_func_offset(const struct wpkg_func *func, const uint64_t *pc)
{
	const uint8_t *file = wpkg_module_at(func->instance->module, 0);
	return (uint32_t)(func->body - file) + exec_origin(func, pc);
}
