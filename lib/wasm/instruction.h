/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_INSTRUCTION_H
#define WPKG_WASM_INSTRUCTION_H

/*
 * One instruction of a validated module with its immediates as plain data, for printers. Internal
 * to this folder.
 */

#include "wasm/opcode.h"
#include "wasm/reader.h"
#include "wasm/type.h"

/* What of it is set depends on the opcode's immediates. */
struct wasm_instruction {
	unsigned op;
	uint32_t start, end;	/* offsets in the file */
	uint32_t first, second; /* indices and numbers, as they follow each other */
	wpkg_valtype types[2];	/* heap types as references; what is concrete is a type index */
	uint64_t value, high;	/* bits of a constant, the low ones in value; offset of a memarg */
	uint8_t align;		/* of a memarg, as log2; its memory is first */
	uint8_t flags;		/* of a cast */
	uint8_t lane;
	const uint8_t *list;  /* items of a vector: labels, catches or types; lanes of a shuffle */
	uint32_t count;	      /* of them */
	bool has_block_index; /* a block type that is the type index first */
	wpkg_valtype block_type; /* else: its one result, or WPKG_TYPE_NONE */
};

/* A value type; what is concrete is a type index. */
wpkg_valtype wasm_raw_valtype(struct wpkg_reader *r);

/* A heap type as the reference to it that is not nullable. */
wpkg_valtype wasm_raw_heap_type(struct wpkg_reader *r);

/* Goes over the declaration of locals that a body begins with. */
void wasm_skip_locals(struct wpkg_reader *r);

/* The next instruction. Only of validated code: nothing is checked. */
void wasm_instruction_read(struct wasm_instruction *out, struct wpkg_reader *r);

/* Does it name a data segment, so that a decoder wants to know how many there will be? */
bool wasm_names_data(unsigned op);

/* Does it open a block? */
bool wasm_opens_block(unsigned op);

#endif
