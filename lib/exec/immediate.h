/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_IMMEDIATE_H
#define WPKG_EXEC_IMMEDIATE_H

/*
 * Opcodes and their immediates in a validated body, as the translator reads them. A prefixed opcode
 * is its second number above a base of its prefix.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
	OPCODE_UNREACHABLE = 0x00,
	OPCODE_NOP = 0x01,
	OPCODE_BLOCK = 0x02,
	OPCODE_LOOP = 0x03,
	OPCODE_IF = 0x04,
	OPCODE_ELSE = 0x05,
	OPCODE_THROW = 0x08,
	OPCODE_THROW_REF = 0x0a,
	OPCODE_END = 0x0b,
	OPCODE_BR = 0x0c,
	OPCODE_BR_IF = 0x0d,
	OPCODE_BR_TABLE = 0x0e,
	OPCODE_RETURN = 0x0f,
	OPCODE_CALL = 0x10,
	OPCODE_CALL_INDIRECT = 0x11,
	OPCODE_RETURN_CALL = 0x12,
	OPCODE_RETURN_CALL_INDIRECT = 0x13,
	OPCODE_CALL_REF = 0x14,
	OPCODE_RETURN_CALL_REF = 0x15,
	OPCODE_DROP = 0x1a,
	OPCODE_SELECT = 0x1b,
	OPCODE_SELECT_T = 0x1c,
	OPCODE_TRY_TABLE = 0x1f,
	OPCODE_LOCAL_GET = 0x20,
	OPCODE_LOCAL_SET = 0x21,
	OPCODE_LOCAL_TEE = 0x22,
	OPCODE_GLOBAL_GET = 0x23,
	OPCODE_GLOBAL_SET = 0x24,
	OPCODE_TABLE_GET = 0x25,
	OPCODE_TABLE_SET = 0x26,
	OPCODE_LOAD_FIRST = 0x28,
	OPCODE_LOAD_LAST = 0x35,
	OPCODE_STORE_LAST = 0x3e,
	OPCODE_MEMORY_SIZE = 0x3f,
	OPCODE_MEMORY_GROW = 0x40,
	OPCODE_I32_CONST = 0x41,
	OPCODE_I64_CONST = 0x42,
	OPCODE_F32_CONST = 0x43,
	OPCODE_F64_CONST = 0x44,
	OPCODE_I32_EQZ = 0x45,
	OPCODE_I64_EQZ = 0x50,
	OPCODE_I64_EQ = 0x51,
	OPCODE_I32_ADD = 0x6a,
	OPCODE_I32_SUB = 0x6b,
	OPCODE_I32_MUL = 0x6c,
	OPCODE_I64_ADD = 0x7c,
	OPCODE_I64_SUB = 0x7d,
	OPCODE_I64_MUL = 0x7e,
	OPCODE_I32_WRAP_I64 = 0xa7,
	OPCODE_REF_NULL = 0xd0,
	OPCODE_REF_IS_NULL = 0xd1,
	OPCODE_REF_FUNC = 0xd2,
	OPCODE_REF_EQ = 0xd3,
	OPCODE_REF_AS_NON_NULL = 0xd4,
	OPCODE_BR_ON_NULL = 0xd5,
	OPCODE_BR_ON_NON_NULL = 0xd6,
	OPCODE_FC = 0x100,
	OPCODE_MEMORY_INIT = 0x108,
	OPCODE_DATA_DROP = 0x109,
	OPCODE_MEMORY_COPY = 0x10a,
	OPCODE_MEMORY_FILL = 0x10b,
	OPCODE_TABLE_INIT = 0x10c,
	OPCODE_ELEM_DROP = 0x10d,
	OPCODE_TABLE_COPY = 0x10e,
	OPCODE_TABLE_GROW = 0x10f,
	OPCODE_TABLE_SIZE = 0x110,
	OPCODE_TABLE_FILL = 0x111,
	OPCODE_FB = 0x200,
	OPCODE_FD = 0x300,
	OPCODE_V128_CONST = 0x30c,
	OPCODE_FE = 0x500
};

/* The opcode at *at, which goes on to its immediates. */
unsigned exec_take_opcode(const uint8_t **at);
void exec_skip_immediates(const uint8_t **at, unsigned opcode);

/* A value type; its kind (enum kind of exec/compile.h). */
unsigned exec_take_kind(const uint8_t **at);

bool exec_opens_block(unsigned opcode);
bool exec_is_control(unsigned opcode);
bool exec_is_unary(unsigned opcode);
bool exec_is_binary(unsigned opcode);

#endif
