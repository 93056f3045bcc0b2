/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_CHOICE_H
#define WPKG_EXEC_CHOICE_H

/*
 * Which handler does an instruction: what the files that choose (arith.c, access.c, branch.c)
 * share.
 */

#include <string.h>

#include "exec/compile.h"
#include "exec/classes.inc"
#include "wasm/opcode.h"

#define INT_DESTINATIONS 3
#define ADDRESS_COUNT (ADDRESS_C + 1)

/* What there is for an opcode; all zero when nothing. */
const struct shape *exec_shape(unsigned opcode);

/* The opcode with the operands exchanged; 0 when there is none. */
unsigned exec_commuted(unsigned opcode);

static inline bool is_int(unsigned kind)
{
	return exec_bank(kind) == BANK_INT;
}

static inline unsigned destinations(unsigned kind)
{
	return is_int(kind) ? INT_DESTINATIONS : 2;
}

/* How an access reaches its address: the class, and the word of fields without field 0. */
struct address {
	unsigned class;
	uint64_t fields;
};

/* Takes an addition that was just made into the address; false when it cannot. */
bool exec_fused_address(struct translator *t, struct address *out, uint32_t a, uint64_t offset);

/* The address is operand a as it is; in the accumulator only where that is allowed. */
struct address exec_plain_address(struct translator *t, uint32_t a, uint64_t offset, bool acc_free);

/* The address in any memory, checked, to the accumulator. Operand a is its base. */
void exec_locate(struct translator *t, uint32_t a, const struct exec_access *access, uint32_t size);

/* The variants of a branch: forward, and back to a loop, which may have a cost. */
enum side { SIDE_FORWARD, SIDE_BACK, SIDE_PAYS, SIDES };

/* The variant for the label of what begins with the one forward. */
static inline unsigned sided(const struct translator *t, unsigned handler,
			     const struct label *label)
{
	if (label->kind != LABEL_LOOP)
		return handler + SIDE_FORWARD;
	return handler + (t->metered ? SIDE_PAYS : SIDE_BACK);
}

/* Is operand i made by the last instruction, of which the note tells, and not used so far? */
static inline bool just_made(const struct translator *t, uint32_t i)
{
	const struct operand *o = &t->stack[i];
	return o->place == AT_TEMP && o->pending && o->producer == t->note.pos &&
	       o->producer == exec_last(t);
}

static inline void note_last(struct translator *t, uint32_t pos, unsigned opcode, unsigned class,
			     uint64_t fields, const struct accumulator *before)
{
	t->previous = t->note;
	t->note.pos = pos;
	t->note.opcode = (uint16_t)opcode;
	t->note.class = (uint8_t) class;
	t->note.fields = fields;
	memcpy(t->note.before, before, sizeof(t->note.before));
}

/* The first slot, and the last two fields, of an instruction that is noted. */
static inline uint32_t note_field(const struct translator *t, int k)
{
	return (uint32_t)(uint16_t)(t->note.fields >> (16 * k));
}

/* The constant of one that has it: an addend, the offset of a load. */
static inline uint32_t note_constant(const struct note *note)
{
	return (uint32_t)(note->fields >> 32);
}

#endif
