/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"
#include "exec/engine_int.h"
#include "exec/type.h"

#define MEMORY_DEFAULT ((uint64_t)4 << 30)
#define TABLE_DEFAULT 10000000
#define HEAP_DEFAULT ((uint64_t)256 << 20)
#define STACK_DEFAULT ((uint64_t)32 << 20)
#define STACK_LEAST ((uint64_t)1 << 20)
#define OBJECTS_MAX ((size_t)4 << 30) /* bytes of functions, globals and the like */
#define TYPES_MAX ((size_t)1 << 28)
#define GUARD ((size_t)65536)
/* A century: no call lasts longer, and with the clock it is nanoseconds of 64 bits. */
#define TIME_MOST (UINT64_C(36525) * 24 * 3600 * 1000)

/* Of what the total leaves: all when it is given and this one is not. */
static uint64_t ceiling(uint64_t given, uint64_t fallback, uint64_t total)
{
	uint64_t own = given ? given : fallback;
	return own < total ? own : total;
}

static void set_ceilings(struct wpkg_engine_limits *own)
{
	bool has_total = own->total_bytes != 0;
	uint64_t total = has_total ? own->total_bytes : UINT64_MAX;
	uint64_t entries = total / sizeof(uint64_t);
	own->total_bytes = total;
	own->memory_bytes = ceiling(own->memory_bytes, has_total ? total : MEMORY_DEFAULT, total);
	own->table_entries =
		ceiling(own->table_entries, has_total ? entries : TABLE_DEFAULT, entries);
	own->heap_bytes = ceiling(own->heap_bytes, has_total ? total : HEAP_DEFAULT, total);
}

static void set_limits(struct wpkg_engine *engine, const struct wpkg_engine_limits *limits)
{
	struct wpkg_engine_limits *own = &engine->limits;
	if (limits)
		*own = *limits;
	set_ceilings(own);
	if (!own->stack_bytes)
		own->stack_bytes = STACK_DEFAULT;
	if (own->stack_bytes < STACK_LEAST)
		own->stack_bytes = STACK_LEAST;
	if (own->time_ms > TIME_MOST)
		own->time_ms = TIME_MOST;
	engine->vectors = exec_vectors_best(WPKG_OPT_ALL & ~own->optimisations_off);
	engine->fuel_counts = own->fuel != 0;
	engine->metered = own->fuel != 0 || own->time_ms != 0;
}

/* Lazily committed by the system, with a page at its end that nobody may touch. */
static bool map_stack(struct wpkg_engine *engine)
{
	size_t bytes = engine->limits.stack_bytes / GUARD * GUARD;
	void *stack = mmap(NULL, bytes + GUARD, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		return false;
	engine->stack = stack;
	engine->limits.stack_bytes = bytes;
	if (mprotect(stack, bytes, PROT_READ | PROT_WRITE) != 0)
		return false;
	engine->stack_end = engine->stack + bytes / sizeof(*engine->stack);
	engine->stack_top = engine->stack;
	return true;
}

/* With that budget, which the engine holds from now on even when this fails; NULL: no memory. */
static enum wpkg_status new_engine(struct wpkg_engine **out,
				   const struct wpkg_engine_limits *limits,
				   struct exec_budget *budget, struct wpkg_err *err)
{
	struct wpkg_engine *engine = budget ? wpkg_mem_calloc(1, sizeof(*engine)) : NULL;
	if (!engine) {
		exec_budget_drop(budget);
		return WPKG_FAIL(err, WPKG_ENOMEM, "engine: no memory");
	}
	engine->budget = budget;
	sem_init(&engine->wake, 0, 0);
	set_limits(engine, limits);
	wpkg_arena_init(&engine->arena, OBJECTS_MAX);
	wpkg_types_init(&engine->types, TYPES_MAX);
	exec_heap_init(&engine->heap, engine->limits.heap_bytes, engine->limits.collect_always);
	if (!map_stack(engine)) {
		wpkg_engine_free(engine);
		return WPKG_FAIL(err, WPKG_ENOMEM, "engine: no memory for its stack");
	}
	/* Never read: its size is 0. But it is an address that no other memory has. */
	engine->empty.base = (uint8_t *)&engine->empty;
	engine->empty.engine = engine;
	engine->vm.engine = engine;
	engine->vm.stack_limit = engine->stack_end;
	exec_use_memory(&engine->vm, NULL);
	engine->halt[0] = exec_handler_word(H_reload);
	engine->halt[RELOAD_WORDS] = exec_handler_word(H_halt);
	*out = engine;
	return WPKG_OK;
}

enum wpkg_status wpkg_engine_new(struct wpkg_engine **out, const struct wpkg_engine_limits *limits,
				 struct wpkg_err *err)
{
	return new_engine(out, limits, exec_budget_new(limits ? limits->fuel : 0), err);
}

enum wpkg_status wpkg_engine_new_sibling(struct wpkg_engine **out, struct wpkg_engine *engine,
					 struct wpkg_err *err)
{
	enum wpkg_status status =
		new_engine(out, &engine->limits, exec_budget_hold(engine->budget), err);
	if (status == WPKG_OK)
		(*out)->inherited = engine->deadline;
	return status;
}

/* Fuel that was not used is there for the siblings. */
static void return_fuel(struct wpkg_engine *engine)
{
	if (engine->vm.fuel > 0)
		__atomic_add_fetch(&engine->budget->fuel, (uint64_t)engine->vm.fuel,
				   __ATOMIC_RELAXED);
}

void wpkg_engine_free(struct wpkg_engine *engine)
{
	if (!engine)
		return;
	return_fuel(engine);
	for (uint32_t i = 0; i < engine->memory_count; i++)
		exec_memory_free(engine->memories[i]);
	for (uint32_t i = 0; i < engine->table_count; i++)
		exec_table_free(engine->tables[i]);
	for (uint32_t i = 0; i < engine->code_count; i++) {
		wpkg_mem_free((void *)(uintptr_t)engine->codes[i].begin);
		wpkg_mem_free(engine->codes[i].func->info);
	}
	exec_budget_return(&engine->budget->total_bytes, engine->heap.bytes);
	exec_heap_clear(&engine->heap);
	wpkg_mem_free(engine->layouts);
	wpkg_mem_free(engine->held);
	wpkg_mem_free(engine->memories);
	wpkg_mem_free(engine->tables);
	wpkg_mem_free(engine->codes);
	wpkg_types_clear(&engine->types);
	wpkg_arena_clear(&engine->arena);
	if (engine->stack)
		munmap(engine->stack, engine->limits.stack_bytes + GUARD);
	exec_budget_drop(engine->budget);
	sem_destroy(&engine->wake);
	wpkg_mem_free(engine);
}

/* Two words are written, the reason first: whoever sees the limit gone finds the reason. Posting is
 * one of the few things that a signal handler may do. */
void wpkg_engine_interrupt(struct wpkg_engine *engine)
{
	__atomic_store_n(&engine->vm.interrupt, (uint32_t)WPKG_TRAP_INTERRUPT, __ATOMIC_RELEASE);
	__atomic_store_n(&engine->vm.stack_limit, NULL, __ATOMIC_RELEASE);
	sem_post(&engine->wake);
}

void wpkg_engine_clear_interrupt(struct wpkg_engine *engine)
{
	__atomic_store_n(&engine->vm.stack_limit, engine->stack_end, __ATOMIC_RELEASE);
	__atomic_store_n(&engine->vm.interrupt, 0, __ATOMIC_RELEASE);
}

enum wpkg_trap exec_engine_poll(const struct wpkg_engine *engine)
{
	uint32_t interrupt = __atomic_load_n(&engine->vm.interrupt, __ATOMIC_RELAXED);
	if (interrupt)
		return (enum wpkg_trap)interrupt;
	uint64_t deadline = engine->deadline;
	return deadline && wpkg_clock_monotonic() >= deadline ? WPKG_TRAP_DEADLINE : WPKG_TRAP_NONE;
}

void exec_global_add(struct wpkg_engine *engine, struct wpkg_global *global)
{
	if (!exec_type_has_objects(engine, global->type))
		return;
	global->next = engine->ref_globals;
	engine->ref_globals = global;
}

/* What the machine was given and has not used is still there; what it used beyond that is not. */
uint64_t wpkg_engine_fuel(const struct wpkg_engine *engine)
{
	int64_t given = engine->vm.fuel;
	uint64_t left = __atomic_load_n(&engine->budget->fuel, __ATOMIC_RELAXED);
	if (given >= 0)
		return left + (uint64_t)given;
	return left > (uint64_t)-given ? left - (uint64_t)-given : 0;
}

void wpkg_engine_set_fuel(struct wpkg_engine *engine, uint64_t units)
{
	__atomic_store_n(&engine->budget->fuel, units, __ATOMIC_RELAXED);
	engine->vm.fuel = 0;
}

void wpkg_engine_usage(struct wpkg_engine_usage *out, const struct wpkg_engine *engine)
{
	*out = engine->usage;
	const struct exec_budget *budget = engine->budget;
	out->total_bytes = __atomic_load_n(&budget->total_bytes, __ATOMIC_RELAXED);
	out->memory_bytes = __atomic_load_n(&budget->memory_bytes, __ATOMIC_RELAXED);
	out->table_entries = __atomic_load_n(&budget->table_entries, __ATOMIC_RELAXED);
	out->heap_bytes = engine->heap.bytes;
	out->collections = engine->heap.collections;
}

enum wpkg_trap exec_engine_add_code(struct wpkg_func *func, uint64_t *code)
{
	struct wpkg_engine *engine = func->engine;
	if (engine->code_count == engine->code_cap) {
		uint32_t cap = engine->code_cap ? engine->code_cap * 2 : 64;
		struct exec_code *grown =
			wpkg_mem_resize(engine->codes, cap, sizeof(struct exec_code));
		if (!grown)
			return WPKG_TRAP_NO_MEMORY;
		engine->codes = grown;
		engine->code_cap = cap;
	}
	uint32_t at = engine->code_count++;
	engine->codes[at] = (struct exec_code){code, code + func->code_words, func};
	if (at > 0 && engine->codes[at - 1].begin > code)
		engine->codes_unsorted = true;
	engine->usage.compiled_functions++;
	engine->usage.compiled_bytes += (uint64_t)func->code_words * sizeof(*code);
	func->code = code;
	return WPKG_TRAP_NONE;
}

static int compare_codes(const void *a, const void *b)
{
	const struct exec_code *left = a, *right = b;
	return (left->begin > right->begin) - (left->begin < right->begin);
}

struct wpkg_func *exec_engine_find_code(struct wpkg_engine *engine, const uint64_t *pc)
{
	if (engine->codes_unsorted)
		qsort(engine->codes, engine->code_count, sizeof(*engine->codes), compare_codes);
	engine->codes_unsorted = false;
	uint32_t low = 0, high = engine->code_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (engine->codes[middle].end <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == engine->code_count || engine->codes[low].begin > pc)
		return NULL;
	return engine->codes[low].func;
}
