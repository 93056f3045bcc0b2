/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/compile.h"

#include <string.h>

#include "base/mem.h"
#include "exec/bytes.h"
#include "exec/engine.h"
#include "exec/engine_int.h"
#include "exec/immediate.h"

/* A field of an instruction names a slot with 16 bits; a callee's frame begins a little above. */
#define SLOTS_MAX 65000

static const uint8_t single_kinds[] = {KIND_I32, KIND_I64, KIND_F32, KIND_F64, KIND_V128, KIND_REF};

/* Locals. */

static bool add_locals(struct translator *t, uint32_t count, unsigned kind)
{
	uint32_t total = t->local_count + count, cap = t->local_cap;
	if (total > SLOTS_MAX) {
		t->too_large = true;
		return false;
	}
	if (!exec_room(t, &t->local_kinds, &cap, total, sizeof(*t->local_kinds)))
		return false;
	cap = t->local_cap;
	if (!exec_room(t, &t->local_slots, &cap, total, sizeof(*t->local_slots)))
		return false;
	t->local_cap = cap;
	for (; t->local_count < total; t->local_count++) {
		t->local_kinds[t->local_count] = (uint8_t)kind;
		t->local_slots[t->local_count] = t->next_slot;
		t->next_slot += exec_width(kind);
	}
	return true;
}

static bool declare_locals(struct translator *t)
{
	const struct exec_sig *sig = t->func->sig;
	for (uint32_t i = 0; i < sig->param_count; i++)
		if (!add_locals(t, 1, sig->params[i]))
			return false;
	uint32_t params = t->next_slot;
	for (uint32_t groups = take_u32(&t->at); groups > 0; groups--) {
		uint32_t count = take_u32(&t->at);
		if (!add_locals(t, count, exec_take_kind(&t->at)))
			return false;
	}
	t->func->params = (uint16_t)params;
	t->func->zeroed = (uint16_t)(t->next_slot - params);
	if (t->next_slot < sig->result_slots)
		t->next_slot = sig->result_slots;
	t->func->link = (uint16_t)t->next_slot;
	t->next_slot += 2;
	t->top_slot = t->next_slot;
	return true;
}

/* The integer local that is used most, a loop counting ten times, is the one to pin. */
static bool choose_pin(struct translator *t)
{
	t->pin = NOWHERE;
	if (!(t->opts & WPKG_OPT_PIN) || t->local_count == 0)
		return true;
	t->weights = wpkg_mem_calloc(t->local_count, sizeof(*t->weights));
	if (!t->weights) {
		t->failed = true;
		return false;
	}
	const uint8_t *at = t->at;
	uint64_t weight = 1;
	uint32_t loops = 0, inside = 0; /* loops open; blocks open inside the innermost loop */
	struct open_loop {
		uint32_t inside;
	} open[8];
	while (at < t->func->body_end) {
		unsigned opcode = exec_take_opcode(&at);
		if (opcode == OPCODE_LOCAL_GET || opcode == OPCODE_LOCAL_SET ||
		    opcode == OPCODE_LOCAL_TEE) {
			const uint8_t *index = at;
			t->weights[take_u32(&index)] += weight;
		} else if (opcode == OPCODE_LOOP && loops < sizeof(open) / sizeof(open[0])) {
			open[loops++].inside = inside;
			inside = 0;
			weight *= 10;
		} else if (exec_opens_block(opcode)) {
			inside++;
		} else if (opcode == OPCODE_END || opcode == OPCODE_DELEGATE) {
			if (inside > 0) {
				inside--;
			} else if (loops > 0) {
				inside = open[--loops].inside;
				weight /= 10;
			}
		}
		exec_skip_immediates(&at, opcode);
	}
	uint64_t best = 0;
	for (uint32_t i = 0; i < t->local_count; i++)
		if (exec_bank(t->local_kinds[i]) == BANK_INT && t->weights[i] > best) {
			best = t->weights[i];
			t->pin = t->local_slots[i];
		}
	wpkg_mem_free(t->weights);
	t->weights = NULL;
	return true;
}

/* Labels. */

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
	bool pays = label->kind == LABEL_LOOP || !outer;
	inner->metered = pays ? t->depth : outer->metered;
	t->depth++;
}

/* A meter, whose cost is known at the end of what it stands before. */
static uint32_t emit_meter(struct translator *t)
{
	if (!t->metered)
		return 0;
	exec_emit(t, H_meter);
	exec_word(t, 0);
	exec_word(t, 0);
	return t->words - 1;
}

static void begin_block(struct translator *t, enum label_kind kind)
{
	struct label label = exec_block_type(t);
	label.kind = (uint8_t)kind;
	exec_settle_all(t);
	label.height = t->height - label.param_count;
	if (kind == LABEL_LOOP) {
		exec_fence(t);
		label.start = t->words;
		label.meter = emit_meter(t);
	}
	exec_push_label(t, &label);
}

static void begin_if(struct translator *t)
{
	struct label label = exec_block_type(t);
	label.kind = LABEL_IF;
	for (; t->settled + 1 < t->height; t->settled++)
		exec_settle(t, t->settled);
	exec_branch_if(t, false, &label);
	label.used = false;
	label.else_fixup = label.fixups;
	label.fixups = NOWHERE;
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

static void emit_return(struct translator *t)
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
		emit_return(t);
		return;
	}
	move_values(t, label, redirect);
	uint32_t pos = exec_emit(t, label->kind == LABEL_LOOP ? H_br_back : H_br);
	exec_word(t, 0);
	exec_branch_word(t, label, pos);
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
static void branch_if(struct translator *t, struct label *label)
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

static void branch_table(struct translator *t)
{
	uint32_t count = take_u32(&t->at), index = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, index) ? 2 : exec_in_acc(t, index) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, index);
	exec_pop(t, 1);
	const uint8_t *labels = t->at;
	bool direct = true;
	for (uint32_t i = 0; i <= count; i++) {
		const struct label *label = exec_label_at(t, take_u32(&t->at));
		direct = direct && label->kind != LABEL_FUNCTION && arity(label) == 0;
	}
	exec_spill_all(t, t->height);
	uint32_t pos = exec_emit(t, H_br_table_S + letter);
	exec_word(t, exec_fields_constant(0, slot, count));
	t->at = labels;
	uint32_t words = t->words;
	for (uint32_t i = 0; i <= count; i++)
		if (direct)
			exec_branch_word(t, exec_label_at(t, take_u32(&t->at)), pos);
		else
			exec_word(t, 0);
	for (uint32_t i = 0; i <= count && !direct; i++) {
		exec_fence(t);
		if (!t->failed)
			t->code[words + i] = t->words - pos;
		exec_branch(t, exec_label_at(t, take_u32(&t->at)), false);
	}
}

/* After a jump: on to the else, catch or end that belongs to the open block. */
static void skip_dead(struct translator *t)
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
		if (opcode == OPCODE_END || opcode == OPCODE_DELEGATE)
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

static void begin_else(struct translator *t, bool dead)
{
	struct label *label = exec_label_at(t, 0);
	if (!dead)
		exec_branch(t, label, true);
	exec_bind(t, label->else_fixup);
	label->else_fixup = NOWHERE;
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

/* Returns whether what follows the end cannot be reached. */
static bool end_block(struct translator *t, bool dead)
{
	struct label label = t->labels[--t->depth];
	if (label.owns_region)
		exec_end_region(t, &label);
	if (label.kind == LABEL_FUNCTION) {
		if (!dead)
			emit_return(t);
		if (label.used)
			return_caught(t, &label);
		if (label.meter)
			t->code[label.meter] = label.cost;
		return true;
	}
	if (label.kind == LABEL_LOOP && label.meter)
		t->code[label.meter] = label.cost;
	bool joined = label.used || label.else_fixup != NOWHERE;
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

static void count_cost(struct translator *t)
{
	t->labels[t->labels[t->depth - 1].metered].cost++;
}

/* Calls. */

/* Arguments at home, everything else safe from the callee; returns where its frame begins. */
static uint32_t arguments(struct translator *t, uint32_t count)
{
	uint32_t first = t->height - count;
	exec_spill_all(t, first);
	for (uint32_t i = first > t->settled ? first : t->settled; i < t->height; i++)
		exec_settle(t, i);
	uint32_t base = count ? t->stack[first].home : t->next_slot;
	exec_pop(t, count);
	return base;
}

static void emit_reload(struct translator *t)
{
	uint64_t memory = t->instance->memory_count ? (uint64_t)t->instance->memories[0] : 0;
	exec_word(t, exec_handler_word(H_reload));
	exec_word(t, memory | (uint64_t)(t->pin == NOWHERE ? 0 : t->pin) << 48);
}

static void results(struct translator *t, const struct exec_sig *sig)
{
	exec_forget(t);
	exec_push_kinds(t, sig->result_count, sig->results);
	if (sig->result_count == 1 && exec_bank(sig->results[0]) == BANK_INT)
		t->acc[BANK_INT].operand = t->height - 1;
}

static void call(struct translator *t, bool tail)
{
	struct wpkg_func *func = t->instance->funcs[take_u32(&t->at)];
	uint32_t base = arguments(t, func->sig->param_count);
	uint32_t pos = exec_emit(t, tail ? H_tail_call : H_call_lazy);
	exec_word(t, exec_fields(base, 0, t->func->link, 0));
	exec_word(t, (uint64_t)func);
	exec_word(t, 0);
	if (tail)
		return;
	exec_safepoint(t, pos);
	emit_reload(t);
	results(t, func->sig);
}

static void call_indirect(struct translator *t, bool tail)
{
	const struct exec_sig *sig = &t->instance->sigs[take_u32(&t->at)];
	const struct wpkg_table *table = t->instance->tables[take_u32(&t->at)];
	uint32_t i = t->height - 1, slot = 0;
	bool in_acc = exec_in_acc(t, i) && !exec_pinned(t, i) && !tail && !table->is_64;
	if (!in_acc)
		slot = exec_slot(t, i);
	exec_pop(t, 1);
	uint32_t base = arguments(t, sig->param_count);
	unsigned handler = in_acc ? H_call_indirect_R : H_call_indirect_S;
	if (table->is_64)
		handler = H_call_indirect_64;
	uint32_t pos = exec_emit(t, tail ? H_tail_call_table : handler);
	exec_word(t, exec_fields(base, slot, t->func->link, 0));
	exec_word(t, (uint64_t)table);
	exec_word(t, sig->type);
	if (tail)
		return;
	exec_safepoint(t, pos);
	emit_reload(t);
	results(t, sig);
}

static void call_ref(struct translator *t, bool tail)
{
	const struct exec_sig *sig = &t->instance->sigs[take_u32(&t->at)];
	uint32_t slot = exec_slot(t, t->height - 1);
	exec_pop(t, 1);
	uint32_t base = arguments(t, sig->param_count);
	uint32_t pos = exec_emit(t, tail ? H_tail_call_ref : H_call_ref);
	exec_word(t, exec_fields(base, slot, t->func->link, 0));
	exec_word(t, 0);
	exec_word(t, sig->type);
	if (tail)
		return;
	exec_safepoint(t, pos);
	emit_reload(t);
	results(t, sig);
}

/* Variables. */

static void global_get(struct translator *t)
{
	const struct wpkg_global *global = t->instance->globals[take_u32(&t->at)];
	unsigned kind = global->kind;
	if (!global->is_mutable) {
		exec_push_const(t, kind,
				kind == KIND_V128 ? (uint64_t)global->cell : global->cell[0]);
		return;
	}
	unsigned handler = kind == KIND_F32    ? H_global_get_f_acc
			   : kind == KIND_F64  ? H_global_get_d_acc
			   : kind == KIND_V128 ? H_global_get_v
					       : H_global_get_I_acc;
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, 0, 0, 0));
	exec_word(t, (uint64_t)global->cell);
	if (kind == KIND_V128)
		exec_push_vector(t, pos);
	else
		exec_push_result(t, kind, pos);
}

static void global_set(struct translator *t)
{
	const struct wpkg_global *global = t->instance->globals[take_u32(&t->at)];
	uint32_t i = t->height - 1, slot = 0;
	unsigned handler = H_global_set_S;
	if (exec_pinned(t, i))
		handler = H_global_set_L;
	else if (exec_in_acc(t, i) && exec_bank(t->stack[i].kind) == BANK_INT)
		handler = H_global_set_R;
	else
		slot = exec_slot(t, i);
	if (global->kind == KIND_V128)
		handler = H_global_set_v;
	exec_pop(t, 1);
	exec_emit(t, handler);
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_word(t, (uint64_t)global->cell);
}

/* Memories and tables. Operands are read from slots; words follow the fields. */

void exec_emit_slots(struct translator *t, unsigned handler, uint32_t operands, uint64_t word)
{
	uint32_t slots[3] = {0};
	for (uint32_t i = 0; i < operands; i++)
		slots[i] = exec_slot(t, t->height - operands + i);
	exec_pop(t, operands);
	exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, slots[0], slots[1], slots[2]));
	exec_word(t, word);
}

/* The handler writes r0 and the slot. */
static void push_both(struct translator *t, unsigned kind)
{
	exec_push_slot(t, kind, NOWHERE);
	t->acc[BANK_INT] = (struct accumulator){t->height - 1, NOWHERE};
}

static unsigned index_kind(bool is_64)
{
	return is_64 ? KIND_I64 : KIND_I32;
}

static void memory_access(struct translator *t, unsigned opcode)
{
	struct exec_access access = exec_take_access(t);
	if (opcode <= OPCODE_LOAD_LAST)
		exec_load(t, opcode, &access);
	else
		exec_store(t, opcode, &access);
}

static void memory_size(struct translator *t)
{
	const struct wpkg_memory *memory = t->instance->memories[take_u32(&t->at)];
	exec_spill(t, BANK_INT);
	exec_emit_slots(t, memory->shared ? H_memory_size_shared : H_memory_size, 0,
			(uint64_t)memory);
	push_both(t, index_kind(memory->is_64));
}

static void memory_grow(struct translator *t)
{
	const struct wpkg_memory *memory = t->instance->memories[take_u32(&t->at)];
	exec_slot(t, t->height - 1);
	exec_spill(t, BANK_INT);
	exec_emit_slots(t, H_memory_grow, 1, (uint64_t)memory);
	push_both(t, index_kind(memory->is_64));
}

static void table_access(struct translator *t, bool set)
{
	const struct wpkg_table *table = t->instance->tables[take_u32(&t->at)];
	unsigned handler = table->is_64 ? (set ? H_table_set_64 : H_table_get_64)
					: (set ? H_table_set : H_table_get);
	exec_emit_slots(t, handler, set ? 2 : 1, (uint64_t)table);
	if (!set)
		exec_push_slot(t, KIND_REF, NOWHERE);
}

static void bulk(struct translator *t, unsigned opcode)
{
	struct wpkg_instance *instance = t->instance;
	uint32_t x = take_u32(&t->at);
	switch (opcode) {
	case OPCODE_MEMORY_INIT:
		exec_emit_slots(t, H_memory_init, 3,
				(uint64_t)instance->memories[take_u32(&t->at)]);
		exec_word(t, (uint64_t)instance);
		exec_word(t, x);
		break;
	case OPCODE_DATA_DROP:
		exec_emit_slots(t, H_data_drop, 0, (uint64_t)instance);
		exec_word(t, x);
		break;
	case OPCODE_MEMORY_COPY:
		exec_emit_slots(t, H_memory_copy, 3, (uint64_t)instance->memories[x]);
		exec_word(t, (uint64_t)instance->memories[take_u32(&t->at)]);
		break;
	case OPCODE_MEMORY_FILL:
		exec_emit_slots(t, H_memory_fill, 3, (uint64_t)instance->memories[x]);
		break;
	case OPCODE_TABLE_INIT:
		exec_emit_slots(t, H_table_init, 3, (uint64_t)instance->tables[take_u32(&t->at)]);
		exec_word(t, (uint64_t)instance);
		exec_word(t, x);
		break;
	case OPCODE_ELEM_DROP:
		exec_emit_slots(t, H_elem_drop, 0, (uint64_t)instance);
		exec_word(t, x);
		break;
	case OPCODE_TABLE_COPY:
		exec_emit_slots(t, H_table_copy, 3, (uint64_t)instance->tables[x]);
		exec_word(t, (uint64_t)instance->tables[take_u32(&t->at)]);
		break;
	case OPCODE_TABLE_GROW:
		exec_emit_slots(t, H_table_grow, 2, (uint64_t)instance->tables[x]);
		exec_push_slot(t, index_kind(instance->tables[x]->is_64), NOWHERE);
		break;
	case OPCODE_TABLE_SIZE:
		exec_emit_slots(t, H_table_size, 0, (uint64_t)instance->tables[x]);
		exec_push_slot(t, index_kind(instance->tables[x]->is_64), NOWHERE);
		break;
	default: /* table.fill */
		exec_emit_slots(t, H_table_fill, 3, (uint64_t)instance->tables[x]);
		break;
	}
}

/* References. */

static void ref_as_non_null(struct translator *t)
{
	uint32_t slot = exec_slot(t, t->height - 1);
	exec_emit(t, H_check_ref);
	exec_word(t, exec_fields(0, slot, 0, 0));
}

/* A branch that also decides whether the reference, on top, stays on the stack. */
static void branch_on_null(struct translator *t, bool on_null)
{
	struct label *label = exec_label_at(t, take_u32(&t->at));
	struct label skip = {.kind = LABEL_BLOCK, .fixups = NOWHERE};
	exec_settle(t, t->height - 1);
	t->height -= on_null;
	bool direct = exec_branches_directly(t, label);
	t->height += on_null;
	exec_branch_if_null(t, direct ? on_null : !on_null, exec_top(t, 0)->home,
			    direct ? label : &skip);
	if (!direct) {
		t->height -= on_null;
		exec_branch(t, label, false);
		t->height += on_null;
		exec_bind(t, skip.fixups);
	}
	if (!on_null)
		exec_pop(t, 1);
}

/* Constants, and conversions that cost nothing. */

static void constant(struct translator *t, unsigned opcode)
{
	uint64_t bits = 0;
	switch (opcode) {
	case OPCODE_I32_CONST:
		exec_push_const(t, KIND_I32, (uint32_t)take_s64(&t->at));
		break;
	case OPCODE_I64_CONST:
		exec_push_const(t, KIND_I64, (uint64_t)take_s64(&t->at));
		break;
	case OPCODE_F32_CONST:
		memcpy(&bits, t->at, 4);
		t->at += 4;
		exec_push_const(t, KIND_F32, bits);
		break;
	default:
		memcpy(&bits, t->at, 8);
		t->at += 8;
		exec_push_const(t, KIND_F64, bits);
		break;
	}
}

/* Every reader of an i32 takes the low half, so the value itself need not change. */
static void wrap(struct translator *t)
{
	struct operand *o = exec_top(t, 0);
	o->kind = KIND_I32;
	if (o->place == AT_CONST)
		o->bits = (uint32_t)o->bits;
}

/* Returns whether what follows cannot be reached. */
static bool control(struct translator *t, unsigned opcode)
{
	switch (opcode) {
	case OPCODE_UNREACHABLE:
		exec_emit(t, H_unreachable);
		exec_word(t, 0);
		return true;
	case OPCODE_BLOCK:
		begin_block(t, LABEL_BLOCK);
		return false;
	case OPCODE_LOOP:
		begin_block(t, LABEL_LOOP);
		return false;
	case OPCODE_IF:
		begin_if(t);
		return false;
	case OPCODE_BR:
		exec_branch(t, exec_label_at(t, take_u32(&t->at)), true);
		return true;
	case OPCODE_BR_IF:
		branch_if(t, exec_label_at(t, take_u32(&t->at)));
		return false;
	case OPCODE_BR_TABLE:
		branch_table(t);
		return true;
	case OPCODE_RETURN:
		emit_return(t);
		return true;
	case OPCODE_CALL:
	case OPCODE_RETURN_CALL:
		call(t, opcode == OPCODE_RETURN_CALL);
		return opcode == OPCODE_RETURN_CALL;
	case OPCODE_CALL_INDIRECT:
	case OPCODE_RETURN_CALL_INDIRECT:
		call_indirect(t, opcode == OPCODE_RETURN_CALL_INDIRECT);
		return opcode == OPCODE_RETURN_CALL_INDIRECT;
	case OPCODE_CALL_REF:
	case OPCODE_RETURN_CALL_REF:
		call_ref(t, opcode == OPCODE_RETURN_CALL_REF);
		return opcode == OPCODE_RETURN_CALL_REF;
	case OPCODE_BR_ON_NULL:
	case OPCODE_BR_ON_NON_NULL:
		branch_on_null(t, opcode == OPCODE_BR_ON_NULL);
		return false;
	case OPCODE_BR_ON_CAST:
	case OPCODE_BR_ON_CAST_FAIL:
		exec_branch_on_cast(t, opcode == OPCODE_BR_ON_CAST_FAIL);
		return false;
	case OPCODE_TRY_TABLE:
		exec_begin_try_table(t);
		return false;
	case OPCODE_TRY:
		exec_begin_try(t);
		return false;
	case OPCODE_THROW:
		exec_throw_tag(t);
		return true;
	case OPCODE_THROW_REF:
		exec_throw_operand(t);
		return true;
	case OPCODE_RETHROW:
		exec_rethrow(t);
		return true;
	default: /* nop */
		return false;
	}
}

static void other(struct translator *t, unsigned opcode)
{
	uint32_t x;
	switch (opcode) {
	case OPCODE_DROP:
		exec_pop(t, 1);
		break;
	case OPCODE_SELECT_T:
		exec_skip_immediates(&t->at, opcode);
		exec_select(t);
		break;
	case OPCODE_SELECT:
		exec_select(t);
		break;
	case OPCODE_LOCAL_GET:
		x = take_u32(&t->at);
		exec_push_local(t, t->local_slots[x], t->local_kinds[x]);
		break;
	case OPCODE_LOCAL_SET:
	case OPCODE_LOCAL_TEE:
		x = take_u32(&t->at);
		exec_set_local(t, t->local_slots[x], opcode == OPCODE_LOCAL_TEE);
		break;
	case OPCODE_GLOBAL_GET:
		global_get(t);
		break;
	case OPCODE_GLOBAL_SET:
		global_set(t);
		break;
	case OPCODE_TABLE_GET:
	case OPCODE_TABLE_SET:
		table_access(t, opcode == OPCODE_TABLE_SET);
		break;
	case OPCODE_MEMORY_SIZE:
		memory_size(t);
		break;
	case OPCODE_MEMORY_GROW:
		memory_grow(t);
		break;
	case OPCODE_I32_EQZ:
	case OPCODE_I64_EQZ:
	case OPCODE_REF_IS_NULL:
		exec_eqz(t, opcode);
		break;
	case OPCODE_I32_WRAP_I64:
		wrap(t);
		break;
	case OPCODE_REF_NULL:
		exec_skip_immediates(&t->at, opcode);
		exec_push_const(t, KIND_REF, 0);
		break;
	case OPCODE_REF_FUNC:
		exec_push_const(t, KIND_REF, (uint64_t)t->instance->funcs[take_u32(&t->at)]);
		break;
	case OPCODE_REF_AS_NON_NULL:
		ref_as_non_null(t);
		break;
	case OPCODE_REF_EQ:
		exec_binary(t, OPCODE_I64_EQ);
		break;
	default:
		t->too_large = true; /* instantiation refuses what is not here */
		break;
	}
}

static bool instruction(struct translator *t)
{
	unsigned opcode = exec_take_opcode(&t->at);
	if (opcode >= OPCODE_MEMORY_INIT && opcode <= OPCODE_TABLE_FILL)
		bulk(t, opcode);
	else if (opcode >= OPCODE_I64_ADD128 && opcode <= OPCODE_I64_MUL_WIDE_U)
		exec_wide(t, opcode);
	else if (opcode >= OPCODE_I32_CONST && opcode <= OPCODE_F64_CONST)
		constant(t, opcode);
	else if (opcode >= OPCODE_LOAD_FIRST && opcode <= OPCODE_STORE_LAST)
		memory_access(t, opcode);
	else if (exec_is_unary(opcode))
		exec_unary(t, opcode);
	else if (exec_is_binary(opcode))
		exec_binary(t, opcode);
	else if (exec_is_control(opcode))
		return control(t, opcode);
	else if (opcode >= OPCODE_FB && opcode < OPCODE_FD)
		exec_object_instruction(t, opcode);
	else if (opcode >= OPCODE_FD && opcode < OPCODE_FE)
		exec_vector_instruction(t, opcode);
	else if (opcode >= OPCODE_FE)
		exec_atomic_instruction(t, opcode);
	else
		other(t, opcode);
	return false;
}

/* An end, or what begins the next part of an if or a legacy try. Returns as end_block. */
static bool end_part(struct translator *t, unsigned opcode, bool dead)
{
	switch (opcode) {
	case OPCODE_ELSE:
		begin_else(t, dead);
		return false;
	case OPCODE_CATCH:
	case OPCODE_CATCH_ALL:
		exec_begin_catch(t, dead, opcode == OPCODE_CATCH_ALL);
		return false;
	case OPCODE_DELEGATE:
		exec_delegate(t);
		return end_block(t, dead);
	default:
		return end_block(t, dead);
	}
}

static void translate_body(struct translator *t)
{
	const struct exec_sig *sig = t->func->sig;
	struct label label = {.kind = LABEL_FUNCTION,
			      .fixups = NOWHERE,
			      .else_fixup = NOWHERE,
			      .result_count = sig->result_count,
			      .results = sig->results};
	t->here = t->at;
	label.meter = emit_meter(t);
	exec_push_label(t, &label);
	bool dead = false;
	while (t->depth > 0 && !t->failed && !t->too_large) {
		if (!exec_room(t, &t->stack, &t->stack_cap, t->height + 4, sizeof(*t->stack)))
			return;
		if (dead)
			skip_dead(t);
		t->here = t->at;
		if (exec_ends_part(*t->at)) {
			dead = end_part(t, *t->at++, dead);
		} else {
			count_cost(t);
			dead = instruction(t);
		}
		if (t->top_slot > SLOTS_MAX)
			t->too_large = true;
	}
}

static bool translate(struct translator *t, struct wpkg_func *func)
{
	t->engine = func->engine;
	t->instance = func->instance;
	t->func = func;
	t->opts = WPKG_OPT_ALL & ~func->engine->limits.optimisations_off;
	t->metered = func->engine->metered;
	t->start = t->at = t->here = func->body;
	t->note.pos = NOWHERE;
	exec_forget(t);
	if (exec_code_init(t) && declare_locals(t) && choose_pin(t))
		translate_body(t);
	return !t->failed && !t->too_large;
}

static uint64_t handler_word(const struct wpkg_engine *engine, enum handler handler)
{
	return handler < H_VECTORS ? exec_handler_word(handler)
				   : exec_vector_word(handler, engine->vectors);
}

enum wpkg_trap exec_translate(struct wpkg_func *func)
{
	struct translator t = {0};
	bool done = translate(&t, func);
	uint64_t *code = NULL;
	enum wpkg_trap trap = t.failed ? WPKG_TRAP_NO_MEMORY : WPKG_TRAP_UNSUPPORTED;
	struct exec_frame_info *info = NULL;
	if (done) {
		trap = WPKG_TRAP_NO_MEMORY;
		if (exec_copy_frame_info(&info, &t))
			code = wpkg_mem_alloc(t.words * sizeof(*code));
	}
	if (code) {
		memcpy(code, t.code, t.words * sizeof(*code));
		for (uint32_t i = 0; i < t.instruction_count; i++) {
			uint64_t *word = &code[t.instructions[i]];
			*word = handler_word(func->engine, (enum handler) * word);
		}
		func->frame = t.top_slot + 2;
		func->pin = t.pin == NOWHERE ? 0 : (uint16_t)t.pin;
		func->code_words = t.words;
		trap = exec_engine_add_code(func, code);
		if (trap)
			wpkg_mem_free(code);
	}
	if (trap)
		wpkg_mem_free(info);
	else
		func->info = info;
	exec_code_clear(&t);
	return trap;
}

/* Translating again gives the same code; what differs is that now it is known where from. */
uint32_t exec_origin(const struct wpkg_func *func, const uint64_t *pc)
{
	struct translator t = {0};
	struct wpkg_func again = *func;
	uint32_t origin = 0;
	if (translate(&t, &again)) {
		uint32_t word = (uint32_t)(pc - func->code);
		uint32_t low = 0, high = t.instruction_count;
		while (high - low > 1) {
			uint32_t middle = low + (high - low) / 2;
			if (t.instructions[middle] <= word)
				low = middle;
			else
				high = middle;
		}
		origin = t.instruction_count ? t.origins[low] : 0;
	}
	exec_code_clear(&t);
	return origin;
}
