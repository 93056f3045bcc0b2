/* SPDX-License-Identifier: Apache-2.0 */
/* Globals in the translator: read, written, and moved by a constant as a stack pointer is. */
#include "exec/choice.h"

void exec_global_get(struct translator *t, const struct wpkg_global *global)
{
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
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, 0, 0, 0));
	exec_word(t, (uint64_t)global->cell);
	note_last(t, pos, WPKG_OP_GLOBAL_GET, 0, (uint64_t)global->cell, before);
	if (kind == KIND_V128)
		exec_push_vector(t, pos);
	else
		exec_push_result(t, kind, pos);
}

/* What is added to an operand by the noted instruction; false when that is none of these. */
static bool constant_added(const struct translator *t, uint32_t *addend)
{
	unsigned opcode = t->note.opcode, class = t->note.class;
	if (!(t->opts & WPKG_OPT_FUSE) || t->note.pos == NOWHERE || t->note.pos != exec_last(t) ||
	    opcode != WPKG_OP_I32_ADD || (class != INT_SC && class != INT_RC && class != INT_LC))
		return false;
	*addend = note_constant(&t->note);
	return true;
}

/* The global was read, moved, kept in the local that is on top, and is now written: at once. */
static bool move_global(struct translator *t, const struct wpkg_global *global, uint32_t addend)
{
	const struct operand *o = exec_top(t, 0);
	uint32_t pos = t->note.pos, read = t->previous.pos;
	if (o->place != AT_LOCAL || t->note.class != INT_RC || t->instruction_count < 2 ||
	    read == NOWHERE || read < t->fence || t->previous.opcode != WPKG_OP_GLOBAL_GET ||
	    read != t->instructions[t->instruction_count - 2] ||
	    t->code[read] != H_global_get_I_acc || t->previous.fields != (uint64_t)global->cell)
		return false;
	uint64_t destination =
		t->code[pos] - exec_shape(t->note.opcode)->first - INT_RC * INT_DESTINATIONS;
	if ((destination != 1 && destination != 2) || (uint16_t)t->code[pos + 1] != o->slot)
		return false;
	exec_rewind(t, pos);
	exec_rewind(t, read);
	t->note.pos = NOWHERE;
	exec_emit(t, destination == 1 ? H_global_move_slot : H_global_move_pin);
	exec_word(t, exec_fields_constant(o->slot, 0, addend));
	exec_word(t, (uint64_t)global->cell);
	exec_pop(t, 1);
	return true;
}

/* The sum of a local and a constant, which was just made for the global alone. */
static bool set_sum(struct translator *t, const struct wpkg_global *global, uint32_t addend)
{
	uint32_t slot = note_field(t, 1);
	unsigned class = t->note.class;
	if (class == INT_RC || !just_made(t, t->height - 1))
		return false;
	exec_take_back(t, t->note.pos);
	exec_pop(t, 1);
	exec_emit(t, class == INT_SC ? H_global_set_add_S : H_global_set_add_L);
	exec_word(t, exec_fields_constant(0, slot, addend));
	exec_word(t, (uint64_t)global->cell);
	return true;
}

void exec_global_set(struct translator *t, const struct wpkg_global *global)
{
	uint32_t i = t->height - 1, slot = 0, addend;
	if (constant_added(t, &addend) &&
	    (move_global(t, global, addend) || set_sum(t, global, addend)))
		return;
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
