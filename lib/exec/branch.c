/* SPDX-License-Identifier: Apache-2.0 */
/* Conditional branches in the translator: with what makes the condition, where that is simple. */
#include "exec/choice.h"

/* The br_tables that a jump back does at once, and the variants of such a jump. */
#define HEADS (H_br_table_i32_load8_u_step - H_br_table_i32_load_L + 1)
#define JUMPS (SIDES + 2 * HEADS)

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
	exec_emit(t, sided(t, handler, label));
	exec_word(t, fields);
	exec_branch_word(t, label);
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
	exec_stand_at_last(t);
	exec_rewind(t, made.pos);
	exec_pop(t, 1);
	handler += ((opcode - WPKG_OP_I32_EQ) * 2 + comparison.other_is_const) * SIDES;
	exec_emit(t, sided(t, handler, label));
	exec_word(t, fields);
	exec_target_word(t, label);
	if (comparison.other_is_const)
		exec_word(t, comparison.other);
	exec_cost_word(t, label);
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
	if (opcode == WPKG_OP_I32_ADD && local &&
	    (class == INT_SC || class == INT_RC || class == INT_LC)) {
		unsigned letter = class == INT_SC ? 0 : class == INT_RC ? 1 : 2;
		handler = H_add_br_SC_slot_unless +
			  ((letter * 2 + destination - 1) * 2 + (sense ? 1 : 0)) * SIDES;
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
	exec_branch_word(t, label);
	return true;
}

void exec_branch_if(struct translator *t, bool sense, struct label *label)
{
	if (t->opts & WPKG_OPT_BRANCH) {
		if ((t->opts & WPKG_OPT_FUSE) && branch_on_pair(t, sense, label))
			return;
		if (exec_branch_on_test(t, sense, label) || branch_on_compare(t, sense, label))
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
	exec_emit(t, sided(t, handler, label));
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_branch_word(t, label);
}

/* The variant with a jump of an addition, a load or a store, forward; 0: there is none. */
static unsigned jump_after_access(unsigned handler)
{
	unsigned add = handler - H_i32_add_SS_acc, class = add / INT_DESTINATIONS;
	if (add % INT_DESTINATIONS > 0 && (class == INT_SC || class == INT_RC || class == INT_LC)) {
		unsigned letter = class == INT_SC ? 0 : class == INT_RC ? 1 : 2;
		return H_i32_add_SC_slot_jump + (letter * 2 + add % INT_DESTINATIONS - 1) * JUMPS;
	}
	unsigned load = handler - H_i32_load_S_acc, first = H_i32_load_S_slot_jump;
	if (load >= ADDRESS_COUNT * INT_DESTINATIONS) {
		load = handler - H_i32_load8_u_S_acc;
		first = H_i32_load8_u_S_slot_jump;
	}
	if (load < ADDRESS_COUNT * INT_DESTINATIONS && load % INT_DESTINATIONS > 0)
		return first + (load / INT_DESTINATIONS * 2 + load % INT_DESTINATIONS - 1) * SIDES;
	return 0;
}

/* The same of every instruction. */
static unsigned jump_after(uint64_t handler)
{
	switch (handler) {
	case H_mov:
		return H_mov_jump;
	case H_mov_pin:
		return H_mov_pin_jump;
	case H_mov2:
		return H_mov2_jump;
	case H_mov2_pin:
		return H_mov2_pin_jump;
	case H_const32:
		return H_const32_jump;
	case H_i32_store_S_S:
		return H_i32_store_S_S_jump;
	case H_i32_store_S_R:
		return H_i32_store_S_R_jump;
	case H_i32_store_L_S:
		return H_i32_store_L_S_jump;
	case H_i32_store_L_R:
		return H_i32_store_L_R_jump;
	case H_i32_store8_S_S:
		return H_i32_store8_S_S_jump;
	case H_i32_store8_S_R:
		return H_i32_store8_S_R_jump;
	case H_i32_store8_L_S:
		return H_i32_store8_L_S_jump;
	case H_i32_store8_L_R:
		return H_i32_store8_L_R_jump;
	default:
		return jump_after_access((unsigned)handler);
	}
}

/* Is the instruction a local that is stepped by a small constant? Its slot and that, to fields. */
static bool is_step(const struct translator *t, uint32_t pos, uint32_t *fields)
{
	uint64_t handler = t->code[pos], word = t->code[pos + 1];
	int32_t by = (int32_t)(word >> 32);
	bool local = handler == H_i32_add_LC_pin ||
		     (handler == H_i32_add_SC_slot && (uint16_t)word == (uint16_t)(word >> 16));
	*fields = (uint32_t)(uint16_t)word | (uint32_t)by << 16;
	return local && by == (int16_t)by;
}

/* The last two instructions, where each steps a local, become one; returns its jump, or 0. */
static unsigned join_steps(struct translator *t)
{
	uint32_t last = exec_last(t), first, steps[2];
	if (last == NOWHERE || t->instruction_count < 2)
		return 0;
	first = t->instructions[t->instruction_count - 2];
	if (first < t->fence || !is_step(t, first, &steps[0]) || !is_step(t, last, &steps[1]))
		return 0;
	bool pins = t->code[first] == H_i32_add_LC_pin,
	     then_pins = t->code[last] == H_i32_add_LC_pin;
	if (pins && then_pins)
		return 0;
	exec_rewind(t, last);
	t->code[first + 1] = (uint64_t)steps[1] << 32 | steps[0];
	return pins ? H_step_LS_jump : then_pins ? H_step_SL_jump : H_step_SS_jump;
}

/* The variant of the jump, and its target: to a loop that begins with a br_table, with that. */
static void jump_to(struct translator *t, uint32_t pos, unsigned jump, struct label *label)
{
	unsigned table = HEADS;
	uint32_t skipped = t->counted ? COUNT_WORDS : 0;
	if (label->kind == LABEL_LOOP && jump >= H_br_jump)
		table = (unsigned)t->code[label->start + skipped] - H_br_table_i32_load_L;
	t->code[pos] =
		table < HEADS ? jump + SIDES + 2 * table + t->metered : sided(t, jump, label);
	exec_branch_word(t, label);
	if (table < HEADS)
		t->code[pos + 2] += skipped;
}

void exec_jump(struct translator *t, struct label *label)
{
	unsigned jump = 0;
	if ((t->opts & WPKG_OPT_BRANCH) && (t->opts & WPKG_OPT_FUSE)) {
		jump = join_steps(t);
		if (!jump && exec_last(t) != NOWHERE)
			jump = jump_after(t->code[exec_last(t)]);
	}
	uint32_t pos = exec_last(t);
	if (!jump) {
		jump = H_br_jump;
		pos = exec_emit(t, jump);
		exec_word(t, 0);
	}
	t->note.pos = NOWHERE;
	jump_to(t, pos, jump, label);
}

/*
 * The last instruction reads where the pinned local points; did the one before it set another local
 * to a little more than that, as in a switch of *pc++? Both are taken back then.
 */
static bool take_step(struct translator *t, uint64_t *fields)
{
	if (t->instruction_count < 2)
		return false;
	uint32_t pos = t->instructions[t->instruction_count - 2];
	uint64_t word = t->code[pos + 1];
	int32_t by = (int32_t)(word >> 32);
	if (pos < t->fence || t->code[pos] != H_i32_add_LC_slot || by != (int16_t)by)
		return false;
	exec_stand_at_last(t);
	exec_take_back(t, t->note.pos);
	exec_rewind(t, pos);
	*fields = exec_fields((uint16_t)word, (uint32_t)by, 0, 0);
	return true;
}

/* The handler for an index that was just made, which is taken back, and its fields; or 0. */
static unsigned made_index(struct translator *t, uint64_t *fields, uint32_t count)
{
	const struct note *note = &t->note;
	unsigned opcode = note->opcode, class = note->class, first;
	uint32_t value = note_constant(note);
	if (!just_made(t, t->height - 1) || !(t->opts & WPKG_OPT_BRANCH) ||
	    !(t->opts & WPKG_OPT_FUSE))
		return 0;
	if ((opcode == WPKG_OP_I32_LOAD || opcode == WPKG_OP_I32_LOAD8_U) && class <= ADDRESS_L &&
	    value <= 0xffff) {
		bool word = opcode == WPKG_OP_I32_LOAD;
		if (class == ADDRESS_L && value == 0 && take_step(t, fields)) {
			*fields |= (uint64_t)count << 32;
			return word ? H_br_table_i32_load_step : H_br_table_i32_load8_u_step;
		}
		if (class == ADDRESS_L)
			first = word ? H_br_table_i32_load_L : H_br_table_i32_load8_u_L;
		else
			first = (word ? H_br_table_i32_load_S : H_br_table_i32_load8_u_S) + class;
		class = 0;
	} else if (opcode == WPKG_OP_I32_ADD &&
		   (class == INT_SC || class == INT_RC || class == INT_LC)) {
		first = H_br_table_i32_add_S;
		class = class == INT_SC ? 0 : class == INT_RC ? 1 : 2;
		if ((uint32_t)(int16_t)value != value)
			return 0;
	} else {
		return 0;
	}
	*fields = exec_fields_constant(value, note_field(t, 1), count);
	exec_stand_at_last(t);
	exec_take_back(t, note->pos);
	return first + class;
}

void exec_emit_br_table(struct translator *t, uint32_t count)
{
	uint64_t fields;
	unsigned handler = made_index(t, &fields, count);
	if (!handler) {
		uint32_t index = t->height - 1, slot = 0;
		unsigned letter = exec_pinned(t, index) ? 2 : exec_in_acc(t, index) ? 1 : 0;
		if (letter == 0)
			slot = exec_slot(t, index);
		handler = H_br_table_S + letter;
		fields = exec_fields_constant(0, slot, count);
	}
	exec_pop(t, 1);
	exec_spill_all(t, t->height);
	exec_emit(t, handler);
	exec_word(t, fields);
}

void exec_branch_if_null(struct translator *t, bool sense, uint32_t slot, struct label *label)
{
	unsigned handler = sense ? H_br_i64_eq_SC : H_br_i64_ne_SC;
	exec_emit(t, sided(t, handler, label));
	exec_word(t, exec_fields_constant(0, slot, 0));
	exec_branch_word(t, label);
}
