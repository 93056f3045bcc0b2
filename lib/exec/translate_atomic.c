/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic instructions in the translator. Of each operation there are seven widths, whose opcodes
 * follow each other; all work at an address that was checked into the accumulator before.
 */
#include "exec/choice.h"

#include "exec/immediate.h"

#define WIDTHS 7

/* Bytes in memory, and the kind of the value. */
static const struct {
	uint8_t size, kind;
} widths[WIDTHS] = {{4, KIND_I32}, {8, KIND_I64}, {1, KIND_I32}, {2, KIND_I32},
		    {1, KIND_I64}, {2, KIND_I64}, {4, KIND_I64}};

/* Operands beside the address. */
static uint32_t value_count(unsigned opcode)
{
	if (opcode < WPKG_OP_I32_ATOMIC_STORE)
		return 0;
	return opcode < WPKG_OP_I32_ATOMIC_RMW_CMPXCHG ? 1 : 2;
}

static void access(struct translator *t, unsigned opcode)
{
	unsigned width = (opcode - WPKG_OP_I32_ATOMIC_LOAD) % WIDTHS;
	struct exec_access at = exec_take_access(t);
	uint32_t count = value_count(opcode), slots[2] = {0};
	for (uint32_t i = 0; i < count; i++)
		slots[i] = exec_slot(t, t->height - count + i);
	exec_locate(t, t->height - count - 1, &at, widths[width].size);
	exec_pop(t, count + 1);
	uint32_t pos = exec_emit(t, exec_shape(opcode)->first);
	exec_word(t, exec_fields(t->next_slot, slots[0], slots[1], 0));
	if (opcode < WPKG_OP_I32_ATOMIC_STORE || opcode >= WPKG_OP_I32_ATOMIC_RMW_ADD)
		exec_push_result(t, widths[width].kind, pos);
}

static void slow(struct translator *t, unsigned handler, uint32_t operands)
{
	struct exec_access at = exec_take_access(t);
	exec_emit_slots(t, handler, operands, (uint64_t)at.memory);
	exec_word(t, at.offset);
	exec_push_slot(t, KIND_I32, NOWHERE);
}

void exec_atomic_instruction(struct translator *t, unsigned opcode)
{
	switch (opcode) {
	case WPKG_OP_MEMORY_ATOMIC_NOTIFY:
		slow(t, H_atomic_notify, 2);
		break;
	case WPKG_OP_MEMORY_ATOMIC_WAIT32:
		slow(t, H_atomic_wait32, 3);
		break;
	case WPKG_OP_MEMORY_ATOMIC_WAIT64:
		slow(t, H_atomic_wait64, 3);
		break;
	case WPKG_OP_ATOMIC_FENCE:
		t->at++;
		exec_emit(t, H_atomic_fence);
		exec_word(t, 0);
		break;
	default:
		access(t, opcode);
		break;
	}
}
