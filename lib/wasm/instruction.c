/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/instruction.h"

/* Binary format, "Types": codes of one byte, which are negative numbers where an index may stand.
 */
static wpkg_valtype abstract_type(uint8_t code)
{
	static const uint8_t heaps[] = {
		[0x69 - 0x69] = WPKG_HEAP_EXN,	  [0x6a - 0x69] = WPKG_HEAP_ARRAY,
		[0x6b - 0x69] = WPKG_HEAP_STRUCT, [0x6c - 0x69] = WPKG_HEAP_I31,
		[0x6d - 0x69] = WPKG_HEAP_EQ,	  [0x6e - 0x69] = WPKG_HEAP_ANY,
		[0x6f - 0x69] = WPKG_HEAP_EXTERN, [0x70 - 0x69] = WPKG_HEAP_FUNC,
		[0x71 - 0x69] = WPKG_HEAP_NONE,	  [0x72 - 0x69] = WPKG_HEAP_NOEXTERN,
		[0x73 - 0x69] = WPKG_HEAP_NOFUNC, [0x74 - 0x69] = WPKG_HEAP_NOEXN,
	};
	return WPKG_REF(heaps[(code - 0x69) % 12]);
}

wpkg_valtype wasm_raw_heap_type(struct wpkg_reader *r)
{
	int64_t number = wpkg_reader_signed(r, 33);
	if (number >= 0)
		return WPKG_REF_TYPE((uint32_t)number & WPKG_TYPE_INDEX);
	return abstract_type((uint8_t)(number & 0x7f));
}

wpkg_valtype wasm_raw_valtype(struct wpkg_reader *r)
{
	uint8_t code = wpkg_reader_byte(r);
	switch (code) {
	case 0x7f:
		return WPKG_TYPE_I32;
	case 0x7e:
		return WPKG_TYPE_I64;
	case 0x7d:
		return WPKG_TYPE_F32;
	case 0x7c:
		return WPKG_TYPE_F64;
	case 0x7b:
		return WPKG_TYPE_V128;
	case 0x64:
		return wasm_raw_heap_type(r);
	case 0x63:
		return wasm_raw_heap_type(r) | WPKG_TYPE_NULLABLE;
	default:
		return abstract_type(code) | WPKG_TYPE_NULLABLE;
	}
}

void wasm_skip_locals(struct wpkg_reader *r)
{
	for (uint32_t groups = wpkg_reader_u32(r); groups > 0; groups--) {
		wpkg_reader_u32(r);
		wasm_raw_valtype(r);
	}
}

static unsigned read_opcode(struct wpkg_reader *r)
{
	uint8_t byte = wpkg_reader_byte(r);
	switch (byte) {
	case 0xfb:
		return WPKG_OP_BASE_FB + wpkg_reader_u32(r);
	case 0xfc:
		return WPKG_OP_BASE_FC + wpkg_reader_u32(r);
	case 0xfd:
		return WPKG_OP_BASE_FD + wpkg_reader_u32(r);
	case 0xfe:
		return WPKG_OP_BASE_FE + wpkg_reader_u32(r);
	default:
		return byte;
	}
}

static void read_block_type(struct wasm_instruction *out, struct wpkg_reader *r)
{
	uint8_t code = wpkg_reader_more(r) ? *r->at : 0;
	out->block_type = WPKG_TYPE_NONE;
	if (code == 0x40) {
		wpkg_reader_byte(r);
	} else if (code < 0x80 && code >= 0x40) {
		out->block_type = wasm_raw_valtype(r);
	} else {
		out->has_block_index = true;
		out->first = (uint32_t)wpkg_reader_signed(r, 33);
	}
}

/* A vector whose items have so many numbers each. */
static void read_list(struct wasm_instruction *out, struct wpkg_reader *r)
{
	out->count = wpkg_reader_u32(r);
	out->list = r->at;
}

static void read_catches(struct wasm_instruction *out, struct wpkg_reader *r)
{
	read_list(out, r);
	for (uint32_t i = 0; i < out->count; i++) {
		if (wpkg_reader_byte(r) < 2)
			wpkg_reader_u32(r);
		wpkg_reader_u32(r);
	}
}

static void read_memarg(struct wasm_instruction *out, struct wpkg_reader *r)
{
	uint32_t flags = wpkg_reader_u32(r);
	out->align = flags & 0x3f;
	out->first = flags & 0x40 ? wpkg_reader_u32(r) : 0;
	out->value = wpkg_reader_u64(r);
}

static uint64_t read_fixed(struct wpkg_reader *r, unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)wpkg_reader_byte(r) << 8 * i;
	return value;
}

static void read_immediates(struct wasm_instruction *out, struct wpkg_reader *r)
{
	switch ((enum wpkg_immediate)wpkg_opcodes[out->op].immediates) {
	case WPKG_IMM_NONE:
		break;
	case WPKG_IMM_BLOCK:
		read_block_type(out, r);
		break;
	case WPKG_IMM_BR_TABLE:
		read_list(out, r);
		for (uint32_t i = 0; i < out->count; i++)
			wpkg_reader_u32(r);
		out->first = wpkg_reader_u32(r);
		break;
	case WPKG_IMM_BR_CAST:
		out->flags = wpkg_reader_byte(r);
		out->first = wpkg_reader_u32(r);
		out->types[0] = wasm_raw_heap_type(r);
		out->types[1] = wasm_raw_heap_type(r);
		break;
	case WPKG_IMM_TRY_TABLE:
		read_block_type(out, r);
		read_catches(out, r);
		break;
	case WPKG_IMM_SELECT:
		read_list(out, r);
		for (uint32_t i = 0; i < out->count; i++)
			wasm_raw_valtype(r);
		break;
	case WPKG_IMM_HEAP:
		out->types[0] = wasm_raw_heap_type(r);
		break;
	case WPKG_IMM_LABEL:
	case WPKG_IMM_FUNC:
	case WPKG_IMM_TYPE:
	case WPKG_IMM_TABLE:
	case WPKG_IMM_GLOBAL:
	case WPKG_IMM_LOCAL:
	case WPKG_IMM_TAG:
	case WPKG_IMM_ELEM:
	case WPKG_IMM_DATA:
	case WPKG_IMM_MEMORY:
		out->first = wpkg_reader_u32(r);
		break;
	case WPKG_IMM_CALL_INDIRECT:
	case WPKG_IMM_TYPE_FIELD:
	case WPKG_IMM_TYPE_COUNT:
	case WPKG_IMM_TYPE_TYPE:
	case WPKG_IMM_TYPE_DATA:
	case WPKG_IMM_TYPE_ELEM:
	case WPKG_IMM_DATA_MEMORY:
	case WPKG_IMM_MEMORY_MEMORY:
	case WPKG_IMM_ELEM_TABLE:
	case WPKG_IMM_TABLE_TABLE:
		out->first = wpkg_reader_u32(r);
		out->second = wpkg_reader_u32(r);
		break;
	case WPKG_IMM_MEMARG:
	case WPKG_IMM_MEMARG_ATOMIC:
		read_memarg(out, r);
		break;
	case WPKG_IMM_MEMARG_LANE:
		read_memarg(out, r);
		out->lane = wpkg_reader_byte(r);
		break;
	case WPKG_IMM_LANE:
		out->lane = wpkg_reader_byte(r);
		break;
	case WPKG_IMM_SHUFFLE:
		out->list = wpkg_reader_skip(r, 16);
		break;
	case WPKG_IMM_I32:
		out->value = (uint64_t)wpkg_reader_signed(r, 32);
		break;
	case WPKG_IMM_I64:
		out->value = (uint64_t)wpkg_reader_signed(r, 64);
		break;
	case WPKG_IMM_F32:
		out->value = read_fixed(r, 4);
		break;
	case WPKG_IMM_F64:
		out->value = read_fixed(r, 8);
		break;
	case WPKG_IMM_V128:
		out->value = read_fixed(r, 8);
		out->high = read_fixed(r, 8);
		break;
	case WPKG_IMM_FENCE:
		wpkg_reader_byte(r);
		break;
	}
}

void wasm_instruction_read(struct wasm_instruction *out, struct wpkg_reader *r)
{
	*out = (struct wasm_instruction){.start = wpkg_reader_offset(r)};
	out->op = read_opcode(r);
	read_immediates(out, r);
	out->end = wpkg_reader_offset(r);
}

bool wasm_names_data(unsigned op)
{
	switch (wpkg_opcodes[op].immediates) {
	case WPKG_IMM_DATA:
	case WPKG_IMM_DATA_MEMORY:
	case WPKG_IMM_TYPE_DATA:
		return true;
	default:
		return false;
	}
}

bool wasm_opens_block(unsigned op)
{
	return op == WPKG_OP_BLOCK || op == WPKG_OP_LOOP || op == WPKG_OP_IF || op == WPKG_OP_TRY ||
	       op == WPKG_OP_TRY_TABLE;
}
