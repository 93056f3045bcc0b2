/* SPDX-License-Identifier: Apache-2.0 */
/* Conditional branches in the translator: with what makes the condition, where that is simple. */
#include "exec/choice.h"

/* Comparisons with a slot and a constant, to each side, of a pair in generate.py. */
#define PAIR_COMPARISONS (10 * 2 * SIDES)

/* A comparison, or an "and", that was just made becomes the branch. */
static bool branch_on_compare(struct translator *t, bool sense, struct label *label)
{
	if (!just_made(t, t->height - 1))
		return false;
	unsigned opcode = t->note.opcode, class = t->note.class, handler;
	const struct shape *shape = exec_shape(opcode);
	if (opcode == WPKG_OP_I32_AND)
		handler = H_br_i32_and_SS_if + (class * 2 + (sense ? 0 : 1)) * SIDES;
	else if (shape->kind != SHAPE_COMPARE)
		return false;
	else if (shape->opposite)
		handler = exec_shape(sense ? opcode : shape->opposite)->branch + class * SIDES;
	else if (class <= FLOAT_SR)
		handler = shape->branch + (class * 2 + (sense ? 0 : 1)) * SIDES;
	else
		return false;
	uint64_t fields = t->note.fields;
	exec_take_back(t, t->note.pos);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, sided(t, handler, label));
	exec_word(t, fields);
	exec_branch_word(t, label, pos);
	return true;
}

/* How a comparison uses a value that was made right before: as which operand, with what other. */
struct comparison {
	bool is_second;
	bool other_is_const;
	uint32_t other; /* slot or constant */
};

/* The value is in the accumulator, or in the pinned local. */
static bool compares_made(struct comparison *out, const struct translator *t, bool pinned)
{
	unsigned class = t->note.class;
	bool by_r = class == INT_RC || class == INT_RS || class == INT_SR || class == INT_RL ||
		    class == INT_LR;
	bool by_l = class == INT_LC || class == INT_LS || class == INT_SL;
	if (pinned ? !by_l : !by_r)
		return false;
	out->is_second = class == INT_SR || class == INT_LR || class == INT_SL;
	out->other_is_const = class == INT_RC || class == INT_LC;
	out->other = out->other_is_const		  ? note_constant(&t->note)
		     : class == INT_RL || class == INT_LR ? t->pin
							  : note_field(t, 1);
	return true;
}

/* The handler of a pair for the first comparison, and its fields but for the destination's. */
static unsigned pair_of(uint64_t *fields, const struct note *made, bool pinned,
			const struct comparison *comparison)
{
	uint32_t a = (uint16_t)(made->fields >> 16), constant = note_constant(made);
	uint32_t other = comparison->other_is_const ? 0 : comparison->other;
	unsigned class = made->class;
	if (made->opcode == WPKG_OP_I32_LOAD || made->opcode == WPKG_OP_I32_LOAD8_U) {
		if (class > ADDRESS_L || constant > 0xffff)
			return 0;
		*fields = exec_fields(0, a, other, constant);
		return (made->opcode == WPKG_OP_I32_LOAD ? H_br_i32_load_S_slot_eq_S
							 : H_br_i32_load8_u_S_slot_eq_S) +
		       (class * 2 + pinned) * PAIR_COMPARISONS;
	}
	if (made->opcode != WPKG_OP_I32_ADD)
		return 0;
	*fields = exec_fields(0, a, constant & 0xffff, other);
	if (class == INT_LS || class == INT_SL)
		return pinned ? H_br_add_LS_eq_S : 0;
	if ((int32_t)constant != (int16_t)constant || class != (pinned ? INT_LC : INT_SC))
		return 0;
	return pinned ? H_br_add_LC_eq_S : H_br_add_SC_eq_S;
}

/* The last instruction but one made what the last one compares: all three become the branch. */
static bool branch_on_pair(struct translator *t, bool sense, struct label *label)
{
	struct note made = t->previous;
	struct comparison comparison;
	unsigned opcode = t->note.opcode;
	if (!just_made(t, t->height - 1) || opcode < WPKG_OP_I32_EQ ||
	    opcode >= WPKG_OP_I32_EQ + 10 || t->instruction_count < 2 || made.pos == NOWHERE ||
	    made.pos < t->fence || made.pos != t->instructions[t->instruction_count - 2])
		return false;
	unsigned first = exec_shape(made.opcode)->first + (unsigned)made.class * INT_DESTINATIONS;
	bool pinned = t->code[made.pos] == first + 2;
	uint64_t fields;
	if (!compares_made(&comparison, t, pinned))
		return false;
	unsigned handler = pair_of(&fields, &made, pinned, &comparison);
	if (!handler)
		return false;
	fields |= (uint16_t)t->code[made.pos + 1];
	if (comparison.is_second)
		opcode = exec_commuted(opcode);
	if (!sense)
		opcode = exec_shape(opcode)->opposite;
	exec_take_back(t, t->note.pos);
	t->words = made.pos;
	t->instruction_count--;
	exec_pop(t, 1);
	handler += ((opcode - WPKG_OP_I32_EQ) * 2 + comparison.other_is_const) * SIDES;
	uint32_t pos = exec_emit(t, sided(t, handler, label));
	exec_word(t, fields);
	exec_branch_word(t, label, pos);
	if (comparison.other_is_const)
		exec_word(t, comparison.other);
	return true;
}

/* The last instruction made the condition, in a local or not, and branches on it, too. */
static bool branch_on_result(struct translator *t, bool sense, struct label *label)
{
	const struct operand *o = exec_top(t, 0);
	uint32_t pos = t->note.pos;
	if (pos == NOWHERE || pos != exec_last(t) || o->kind != KIND_I32)
		return false;
	unsigned opcode = t->note.opcode, class = t->note.class;
	unsigned kind = exec_shape(opcode)->kind;
	if (kind != SHAPE_BINARY && kind != SHAPE_LOAD)
		return false;
	unsigned destination =
		(unsigned)t->code[pos] - exec_shape(opcode)->first - class * INT_DESTINATIONS;
	bool local =
		o->place == AT_LOCAL && destination != 0 && (uint16_t)t->code[pos + 1] == o->slot;
	unsigned handler;
	if ((opcode == WPKG_OP_I32_ADD || opcode == WPKG_OP_I32_SUB) && local &&
	    (class == INT_SC || class == INT_RC || class == INT_LC)) {
		unsigned letter = class == INT_SC ? 0 : class == INT_RC ? 1 : 2;
		handler = opcode == WPKG_OP_I32_ADD ? H_add_br_SC_slot_unless
						    : H_sub_br_SC_slot_unless;
		handler += ((letter * 2 + destination - 1) * 2 + (sense ? 1 : 0)) * SIDES;
	} else if ((opcode == WPKG_OP_I32_LOAD || opcode == WPKG_OP_I32_LOAD8_U) &&
		   (local || just_made(t, t->height - 1))) {
		handler = opcode == WPKG_OP_I32_LOAD ? H_i32_load_br_S_acc_unless
						     : H_i32_load8_u_br_S_acc_unless;
		handler += ((class * INT_DESTINATIONS + destination) * 2 + (sense ? 1 : 0)) * SIDES;
	} else {
		return false;
	}
	t->code[pos] = sided(t, handler, label);
	t->note.pos = NOWHERE;
	exec_pop(t, 1);
	exec_branch_word(t, label, pos);
	return true;
}

void exec_branch_if(struct translator *t, bool sense, struct label *label)
{
	if (t->opts & WPKG_OPT_BRANCH) {
		if ((t->opts & WPKG_OPT_FUSE) && branch_on_pair(t, sense, label))
			return;
		if (branch_on_compare(t, sense, label) || exec_branch_on_test(t, sense, label))
			return;
		if ((t->opts & WPKG_OPT_FUSE) && branch_on_result(t, sense, label))
			return;
	}
	uint32_t c = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, c) ? 2 : exec_in_acc(t, c) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, c);
	exec_pop(t, 1);
	unsigned handler = H_br_S_if + (letter * 2 + (sense ? 0 : 1)) * SIDES;
	uint32_t pos = exec_emit(t, sided(t, handler, label));
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_branch_word(t, label, pos);
}

void exec_branch_if_null(struct translator *t, bool sense, uint32_t slot, struct label *label)
{
	unsigned handler = sense ? H_br_i64_eq_SC : H_br_i64_ne_SC;
	uint32_t pos = exec_emit(t, sided(t, handler, label));
	exec_word(t, exec_fields_constant(0, slot, 0));
	exec_branch_word(t, label, pos);
}
