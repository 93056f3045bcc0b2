/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/linker.h"

#include "base/mem.h"
#include "exec/linker_int.h"
#include "exec/shared.h"
#include "exec/type.h"

#define NAMES_MAX ((size_t)1 << 30) /* bytes */
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

static const struct exec_definition *defined(const struct wpkg_linker *linker,
					     struct wpkg_str module, struct wpkg_str field)
{
	if (linker->bucket_count == 0)
		return NULL;
	uint32_t at = *bucket_of(linker, module, field);
	return at ? &linker->definitions[at - 1] : NULL;
}

enum wpkg_status exec_linker_find(const struct exec_definition **out, struct wpkg_linker *linker,
				  struct wpkg_str module, struct wpkg_str field,
				  struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	const struct exec_definition *found = defined(linker, module, field);
	if (!found && linker->source) {
		status = linker->source(linker, module, field, linker->source_user, err);
		found = defined(linker, module, field);
	}
	*out = found;
	return status;
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
static enum wpkg_status define(struct wpkg_linker *linker, struct wpkg_str module,
			       struct wpkg_str field, const struct wpkg_external *external,
			       struct wpkg_err *err)
{
	if (!room(linker))
		return no_memory(err);
	uint32_t *bucket = bucket_of(linker, module, field);
	if (*bucket) {
		linker->definitions[*bucket - 1].external = *external;
		return WPKG_OK;
	}
	struct exec_definition definition = {.module = wpkg_arena_dup(&linker->arena, module),
					     .field = wpkg_arena_dup(&linker->arena, field),
					     .external = *external};
	if (!definition.module.ptr || !definition.field.ptr)
		return no_memory(err);
	linker->definitions[linker->count++] = definition;
	*bucket = linker->count;
	return WPKG_OK;
}

/* The parameters and, behind them, the results of the function type that the text says. */
static enum wpkg_status parse_type(wpkg_valtype types[2 * VALUES_MAX], uint32_t *params,
				   uint32_t *results, const char *text, struct wpkg_err *err)
{
	const char *arrow = strstr(text, "->");
	if (!arrow)
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": no \"->\"", text);
	if (!exec_types_parse(types, VALUES_MAX, params,
			      wpkg_str_of(text, (size_t)(arrow - text))) ||
	    !exec_types_parse(types + *params, VALUES_MAX, results, wpkg_str_from(arrow + 2)))
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": not a function type", text);
	return WPKG_OK;
}

enum wpkg_status wpkg_linker_define_func(struct wpkg_linker *linker, struct wpkg_str module,
					 struct wpkg_str field, const char *type,
					 wpkg_host_call *call, void *user, struct wpkg_err *err)
{
	wpkg_valtype types[2 * VALUES_MAX];
	uint32_t params = 0, results = 0;
	struct wpkg_external external = {.kind = WPKG_EXTERN_FUNC};
	enum wpkg_status status = parse_type(types, &params, &results, type, err);
	if (status == WPKG_OK)
		status = wpkg_func_new(&external.func, linker->engine, types, params, results, call,
				       user, err);
	return status == WPKG_OK ? define(linker, module, field, &external, err) : status;
}

enum wpkg_status wpkg_linker_define_global(struct wpkg_linker *linker, struct wpkg_str module,
					   struct wpkg_str field, const char *type, bool is_mutable,
					   union wpkg_wasm_value value, struct wpkg_err *err)
{
	wpkg_valtype valtype;
	uint32_t count;
	if (!exec_types_parse(&valtype, 1, &count, wpkg_str_from(type)) || count != 1)
		return WPKG_FAIL(err, WPKG_EINVAL, "type \"%s\": not a value type", type);
	struct wpkg_external external = {.kind = WPKG_EXTERN_GLOBAL};
	enum wpkg_status status =
		wpkg_global_new(&external.global, linker->engine, valtype, is_mutable, value, err);
	return status == WPKG_OK ? define(linker, module, field, &external, err) : status;
}

enum wpkg_status wpkg_linker_define_memory(struct wpkg_linker *linker, struct wpkg_str module,
					   struct wpkg_str field, const struct wpkg_extent *extent,
					   struct wpkg_err *err)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_MEMORY};
	enum wpkg_status status = wpkg_memory_new(&external.memory, linker->engine, extent, err);
	return status == WPKG_OK ? define(linker, module, field, &external, err) : status;
}

enum wpkg_status wpkg_linker_define_shared_memory(struct wpkg_linker *linker,
						  struct wpkg_str module, struct wpkg_str field,
						  struct wpkg_shared_memory *shared,
						  struct wpkg_err *err)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_MEMORY};
	external.memory = exec_memory_of_shared(linker->engine, shared);
	return external.memory ? define(linker, module, field, &external, err) : no_memory(err);
}

enum wpkg_status wpkg_linker_define_table(struct wpkg_linker *linker, struct wpkg_str module,
					  struct wpkg_str field, const struct wpkg_extent *extent,
					  struct wpkg_err *err)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_TABLE};
	enum wpkg_status status =
		wpkg_table_new(&external.table, linker->engine, WPKG_TYPE_FUNCREF, extent, 0, err);
	return status == WPKG_OK ? define(linker, module, field, &external, err) : status;
}

enum wpkg_status wpkg_linker_define(struct wpkg_linker *linker, struct wpkg_str module,
				    struct wpkg_str field, const struct wpkg_external *external,
				    struct wpkg_err *err)
{
	return define(linker, module, field, external, err);
}

enum wpkg_status wpkg_linker_define_instance(struct wpkg_linker *linker, struct wpkg_str module,
					     struct wpkg_instance *instance, struct wpkg_err *err)
{
	const struct wpkg_module *from = instance->module;
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < from->export_count; i++) {
		struct wpkg_external external = wpkg_instance_export(instance, i);
		status = define(linker, module, from->exports[i].name, &external, err);
	}
	return status;
}
