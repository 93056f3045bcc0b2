/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "exec/engine_int.h"
#include "exec/host_int.h"
#include "exec/instance.h"

/* Room for a host function's values, which have no frame of their own. */
#define HOST_SLOTS 4096

static enum wpkg_trap limit(const struct wpkg_engine *engine, const uint64_t *end)
{
	uint32_t interrupt = __atomic_load_n(&engine->vm.interrupt, __ATOMIC_RELAXED);
	if (interrupt)
		return (enum wpkg_trap)interrupt;
	return end >= engine->stack_end || engine->run_depth >= RUN_DEPTH_MAX ? WPKG_TRAP_STACK
									      : WPKG_TRAP_NONE;
}

static enum wpkg_trap run_host(struct wpkg_func *func, const union wpkg_wasm_value *args,
			       union wpkg_wasm_value *results)
{
	struct wpkg_engine *engine = func->engine;
	const struct exec_sig *sig = func->sig;
	uint64_t *slots = engine->stack_top;
	enum wpkg_trap trap = limit(engine, slots + HOST_SLOTS);
	if (trap)
		return trap;
	exec_values_to_slots(slots, args, sig->params, sig->param_count);
	trap = exec_host_run(func, NULL, slots);
	if (trap == WPKG_TRAP_NONE)
		exec_values_from_slots(results, slots, sig->results, sig->result_count);
	return trap;
}

static enum wpkg_trap run_guest(struct wpkg_func *func, const union wpkg_wasm_value *args,
				union wpkg_wasm_value *results)
{
	struct wpkg_engine *engine = func->engine;
	const struct exec_sig *sig = func->sig;
	struct vm *vm = &engine->vm;
	uint64_t *frame = engine->stack_top;
	enum wpkg_trap trap = exec_func_prepare(func);
	if (trap == WPKG_TRAP_NONE)
		trap = limit(engine, frame + func->frame);
	if (trap)
		return trap;
	exec_values_to_slots(frame, args, sig->params, sig->param_count);
	memset(frame + func->params, 0, func->zeroed * sizeof(*frame));
	frame[func->link] = (uint64_t)(engine->halt + RELOAD_WORDS);
	frame[func->link + 1] = (uint64_t)frame;
	const struct wpkg_memory *memory = vm->current;
	exec_use_memory(vm, func->instance->memory_count ? func->instance->memories[0] : NULL);
	trap = exec_run(vm, func->code, frame, func->pin);
	exec_use_memory(vm, memory);
	if (trap == WPKG_TRAP_NONE)
		exec_values_from_slots(results, frame, sig->results, sig->result_count);
	return trap;
}

void exec_outcome_set(struct wpkg_outcome *outcome, struct wpkg_engine *engine, enum wpkg_trap trap)
{
	memset(outcome, 0, sizeof(*outcome));
	outcome->trap = trap;
	if (trap == WPKG_TRAP_NONE)
		return;
	if (trap == WPKG_TRAP_EXIT)
		outcome->exit_code = engine->exit_code;
	const char *text = trap == WPKG_TRAP_HOST ? engine->message : wpkg_trap_text(trap);
	/* Most programs end here, and printf is more than a small one needs of the library. */
	memcpy(outcome->message, text, strnlen(text, sizeof(outcome->message) - 1));
	exec_backtrace(outcome, engine);
}

enum wpkg_trap wpkg_func_call(struct wpkg_outcome *outcome, struct wpkg_func *func,
			      const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	struct wpkg_engine *engine = func->engine;
	struct vm *vm = &engine->vm;
	bool outermost = engine->run_depth == 0;
	const uint64_t *pc = vm->pc;
	uint64_t *fp = vm->fp;
	struct exec_run_state state = {pc, fp, engine->suspended};
	if (outermost && engine->inherited)
		engine->deadline = engine->inherited;
	else if (outermost && engine->limits.time_ms)
		engine->deadline = wpkg_clock_monotonic() + engine->limits.time_ms * 1000000;
	engine->run_depth++;
	engine->suspended = &state;
	engine->exception = 0;
	vm->pc = NULL;
	enum wpkg_trap trap =
		func->host ? run_host(func, args, results) : run_guest(func, args, results);
	engine->run_depth--;
	engine->suspended = state.outer;
	if (outermost)
		engine->deadline = 0;
	if (outcome)
		exec_outcome_set(outcome, engine, trap);
	vm->pc = pc;
	vm->fp = fp;
	return trap;
}

/* Follows the links from the frame that stopped to the one that the host called. */
void exec_backtrace(struct wpkg_outcome *outcome, struct wpkg_engine *engine)
{
	const uint64_t *pc = engine->vm.pc, *fp = engine->vm.fp;
	for (;;) {
		struct wpkg_func *func = pc ? exec_engine_find_code(engine, pc) : NULL;
		if (!func)
			return;
		outcome->depth++;
		if (outcome->frame_count < WPKG_FRAMES) {
			struct wpkg_frame *frame = &outcome->frames[outcome->frame_count++];
			frame->instance = func->instance;
			frame->function = func->index;
			frame->offset = exec_func_offset(func, pc);
		}
		pc = (const uint64_t *)fp[func->link];
		fp = (const uint64_t *)fp[func->link + 1];
		if (pc >= engine->halt && pc < engine->halt + sizeof(engine->halt) / 8)
			return;
		pc--; /* into the call, behind which it returns */
	}
}

void wpkg_outcome_format_frames(const struct wpkg_outcome *outcome, struct wpkg_buf *out)
{
	for (uint32_t i = 0; i < outcome->frame_count; i++) {
		const struct wpkg_frame *frame = &outcome->frames[i];
		struct wpkg_str name =
			wpkg_instance_function_name(frame->instance, frame->function);
		wpkg_buf_append_text(out, "  ");
		if (name.len)
			wpkg_utf8_append_escaped(out, name);
		else
			wpkg_buf_append_format(out, "function %u", (unsigned)frame->function);
		wpkg_buf_append_format(out, "+0x%x\n", (unsigned)frame->offset);
	}
	if (outcome->depth > outcome->frame_count)
		wpkg_buf_append_format(out, "  ... %llu more\n",
				       (unsigned long long)(outcome->depth - outcome->frame_count));
}
