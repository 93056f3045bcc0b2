/* SPDX-License-Identifier: Apache-2.0 */
/* Linear memories: those of one engine alone, and an engine's side of shared ones. */
#include "exec/engine_int.h"

#include <string.h>

#include "base/mem.h"
#include "exec/instance.h"
#include "exec/shared_int.h"
#include "exec/space.h"

/* What addresses of 32 or 64 bits reach, or less. */
static uint64_t max_pages(const struct wpkg_memory *memory)
{
	unsigned bits = (memory->is_64 ? 64U : 32U) - memory->page_log2;
	uint64_t pages = bits == 64 ? UINT64_MAX : (uint64_t)1 << bits;
	return memory->has_max && memory->max < pages ? memory->max : pages;
}

static bool add_memory(struct wpkg_engine *engine, struct wpkg_memory *memory)
{
	if (engine->memory_count == engine->memory_cap) {
		uint32_t cap = engine->memory_cap ? engine->memory_cap * 2 : 8;
		struct wpkg_memory **grown =
			wpkg_mem_resize(engine->memories, cap, sizeof(struct wpkg_memory *));
		if (!grown)
			return false;
		engine->memories = grown;
		engine->memory_cap = cap;
	}
	engine->memories[engine->memory_count++] = memory;
	return true;
}

/* A memory that the engine frees; what it is comes later. NULL: no memory. */
static struct wpkg_memory *new_memory(struct wpkg_engine *engine)
{
	struct wpkg_memory *memory = wpkg_arena_alloc(&engine->arena, 1, sizeof(*memory));
	if (!memory || !add_memory(engine, memory))
		return NULL;
	memory->engine = engine;
	return memory;
}

/* The engine's side of it. */
static void attach(struct wpkg_memory *memory, struct wpkg_shared_memory *shared)
{
	memory->shared = shared;
	memory->base = shared->base;
	memory->reserved = shared->reserved;
	memory->size = exec_shared_size(shared);
	memory->max = shared->max;
	memory->has_max = true;
	memory->is_64 = shared->is_64;
	memory->page_log2 = shared->page_log2;
}

struct wpkg_memory *exec_memory_of_shared(struct wpkg_engine *engine,
					  struct wpkg_shared_memory *shared)
{
	struct wpkg_memory *memory = new_memory(engine);
	if (memory)
		attach(memory, wpkg_shared_memory_hold(shared));
	return memory;
}

/* Reserves what the memory may become. */
static bool make_space(struct wpkg_memory *memory, const struct wpkg_size *size, unsigned page_log2)
{
	uint64_t ceiling = memory->engine->limits.memory_bytes;
	if (size->is_shared) {
		struct wpkg_shared_memory *shared = exec_shared_new(size, page_log2, ceiling);
		if (shared)
			attach(memory, shared);
		return shared != NULL;
	}
	memory->max = size->max;
	memory->has_max = size->has_max;
	memory->is_64 = size->is_64;
	memory->page_log2 = (uint8_t)page_log2;
	uint64_t want = max_pages(memory);
	if (want > ceiling >> page_log2)
		want = ceiling >> page_log2;
	memory->base =
		exec_space_reserve(&memory->reserved, want << page_log2, size->min << page_log2);
	return memory->base != NULL;
}

/* The name of the limit that so many pages more would pass; NULL. */
static const char *limit_passed(const struct wpkg_engine *engine, uint64_t pages,
				unsigned page_log2)
{
	const struct exec_budget *budget = engine->budget;
	const struct wpkg_engine_limits *limits = &engine->limits;
	if (pages > exec_budget_left(&budget->memory_bytes, limits->memory_bytes) >> page_log2)
		return "memory";
	if (pages > exec_budget_left(&budget->total_bytes, limits->total_bytes) >> page_log2)
		return "total";
	return NULL;
}

struct wpkg_memory *exec_memory_new(struct wpkg_engine *engine, const struct wpkg_size *size,
				    unsigned page_log2, struct wpkg_err *err)
{
	const char *passed = limit_passed(engine, size->min, page_log2);
	if (passed) {
		engine->usage.memory_refused = true;
		wpkg_err_set(err, WPKG_ELIMIT, "a memory of %llu pages passes the %s limit",
			     (unsigned long long)size->min, passed);
		return NULL;
	}
	struct wpkg_memory *memory = new_memory(engine);
	if (!memory) {
		wpkg_err_set(err, WPKG_ENOMEM, "no memory");
		return NULL;
	}
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	if (!make_space(memory, size, page_log2) ||
	    exec_memory_grow_by(memory, size->min, &trap) == UINT64_MAX) {
		wpkg_err_set(err, WPKG_ENOMEM, "no address space for a memory of %llu pages",
			     (unsigned long long)size->min);
		return NULL;
	}
	return memory;
}

void exec_memory_free(struct wpkg_memory *memory)
{
	if (memory->shared)
		wpkg_shared_memory_drop(memory->shared);
	else {
		exec_space_free(memory->base, memory->reserved);
		exec_budget_return_memory(memory->engine->budget, memory->size);
	}
}

static void set_size(struct wpkg_memory *memory, uint64_t size)
{
	struct vm *vm = &memory->engine->vm;
	memory->size = size;
	if (vm->current == memory)
		exec_use_memory_size(vm, size);
}

static bool take(struct wpkg_engine *engine, uint64_t bytes)
{
	struct exec_budget *budget = engine->budget;
	if (!exec_budget_take(&budget->memory_bytes, bytes, engine->limits.memory_bytes))
		return false;
	if (exec_budget_take(&budget->total_bytes, bytes, engine->limits.total_bytes))
		return true;
	exec_budget_return(&budget->memory_bytes, bytes);
	return false;
}

/* Adds the pages, up to what the budget, the system and the reservation give. */
static bool extend(struct wpkg_memory *memory, uint64_t pages, enum wpkg_trap *trap)
{
	struct wpkg_engine *engine = memory->engine;
	uint64_t bytes = pages << memory->page_log2;
	if (pages > engine->limits.memory_bytes >> memory->page_log2 || !take(engine, bytes)) {
		engine->usage.memory_refused = true;
		if (engine->limits.ceilings_trap)
			*trap = WPKG_TRAP_MEMORY_LIMIT;
		return false;
	}
	if (bytes > memory->reserved - memory->size ||
	    !exec_space_extend(memory->base, memory->size, bytes)) {
		exec_budget_return_memory(engine->budget, bytes);
		exec_host_refused(engine, trap);
		return false;
	}
	if (memory->shared)
		exec_shared_took(memory->shared, engine->budget, bytes);
	set_size(memory, memory->size + bytes);
	return true;
}

static uint64_t grow(struct wpkg_memory *memory, uint64_t pages, enum wpkg_trap *trap)
{
	uint64_t old = memory->size >> memory->page_log2;
	if (pages > max_pages(memory) - old)
		return UINT64_MAX;
	return extend(memory, pages, trap) ? old : UINT64_MAX;
}

/* Somebody else may have made a shared memory larger. */
static bool refresh(struct wpkg_memory *memory)
{
	uint64_t size = memory->shared ? exec_shared_size(memory->shared) : memory->size;
	if (size == memory->size)
		return false;
	set_size(memory, size);
	return true;
}

uint64_t exec_memory_grow_by(struct wpkg_memory *memory, uint64_t pages, enum wpkg_trap *trap)
{
	struct wpkg_shared_memory *shared = memory->shared;
	if (!shared)
		return grow(memory, pages, trap);
	pthread_mutex_lock(&shared->lock);
	refresh(memory);
	uint64_t old = grow(memory, pages, trap);
	__atomic_store_n(&shared->size, memory->size, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&shared->lock);
	return old;
}

bool exec_memories_grew(struct vm *vm)
{
	bool grew = false;
	for (uint32_t i = 0; i < vm->engine->memory_count; i++)
		grew = refresh(vm->engine->memories[i]) || grew;
	return grew;
}

static bool inside(uint64_t start, uint64_t count, uint64_t size)
{
	return start <= size && count <= size - start;
}

enum wpkg_trap exec_memory_init_from(struct wpkg_memory *memory, uint64_t to,
				     const struct exec_data *data, uint64_t from, uint64_t count)
{
	if (!inside(to, count, wpkg_memory_size(memory)) || !inside(from, count, data->length))
		return WPKG_TRAP_MEMORY_BOUNDS;
	if (count)
		memcpy(memory->base + to, data->bytes + from, count);
	return WPKG_TRAP_NONE;
}

uint8_t *wpkg_memory_bytes(const struct wpkg_memory *memory)
{
	return memory->base;
}

uint64_t wpkg_memory_size(const struct wpkg_memory *memory)
{
	return memory->shared ? exec_shared_size(memory->shared) : memory->size;
}

/* The steps of instructions. Fields: result, operands; the memory is pc[2]. */

static uint64_t operand(const uint64_t *fp, const uint64_t *pc, unsigned k, bool is_64)
{
	uint64_t value = fp[(uint16_t)(pc[1] >> (16 * k))];
	return is_64 ? value : (uint32_t)value;
}

/* What moves many bytes costs fuel, too. */
static void charge(struct vm *vm, uint64_t bytes)
{
	vm->fuel -= (int64_t)(bytes / 64);
}

enum wpkg_trap exec_memory_size(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct wpkg_memory *memory = (const struct wpkg_memory *)pc[2];
	(void)vm;
	fp[(uint16_t)pc[1]] = wpkg_memory_size(memory) >> memory->page_log2;
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_memory_grow(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_memory *memory = (struct wpkg_memory *)pc[2];
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	(void)vm;
	uint64_t old = exec_memory_grow_by(memory, operand(fp, pc, 1, memory->is_64), &trap);
	fp[(uint16_t)pc[1]] = memory->is_64 ? old : (uint32_t)old;
	return trap;
}

enum wpkg_trap exec_memory_fill(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_memory *memory = (struct wpkg_memory *)pc[2];
	uint64_t to = operand(fp, pc, 1, memory->is_64), count = operand(fp, pc, 3, memory->is_64);
	if (!inside(to, count, wpkg_memory_size(memory)))
		return WPKG_TRAP_MEMORY_BOUNDS;
	memset(memory->base + to, (int)(uint8_t)operand(fp, pc, 2, false), count);
	charge(vm, count);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_memory_copy(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_memory *target = (struct wpkg_memory *)pc[2];
	const struct wpkg_memory *source = (const struct wpkg_memory *)pc[3];
	uint64_t to = operand(fp, pc, 1, target->is_64), from = operand(fp, pc, 2, source->is_64);
	uint64_t count = operand(fp, pc, 3, target->is_64 && source->is_64);
	if (!inside(to, count, wpkg_memory_size(target)) ||
	    !inside(from, count, wpkg_memory_size(source)))
		return WPKG_TRAP_MEMORY_BOUNDS;
	memmove(target->base + to, source->base + from, count);
	charge(vm, count);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_memory_init(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_memory *memory = (struct wpkg_memory *)pc[2];
	const struct wpkg_instance *instance = (const struct wpkg_instance *)pc[3];
	uint64_t count = operand(fp, pc, 3, false);
	charge(vm, count);
	return exec_memory_init_from(memory, operand(fp, pc, 1, memory->is_64),
				     &instance->datas[pc[4]], operand(fp, pc, 2, false), count);
}

enum wpkg_trap exec_data_drop(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_instance *instance = (struct wpkg_instance *)pc[2];
	(void)vm, (void)fp;
	instance->datas[pc[3]].length = 0;
	return WPKG_TRAP_NONE;
}
