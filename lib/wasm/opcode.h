/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_OPCODE_H
#define WPKG_WASM_OPCODE_H

/*
 * Opcodes as numbers and what opcode.def says about each.
 *
 * The number of an opcode without prefix is its byte; of one with a prefix, the base of the prefix
 * plus the LEB128 number behind it. So the numbers are dense enough to index a table.
 */

#include <stdbool.h>
#include <stdint.h>

#define WPKG_OP_BASE_FC 0x100
#define WPKG_OP_BASE_FB 0x200
#define WPKG_OP_BASE_FD 0x300
#define WPKG_OP_BASE_FE 0x500
#define WPKG_OP_LIMIT 0x600

/* The number for a prefix byte (or 0) and a code, also in constant expressions. */
#define WPKG_OP_NUMBER(prefix, code)                                                               \
	((code) + ((prefix) == 0xfb   ? WPKG_OP_BASE_FB                                            \
		   : (prefix) == 0xfc ? WPKG_OP_BASE_FC                                            \
		   : (prefix) == 0xfd ? WPKG_OP_BASE_FD                                            \
		   : (prefix) == 0xfe ? WPKG_OP_BASE_FE                                            \
				      : 0))

enum wpkg_op {
#define WPKG_OP(name, text, prefix, code, immediates, signature, aux, feature, where)              \
	WPKG_OP_##name = WPKG_OP_NUMBER(prefix, code),
#include "wasm/opcode.def"
};

/* What follows the opcode in the binary format, in this order; numbers are LEB128. */
enum wpkg_immediate {
	WPKG_IMM_NONE,
	WPKG_IMM_BLOCK,	    /* block type */
	WPKG_IMM_LABEL,	    /* label */
	WPKG_IMM_BR_TABLE,  /* vector of labels, label */
	WPKG_IMM_BR_CAST,   /* flags byte, label, two heap types */
	WPKG_IMM_TRY_TABLE, /* block type, vector of catches */
	WPKG_IMM_SELECT,    /* vector of value types */
	WPKG_IMM_FUNC,	    /* one index of that kind, until WPKG_IMM_HEAP */
	WPKG_IMM_TYPE,
	WPKG_IMM_TABLE,
	WPKG_IMM_GLOBAL,
	WPKG_IMM_LOCAL,
	WPKG_IMM_TAG,
	WPKG_IMM_ELEM,
	WPKG_IMM_DATA,
	WPKG_IMM_MEMORY,
	WPKG_IMM_HEAP,		/* heap type */
	WPKG_IMM_CALL_INDIRECT, /* type, table */
	WPKG_IMM_TYPE_FIELD,	/* type, field */
	WPKG_IMM_TYPE_COUNT,	/* type, number of operands */
	WPKG_IMM_TYPE_TYPE,	/* type of the target, type of the source */
	WPKG_IMM_TYPE_DATA,	/* type, data segment */
	WPKG_IMM_TYPE_ELEM,	/* type, element segment */
	WPKG_IMM_DATA_MEMORY,	/* data segment, memory */
	WPKG_IMM_MEMORY_MEMORY, /* memory of the target, memory of the source */
	WPKG_IMM_ELEM_TABLE,	/* element segment, table */
	WPKG_IMM_TABLE_TABLE,	/* table of the target, table of the source */
	WPKG_IMM_MEMARG,	/* flags and alignment, memory when flag 0x40 is set, offset */
	WPKG_IMM_MEMARG_ATOMIC, /* the same; the alignment is the natural one */
	WPKG_IMM_MEMARG_LANE,	/* the same, lane byte */
	WPKG_IMM_LANE,		/* lane byte */
	WPKG_IMM_SHUFFLE,	/* 16 lane bytes */
	WPKG_IMM_I32,		/* signed number */
	WPKG_IMM_I64,		/* signed number */
	WPKG_IMM_F32,		/* 4 bytes */
	WPKG_IMM_F64,		/* 8 bytes */
	WPKG_IMM_V128,		/* 16 bytes */
	WPKG_IMM_FENCE		/* a zero byte */
};

/* Rows of wpkg_signatures, by operands and results. */
enum wpkg_signature_row {
	WPKG_SIG_X, /* depends */
#define WPKG_SIG(name, n, a, b, c, d, m, r, s) WPKG_SIG_##name,
#include "wasm/opcode.def"
	WPKG_SIG_COUNT
};

/* Operands and results of the instructions that have always the same ones. */
struct wpkg_signature {
	uint8_t operand_count;
	uint8_t operands[4]; /* WPKG_TYPE_... of type.h; the last one is on top of the stack */
	uint8_t result_count;
	uint8_t results[2];
};

struct wpkg_opcode {
	uint16_t mnemonic;  /* where it is among all; 0 when there is no such opcode */
	uint8_t immediates; /* enum wpkg_immediate */
	uint8_t signature;  /* enum wpkg_signature_row */
	uint8_t aux;	    /* log2 of the natural alignment, or number of lanes */
	uint8_t feature;    /* enum wpkg_feature */
	bool is_constant;   /* allowed in constant expressions */
};

extern const struct wpkg_opcode wpkg_opcodes[WPKG_OP_LIMIT];
extern const struct wpkg_signature wpkg_signatures[];

static inline bool wpkg_opcode_exists(unsigned op)
{
	return op < WPKG_OP_LIMIT && wpkg_opcodes[op].mnemonic != 0;
}

/* The mnemonic; "unknown" when there is no such opcode. */
const char *wpkg_opcode_text(unsigned op);

#endif
