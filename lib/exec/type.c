/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/type.h"

#include "exec/compile.h"

unsigned exec_kind_of(wpkg_valtype type)
{
	switch (type) {
	case WPKG_TYPE_I8:
	case WPKG_TYPE_I16:
	case WPKG_TYPE_I32:
		return KIND_I32;
	case WPKG_TYPE_I64:
		return KIND_I64;
	case WPKG_TYPE_F32:
		return KIND_F32;
	case WPKG_TYPE_F64:
		return KIND_F64;
	case WPKG_TYPE_V128:
		return KIND_V128;
	default:
		return KIND_REF;
	}
}

bool exec_type_has_objects(const struct wpkg_engine *engine, wpkg_valtype type)
{
	return wpkg_valtype_is_ref(type) && wpkg_types_top(&engine->types, type) != WPKG_HEAP_FUNC;
}

bool exec_type_matches(const struct wpkg_engine *engine, uint32_t a, uint32_t b)
{
	return a == b || wpkg_types_id_matches(&engine->types, a, b);
}

static uint32_t fill_kinds(uint8_t *kinds, const wpkg_valtype *types, uint32_t count)
{
	uint32_t slots = 0;
	for (uint32_t i = 0; i < count; i++) {
		kinds[i] = (uint8_t)exec_kind_of(types[i]);
		slots += exec_width(kinds[i]);
	}
	return slots;
}

bool exec_sig_init(struct exec_sig *sig, struct wpkg_engine *engine, uint32_t type)
{
	const struct wpkg_type *from = &engine->types.types[type];
	uint8_t *kinds =
		wpkg_arena_alloc(&engine->arena, from->param_count + from->result_count, 1);
	if (!kinds)
		return false;
	sig->type = type;
	sig->param_count = from->param_count;
	sig->result_count = from->result_count;
	sig->params = kinds;
	sig->results = kinds + from->param_count;
	sig->param_slots = fill_kinds(sig->params, from->params, from->param_count);
	sig->result_slots = fill_kinds(sig->results, wpkg_type_results(from), from->result_count);
	return true;
}

bool exec_types_parse(wpkg_valtype *types, uint32_t max, uint32_t *count, struct wpkg_str text)
{
	static const struct {
		const char *name;
		wpkg_valtype type;
	} known[] = {
		{"i32", WPKG_TYPE_I32},
		{"i64", WPKG_TYPE_I64},
		{"f32", WPKG_TYPE_F32},
		{"f64", WPKG_TYPE_F64},
		{"v128", WPKG_TYPE_V128},
		{"funcref", WPKG_TYPE_FUNCREF},
		{"externref", WPKG_TYPE_EXTERNREF},
	};
	struct wpkg_str word;
	*count = 0;
	while (wpkg_str_split(&text, ' ', &word)) {
		size_t i = 0;
		if (word.len == 0)
			continue;
		while (i < sizeof(known) / sizeof(known[0]) &&
		       !wpkg_str_equal_text(word, known[i].name))
			i++;
		if (i == sizeof(known) / sizeof(known[0]) || *count == max)
			return false;
		types[(*count)++] = known[i].type;
	}
	return true;
}
