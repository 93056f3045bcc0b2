/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks and branches in the translator: labels, where values have to be, returns. */
#include "exec/compile.h"

#include "exec/bytes.h"
#include "exec/engine_int.h"
#include "exec/immediate.h"

static const uint8_t single_kinds[] = {KIND_I32, KIND_I64, KIND_F32, KIND_F64, KIND_V128, KIND_REF};

struct label *exec_label_at(struct translator *t, uint32_t depth)
{
	return &t->labels[t->depth - 1 - depth];
}

struct label exec_block_type(struct translator *t)
{
	struct label label = {.fixups = NOWHERE, .else_fixup = NOWHERE};
	const uint8_t *at = t->at;
	int64_t index = take_s64(&at);
	if (index >= 0) {
		const struct exec_sig *sig = &t->instance->sigs[index];
		label.param_count = sig->param_count;
		label.result_count = sig->result_count;
		label.params = sig->params;
		label.results = sig->results;
		t->at = at;
	} else if (*t->at == 0x40) {
		t->at = at;
	} else {
		label.result_count = 1;
		label.results = &single_kinds[exec_take_kind(&t->at)];
	}
	return label;
}

void exec_push_label(struct translator *t, const struct label *label)
{
	if (!exec_room(t, &t->labels, &t->label_cap, t->depth + 1, sizeof(*t->labels)))
		return;
	struct label *inner = &t->labels[t->depth];
	const struct label *outer = t->depth ? inner - 1 : NULL;
	*inner = *label;
	if (!label->owns_region)
		inner->region = outer ? outer->region : NOWHERE;
	inner->begin_cost = t->cost;
	t->depth++;
}

void exec_emit_meter(struct translator *t, uint32_t cost)
{
	if (!t->metered)
		return;
	exec_emit(t, H_meter);
	exec_word(t, cost);
}

void exec_begin_block(struct translator *t, enum label_kind kind)
{
	struct label label = exec_block_type(t);
	label.kind = (uint8_t)kind;
	exec_settle_all(t);
	label.height = t->height - label.param_count;
	if (kind == LABEL_LOOP) {
		exec_fence(t);
		label.start = t->words;
	}
	exec_push_label(t, &label);
}

void exec_begin_if(struct translator *t)
{
	struct label label = exec_block_type(t);
	label.kind = LABEL_IF;
	for (; t->settled + 1 < t->height; t->settled++)
		exec_settle(t, t->settled);
	exec_branch_if(t, false, &label);
	label.else_fixup = label.fixups;
	label.fixups = NOWHERE;
	label.cost = 0;
	label.height = t->height - label.param_count;
	exec_push_label(t, &label);
}

/* The top values go where the label has its own; the operands stay what they are. */
static void move_values(struct translator *t, const struct label *label, bool redirect)
{
	bool loop = label->kind == LABEL_LOOP;
	uint32_t count = loop ? label->param_count : label->result_count;
	if (count == 0)
		return;
	const uint8_t *kinds = loop ? label->params : label->results;
	uint32_t slot = t->stack[label->height].home, from = t->height - count;
	if (count == 1 && redirect && t->stack[from].home != slot && exec_redirect(t, from, slot))
		return;
	for (uint32_t i = 0; i < count; i++) {
		exec_copy(t, from + i, slot);
		slot += exec_width(kinds[i]);
	}
}

void exec_emit_return(struct translator *t)
{
	uint32_t link = t->func->link, count = t->func->sig->result_count, i = t->height - count;
	if (count == 0) {
		exec_emit(t, H_return_0);
		exec_word(t, exec_fields(link, 0, 0, 0));
		return;
	}
	enum bank bank = exec_bank(t->stack[i].kind);
	if (count > 1 || bank == BANK_V128) {
		for (uint32_t k = i; k < t->height; k++)
			exec_copy(t, k, t->stack[k].home);
		exec_emit(t, H_return_n);
		exec_word(t, exec_fields(link, t->stack[i].home, t->func->sig->result_slots, 0));
		return;
	}
	static const uint16_t from_acc[] = {
		[BANK_INT] = H_return_R, [BANK_F64] = H_return_d, [BANK_F32] = H_return_f};
	uint32_t slot = 0;
	unsigned handler = H_return_S;
	if (exec_pinned(t, i)) {
		handler = H_return_L;
	} else if (exec_in_acc(t, i)) {
		handler = from_acc[bank];
	} else if (t->stack[i].place == AT_LOCAL) {
		slot = t->stack[i].slot;
	} else {
		slot = t->stack[i].home;
		exec_copy(t, i, slot);
	}
	exec_emit(t, handler);
	exec_word(t, exec_fields(link, slot, 0, 0));
}

void exec_branch(struct translator *t, struct label *label, bool redirect)
{
	if (label->kind == LABEL_FUNCTION) {
		exec_emit_return(t);
		return;
	}
	move_values(t, label, redirect);
	exec_jump(t, label);
}

static uint32_t arity(const struct label *label)
{
	return label->kind == LABEL_LOOP ? label->param_count : label->result_count;
}

/* Are the top values where the label wants them, but for pending ones? */
static bool in_place(const struct translator *t, const struct label *label)
{
	uint32_t count = arity(label), from = t->height - count;
	if (from != label->height)
		return false;
	for (uint32_t i = from; i < t->height; i++)
		if (t->stack[i].place != AT_TEMP)
			return false;
	return true;
}

/* Has a branch nothing to do but to jump, once the values on top have their slots? Then they do. */
bool exec_branches_directly(struct translator *t, const struct label *label)
{
	if (label->kind == LABEL_FUNCTION || (arity(label) > 0 && !in_place(t, label)))
		return false;
	for (uint32_t i = 0; i < arity(label); i++)
		exec_to_slot(t, t->height - 1 - i);
	return true;
}

/* The condition, which stands on top of the values, is popped. */
void exec_br_if(struct translator *t, struct label *label)
{
	t->height--;
	bool direct = exec_branches_directly(t, label);
	t->height++;
	if (direct) {
		exec_branch_if(t, true, label);
		return;
	}
	struct label skip = {.kind = LABEL_BLOCK, .fixups = NOWHERE};
	exec_branch_if(t, false, &skip);
	struct accumulator acc[BANK_COUNT];
	memcpy(acc, t->acc, sizeof(acc));
	exec_branch(t, label, false);
	exec_bind(t, skip.fixups);
	memcpy(t->acc, acc, sizeof(acc));
}

void exec_br_table(struct translator *t)
{
	uint32_t count = take_u32(&t->at);
	const uint8_t *labels = t->at;
	bool direct = true;
	for (uint32_t i = 0; i <= count; i++) {
		const struct label *label = exec_label_at(t, take_u32(&t->at));
		direct = direct && label->kind != LABEL_FUNCTION && arity(label) == 0;
	}
	exec_emit_br_table(t, count);
	t->at = labels;
	uint32_t first = t->fixup_count;
	for (uint32_t i = 0; i <= count; i++) {
		struct label step = {.kind = LABEL_BLOCK, .fixups = NOWHERE};
		exec_label_word(t, direct ? exec_label_at(t, take_u32(&t->at)) : &step);
	}
	for (uint32_t i = 0; i <= count && !direct; i++) {
		exec_bind(t, first + i);
		exec_branch(t, exec_label_at(t, take_u32(&t->at)), false);
	}
}

/* After a jump: on to the else, catch or end that belongs to the open block. */
void exec_skip_dead(struct translator *t)
{
	uint32_t depth = 0;
	for (;;) {
		const uint8_t *before = t->at;
		unsigned opcode = exec_take_opcode(&t->at);
		if (exec_opens_block(opcode))
			depth++;
		if (exec_ends_part(opcode) && depth == 0) {
			t->at = before;
			return;
		}
		if (opcode == WPKG_OP_END || opcode == WPKG_OP_DELEGATE)
			depth--;
		exec_skip_immediates(&t->at, opcode);
	}
}

void exec_push_kinds(struct translator *t, uint32_t count, const uint8_t *kinds)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!exec_room(t, &t->stack, &t->stack_cap, t->height + 2, sizeof(*t->stack)))
			return;
		exec_push_slot(t, kinds[i], NOWHERE);
	}
}

void exec_begin_else(struct translator *t, bool dead)
{
	struct label *label = exec_label_at(t, 0);
	if (!dead)
		exec_branch(t, label, true);
	exec_bind(t, label->else_fixup);
	label->else_fixup = NOWHERE;
	t->cost = label->begin_cost;
	label->kind = LABEL_ELSE;
	exec_pop(t, t->height - label->height);
	exec_push_kinds(t, label->param_count, label->params);
	exec_settle_all(t);
}

/* Exceptions that are caught as the function's results come here, with those above the link. */
static void return_caught(struct translator *t, const struct label *label)
{
	exec_bind(t, label->fixups);
	exec_emit(t, H_return_n);
	exec_word(t, exec_fields(t->func->link, t->func->link + 2, t->func->sig->result_slots, 0));
}

/* The branches that waited for the loop's meter wait on, without the label. */
static void keep_meter(struct translator *t, struct label *label)
{
	uint32_t cost = label->caught ? t->peak : label->cost;
	if (label->fixups != NOWHERE &&
	    exec_room(t, &t->meters, &t->meter_cap, t->meter_count + 1, sizeof(*t->meters)))
		t->meters[t->meter_count++] = (struct metered_loop){label->start, label->fixups,
								    cost - label->begin_cost};
	label->fixups = NOWHERE;
}

/* Behind all else, where nothing passes through them. */
static void emit_meters(struct translator *t)
{
	for (uint32_t i = 0; i < t->meter_count; i++) {
		exec_bind(t, t->meters[i].fixups);
		exec_emit_meter(t, t->meters[i].cost);
		exec_emit(t, H_br_jump);
		exec_word(t, 0);
		exec_start_word(t, t->meters[i].start);
	}
}

static void end_function(struct translator *t, const struct label *label, bool dead)
{
	if (!dead)
		exec_emit_return(t);
	if (label->fixups != NOWHERE)
		return_caught(t, label);
	emit_meters(t);
	if (t->metered && !t->failed)
		t->code[METER_WORDS - 1] = t->peak;
}

/* The cost behind a block: the highest of those who come there. */
static void join_cost(struct translator *t, const struct label *label, bool dead)
{
	uint32_t cost = dead ? 0 : t->cost;
	if (label->else_fixup != NOWHERE && cost < label->begin_cost)
		cost = label->begin_cost;
	if (label->kind != LABEL_LOOP && cost < label->cost)
		cost = label->cost;
	if (label->kind != LABEL_LOOP && label->caught)
		cost = t->peak;
	t->cost = cost;
}

/* Returns whether what follows the end cannot be reached. */
bool exec_end_block(struct translator *t, bool dead)
{
	struct label label = t->labels[--t->depth];
	if (label.owns_region)
		exec_end_region(t, &label);
	if (label.kind == LABEL_FUNCTION) {
		end_function(t, &label, dead);
		return true;
	}
	if (label.kind == LABEL_LOOP)
		keep_meter(t, &label);
	join_cost(t, &label, dead);
	bool joined = label.fixups != NOWHERE || label.else_fixup != NOWHERE;
	/* Below the results of a catch is its exception: they have to move. */
	if (!dead && !joined && label.kind != LABEL_CATCH)
		return false;
	if (!dead)
		move_values(t, &label, true);
	exec_bind(t, label.else_fixup);
	exec_bind(t, label.fixups);
	exec_pop(t, t->height - label.height);
	if (dead && !joined)
		return true;
	exec_push_kinds(t, label.result_count, label.results);
	exec_settle_all(t);
	return false;
}
