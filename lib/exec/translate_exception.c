/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions in the translator. Code that may throw and its clauses are noted beside the code (a
 * region), and nothing is emitted for them: who throws finds them by where it stands. A clause puts
 * the exception's values where its label has its own and goes on there.
 *
 * The legacy form has the clauses' code inside: in it the exception itself is an operand below the
 * values, at the slot of the block's first result, for rethrow.
 */
#include "exec/compile.h"

#include "exec/bytes.h"
#include "exec/immediate.h"

/* Where the operand of that number is, or the next one would be. */
static uint32_t home_of(const struct translator *t, uint32_t i)
{
	return i < t->height ? t->stack[i].home : t->next_slot;
}

/* A region that begins here, in the label that is going to be pushed. */
static void begin_region(struct translator *t, struct label *label)
{
	uint32_t outer = exec_label_at(t, 0)->region;
	exec_part(t);
	label->owns_region = true;
	label->last_catch = NOWHERE;
	label->region = NOWHERE;
	if (!exec_room(t, &t->regions, &t->region_cap, t->region_count + 1, sizeof(*t->regions)))
		return;
	t->regions[t->region_count] = (struct exec_region){.begin = t->words,
							   .end = UINT32_MAX,
							   .outer = outer,
							   .next = outer,
							   .first = EXEC_NONE};
	label->region = t->region_count++;
}

void exec_end_region(struct translator *t, struct label *label)
{
	exec_part(t);
	label->owns_region = false;
	if (label->region == NOWHERE)
		return;
	t->regions[label->region].end = t->words;
	label->region = t->regions[label->region].outer;
}

/* One more clause of the label's region, whose values and reference have these slots. */
static uint32_t add_catch(struct translator *t, struct label *label, uint32_t region,
			  const struct exec_catch *catch)
{
	if (region == NOWHERE ||
	    !exec_room(t, &t->catches, &t->catch_cap, t->catch_count + 1, sizeof(*t->catches)))
		return NOWHERE;
	t->catches[t->catch_count] = *catch;
	if (label->last_catch == NOWHERE)
		t->regions[region].first = t->catch_count;
	else
		t->catches[label->last_catch].next = t->catch_count;
	label->last_catch = t->catch_count;
	return t->catch_count++;
}

/* The clauses of a try_table name labels outside of it. */
static void take_catch(struct translator *t, struct label *label)
{
	unsigned kind = *t->at++; /* catch, catch_ref, catch_all, catch_all_ref */
	struct exec_catch catch = {.ref = EXEC_NONE, .next = EXEC_NONE};
	if (kind < 2)
		catch.tag = t->instance->tags[take_u32(&t->at)];
	struct label *target = exec_label_at(t, take_u32(&t->at));
	catch.values = home_of(t, target->height);
	uint32_t end = catch.values + (catch.tag ? catch.tag->sig.param_slots : 0);
	if (kind & 1)
		catch.ref = end++;
	if (end > t->top_slot)
		t->top_slot = end;
	uint32_t added = add_catch(t, label, label->region, &catch);
	if (added != NOWHERE)
		exec_branch_catch(t, target, added);
}

void exec_begin_try_table(struct translator *t)
{
	struct label label = exec_block_type(t);
	label.kind = LABEL_BLOCK;
	exec_settle_all(t);
	label.height = t->height - label.param_count;
	begin_region(t, &label);
	for (uint32_t count = take_u32(&t->at); count > 0; count--)
		take_catch(t, &label);
	exec_push_label(t, &label);
}

void exec_begin_try(struct translator *t)
{
	struct label label = exec_block_type(t);
	label.kind = LABEL_TRY;
	exec_settle_all(t);
	label.height = t->height - label.param_count;
	begin_region(t, &label);
	exec_push_label(t, &label);
}

/* The region of a legacy try is over where its first clause begins. */
void exec_begin_catch(struct translator *t, bool dead, bool all)
{
	struct label *label = exec_label_at(t, 0);
	const struct wpkg_tag *tag = all ? NULL : t->instance->tags[take_u32(&t->at)];
	if (!dead)
		exec_branch(t, label, true);
	if (label->kind == LABEL_TRY) {
		label->kind = LABEL_CATCH;
		label->try_region = label->region;
		exec_end_region(t, label);
	}
	exec_fence(t);
	t->cost = t->peak;
	exec_pop(t, t->height - label->height);
	struct exec_catch catch = {
		.tag = tag, .target = t->words, .ref = t->next_slot, .next = EXEC_NONE};
	exec_push_slot(t, KIND_REF, NOWHERE);
	catch.values = t->next_slot;
	add_catch(t, label, label->try_region, &catch);
	if (tag)
		exec_push_kinds(t, tag->sig.param_count, tag->sig.params);
	exec_settle_all(t);
}

/* What the try does not catch goes to whoever catches at that label. */
void exec_delegate(struct translator *t)
{
	struct label *label = exec_label_at(t, 0);
	const struct label *target = exec_label_at(t, take_u32(&t->at) + 1);
	if (label->region != NOWHERE)
		t->regions[label->region].next = target->region;
}

/* Throwing. */

void exec_throw_tag(struct translator *t)
{
	const struct wpkg_tag *tag = t->instance->tags[take_u32(&t->at)];
	uint32_t count = tag->sig.param_count;
	for (uint32_t i = t->height - count; i < t->height; i++)
		exec_settle(t, i);
	uint32_t base = home_of(t, t->height - count);
	uint32_t pos = exec_emit(t, H_throw);
	exec_word(t, exec_fields(0, base, 0, 0));
	exec_word(t, (uint64_t)tag);
	exec_safepoint(t, pos);
	exec_pop(t, count);
}

static void throw_slot(struct translator *t, uint32_t slot)
{
	exec_emit(t, H_throw_ref);
	exec_word(t, exec_fields(0, slot, 0, 0));
}

void exec_throw_operand(struct translator *t)
{
	uint32_t slot = exec_slot(t, t->height - 1);
	exec_pop(t, 1);
	throw_slot(t, slot);
}

void exec_rethrow(struct translator *t)
{
	throw_slot(t, home_of(t, exec_label_at(t, take_u32(&t->at))->height));
}
