/* SPDX-License-Identifier: Apache-2.0 */
/* Globals, tables, memories and tags of wasm.h. */
#include "capi/handle.h"

static const struct wpkg_types *types_of(const struct wasm_ref_t *ref)
{
	return wpkg_engine_types(ref->store->engine);
}

/* Globals. */

wasm_global_t *wasm_global_new(wasm_store_t *store, const wasm_globaltype_t *type,
			       const wasm_val_t *value)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_GLOBAL};
	struct wpkg_err err;
	union wpkg_wasm_value init;
	wpkg_valtype content = capi_type_of_kind(wasm_valtype_kind(wasm_globaltype_content(type)));
	if (!capi_value_to(&init, store, content, value) ||
	    wpkg_global_new(&external.global, store->engine, content,
			    wasm_globaltype_mutability(type) == WASM_VAR, init, &err) != WPKG_OK)
		return NULL;
	return (wasm_global_t *)(void *)capi_handle_of_external(store, &external);
}

wasm_globaltype_t *wasm_global_type(const wasm_global_t *global)
{
	const struct wpkg_global *of = global->ref.external.global;
	return capi_globaltype(types_of(&global->ref), wpkg_global_type(of),
			       wpkg_global_is_mutable(of));
}

void wasm_global_get(const wasm_global_t *global, wasm_val_t *out)
{
	const struct wpkg_global *of = global->ref.external.global;
	union wpkg_wasm_value value = wpkg_global_get(of);
	if (!capi_value_from(out, global->ref.store, wpkg_global_type(of), &value))
		*out = (wasm_val_t)WASM_INIT_VAL;
}

/* A value of another type, or a global that does not change, is left as it is. */
void wasm_global_set(wasm_global_t *global, const wasm_val_t *value)
{
	struct wpkg_global *of = global->ref.external.global;
	union wpkg_wasm_value own;
	if (wpkg_global_is_mutable(of) &&
	    capi_value_to(&own, global->ref.store, wpkg_global_type(of), value))
		wpkg_global_set(of, own);
}

/* Tables. */

wasm_table_t *wasm_table_new(wasm_store_t *store, const wasm_tabletype_t *type, wasm_ref_t *init)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_TABLE};
	struct wpkg_err err;
	struct wpkg_extent extent = capi_extent(wasm_tabletype_limits(type));
	wpkg_valtype element = capi_type_of_kind(wasm_valtype_kind(wasm_tabletype_element(type)));
	uint64_t fill;
	if (!wpkg_valtype_is_ref(element) || !capi_ref_to(&fill, store, element, init) ||
	    wpkg_table_new(&external.table, store->engine, element, &extent, fill, &err) != WPKG_OK)
		return NULL;
	return (wasm_table_t *)(void *)capi_handle_of_external(store, &external);
}

wasm_tabletype_t *wasm_table_type(const wasm_table_t *table)
{
	const struct wpkg_table *of = table->ref.external.table;
	struct wpkg_extent extent = wpkg_table_extent(of);
	return capi_tabletype(types_of(&table->ref), wpkg_table_element(of), &extent);
}

wasm_ref_t *wasm_table_get(const wasm_table_t *table, wasm_table_size_t index)
{
	uint64_t word;
	wasm_ref_t *ref = NULL;
	if (wpkg_table_get(&word, table->ref.external.table, index) &&
	    capi_ref_from(&ref, table->ref.store, word))
		return ref;
	return NULL;
}

bool wasm_table_set(wasm_table_t *table, wasm_table_size_t index, wasm_ref_t *ref)
{
	struct wpkg_table *of = table->ref.external.table;
	uint64_t word;
	return capi_ref_to(&word, table->ref.store, wpkg_table_element(of), ref) &&
	       wpkg_table_set(of, index, word);
}

wasm_table_size_t wasm_table_size(const wasm_table_t *table)
{
	return (wasm_table_size_t)wpkg_table_extent(table->ref.external.table).min;
}

bool wasm_table_grow(wasm_table_t *table, wasm_table_size_t delta, wasm_ref_t *init)
{
	struct wpkg_table *of = table->ref.external.table;
	uint64_t word;
	return capi_ref_to(&word, table->ref.store, wpkg_table_element(of), init) &&
	       wpkg_table_grow(of, delta, word) != UINT64_MAX;
}

/* Memories. */

wasm_memory_t *wasm_memory_new(wasm_store_t *store, const wasm_memorytype_t *type)
{
	struct wpkg_external external = {.kind = WPKG_EXTERN_MEMORY};
	struct wpkg_err err;
	struct wpkg_extent extent = capi_extent(wasm_memorytype_limits(type));
	if (wpkg_memory_new(&external.memory, store->engine, &extent, &err) != WPKG_OK)
		return NULL;
	return (wasm_memory_t *)(void *)capi_handle_of_external(store, &external);
}

wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *memory)
{
	struct wpkg_extent extent = wpkg_memory_extent(memory->ref.external.memory);
	return capi_memorytype(&extent);
}

byte_t *wasm_memory_data(wasm_memory_t *memory)
{
	return (byte_t *)wpkg_memory_bytes(memory->ref.external.memory);
}

size_t wasm_memory_data_size(const wasm_memory_t *memory)
{
	return wpkg_memory_size(memory->ref.external.memory);
}

wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *memory)
{
	return (wasm_memory_pages_t)wpkg_memory_extent(memory->ref.external.memory).min;
}

bool wasm_memory_grow(wasm_memory_t *memory, wasm_memory_pages_t delta)
{
	return wpkg_memory_grow(memory->ref.external.memory, delta) != UINT64_MAX;
}

/* Tags. */

wasm_tag_t *wasm_tag_new(wasm_store_t *store, const wasm_tagtype_t *type)
{
	const wasm_valtype_vec_t *params = wasm_functype_params(wasm_tagtype_functype(type));
	struct wpkg_external external = {.kind = WPKG_EXTERN_TAG};
	struct wpkg_err err;
	wpkg_valtype types[16];
	if (params->size > sizeof(types) / sizeof(types[0]))
		return NULL;
	for (size_t i = 0; i < params->size; i++)
		types[i] = capi_type_of_kind(wasm_valtype_kind(params->data[i]));
	if (wpkg_tag_new(&external.tag, store->engine, types, (uint32_t)params->size, &err) !=
	    WPKG_OK)
		return NULL;
	return (wasm_tag_t *)(void *)capi_handle_of_external(store, &external);
}

wasm_tagtype_t *wasm_tag_type(const wasm_tag_t *tag)
{
	struct wpkg_func_type type = wpkg_tag_type(tag->ref.store->engine, tag->ref.external.tag);
	return wasm_tagtype_new(capi_functype(types_of(&tag->ref), &type));
}

/* Any of them, and functions. */

wasm_externkind_t wasm_extern_kind(const wasm_extern_t *external)
{
	static const wasm_externkind_t kinds[] = {[WPKG_EXTERN_FUNC] = WASM_EXTERN_FUNC,
						  [WPKG_EXTERN_TABLE] = WASM_EXTERN_TABLE,
						  [WPKG_EXTERN_MEMORY] = WASM_EXTERN_MEMORY,
						  [WPKG_EXTERN_GLOBAL] = WASM_EXTERN_GLOBAL,
						  [WPKG_EXTERN_TAG] = WASM_EXTERN_TAG};
	return kinds[external->ref.external.kind];
}

wasm_externtype_t *wasm_extern_type(const wasm_extern_t *external)
{
	switch (external->ref.external.kind) {
	case WPKG_EXTERN_FUNC:
		return (wasm_externtype_t *)(void *)wasm_func_type(
			wasm_extern_as_func_const(external));
	case WPKG_EXTERN_TABLE:
		return (wasm_externtype_t *)(void *)wasm_table_type(
			wasm_extern_as_table_const(external));
	case WPKG_EXTERN_MEMORY:
		return (wasm_externtype_t *)(void *)wasm_memory_type(
			wasm_extern_as_memory_const(external));
	case WPKG_EXTERN_GLOBAL:
		return (wasm_externtype_t *)(void *)wasm_global_type(
			wasm_extern_as_global_const(external));
	default:
		return (wasm_externtype_t *)(void *)wasm_tag_type(
			wasm_extern_as_tag_const(external));
	}
}
