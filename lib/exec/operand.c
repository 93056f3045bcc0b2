/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/compile.h"

#include "base/mem.h"
#include "exec/engine.h"

/* So many operands may wait for their slot; scans over them stay short whatever a body does. */
#define UNSETTLED_MAX 64

enum bank exec_bank(unsigned kind)
{
	switch (kind) {
	case KIND_F32:
		return BANK_F32;
	case KIND_F64:
		return BANK_F64;
	case KIND_V128:
		return BANK_V128;
	default:
		return BANK_INT;
	}
}

uint32_t exec_width(unsigned kind)
{
	return kind == KIND_V128 ? 2 : 1;
}

void exec_forget(struct translator *t)
{
	for (unsigned i = 0; i < BANK_COUNT; i++)
		t->acc[i] = (struct accumulator){NOWHERE, NOWHERE};
}

struct operand *exec_top(struct translator *t, uint32_t from_top)
{
	return &t->stack[t->height - 1 - from_top];
}

/* The caller of a push keeps room for one operand at each instruction. */
static struct operand *push(struct translator *t, unsigned kind)
{
	for (unsigned i = 0; i < BANK_COUNT; i++)
		if (t->acc[i].operand != NOWHERE && t->acc[i].operand >= t->height)
			t->acc[i].operand = NOWHERE;
	while (t->height - t->settled > UNSETTLED_MAX)
		exec_settle(t, t->settled++);
	struct operand *o = &t->stack[t->height++];
	*o = (struct operand){
		.kind = (uint8_t)kind, .home = t->next_slot, .producer = NOWHERE, .roots = NOWHERE};
	t->next_slot += exec_width(kind);
	if (t->next_slot > t->top_slot)
		t->top_slot = t->next_slot;
	return o;
}

void exec_pop(struct translator *t, uint32_t count)
{
	if (count == 0)
		return;
	t->height -= count;
	t->next_slot = t->stack[t->height].home;
	if (t->settled > t->height)
		t->settled = t->height;
	if (t->rooted > t->height)
		t->rooted = t->height;
}

void exec_push_local(struct translator *t, uint32_t slot, unsigned kind)
{
	struct operand *o = push(t, kind);
	o->place = AT_LOCAL;
	o->slot = slot;
}

void exec_push_const(struct translator *t, unsigned kind, uint64_t bits)
{
	struct operand *o = push(t, kind);
	o->place = AT_CONST;
	o->bits = bits;
}

void exec_push_slot(struct translator *t, unsigned kind, uint32_t pos)
{
	push(t, kind)->producer = pos;
}

void exec_push_vector(struct translator *t, uint32_t pos)
{
	t->vector_before = t->acc[BANK_V128];
	t->before_vector = t->last_vector;
	t->last_vector = pos;
	exec_push_slot(t, KIND_V128, pos);
	t->acc[BANK_V128] = (struct accumulator){t->height - 1, NOWHERE};
}

void exec_push_result(struct translator *t, unsigned kind, uint32_t pos)
{
	enum bank bank = exec_bank(kind);
	exec_spill(t, bank);
	struct operand *o = push(t, kind);
	o->producer = pos;
	o->pending = true;
	t->acc[bank].operand = t->height - 1;
	if (!(t->opts & WPKG_OPT_ACCUMULATOR))
		exec_to_slot(t, t->height - 1);
}

void exec_to_slot(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	if (!o->pending)
		return;
	t->code[o->producer] += 1;
	o->pending = false;
}

void exec_spill(struct translator *t, enum bank bank)
{
	struct accumulator *acc = &t->acc[bank];
	if (acc->operand != NOWHERE && acc->operand < t->height)
		exec_to_slot(t, acc->operand);
	*acc = (struct accumulator){NOWHERE, NOWHERE};
}

void exec_spill_all(struct translator *t, uint32_t below)
{
	for (uint32_t i = t->settled; i < below; i++)
		exec_to_slot(t, i);
}

bool exec_in_acc(const struct translator *t, uint32_t i)
{
	const struct operand *o = &t->stack[i];
	enum bank bank = exec_bank(o->kind);
	if (!(t->opts & WPKG_OPT_ACCUMULATOR))
		return false;
	if (o->place == AT_TEMP)
		return t->acc[bank].operand == i;
	return o->place == AT_LOCAL && t->acc[bank].local == o->slot;
}

bool exec_pinned(const struct translator *t, uint32_t i)
{
	return t->stack[i].place == AT_LOCAL && t->stack[i].slot == t->pin;
}

/* Constants that a 16-bit field holds. */
static bool is_tiny(uint64_t bits)
{
	return (uint32_t)(int16_t)bits == bits;
}

/*
 * A move, a constant or the accumulator to a slot: with the last instruction, if that is a move or
 * a tiny constant. The handlers are for either of these as the first; H_count: there is none. The
 * value is a slot or a constant.
 */
static bool join_move(struct translator *t, unsigned to_mov, unsigned to_const, uint32_t to,
		      uint32_t value)
{
	uint32_t last = exec_last(t);
	if (last == NOWHERE || !(t->opts & WPKG_OPT_FUSE))
		return false;
	uint64_t handler = t->code[last], fields = t->code[last + 1];
	if (handler == H_mov) {
		t->code[last] = to_mov;
	} else if (handler == H_const32 && to_const != H_count && is_tiny(fields >> 32)) {
		t->code[last] = to_const;
		fields = exec_fields((uint32_t)fields, (uint32_t)(fields >> 32), 0, 0);
	} else {
		return false;
	}
	t->code[last + 1] = fields | exec_fields(0, 0, to, value);
	return true;
}

static void emit_move(struct translator *t, uint32_t to, uint32_t from)
{
	if (join_move(t, H_mov2, H_const_mov, to, from))
		return;
	exec_emit(t, H_mov);
	exec_word(t, exec_fields(to, from, 0, 0));
}

static void emit_vector(struct translator *t, uint32_t to, uint64_t address)
{
	exec_emit(t, H_const_v);
	exec_word(t, exec_fields(to, 0, 0, 0));
	exec_words_of(t, address);
}

static void emit_const(struct translator *t, uint32_t to, const struct operand *o, bool pin)
{
	uint64_t bits = o->bits;
	if (o->kind == KIND_V128) {
		emit_vector(t, to, bits);
		return;
	}
	if (is_tiny(bits) && !pin && join_move(t, H_mov_const, H_const2, to, (uint32_t)bits))
		return;
	if (bits <= UINT32_MAX) {
		exec_emit(t, pin ? H_const32_pin : H_const32);
		exec_word(t, exec_fields_constant(to, 0, (uint32_t)bits));
		return;
	}
	exec_emit(t, pin ? H_const64_pin : H_const64);
	exec_word(t, exec_fields(to, 0, 0, 0));
	exec_word(t, bits);
}

static void emit_put(struct translator *t, enum bank bank, uint32_t to, bool pin)
{
	static const uint16_t put[] = {[BANK_INT] = H_put_r,
				       [BANK_F64] = H_put_d,
				       [BANK_F32] = H_put_f,
				       [BANK_V128] = H_put_v};
	if (bank == BANK_INT && join_move(t, pin ? H_mov_put_r_pin : H_mov_put_r, H_count, to, 0))
		return;
	exec_emit(t, pin ? H_put_r_pin : put[bank]);
	exec_word(t, exec_fields(to, 0, 0, 0));
}

/* The operand's value also in this slot; the operand stays what it is. */
void exec_copy(struct translator *t, uint32_t i, uint32_t slot)
{
	struct operand *o = &t->stack[i];
	if (o->place == AT_TEMP && o->home == slot) {
		exec_to_slot(t, i);
	} else if (o->place == AT_CONST) {
		emit_const(t, slot, o, false);
	} else if (exec_in_acc(t, i)) {
		emit_put(t, exec_bank(o->kind), slot, false);
	} else if (o->kind == KIND_V128) {
		exec_emit(t, H_mov_v);
		exec_word(t, exec_fields(slot, o->place == AT_LOCAL ? o->slot : o->home, 0, 0));
	} else {
		exec_to_slot(t, i);
		emit_move(t, slot, o->place == AT_LOCAL ? o->slot : o->home);
	}
}

/* The operand's producer writes this slot instead of its home, if it is the last instruction. */
bool exec_redirect(struct translator *t, uint32_t i, uint32_t slot)
{
	struct operand *o = &t->stack[i];
	if (o->place != AT_TEMP || o->producer == NOWHERE || o->producer != exec_last(t) ||
	    !(t->opts & WPKG_OPT_DESTINATION))
		return false;
	exec_set_destination(t, o->producer, slot);
	exec_to_slot(t, i);
	return true;
}

void exec_settle(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	exec_copy(t, i, o->home);
	if (o->place != AT_TEMP) {
		o->place = AT_TEMP;
		o->producer = NOWHERE;
	}
}

void exec_settle_all(struct translator *t)
{
	for (; t->settled < t->height; t->settled++)
		exec_settle(t, t->settled);
}

/* The slot to read the operand from. */
uint32_t exec_slot(struct translator *t, uint32_t i)
{
	if (t->stack[i].place == AT_LOCAL)
		return t->stack[i].slot;
	exec_settle(t, i);
	return t->stack[i].home;
}

static void forget_local(struct translator *t, uint32_t slot)
{
	for (unsigned i = 0; i < BANK_COUNT; i++)
		if (t->acc[i].local == slot)
			t->acc[i].local = NOWHERE;
}

/* The accumulator that held the operand now holds the local. */
static void acc_to_local(struct translator *t, enum bank bank, uint32_t i, uint32_t slot)
{
	if (t->acc[bank].operand == i)
		t->acc[bank] = (struct accumulator){NOWHERE, slot};
}

/* The producer of the top operand writes the local; false when another instruction has to. */
static bool set_by_producer(struct translator *t, uint32_t slot)
{
	uint32_t i = t->height - 1;
	struct operand *o = &t->stack[i];
	enum bank bank = exec_bank(o->kind);
	if (o->place != AT_TEMP || o->producer == NOWHERE || o->producer != exec_last(t) ||
	    !(t->opts & WPKG_OPT_DESTINATION) || (!o->pending && slot == t->pin))
		return false;
	exec_set_destination(t, o->producer, slot);
	if (o->pending)
		t->code[o->producer] += slot == t->pin ? 2 : 1;
	o->pending = false;
	forget_local(t, slot);
	acc_to_local(t, bank, i, slot);
	return true;
}

static void set_by_move(struct translator *t, uint32_t slot)
{
	uint32_t i = t->height - 1;
	struct operand *o = &t->stack[i];
	bool pin = slot == t->pin;
	if (o->place == AT_LOCAL && o->slot == slot)
		return;
	if (o->place == AT_CONST) {
		emit_const(t, slot, o, pin);
	} else if (exec_in_acc(t, i)) {
		emit_put(t, exec_bank(o->kind), slot, pin);
	} else if (pin) {
		uint32_t from = exec_slot(t, i);
		if (!join_move(t, H_mov2_pin, H_count, slot, from)) {
			exec_emit(t, H_mov_pin);
			exec_word(t, exec_fields(slot, from, 0, 0));
		}
	} else {
		exec_copy(t, i, slot);
	}
	forget_local(t, slot);
	if (o->place == AT_TEMP && exec_in_acc(t, i)) {
		o->pending = false;
		acc_to_local(t, exec_bank(o->kind), i, slot);
	}
}

/* Is the slot among what the instruction reads? It may seem so when it is not. */
static bool may_read(const struct translator *t, uint32_t pos, uint32_t slot)
{
	uint64_t fields = t->code[pos + 1];
	return (uint16_t)(fields >> 16) == slot || (uint16_t)(fields >> 32) == slot ||
	       fields >> 48 == slot;
}

/* Does another operand stand for the same local as operand i? */
static bool has_twin(const struct translator *t, uint32_t i)
{
	for (uint32_t j = t->settled; j < t->height; j++)
		if (j != i && t->stack[j].place == AT_LOCAL && t->stack[j].slot == t->stack[i].slot)
			return true;
	return false;
}

/*
 * Operand i, which stands for a local that the last instruction is about to set, was made by the
 * one before that, for the local: then it is made for the operand's home instead, if that is all
 * that reads it.
 */
static bool divert(struct translator *t, uint32_t i)
{
	struct operand *o = &t->stack[i];
	uint32_t count = t->instruction_count, pos = t->before_vector;
	if (count < 2 || pos == NOWHERE || pos != t->instructions[count - 2] || pos < t->fence ||
	    t->vector_before.local != o->slot || (uint16_t)t->code[pos + 1] != o->slot ||
	    may_read(t, t->instructions[count - 1], o->slot) || has_twin(t, i) ||
	    !exec_room(t, &t->diverted, &t->diverted_cap, t->diverted_count + 1,
		       sizeof(*t->diverted)))
		return false;
	t->diverted[t->diverted_count++] = pos;
	exec_set_destination(t, pos, o->home);
	o->place = AT_TEMP;
	o->producer = NOWHERE;
	return true;
}

/*
 * Operand i, a vector, goes home; false when a local cannot be set by its producer after that. When
 * the operand on top was made last, the other one goes home before it: the instruction that made it
 * reads nothing of what is written then, and stays the last one.
 */
static bool settle_vector(struct translator *t, uint32_t i)
{
	struct operand *top = exec_top(t, 0);
	struct accumulator now = t->acc[BANK_V128];
	if (top->place != AT_TEMP || top->producer == NOWHERE || top->producer != exec_last(t) ||
	    top->producer != t->last_vector || !(t->opts & WPKG_OPT_DESTINATION)) {
		exec_settle(t, i);
		return false;
	}
	if (divert(t, i))
		return true;
	t->acc[BANK_V128] = t->vector_before;
	exec_settle(t, i);
	t->acc[BANK_V128] = now;
	top->producer = t->last_vector = exec_swap_last(t);
	return true;
}

void exec_set_local(struct translator *t, uint32_t slot, bool tee)
{
	bool moved = false;
	for (uint32_t i = t->settled; i + 1 < t->height; i++)
		if (t->stack[i].place == AT_LOCAL && t->stack[i].slot == slot) {
			if (t->stack[i].kind == KIND_V128 && settle_vector(t, i))
				continue;
			exec_settle(t, i);
			moved = true;
		}
	uint8_t kind = exec_top(t, 0)->kind;
	if (moved || !set_by_producer(t, slot))
		set_by_move(t, slot);
	exec_pop(t, 1);
	if (tee)
		exec_push_local(t, slot, kind);
}
