/* SPDX-License-Identifier: Apache-2.0 */
#include "capi/handle.h"

#include "base/mem.h"

wasm_config_t *wasm_config_new(void)
{
	return wpkg_mem_calloc(1, sizeof(wasm_config_t));
}

void wasm_config_delete(wasm_config_t *config)
{
	wpkg_mem_free(config);
}

wasm_engine_t *wasm_engine_new(void)
{
	return wpkg_mem_calloc(1, sizeof(wasm_engine_t));
}

wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *config)
{
	wasm_engine_t *engine = config ? wasm_engine_new() : NULL;
	if (engine)
		engine->config = *config;
	wasm_config_delete(config);
	return engine;
}

void wasm_engine_delete(wasm_engine_t *engine)
{
	wpkg_mem_free(engine);
}

wasm_store_t *wasm_store_new(wasm_engine_t *engine)
{
	struct wpkg_err err;
	wasm_store_t *store = wpkg_mem_calloc(1, sizeof(*store));
	if (!store)
		return NULL;
	if (wpkg_engine_new(&store->engine, &engine->config.limits, &err) != WPKG_OK) {
		wpkg_mem_free(store);
		return NULL;
	}
	return store;
}

/* Finalizers may look at what they are for, but at nothing else of the store. */
void wasm_store_delete(wasm_store_t *store)
{
	if (!store)
		return;
	wpkg_engine_free(store->engine);
	for (uint32_t i = 0; i < store->bucket_count; i++)
		for (struct wasm_ref_t *ref = store->buckets[i], *next; ref; ref = next) {
			next = ref->next;
			capi_handle_end(ref);
		}
	for (struct capi_callback *callback = store->callbacks, *next; callback; callback = next) {
		next = callback->next;
		if (callback->finalizer)
			callback->finalizer(callback->env);
		wpkg_mem_free(callback);
	}
	for (uint32_t i = 0; i < store->module_count; i++)
		capi_module_drop(store->modules[i]);
	wpkg_mem_free(store->modules);
	wpkg_mem_free(store->numbered);
	wpkg_mem_free(store->buckets);
	wpkg_mem_free(store);
}

wasm_foreign_t *wasm_foreign_new(wasm_store_t *store)
{
	return (wasm_foreign_t *)(void *)capi_handle_new(store, HANDLE_FOREIGN);
}
