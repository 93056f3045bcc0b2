/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/immediate.h"

#include "exec/bytes.h"
#include "exec/compile.h"

unsigned exec_take_opcode(const uint8_t **at)
{
	unsigned byte = *(*at)++;
	switch (byte) {
	case 0xfb:
		return OPCODE_FB + take_u32(at);
	case 0xfc:
		return OPCODE_FC + take_u32(at);
	case 0xfd:
		return OPCODE_FD + take_u32(at);
	case 0xfe:
		return OPCODE_FE + take_u32(at);
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
	return (opcode >= OPCODE_BLOCK && opcode <= OPCODE_IF) || opcode == OPCODE_TRY ||
	       opcode == OPCODE_TRY_TABLE;
}

bool exec_ends_part(unsigned opcode)
{
	return opcode == OPCODE_END || opcode == OPCODE_ELSE || opcode == OPCODE_CATCH ||
	       opcode == OPCODE_CATCH_ALL || opcode == OPCODE_DELEGATE;
}

bool exec_is_control(unsigned opcode)
{
	return opcode <= OPCODE_RETURN_CALL_REF || opcode == OPCODE_TRY_TABLE ||
	       opcode == OPCODE_BR_ON_NULL || opcode == OPCODE_BR_ON_NON_NULL ||
	       opcode == OPCODE_BR_ON_CAST || opcode == OPCODE_BR_ON_CAST_FAIL;
}

/* Counting, rounding, conversion: one operand and no immediate; wrap is not, as it costs nothing.
 */
bool exec_is_unary(unsigned opcode)
{
	return (opcode >= 0x67 && opcode <= 0x69) || (opcode >= 0x79 && opcode <= 0x7b) ||
	       (opcode >= 0x8b && opcode <= 0x91) || (opcode >= 0x99 && opcode <= 0x9f) ||
	       (opcode > OPCODE_I32_WRAP_I64 && opcode <= 0xc4) ||
	       (opcode >= OPCODE_FC && opcode < OPCODE_MEMORY_INIT) || opcode == OPCODE_ARRAY_LEN ||
	       (opcode >= OPCODE_REF_I31 && opcode <= OPCODE_I31_GET_U);
}

/* Comparison and arithmetic of two operands. */
bool exec_is_binary(unsigned opcode)
{
	return opcode > OPCODE_I32_EQZ && opcode <= 0xa6 && opcode != OPCODE_I64_EQZ &&
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
	if (opcode >= OPCODE_FE) {
		if (opcode == OPCODE_FE + 3)
			(*at)++;
		else
			skip_memory(at);
		return;
	}
	if (opcode >= OPCODE_FD) {
		skip_fd(at, opcode - OPCODE_FD);
		return;
	}
	if (opcode >= OPCODE_FB) {
		skip_fb(at, opcode - OPCODE_FB);
		return;
	}
	if (opcode >= OPCODE_FC) {
		skip_fc(at, opcode - OPCODE_FC);
		return;
	}
	if (opcode >= OPCODE_LOAD_FIRST && opcode <= OPCODE_STORE_LAST) {
		skip_memory(at);
		return;
	}
	switch (opcode) {
	case OPCODE_BLOCK:
	case OPCODE_LOOP:
	case OPCODE_IF:
	case OPCODE_TRY:
		skip_block_type(at);
		break;
	case OPCODE_TRY_TABLE:
		skip_try_table(at);
		break;
	case OPCODE_BR_TABLE:
		for (uint64_t count = take_u32(at) + (uint64_t)1; count > 0; count--)
			take_u32(at);
		break;
	case OPCODE_SELECT_T:
		for (uint32_t count = take_u32(at); count > 0; count--)
			exec_take_kind(at);
		break;
	case OPCODE_CALL_INDIRECT:
	case OPCODE_RETURN_CALL_INDIRECT:
		skip_numbers(at, 2);
		break;
	case OPCODE_CATCH:
	case OPCODE_THROW:
	case OPCODE_RETHROW:
	case OPCODE_DELEGATE:
	case OPCODE_BR:
	case OPCODE_BR_IF:
	case OPCODE_CALL:
	case OPCODE_RETURN_CALL:
	case OPCODE_CALL_REF:
	case OPCODE_RETURN_CALL_REF:
	case OPCODE_LOCAL_GET:
	case OPCODE_LOCAL_SET:
	case OPCODE_LOCAL_TEE:
	case OPCODE_GLOBAL_GET:
	case OPCODE_GLOBAL_SET:
	case OPCODE_TABLE_GET:
	case OPCODE_TABLE_SET:
	case OPCODE_MEMORY_SIZE:
	case OPCODE_MEMORY_GROW:
	case OPCODE_I32_CONST:
	case OPCODE_I64_CONST:
	case OPCODE_REF_NULL:
	case OPCODE_REF_FUNC:
	case OPCODE_BR_ON_NULL:
	case OPCODE_BR_ON_NON_NULL:
		take_u64(at);
		break;
	case OPCODE_F32_CONST:
		*at += 4;
		break;
	case OPCODE_F64_CONST:
		*at += 8;
		break;
	default:
		break;
	}
}
