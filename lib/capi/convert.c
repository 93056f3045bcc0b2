/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the engine as types of wasm.h, which has fewer. */
#include "capi/handle.h"

wasm_valkind_t capi_kind_of(const struct wpkg_types *types, wpkg_valtype type)
{
	switch (type) {
	case WPKG_TYPE_I32:
		return WASM_I32;
	case WPKG_TYPE_I64:
		return WASM_I64;
	case WPKG_TYPE_F32:
		return WASM_F32;
	case WPKG_TYPE_F64:
		return WASM_F64;
	case WPKG_TYPE_V128:
		return WASM_V128;
	default:
		return wpkg_types_top(types, type) == WPKG_HEAP_FUNC ? WASM_FUNCREF
								     : WASM_EXTERNREF;
	}
}

wpkg_valtype capi_type_of_kind(wasm_valkind_t kind)
{
	switch (kind) {
	case WASM_I32:
		return WPKG_TYPE_I32;
	case WASM_I64:
		return WPKG_TYPE_I64;
	case WASM_F32:
		return WPKG_TYPE_F32;
	case WASM_F64:
		return WPKG_TYPE_F64;
	case WASM_V128:
		return WPKG_TYPE_V128;
	case WASM_FUNCREF:
		return WPKG_TYPE_FUNCREF;
	default:
		return WPKG_TYPE_EXTERNREF;
	}
}

/* False: no memory. */
static bool valtypes(wasm_valtype_vec_t *out, const struct wpkg_types *types,
		     const wpkg_valtype *from, uint32_t count)
{
	wasm_valtype_vec_new_uninitialized(out, count);
	for (size_t i = 0; i < out->size; i++)
		out->data[i] = wasm_valtype_new(capi_kind_of(types, from[i]));
	return out->size == count;
}

wasm_functype_t *capi_functype(const struct wpkg_types *types, const struct wpkg_func_type *type)
{
	wasm_valtype_vec_t params, results;
	bool is_good = valtypes(&params, types, type->params, type->param_count);
	is_good = valtypes(&results, types, type->results, type->result_count) && is_good;
	if (is_good)
		return wasm_functype_new(&params, &results);
	wasm_valtype_vec_delete(&params);
	wasm_valtype_vec_delete(&results);
	return NULL;
}

/* What does not fit in 32 bits is as much as does. */
static wasm_limits_t limits_of(const struct wpkg_extent *extent)
{
	wasm_limits_t limits = {.min = UINT32_MAX, .max = wasm_limits_max_default};
	if (extent->min < UINT32_MAX)
		limits.min = (uint32_t)extent->min;
	if (extent->has_max && extent->max < UINT32_MAX)
		limits.max = (uint32_t)extent->max;
	return limits;
}

struct wpkg_extent capi_extent(const wasm_limits_t *limits)
{
	return (struct wpkg_extent){.min = limits->min,
				    .max = limits->max,
				    .has_max = limits->max != wasm_limits_max_default};
}

wasm_globaltype_t *capi_globaltype(const struct wpkg_types *types, wpkg_valtype type,
				   bool is_mutable)
{
	return wasm_globaltype_new(wasm_valtype_new(capi_kind_of(types, type)),
				   is_mutable ? WASM_VAR : WASM_CONST);
}

wasm_tabletype_t *capi_tabletype(const struct wpkg_types *types, wpkg_valtype element,
				 const struct wpkg_extent *extent)
{
	wasm_limits_t limits = limits_of(extent);
	return wasm_tabletype_new(wasm_valtype_new(capi_kind_of(types, element)), &limits);
}

wasm_memorytype_t *capi_memorytype(const struct wpkg_extent *extent)
{
	wasm_limits_t limits = limits_of(extent);
	return wasm_memorytype_new(&limits);
}
