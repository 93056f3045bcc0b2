/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of a translation: what often stands together becomes one instruction.
 *
 * The code stays as it is, word for word, but for the handler of the first instruction of such a
 * row: that does the work of all of them, reading each one's fields where they are. So nothing that
 * was noted about the code changes, and a branch into the row would find the rest of it; yet rows
 * end before what a branch goes to, for that can begin one of its own.
 */
#include "exec/compile.h"

#include "base/mem.h"
#include "exec/engine.h"
#include "exec/joins.inc"

/* A bit for each word. */
static uint8_t *find_targets(const struct translator *t)
{
	uint8_t *targets = wpkg_mem_calloc(t->words / 8 + 1, 1);
	for (uint32_t i = 0; targets && i < t->fixup_count; i++) {
		uint32_t word = t->fixups[i].word;
		uint64_t target = t->fixups[i].is_catch ? t->catches[word].target : t->code[word];
		targets[target / 8] |= (uint8_t)(1U << target % 8);
	}
	return targets;
}

static bool is_target(const struct translator *t, const uint8_t *targets, uint32_t i)
{
	uint32_t word = t->instructions[i] - (t->counted ? COUNT_WORDS : 0);
	return targets[word / 8] >> word % 8 & 1;
}

/* A row of the table: the handler of all, how many parts, and of each its handler and condition. */
#define ROW_HEAD 2
#define PART_WORDS 2

static uint32_t field(const struct translator *t, uint32_t i, unsigned k)
{
	return (uint16_t)(t->code[t->instructions[i] + 1] >> (16 * k));
}

/* Is the result of instruction i a temporary, which is read only once? */
static bool is_temporary(const struct translator *t, uint32_t i)
{
	uint32_t low = 0, high = t->diverted_count, pos = t->instructions[i];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (t->diverted[middle] < pos)
			low = middle + 1;
		else
			high = middle;
	}
	return field(t, i, 0) >= t->func->link + 2U &&
	       !(low < t->diverted_count && t->diverted[low] == pos);
}

/* The slot that has what is in the accumulator of vectors, as instruction i begins; NOWHERE. */
static uint32_t entry_slot(const struct translator *t, const uint8_t *targets, uint32_t i)
{
	if (i == 0 || is_target(t, targets, i))
		return NOWHERE;
	uint64_t handler = t->code[t->instructions[i - 1]];
	return handler >= H_VECTORS && keeps[handler - H_VECTORS] ? field(t, i - 1, 0) : NOWHERE;
}

/*
 * Is what the row supposes of part k true: that its result is a temporary, which is read only once,
 * by who takes it; and that what it reads in one field is the result of an earlier part, or of what
 * stands before the row?
 */
static bool holds(const struct translator *t, const uint8_t *targets, uint32_t i, uint32_t k,
		  unsigned condition)
{
	unsigned place = condition >> 1 & 3, source = condition >> 3;
	if ((condition & 1) && !is_temporary(t, i + k))
		return false;
	if (place == 0)
		return true;
	uint32_t slot = field(t, i + k, place);
	for (uint32_t j = source == JOIN_ENTRY ? 0 : source + 1; j < k; j++)
		if (field(t, i + j, 0) == slot)
			return false;
	return (source == JOIN_ENTRY ? entry_slot(t, targets, i) : field(t, i + source, 0)) == slot;
}

static bool fits(const struct translator *t, const uint8_t *targets, uint32_t i,
		 const uint16_t *row)
{
	if (row[1] > t->instruction_count - i)
		return false;
	for (uint32_t k = 0; k < row[1]; k++) {
		const uint16_t *part = &row[ROW_HEAD + k * PART_WORDS];
		if (t->code[t->instructions[i + k]] != part[0] ||
		    !holds(t, targets, i, k, part[1]) || (k > 0 && is_target(t, targets, i + k)))
			return false;
	}
	return true;
}

/* The longest row that begins with instruction i; its end has a handler of 0. */
static const uint16_t *find_row(const struct translator *t, const uint8_t *targets, uint32_t i)
{
	const uint16_t *row = &joins[joins_of[t->code[t->instructions[i]]]];
	while (row[0] && !fits(t, targets, i, row))
		row += ROW_HEAD + row[1] * PART_WORDS;
	return row;
}

/* For who counts instructions, a row is one, and is not joined. */
static void count_row(struct translator *t, const uint16_t *row, uint32_t i)
{
	t->code[t->instructions[i] + 1 - COUNT_WORDS] = row[0];
	for (uint32_t k = 1; k < row[1]; k++)
		t->code[t->instructions[i + k] + 1 - COUNT_WORDS] = H_COUNT;
}

void exec_join(struct translator *t)
{
	uint8_t *targets = find_targets(t);
	if (!targets) {
		t->failed = true;
		return;
	}
	for (uint32_t i = 0; i < t->instruction_count; i++) {
		const uint16_t *row = find_row(t, targets, i);
		if (!row[0])
			continue;
		if (t->counted)
			count_row(t, row, i);
		else
			t->code[t->instructions[i]] = row[0];
		i += row[1] - 1U;
	}
	wpkg_mem_free(targets);
}
