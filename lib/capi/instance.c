/* SPDX-License-Identifier: Apache-2.0 */
#include "capi/handle.h"

#include "base/mem.h"

/* The store keeps the module as long as its instances, and so as long as itself. */
static bool keep_module(struct wasm_store_t *store, struct capi_module *module)
{
	for (uint32_t i = 0; i < store->module_count; i++)
		if (store->modules[i] == module)
			return true;
	if (store->module_count == store->module_cap) {
		uint32_t cap = store->module_cap ? store->module_cap * 2 : 8;
		struct capi_module **grown =
			wpkg_mem_resize(store->modules, cap, sizeof(struct capi_module *));
		if (!grown)
			return false;
		store->modules = grown;
		store->module_cap = cap;
	}
	store->modules[store->module_count++] = capi_module_hold(module);
	return true;
}

/* What the engine takes for the imports; NULL, with the error set, when one is of another store. */
static struct wpkg_external *externals(struct wasm_store_t *store, const wasm_extern_vec_t *imports,
				       struct wpkg_err *err)
{
	struct wpkg_external *out = wpkg_mem_calloc(imports->size + 1, sizeof(*out));
	if (!out)
		wpkg_err_set(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; out && i < imports->size; i++) {
		const wasm_extern_t *import = imports->data[i];
		if (!import || import->ref.store != store) {
			wpkg_err_set(err, WPKG_EINVAL, "import %zu is nothing of this store", i);
			wpkg_mem_free(out);
			return NULL;
		}
		out[i] = import->ref.external;
	}
	return out;
}

static enum wpkg_status instantiate(struct wpkg_instance **out, struct wasm_store_t *store,
				    struct capi_module *module, const wasm_extern_vec_t *imports,
				    struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	if (!keep_module(store, module))
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	struct wpkg_external *externs = externals(store, imports, err);
	if (!externs)
		return err->status;
	enum wpkg_status status = wpkg_instance_new(out, store->engine, module->module, externs,
						    (uint32_t)imports->size, outcome, err);
	wpkg_mem_free(externs);
	return status;
}

wasm_instance_t *wasm_instance_new(wasm_store_t *store, const wasm_module_t *module,
				   const wasm_extern_vec_t *imports, wasm_trap_t **trap)
{
	static const wasm_extern_vec_t none = WASM_EMPTY_VEC;
	struct wpkg_err err;
	struct wpkg_outcome outcome = {.trap = WPKG_TRAP_NONE};
	struct wpkg_instance *instance = NULL;
	if (trap)
		*trap = NULL;
	if (instantiate(&instance, store, module->ref.module, imports ? imports : &none, &outcome,
			&err) == WPKG_OK)
		return (wasm_instance_t *)(void *)capi_handle_of_instance(store, instance);
	wasm_trap_t *own =
		outcome.trap ? capi_trap_of(store, &outcome) : capi_trap_new(store, err.msg);
	if (trap)
		*trap = own;
	else
		wasm_trap_delete(own);
	return NULL;
}

void wasm_instance_exports(const wasm_instance_t *instance, wasm_extern_vec_t *out)
{
	const struct wpkg_instance *from = instance->ref.instance;
	wasm_extern_vec_new_uninitialized(out, wpkg_instance_module(from)->export_count);
	for (size_t i = 0; i < out->size; i++) {
		struct wpkg_external external = wpkg_instance_export(from, (uint32_t)i);
		out->data[i] = (wasm_extern_t *)(void *)capi_handle_of_external(instance->ref.store,
										&external);
	}
}
