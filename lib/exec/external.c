/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/external.h"

#include "exec/engine_int.h"
#include "exec/host_int.h"
#include "exec/type.h"

#define PAGE_LOG2 16 /* of a page of 64 KiB */

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "engine: no memory");
}

const struct wpkg_types *wpkg_engine_types(const struct wpkg_engine *engine)
{
	return &engine->types;
}

struct wpkg_external wpkg_instance_export(const struct wpkg_instance *instance, uint32_t number)
{
	const struct wpkg_module_export *export = &instance->module->exports[number];
	struct wpkg_external out = {.kind = (enum wpkg_extern) export->kind};
	switch (out.kind) {
	case WPKG_EXTERN_FUNC:
		out.func = instance->funcs[export->index];
		break;
	case WPKG_EXTERN_TABLE:
		out.table = instance->tables[export->index];
		break;
	case WPKG_EXTERN_MEMORY:
		out.memory = instance->memories[export->index];
		break;
	case WPKG_EXTERN_GLOBAL:
		out.global = instance->globals[export->index];
		break;
	default:
		out.tag = instance->tags[export->index];
		break;
	}
	return out;
}

/* Functions and tags. */

static struct wpkg_func_type type_of(const struct wpkg_engine *engine, uint32_t id)
{
	const struct wpkg_type *type = &engine->types.types[id];
	return (struct wpkg_func_type){type->params, wpkg_type_results(type), type->param_count,
				       type->result_count};
}

enum wpkg_status wpkg_func_new(struct wpkg_func **out, struct wpkg_engine *engine,
			       const wpkg_valtype *types, uint32_t param_count,
			       uint32_t result_count, wpkg_host_call *call, void *user,
			       struct wpkg_err *err)
{
	uint32_t id;
	enum wpkg_status status =
		wpkg_types_add_func(&id, &engine->types, types, param_count, result_count, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_func *func = wpkg_arena_alloc(&engine->arena, 1, sizeof(*func));
	struct exec_sig *sig = wpkg_arena_alloc(&engine->arena, 1, sizeof(*sig));
	if (!func || !sig || !exec_sig_init(sig, engine, id))
		return no_memory(err);
	func->engine = engine;
	func->type = id;
	func->sig = sig;
	func->host = call;
	func->user = user;
	*out = func;
	return WPKG_OK;
}

struct wpkg_func_type wpkg_func_type(const struct wpkg_func *func)
{
	return type_of(func->engine, func->type);
}

enum wpkg_status wpkg_tag_new(struct wpkg_tag **out, struct wpkg_engine *engine,
			      const wpkg_valtype *values, uint32_t count, struct wpkg_err *err)
{
	uint32_t id;
	enum wpkg_status status = wpkg_types_add_func(&id, &engine->types, values, count, 0, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_tag *tag = wpkg_arena_alloc(&engine->arena, 1, sizeof(*tag));
	if (!tag || !exec_sig_init(&tag->sig, engine, id))
		return no_memory(err);
	tag->type = id;
	*out = tag;
	return WPKG_OK;
}

struct wpkg_func_type wpkg_tag_type(const struct wpkg_engine *engine, const struct wpkg_tag *tag)
{
	return type_of(engine, tag->type);
}

/* Globals. */

enum wpkg_status wpkg_global_new(struct wpkg_global **out, struct wpkg_engine *engine,
				 wpkg_valtype type, bool is_mutable, union wpkg_wasm_value value,
				 struct wpkg_err *err)
{
	struct wpkg_global *global = wpkg_arena_alloc(&engine->arena, 1, sizeof(*global));
	if (!global)
		return no_memory(err);
	global->type = type;
	global->kind = (uint8_t)exec_kind_of(type);
	global->is_mutable = is_mutable;
	wpkg_global_set(global, value);
	exec_global_add(engine, global);
	*out = global;
	return WPKG_OK;
}

wpkg_valtype wpkg_global_type(const struct wpkg_global *global)
{
	return global->type;
}

bool wpkg_global_is_mutable(const struct wpkg_global *global)
{
	return global->is_mutable;
}

void wpkg_global_set(struct wpkg_global *global, union wpkg_wasm_value value)
{
	exec_values_to_slots(global->cell, &value, &global->kind, 1);
}

/* Memories. */

enum wpkg_status wpkg_memory_new(struct wpkg_memory **out, struct wpkg_engine *engine,
				 const struct wpkg_extent *extent, struct wpkg_err *err)
{
	struct wpkg_size size = {.min = extent->min,
				 .max = extent->max,
				 .has_max = extent->has_max,
				 .is_64 = extent->is_64};
	struct wpkg_err own;
	struct wpkg_memory *memory = exec_memory_new(engine, &size, PAGE_LOG2, &own);
	if (!memory)
		return WPKG_FAIL(err, own.status, "%s", own.msg);
	*out = memory;
	return WPKG_OK;
}

struct wpkg_extent wpkg_memory_extent(const struct wpkg_memory *memory)
{
	return (struct wpkg_extent){.min = wpkg_memory_size(memory) >> memory->page_log2,
				    .max = memory->max,
				    .has_max = memory->has_max,
				    .is_64 = memory->is_64};
}

uint64_t wpkg_memory_grow(struct wpkg_memory *memory, uint64_t pages)
{
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	return exec_memory_grow_by(memory, pages, &trap);
}

/* Tables. */

enum wpkg_status wpkg_table_new(struct wpkg_table **out, struct wpkg_engine *engine,
				wpkg_valtype element, const struct wpkg_extent *extent,
				uint64_t fill, struct wpkg_err *err)
{
	struct wpkg_err own;
	struct wpkg_table *table = exec_table_new(engine, extent->min, extent->max, extent->has_max,
						  extent->is_64, fill, &own);
	if (!table)
		return WPKG_FAIL(err, own.status, "%s", own.msg);
	table->element = element;
	table->has_objects = exec_type_has_objects(engine, element);
	*out = table;
	return WPKG_OK;
}

wpkg_valtype wpkg_table_element(const struct wpkg_table *table)
{
	return table->element;
}

struct wpkg_extent wpkg_table_extent(const struct wpkg_table *table)
{
	return (struct wpkg_extent){.min = table->size,
				    .max = table->max,
				    .has_max = table->has_max,
				    .is_64 = table->is_64};
}

bool wpkg_table_get(uint64_t *ref, const struct wpkg_table *table, uint64_t index)
{
	if (index >= table->size)
		return false;
	*ref = table->entries[index];
	return true;
}

bool wpkg_table_set(struct wpkg_table *table, uint64_t index, uint64_t ref)
{
	if (index >= table->size)
		return false;
	table->entries[index] = ref;
	return true;
}

uint64_t wpkg_table_grow(struct wpkg_table *table, uint64_t entries, uint64_t fill)
{
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	return exec_table_grow_by(table, entries, fill, &trap);
}
