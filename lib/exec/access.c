/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores in the translator: how they reach their address. */
#include "exec/choice.h"

#include "exec/bytes.h"
#include "exec/immediate.h"

struct exec_access exec_take_access(struct translator *t)
{
	uint32_t align = take_u32(&t->at);
	uint32_t index = align & 0x40 ? take_u32(&t->at) : 0;
	const struct wpkg_memory *memory = t->instance->memories[index];
	return (struct exec_access){memory, index == 0 && !memory->is_64, take_u64(&t->at)};
}

bool exec_fused_address(struct translator *t, struct address *out, uint32_t a, uint64_t offset)
{
	static const uint8_t classes[] = {
		[INT_SS] = ADDRESS_SS, [INT_SC] = ADDRESS_SC, [INT_RS] = ADDRESS_RS,
		[INT_SR] = ADDRESS_RS, [INT_RC] = ADDRESS_RC, [INT_LS] = ADDRESS_LS,
		[INT_SL] = ADDRESS_LS, [INT_LC] = ADDRESS_LC, [INT_LL] = 0};
	if (!(t->opts & WPKG_OPT_ADDRESS) || !just_made(t, a) || t->note.opcode != WPKG_OP_I32_ADD)
		return false;
	unsigned class = t->note.class;
	bool constant = class == INT_SC || class == INT_RC || class == INT_LC;
	if (class == INT_LL || class == INT_LR || class == INT_RL ||
	    (constant ? offset != 0 : offset > 0xffff))
		return false;
	out->class = classes[class];
	out->fields = t->note.fields & ~(uint64_t)0xffff;
	if (!constant)
		out->fields |= offset << 48;
	exec_take_back(t, t->note.pos);
	return true;
}

struct address exec_plain_address(struct translator *t, uint32_t a, uint64_t offset, bool acc_free)
{
	struct address out = {.class = ADDRESS_S};
	const struct operand *o = &t->stack[a];
	uint32_t slot = 0;
	if (o->place == AT_CONST && (t->opts & WPKG_OPT_ADDRESS) &&
	    o->bits + offset <= UINT32_MAX) {
		out.class = ADDRESS_C;
		offset += o->bits;
	} else if (exec_pinned(t, a))
		out.class = ADDRESS_L;
	else if (acc_free && exec_in_acc(t, a))
		out.class = ADDRESS_R;
	else
		slot = exec_slot(t, a);
	out.fields = exec_fields_constant(0, slot, (uint32_t)offset);
	return out;
}

void exec_locate(struct translator *t, uint32_t a, const struct exec_access *access, uint32_t size)
{
	uint32_t slot = exec_slot(t, a);
	exec_spill(t, BANK_INT);
	exec_emit(t, access->memory->is_64 ? H_locate_64 : H_locate_32);
	exec_word(t, exec_fields(0, slot, size, 0));
	exec_word(t, (uint64_t)access->memory);
	exec_word(t, access->offset);
}

static uint32_t access_size(unsigned opcode)
{
	static const uint8_t sizes[] = {4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2,
					4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4};
	return sizes[opcode - WPKG_OP_I32_LOAD];
}

/* The last instruction loads a number to the accumulator only: its class, address and offset. */
static bool take_index(struct translator *t, unsigned *letter, uint32_t *slot, uint64_t *offset)
{
	uint32_t pos = exec_last(t);
	if (pos == NOWHERE || !(t->opts & WPKG_OPT_FUSE))
		return false;
	unsigned class = ((unsigned)t->code[pos] - H_i32_load_S_acc) / INT_DESTINATIONS;
	if (class > ADDRESS_L || t->code[pos] != H_i32_load_S_acc + class * INT_DESTINATIONS)
		return false;
	*letter = class;
	*slot = (uint16_t)(t->code[pos + 1] >> 16);
	*offset = t->code[pos + 1] >> 32;
	exec_stand_at_last(t);
	exec_rewind(t, pos);
	return true;
}

/*
 * The address is a sum that was just made, of a slot and a shifted number, as arrays have it. The
 * number may be what was loaded right before.
 */
static bool load_scaled(struct translator *t, unsigned opcode, uint64_t offset)
{
	uint32_t shift = note_field(t, 3), slot = note_field(t, 1), x = note_field(t, 2), first;
	uint64_t here = (uint64_t)(t->here - t->start);
	unsigned letter = t->note.class;
	uint64_t before;
	if (!(t->opts & WPKG_OPT_ADDRESS) || opcode != WPKG_OP_I32_LOAD ||
	    !just_made(t, t->height - 1) || t->note.opcode != OPCODE_SHL_ADD || shift > 3 ||
	    offset > 0x3fff)
		return false;
	exec_take_back(t, t->note.pos);
	bool loaded = letter == 1 && take_index(t, &letter, &first, &before);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, (loaded ? H_i32_load_load_S_acc : H_i32_load_shl_add_S_acc) +
					    letter * INT_DESTINATIONS);
	exec_word(t, exec_fields(t->next_slot, loaded ? first : slot, loaded ? slot : x,
				 (uint32_t)offset << 2 | shift));
	/* The word is also what a trap of the second access points to: where that stands. */
	if (loaded)
		exec_word(t, here << 32 | before);
	exec_push_result(t, KIND_I32, pos);
	return true;
}

void exec_load(struct translator *t, unsigned opcode, const struct exec_access *access)
{
	uint32_t a = t->height - 1, pos;
	unsigned kind = exec_result_kind(opcode);
	if (!access->plain) {
		exec_locate(t, a, access, access_size(opcode));
		exec_pop(t, 1);
		pos = exec_emit(t, exec_shape(opcode)->direct);
		exec_word(t, exec_fields(t->next_slot, 0, 0, 0));
		exec_push_result(t, kind, pos);
		return;
	}
	if (load_scaled(t, opcode, access->offset))
		return;
	struct address at;
	if (!exec_fused_address(t, &at, a, access->offset))
		at = exec_plain_address(t, a, access->offset, true);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 1);
	pos = exec_emit(t, exec_shape(opcode)->first + at.class * destinations(kind));
	exec_word(t, at.fields | t->next_slot);
	note_last(t, pos, opcode, at.class, at.fields, before);
	exec_push_result(t, kind, pos);
}

static bool tiny_const(const struct operand *o)
{
	if (o->place != AT_CONST)
		return false;
	if (o->kind == KIND_I32 || o->kind == KIND_F32)
		return (int32_t)(uint32_t)o->bits == (int16_t)(uint16_t)o->bits;
	return (int64_t)o->bits == (int16_t)(uint16_t)o->bits;
}

void exec_store(struct translator *t, unsigned opcode, const struct exec_access *access)
{
	uint32_t v = t->height - 1, a = t->height - 2, value = 0;
	struct operand *o = &t->stack[v];
	if (!access->plain) {
		value = exec_slot(t, v);
		exec_locate(t, a, access, access_size(opcode));
		exec_pop(t, 2);
		exec_emit(t, exec_shape(opcode)->direct);
		exec_word(t, exec_fields(value, 0, 0, 0));
		return;
	}
	bool tiny = tiny_const(o);
	if (tiny && opcode == WPKG_OP_F32_STORE)
		opcode = WPKG_OP_I32_STORE;
	if (tiny && opcode == WPKG_OP_F64_STORE)
		opcode = WPKG_OP_I64_STORE;
	struct address at;
	unsigned class;
	if ((tiny || o->place == AT_LOCAL) && exec_fused_address(t, &at, a, access->offset)) {
		class = tiny ? VALUE_C : exec_pinned(t, v) ? VALUE_L : VALUE_S;
	} else {
		class = tiny		    ? VALUE_C
			: exec_pinned(t, v) ? VALUE_L
			: exec_in_acc(t, v) ? VALUE_R
					    : VALUE_S;
		if (class == VALUE_S)
			value = exec_slot(t, v);
		at = exec_plain_address(t, a, access->offset, class != VALUE_R || !is_int(o->kind));
	}
	if (class == VALUE_C)
		value = (uint32_t)o->bits & 0xffff;
	else if (class == VALUE_S)
		value = exec_slot(t, v);
	exec_pop(t, 2);
	exec_emit(t, exec_shape(opcode)->first + at.class * 4 + class);
	exec_word(t, at.fields | value);
}
