/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the heap. A small object is a cell of a block of equal cells; a large one has a block
 * of its own. A collection marks with a list that runs through the objects themselves, so it needs
 * no memory and no C stack, whatever the guest built; then it threads the free cells of each size
 * and gives empty blocks back.
 */
#include "exec/heap.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "exec/compile.h"
#include "exec/engine_int.h"

#define BLOCK_BYTES 16384
#define CELL_STEP 16
#define STEPPED_MAX 512 /* cells up to this size come in steps */
#define CELL_MAX 2048
#define THRESHOLD_LEAST ((uint64_t)1 << 20)
#define POISON 0xe5   /* what was collected in a test must not look like anything */
#define FREE_SHARE 32 /* a full heap with less than one cell in so many free has no room */

/* Before the cells, or before the object; so many bytes that these are aligned, too. */
struct exec_block {
	_Alignas(16) struct exec_block *next;
	uint32_t cell;	/* bytes */
	uint32_t count; /* cells */
	uint32_t class;
};

struct exec_large {
	_Alignas(16) struct exec_large *next;
	uint64_t bytes;
};

static unsigned class_of(uint64_t bytes)
{
	if (bytes <= STEPPED_MAX)
		return (unsigned)((bytes + CELL_STEP - 1) / CELL_STEP);
	unsigned class = STEPPED_MAX / CELL_STEP + 1;
	for (uint64_t power = STEPPED_MAX; power < CELL_MAX; power *= 2)
		for (uint64_t quarter = 1; quarter <= 4; quarter++, class ++)
			if (bytes <= power + power / 4 * quarter)
				return class;
	return class;
}

static uint32_t cell_of(unsigned class)
{
	unsigned steps = STEPPED_MAX / CELL_STEP;
	if (class <= steps)
		return class * CELL_STEP;
	unsigned above = class - steps - 1;
	uint32_t power = (uint32_t)STEPPED_MAX << above / 4;
	return power + power / 4 * (above % 4 + 1);
}

void exec_heap_init(struct exec_heap *heap, uint64_t limit, bool always)
{
	memset(heap, 0, sizeof(*heap));
	heap->limit = limit;
	heap->always = always;
	heap->threshold = limit < THRESHOLD_LEAST ? limit : THRESHOLD_LEAST;
	heap->gray = &heap->end;
}

void exec_heap_clear(struct exec_heap *heap)
{
	while (heap->blocks) {
		struct exec_block *block = heap->blocks;
		heap->blocks = block->next;
		wpkg_mem_free(block);
	}
	while (heap->large) {
		struct exec_large *large = heap->large;
		heap->large = large->next;
		wpkg_mem_free(large);
	}
}

/* Marking. */

void exec_heap_mark(struct exec_heap *heap, uint64_t ref)
{
	if (!exec_is_object(ref))
		return;
	struct exec_object *object = exec_object(ref);
	if (object->link)
		return;
	object->link = heap->gray;
	heap->gray = object;
}

static uint64_t ref_at(const uint8_t *at)
{
	uint64_t ref;
	memcpy(&ref, at, sizeof(ref));
	return ref;
}

static void scan_exception(struct exec_heap *heap, const struct exec_exception *exception)
{
	const struct exec_sig *sig = &exception->tag->sig;
	const uint64_t *value = exception->values;
	for (uint32_t i = 0; i < sig->param_count; i++) {
		if (sig->params[i] == KIND_REF)
			exec_heap_mark(heap, *value);
		value += exec_width(sig->params[i]);
	}
}

static void scan(struct wpkg_engine *engine, struct exec_object *object)
{
	struct exec_heap *heap = &engine->heap;
	if (object->type == EXEC_TYPE_EXCEPTION) {
		scan_exception(heap, (const struct exec_exception *)object);
		return;
	}
	const struct exec_layout *layout = engine->layouts[object->type];
	const uint8_t *contents = exec_contents(object);
	for (uint32_t i = 0; i < layout->ref_count; i++)
		exec_heap_mark(heap, ref_at(contents + layout->refs[i]));
	if (layout->has_refs)
		for (uint32_t i = 0; i < object->length; i++)
			exec_heap_mark(heap, ref_at(contents + (size_t)i * sizeof(uint64_t)));
}

static void mark(struct wpkg_engine *engine)
{
	struct exec_heap *heap = &engine->heap;
	exec_roots_mark(engine);
	while (heap->gray != &heap->end) {
		struct exec_object *object = heap->gray;
		heap->gray = object->link;
		scan(engine, object);
	}
}

/* Sweeping. */

static struct exec_object *cell_at(struct exec_block *block, uint32_t i)
{
	return (struct exec_object *)((uint8_t *)(block + 1) + (size_t)i * block->cell);
}

static void put_free(struct exec_heap *heap, unsigned class, struct exec_object *cell)
{
	if (heap->always)
		memset(cell, POISON, cell_of(class));
	cell->type = EXEC_TYPE_FREE;
	cell->link = heap->free[class];
	heap->free[class] = cell;
	heap->free_count[class]++;
}

/* Returns whether a cell of the block is in use; otherwise nothing changed. */
static bool sweep_block(struct exec_heap *heap, struct exec_block *block)
{
	uint32_t live = 0;
	for (uint32_t i = 0; i < block->count; i++) {
		struct exec_object *cell = cell_at(block, i);
		live += cell->type != EXEC_TYPE_FREE && cell->link;
	}
	if (live == 0)
		return false;
	for (uint32_t i = block->count; i > 0; i--) {
		struct exec_object *cell = cell_at(block, i - 1);
		if (cell->type != EXEC_TYPE_FREE && cell->link)
			cell->link = NULL;
		else
			put_free(heap, block->class, cell);
	}
	return true;
}

static void sweep_blocks(struct exec_heap *heap)
{
	memset(heap->free, 0, sizeof(heap->free));
	memset(heap->free_count, 0, sizeof(heap->free_count));
	struct exec_block **at = &heap->blocks;
	while (*at) {
		struct exec_block *block = *at;
		if (sweep_block(heap, block)) {
			at = &block->next;
			continue;
		}
		*at = block->next;
		heap->bytes -= BLOCK_BYTES;
		heap->total_count[block->class] -= block->count;
		wpkg_mem_free(block);
	}
}

static void sweep_large(struct exec_heap *heap)
{
	struct exec_large **at = &heap->large;
	while (*at) {
		struct exec_large *large = *at;
		struct exec_object *object = (struct exec_object *)(large + 1);
		if (object->link) {
			object->link = NULL;
			at = &large->next;
			continue;
		}
		*at = large->next;
		heap->bytes -= large->bytes;
		wpkg_mem_free(large);
	}
}

/* The next collection comes when the heap has doubled, or taken the least amount more. */
static void collect(struct wpkg_engine *engine)
{
	struct exec_heap *heap = &engine->heap;
	uint64_t before = heap->bytes;
	mark(engine);
	sweep_blocks(heap);
	sweep_large(heap);
	exec_budget_return(&engine->budget->total_bytes, before - heap->bytes);
	uint64_t more = heap->bytes < THRESHOLD_LEAST ? THRESHOLD_LEAST : heap->bytes;
	heap->threshold = more > heap->limit - heap->bytes ? heap->limit : heap->bytes + more;
	heap->collections++;
}

/* Allocation. */

static bool take(struct wpkg_engine *engine, uint64_t bytes)
{
	struct exec_heap *heap = &engine->heap;
	if (heap->bytes > heap->limit - bytes ||
	    !exec_budget_take(&engine->budget->total_bytes, bytes, engine->limits.total_bytes))
		return false;
	heap->bytes += bytes;
	return true;
}

static void give_back(struct wpkg_engine *engine, uint64_t bytes)
{
	engine->heap.bytes -= bytes;
	exec_budget_return(&engine->budget->total_bytes, bytes);
}

/* Takes so many bytes. Collects first when the heap would pass the threshold, or has no room. */
static bool admit(struct wpkg_engine *engine, uint64_t bytes)
{
	struct exec_heap *heap = &engine->heap;
	if (bytes > heap->limit)
		return false;
	uint64_t most = heap->threshold - (bytes < heap->threshold ? bytes : heap->threshold);
	if (heap->bytes <= most && take(engine, bytes))
		return true;
	collect(engine);
	return take(engine, bytes);
}

/* Of bytes that are taken. */
static bool add_block(struct exec_heap *heap, unsigned class)
{
	struct exec_block *block = wpkg_mem_alloc(BLOCK_BYTES);
	if (!block)
		return false;
	block->cell = cell_of(class);
	block->count = (uint32_t)((BLOCK_BYTES - sizeof(*block)) / block->cell);
	block->class = class;
	block->next = heap->blocks;
	heap->blocks = block;
	heap->total_count[class] += block->count;
	for (uint32_t i = block->count; i > 0; i--)
		put_free(heap, class, cell_at(block, i - 1));
	return true;
}

/* Where no cell is free: by a collection, when that is due, or with another block. */
static enum wpkg_trap make_cells(struct wpkg_engine *engine, unsigned class)
{
	struct exec_heap *heap = &engine->heap;
	bool room = admit(engine, BLOCK_BYTES);
	bool scarce = heap->free_count[class] <= heap->total_count[class] / FREE_SHARE;
	if (room && scarce && add_block(heap, class))
		return WPKG_TRAP_NONE;
	if (room)
		give_back(engine, BLOCK_BYTES);
	if (scarce)
		return room ? WPKG_TRAP_NO_MEMORY : WPKG_TRAP_HEAP_LIMIT;
	return WPKG_TRAP_NONE;
}

static enum wpkg_trap take_cell(struct exec_object **out, struct wpkg_engine *engine,
				unsigned class)
{
	struct exec_heap *heap = &engine->heap;
	enum wpkg_trap trap = heap->free[class] ? WPKG_TRAP_NONE : make_cells(engine, class);
	if (trap)
		return trap;
	struct exec_object *cell = heap->free[class];
	heap->free[class] = cell->link;
	heap->free_count[class]--;
	*out = cell;
	return WPKG_TRAP_NONE;
}

static enum wpkg_trap take_large(struct exec_object **out, struct wpkg_engine *engine,
				 uint64_t bytes)
{
	struct exec_heap *heap = &engine->heap;
	uint64_t all = bytes + sizeof(struct exec_large);
	if (!admit(engine, all))
		return WPKG_TRAP_HEAP_LIMIT;
	struct exec_large *large = wpkg_mem_alloc(all);
	if (!large) {
		give_back(engine, all);
		return WPKG_TRAP_NO_MEMORY;
	}
	large->next = heap->large;
	large->bytes = all;
	heap->large = large;
	*out = (struct exec_object *)(large + 1);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_heap_new(struct exec_object **out, struct wpkg_engine *engine, uint32_t type,
			     uint32_t length, uint64_t bytes)
{
	struct exec_object *object = NULL;
	uint64_t all = bytes + sizeof(*object);
	if (engine->heap.always)
		collect(engine);
	enum wpkg_trap trap = all > CELL_MAX ? take_large(&object, engine, all)
					     : take_cell(&object, engine, class_of(all));
	if (trap == WPKG_TRAP_HEAP_LIMIT)
		engine->usage.memory_refused = true;
	if (trap)
		return trap;
	memset(object, 0, all);
	object->type = type;
	object->length = length;
	*out = object;
	return WPKG_TRAP_NONE;
}
