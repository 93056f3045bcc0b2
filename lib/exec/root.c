/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roots of the collector: everything that refers to an object from outside the heap. Each is
 * known by its type; no word is taken for a reference because it looks like one.
 */
#include "exec/frame.h"

#include "exec/compile.h"
#include "exec/constant.h"
#include "exec/host_int.h"

/* Words of a call, behind which it returns. */
#define CALL_WORDS_MAX 6

/* The operands' references at a word of the code: inside a call, or where it returns. */
static uint32_t roots_at(const struct exec_frame_info *info, uint32_t word, bool returns)
{
	uint32_t low = 0, high = info->safepoint_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (info->safepoints[middle].word < word + !returns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return EXEC_NONE;
	const struct exec_safepoint *at = &info->safepoints[low - 1];
	bool same = returns ? word - at->word <= CALL_WORDS_MAX : word == at->word;
	return same ? at->roots : EXEC_NONE;
}

static void mark_frame(struct exec_heap *heap, const struct wpkg_func *func, const uint64_t *pc,
		       const uint64_t *fp, bool returns)
{
	const struct exec_frame_info *info = func->info;
	if (!info)
		return;
	for (uint32_t i = 0; i < info->local_count; i++)
		exec_heap_mark(heap, fp[info->locals[i]]);
	uint32_t i = roots_at(info, (uint32_t)(pc - func->code), returns);
	for (; i != EXEC_NONE; i = info->roots[i].below)
		exec_heap_mark(heap, fp[info->roots[i].slot]);
}

/* The frames of one run of the machine, from the one that stands at pc. */
static void mark_frames(struct wpkg_engine *engine, const uint64_t *pc, const uint64_t *fp)
{
	for (bool returns = false; pc && !exec_is_halt(engine, pc); returns = true) {
		const struct wpkg_func *func = exec_engine_find_code(engine, pc - returns);
		mark_frame(&engine->heap, func, pc, fp, returns);
		pc = (const uint64_t *)fp[func->link];
		fp = (const uint64_t *)fp[func->link + 1];
	}
}

static void mark_values(struct exec_heap *heap, const uint64_t *slots, const uint8_t *kinds,
			uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (kinds[i] == KIND_REF)
			exec_heap_mark(heap, *slots);
		slots += exec_width(kinds[i]);
	}
}

static void mark_machine(struct wpkg_engine *engine)
{
	struct exec_heap *heap = &engine->heap;
	mark_frames(engine, engine->vm.pc, engine->vm.fp);
	for (const struct exec_run_state *run = engine->suspended; run; run = run->outer)
		mark_frames(engine, run->pc, run->fp);
	for (const struct exec_host_frame *host = engine->host_frames; host; host = host->outer)
		mark_values(heap, host->slots, host->sig->params, host->sig->param_count);
	for (const struct exec_evaluation *e = engine->evaluations; e; e = e->outer)
		mark_values(heap, e->slots, e->kinds, e->height);
	exec_heap_mark(heap, engine->exception);
}

static void mark_instance(struct exec_heap *heap, const struct wpkg_instance *instance)
{
	for (uint32_t i = 0; i < instance->elem_count; i++) {
		const struct exec_elem *elem = &instance->elems[i];
		for (uint64_t k = 0; elem->has_objects && k < elem->length; k++)
			exec_heap_mark(heap, elem->refs[k]);
	}
}

void exec_roots_mark(struct wpkg_engine *engine)
{
	struct exec_heap *heap = &engine->heap;
	mark_machine(engine);
	for (const struct wpkg_global *global = engine->ref_globals; global; global = global->next)
		exec_heap_mark(heap, global->cell[0]);
	for (uint32_t i = 0; i < engine->table_count; i++) {
		const struct wpkg_table *table = engine->tables[i];
		for (uint64_t k = 0; table->has_objects && k < table->size; k++)
			exec_heap_mark(heap, table->entries[k]);
	}
	for (const struct wpkg_instance *i = engine->instances; i; i = i->next)
		mark_instance(heap, i);
	for (uint32_t i = 0; i < engine->held_count; i++)
		exec_heap_mark(heap, engine->held[i].ref);
}
