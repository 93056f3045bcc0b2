/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: every handler but those of vectors, and the start of a run. */
#include "exec/vector_table.h"

#ifdef WPKG_EXEC_SWITCH
#include "exec/vector_float.h"
#endif

#ifndef WPKG_EXEC_SWITCH

/* The registers travel on unchanged where they are not used: the order is the calling convention's.
 */
__attribute__((cold, noinline)) uint64_t exec_stop(REGISTERS)
{
	(void)mem, (void)l0, (void)f0, (void)g0, (void)v0, (void)v1, (void)v2, (void)v3;
	vm->pc = pc;
	vm->fp = fp;
	PUT_FUEL;
	return r0;
}

__attribute__((cold, noinline)) uint64_t exec_bounds(REGISTERS)
{
	END_exec_bounds;
}

__attribute__((cold, noinline)) uint64_t exec_unpaid(REGISTERS)
{
	END_exec_unpaid;
}

/* gcc must not give them other parameters, which handlers would put in place on the usual way. */
#ifdef __clang__
#define APART __attribute__((cold, noinline))
#else
#define APART __attribute__((cold, noipa))
#endif
#define END(end)                                                                                   \
	static APART uint64_t end(REGISTERS)                                                       \
	{                                                                                          \
		END_##end;                                                                         \
	}
END(unpaid_entry)
END(unpaid_call)
END(limit)
END(call_any)
END(second_bounds)

#define OP(name, ...)                                                                              \
	HANDLER H_##name##_run(REGISTERS)                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#include "exec/handlers.inc"
#include "exec/control.inc"
#undef OP

#define OP(name, ...) HANDLER_DISTANCE(name, exec_handlers)
__asm__(HANDLER_TABLE_BEGIN(exec_handlers)
#include "exec/handlers.inc"
#include "exec/control.inc"
		HANDLER_TABLE_END);
#undef OP

static uint64_t run(struct vm *vm, const uint64_t *pc, uint64_t *fp, uint32_t pin)
{
	uint8_t *mem = vm->memory;
	uint64_t r0 = 0, l0 = fp[pin];
	double f0 = 0;
	float g0 = 0;
	v128 v0 = {0, 0}, v1 = v0, v2 = v0, v3 = v0;
#if defined(FUEL_SET_ASIDE)
	int64_t callers = fuel;
#elif defined(FUEL_PARAMETER)
	int64_t fuel;
#endif
	TAKE_FUEL;
	uint64_t trap = ((handle *)pc[0])(PASSED);
#ifdef FUEL_SET_ASIDE
	fuel = callers;
#endif
	return trap;
}

#else

static uint64_t run(struct vm *vm, const uint64_t *pc, uint64_t *fp, uint32_t pin)
{
	uint8_t *mem = vm->memory;
	uint64_t r0 = 0, l0 = fp[pin];
	int64_t fuel = vm->fuel;
	double f0 = 0;
	float g0 = 0;
	v128 v0 = {0, 0}, v1 = v0, v2 = v0, v3 = v0;
next:
	switch ((enum handler)pc[0]) {
#define OP(name, ...)                                                                              \
	case H_##name: {                                                                           \
		__VA_ARGS__                                                                        \
	}
#include "exec/handlers.inc"
#include "exec/control.inc"
#include "exec/vector.inc"
#undef OP
	case H_COUNT:
		break;
	}
	TRAP(WPKG_TRAP_UNSUPPORTED);
}

#endif

enum wpkg_trap exec_run(struct vm *vm, const uint64_t *pc, uint64_t *fp, uint32_t pin)
{
	return (enum wpkg_trap)run(vm, pc, fp, pin);
}

const char *exec_handler_name(enum handler handler)
{
	/* One text, as thousands of addresses would be relocated at each start of the program. */
	static const char names[] =
#define OP(name, ...) #name "\0"
#include "exec/handlers.inc"
#include "exec/control.inc"
#include "exec/vector.inc"
#undef OP
		;
	const char *name = names;
	if (handler >= H_COUNT)
		return "?";
	for (unsigned i = 0; i < handler; i++)
		name += strlen(name) + 1;
	return name;
}
