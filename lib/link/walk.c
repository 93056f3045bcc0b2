/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the indices stand in code, by the immediates of opcode.def. The module was validated: no
 * read here looks for an end, and every opcode is known.
 */
#include "link/link_int.h"
#include "wasm/opcode.h"

struct walker {
	const uint8_t *at;
	link_visit *visit;
	void *user;
};

static uint64_t take_u(struct walker *w)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *w->at++;
		value |= (uint64_t)(byte & 0x7f) << (shift & 63);
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static void skip_number(struct walker *w)
{
	while (*w->at++ & 0x80)
		;
}

static bool visit_index(struct walker *w, uint8_t space, bool makes_reference)
{
	struct link_reference reference = {.space = space,
					   .encoding = LINK_U32,
					   .makes_reference = makes_reference,
					   .start = w->at};
	reference.index = (uint32_t)take_u(w);
	reference.end = w->at;
	return w->visit(w->user, &reference);
}

/* A heap type or the index of a block type: negative is abstract, else a type index. */
static bool visit_s33(struct walker *w)
{
	struct link_reference reference = {
		.space = LINK_TYPE, .encoding = LINK_S33, .start = w->at};
	/* The last byte's bit 0x40 is the sign, whatever the length. */
	const uint8_t *last = w->at;
	while (*last & 0x80)
		last++;
	bool is_index = (*last & 0x40) == 0;
	reference.index = (uint32_t)take_u(w);
	reference.end = w->at;
	return !is_index || w->visit(w->user, &reference);
}

/* 0x63 and 0x64 are (ref null HEAP) and (ref HEAP); anything else is one byte. */
static bool visit_valtype(struct walker *w)
{
	uint8_t byte = *w->at++;
	return byte != 0x63 && byte != 0x64 ? true : visit_s33(w);
}

/* Empty and value types are one negative byte, but a reference type has its heap type behind it. */
static bool visit_block_type(struct walker *w)
{
	if (*w->at == 0x63 || *w->at == 0x64)
		return visit_valtype(w);
	return visit_s33(w);
}

static bool visit_memarg(struct walker *w)
{
	struct link_reference reference = {
		.space = WPKG_EXTERN_MEMORY, .encoding = LINK_MEMARG, .start = w->at};
	reference.flags = (uint32_t)take_u(w);
	if (reference.flags & 0x40)
		reference.index = (uint32_t)take_u(w);
	reference.flags &= ~UINT32_C(0x40);
	reference.end = w->at;
	skip_number(w);
	return w->visit(w->user, &reference);
}

static bool skip_labels(struct walker *w)
{
	for (uint64_t count = take_u(w) + 1; count > 0; count--)
		skip_number(w);
	return true;
}

static bool visit_catches(struct walker *w)
{
	for (uint64_t count = take_u(w); count > 0; count--) {
		uint8_t kind = *w->at++; /* 0 catch, 1 catch_ref, 2 catch_all, 3 catch_all_ref */
		if (kind < 2 && !visit_index(w, WPKG_EXTERN_TAG, false))
			return false;
		skip_number(w);
	}
	return true;
}

static bool visit_select_types(struct walker *w)
{
	for (uint64_t count = take_u(w); count > 0; count--)
		if (!visit_valtype(w))
			return false;
	return true;
}

static bool visit_both(struct walker *w, uint8_t first, uint8_t second)
{
	return visit_index(w, first, false) && visit_index(w, second, false);
}

static bool visit_immediates(struct walker *w, unsigned op)
{
	switch ((enum wpkg_immediate)wpkg_opcodes[op].immediates) {
	case WPKG_IMM_NONE:
		return true;
	case WPKG_IMM_BLOCK:
		return visit_block_type(w);
	case WPKG_IMM_LABEL:
	case WPKG_IMM_LOCAL:
	case WPKG_IMM_I32:
	case WPKG_IMM_I64:
		skip_number(w);
		return true;
	case WPKG_IMM_BR_TABLE:
		return skip_labels(w);
	case WPKG_IMM_BR_CAST:
		w->at++;
		skip_number(w);
		return visit_s33(w) && visit_s33(w);
	case WPKG_IMM_TRY_TABLE:
		return visit_block_type(w) && visit_catches(w);
	case WPKG_IMM_SELECT:
		return visit_select_types(w);
	case WPKG_IMM_FUNC:
		return visit_index(w, WPKG_EXTERN_FUNC, op == WPKG_OP_REF_FUNC);
	case WPKG_IMM_TYPE:
		return visit_index(w, LINK_TYPE, false);
	case WPKG_IMM_TABLE:
		return visit_index(w, WPKG_EXTERN_TABLE, false);
	case WPKG_IMM_GLOBAL:
		return visit_index(w, WPKG_EXTERN_GLOBAL, false);
	case WPKG_IMM_TAG:
		return visit_index(w, WPKG_EXTERN_TAG, false);
	case WPKG_IMM_ELEM:
		return visit_index(w, LINK_ELEM, false);
	case WPKG_IMM_DATA:
		return visit_index(w, LINK_DATA, false);
	case WPKG_IMM_MEMORY:
		return visit_index(w, WPKG_EXTERN_MEMORY, false);
	case WPKG_IMM_HEAP:
		return visit_s33(w);
	case WPKG_IMM_CALL_INDIRECT:
		return visit_both(w, LINK_TYPE, WPKG_EXTERN_TABLE);
	case WPKG_IMM_TYPE_FIELD:
	case WPKG_IMM_TYPE_COUNT:
		if (!visit_index(w, LINK_TYPE, false))
			return false;
		skip_number(w);
		return true;
	case WPKG_IMM_TYPE_TYPE:
		return visit_both(w, LINK_TYPE, LINK_TYPE);
	case WPKG_IMM_TYPE_DATA:
		return visit_both(w, LINK_TYPE, LINK_DATA);
	case WPKG_IMM_TYPE_ELEM:
		return visit_both(w, LINK_TYPE, LINK_ELEM);
	case WPKG_IMM_DATA_MEMORY:
		return visit_both(w, LINK_DATA, WPKG_EXTERN_MEMORY);
	case WPKG_IMM_MEMORY_MEMORY:
		return visit_both(w, WPKG_EXTERN_MEMORY, WPKG_EXTERN_MEMORY);
	case WPKG_IMM_ELEM_TABLE:
		return visit_both(w, LINK_ELEM, WPKG_EXTERN_TABLE);
	case WPKG_IMM_TABLE_TABLE:
		return visit_both(w, WPKG_EXTERN_TABLE, WPKG_EXTERN_TABLE);
	case WPKG_IMM_MEMARG:
	case WPKG_IMM_MEMARG_ATOMIC:
		return visit_memarg(w);
	case WPKG_IMM_MEMARG_LANE:
		if (!visit_memarg(w))
			return false;
		w->at++;
		return true;
	case WPKG_IMM_LANE:
	case WPKG_IMM_FENCE:
		w->at++;
		return true;
	case WPKG_IMM_SHUFFLE:
	case WPKG_IMM_V128:
		w->at += 16;
		return true;
	case WPKG_IMM_F32:
		w->at += 4;
		return true;
	case WPKG_IMM_F64:
		w->at += 8;
		return true;
	}
	return false;
}

static unsigned take_opcode(struct walker *w)
{
	uint8_t byte = *w->at++;
	return byte < 0xfb || byte > 0xfe ? byte : WPKG_OP_NUMBER(byte, (unsigned)take_u(w));
}

static bool is_opening(unsigned op)
{
	return op == WPKG_OP_BLOCK || op == WPKG_OP_LOOP || op == WPKG_OP_IF || op == WPKG_OP_TRY ||
	       op == WPKG_OP_TRY_TABLE;
}

/* Instructions up to the end that closes the expression. */
static bool walk_instructions(struct walker *w)
{
	unsigned depth = 1;
	while (depth > 0) {
		unsigned op = take_opcode(w);
		if (op == WPKG_OP_END || op == WPKG_OP_DELEGATE)
			depth--;
		else if (is_opening(op))
			depth++;
		if (!visit_immediates(w, op))
			return false;
	}
	return true;
}

bool link_walk_body(const uint8_t *at, link_visit *visit, void *user)
{
	struct walker w = {at, visit, user};
	for (uint64_t runs = take_u(&w); runs > 0; runs--) {
		skip_number(&w);
		if (!visit_valtype(&w))
			return false;
	}
	return walk_instructions(&w);
}

bool link_walk_expression(const uint8_t **at, link_visit *visit, void *user)
{
	struct walker w = {*at, visit, user};
	bool whole = walk_instructions(&w);
	*at = w.at;
	return whole;
}
