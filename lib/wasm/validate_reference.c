/* SPDX-License-Identifier: Apache-2.0 */
/* References, casts, structs and arrays. */
#include "base/mem.h"
#include "wasm/validate.h"

static bool matches(const struct validator *v, wpkg_valtype a, wpkg_valtype b)
{
	return wpkg_types_matches(&v->module->types, a, b);
}

/* References. */

static bool step_ref_null(struct validator *v)
{
	wpkg_valtype ref = wasm_read_heap_type(&v->in);
	if (v->in.r.status != WPKG_OK ||
	    !wasm_need_valtype(&v->in, ref | WPKG_TYPE_NULLABLE, v->here))
		return false;
	return wasm_push(v, ref | WPKG_TYPE_NULLABLE);
}

/* Bits by function; all are known before the first is declared. */
bool wasm_declare(struct validator *v, uint32_t function)
{
	if (!v->declared)
		v->declared = wpkg_mem_calloc(v->module->func_count / 8 + 1, 1);
	if (!v->declared)
		return wpkg_reader_fail(&v->in.r, v->in.r.at, WPKG_ENOMEM,
					"no memory for the module");
	v->declared[function / 8] |= (uint8_t)(1U << function % 8);
	return true;
}

static bool is_declared(const struct validator *v, uint32_t function)
{
	return v->declared && v->declared[function / 8] >> function % 8 & 1;
}

/* A body may refer only to functions that are named outside of bodies. */
static bool step_ref_func(struct validator *v)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (index >= v->module->func_count)
		return wasm_invalid(v, "unknown function %u", (unsigned)index);
	if (v->is_constant && !wasm_declare(v, index))
		return false;
	if (!is_declared(v, index))
		return wasm_invalid(v, "undeclared function reference %u", (unsigned)index);
	uint32_t type = v->module->funcs[index].type;
	return wasm_push(v, WPKG_REF_TYPE(v->module->type_ids[type]));
}

static bool step_ref_is_null(struct validator *v)
{
	wpkg_valtype ref;
	return wasm_pop_ref(v, &ref) && wasm_push(v, WPKG_TYPE_I32);
}

static bool step_ref_as_non_null(struct validator *v)
{
	wpkg_valtype ref;
	return wasm_pop_ref(v, &ref) && wasm_push(v, ref & ~WPKG_TYPE_NULLABLE);
}

static bool step_ref_eq(struct validator *v)
{
	return wasm_pop(v, WPKG_REF_NULL(WPKG_HEAP_EQ)) &&
	       wasm_pop(v, WPKG_REF_NULL(WPKG_HEAP_EQ)) && wasm_push(v, WPKG_TYPE_I32);
}

/* Takes the label's operands and gives them back with the label's types. */
static bool pass(struct validator *v, struct span types)
{
	return wasm_pop_span(v, types) && wasm_push_span(v, types);
}

static bool step_br_on_null(struct validator *v)
{
	struct span types;
	wpkg_valtype ref;
	return wasm_read_label(v, &types) && wasm_pop_ref(v, &ref) && pass(v, types) &&
	       wasm_push(v, ref & ~WPKG_TYPE_NULLABLE);
}

/* The label's last operand, which must be a reference; the others are left in *types. */
static bool last_of_label(struct validator *v, struct span *types, wpkg_valtype *last)
{
	if (!wasm_read_label(v, types))
		return false;
	if (types->count == 0 || !wpkg_valtype_is_ref(types->at[types->count - 1])) {
		wasm_invalid(v, "type mismatch: the label does not take a reference");
		return false;
	}
	*last = types->at[--types->count];
	return true;
}

static bool step_br_on_non_null(struct validator *v)
{
	struct span types;
	wpkg_valtype last;
	return last_of_label(v, &types, &last) && wasm_pop(v, last | WPKG_TYPE_NULLABLE) &&
	       pass(v, types);
}

/* Casts. */

static bool read_cast_type(struct validator *v, bool is_nullable, wpkg_valtype *type)
{
	*type = wasm_read_heap_type(&v->in);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (is_nullable)
		*type |= WPKG_TYPE_NULLABLE;
	return true;
}

/* What may be tested or cast to the type: anything of its hierarchy. */
static wpkg_valtype top_of(const struct validator *v, wpkg_valtype type)
{
	return WPKG_REF_NULL(wpkg_types_top(&v->module->types, type));
}

static bool step_ref_test(struct validator *v, bool is_nullable)
{
	wpkg_valtype type;
	return read_cast_type(v, is_nullable, &type) && wasm_pop(v, top_of(v, type)) &&
	       wasm_push(v, WPKG_TYPE_I32);
}

static bool step_ref_cast(struct validator *v, bool is_nullable)
{
	wpkg_valtype type;
	return read_cast_type(v, is_nullable, &type) && wasm_pop(v, top_of(v, type)) &&
	       wasm_push(v, type);
}

/* What is left of a type when the cast to another failed: null went with the cast. */
static wpkg_valtype difference(wpkg_valtype from, wpkg_valtype to)
{
	return wpkg_valtype_is_nullable(to) ? from & ~WPKG_TYPE_NULLABLE : from;
}

static bool step_br_on_cast(struct validator *v, bool on_fail)
{
	uint8_t flags = wpkg_reader_byte(&v->in.r);
	if (flags > 3)
		return wasm_invalid(v, "malformed cast flags 0x%02x", flags);
	struct span types;
	wpkg_valtype last, from, to;
	if (!last_of_label(v, &types, &last) || !read_cast_type(v, flags & 1, &from) ||
	    !read_cast_type(v, flags >> 1, &to))
		return false;
	if (!matches(v, to, from))
		return wasm_invalid(v, "type mismatch: cast to a type that is not below the first");
	wpkg_valtype rest = difference(from, to);
	if (!matches(v, on_fail ? rest : to, last))
		return wasm_invalid(v, "type mismatch: the label takes another reference");
	return wasm_pop(v, from) && pass(v, types) && wasm_push(v, on_fail ? to : rest);
}

/* Conversions, i31. */

static bool convert(struct validator *v, enum wpkg_heap from, enum wpkg_heap to)
{
	wpkg_valtype ref;
	if (!wasm_pop_ref(v, &ref))
		return false;
	if (!matches(v, ref, WPKG_REF_NULL(from))) {
		v->sp++;
		return wasm_pop(v, WPKG_REF_NULL(from));
	}
	return wasm_push(v, WPKG_REF(to) | (ref & WPKG_TYPE_NULLABLE));
}

static bool step_i31(struct validator *v, unsigned opcode)
{
	if (opcode == WPKG_OP_REF_I31)
		return wasm_pop(v, WPKG_TYPE_I32) && wasm_push(v, WPKG_REF(WPKG_HEAP_I31));
	return wasm_pop(v, WPKG_REF_NULL(WPKG_HEAP_I31)) && wasm_push(v, WPKG_TYPE_I32);
}

/* Structs and arrays. */

/* The type that an instruction names, as the reference to it; NULL on failure. */
static const struct wpkg_type *read_composite(struct validator *v, enum wpkg_composite composite,
					      wpkg_valtype *ref)
{
	uint32_t index = wasm_read_type_index(&v->in);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	*ref = WPKG_REF_TYPE(v->module->type_ids[index]);
	const struct wpkg_type *type = wpkg_module_type(v->module, index);
	if (type->composite == composite)
		return type;
	wasm_invalid(v, "type %u is not %s", (unsigned)index,
		     composite == WPKG_COMPOSITE_STRUCT ? "a struct" : "an array");
	return NULL;
}

static bool fields_have_defaults(struct validator *v, const struct wpkg_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++)
		if (!wpkg_valtype_has_default(type->fields[i].type))
			return wasm_invalid(v, "field %u has no default value", (unsigned)i);
	return true;
}

static bool step_struct_new(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_STRUCT, &ref);
	if (!type)
		return false;
	if (opcode == WPKG_OP_STRUCT_NEW_DEFAULT)
		return fields_have_defaults(v, type) && wasm_push(v, ref);
	for (uint32_t i = type->field_count; i > 0; i--)
		if (!wasm_pop(v, wpkg_valtype_unpacked(type->fields[i - 1].type)))
			return false;
	return wasm_push(v, ref);
}

/* Packed fields are read with a sign or without, others plainly. */
static bool check_packing(struct validator *v, wpkg_valtype type, bool is_extending)
{
	bool is_packed = wpkg_valtype_unpacked(type) != type;
	if (is_packed == is_extending)
		return true;
	return wasm_invalid(v, is_packed ? "field is packed" : "field is not packed");
}

static bool step_struct_field(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_STRUCT, &ref);
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (index >= type->field_count)
		return wasm_invalid(v, "unknown field %u", (unsigned)index);
	const struct wpkg_field *field = &type->fields[index];
	ref |= WPKG_TYPE_NULLABLE;
	if (opcode == WPKG_OP_STRUCT_SET) {
		if (!field->is_mutable)
			return wasm_invalid(v, "immutable field %u", (unsigned)index);
		return wasm_pop(v, wpkg_valtype_unpacked(field->type)) && wasm_pop(v, ref);
	}
	return check_packing(v, field->type, opcode != WPKG_OP_STRUCT_GET) && wasm_pop(v, ref) &&
	       wasm_push(v, wpkg_valtype_unpacked(field->type));
}

static bool check_mutable(struct validator *v, const struct wpkg_type *array)
{
	return array->fields[0].is_mutable || wasm_invalid(v, "immutable array");
}

static bool step_array_new_fixed(struct validator *v, wpkg_valtype element, wpkg_valtype ref)
{
	uint32_t count = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (wasm_at_floor(v) && wasm_frame(v)->is_unreachable)
			break; /* there is no end to what can be popped */
		if (!wasm_pop(v, element))
			return false;
	}
	return wasm_push(v, ref);
}

static bool step_array_new(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	if (!type)
		return false;
	wpkg_valtype element = wpkg_valtype_unpacked(type->fields[0].type);
	if (opcode == WPKG_OP_ARRAY_NEW_FIXED)
		return step_array_new_fixed(v, element, ref);
	if (opcode == WPKG_OP_ARRAY_NEW_DEFAULT && !fields_have_defaults(v, type))
		return false;
	return wasm_pop(v, WPKG_TYPE_I32) &&
	       (opcode == WPKG_OP_ARRAY_NEW_DEFAULT || wasm_pop(v, element)) && wasm_push(v, ref);
}

/* An element of the array may come from bytes of a data segment. */
static bool check_data(struct validator *v, const struct wpkg_type *array)
{
	if (!wasm_read_data(v))
		return false;
	return !wpkg_valtype_is_ref(array->fields[0].type) ||
	       wasm_invalid(v, "array type is not numeric or vector");
}

static bool check_elem(struct validator *v, const struct wpkg_type *array)
{
	const struct wpkg_module_elem *elem = wasm_read_elem(v);
	if (!elem)
		return false;
	return matches(v, elem->type, array->fields[0].type) ||
	       wasm_invalid(v, "type mismatch: the element segment holds other references");
}

/* array.new_data, array.new_elem: offset in the segment, length */
static bool step_array_new_segment(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	return type &&
	       (opcode == WPKG_OP_ARRAY_NEW_DATA ? check_data(v, type) : check_elem(v, type)) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, WPKG_TYPE_I32) && wasm_push(v, ref);
}

/* array.init_data, array.init_elem: array, offset in it, offset in the segment, length */
static bool step_array_init_segment(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	return type && check_mutable(v, type) &&
	       (opcode == WPKG_OP_ARRAY_INIT_DATA ? check_data(v, type) : check_elem(v, type)) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, WPKG_TYPE_I32) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, ref | WPKG_TYPE_NULLABLE);
}

static bool step_array_get(struct validator *v, unsigned opcode)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	return type && check_packing(v, type->fields[0].type, opcode != WPKG_OP_ARRAY_GET) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, ref | WPKG_TYPE_NULLABLE) &&
	       wasm_push(v, wpkg_valtype_unpacked(type->fields[0].type));
}

static bool step_array_set(struct validator *v)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	return type && check_mutable(v, type) &&
	       wasm_pop(v, wpkg_valtype_unpacked(type->fields[0].type)) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, ref | WPKG_TYPE_NULLABLE);
}

static bool step_array_fill(struct validator *v)
{
	wpkg_valtype ref;
	const struct wpkg_type *type = read_composite(v, WPKG_COMPOSITE_ARRAY, &ref);
	return type && check_mutable(v, type) && wasm_pop(v, WPKG_TYPE_I32) &&
	       wasm_pop(v, wpkg_valtype_unpacked(type->fields[0].type)) &&
	       wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, ref | WPKG_TYPE_NULLABLE);
}

static bool step_array_copy(struct validator *v)
{
	wpkg_valtype to_ref, from_ref;
	const struct wpkg_type *to = read_composite(v, WPKG_COMPOSITE_ARRAY, &to_ref);
	const struct wpkg_type *from =
		to ? read_composite(v, WPKG_COMPOSITE_ARRAY, &from_ref) : NULL;
	if (!from || !check_mutable(v, to))
		return false;
	if (!matches(v, from->fields[0].type, to->fields[0].type))
		return wasm_invalid(v, "array types do not match");
	return wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, WPKG_TYPE_I32) &&
	       wasm_pop(v, from_ref | WPKG_TYPE_NULLABLE) && wasm_pop(v, WPKG_TYPE_I32) &&
	       wasm_pop(v, to_ref | WPKG_TYPE_NULLABLE);
}

static bool step_array(struct validator *v, unsigned opcode)
{
	switch (opcode) {
	case WPKG_OP_ARRAY_NEW:
	case WPKG_OP_ARRAY_NEW_DEFAULT:
	case WPKG_OP_ARRAY_NEW_FIXED:
		return step_array_new(v, opcode);
	case WPKG_OP_ARRAY_NEW_DATA:
	case WPKG_OP_ARRAY_NEW_ELEM:
		return step_array_new_segment(v, opcode);
	case WPKG_OP_ARRAY_GET:
	case WPKG_OP_ARRAY_GET_S:
	case WPKG_OP_ARRAY_GET_U:
		return step_array_get(v, opcode);
	case WPKG_OP_ARRAY_SET:
		return step_array_set(v);
	case WPKG_OP_ARRAY_LEN:
		return wasm_pop(v, WPKG_REF_NULL(WPKG_HEAP_ARRAY)) && wasm_push(v, WPKG_TYPE_I32);
	case WPKG_OP_ARRAY_FILL:
		return step_array_fill(v);
	case WPKG_OP_ARRAY_COPY:
		return step_array_copy(v);
	default:
		return step_array_init_segment(v, opcode);
	}
}

bool wasm_step_reference(struct validator *v, unsigned opcode)
{
	switch (opcode) {
	case WPKG_OP_REF_NULL:
		return step_ref_null(v);
	case WPKG_OP_REF_IS_NULL:
		return step_ref_is_null(v);
	case WPKG_OP_REF_FUNC:
		return step_ref_func(v);
	case WPKG_OP_REF_EQ:
		return step_ref_eq(v);
	case WPKG_OP_REF_AS_NON_NULL:
		return step_ref_as_non_null(v);
	case WPKG_OP_BR_ON_NULL:
		return step_br_on_null(v);
	case WPKG_OP_BR_ON_NON_NULL:
		return step_br_on_non_null(v);
	case WPKG_OP_STRUCT_NEW:
	case WPKG_OP_STRUCT_NEW_DEFAULT:
		return step_struct_new(v, opcode);
	case WPKG_OP_STRUCT_GET:
	case WPKG_OP_STRUCT_GET_S:
	case WPKG_OP_STRUCT_GET_U:
	case WPKG_OP_STRUCT_SET:
		return step_struct_field(v, opcode);
	case WPKG_OP_REF_TEST:
	case WPKG_OP_REF_TEST_NULL:
		return step_ref_test(v, opcode == WPKG_OP_REF_TEST_NULL);
	case WPKG_OP_REF_CAST:
	case WPKG_OP_REF_CAST_NULL:
		return step_ref_cast(v, opcode == WPKG_OP_REF_CAST_NULL);
	case WPKG_OP_BR_ON_CAST:
	case WPKG_OP_BR_ON_CAST_FAIL:
		return step_br_on_cast(v, opcode == WPKG_OP_BR_ON_CAST_FAIL);
	case WPKG_OP_ANY_CONVERT_EXTERN:
		return convert(v, WPKG_HEAP_EXTERN, WPKG_HEAP_ANY);
	case WPKG_OP_EXTERN_CONVERT_ANY:
		return convert(v, WPKG_HEAP_ANY, WPKG_HEAP_EXTERN);
	case WPKG_OP_REF_I31:
	case WPKG_OP_I31_GET_S:
	case WPKG_OP_I31_GET_U:
		return step_i31(v, opcode);
	default:
		return step_array(v, opcode);
	}
}
