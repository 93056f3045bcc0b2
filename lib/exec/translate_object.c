/* SPDX-License-Identifier: Apache-2.0 */
/* References, structs and arrays in the translator. */
#include "exec/compile.h"

#include "exec/bytes.h"
#include "exec/engine_int.h"
#include "exec/immediate.h"
#include "exec/type.h"

static const struct exec_layout *take_layout(struct translator *t)
{
	uint32_t id = t->instance->module->type_ids[take_u32(&t->at)];
	return t->engine->layouts[t->instance->types[id]];
}

/* A heap type of the code, as a reference with the engine's numbers. */
static wpkg_valtype take_heap_type(struct translator *t, bool nullable)
{
	static const uint8_t heaps[0x80] = {
		[0x69] = WPKG_HEAP_EXN,	     [0x6a] = WPKG_HEAP_ARRAY,	[0x6b] = WPKG_HEAP_STRUCT,
		[0x6c] = WPKG_HEAP_I31,	     [0x6d] = WPKG_HEAP_EQ,	[0x6e] = WPKG_HEAP_ANY,
		[0x6f] = WPKG_HEAP_EXTERN,   [0x70] = WPKG_HEAP_FUNC,	[0x71] = WPKG_HEAP_NONE,
		[0x72] = WPKG_HEAP_NOEXTERN, [0x73] = WPKG_HEAP_NOFUNC, [0x74] = WPKG_HEAP_NOEXN};
	int64_t heap = take_s64(&t->at);
	wpkg_valtype type;
	if (heap >= 0)
		type = WPKG_REF_TYPE(t->instance->types[t->instance->module->type_ids[heap]]);
	else
		type = WPKG_REF(heaps[heap & 0x7f]);
	return nullable ? type | WPKG_TYPE_NULLABLE : type;
}

/* With the number that an object's type is compared with at first. */
static uint64_t type_word(wpkg_valtype type)
{
	return type | (uint64_t)wpkg_valtype_id(type) << 32;
}

/* The topmost operands go home, where they follow each other, and stay; returns the first's slot.
 */
static uint32_t operands_home(struct translator *t, uint32_t count)
{
	uint32_t first = t->height - count;
	for (uint32_t i = first > t->settled ? first : t->settled; i < t->height; i++)
		exec_settle(t, i);
	return count ? t->stack[first].home : t->next_slot;
}

/* A new object: its operands are references that the collector has to see until it is made. */
static void make(struct translator *t, unsigned handler, uint32_t operands,
		 const struct exec_layout *layout)
{
	uint32_t base = operands_home(t, operands);
	exec_spill(t, BANK_INT);
	uint32_t pos = exec_emit(t, handler);
	exec_safepoint(t, pos);
	exec_pop(t, operands);
	exec_word(t, exec_fields(t->next_slot, base, 0, 0));
	exec_word(t, (uint64_t)layout);
	exec_push_slot(t, KIND_REF, pos);
	t->acc[BANK_INT] = (struct accumulator){t->height - 1, NOWHERE};
}

static void make_fixed(struct translator *t)
{
	const struct exec_layout *layout = take_layout(t);
	uint32_t count = take_u32(&t->at);
	make(t, H_array_new_fixed, count, layout);
	exec_word(t, count);
}

static void make_from_segment(struct translator *t, unsigned handler)
{
	make(t, handler, 2, take_layout(t));
	exec_word(t, (uint64_t)t->instance);
	exec_word(t, take_u32(&t->at));
}

static void change(struct translator *t, unsigned handler, uint32_t operands,
		   const struct exec_layout *layout)
{
	uint32_t base = operands_home(t, operands);
	exec_pop(t, operands);
	exec_emit(t, handler);
	exec_word(t, exec_fields(0, base, 0, 0));
	exec_word(t, (uint64_t)layout);
}

static void init_from_segment(struct translator *t, unsigned handler)
{
	change(t, handler, 4, take_layout(t));
	exec_word(t, (uint64_t)t->instance);
	exec_word(t, take_u32(&t->at));
}

/* The families of reads and writes by what is stored. */
struct family {
	uint16_t struct_get, array_get, struct_set, array_set;
};

static const struct family *family_of(wpkg_valtype type, bool is_signed)
{
#define FAMILY(get, set)                                                                           \
	{                                                                                          \
		H_struct_get_##get##_S_acc, H_array_get_##get##_SS_acc, H_struct_set_##set##_S,    \
			H_array_set_##set##_S                                                      \
	}
	static const struct family i8[] = {FAMILY(i8_u, i8_u), FAMILY(i8_s, i8_u)};
	static const struct family i16[] = {FAMILY(i16_u, i16_u), FAMILY(i16_s, i16_u)};
	static const struct family i32 = FAMILY(i32, i32), i64 = FAMILY(i64, i64);
	static const struct family f32 = FAMILY(f32, f32), f64 = FAMILY(f64, f64);
	static const struct family v128 = {H_struct_get_v, H_array_get_v, H_struct_set_v,
					   H_array_set_v};
#undef FAMILY
	switch (type) {
	case WPKG_TYPE_I8:
		return &i8[is_signed];
	case WPKG_TYPE_I16:
		return &i16[is_signed];
	case WPKG_TYPE_I32:
		return &i32;
	case WPKG_TYPE_F32:
		return &f32;
	case WPKG_TYPE_F64:
		return &f64;
	case WPKG_TYPE_V128:
		return &v128;
	default:
		return &i64;
	}
}

static void get_v128(struct translator *t, unsigned handler, uint32_t operands, uint32_t place)
{
	uint32_t first = t->height - operands, object = exec_slot(t, first);
	uint32_t index = operands > 1 ? exec_slot(t, first + 1) : 0;
	exec_pop(t, operands);
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, operands > 1 ? exec_fields(t->next_slot, object, index, 0)
				  : exec_fields_constant(t->next_slot, object, place));
	exec_push_slot(t, KIND_V128, pos);
}

static void struct_get(struct translator *t, bool is_signed)
{
	const struct exec_layout *layout = take_layout(t);
	uint32_t i = take_u32(&t->at), place = layout->offsets[i] + (uint32_t)EXEC_CONTENTS;
	wpkg_valtype type = layout->fields[i].type;
	const struct family *family = family_of(type, is_signed);
	if (type == WPKG_TYPE_V128)
		get_v128(t, family->struct_get, 1, place);
	else
		exec_field(t, family->struct_get, exec_kind_of(type), place);
}

static void array_get(struct translator *t, bool is_signed)
{
	wpkg_valtype type = take_layout(t)->fields[0].type;
	const struct family *family = family_of(type, is_signed);
	if (type == WPKG_TYPE_V128)
		get_v128(t, family->array_get, 2, 0);
	else
		exec_item(t, family->array_get, exec_kind_of(type));
}

/* The value, on top: from its accumulator, which is the next handler's number, or its slot. */
static uint32_t value_slot(struct translator *t, unsigned *handler)
{
	uint32_t i = t->height - 1;
	if (exec_in_acc(t, i) && !exec_pinned(t, i)) {
		++*handler;
		return 0;
	}
	return exec_slot(t, i);
}

static void struct_set(struct translator *t)
{
	const struct exec_layout *layout = take_layout(t);
	uint32_t i = take_u32(&t->at), place = layout->offsets[i] + (uint32_t)EXEC_CONTENTS;
	unsigned handler = family_of(layout->fields[i].type, false)->struct_set;
	uint32_t object = exec_slot(t, t->height - 2), value = value_slot(t, &handler);
	exec_pop(t, 2);
	exec_emit(t, handler);
	exec_word(t, exec_fields_constant(value, object, place));
}

static void array_set(struct translator *t)
{
	unsigned handler = family_of(take_layout(t)->fields[0].type, false)->array_set;
	uint32_t object = exec_slot(t, t->height - 3), index = exec_slot(t, t->height - 2);
	uint32_t value = value_slot(t, &handler);
	exec_pop(t, 3);
	exec_emit(t, handler);
	exec_word(t, exec_fields(value, object, index, 0));
}

static void ref_test(struct translator *t, bool nullable)
{
	wpkg_valtype type = take_heap_type(t, nullable);
	uint32_t slot = exec_slot(t, t->height - 1);
	exec_spill(t, BANK_INT);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, H_ref_test);
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	exec_word(t, type_word(type));
	exec_push_slot(t, KIND_I32, pos);
	t->acc[BANK_INT] = (struct accumulator){t->height - 1, NOWHERE};
}

/* The reference stays what it is. */
static void ref_cast(struct translator *t, bool nullable)
{
	wpkg_valtype type = take_heap_type(t, nullable);
	uint32_t slot = exec_slot(t, t->height - 1);
	exec_emit(t, H_ref_cast);
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_word(t, type_word(type));
}

void exec_branch_if_cast(struct translator *t, bool sense, uint32_t slot, wpkg_valtype type,
			 struct label *label)
{
	unsigned handler = sense ? H_br_cast_if : H_br_cast_unless;
	exec_emit(t, handler + (label->kind == LABEL_LOOP));
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_word(t, type_word(type));
	exec_label_word(t, label);
}

/* The reference stays on the stack, branch or not. */
void exec_branch_on_cast(struct translator *t, bool fails)
{
	unsigned flags = *t->at++;
	struct label *label = exec_label_at(t, take_u32(&t->at));
	take_s64(&t->at);
	wpkg_valtype type = take_heap_type(t, (flags & 2) != 0);
	struct label skip = {.kind = LABEL_BLOCK, .fixups = NOWHERE};
	exec_settle(t, t->height - 1);
	bool direct = exec_branches_directly(t, label);
	exec_branch_if_cast(t, direct ? !fails : fails, exec_top(t, 0)->home, type,
			    direct ? label : &skip);
	if (direct)
		return;
	exec_branch(t, label, false);
	exec_bind(t, skip.fixups);
}

void exec_object_instruction(struct translator *t, unsigned opcode)
{
	const struct exec_layout *layout;
	switch (opcode) {
	case WPKG_OP_STRUCT_NEW:
		layout = take_layout(t);
		make(t, H_struct_new, layout->field_count, layout);
		break;
	case WPKG_OP_STRUCT_NEW_DEFAULT:
		make(t, H_struct_new_default, 0, take_layout(t));
		break;
	case WPKG_OP_STRUCT_GET:
	case WPKG_OP_STRUCT_GET_S:
	case WPKG_OP_STRUCT_GET_U:
		struct_get(t, opcode == WPKG_OP_STRUCT_GET_S);
		break;
	case WPKG_OP_STRUCT_SET:
		struct_set(t);
		break;
	case WPKG_OP_ARRAY_NEW:
		make(t, H_array_new, 2, take_layout(t));
		break;
	case WPKG_OP_ARRAY_NEW_DEFAULT:
		make(t, H_array_new_default, 1, take_layout(t));
		break;
	case WPKG_OP_ARRAY_NEW_FIXED:
		make_fixed(t);
		break;
	case WPKG_OP_ARRAY_NEW_DATA:
		make_from_segment(t, H_array_new_data);
		break;
	case WPKG_OP_ARRAY_NEW_ELEM:
		make_from_segment(t, H_array_new_elem);
		break;
	case WPKG_OP_ARRAY_GET:
	case WPKG_OP_ARRAY_GET_S:
	case WPKG_OP_ARRAY_GET_U:
		array_get(t, opcode == WPKG_OP_ARRAY_GET_S);
		break;
	case WPKG_OP_ARRAY_SET:
		array_set(t);
		break;
	case WPKG_OP_ARRAY_FILL:
		change(t, H_array_fill, 4, take_layout(t));
		break;
	case WPKG_OP_ARRAY_COPY:
		layout = take_layout(t);
		take_u32(&t->at);
		change(t, H_array_copy, 5, layout);
		break;
	case WPKG_OP_ARRAY_INIT_DATA:
		init_from_segment(t, H_array_init_data);
		break;
	case WPKG_OP_ARRAY_INIT_ELEM:
		init_from_segment(t, H_array_init_elem);
		break;
	case WPKG_OP_REF_TEST:
	case WPKG_OP_REF_TEST_NULL:
		ref_test(t, opcode == WPKG_OP_REF_TEST_NULL);
		break;
	case WPKG_OP_REF_CAST:
	case WPKG_OP_REF_CAST_NULL:
		ref_cast(t, opcode == WPKG_OP_REF_CAST_NULL);
		break;
	default: /* any.convert_extern, extern.convert_any: the word is the same */
		break;
	}
}
