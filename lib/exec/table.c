/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of references. An entry is a word, 0 for null. */
#include "exec/engine_int.h"

#include <string.h>

#include "base/mem.h"

#define ENTRY_BYTES sizeof(uint64_t)

static bool add_table(struct wpkg_engine *engine, struct wpkg_table *table)
{
	if (engine->table_count == engine->table_cap) {
		uint32_t cap = engine->table_cap ? engine->table_cap * 2 : 8;
		struct wpkg_table **grown =
			wpkg_mem_resize(engine->tables, cap, sizeof(struct wpkg_table *));
		if (!grown)
			return false;
		engine->tables = grown;
		engine->table_cap = cap;
	}
	engine->tables[engine->table_count++] = table;
	return true;
}

/* The name of the limit that so many entries more would pass; NULL. */
static const char *limit_passed(const struct wpkg_engine *engine, uint64_t entries)
{
	const struct exec_budget *budget = engine->budget;
	const struct wpkg_engine_limits *limits = &engine->limits;
	if (entries > exec_budget_left(&budget->table_entries, limits->table_entries))
		return "table";
	if (entries > exec_budget_left(&budget->total_bytes, limits->total_bytes) / ENTRY_BYTES)
		return "total";
	return NULL;
}

struct wpkg_table *exec_table_new(struct wpkg_engine *engine, uint64_t entries, uint64_t max,
				  bool has_max, bool is_64, uint64_t fill, struct wpkg_err *err)
{
	const char *passed = limit_passed(engine, entries);
	if (passed) {
		engine->usage.memory_refused = true;
		wpkg_err_set(err, WPKG_ELIMIT, "a table of %llu entries passes the %s limit",
			     (unsigned long long)entries, passed);
		return NULL;
	}
	struct wpkg_table *table = wpkg_arena_alloc(&engine->arena, 1, sizeof(*table));
	if (!table || !add_table(engine, table)) {
		wpkg_err_set(err, WPKG_ENOMEM, "no memory");
		return NULL;
	}
	table->engine = engine;
	table->max = max;
	table->has_max = has_max;
	table->is_64 = is_64;
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	if (exec_table_grow_by(table, entries, fill, &trap) == UINT64_MAX) {
		wpkg_err_set(err, WPKG_ENOMEM, "no memory for a table of %llu entries",
			     (unsigned long long)entries);
		return NULL;
	}
	return table;
}

void exec_table_free(struct wpkg_table *table)
{
	struct exec_budget *budget = table->engine->budget;
	wpkg_mem_free(table->entries);
	exec_budget_return(&budget->table_entries, table->size);
	exec_budget_return(&budget->total_bytes, table->cap * ENTRY_BYTES);
}

static bool take(const struct wpkg_table *table, uint64_t cap)
{
	struct wpkg_engine *engine = table->engine;
	return exec_budget_take(&engine->budget->total_bytes, (cap - table->cap) * ENTRY_BYTES,
				engine->limits.total_bytes);
}

/* To a room that is taken. */
static bool resize(struct wpkg_table *table, uint64_t cap, enum wpkg_trap *trap)
{
	uint64_t *grown = wpkg_mem_resize(table->entries, cap, sizeof(*grown));
	if (!grown) {
		exec_budget_return(&table->engine->budget->total_bytes,
				   (cap - table->cap) * ENTRY_BYTES);
		exec_host_refused(table->engine, trap);
		return false;
	}
	table->entries = grown;
	table->cap = cap;
	return true;
}

static bool refuse(struct wpkg_engine *engine, enum wpkg_trap *trap)
{
	engine->usage.memory_refused = true;
	if (engine->limits.ceilings_trap)
		*trap = WPKG_TRAP_TABLE_LIMIT;
	return false;
}

/* Twice the room, since what grows by steps would move at each; what is needed, near the ceiling.
 */
static bool make_room(struct wpkg_table *table, uint64_t size, enum wpkg_trap *trap)
{
	if (size <= table->cap)
		return true;
	uint64_t twice = 2 * table->cap;
	if (size < twice && take(table, twice))
		return resize(table, twice, trap);
	return take(table, size) ? resize(table, size, trap) : refuse(table->engine, trap);
}

uint64_t exec_table_grow_by(struct wpkg_table *table, uint64_t entries, uint64_t fill,
			    enum wpkg_trap *trap)
{
	struct wpkg_engine *engine = table->engine;
	uint64_t max = table->is_64 ? UINT64_MAX : UINT32_MAX, old = table->size;
	if (table->has_max && table->max < max)
		max = table->max;
	if (entries > max - old)
		return UINT64_MAX;
	uint64_t *used = &engine->budget->table_entries;
	if (!exec_budget_take(used, entries, engine->limits.table_entries)) {
		refuse(engine, trap);
		return UINT64_MAX;
	}
	uint64_t size = old + entries;
	if (!make_room(table, size, trap)) {
		exec_budget_return(used, entries);
		return UINT64_MAX;
	}
	for (uint64_t i = old; i < size; i++)
		table->entries[i] = fill;
	table->size = size;
	return old;
}

static bool inside(uint64_t start, uint64_t count, uint64_t size)
{
	return start <= size && count <= size - start;
}

enum wpkg_trap exec_table_init_from(struct wpkg_table *table, uint64_t to,
				    const struct exec_elem *elem, uint64_t from, uint64_t count)
{
	if (!inside(to, count, table->size) || !inside(from, count, elem->length))
		return WPKG_TRAP_TABLE_BOUNDS;
	if (count)
		memcpy(table->entries + to, elem->refs + from, count * sizeof(*table->entries));
	return WPKG_TRAP_NONE;
}

/* The steps of instructions. Fields: result, operands; the table is pc[2]. */

static uint64_t operand(const uint64_t *fp, const uint64_t *pc, unsigned k, bool is_64)
{
	uint64_t value = fp[(uint16_t)(pc[1] >> (16 * k))];
	return is_64 ? value : (uint32_t)value;
}

static void charge(struct vm *vm, uint64_t entries)
{
	vm->fuel -= (int64_t)(entries / 8);
}

enum wpkg_trap exec_table_grow(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_table *table = (struct wpkg_table *)pc[2];
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	uint64_t count = operand(fp, pc, 2, table->is_64);
	uint64_t old = exec_table_grow_by(table, count, operand(fp, pc, 1, true), &trap);
	fp[(uint16_t)pc[1]] = table->is_64 ? old : (uint32_t)old;
	if (old != UINT64_MAX)
		charge(vm, count);
	return trap;
}

enum wpkg_trap exec_table_fill(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_table *table = (struct wpkg_table *)pc[2];
	uint64_t to = operand(fp, pc, 1, table->is_64), count = operand(fp, pc, 3, table->is_64);
	uint64_t value = operand(fp, pc, 2, true);
	if (!inside(to, count, table->size))
		return WPKG_TRAP_TABLE_BOUNDS;
	for (uint64_t i = 0; i < count; i++)
		table->entries[to + i] = value;
	charge(vm, count);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_table_copy(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_table *target = (struct wpkg_table *)pc[2];
	const struct wpkg_table *source = (const struct wpkg_table *)pc[3];
	uint64_t to = operand(fp, pc, 1, target->is_64), from = operand(fp, pc, 2, source->is_64);
	uint64_t count = operand(fp, pc, 3, target->is_64 && source->is_64);
	if (!inside(to, count, target->size) || !inside(from, count, source->size))
		return WPKG_TRAP_TABLE_BOUNDS;
	if (count)
		memmove(target->entries + to, source->entries + from,
			count * sizeof(*target->entries));
	charge(vm, count);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_table_init(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_table *table = (struct wpkg_table *)pc[2];
	const struct wpkg_instance *instance = (const struct wpkg_instance *)pc[3];
	uint64_t count = operand(fp, pc, 3, false);
	charge(vm, count);
	return exec_table_init_from(table, operand(fp, pc, 1, table->is_64),
				    &instance->elems[pc[4]], operand(fp, pc, 2, false), count);
}

enum wpkg_trap exec_elem_drop(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_instance *instance = (struct wpkg_instance *)pc[2];
	(void)vm, (void)fp;
	instance->elems[pc[3]].length = 0;
	return WPKG_TRAP_NONE;
}
