/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_IMMEDIATE_H
#define WPKG_EXEC_IMMEDIATE_H

/*
 * Opcodes and their immediates in a validated body, as the translator reads them. A prefixed opcode
 * is its second number above a base of its prefix.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wasm/opcode.h"

/* Of the translator itself, at numbers that no opcode has. */
enum {
	OPCODE_SHL_ADD = WPKG_OP_BASE_FC + 0x7d,       /* slot + (x << n), for notes only */
	OPCODE_F32_CANONICAL = WPKG_OP_BASE_FC + 0x7e, /* a NaN becomes the canonical one */
	OPCODE_F64_CANONICAL,
	OPCODE_I8X16_TAKE =
		WPKG_OP_BASE_FD + 0x180, /* of a shuffle: bytes of one vector, by a constant */
	OPCODE_F32X4_CANONICAL,
	OPCODE_F64X2_CANONICAL
};

/* The opcode at *at, which goes on to its immediates. */
unsigned exec_take_opcode(const uint8_t **at);
void exec_skip_immediates(const uint8_t **at, unsigned opcode);

/* A value type; its kind (enum kind of exec/compile.h). */
unsigned exec_take_kind(const uint8_t **at);

bool exec_opens_block(unsigned opcode);
bool exec_ends_part(unsigned opcode); /* of a block: end, else, catch, catch_all, delegate */
bool exec_is_control(unsigned opcode);
bool exec_is_unary(unsigned opcode);
bool exec_is_binary(unsigned opcode);

#endif
