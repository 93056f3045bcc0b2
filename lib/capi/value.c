/* SPDX-License-Identifier: Apache-2.0 */
/* Values and references between wasm.h and the engine. */
#include "capi/handle.h"

#include "base/mem.h"
#include "exec/reference.h"

void wasm_val_delete(wasm_val_t *value)
{
	if (!wasm_valkind_is_ref(value->kind))
		return;
	capi_handle_delete(value->of.ref);
	value->of.ref = NULL;
}

void wasm_val_copy(wasm_val_t *out, const wasm_val_t *from)
{
	*out = *from;
	if (wasm_valkind_is_ref(from->kind) && from->of.ref)
		out->of.ref = wasm_ref_copy(from->of.ref);
}

/* The number that stands for the handle among the guest's external references; it stays. */
static bool number_of(uint64_t *out, struct wasm_ref_t *ref)
{
	struct wasm_store_t *store = ref->store;
	if (ref->number) {
		*out = ref->number - 1;
		return true;
	}
	if (store->numbered_count == store->numbered_cap) {
		uint32_t cap = store->numbered_cap ? store->numbered_cap * 2 : 16;
		struct wasm_ref_t **grown =
			wpkg_mem_resize(store->numbered, cap, sizeof(struct wasm_ref_t *));
		if (!grown)
			return false;
		store->numbered = grown;
		store->numbered_cap = cap;
	}
	if (!ref->stays && !capi_handle_keep(ref, (uint64_t)ref))
		return false;
	*out = store->numbered_count;
	store->numbered[store->numbered_count++] = ref;
	ref->number = store->numbered_count;
	return true;
}

bool capi_ref_to(uint64_t *out, struct wasm_store_t *store, wpkg_valtype type,
		 struct wasm_ref_t *ref)
{
	uint64_t word = 0, number;
	bool is_func = wpkg_types_top(wpkg_engine_types(store->engine), type) == WPKG_HEAP_FUNC;
	if (ref && ref->store != store)
		return false;
	if (ref && is_func) {
		word = ref->kind == HANDLE_FUNC ? (uint64_t)ref->external.func : 0;
		if (!word)
			return false;
	} else if (ref && ref->kind == HANDLE_OPAQUE) {
		word = ref->key;
	} else if (ref) {
		if (!number_of(&number, ref))
			return false;
		word = wpkg_ref_from_host(number);
	}
	if (!wpkg_ref_matches(store->engine, word, type))
		return false;
	*out = word;
	return true;
}

/* What the guest made of something of its own: kept for the host. */
static struct wasm_ref_t *opaque(struct wasm_store_t *store, uint64_t word)
{
	struct wpkg_err err;
	uint32_t before = store->stay_count;
	struct wasm_ref_t *ref = capi_handle_of(store, HANDLE_OPAQUE, word);
	if (ref && store->stay_count > before &&
	    wpkg_ref_hold(store->engine, word, &err) != WPKG_OK)
		return NULL;
	return ref;
}

bool capi_ref_from(struct wasm_ref_t **out, struct wasm_store_t *store, uint64_t word)
{
	struct wpkg_external func = {.kind = WPKG_EXTERN_FUNC};
	uint64_t number;
	*out = NULL;
	switch (wpkg_ref_kind(store->engine, word)) {
	case WPKG_REF_KIND_NULL:
		return true;
	case WPKG_REF_KIND_FUNC:
		func.func = (struct wpkg_func *)word;
		*out = capi_handle_of_external(store, &func);
		return *out != NULL;
	case WPKG_REF_KIND_HOST:
		number = wpkg_ref_to_host(word);
		if (number < store->numbered_count)
			*out = wasm_ref_copy(store->numbered[number]);
		return *out != NULL;
	default:
		*out = opaque(store, word);
		return *out != NULL;
	}
}

bool capi_value_to(union wpkg_wasm_value *out, struct wasm_store_t *store, wpkg_valtype type,
		   const wasm_val_t *value)
{
	if (value->kind != capi_kind_of(wpkg_engine_types(store->engine), type) ||
	    value->kind == WASM_V128)
		return false;
	*out = (union wpkg_wasm_value){.i64 = (uint64_t)value->of.i64};
	return !wasm_valkind_is_ref(value->kind) ||
	       capi_ref_to(&out->ref, store, type, value->of.ref);
}

bool capi_value_from(wasm_val_t *out, struct wasm_store_t *store, wpkg_valtype type,
		     const union wpkg_wasm_value *value)
{
	out->kind = capi_kind_of(wpkg_engine_types(store->engine), type);
	out->of.i64 = (int64_t)value->i64;
	if (wasm_valkind_is_ref(out->kind))
		return capi_ref_from(&out->of.ref, store, value->ref);
	return out->kind != WASM_V128;
}
