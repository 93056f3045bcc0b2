/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/constant.h"

#include <string.h>

#include "exec/bytes.h"
#include "exec/immediate.h"

/* An expression that needs more operands at once is refused. */
#define OPERANDS 1024

struct evaluation {
	uint64_t stack[OPERANDS][2];
	uint32_t height;
	bool too_deep;
};

static void push(struct evaluation *e, uint64_t low, uint64_t high)
{
	if (e->height == OPERANDS) {
		e->too_deep = true;
		e->height--;
	}
	e->stack[e->height][0] = low;
	e->stack[e->height][1] = high;
	e->height++;
}

static uint64_t apply(unsigned opcode, uint64_t a, uint64_t b)
{
	switch (opcode) {
	case OPCODE_I32_ADD:
		return (uint32_t)(a + b);
	case OPCODE_I32_SUB:
		return (uint32_t)(a - b);
	case OPCODE_I32_MUL:
		return (uint32_t)(a * b);
	case OPCODE_I64_ADD:
		return a + b;
	case OPCODE_I64_SUB:
		return a - b;
	default:
		return a * b;
	}
}

static void step(struct evaluation *e, const struct wpkg_instance *instance, unsigned opcode,
		 const uint8_t **at)
{
	uint64_t bits[2] = {0, 0};
	const struct wpkg_global *global;
	switch (opcode) {
	case OPCODE_I32_CONST:
		push(e, (uint32_t)take_s64(at), 0);
		break;
	case OPCODE_I64_CONST:
		push(e, (uint64_t)take_s64(at), 0);
		break;
	case OPCODE_F32_CONST:
		memcpy(bits, *at, 4);
		*at += 4;
		push(e, bits[0], 0);
		break;
	case OPCODE_F64_CONST:
		memcpy(bits, *at, 8);
		*at += 8;
		push(e, bits[0], 0);
		break;
	case OPCODE_V128_CONST:
		memcpy(bits, *at, 16);
		*at += 16;
		push(e, bits[0], bits[1]);
		break;
	case OPCODE_GLOBAL_GET:
		global = instance->globals[take_u32(at)];
		push(e, global->cell[0], global->cell[1]);
		break;
	case OPCODE_REF_FUNC:
		push(e, (uint64_t)instance->funcs[take_u32(at)], 0);
		break;
	case OPCODE_REF_NULL:
		take_s64(at);
		push(e, 0, 0);
		break;
	default: /* the arithmetic of extended constant expressions */
		e->height--;
		e->stack[e->height - 1][0] =
			apply(opcode, e->stack[e->height - 1][0], e->stack[e->height][0]);
		break;
	}
}

enum wpkg_trap exec_constant(uint64_t cell[2], uint32_t *end, const struct wpkg_instance *instance,
			     uint32_t start)
{
	struct evaluation e;
	const uint8_t *from = wpkg_module_at(instance->module, start);
	const uint8_t *at = from;
	e.height = 0;
	e.too_deep = false;
	for (unsigned opcode = exec_take_opcode(&at); opcode != OPCODE_END && !e.too_deep;
	     opcode = exec_take_opcode(&at))
		step(&e, instance, opcode, &at);
	if (e.too_deep)
		return WPKG_TRAP_UNSUPPORTED;
	cell[0] = e.stack[0][0];
	cell[1] = e.stack[0][1];
	if (end)
		*end = start + (uint32_t)(at - from);
	return WPKG_TRAP_NONE;
}
