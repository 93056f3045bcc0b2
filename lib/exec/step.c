/* SPDX-License-Identifier: Apache-2.0 */
/* The slow steps of calls: linking, calls across memories, host functions, tail calls, limits. */
#include "exec/engine_int.h"

#include <string.h>

#include "base/mem.h"
#include "exec/compile.h"
#include "exec/frame.h"
#include "exec/host_int.h"
#include "exec/type.h"

#define CALL_WORDS 4

static uint32_t field(const uint64_t *pc, unsigned k)
{
	return (uint32_t)(uint16_t)(pc[1] >> (16 * k));
}

void exec_use_memory_size(struct vm *vm, uint64_t size)
{
	for (unsigned i = 0; i < ACCESS_SIZES; i++)
		vm->last[i] = (int64_t)size - (1 << i);
}

void exec_use_memory(struct vm *vm, const struct wpkg_memory *memory)
{
	if (!memory)
		memory = &vm->engine->empty;
	vm->current = memory;
	vm->memory = memory->base;
	exec_use_memory_size(vm, memory->size);
}

static const struct wpkg_memory *home_memory(const struct wpkg_func *func)
{
	return func->instance->memory_count ? func->instance->memories[0] : &func->engine->empty;
}

enum wpkg_trap exec_func_prepare(struct wpkg_func *func)
{
	if (func->code)
		return WPKG_TRAP_NONE;
	enum wpkg_trap trap = exec_translate(func);
	if (trap == WPKG_TRAP_NONE)
		func->home = home_memory(func)->base;
	return trap;
}

enum wpkg_trap exec_limit_reached(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	(void)fp, (void)pc;
	uint32_t interrupt = __atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED);
	return interrupt ? (enum wpkg_trap)interrupt : WPKG_TRAP_STACK;
}

/* Between two looks at the clock; well under a millisecond. */
#define CLOCK_UNITS 100000

/* The machine has used up what it was given: more of it, or the end. */
enum wpkg_trap exec_meter(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	(void)fp, (void)pc;
	struct wpkg_engine *engine = vm->engine;
	enum wpkg_trap trap = exec_engine_poll(engine);
	if (trap)
		return trap;
	uint64_t need = (uint64_t)-vm->fuel, grant = need + CLOCK_UNITS;
	if (engine->fuel_counts && !exec_budget_draw(&grant, &engine->budget->fuel, need, grant)) {
		vm->fuel = 0;
		return WPKG_TRAP_FUEL;
	}
	vm->fuel += (int64_t)grant;
	return WPKG_TRAP_NONE;
}

/* The first time that a call runs: its function is compiled, and the call made direct. */
enum wpkg_trap exec_link_call(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	static const uint16_t calls[] = {H_call_0, H_call_1, H_call_2, H_call_3, H_call_4};
	(void)fp;
	struct wpkg_func *func = (struct wpkg_func *)pc[2];
	uint64_t *code = (uint64_t *)(uintptr_t)pc;
	if (func->host) {
		code[3] = (uint64_t)exec_engine_find_code(vm->engine, pc)->instance;
		code[0] = exec_handler_word(H_call_host);
		return WPKG_TRAP_NONE;
	}
	enum wpkg_trap trap = exec_func_prepare(func);
	if (trap)
		return trap;
	if (func->home != vm->memory) {
		code[0] = exec_handler_word(H_call_far);
		return WPKG_TRAP_NONE;
	}
	code[1] = exec_fields(field(pc, 0), func->params, func->link, func->zeroed);
	bool pays = exec_engine_meters(vm->engine);
	code[2] = (uint64_t)(func->code + (pays ? METER_WORDS : 0));
	code[3] = exec_fields_constant(func->frame, func->pin,
				       pays ? (uint32_t)func->code[METER_WORDS - 1] : 0);
	unsigned handler = func->zeroed <= 4 ? calls[func->zeroed] : H_call_n;
	if (pays)
		handler += H_call_0_pays - H_call_0;
	code[0] = exec_handler_word(handler);
	return WPKG_TRAP_NONE;
}

/* The machine goes on in the function, whose arguments are in place. */
static enum wpkg_trap enter(struct vm *vm, const struct wpkg_func *func, uint64_t *frame,
			    const uint64_t *to, uint64_t *caller)
{
	if (frame + func->frame >= __atomic_load_n(&vm->stack_limit, __ATOMIC_RELAXED))
		return exec_limit_reached(vm, frame, to);
	memset(frame + func->params, 0, func->zeroed * sizeof(*frame));
	frame[func->link] = (uint64_t)to;
	frame[func->link + 1] = (uint64_t)caller;
	if (func->home != vm->memory)
		exec_use_memory(vm, home_memory(func));
	vm->pc = func->code;
	vm->fp = frame;
	vm->pin = func->pin;
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_call_far(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return enter(vm, (const struct wpkg_func *)pc[2], fp + field(pc, 0), pc + CALL_WORDS, fp);
}

/* The call's host function ended: the machine goes on behind it, or where its exception goes. */
static enum wpkg_trap after_host(struct vm *vm, uint64_t *fp, const uint64_t *pc,
				 enum wpkg_trap trap)
{
	if (trap == WPKG_TRAP_EXCEPTION)
		return exec_unwind(vm, fp, pc, vm->engine->exception);
	vm->pc = pc + CALL_WORDS + RELOAD_WORDS;
	vm->fp = fp;
	vm->pin = (uint32_t)(vm->pc[-1] >> 48);
	vm->value = fp[field(pc, 0)];
	return trap;
}

enum wpkg_trap exec_call_host(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	vm->pc = pc;
	vm->fp = fp;
	return after_host(vm, fp, pc,
			  exec_host_run((struct wpkg_func *)pc[2], (struct wpkg_instance *)pc[3],
					fp + field(pc, 0)));
}

static struct wpkg_instance *running(const struct vm *vm, const uint64_t *pc)
{
	return exec_engine_find_code(vm->engine, pc)->instance;
}

/* A call through a table or a reference that is not simple: the function is in vm->value. */
enum wpkg_trap exec_call_any(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_func *func = (struct wpkg_func *)vm->value;
	uint64_t *frame = fp + field(pc, 0);
	vm->pc = pc;
	vm->fp = fp;
	if (!exec_type_matches(vm->engine, func->type, (uint32_t)pc[3]))
		return WPKG_TRAP_INDIRECT_TYPE;
	if (func->host)
		return after_host(vm, fp, pc, exec_host_run(func, running(vm, pc), frame));
	enum wpkg_trap trap = exec_func_prepare(func);
	if (trap)
		return trap;
	bool far = func->home != vm->memory;
	return enter(vm, func, frame, pc + CALL_WORDS + (far ? 0 : RELOAD_WORDS), fp);
}

/* The function takes the place of the running one, whose frame it gets. */
static enum wpkg_trap tail(struct vm *vm, uint64_t *fp, const uint64_t *pc, struct wpkg_func *func)
{
	uint64_t *args = fp + field(pc, 0);
	const uint64_t *to = (const uint64_t *)fp[field(pc, 2)];
	uint64_t *caller = (uint64_t *)fp[field(pc, 2) + 1];
	vm->pc = pc;
	vm->fp = fp;
	if (func->host) {
		enum wpkg_trap trap = exec_host_run(func, running(vm, pc), args);
		if (trap == WPKG_TRAP_EXCEPTION)
			return exec_unwind(vm, caller, exec_is_halt(vm->engine, to) ? to : to - 1,
					   vm->engine->exception);
		if (trap)
			return trap;
		memmove(fp, args, func->sig->result_slots * sizeof(*fp));
		vm->value = fp[0];
		vm->pc = to;
		vm->fp = caller;
		vm->pin = (uint32_t)(to[-1] >> 48);
		return WPKG_TRAP_NONE;
	}
	enum wpkg_trap trap = exec_func_prepare(func);
	if (trap)
		return trap;
	/* A return to another memory goes through the caller's reload, which stands before. */
	if (func->home != vm->memory && to[0] != exec_handler_word(H_reload))
		to -= RELOAD_WORDS;
	memmove(fp, args, func->params * sizeof(*fp));
	return enter(vm, func, fp, to, caller);
}

enum wpkg_trap exec_tail_call(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return tail(vm, fp, pc, (struct wpkg_func *)pc[2]);
}

static enum wpkg_trap tail_checked(struct vm *vm, uint64_t *fp, const uint64_t *pc,
				   struct wpkg_func *func)
{
	if (!exec_type_matches(vm->engine, func->type, (uint32_t)pc[3]))
		return WPKG_TRAP_INDIRECT_TYPE;
	return tail(vm, fp, pc, func);
}

enum wpkg_trap exec_tail_call_table(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct wpkg_table *table = (const struct wpkg_table *)pc[2];
	uint64_t index = fp[field(pc, 1)];
	if (!table->is_64)
		index = (uint32_t)index;
	if (index >= table->size)
		return WPKG_TRAP_UNDEFINED_ELEMENT;
	if (!table->entries[index])
		return WPKG_TRAP_UNINITIALIZED_ELEMENT;
	return tail_checked(vm, fp, pc, (struct wpkg_func *)table->entries[index]);
}

enum wpkg_trap exec_tail_call_ref(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	struct wpkg_func *func = (struct wpkg_func *)fp[field(pc, 1)];
	return func ? tail_checked(vm, fp, pc, func) : WPKG_TRAP_NULL_REFERENCE;
}
