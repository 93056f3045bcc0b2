/* SPDX-License-Identifier: Apache-2.0 */
#include "capi/handle.h"

#include "base/mem.h"
#include "exec/reference.h"

struct wasm_ref_t *capi_handle_new(struct wasm_store_t *store, enum handle_kind kind)
{
	struct wasm_ref_t *ref = wpkg_mem_calloc(1, sizeof(*ref));
	if (!ref)
		return NULL;
	ref->kind = kind;
	ref->store = store;
	ref->holders = 1;
	return ref;
}

/* The table of those that stay. */

static uint32_t bucket_of(const struct wasm_store_t *store, uint64_t key)
{
	uint64_t hash = (key >> 3) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32) & (store->bucket_count - 1);
}

static bool rehash(struct wasm_store_t *store)
{
	uint32_t old = store->bucket_count;
	struct wasm_ref_t **from = store->buckets;
	uint32_t count = old ? old * 2 : 64;
	struct wasm_ref_t **buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	if (!buckets)
		return false;
	store->buckets = buckets;
	store->bucket_count = count;
	for (uint32_t i = 0; i < old; i++)
		for (struct wasm_ref_t *ref = from[i], *next; ref; ref = next) {
			uint32_t at = bucket_of(store, ref->key);
			next = ref->next;
			ref->next = buckets[at];
			buckets[at] = ref;
		}
	wpkg_mem_free(from);
	return true;
}

bool capi_handle_keep(struct wasm_ref_t *ref, uint64_t key)
{
	struct wasm_store_t *store = ref->store;
	if (store->stay_count >= store->bucket_count && !rehash(store))
		return false;
	ref->key = key;
	ref->stays = true;
	uint32_t at = bucket_of(store, key);
	ref->next = store->buckets[at];
	store->buckets[at] = ref;
	store->stay_count++;
	return true;
}

struct wasm_ref_t *capi_handle_of(struct wasm_store_t *store, enum handle_kind kind, uint64_t key)
{
	struct wasm_ref_t *ref = store->bucket_count ? store->buckets[bucket_of(store, key)] : NULL;
	while (ref && (ref->key != key || ref->kind != kind))
		ref = ref->next;
	if (ref) {
		ref->holders++;
		return ref;
	}
	ref = capi_handle_new(store, kind);
	if (ref && !capi_handle_keep(ref, key)) {
		wpkg_mem_free(ref);
		return NULL;
	}
	return ref;
}

struct wasm_ref_t *capi_handle_of_external(struct wasm_store_t *store,
					   const struct wpkg_external *external)
{
	static const enum handle_kind kinds[] = {[WPKG_EXTERN_FUNC] = HANDLE_FUNC,
						 [WPKG_EXTERN_TABLE] = HANDLE_TABLE,
						 [WPKG_EXTERN_MEMORY] = HANDLE_MEMORY,
						 [WPKG_EXTERN_GLOBAL] = HANDLE_GLOBAL,
						 [WPKG_EXTERN_TAG] = HANDLE_TAG};
	struct wasm_ref_t *ref =
		capi_handle_of(store, kinds[external->kind], (uint64_t)external->func);
	if (ref)
		ref->external = *external;
	return ref;
}

struct wasm_ref_t *capi_handle_of_instance(struct wasm_store_t *store,
					   struct wpkg_instance *instance)
{
	struct wasm_ref_t *ref = capi_handle_of(store, HANDLE_INSTANCE, (uint64_t)instance);
	if (ref)
		ref->instance = instance;
	return ref;
}

/* Ends. */

void capi_handle_end(struct wasm_ref_t *ref)
{
	if (ref->finalizer)
		ref->finalizer(ref->host_info);
	if (ref->kind == HANDLE_MODULE)
		capi_module_drop(ref->module);
	if (ref->kind == HANDLE_TRAP) {
		wasm_byte_vec_delete(&ref->trap.message);
		wpkg_mem_free(ref->trap.frames);
	}
	wpkg_mem_free(ref);
}

void capi_handle_delete(struct wasm_ref_t *ref)
{
	if (ref && --ref->holders == 0 && !ref->stays)
		capi_handle_end(ref);
}

/* What every kind of handle has. */

static struct wasm_ref_t *counted(const struct wasm_ref_t *ref)
{
	struct wasm_ref_t *own = (struct wasm_ref_t *)(uintptr_t)ref;
	if (own)
		own->holders++;
	return own;
}

static void set_info(struct wasm_ref_t *ref, void *info, void (*finalizer)(void *))
{
	ref->host_info = info;
	ref->finalizer = finalizer;
}

#define TYPED(name, ref) ((wasm_##name##_t *)(void *)(ref))
#define BASE(thing) ((struct wasm_ref_t *)(void *)(uintptr_t)(thing))

#define DEFINE_REF_BASE(name)                                                                      \
	void wasm_##name##_delete(wasm_##name##_t *x)                                              \
	{                                                                                          \
		capi_handle_delete(BASE(x));                                                       \
	}                                                                                          \
	wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *x)                              \
	{                                                                                          \
		return TYPED(name, counted(BASE(x)));                                              \
	}                                                                                          \
	bool wasm_##name##_same(const wasm_##name##_t *x, const wasm_##name##_t *y)                \
	{                                                                                          \
		return BASE(x) == BASE(y);                                                         \
	}                                                                                          \
	void *wasm_##name##_get_host_info(const wasm_##name##_t *x)                                \
	{                                                                                          \
		return BASE(x)->host_info;                                                         \
	}                                                                                          \
	void wasm_##name##_set_host_info(wasm_##name##_t *x, void *info)                           \
	{                                                                                          \
		set_info(BASE(x), info, NULL);                                                     \
	}                                                                                          \
	void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *x, void *info,            \
							void (*finalizer)(void *))                 \
	{                                                                                          \
		set_info(BASE(x), info, finalizer);                                                \
	}

#define DEFINE_REF(name, is)                                                                       \
	DEFINE_REF_BASE(name)                                                                      \
	wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *x)                                       \
	{                                                                                          \
		return BASE(x);                                                                    \
	}                                                                                          \
	const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *x)                     \
	{                                                                                          \
		return BASE(x);                                                                    \
	}                                                                                          \
	wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *ref)                                       \
	{                                                                                          \
		return ref && (is) ? TYPED(name, ref) : NULL;                                      \
	}                                                                                          \
	const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *ref)                   \
	{                                                                                          \
		return ref && (is) ? TYPED(name, BASE(ref)) : NULL;                                \
	}

#define DEFINE_EXTERN(name, is)                                                                    \
	DEFINE_REF(name, is)                                                                       \
	wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *x)                                 \
	{                                                                                          \
		return TYPED(extern, x);                                                           \
	}                                                                                          \
	const wasm_extern_t *wasm_##name##_as_extern_const(const wasm_##name##_t *x)               \
	{                                                                                          \
		return TYPED(extern, BASE(x));                                                     \
	}                                                                                          \
	wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *x)                                   \
	{                                                                                          \
		return wasm_ref_as_##name(BASE(x));                                                \
	}                                                                                          \
	const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *x)               \
	{                                                                                          \
		return wasm_ref_as_##name(BASE(x));                                                \
	}

DEFINE_REF_BASE(ref)
DEFINE_REF(trap, ref->kind == HANDLE_TRAP)
DEFINE_REF(foreign, ref->kind == HANDLE_FOREIGN)
DEFINE_REF(module, ref->kind == HANDLE_MODULE)
DEFINE_REF(instance, ref->kind == HANDLE_INSTANCE)
DEFINE_REF(extern, ref->kind >= HANDLE_FUNC && ref->kind <= HANDLE_TAG)
DEFINE_EXTERN(func, ref->kind == HANDLE_FUNC)
DEFINE_EXTERN(global, ref->kind == HANDLE_GLOBAL)
DEFINE_EXTERN(table, ref->kind == HANDLE_TABLE)
DEFINE_EXTERN(memory, ref->kind == HANDLE_MEMORY)
DEFINE_EXTERN(tag, ref->kind == HANDLE_TAG)
