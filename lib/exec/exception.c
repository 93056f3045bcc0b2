/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: throwing them and finding who takes them. Entering and leaving the code that catches
 * costs nothing; a throw walks the frames and looks each one's instruction up in its regions.
 */
#include "exec/frame.h"

#include <string.h>

static uint32_t field(const uint64_t *pc, unsigned k)
{
	return (uint32_t)(uint16_t)(pc[1] >> (16 * k));
}

/* The innermost region around a word. Regions nest; so it is the last to begin, or one around it.
 */
static uint32_t region_at(const struct exec_frame_info *info, uint32_t word)
{
	uint32_t low = 0, high = info->region_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (info->regions[middle].begin <= word)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t i = low ? low - 1 : EXEC_NONE;
	while (i != EXEC_NONE && info->regions[i].end <= word)
		i = info->regions[i].outer;
	return i;
}

static const struct exec_catch *find_catch(struct vm *vm, const struct wpkg_func *func,
					   const uint64_t *pc, const struct wpkg_tag *tag)
{
	const struct exec_frame_info *info = func->info;
	if (!info)
		return NULL;
	uint32_t i = region_at(info, (uint32_t)(pc - func->code));
	for (; i != EXEC_NONE; i = info->regions[i].next) {
		uint32_t k = info->regions[i].first;
		for (; k != EXEC_NONE; k = info->catches[k].next) {
			vm->fuel--;
			if (!info->catches[k].tag || info->catches[k].tag == tag)
				return &info->catches[k];
		}
		vm->fuel--;
	}
	return NULL;
}

/* The machine goes on at the clause. */
static void land(struct vm *vm, const struct wpkg_func *func, uint64_t *fp,
		 const struct exec_catch *to, uint64_t ref)
{
	const struct exec_exception *exception = (const struct exec_exception *)exec_object(ref);
	if (to->tag)
		memcpy(fp + to->values, exception->values,
		       exception->object.length * sizeof(uint64_t));
	if (to->ref != EXEC_NONE)
		fp[to->ref] = ref;
	if (func->home != vm->memory)
		exec_use_memory(vm,
				func->instance->memory_count ? func->instance->memories[0] : NULL);
	vm->pc = func->code + to->target;
	vm->fp = fp;
	vm->pin = func->pin;
}

enum wpkg_trap exec_unwind(struct vm *vm, uint64_t *fp, const uint64_t *pc, uint64_t ref)
{
	struct wpkg_engine *engine = vm->engine;
	const struct wpkg_tag *tag = ((const struct exec_exception *)exec_object(ref))->tag;
	/* A loop of throws has no other place to notice. */
	uint32_t interrupt = __atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED);
	if (interrupt)
		return (enum wpkg_trap)interrupt;
	while (!exec_is_halt(engine, pc)) {
		const struct wpkg_func *func = exec_engine_find_code(engine, pc);
		const struct exec_catch *to = find_catch(vm, func, pc, tag);
		if (to) {
			land(vm, func, fp, to, ref);
			return WPKG_TRAP_NONE;
		}
		vm->fuel--;
		pc = (const uint64_t *)fp[func->link];
		fp = (uint64_t *)fp[func->link + 1];
		if (!exec_is_halt(engine, pc))
			pc--; /* into the call, behind which it returns */
	}
	engine->exception = ref;
	return WPKG_TRAP_EXCEPTION;
}

/* Fields: nothing, the first value's slot. pc[2] is the tag. */
enum wpkg_trap exec_throw(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct wpkg_tag *tag = (const struct wpkg_tag *)pc[2];
	uint32_t slots = tag->sig.param_slots;
	struct exec_object *object;
	vm->pc = pc;
	vm->fp = fp;
	uint64_t bytes = sizeof(struct exec_exception) - sizeof(*object) +
			 (uint64_t)slots * sizeof(uint64_t);
	enum wpkg_trap trap = exec_heap_new(&object, vm->engine, EXEC_TYPE_EXCEPTION, slots, bytes);
	if (trap)
		return trap;
	struct exec_exception *exception = (struct exec_exception *)object;
	exception->tag = tag;
	memcpy(exception->values, fp + field(pc, 1), slots * sizeof(uint64_t));
	return exec_unwind(vm, fp, pc, exec_ref(object));
}

/* Fields: nothing, the exception's slot. */
enum wpkg_trap exec_throw_ref(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	uint64_t ref = fp[field(pc, 1)];
	return ref ? exec_unwind(vm, fp, pc, ref) : WPKG_TRAP_NULL_REFERENCE;
}
