/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/immediate.h"

#include "exec/bytes.h"
#include "exec/compile.h"

unsigned exec_take_opcode(const uint8_t **at)
{
	unsigned byte = *(*at)++;
	switch (byte) {
	case 0xfb:
		return WPKG_OP_BASE_FB + take_u32(at);
	case 0xfc:
		return WPKG_OP_BASE_FC + take_u32(at);
	case 0xfd:
		return WPKG_OP_BASE_FD + take_u32(at);
	case 0xfe:
		return WPKG_OP_BASE_FE + take_u32(at);
	default:
		return byte;
	}
}

unsigned exec_take_kind(const uint8_t **at)
{
	switch (*(*at)++) {
	case 0x7f:
		return KIND_I32;
	case 0x7e:
		return KIND_I64;
	case 0x7d:
		return KIND_F32;
	case 0x7c:
		return KIND_F64;
	case 0x7b:
		return KIND_V128;
	case 0x63: /* (ref null ht), (ref ht) */
	case 0x64:
		take_s64(at);
		return KIND_REF;
	default:
		return KIND_REF;
	}
}

bool exec_opens_block(unsigned opcode)
{
	return (opcode >= WPKG_OP_BLOCK && opcode <= WPKG_OP_IF) || opcode == WPKG_OP_TRY ||
	       opcode == WPKG_OP_TRY_TABLE;
}

bool exec_ends_part(unsigned opcode)
{
	return opcode == WPKG_OP_END || opcode == WPKG_OP_ELSE || opcode == WPKG_OP_CATCH ||
	       opcode == WPKG_OP_CATCH_ALL || opcode == WPKG_OP_DELEGATE;
}

bool exec_is_control(unsigned opcode)
{
	return opcode <= WPKG_OP_RETURN_CALL_REF || opcode == WPKG_OP_TRY_TABLE ||
	       opcode == WPKG_OP_BR_ON_NULL || opcode == WPKG_OP_BR_ON_NON_NULL ||
	       opcode == WPKG_OP_BR_ON_CAST || opcode == WPKG_OP_BR_ON_CAST_FAIL;
}

/* Counting, rounding, conversion: one operand and no immediate; wrap is not, as it costs nothing.
 */
bool exec_is_unary(unsigned opcode)
{
	return (opcode >= 0x67 && opcode <= 0x69) || (opcode >= 0x79 && opcode <= 0x7b) ||
	       (opcode >= 0x8b && opcode <= 0x91) || (opcode >= 0x99 && opcode <= 0x9f) ||
	       (opcode > WPKG_OP_I32_WRAP_I64 && opcode <= 0xc4) ||
	       (opcode >= WPKG_OP_BASE_FC && opcode < WPKG_OP_MEMORY_INIT) ||
	       opcode == WPKG_OP_ARRAY_LEN ||
	       (opcode >= WPKG_OP_REF_I31 && opcode <= WPKG_OP_I31_GET_U);
}

/* Comparison and arithmetic of two operands. */
bool exec_is_binary(unsigned opcode)
{
	return opcode > WPKG_OP_I32_EQZ && opcode <= 0xa6 && opcode != WPKG_OP_I64_EQZ &&
	       !exec_is_unary(opcode);
}

static void skip_memory(const uint8_t **at)
{
	if (take_u32(at) & 0x40)
		take_u32(at);
	take_u64(at);
}

static void skip_numbers(const uint8_t **at, unsigned count)
{
	while (count-- > 0)
		take_u64(at);
}

static void skip_block_type(const uint8_t **at)
{
	if (**at == 0x63 || **at == 0x64)
		(*at)++;
	take_s64(at);
}

static void skip_try_table(const uint8_t **at)
{
	skip_block_type(at);
	for (uint32_t catches = take_u32(at); catches > 0; catches--)
		skip_numbers(at, *(*at)++ < 2 ? 2 : 1);
}

static void skip_fc(const uint8_t **at, unsigned opcode)
{
	static const uint8_t counts[] = {0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1};
	if (opcode < sizeof(counts))
		skip_numbers(at, counts[opcode]);
}

/* struct and array instructions, casts and branches on them, i31 */
static void skip_fb(const uint8_t **at, unsigned opcode)
{
	static const uint8_t counts[] = {1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0,
					 1, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
	if (opcode == 0x18 || opcode == 0x19) { /* br_on_cast: flags, label, two heap types */
		(*at)++;
		skip_numbers(at, 3);
	} else if (opcode < sizeof(counts)) {
		skip_numbers(at, counts[opcode]);
	}
}

static void skip_fd(const uint8_t **at, unsigned opcode)
{
	if (opcode <= 11 || opcode == 92 || opcode == 93) {
		skip_memory(at);
	} else if (opcode == 12 || opcode == 13) {
		*at += 16;
	} else if (opcode >= 21 && opcode <= 34) {
		(*at)++;
	} else if (opcode >= 84 && opcode <= 91) {
		skip_memory(at);
		(*at)++;
	}
}

void exec_skip_immediates(const uint8_t **at, unsigned opcode)
{
	if (opcode >= WPKG_OP_BASE_FE) {
		if (opcode == WPKG_OP_BASE_FE + 3)
			(*at)++;
		else
			skip_memory(at);
		return;
	}
	if (opcode >= WPKG_OP_BASE_FD) {
		skip_fd(at, opcode - WPKG_OP_BASE_FD);
		return;
	}
	if (opcode >= WPKG_OP_BASE_FB) {
		skip_fb(at, opcode - WPKG_OP_BASE_FB);
		return;
	}
	if (opcode >= WPKG_OP_BASE_FC) {
		skip_fc(at, opcode - WPKG_OP_BASE_FC);
		return;
	}
	if (opcode >= WPKG_OP_I32_LOAD && opcode <= WPKG_OP_I64_STORE32) {
		skip_memory(at);
		return;
	}
	switch (opcode) {
	case WPKG_OP_BLOCK:
	case WPKG_OP_LOOP:
	case WPKG_OP_IF:
	case WPKG_OP_TRY:
		skip_block_type(at);
		break;
	case WPKG_OP_TRY_TABLE:
		skip_try_table(at);
		break;
	case WPKG_OP_BR_TABLE:
		for (uint64_t count = take_u32(at) + (uint64_t)1; count > 0; count--)
			take_u32(at);
		break;
	case WPKG_OP_SELECT_TYPED:
		for (uint32_t count = take_u32(at); count > 0; count--)
			exec_take_kind(at);
		break;
	case WPKG_OP_CALL_INDIRECT:
	case WPKG_OP_RETURN_CALL_INDIRECT:
		skip_numbers(at, 2);
		break;
	case WPKG_OP_CATCH:
	case WPKG_OP_THROW:
	case WPKG_OP_RETHROW:
	case WPKG_OP_DELEGATE:
	case WPKG_OP_BR:
	case WPKG_OP_BR_IF:
	case WPKG_OP_CALL:
	case WPKG_OP_RETURN_CALL:
	case WPKG_OP_CALL_REF:
	case WPKG_OP_RETURN_CALL_REF:
	case WPKG_OP_LOCAL_GET:
	case WPKG_OP_LOCAL_SET:
	case WPKG_OP_LOCAL_TEE:
	case WPKG_OP_GLOBAL_GET:
	case WPKG_OP_GLOBAL_SET:
	case WPKG_OP_TABLE_GET:
	case WPKG_OP_TABLE_SET:
	case WPKG_OP_MEMORY_SIZE:
	case WPKG_OP_MEMORY_GROW:
	case WPKG_OP_I32_CONST:
	case WPKG_OP_I64_CONST:
	case WPKG_OP_REF_NULL:
	case WPKG_OP_REF_FUNC:
	case WPKG_OP_BR_ON_NULL:
	case WPKG_OP_BR_ON_NON_NULL:
		take_u64(at);
		break;
	case WPKG_OP_F32_CONST:
		*at += 4;
		break;
	case WPKG_OP_F64_CONST:
		*at += 8;
		break;
	default:
		break;
	}
}
