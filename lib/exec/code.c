/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/compile.h"

#include "base/mem.h"

#include <string.h>

/* The longest instruction but for br_table, whose words are asked for singly. */
#define INSTRUCTION_WORDS (8 + COUNT_WORDS)

/* Room for so many items in an array that *array points to. */
bool exec_room(struct translator *t, void *array, uint32_t *cap, uint32_t need, size_t size)
{
	if (need <= *cap)
		return true;
	uint32_t next = *cap < 64 ? 64 : *cap;
	while (next < need)
		next = next > UINT32_MAX / 2 ? need : next * 2;
	void *block = NULL;
	memcpy(&block, array, sizeof(block));
	block = wpkg_mem_resize(block, next, size);
	if (!block) {
		t->failed = true;
		return false;
	}
	memcpy(array, &block, sizeof(block));
	*cap = next;
	return true;
}

/* After a failure the code begins again at 0, inside what is allocated, and is thrown away. */
static bool code_room(struct translator *t, uint32_t words)
{
	if (t->failed || t->words > UINT32_MAX / 2 ||
	    !exec_room(t, &t->code, &t->words_cap, t->words + words, sizeof(*t->code))) {
		t->failed = true;
		t->words = 0;
		return false;
	}
	return true;
}

static bool instruction_room(struct translator *t)
{
	uint32_t cap = t->instruction_cap, other = cap;
	if (t->instruction_count < cap)
		return true;
	if (!exec_room(t, &t->instructions, &cap, cap + 1, sizeof(*t->instructions)) ||
	    !exec_room(t, &t->origins, &other, other + 1, sizeof(*t->origins)))
		return false;
	t->instruction_cap = cap;
	return true;
}

/* The least that a failure needs to go on in. */
bool exec_code_init(struct translator *t)
{
	return code_room(t, INSTRUCTION_WORDS) && instruction_room(t);
}

uint32_t exec_emit(struct translator *t, unsigned handler)
{
	code_room(t, INSTRUCTION_WORDS);
	if (!instruction_room(t))
		t->instruction_count = 0;
	if (t->counted)
		t->words += COUNT_WORDS;
	t->instructions[t->instruction_count] = t->words;
	t->origins[t->instruction_count++] = (uint32_t)(t->here - t->start);
	t->code[t->words] = handler;
	return t->words++;
}

void exec_word(struct translator *t, uint64_t word)
{
	code_room(t, 1);
	t->code[t->words++] = word;
}

/* The 16 bytes at the address. */
void exec_words_of(struct translator *t, uint64_t address)
{
	uint64_t words[2];
	memcpy(words, (const void *)address, sizeof(words));
	exec_word(t, words[0]);
	exec_word(t, words[1]);
}

/* The last instruction when it may still be changed; else NOWHERE. */
uint32_t exec_last(const struct translator *t)
{
	if (!t->instruction_count)
		return NOWHERE;
	uint32_t pos = t->instructions[t->instruction_count - 1];
	return pos >= t->fence ? pos : NOWHERE;
}

/*
 * What is emitted next can trap in what the last instruction does, and so stands where that came
 * from: for who takes it back.
 */
void exec_stand_at_last(struct translator *t)
{
	if (t->instruction_count)
		t->here = t->start + t->origins[t->instruction_count - 1];
}

/* The instruction is the last one, and gone. */
void exec_rewind(struct translator *t, uint32_t pos)
{
	t->words = pos - (t->counted ? COUNT_WORDS : 0);
	t->instruction_count--;
}

/* Takes the last instruction back, which the note describes. */
void exec_take_back(struct translator *t, uint32_t pos)
{
	exec_rewind(t, pos);
	memcpy(t->acc, t->note.before, sizeof(t->acc));
	t->note.pos = NOWHERE;
}

/* The last two instructions, which stand for themselves, change places; where the last one is. */
uint32_t exec_swap_last(struct translator *t)
{
	if (t->failed || t->instruction_count < 2)
		return NOWHERE;
	uint32_t *at = &t->instructions[t->instruction_count - 2];
	uint32_t *origins = &t->origins[t->instruction_count - 2], origin = origins[0];
	uint32_t first = at[0] - (t->counted ? COUNT_WORDS : 0), length = at[1] - at[0];
	uint32_t moved = t->words - first - length;
	uint64_t words[INSTRUCTION_WORDS];
	memcpy(words, &t->code[first], length * sizeof(*words));
	memmove(&t->code[first], &t->code[first + length], moved * sizeof(*words));
	memcpy(&t->code[first + moved], words, length * sizeof(*words));
	origins[0] = origins[1];
	origins[1] = origin;
	at[1] = at[0] + moved;
	t->note.pos = NOWHERE;
	return at[1];
}

/* What follows is not made by changing what stands before. */
void exec_part(struct translator *t)
{
	t->fence = t->words;
	t->note.pos = NOWHERE;
}

void exec_fence(struct translator *t)
{
	exec_part(t);
	exec_forget(t);
}

void exec_set_destination(struct translator *t, uint32_t pos, uint32_t slot)
{
	t->code[pos + 1] = (t->code[pos + 1] & ~(uint64_t)0xffff) | (slot & 0xffff);
}

uint64_t exec_fields(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return (uint64_t)(a & 0xffff) | (uint64_t)(b & 0xffff) << 16 |
	       (uint64_t)(c & 0xffff) << 32 | (uint64_t)(d & 0xffff) << 48;
}

uint64_t exec_fields_constant(uint32_t a, uint32_t b, uint32_t constant)
{
	return (uint64_t)(a & 0xffff) | (uint64_t)(b & 0xffff) << 16 | (uint64_t)constant << 32;
}

/* One more word, or catch, that waits for where a label stands: the first in this list. */
static void wait_for(struct translator *t, uint32_t *list, uint32_t word, bool is_catch)
{
	if (exec_room(t, &t->fixups, &t->fixup_cap, t->fixup_count + 1, sizeof(*t->fixups))) {
		t->fixups[t->fixup_count] = (struct fixup){word, *list, is_catch};
		*list = t->fixup_count++;
	}
}

/* The next word is where an instruction stands. */
void exec_start_word(struct translator *t, uint32_t start)
{
	uint32_t placed = NOWHERE;
	wait_for(t, &placed, t->words, false);
	exec_word(t, start);
}

/* Is it known where a branch that does not pay goes? Not before the end, if to a loop's meter. */
static bool is_placed(const struct translator *t, const struct label *label)
{
	return label->kind == LABEL_LOOP && !t->metered;
}

/* The next word is where a branch that does not pay goes: to the label, or to its loop's meter. */
void exec_label_word(struct translator *t, struct label *label)
{
	if (is_placed(t, label)) {
		exec_start_word(t, label->start);
		return;
	}
	if (label->cost < t->cost)
		label->cost = t->cost;
	wait_for(t, &label->fixups, t->words, false);
	exec_word(t, 0);
}

/* The next word is where a branch that pays goes. */
void exec_target_word(struct translator *t, struct label *label)
{
	if (label->kind == LABEL_LOOP)
		exec_start_word(t, label->start);
	else
		exec_label_word(t, label);
}

/* The next word is what a turn costs of the loop that is branched to. */
void exec_cost_word(struct translator *t, const struct label *label)
{
	if (label->kind == LABEL_LOOP && t->metered)
		exec_word(t, t->cost - label->begin_cost);
}

void exec_branch_word(struct translator *t, struct label *label)
{
	exec_target_word(t, label);
	exec_cost_word(t, label);
}

/* Each instruction is counted by its handler, as it is at the end. */
void exec_count_each(struct translator *t)
{
	for (uint32_t i = 0; t->counted && i < t->instruction_count; i++) {
		uint64_t *word = &t->code[t->instructions[i]];
		word[1 - COUNT_WORDS] = *word;
	}
}

/* The words of branches name their targets by index so far; here they get addresses. */
void exec_place(const struct translator *t, uint64_t *code)
{
	for (uint32_t i = 0; i < t->fixup_count; i++)
		if (!t->fixups[i].is_catch) {
			uint64_t *word = &code[t->fixups[i].word];
			*word = (uint64_t)(code + *word);
		}
}

/* The catch goes on at the label. */
void exec_branch_catch(struct translator *t, struct label *label, uint32_t catch)
{
	if (is_placed(t, label)) {
		t->catches[catch].target = label->start;
		return;
	}
	label->caught = true;
	wait_for(t, &label->fixups, catch, true);
}

/* The branches of the list go to the next instruction. */
void exec_bind(struct translator *t, uint32_t list)
{
	if (list == NOWHERE)
		return;
	for (uint32_t i = list; i != NOWHERE && !t->failed; i = t->fixups[i].next)
		if (t->fixups[i].is_catch)
			t->catches[t->fixups[i].word].target = t->words;
		else
			t->code[t->fixups[i].word] = t->words;
	exec_fence(t);
}

void exec_code_clear(struct translator *t)
{
	wpkg_mem_free(t->code);
	wpkg_mem_free(t->instructions);
	wpkg_mem_free(t->origins);
	wpkg_mem_free(t->stack);
	wpkg_mem_free(t->labels);
	wpkg_mem_free(t->meters);
	wpkg_mem_free(t->fixups);
	wpkg_mem_free(t->diverted);
	wpkg_mem_free(t->local_slots);
	wpkg_mem_free(t->local_kinds);
	wpkg_mem_free(t->weights);
	wpkg_mem_free(t->roots);
	wpkg_mem_free(t->safepoints);
	wpkg_mem_free(t->catches);
	wpkg_mem_free(t->regions);
}
