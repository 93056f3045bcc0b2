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

/* Locals. */

/*
 * A vector that is no parameter begins at an even slot, and so do a frame's temporaries, among them
 * the frames of most of what it calls: then it lies in one line of the processor's cache.
 */
static uint32_t even(const struct translator *t, uint32_t slot)
{
	return t->opts & WPKG_OPT_ALIGN ? slot + (slot & 1) : slot;
}

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
		if (kind == KIND_V128 && t->local_count >= t->func->sig->param_count)
			t->next_slot = even(t, t->next_slot);
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
	t->next_slot = even(t, t->next_slot);
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
		if (opcode == WPKG_OP_LOCAL_GET || opcode == WPKG_OP_LOCAL_SET ||
		    opcode == WPKG_OP_LOCAL_TEE) {
			const uint8_t *index = at;
			t->weights[take_u32(&index)] += weight;
		} else if (opcode == WPKG_OP_LOOP && loops < sizeof(open) / sizeof(open[0])) {
			open[loops++].inside = inside;
			inside = 0;
			weight *= 10;
		} else if (exec_opens_block(opcode)) {
			inside++;
		} else if (opcode == WPKG_OP_END || opcode == WPKG_OP_DELEGATE) {
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

/* The variant that counts the callee's cost, where costs are counted. */
static unsigned paying(const struct translator *t, unsigned handler)
{
	return t->metered ? handler + (H_call_0_pays - H_call_0) : handler;
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
	uint32_t pos = exec_emit(t, tail ? H_tail_call_table : paying(t, handler));
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
	uint32_t pos = exec_emit(t, tail ? H_tail_call_ref : paying(t, H_call_ref));
	exec_word(t, exec_fields(base, slot, t->func->link, 0));
	exec_word(t, 0);
	exec_word(t, sig->type);
	if (tail)
		return;
	exec_safepoint(t, pos);
	emit_reload(t);
	results(t, sig);
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
	if (opcode <= WPKG_OP_I64_LOAD32_U)
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
	case WPKG_OP_MEMORY_INIT:
		exec_emit_slots(t, H_memory_init, 3,
				(uint64_t)instance->memories[take_u32(&t->at)]);
		exec_word(t, (uint64_t)instance);
		exec_word(t, x);
		break;
	case WPKG_OP_DATA_DROP:
		exec_emit_slots(t, H_data_drop, 0, (uint64_t)instance);
		exec_word(t, x);
		break;
	case WPKG_OP_MEMORY_COPY:
		exec_emit_slots(t, H_memory_copy, 3, (uint64_t)instance->memories[x]);
		exec_word(t, (uint64_t)instance->memories[take_u32(&t->at)]);
		break;
	case WPKG_OP_MEMORY_FILL:
		exec_emit_slots(t, H_memory_fill, 3, (uint64_t)instance->memories[x]);
		break;
	case WPKG_OP_TABLE_INIT:
		exec_emit_slots(t, H_table_init, 3, (uint64_t)instance->tables[take_u32(&t->at)]);
		exec_word(t, (uint64_t)instance);
		exec_word(t, x);
		break;
	case WPKG_OP_ELEM_DROP:
		exec_emit_slots(t, H_elem_drop, 0, (uint64_t)instance);
		exec_word(t, x);
		break;
	case WPKG_OP_TABLE_COPY:
		exec_emit_slots(t, H_table_copy, 3, (uint64_t)instance->tables[x]);
		exec_word(t, (uint64_t)instance->tables[take_u32(&t->at)]);
		break;
	case WPKG_OP_TABLE_GROW:
		exec_emit_slots(t, H_table_grow, 2, (uint64_t)instance->tables[x]);
		exec_push_slot(t, index_kind(instance->tables[x]->is_64), NOWHERE);
		break;
	case WPKG_OP_TABLE_SIZE:
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
	case WPKG_OP_I32_CONST:
		exec_push_const(t, KIND_I32, (uint32_t)take_s64(&t->at));
		break;
	case WPKG_OP_I64_CONST:
		exec_push_const(t, KIND_I64, (uint64_t)take_s64(&t->at));
		break;
	case WPKG_OP_F32_CONST:
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
	case WPKG_OP_UNREACHABLE:
		exec_emit(t, H_unreachable);
		exec_word(t, 0);
		return true;
	case WPKG_OP_BLOCK:
		exec_begin_block(t, LABEL_BLOCK);
		return false;
	case WPKG_OP_LOOP:
		exec_begin_block(t, LABEL_LOOP);
		return false;
	case WPKG_OP_IF:
		exec_begin_if(t);
		return false;
	case WPKG_OP_BR:
		exec_branch(t, exec_label_at(t, take_u32(&t->at)), true);
		return true;
	case WPKG_OP_BR_IF:
		exec_br_if(t, exec_label_at(t, take_u32(&t->at)));
		return false;
	case WPKG_OP_BR_TABLE:
		exec_br_table(t);
		return true;
	case WPKG_OP_RETURN:
		exec_emit_return(t);
		return true;
	case WPKG_OP_CALL:
	case WPKG_OP_RETURN_CALL:
		call(t, opcode == WPKG_OP_RETURN_CALL);
		return opcode == WPKG_OP_RETURN_CALL;
	case WPKG_OP_CALL_INDIRECT:
	case WPKG_OP_RETURN_CALL_INDIRECT:
		call_indirect(t, opcode == WPKG_OP_RETURN_CALL_INDIRECT);
		return opcode == WPKG_OP_RETURN_CALL_INDIRECT;
	case WPKG_OP_CALL_REF:
	case WPKG_OP_RETURN_CALL_REF:
		call_ref(t, opcode == WPKG_OP_RETURN_CALL_REF);
		return opcode == WPKG_OP_RETURN_CALL_REF;
	case WPKG_OP_BR_ON_NULL:
	case WPKG_OP_BR_ON_NON_NULL:
		branch_on_null(t, opcode == WPKG_OP_BR_ON_NULL);
		return false;
	case WPKG_OP_BR_ON_CAST:
	case WPKG_OP_BR_ON_CAST_FAIL:
		exec_branch_on_cast(t, opcode == WPKG_OP_BR_ON_CAST_FAIL);
		return false;
	case WPKG_OP_TRY_TABLE:
		exec_begin_try_table(t);
		return false;
	case WPKG_OP_TRY:
		exec_begin_try(t);
		return false;
	case WPKG_OP_THROW:
		exec_throw_tag(t);
		return true;
	case WPKG_OP_THROW_REF:
		exec_throw_operand(t);
		return true;
	case WPKG_OP_RETHROW:
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
	case WPKG_OP_DROP:
		exec_pop(t, 1);
		break;
	case WPKG_OP_SELECT_TYPED:
		exec_skip_immediates(&t->at, opcode);
		exec_select(t);
		break;
	case WPKG_OP_SELECT:
		exec_select(t);
		break;
	case WPKG_OP_LOCAL_GET:
		x = take_u32(&t->at);
		exec_push_local(t, t->local_slots[x], t->local_kinds[x]);
		break;
	case WPKG_OP_LOCAL_SET:
	case WPKG_OP_LOCAL_TEE:
		x = take_u32(&t->at);
		exec_set_local(t, t->local_slots[x], opcode == WPKG_OP_LOCAL_TEE);
		break;
	case WPKG_OP_GLOBAL_GET:
		exec_global_get(t, t->instance->globals[take_u32(&t->at)]);
		break;
	case WPKG_OP_GLOBAL_SET:
		exec_global_set(t, t->instance->globals[take_u32(&t->at)]);
		break;
	case WPKG_OP_TABLE_GET:
	case WPKG_OP_TABLE_SET:
		table_access(t, opcode == WPKG_OP_TABLE_SET);
		break;
	case WPKG_OP_MEMORY_SIZE:
		memory_size(t);
		break;
	case WPKG_OP_MEMORY_GROW:
		memory_grow(t);
		break;
	case WPKG_OP_I32_EQZ:
	case WPKG_OP_I64_EQZ:
	case WPKG_OP_REF_IS_NULL:
		exec_eqz(t, opcode);
		break;
	case WPKG_OP_I32_WRAP_I64:
		wrap(t);
		break;
	case WPKG_OP_REF_NULL:
		exec_skip_immediates(&t->at, opcode);
		exec_push_const(t, KIND_REF, 0);
		break;
	case WPKG_OP_REF_FUNC:
		exec_push_const(t, KIND_REF, (uint64_t)t->instance->funcs[take_u32(&t->at)]);
		break;
	case WPKG_OP_REF_AS_NON_NULL:
		ref_as_non_null(t);
		break;
	case WPKG_OP_REF_EQ:
		exec_binary(t, WPKG_OP_I64_EQ);
		break;
	default:
		t->too_large = true; /* instantiation refuses what is not here */
		break;
	}
}

static bool instruction(struct translator *t)
{
	unsigned opcode = exec_take_opcode(&t->at);
	if (opcode >= WPKG_OP_MEMORY_INIT && opcode <= WPKG_OP_TABLE_FILL)
		bulk(t, opcode);
	else if (opcode >= WPKG_OP_I64_ADD128 && opcode <= WPKG_OP_I64_MUL_WIDE_U)
		exec_wide(t, opcode);
	else if (opcode >= WPKG_OP_I32_CONST && opcode <= WPKG_OP_F64_CONST)
		constant(t, opcode);
	else if (opcode >= WPKG_OP_I32_LOAD && opcode <= WPKG_OP_I64_STORE32)
		memory_access(t, opcode);
	else if (exec_is_unary(opcode))
		exec_unary(t, opcode);
	else if (exec_is_binary(opcode))
		exec_binary(t, opcode);
	else if (exec_is_control(opcode))
		return control(t, opcode);
	else if (opcode >= WPKG_OP_BASE_FB && opcode < WPKG_OP_BASE_FD)
		exec_object_instruction(t, opcode);
	else if (opcode >= WPKG_OP_BASE_FD && opcode < WPKG_OP_BASE_FE)
		exec_vector_instruction(t, opcode);
	else if (opcode >= WPKG_OP_BASE_FE)
		exec_atomic_instruction(t, opcode);
	else
		other(t, opcode);
	return false;
}

/* An end, or what begins the next part of an if or a legacy try. Returns as exec_end_block. */
static bool end_part(struct translator *t, unsigned opcode, bool dead)
{
	switch (opcode) {
	case WPKG_OP_ELSE:
		exec_begin_else(t, dead);
		return false;
	case WPKG_OP_CATCH:
	case WPKG_OP_CATCH_ALL:
		exec_begin_catch(t, dead, opcode == WPKG_OP_CATCH_ALL);
		return false;
	case WPKG_OP_DELEGATE:
		exec_delegate(t);
		return exec_end_block(t, dead);
	default:
		return exec_end_block(t, dead);
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
	exec_emit_meter(t, 0);
	exec_push_label(t, &label);
	bool dead = false;
	while (t->depth > 0 && !t->failed && !t->too_large) {
		if (!exec_room(t, &t->stack, &t->stack_cap, t->height + 4, sizeof(*t->stack)))
			return;
		if (dead)
			exec_skip_dead(t);
		t->here = t->at;
		if (exec_ends_part(*t->at)) {
			dead = end_part(t, *t->at++, dead);
		} else {
			t->cost++;
			if (t->peak < t->cost)
				t->peak = t->cost;
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
	t->counted = func->engine->vm.counts != NULL;
	t->metered = exec_engine_meters(func->engine);
	t->start = t->at = t->here = func->body;
	t->note.pos = t->last_vector = NOWHERE;
	exec_forget(t);
	if (exec_code_init(t) && declare_locals(t) && choose_pin(t))
		translate_body(t);
	if (t->failed || t->too_large)
		return false;
	exec_count_each(t);
	if (t->opts & WPKG_OPT_JOIN)
		exec_join(t);
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
			if (t.counted)
				word[-COUNT_WORDS] = exec_handler_word(H_count);
			*word = handler_word(func->engine, (enum handler) * word);
		}
		exec_place(&t, code);
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
		if (t.instruction_count && word == t.instructions[low] + SECOND_ACCESS)
			origin = (uint32_t)(t.code[word] >> 32);
		else
			origin = t.instruction_count ? t.origins[low] : 0;
	}
	exec_code_clear(&t);
	return origin;
}
