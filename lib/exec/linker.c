/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/linker.h"

#include "base/mem.h"
#include "exec/instance.h"
#include "exec/host_int.h"
#include "exec/linker_int.h"
#include "exec/shared.h"
#include "exec/type.h"

#define NAMES_MAX ((size_t)1 << 30) /* bytes */
#define PAGE_LOG2 16		    /* of a page of 64 KiB */
#define VALUES_MAX 1000		    /* parameters, or results, of a host function */

enum wpkg_status wpkg_linker_new(struct wpkg_linker **out, struct wpkg_engine *engine,
				 struct wpkg_err *err)
{
	struct wpkg_linker *linker = wpkg_mem_calloc(1, sizeof(*linker));
	if (!linker)
		return WPKG_FAIL(err, WPKG_ENOMEM, "linker: no memory");
	linker->engine = engine;
	wpkg_arena_init(&linker->arena, NAMES_MAX);
	*out = linker;
	return WPKG_OK;
}

void wpkg_linker_free(struct wpkg_linker *linker)
{
	if (!linker)
		return;
	wpkg_arena_clear(&linker->arena);
	wpkg_mem_free(linker->definitions);
	wpkg_mem_free(linker->buckets);
	wpkg_mem_free(linker);
}

/* FNV-1a. Names come from modules: a linker of hostile ones costs its own caller's time. */
static uint32_t hash_bytes(uint32_t hash, struct wpkg_str s)
{
	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (uint8_t)s.ptr[i]) * 16777619u;
	return hash;
}

/* The bucket of the name, or the free one where it would stand. */
static uint32_t *bucket_of(const struct wpkg_linker *linker, struct wpkg_str module,
			   struct wpkg_str field)
{
	uint32_t hash = hash_bytes(hash_bytes(2166136261u, module) * 16777619u, field);
	for (;; hash++) {
		uint32_t *bucket = &linker->buckets[hash & (linker->bucket_count - 1)];
		if (*bucket == 0)
			return bucket;
		const struct exec_definition *have = &linker->definitions[*bucket - 1];
		if (wpkg_str_equal(have->module, module) && wpkg_str_equal(have->field, field))
			return bucket;
	}
}

const struct exec_definition *exec_linker_find(const struct wpkg_linker *linker,
					       struct wpkg_str module, struct wpkg_str field)
{
	if (linker->bucket_count == 0)
		return NULL;
	uint32_t at = *bucket_of(linker, module, field);
	return at ? &linker->definitions[at - 1] : NULL;
}

/* Twice the buckets, each definition in its new place. */
static bool rehash(struct wpkg_linker *linker)
{
	uint32_t count = linker->bucket_count ? linker->bucket_count * 2 : 64;
	uint32_t *buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	if (!buckets)
		return false;
	wpkg_mem_free(linker->buckets);
	linker->buckets = buckets;
	linker->bucket_count = count;
	for (uint32_t i = 0; i < linker->count; i++)
		*bucket_of(linker, linker->definitions[i].module, linker->definitions[i].field) =
			i + 1;
	return true;
}

static bool room(struct wpkg_linker *linker)
{
	if (linker->count * 2 >= linker->bucket_count && !rehash(linker))
		return false;
	if (linker->count < linker->cap)
		return true;
	uint32_t cap = linker->cap ? linker->cap * 2 : 32;
	struct exec_definition *grown =
		wpkg_mem_resize(linker->definitions, cap, sizeof(*linker->definitions));
	if (!grown)
		return false;
	linker->definitions = grown;
	linker->cap = cap;
	return true;
}

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "linker: no memory");
}

/* Takes the place of an earlier definition of the name; its names are copied. */
static enum wpkg_status define(struct wpkg_linker *linker, const struct exec_definition *definition,
			       struct wpkg_err *err)
{
	if (!room(linker))
		return no_memory(err);
	uint32_t *bucket = bucket_of(linker, definition->module, definition->field);
	if (*bucket) {
		struct exec_definition *have = &linker->definitions[*bucket - 1];
		struct wpkg_str module = have->module, field = have->field;
		*have = *definition;
		have->module = module;
		have->field = field;
		return WPKG_OK;
	}
	struct exec_definition copy = *definition;
	copy.module = wpkg_arena_dup(&linker->arena, definition->module);
	copy.field = wpkg_arena_dup(&linker->arena, definition->field);
	if (!copy.module.ptr || !copy.field.ptr)
		return no_memory(err);
	linker->definitions[linker->count++] = copy;
	*bucket = linker->count;
	return WPKG_OK;
}

/* The canonical number of the function type that the text says. */
static enum wpkg_status parse_type(uint32_t *out, struct wpkg_engine *engine, const char *text,
				   struct wpkg_err *err)
{
	const char *arrow = strstr(text, "->");
	if (!arrow)
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": no \"->\"", text);
	wpkg_valtype types[2 * VALUES_MAX];
	uint32_t params = 0, results = 0;
	if (!exec_types_parse(types, VALUES_MAX, &params,
			      wpkg_str_of(text, (size_t)(arrow - text))) ||
	    !exec_types_parse(types + params, VALUES_MAX, &results, wpkg_str_from(arrow + 2)))
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": not a function type", text);
	return wpkg_types_add_func(out, &engine->types, types, params, results, err);
}

enum wpkg_status wpkg_linker_define_func(struct wpkg_linker *linker, struct wpkg_str module,
					 struct wpkg_str field, const char *type,
					 wpkg_host_call *call, void *user, struct wpkg_err *err)
{
	struct wpkg_engine *engine = linker->engine;
	uint32_t id;
	enum wpkg_status status = parse_type(&id, engine, type, err);
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
	struct exec_definition definition = {
		.module = module, .field = field, .kind = WPKG_EXTERN_FUNC, .func = func};
	return define(linker, &definition, err);
}

enum wpkg_status wpkg_linker_define_global(struct wpkg_linker *linker, struct wpkg_str module,
					   struct wpkg_str field, const char *type, bool is_mutable,
					   union wpkg_wasm_value value, struct wpkg_err *err)
{
	wpkg_valtype valtype;
	uint32_t count;
	if (!exec_types_parse(&valtype, 1, &count, wpkg_str_from(type)) || count != 1)
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": not a value type", type);
	struct wpkg_global *global = wpkg_arena_alloc(&linker->engine->arena, 1, sizeof(*global));
	if (!global)
		return no_memory(err);
	global->type = valtype;
	global->kind = (uint8_t)exec_kind_of(valtype);
	global->is_mutable = is_mutable;
	uint8_t kind = global->kind;
	exec_values_to_slots(global->cell, &value, &kind, 1);
	exec_global_add(linker->engine, global);
	struct exec_definition definition = {
		.module = module, .field = field, .kind = WPKG_EXTERN_GLOBAL, .global = global};
	return define(linker, &definition, err);
}

enum wpkg_status wpkg_linker_define_memory(struct wpkg_linker *linker, struct wpkg_str module,
					   struct wpkg_str field, const struct wpkg_extent *extent,
					   struct wpkg_err *err)
{
	struct wpkg_size size = {.min = extent->min,
				 .max = extent->max,
				 .has_max = extent->has_max,
				 .is_64 = extent->is_64};
	struct wpkg_memory *memory = exec_memory_new(linker->engine, &size, PAGE_LOG2, err);
	if (!memory)
		return err ? err->status : WPKG_ENOMEM;
	struct exec_definition definition = {
		.module = module, .field = field, .kind = WPKG_EXTERN_MEMORY, .memory = memory};
	return define(linker, &definition, err);
}

enum wpkg_status wpkg_linker_define_shared_memory(struct wpkg_linker *linker,
						  struct wpkg_str module, struct wpkg_str field,
						  struct wpkg_shared_memory *shared,
						  struct wpkg_err *err)
{
	struct wpkg_memory *memory = exec_memory_of_shared(linker->engine, shared);
	if (!memory)
		return no_memory(err);
	struct exec_definition definition = {
		.module = module, .field = field, .kind = WPKG_EXTERN_MEMORY, .memory = memory};
	return define(linker, &definition, err);
}

enum wpkg_status wpkg_linker_define_table(struct wpkg_linker *linker, struct wpkg_str module,
					  struct wpkg_str field, const struct wpkg_extent *extent,
					  struct wpkg_err *err)
{
	struct wpkg_table *table = exec_table_new(linker->engine, extent->min, extent->max,
						  extent->has_max, extent->is_64, 0, err);
	if (!table)
		return err ? err->status : WPKG_ENOMEM;
	table->element = WPKG_TYPE_FUNCREF;
	struct exec_definition definition = {
		.module = module, .field = field, .kind = WPKG_EXTERN_TABLE, .table = table};
	return define(linker, &definition, err);
}

enum wpkg_status wpkg_linker_define_instance(struct wpkg_linker *linker, struct wpkg_str module,
					     struct wpkg_instance *instance, struct wpkg_err *err)
{
	const struct wpkg_module *from = instance->module;
	for (uint32_t i = 0; i < from->export_count; i++) {
		const struct wpkg_module_export *exported = &from->exports[i];
		uint32_t index = exported->index;
		struct exec_definition definition = {
			.module = module, .field = exported->name, .kind = exported->kind};
		switch ((enum wpkg_extern)exported->kind) {
		case WPKG_EXTERN_FUNC:
			definition.func = instance->funcs[index];
			break;
		case WPKG_EXTERN_TABLE:
			definition.table = instance->tables[index];
			break;
		case WPKG_EXTERN_MEMORY:
			definition.memory = instance->memories[index];
			break;
		case WPKG_EXTERN_GLOBAL:
			definition.global = instance->globals[index];
			break;
		default:
			definition.tag = instance->tags[index];
			break;
		}
		enum wpkg_status status = define(linker, &definition, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}
