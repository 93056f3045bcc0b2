/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of wasm.h: plain data. Whatever is an external type begins with its kind, so that one
 * pointer is both the type of a function and an external type.
 */
#include "capi/handle.h"

#include "base/mem.h"

struct wasm_valtype_t {
	wasm_valkind_t kind;
};

struct wasm_externtype_t {
	wasm_externkind_t kind;
};

struct wasm_functype_t {
	struct wasm_externtype_t base;
	wasm_valtype_vec_t params, results;
};

struct wasm_globaltype_t {
	struct wasm_externtype_t base;
	wasm_mutability_t mutability;
	wasm_valtype_t *content;
};

struct wasm_tabletype_t {
	struct wasm_externtype_t base;
	wasm_limits_t limits;
	wasm_valtype_t *element;
};

struct wasm_memorytype_t {
	struct wasm_externtype_t base;
	wasm_limits_t limits;
};

struct wasm_tagtype_t {
	struct wasm_externtype_t base;
	wasm_functype_t *functype;
};

struct wasm_importtype_t {
	wasm_name_t module, name;
	wasm_externtype_t *type;
};

struct wasm_exporttype_t {
	wasm_name_t name;
	wasm_externtype_t *type;
};

/* Types of values. */

wasm_valtype_t *wasm_valtype_new(wasm_valkind_t kind)
{
	wasm_valtype_t *type = wpkg_mem_calloc(1, sizeof(*type));
	if (type)
		type->kind = kind;
	return type;
}

wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *type)
{
	return type->kind;
}

wasm_valtype_t *wasm_valtype_copy(const wasm_valtype_t *type)
{
	return wasm_valtype_new(type->kind);
}

void wasm_valtype_delete(wasm_valtype_t *type)
{
	wpkg_mem_free(type);
}

/* Types of functions. */

/* Nothing is missing for want of memory. */
static bool is_whole(const wasm_valtype_vec_t *types)
{
	for (size_t i = 0; i < types->size; i++)
		if (!types->data[i])
			return false;
	return true;
}

wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results)
{
	wasm_functype_t *type =
		is_whole(params) && is_whole(results) ? wpkg_mem_calloc(1, sizeof(*type)) : NULL;
	if (!type) {
		wasm_valtype_vec_delete(params);
		wasm_valtype_vec_delete(results);
		return NULL;
	}
	type->base.kind = WASM_EXTERN_FUNC;
	type->params = *params;
	type->results = *results;
	return type;
}

const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *type)
{
	return &type->params;
}

const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *type)
{
	return &type->results;
}

wasm_functype_t *wasm_functype_copy(const wasm_functype_t *type)
{
	wasm_valtype_vec_t params = WASM_EMPTY_VEC, results = WASM_EMPTY_VEC;
	wasm_valtype_vec_copy(&params, &type->params);
	wasm_valtype_vec_copy(&results, &type->results);
	if (params.size != type->params.size || results.size != type->results.size) {
		wasm_valtype_vec_delete(&params);
		wasm_valtype_vec_delete(&results);
		return NULL;
	}
	return wasm_functype_new(&params, &results);
}

void wasm_functype_delete(wasm_functype_t *type)
{
	if (!type)
		return;
	wasm_valtype_vec_delete(&type->params);
	wasm_valtype_vec_delete(&type->results);
	wpkg_mem_free(type);
}

/* Types of globals, tables, memories and tags. */

wasm_globaltype_t *wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t mutability)
{
	wasm_globaltype_t *type = content ? wpkg_mem_calloc(1, sizeof(*type)) : NULL;
	if (!type) {
		wasm_valtype_delete(content);
		return NULL;
	}
	type->base.kind = WASM_EXTERN_GLOBAL;
	type->content = content;
	type->mutability = mutability;
	return type;
}

const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *type)
{
	return type->content;
}

wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *type)
{
	return type->mutability;
}

wasm_globaltype_t *wasm_globaltype_copy(const wasm_globaltype_t *type)
{
	return wasm_globaltype_new(wasm_valtype_copy(type->content), type->mutability);
}

void wasm_globaltype_delete(wasm_globaltype_t *type)
{
	if (type)
		wasm_valtype_delete(type->content);
	wpkg_mem_free(type);
}

wasm_tabletype_t *wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *limits)
{
	wasm_tabletype_t *type = element ? wpkg_mem_calloc(1, sizeof(*type)) : NULL;
	if (!type) {
		wasm_valtype_delete(element);
		return NULL;
	}
	type->base.kind = WASM_EXTERN_TABLE;
	type->element = element;
	type->limits = *limits;
	return type;
}

const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *type)
{
	return type->element;
}

const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *type)
{
	return &type->limits;
}

wasm_tabletype_t *wasm_tabletype_copy(const wasm_tabletype_t *type)
{
	return wasm_tabletype_new(wasm_valtype_copy(type->element), &type->limits);
}

void wasm_tabletype_delete(wasm_tabletype_t *type)
{
	if (type)
		wasm_valtype_delete(type->element);
	wpkg_mem_free(type);
}

wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *limits)
{
	wasm_memorytype_t *type = wpkg_mem_calloc(1, sizeof(*type));
	if (!type)
		return NULL;
	type->base.kind = WASM_EXTERN_MEMORY;
	type->limits = *limits;
	return type;
}

const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *type)
{
	return &type->limits;
}

wasm_memorytype_t *wasm_memorytype_copy(const wasm_memorytype_t *type)
{
	return wasm_memorytype_new(&type->limits);
}

void wasm_memorytype_delete(wasm_memorytype_t *type)
{
	wpkg_mem_free(type);
}

wasm_tagtype_t *wasm_tagtype_new(wasm_functype_t *functype)
{
	wasm_tagtype_t *type = functype ? wpkg_mem_calloc(1, sizeof(*type)) : NULL;
	if (!type) {
		wasm_functype_delete(functype);
		return NULL;
	}
	type->base.kind = WASM_EXTERN_TAG;
	type->functype = functype;
	return type;
}

const wasm_functype_t *wasm_tagtype_functype(const wasm_tagtype_t *type)
{
	return type->functype;
}

wasm_tagtype_t *wasm_tagtype_copy(const wasm_tagtype_t *type)
{
	return wasm_tagtype_new(wasm_functype_copy(type->functype));
}

void wasm_tagtype_delete(wasm_tagtype_t *type)
{
	if (type)
		wasm_functype_delete(type->functype);
	wpkg_mem_free(type);
}

/* External types. */

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *type)
{
	return type->kind;
}

#define DEFINE_EXTERNTYPE(name, number)                                                            \
	wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *type)                      \
	{                                                                                          \
		return &type->base;                                                                \
	}                                                                                          \
	const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *type)    \
	{                                                                                          \
		return &type->base;                                                                \
	}                                                                                          \
	wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *type)                        \
	{                                                                                          \
		return type->kind == (number) ? (wasm_##name##_t *)(void *)type : NULL;            \
	}                                                                                          \
	const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *type)    \
	{                                                                                          \
		return type->kind == (number) ? (const wasm_##name##_t *)(const void *)type        \
					      : NULL;                                              \
	}

DEFINE_EXTERNTYPE(functype, WASM_EXTERN_FUNC)
DEFINE_EXTERNTYPE(globaltype, WASM_EXTERN_GLOBAL)
DEFINE_EXTERNTYPE(tabletype, WASM_EXTERN_TABLE)
DEFINE_EXTERNTYPE(memorytype, WASM_EXTERN_MEMORY)
DEFINE_EXTERNTYPE(tagtype, WASM_EXTERN_TAG)

/* As an external type, or NULL when the copy is. */
#define UP(copy) ((wasm_externtype_t *)(void *)(copy))

wasm_externtype_t *wasm_externtype_copy(const wasm_externtype_t *type)
{
	switch ((enum wasm_externkind_enum)type->kind) {
	case WASM_EXTERN_FUNC:
		return UP(wasm_functype_copy(wasm_externtype_as_functype_const(type)));
	case WASM_EXTERN_GLOBAL:
		return UP(wasm_globaltype_copy(wasm_externtype_as_globaltype_const(type)));
	case WASM_EXTERN_TABLE:
		return UP(wasm_tabletype_copy(wasm_externtype_as_tabletype_const(type)));
	case WASM_EXTERN_MEMORY:
		return UP(wasm_memorytype_copy(wasm_externtype_as_memorytype_const(type)));
	default:
		return UP(wasm_tagtype_copy(wasm_externtype_as_tagtype_const(type)));
	}
}

void wasm_externtype_delete(wasm_externtype_t *type)
{
	if (!type)
		return;
	switch ((enum wasm_externkind_enum)type->kind) {
	case WASM_EXTERN_FUNC:
		wasm_functype_delete(wasm_externtype_as_functype(type));
		break;
	case WASM_EXTERN_GLOBAL:
		wasm_globaltype_delete(wasm_externtype_as_globaltype(type));
		break;
	case WASM_EXTERN_TABLE:
		wasm_tabletype_delete(wasm_externtype_as_tabletype(type));
		break;
	case WASM_EXTERN_MEMORY:
		wasm_memorytype_delete(wasm_externtype_as_memorytype(type));
		break;
	default:
		wasm_tagtype_delete(wasm_externtype_as_tagtype(type));
		break;
	}
}

/* Imports and exports. */

wasm_importtype_t *wasm_importtype_new(wasm_name_t *module, wasm_name_t *name,
				       wasm_externtype_t *type)
{
	wasm_importtype_t *import = type ? wpkg_mem_calloc(1, sizeof(*import)) : NULL;
	if (!import) {
		wasm_name_delete(module);
		wasm_name_delete(name);
		wasm_externtype_delete(type);
		return NULL;
	}
	import->module = *module;
	import->name = *name;
	import->type = type;
	return import;
}

const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *import)
{
	return &import->module;
}

const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *import)
{
	return &import->name;
}

const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *import)
{
	return import->type;
}

wasm_importtype_t *wasm_importtype_copy(const wasm_importtype_t *import)
{
	wasm_name_t module, name;
	wasm_name_copy(&module, &import->module);
	wasm_name_copy(&name, &import->name);
	return wasm_importtype_new(&module, &name, wasm_externtype_copy(import->type));
}

void wasm_importtype_delete(wasm_importtype_t *import)
{
	if (!import)
		return;
	wasm_name_delete(&import->module);
	wasm_name_delete(&import->name);
	wasm_externtype_delete(import->type);
	wpkg_mem_free(import);
}

wasm_exporttype_t *wasm_exporttype_new(wasm_name_t *name, wasm_externtype_t *type)
{
	wasm_exporttype_t *export = type ? wpkg_mem_calloc(1, sizeof(*export)) : NULL;
	if (!export) {
		wasm_name_delete(name);
		wasm_externtype_delete(type);
		return NULL;
	}
	export->name = *name;
	export->type = type;
	return export;
}

const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *export)
{
	return &export->name;
}

const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *export)
{
	return export->type;
}

wasm_exporttype_t *wasm_exporttype_copy(const wasm_exporttype_t *export)
{
	wasm_name_t name;
	wasm_name_copy(&name, &export->name);
	return wasm_exporttype_new(&name, wasm_externtype_copy(export->type));
}

void wasm_exporttype_delete(wasm_exporttype_t *export)
{
	if (!export)
		return;
	wasm_name_delete(&export->name);
	wasm_externtype_delete(export->type);
	wpkg_mem_free(export);
}
