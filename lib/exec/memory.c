/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear memories. Address space for all that a memory may become is reserved when it is made, so
 * that its base never moves; growing makes more of it usable.
 */
#include "exec/engine_int.h"

#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "exec/instance.h"

#define REGION ((uint64_t)65536) /* memory of the system comes in multiples of this */

/* What addresses of 32 or 64 bits reach, or less. */
static uint64_t max_pages(const struct wpkg_memory *memory)
{
	unsigned bits = (memory->is_64 ? 64U : 32U) - memory->page_log2;
	uint64_t pages = bits == 64 ? UINT64_MAX : (uint64_t)1 << bits;
	return memory->has_max && memory->max < pages ? memory->max : pages;
}

static uint64_t whole_regions(uint64_t bytes)
{
	return (bytes + REGION - 1) / REGION * REGION;
}

/* As much as the memory may become, or less where the system has no such space; NULL for none. */
static uint8_t *reserve(uint64_t *reserved, uint64_t want, uint64_t need)
{
	if (want < REGION)
		want = REGION; /* even an empty memory has a base of its own */
	for (;;) {
		void *base = mmap(NULL, want, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (base != MAP_FAILED) {
			*reserved = want;
			return base;
		}
		if (want <= need || want <= REGION)
			return NULL;
		want = want / 2 > need ? want / 2 : need;
		want = (want + REGION - 1) / REGION * REGION;
	}
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

/* The pages that the engine's ceiling leaves for memories. */
static uint64_t pages_left(const struct wpkg_engine *engine, unsigned page_log2)
{
	return (engine->limits.memory_bytes - engine->usage.memory_bytes) >> page_log2;
}

struct wpkg_memory *exec_memory_new(struct wpkg_engine *engine, const struct wpkg_size *size,
				    unsigned page_log2, struct wpkg_err *err)
{
	if (size->min > pages_left(engine, page_log2)) {
		wpkg_err_set(err, WPKG_ELIMIT, "a memory of %llu pages passes the memory limit",
			     (unsigned long long)size->min);
		return NULL;
	}
	struct wpkg_memory *memory = wpkg_arena_alloc(&engine->arena, 1, sizeof(*memory));
	if (!memory || !add_memory(engine, memory)) {
		wpkg_err_set(err, WPKG_ENOMEM, "no memory");
		return NULL;
	}
	memory->engine = engine;
	memory->max = size->max;
	memory->has_max = size->has_max;
	memory->is_64 = size->is_64;
	memory->page_log2 = (uint8_t)page_log2;
	uint64_t want = max_pages(memory), ceiling = engine->limits.memory_bytes >> page_log2;
	if (want > ceiling)
		want = ceiling;
	memory->base = reserve(&memory->reserved, whole_regions(want << page_log2),
			       whole_regions(size->min << page_log2));
	enum wpkg_trap trap = WPKG_TRAP_NONE;
	if (!memory->base || exec_memory_grow_by(memory, size->min, &trap) == UINT64_MAX) {
		wpkg_err_set(err, WPKG_ENOMEM, "no address space for a memory of %llu pages",
			     (unsigned long long)size->min);
		return NULL;
	}
	return memory;
}

void exec_memory_free(struct wpkg_memory *memory)
{
	if (memory->base)
		munmap(memory->base, memory->reserved);
}

/* The part of the last region that was not used so far has never been written: it is zero. */
static bool make_usable(struct wpkg_memory *memory, uint64_t bytes)
{
	uint64_t from = whole_regions(memory->size), to = whole_regions(memory->size + bytes);
	return from == to || mprotect(memory->base + from, to - from, PROT_READ | PROT_WRITE) == 0;
}

uint64_t exec_memory_grow_by(struct wpkg_memory *memory, uint64_t pages, enum wpkg_trap *trap)
{
	struct wpkg_engine *engine = memory->engine;
	uint64_t old = memory->size >> memory->page_log2;
	if (pages > max_pages(memory) - old)
		return UINT64_MAX;
	if (pages > pages_left(engine, memory->page_log2)) {
		engine->usage.memory_refused = true;
		if (engine->limits.ceilings_trap)
			*trap = WPKG_TRAP_MEMORY_LIMIT;
		return UINT64_MAX;
	}
	uint64_t bytes = pages << memory->page_log2;
	if (bytes > memory->reserved - memory->size || !make_usable(memory, bytes))
		return UINT64_MAX;
	memory->size += bytes;
	engine->usage.memory_bytes += bytes;
	if (engine->vm.current == memory)
		engine->vm.memory_size = memory->size;
	return old;
}

static bool inside(uint64_t start, uint64_t count, uint64_t size)
{
	return start <= size && count <= size - start;
}

enum wpkg_trap exec_memory_init_from(struct wpkg_memory *memory, uint64_t to,
				     const struct exec_data *data, uint64_t from, uint64_t count)
{
	if (!inside(to, count, memory->size) || !inside(from, count, data->length))
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
	return memory->size;
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
	if (!inside(to, count, memory->size))
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
	if (!inside(to, count, target->size) || !inside(from, count, source->size))
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
