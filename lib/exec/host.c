/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/host_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "exec/compile.h"
#include "exec/engine_int.h"
#include "exec/instance.h"

/* Host functions with more parameters or results than this get their values from the heap. */
#define VALUES_ON_STACK 24

static const uint64_t *value_from_slots(union wpkg_wasm_value *value, const uint64_t *slot,
					unsigned kind)
{
	memset(value, 0, sizeof(*value));
	value->v128[0] = kind == KIND_I32 || kind == KIND_F32 ? (uint32_t)*slot : *slot;
	if (kind != KIND_V128)
		return slot + 1;
	value->v128[1] = slot[1];
	return slot + 2;
}

static uint64_t *value_to_slots(uint64_t *slot, const union wpkg_wasm_value *value, unsigned kind)
{
	*slot = kind == KIND_I32 || kind == KIND_F32 ? value->i32 : value->i64;
	if (kind != KIND_V128)
		return slot + 1;
	slot[1] = value->v128[1];
	return slot + 2;
}

void exec_values_from_slots(union wpkg_wasm_value *values, const uint64_t *slots,
			    const uint8_t *kinds, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		slots = value_from_slots(&values[i], slots, kinds[i]);
}

void exec_values_to_slots(uint64_t *slots, const union wpkg_wasm_value *values,
			  const uint8_t *kinds, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		slots = value_to_slots(slots, &values[i], kinds[i]);
}

/* The host may call back: such calls' frames go behind this one's values. */
static enum wpkg_trap run_with(struct wpkg_func *func, struct wpkg_instance *instance,
			       uint64_t *slots, union wpkg_wasm_value *args,
			       union wpkg_wasm_value *results)
{
	const struct exec_sig *sig = func->sig;
	struct wpkg_engine *engine = func->engine;
	struct wpkg_caller caller = {.engine = engine, .instance = instance};
	uint64_t *top = engine->stack_top;
	struct exec_host_frame frame = {slots, sig, engine->host_frames};
	uint32_t width =
		sig->param_slots > sig->result_slots ? sig->param_slots : sig->result_slots;
	engine->stack_top = slots + width;
	engine->host_frames = &frame;
	engine->exception = 0;
	exec_values_from_slots(args, slots, sig->params, sig->param_count);
	memset(results, 0, sig->result_count * sizeof(*results));
	enum wpkg_trap trap = func->host(&caller, func->user, args, results);
	if (trap == WPKG_TRAP_EXCEPTION && !engine->exception)
		trap = wpkg_caller_fail(&caller, "a host function passed on no exception");
	if (trap == WPKG_TRAP_NONE)
		exec_values_to_slots(slots, results, sig->results, sig->result_count);
	engine->stack_top = top;
	engine->host_frames = frame.outer;
	return trap ? trap : wpkg_caller_poll(&caller);
}

enum wpkg_trap exec_host_run(struct wpkg_func *func, struct wpkg_instance *caller, uint64_t *slots)
{
	uint32_t params = func->sig->param_count, results = func->sig->result_count;
	union wpkg_wasm_value few[VALUES_ON_STACK];
	if (params + results <= VALUES_ON_STACK)
		return run_with(func, caller, slots, few, few + params);
	union wpkg_wasm_value *many = wpkg_mem_calloc(params + results, sizeof(*many));
	if (!many)
		return WPKG_TRAP_NO_MEMORY;
	enum wpkg_trap trap = run_with(func, caller, slots, many, many + params);
	wpkg_mem_free(many);
	return trap;
}

struct wpkg_instance *wpkg_caller_instance(const struct wpkg_caller *caller)
{
	return caller->instance;
}

struct wpkg_engine *wpkg_caller_engine(const struct wpkg_caller *caller)
{
	return caller->engine;
}

enum wpkg_trap wpkg_caller_exit(struct wpkg_caller *caller, int32_t code)
{
	caller->engine->exit_code = code;
	return WPKG_TRAP_EXIT;
}

enum wpkg_trap wpkg_caller_fail(struct wpkg_caller *caller, const char *format, ...)
{
	struct wpkg_buf text;
	va_list args;
	wpkg_buf_init(&text, SIZE_MAX);
	va_start(args, format);
	wpkg_utf8_append_vformat(&text, format, args);
	va_end(args);
	snprintf(caller->engine->message, sizeof(caller->engine->message), "%s",
		 wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
	return WPKG_TRAP_HOST;
}

static struct wpkg_memory *caller_memory(const struct wpkg_caller *caller)
{
	struct wpkg_instance *instance = caller->instance;
	if (!instance)
		return NULL;
	if (!instance->main_memory)
		instance->main_memory = wpkg_instance_find_memory(instance, WPKG_LIT("memory"));
	if (!instance->main_memory && instance->memory_count)
		instance->main_memory = instance->memories[0];
	return instance->main_memory;
}

uint8_t *wpkg_caller_memory(struct wpkg_caller *caller, uint64_t address, uint64_t length)
{
	const struct wpkg_memory *memory = caller_memory(caller);
	uint64_t size = memory ? wpkg_memory_size(memory) : 0;
	if (!memory || address > size || length > size - address)
		return NULL;
	return memory->base + address;
}

bool wpkg_caller_read_u32(struct wpkg_caller *caller, uint64_t address, uint32_t *out)
{
	const uint8_t *at = wpkg_caller_memory(caller, address, sizeof(*out));
	if (at)
		memcpy(out, at, sizeof(*out));
	return at != NULL;
}

bool wpkg_caller_read_u64(struct wpkg_caller *caller, uint64_t address, uint64_t *out)
{
	const uint8_t *at = wpkg_caller_memory(caller, address, sizeof(*out));
	if (at)
		memcpy(out, at, sizeof(*out));
	return at != NULL;
}

static bool write_bytes(struct wpkg_caller *caller, uint64_t address, const void *bytes,
			size_t size)
{
	uint8_t *at = wpkg_caller_memory(caller, address, size);
	if (at)
		memcpy(at, bytes, size);
	return at != NULL;
}

bool wpkg_caller_write_u8(struct wpkg_caller *caller, uint64_t address, uint8_t value)
{
	return write_bytes(caller, address, &value, sizeof(value));
}

bool wpkg_caller_write_u16(struct wpkg_caller *caller, uint64_t address, uint16_t value)
{
	return write_bytes(caller, address, &value, sizeof(value));
}

bool wpkg_caller_write_u32(struct wpkg_caller *caller, uint64_t address, uint32_t value)
{
	return write_bytes(caller, address, &value, sizeof(value));
}

bool wpkg_caller_write_u64(struct wpkg_caller *caller, uint64_t address, uint64_t value)
{
	return write_bytes(caller, address, &value, sizeof(value));
}

uint64_t wpkg_caller_time_left_ms(const struct wpkg_caller *caller)
{
	uint64_t deadline = caller->engine->deadline;
	if (!deadline)
		return UINT64_MAX;
	uint64_t now = wpkg_clock_monotonic();
	return now >= deadline ? 0 : (deadline - now + 999999) / 1000000;
}

enum wpkg_trap wpkg_caller_poll(struct wpkg_caller *caller)
{
	return exec_engine_poll(caller->engine);
}
