/* SPDX-License-Identifier: Apache-2.0 */
#include "capi/handle.h"

#include "base/mem.h"

struct capi_module *capi_module_hold(struct capi_module *module)
{
	__atomic_add_fetch(&module->holders, 1, __ATOMIC_RELAXED);
	return module;
}

void capi_module_drop(struct capi_module *module)
{
	if (!module || __atomic_sub_fetch(&module->holders, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	wpkg_module_free(module->module);
	wpkg_mem_free((void *)(uintptr_t)module->bytes.ptr);
	wpkg_mem_free(module);
}

/* With bytes of its own. */
static struct capi_module *read_module(const wasm_byte_vec_t *binary)
{
	struct wpkg_err err;
	struct capi_module *module = wpkg_mem_calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	module->holders = 1;
	char *bytes = wpkg_mem_dup(binary->data, binary->size);
	module->bytes = wpkg_str_of(bytes, bytes ? binary->size : 0);
	if (!bytes || wpkg_module_read(&module->module, module->bytes, NULL, &err) != WPKG_OK) {
		capi_module_drop(module);
		return NULL;
	}
	return module;
}

/* A handle of the module, whose holder it becomes. */
static wasm_module_t *handle_of(wasm_store_t *store, struct capi_module *module)
{
	struct wasm_ref_t *ref = module ? capi_handle_new(store, HANDLE_MODULE) : NULL;
	if (!ref) {
		capi_module_drop(module);
		return NULL;
	}
	ref->module = module;
	return (wasm_module_t *)(void *)ref;
}

wasm_module_t *wasm_module_new(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
	return handle_of(store, read_module(binary));
}

bool wasm_module_validate(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
	struct wpkg_err err;
	struct wpkg_module *module;
	(void)store;
	if (wpkg_module_read(&module, wpkg_str_of(binary->data, binary->size), NULL, &err) !=
	    WPKG_OK)
		return false;
	wpkg_module_free(module);
	return true;
}

void wasm_module_serialize(const wasm_module_t *module, wasm_byte_vec_t *out)
{
	const struct wpkg_str *bytes = &module->ref.module->bytes;
	wasm_byte_vec_new(out, bytes->len, bytes->ptr);
}

wasm_module_t *wasm_module_deserialize(wasm_store_t *store, const wasm_byte_vec_t *bytes)
{
	return wasm_module_new(store, bytes);
}

wasm_shared_module_t *wasm_module_share(const wasm_module_t *module)
{
	wasm_shared_module_t *shared = wpkg_mem_calloc(1, sizeof(*shared));
	if (shared)
		shared->module = capi_module_hold(module->ref.module);
	return shared;
}

wasm_module_t *wasm_module_obtain(wasm_store_t *store, const wasm_shared_module_t *shared)
{
	return handle_of(store, capi_module_hold(shared->module));
}

void wasm_shared_module_delete(wasm_shared_module_t *shared)
{
	if (shared)
		capi_module_drop(shared->module);
	wpkg_mem_free(shared);
}

/* Imports and exports. */

static struct wpkg_extent extent_of(const struct wpkg_size *size)
{
	return (struct wpkg_extent){
		.min = size->min, .max = size->max, .has_max = size->has_max, .is_64 = size->is_64};
}

static wasm_functype_t *functype_of(const struct wpkg_module *module, uint32_t type_index)
{
	const struct wpkg_type *type = wpkg_module_type(module, type_index);
	struct wpkg_func_type of = {type->params, wpkg_type_results(type), type->param_count,
				    type->result_count};
	return capi_functype(&module->types, &of);
}

/* The type of a thing of the module, by kind and index; NULL: no memory. */
static wasm_externtype_t *type_of(const struct wpkg_module *module, uint8_t kind, uint32_t index)
{
	struct wpkg_extent extent;
	switch ((enum wpkg_extern)kind) {
	case WPKG_EXTERN_FUNC:
		return (wasm_externtype_t *)(void *)functype_of(module, module->funcs[index].type);
	case WPKG_EXTERN_TABLE:
		extent = extent_of(&module->tables[index].size);
		return (wasm_externtype_t *)(void *)capi_tabletype(
			&module->types, module->tables[index].element, &extent);
	case WPKG_EXTERN_MEMORY:
		extent = extent_of(&module->memories[index].size);
		return (wasm_externtype_t *)(void *)capi_memorytype(&extent);
	case WPKG_EXTERN_GLOBAL:
		return (wasm_externtype_t *)(void *)capi_globaltype(
			&module->types, module->globals[index].type,
			module->globals[index].is_mutable);
	default:
		return (wasm_externtype_t *)(void *)wasm_tagtype_new(
			functype_of(module, module->tags[index].type));
	}
}

static void name_of(wasm_name_t *out, struct wpkg_str name)
{
	wasm_name_new(out, name.len, name.ptr);
}

void wasm_module_imports(const wasm_module_t *handle, wasm_importtype_vec_t *out)
{
	const struct wpkg_module *module = handle->ref.module->module;
	wasm_importtype_vec_new_uninitialized(out, module->import_count);
	for (size_t i = 0; i < out->size; i++) {
		const struct wpkg_module_import *import = &module->imports[i];
		wasm_name_t from, name;
		name_of(&from, import->module);
		name_of(&name, import->field);
		out->data[i] = wasm_importtype_new(&from, &name,
						   type_of(module, import->kind, import->index));
	}
}

void wasm_module_exports(const wasm_module_t *handle, wasm_exporttype_vec_t *out)
{
	const struct wpkg_module *module = handle->ref.module->module;
	wasm_exporttype_vec_new_uninitialized(out, module->export_count);
	for (size_t i = 0; i < out->size; i++) {
		const struct wpkg_module_export *export = &module->exports[i];
		wasm_name_t name;
		name_of(&name, export->name);
		out->data[i] =
			wasm_exporttype_new(&name, type_of(module, export->kind, export->index));
	}
}
