/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/constant.h"

#include <string.h>

#include "base/mem.h"
#include "exec/aggregate.h"
#include "exec/bytes.h"
#include "exec/compile.h"
#include "exec/engine_int.h"
#include "exec/immediate.h"

/* Of operands, in the evaluation itself; one that needs more gets memory. */
#define FEW 8

static enum wpkg_trap room(struct exec_evaluation *e, uint64_t *few)
{
	if (e->height < e->cap)
		return WPKG_TRAP_NONE;
	uint32_t cap = e->cap * 2;
	uint64_t *slots = wpkg_mem_alloc((size_t)cap * (2 * sizeof(*slots) + 1));
	if (!slots)
		return WPKG_TRAP_NO_MEMORY;
	uint8_t *kinds = (uint8_t *)(slots + (size_t)cap * 2);
	memcpy(slots, e->slots, e->top * sizeof(*slots));
	memcpy(kinds, e->kinds, e->height);
	if (e->slots != few)
		wpkg_mem_free(e->slots);
	e->slots = slots;
	e->kinds = kinds;
	e->cap = cap;
	return WPKG_TRAP_NONE;
}

static void push(struct exec_evaluation *e, unsigned kind, uint64_t low, uint64_t high)
{
	e->kinds[e->height++] = (uint8_t)kind;
	e->slots[e->top] = low;
	if (kind == KIND_V128)
		e->slots[e->top + 1] = high;
	e->top += exec_width(kind);
}

static void pop(struct exec_evaluation *e, uint32_t count)
{
	while (count-- > 0)
		e->top -= exec_width(e->kinds[--e->height]);
}

static uint64_t apply(unsigned opcode, uint64_t a, uint64_t b)
{
	switch (opcode) {
	case WPKG_OP_I32_ADD:
		return (uint32_t)(a + b);
	case WPKG_OP_I32_SUB:
		return (uint32_t)(a - b);
	case WPKG_OP_I32_MUL:
		return (uint32_t)(a * b);
	case WPKG_OP_I64_ADD:
		return a + b;
	case WPKG_OP_I64_SUB:
		return a - b;
	default:
		return a * b;
	}
}

static const struct exec_layout *take_layout(const struct wpkg_instance *instance,
					     const uint8_t **at)
{
	uint32_t id = instance->module->type_ids[take_u32(at)];
	return instance->engine->layouts[instance->types[id]];
}

/* A new object from the topmost operands, which stay rooted until it is there. */
static enum wpkg_trap make(struct exec_evaluation *e, const struct wpkg_instance *instance,
			   unsigned opcode, const uint8_t **at)
{
	struct wpkg_engine *engine = instance->engine;
	const struct exec_layout *layout = take_layout(instance, at);
	uint64_t ref = 0;
	uint32_t operands = 0;
	enum wpkg_trap trap;
	const uint64_t *top = e->slots + e->top;
	switch (opcode) {
	case WPKG_OP_STRUCT_NEW:
		operands = layout->field_count;
		trap = exec_struct_make(&ref, engine, layout, top - layout->slots);
		break;
	case WPKG_OP_STRUCT_NEW_DEFAULT:
		trap = exec_struct_make(&ref, engine, layout, NULL);
		break;
	case WPKG_OP_ARRAY_NEW:
		operands = 2;
		trap = exec_array_make(&ref, engine, layout, (uint32_t)top[-1],
				       top - 1 - layout->slots);
		break;
	case WPKG_OP_ARRAY_NEW_DEFAULT:
		operands = 1;
		trap = exec_array_make(&ref, engine, layout, (uint32_t)top[-1], NULL);
		break;
	default: /* array.new_fixed */
		operands = take_u32(at);
		trap = exec_array_make_fixed(&ref, engine, layout, operands,
					     top - (size_t)operands * layout->slots);
		break;
	}
	if (trap)
		return trap;
	pop(e, operands);
	push(e, KIND_REF, ref, 0);
	return WPKG_TRAP_NONE;
}

static enum wpkg_trap step(struct exec_evaluation *e, const struct wpkg_instance *instance,
			   unsigned opcode, const uint8_t **at)
{
	uint64_t bits[2] = {0, 0};
	const struct wpkg_global *global;
	uint64_t *top = e->slots + e->top;
	switch (opcode) {
	case WPKG_OP_I32_CONST:
		push(e, KIND_I32, (uint32_t)take_s64(at), 0);
		break;
	case WPKG_OP_I64_CONST:
		push(e, KIND_I64, (uint64_t)take_s64(at), 0);
		break;
	case WPKG_OP_F32_CONST:
		memcpy(bits, *at, 4);
		*at += 4;
		push(e, KIND_F32, bits[0], 0);
		break;
	case WPKG_OP_F64_CONST:
		memcpy(bits, *at, 8);
		*at += 8;
		push(e, KIND_F64, bits[0], 0);
		break;
	case WPKG_OP_V128_CONST:
		memcpy(bits, *at, 16);
		*at += 16;
		push(e, KIND_V128, bits[0], bits[1]);
		break;
	case WPKG_OP_GLOBAL_GET:
		global = instance->globals[take_u32(at)];
		push(e, global->kind, global->cell[0], global->cell[1]);
		break;
	case WPKG_OP_REF_FUNC:
		push(e, KIND_REF, (uint64_t)instance->funcs[take_u32(at)], 0);
		break;
	case WPKG_OP_REF_NULL:
		take_s64(at);
		push(e, KIND_REF, 0, 0);
		break;
	case WPKG_OP_REF_I31:
		top[-1] = exec_i31(top[-1]);
		e->kinds[e->height - 1] = KIND_REF;
		break;
	case WPKG_OP_ANY_CONVERT_EXTERN:
	case WPKG_OP_EXTERN_CONVERT_ANY:
		break;
	case WPKG_OP_STRUCT_NEW:
	case WPKG_OP_STRUCT_NEW_DEFAULT:
	case WPKG_OP_ARRAY_NEW:
	case WPKG_OP_ARRAY_NEW_DEFAULT:
	case WPKG_OP_ARRAY_NEW_FIXED:
		return make(e, instance, opcode, at);
	default: /* the arithmetic of extended constant expressions */
		top[-2] = apply(opcode, top[-2], top[-1]);
		pop(e, 1);
		break;
	}
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_constant(uint64_t cell[2], uint32_t *end, const struct wpkg_instance *instance,
			     uint32_t start)
{
	uint64_t few[2 * FEW] = {0};
	uint8_t few_kinds[FEW] = {0};
	struct wpkg_engine *engine = instance->engine;
	struct exec_evaluation e = {
		.slots = few, .kinds = few_kinds, .cap = FEW, .outer = engine->evaluations};
	const uint8_t *from = wpkg_module_at(instance->module, start);
	const uint8_t *at = from;
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	engine->evaluations = &e;
	for (unsigned opcode = exec_take_opcode(&at); opcode != WPKG_OP_END && !trap;
	     opcode = exec_take_opcode(&at)) {
		trap = room(&e, few);
		if (!trap)
			trap = step(&e, instance, opcode, &at);
	}
	engine->evaluations = e.outer;
	if (!trap) {
		cell[0] = e.slots[0];
		cell[1] = e.kinds[0] == KIND_V128 ? e.slots[1] : 0;
		if (end)
			*end = start + (uint32_t)(at - from);
	}
	if (e.slots != few)
		wpkg_mem_free(e.slots);
	return trap;
}
