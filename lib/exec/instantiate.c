/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instantiation (specification, section 4.7.2): imports are matched, what the module defines is
 * made, then its active segments are copied and its start function runs. Until the first segment
 * nothing outside of the new instance changes.
 */
#include <stdio.h>
#include <string.h>

#include "exec/bytes.h"
#include "exec/constant.h"
#include "exec/instance.h"
#include "exec/linker_int.h"
#include "exec/type.h"

/* What the interpreter runs; a module that uses more is refused. */
static const wpkg_features supported =
	WPKG_FEATURE_BIT(MVP) | WPKG_FEATURE_BIT(MUTABLE_GLOBALS) |
	WPKG_FEATURE_BIT(SIGN_EXTENSION) | WPKG_FEATURE_BIT(SATURATING_FLOAT) |
	WPKG_FEATURE_BIT(MULTI_VALUE) | WPKG_FEATURE_BIT(BULK_MEMORY) |
	WPKG_FEATURE_BIT(REFERENCE_TYPES) | WPKG_FEATURE_BIT(TAIL_CALL) |
	WPKG_FEATURE_BIT(EXTENDED_CONST) | WPKG_FEATURE_BIT(MULTI_MEMORY) |
	WPKG_FEATURE_BIT(MEMORY64) | WPKG_FEATURE_BIT(FUNCTION_REFERENCES) | WPKG_FEATURE_BIT(GC) |
	WPKG_FEATURE_BIT(EXCEPTIONS) | WPKG_FEATURE_BIT(LEGACY_EXCEPTIONS) |
	WPKG_FEATURE_BIT(CUSTOM_PAGE_SIZES) | WPKG_FEATURE_BIT(SIMD) |
	WPKG_FEATURE_BIT(RELAXED_SIMD) | WPKG_FEATURE_BIT(WIDE_ARITHMETIC) |
	WPKG_FEATURE_BIT(THREADS);

struct instantiation {
	struct wpkg_linker *linker; /* NULL: imports are given in order */
	const struct wpkg_external *given;
	struct wpkg_engine *engine;
	const struct wpkg_module *module;
	struct wpkg_instance *instance;
	struct wpkg_outcome *outcome; /* may be NULL */
	struct wpkg_err *err;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "instance: no memory");
}

static enum wpkg_status check_features(const struct wpkg_module *module, struct wpkg_err *err)
{
	for (unsigned i = 0; i < WPKG_FEATURE_COUNT; i++)
		if (module->features & ~supported & (wpkg_features)1 << i)
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "0x%x: the interpreter does not run the feature %s",
					 (unsigned)module->feature_offsets[i],
					 wpkg_feature_name((enum wpkg_feature)i));
	return WPKG_OK;
}

/* A value type of the module in the engine's numbers. */
static wpkg_valtype own_type(const struct instantiation *in, wpkg_valtype type)
{
	return wpkg_valtype_map(type, in->instance->types);
}

static uint32_t own_id(const struct instantiation *in, uint32_t type_index)
{
	return in->instance->types[in->module->type_ids[type_index]];
}

static enum wpkg_status add_types(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	struct wpkg_instance *instance = in->instance;
	struct wpkg_arena *arena = &in->engine->arena;
	instance->types = wpkg_arena_alloc(arena, module->types.count, sizeof(uint32_t));
	instance->sigs = wpkg_arena_alloc(arena, module->type_count, sizeof(struct exec_sig));
	if (!instance->types || !instance->sigs)
		return no_memory(in->err);
	enum wpkg_status status =
		wpkg_types_adopt(instance->types, &in->engine->types, &module->types, in->err);
	if (status != WPKG_OK)
		return status;
	if (!exec_layouts_extend(in->engine))
		return no_memory(in->err);
	for (uint32_t i = 0; i < module->type_count; i++)
		if (wpkg_module_type(module, i)->composite == WPKG_COMPOSITE_FUNC &&
		    !exec_sig_init(&instance->sigs[i], in->engine, own_id(in, i)))
			return no_memory(in->err);
	return WPKG_OK;
}

/* Room for everything, before anything is there. */
static enum wpkg_status allocate(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	struct wpkg_arena *arena = &in->engine->arena;
	struct wpkg_instance *instance = wpkg_arena_alloc(arena, 1, sizeof(*instance));
	if (!instance)
		return no_memory(in->err);
	in->instance = instance;
	instance->engine = in->engine;
	instance->module = module;
	instance->func_count = module->func_count;
	instance->table_count = module->table_count;
	instance->memory_count = module->memory_count;
	instance->global_count = module->global_count;
	instance->data_count = module->data_count;
	instance->elem_count = module->elem_count;
	instance->funcs = wpkg_arena_alloc(arena, module->func_count, sizeof(struct wpkg_func *));
	instance->tables =
		wpkg_arena_alloc(arena, module->table_count, sizeof(struct wpkg_table *));
	instance->memories =
		wpkg_arena_alloc(arena, module->memory_count, sizeof(struct wpkg_memory *));
	instance->globals =
		wpkg_arena_alloc(arena, module->global_count, sizeof(struct wpkg_global *));
	instance->tags = wpkg_arena_alloc(arena, module->tag_count, sizeof(struct wpkg_tag *));
	instance->datas = wpkg_arena_alloc(arena, module->data_count, sizeof(struct exec_data));
	instance->elems = wpkg_arena_alloc(arena, module->elem_count, sizeof(struct exec_elem));
	if (!instance->funcs || !instance->tables || !instance->memories || !instance->globals ||
	    !instance->tags || !instance->datas || !instance->elems)
		return no_memory(in->err);
	/* Even one that is refused in the end may have left functions in imported tables. */
	instance->next = in->engine->instances;
	in->engine->instances = instance;
	return WPKG_OK;
}

/* Imports. */

static bool size_matches(uint64_t size, bool has_max, uint64_t max, const struct wpkg_size *want)
{
	return size >= want->min && (!want->has_max || (has_max && max <= want->max));
}

static bool func_matches(const struct instantiation *in, const struct wpkg_func *func, uint32_t i)
{
	return exec_type_matches(in->engine, func->type, own_id(in, in->module->funcs[i].type));
}

static bool table_matches(const struct instantiation *in, const struct wpkg_table *table,
			  uint32_t i)
{
	const struct wpkg_module_table *want = &in->module->tables[i];
	return table->element == own_type(in, want->element) && table->is_64 == want->size.is_64 &&
	       size_matches(table->size, table->has_max, table->max, &want->size);
}

static bool memory_matches(const struct instantiation *in, const struct wpkg_memory *memory,
			   uint32_t i)
{
	const struct wpkg_size *want = &in->module->memories[i].size;
	return memory->is_64 == want->is_64 && (memory->shared != NULL) == want->is_shared &&
	       memory->page_log2 == in->module->memories[i].page_log2 &&
	       size_matches(wpkg_memory_size(memory) >> memory->page_log2, memory->has_max,
			    memory->max, want);
}

static bool global_matches(const struct instantiation *in, const struct wpkg_global *global,
			   uint32_t i)
{
	const struct wpkg_module_global *want = &in->module->globals[i];
	wpkg_valtype type = own_type(in, want->type);
	if (global->is_mutable != want->is_mutable)
		return false;
	return global->is_mutable ? global->type == type
				  : wpkg_types_matches(&in->engine->types, global->type, type);
}

static bool tag_matches(const struct instantiation *in, const struct wpkg_tag *tag, uint32_t i)
{
	return tag->type == own_id(in, in->module->tags[i].type);
}

/* Puts the definition where the import wants it; false when it is of another type. */
static bool take_import(struct instantiation *in, const struct wpkg_external *from, uint32_t i)
{
	struct wpkg_instance *instance = in->instance;
	switch (from->kind) {
	case WPKG_EXTERN_FUNC:
		instance->funcs[i] = from->func;
		return func_matches(in, from->func, i);
	case WPKG_EXTERN_TABLE:
		instance->tables[i] = from->table;
		return table_matches(in, from->table, i);
	case WPKG_EXTERN_MEMORY:
		instance->memories[i] = from->memory;
		return memory_matches(in, from->memory, i);
	case WPKG_EXTERN_GLOBAL:
		instance->globals[i] = from->global;
		return global_matches(in, from->global, i);
	default:
		instance->tags[i] = from->tag;
		return tag_matches(in, from->tag, i);
	}
}

/* What there is for an import; *out is NULL when it is nothing. */
static enum wpkg_status find(const struct wpkg_external **out, const struct instantiation *in,
			     uint32_t i)
{
	const struct wpkg_module_import *import = &in->module->imports[i];
	const struct exec_definition *found = NULL;
	if (!in->linker) {
		*out = &in->given[i];
		return WPKG_OK;
	}
	enum wpkg_status status =
		exec_linker_find(&found, in->linker, import->module, import->field, in->err);
	*out = found ? &found->external : NULL;
	return status;
}

static enum wpkg_status resolve_imports(struct instantiation *in)
{
	for (uint32_t i = 0; i < in->module->import_count; i++) {
		const struct wpkg_module_import *import = &in->module->imports[i];
		const char *kind = wpkg_extern_name((enum wpkg_extern)import->kind);
		const struct wpkg_external *found;
		enum wpkg_status status = find(&found, in, i);
		if (status != WPKG_OK)
			return status;
		if (!found)
			return WPKG_FAIL(in->err, WPKG_ENOTFOUND,
					 "0x%x: import %.*s.%.*s: no such %s",
					 (unsigned)import->offset, WPKG_STR_ARG(import->module),
					 WPKG_STR_ARG(import->field), kind);
		if (found->kind != (enum wpkg_extern)import->kind ||
		    !take_import(in, found, import->index))
			return WPKG_FAIL(in->err, WPKG_EINVAL,
					 "0x%x: import %.*s.%.*s: there is a %s, of another type",
					 (unsigned)import->offset, WPKG_STR_ARG(import->module),
					 WPKG_STR_ARG(import->field),
					 wpkg_extern_name(found->kind));
	}
	return WPKG_OK;
}

/* What the module defines itself. */

static enum wpkg_status make_funcs(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	uint32_t first = module->func_import_count, count = module->func_count - first;
	struct wpkg_func *funcs = wpkg_arena_alloc(&in->engine->arena, count, sizeof(*funcs));
	if (!funcs)
		return no_memory(in->err);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t type = module->funcs[first + i].type;
		funcs[i].engine = in->engine;
		funcs[i].instance = in->instance;
		funcs[i].index = first + i;
		funcs[i].sig = &in->instance->sigs[type];
		funcs[i].type = own_id(in, type);
		funcs[i].body = wpkg_module_at(module, module->bodies[i].start);
		funcs[i].body_end = wpkg_module_at(module, module->bodies[i].end);
		in->instance->funcs[first + i] = &funcs[i];
	}
	return WPKG_OK;
}

static enum wpkg_status make_memories(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	for (uint32_t i = module->memory_import_count; i < module->memory_count; i++) {
		const struct wpkg_module_memory *from = &module->memories[i];
		struct wpkg_err own = {.status = WPKG_OK};
		struct wpkg_memory *memory =
			exec_memory_new(in->engine, &from->size, from->page_log2, &own);
		if (!memory)
			return WPKG_FAIL(in->err, own.status, "%s", own.msg);
		in->instance->memories[i] = memory;
	}
	return WPKG_OK;
}

static enum wpkg_status make_tags(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	for (uint32_t i = module->tag_import_count; i < module->tag_count; i++) {
		struct wpkg_tag *tag = wpkg_arena_alloc(&in->engine->arena, 1, sizeof(*tag));
		if (!tag)
			return no_memory(in->err);
		tag->type = own_id(in, module->tags[i].type);
		tag->sig = in->instance->sigs[module->tags[i].type];
		in->instance->tags[i] = tag;
	}
	return WPKG_OK;
}

static enum wpkg_status constant(uint64_t cell[2], uint32_t *end, struct instantiation *in,
				 uint32_t start)
{
	enum wpkg_trap trap = exec_constant(cell, end, in->instance, start);
	if (trap)
		return WPKG_FAIL(in->err, trap == WPKG_TRAP_NO_MEMORY ? WPKG_ENOMEM : WPKG_ELIMIT,
				 "0x%x: constant expression: %s", (unsigned)start,
				 wpkg_trap_text(trap));
	return WPKG_OK;
}

static enum wpkg_status make_globals(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	uint32_t first = module->global_import_count, count = module->global_count - first;
	struct wpkg_global *globals = wpkg_arena_alloc(&in->engine->arena, count, sizeof(*globals));
	if (!globals)
		return no_memory(in->err);
	for (uint32_t i = 0; i < count; i++) {
		const struct wpkg_module_global *from = &module->globals[first + i];
		globals[i].type = own_type(in, from->type);
		globals[i].kind = (uint8_t)exec_kind_of(from->type);
		globals[i].is_mutable = from->is_mutable;
		exec_global_add(in->engine, &globals[i]);
		enum wpkg_status status = constant(globals[i].cell, NULL, in, from->init.start);
		if (status != WPKG_OK)
			return status;
		in->instance->globals[first + i] = &globals[i];
	}
	return WPKG_OK;
}

static enum wpkg_status make_tables(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	for (uint32_t i = module->table_import_count; i < module->table_count; i++) {
		const struct wpkg_module_table *from = &module->tables[i];
		const struct wpkg_size *size = &from->size;
		uint64_t fill[2] = {0, 0};
		if (from->init.end > from->init.start) {
			enum wpkg_status status = constant(fill, NULL, in, from->init.start);
			if (status != WPKG_OK)
				return status;
		}
		struct wpkg_err own = {.status = WPKG_OK};
		struct wpkg_table *table =
			exec_table_new(in->engine, size->min, size->max, size->has_max, size->is_64,
				       fill[0], &own);
		if (!table)
			return WPKG_FAIL(in->err, own.status, "%s", own.msg);
		table->element = own_type(in, from->element);
		table->has_objects = exec_type_has_objects(in->engine, table->element);
		in->instance->tables[i] = table;
	}
	return WPKG_OK;
}

static enum wpkg_status make_elem(struct instantiation *in, uint32_t i)
{
	const struct wpkg_module_elem *from = &in->module->elems[i];
	struct exec_elem *elem = &in->instance->elems[i];
	elem->refs = wpkg_arena_alloc(&in->engine->arena, from->count, sizeof(*elem->refs));
	if (!elem->refs)
		return no_memory(in->err);
	elem->length = from->count;
	elem->has_objects = exec_type_has_objects(in->engine, own_type(in, from->type));
	uint32_t at = from->items.start;
	const uint8_t *indices = wpkg_module_at(in->module, at);
	for (uint32_t k = 0; k < from->count; k++) {
		uint64_t cell[2];
		if (!from->has_expressions) {
			elem->refs[k] = (uint64_t)in->instance->funcs[take_u32(&indices)];
			continue;
		}
		enum wpkg_status status = constant(cell, &at, in, at);
		if (status != WPKG_OK)
			return status;
		elem->refs[k] = cell[0];
	}
	return WPKG_OK;
}

static enum wpkg_status make_segments(struct instantiation *in)
{
	const struct wpkg_module *module = in->module;
	for (uint32_t i = 0; i < module->elem_count; i++) {
		enum wpkg_status status = make_elem(in, i);
		if (status != WPKG_OK)
			return status;
	}
	for (uint32_t i = 0; i < module->data_count; i++) {
		struct wpkg_range range = module->datas[i].bytes;
		in->instance->datas[i].bytes = wpkg_module_at(module, range.start);
		in->instance->datas[i].length = range.end - range.start;
	}
	return WPKG_OK;
}

/* From here on the instance is there, and what it does is seen outside. */

static enum wpkg_status trapped(struct instantiation *in, enum wpkg_trap trap, const char *what,
				uint32_t index)
{
	if (in->outcome)
		exec_outcome_set(in->outcome, in->engine, trap);
	return WPKG_FAIL(in->err, WPKG_EDENIED, "%s %u: %s", what, (unsigned)index,
			 wpkg_trap_text(trap));
}

static enum wpkg_status copy_elems(struct instantiation *in)
{
	for (uint32_t i = 0; i < in->module->elem_count; i++) {
		const struct wpkg_module_elem *from = &in->module->elems[i];
		struct exec_elem *elem = &in->instance->elems[i];
		uint64_t at[2];
		if (from->mode == WPKG_SEGMENT_PASSIVE)
			continue;
		if (from->mode == WPKG_SEGMENT_ACTIVE) {
			enum wpkg_status status = constant(at, NULL, in, from->at.start);
			if (status != WPKG_OK)
				return status;
			enum wpkg_trap trap = exec_table_init_from(
				in->instance->tables[from->table], at[0], elem, 0, elem->length);
			if (trap)
				return trapped(in, trap, "element segment", i);
		}
		elem->length = 0;
	}
	return WPKG_OK;
}

static enum wpkg_status copy_datas(struct instantiation *in)
{
	for (uint32_t i = 0; i < in->module->data_count; i++) {
		const struct wpkg_module_data *from = &in->module->datas[i];
		struct exec_data *data = &in->instance->datas[i];
		uint64_t at[2];
		if (from->mode == WPKG_SEGMENT_PASSIVE)
			continue;
		enum wpkg_status status = constant(at, NULL, in, from->at.start);
		if (status != WPKG_OK)
			return status;
		enum wpkg_trap trap = exec_memory_init_from(in->instance->memories[from->memory],
							    at[0], data, 0, data->length);
		if (trap)
			return trapped(in, trap, "data segment", i);
		data->length = 0;
	}
	return WPKG_OK;
}

static enum wpkg_status compile_all(struct instantiation *in)
{
	for (uint32_t i = in->module->func_import_count; i < in->module->func_count; i++) {
		enum wpkg_trap trap = exec_func_prepare(in->instance->funcs[i]);
		if (trap == WPKG_TRAP_NO_MEMORY)
			return no_memory(in->err);
		if (trap)
			return WPKG_FAIL(in->err, WPKG_ELIMIT, "function %u: %s", (unsigned)i,
					 wpkg_trap_text(trap));
	}
	return WPKG_OK;
}

static enum wpkg_status start(struct instantiation *in)
{
	if (in->module->start == WPKG_INDEX_NONE)
		return WPKG_OK;
	struct wpkg_func *func = in->instance->funcs[in->module->start];
	struct wpkg_outcome own = {0};
	struct wpkg_outcome *outcome = in->outcome ? in->outcome : &own;
	if (wpkg_func_call(outcome, func, NULL, NULL) == WPKG_TRAP_NONE)
		return WPKG_OK;
	return WPKG_FAIL(in->err, WPKG_EDENIED, "start function: %s", outcome->message);
}

static enum wpkg_status instantiate(struct wpkg_instance **out, struct instantiation *in)
{
	typedef enum wpkg_status step(struct instantiation * in);
	static step *const steps[] = {allocate,	     add_types,	  resolve_imports, make_funcs,
				      make_memories, make_tags,	  make_globals,	   make_tables,
				      make_segments, compile_all, copy_elems,	   copy_datas,
				      start};
	enum wpkg_status status = check_features(in->module, in->err);
	if (in->outcome)
		memset(in->outcome, 0, sizeof(*in->outcome));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == WPKG_OK; i++)
		if (steps[i] != compile_all || in->engine->limits.eager)
			status = steps[i](in);
	if (status == WPKG_OK)
		*out = in->instance;
	return status;
}

enum wpkg_status wpkg_linker_instantiate(struct wpkg_instance **out, struct wpkg_linker *linker,
					 const struct wpkg_module *module,
					 struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	struct instantiation in = {.linker = linker,
				   .engine = linker->engine,
				   .module = module,
				   .outcome = outcome,
				   .err = err};
	return instantiate(out, &in);
}

enum wpkg_status wpkg_instance_new(struct wpkg_instance **out, struct wpkg_engine *engine,
				   const struct wpkg_module *module,
				   const struct wpkg_external *imports, uint32_t import_count,
				   struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	struct instantiation in = {.given = imports,
				   .engine = engine,
				   .module = module,
				   .outcome = outcome,
				   .err = err};
	if (import_count != module->import_count)
		return WPKG_FAIL(err, WPKG_EINVAL, "%u imports for %u that the module has",
				 (unsigned)import_count, (unsigned)module->import_count);
	return instantiate(out, &in);
}
