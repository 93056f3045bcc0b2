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

/* What the table says of a part. */
static bool part_is_temporary(unsigned condition)
{
	return condition & 1;
}

static unsigned part_field(unsigned condition)
{
	return condition >> 1 & 3;
}

static unsigned part_source(unsigned condition)
{
	return condition >> 3 & 31;
}

static bool part_is_kept(unsigned condition)
{
	return condition >> 8 & 1;
}

/* The slot whose vector each register of vectors has; NOWHERE: of none that is known. */
struct registers {
	uint32_t slot[JOIN_REGISTERS];
	bool hidden; /* register 0 has a temporary of the row now */
};

static void forget(struct registers *registers)
{
	for (unsigned k = 0; k < JOIN_REGISTERS; k++)
		registers->slot[k] = NOWHERE;
	registers->hidden = false;
}

/* A slot is written, perhaps as a vector: two of them. */
static void forget_slot(struct registers *registers, uint32_t slot)
{
	for (unsigned k = 0; k < JOIN_REGISTERS; k++)
		if (registers->slot[k] + 1 >= slot && registers->slot[k] <= slot + 1)
			registers->slot[k] = NOWHERE;
}

/* What the registers have behind instruction i, as a part of which that is said, or alone (0). */
static void follow(const struct translator *t, struct registers *registers, uint32_t i,
		   unsigned condition)
{
	uint64_t handler = t->code[t->instructions[i]];
	if (handler < H_VECTORS) {
		forget(registers);
		return;
	}
	bool makes = keeps[handler - H_VECTORS];
	if (makes && part_is_temporary(condition)) {
		registers->hidden = true;
		return;
	}
	uint32_t before = registers->slot[0], slot = field(t, i, 0);
	if (part_is_kept(condition)) {
		registers->slot[3] = registers->slot[1];
		registers->slot[2] = before;
	}
	forget_slot(registers, slot);
	if (makes) {
		registers->slot[0] = slot;
		registers->hidden = false;
	}
	if (part_is_kept(condition))
		registers->slot[1] = slot;
}

/*
 * Is what the row supposes of part k true: that its result is a temporary, which is read only once,
 * by who takes it; and that what it reads in one field is the result of an earlier part, or in a
 * register as the row begins?
 */
static bool holds(const struct translator *t, const struct registers *registers, uint32_t i,
		  uint32_t k, unsigned condition)
{
	unsigned place = part_field(condition), source = part_source(condition);
	if (part_is_temporary(condition) && !is_temporary(t, i + k))
		return false;
	if (place == 0)
		return true;
	uint32_t slot = field(t, i + k, place);
	for (uint32_t j = source >= JOIN_ENTRY ? 0 : source + 1; j < k; j++)
		if (field(t, i + j, 0) == slot)
			return false;
	return slot == (source >= JOIN_ENTRY ? registers->slot[source - JOIN_ENTRY]
					     : field(t, i + source, 0));
}

static bool fits(const struct translator *t, const uint8_t *targets,
		 const struct registers *registers, uint32_t i, const uint16_t *row)
{
	if (row[1] > t->instruction_count - i)
		return false;
	for (uint32_t k = 0; k < row[1]; k++) {
		const uint16_t *part = &row[ROW_HEAD + k * PART_WORDS];
		if (t->code[t->instructions[i + k]] != part[0] ||
		    !holds(t, registers, i, k, part[1]) || (k > 0 && is_target(t, targets, i + k)))
			return false;
	}
	return true;
}

/* The longest row that begins with instruction i; its end has a handler of 0. */
static const uint16_t *find_row(const struct translator *t, const uint8_t *targets,
				const struct registers *registers, uint32_t i)
{
	const uint16_t *row = &joins[joins_of[t->code[t->instructions[i]]]];
	while (row[0] && !fits(t, targets, registers, i, row))
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

/* The row from instruction i on gets its handler; how many instructions it is. */
static uint32_t join_row(struct translator *t, struct registers *registers, uint32_t i,
			 const uint16_t *row)
{
	for (uint32_t k = 0; k < row[1]; k++)
		follow(t, registers, i + k, row[ROW_HEAD + k * PART_WORDS + 1]);
	if (registers->hidden)
		registers->slot[0] = NOWHERE;
	registers->hidden = false;
	if (t->counted)
		count_row(t, row, i);
	else
		t->code[t->instructions[i]] = row[0];
	return row[1];
}

void exec_join(struct translator *t)
{
	struct registers registers;
	uint8_t *targets = find_targets(t);
	if (!targets) {
		t->failed = true;
		return;
	}
	forget(&registers);
	for (uint32_t i = 0; i < t->instruction_count;) {
		if (is_target(t, targets, i))
			forget(&registers);
		const uint16_t *row = find_row(t, targets, &registers, i);
		if (row[0])
			i += join_row(t, &registers, i, row);
		else
			follow(t, &registers, i++, 0);
	}
	wpkg_mem_free(targets);
}
