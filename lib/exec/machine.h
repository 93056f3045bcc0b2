/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_MACHINE_H
#define WPKG_EXEC_MACHINE_H

/*
 * What the bodies of handlers are written in. For the files that have handlers (run*.c) only.
 *
 * Handlers are built in one of two ways from the same bodies.
 *
 * Threaded: a handler is a function that ends by jumping to the next one, through the address in
 * the code. Its parameters are the machine's registers and stay in the processor's, so a handler
 * must not take their address and must not call in its hot path. clang guarantees the jump
 * (musttail); gcc makes it with -foptimize-sibling-calls, which the Makefile asks for, and
 * tests/spec/test-handlers proves it.
 *
 * Switch: one loop, for builds where the jumps do not hold (no optimisation, sanitizers, coverage).
 *
 * The generated expressions say what the specification says with C's unsigned arithmetic; their
 * conversions are the meaning, so the warnings about them are off here.
 */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"

#include <math.h>
#include <string.h>

#include "exec/heap.h"
#include "exec/number.h"
#include "exec/object.h"
#include "exec/run.h"

/* A vector of any lanes, and where one stands in a frame or in the code. */
typedef uint64_t v128 __attribute__((vector_size(16)));
typedef uint64_t v128_place __attribute__((vector_size(16), aligned(1), may_alias));

/* In a short loop that clears: the compiler must not make it a call. */
#define NO_MEMSET __asm__ volatile("")
/* gcc says of its thread sanitizer that it knows no fences; the guest's accesses are not its
 * matter. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wtsan"
#endif
#define FENCE __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * Fields of an instruction, each read by itself: that is less work than taking a word apart. And
 * typed views of the slots that they name.
 */
typedef uint16_t __attribute__((may_alias)) field16;
typedef int32_t __attribute__((may_alias)) field32;

/* Where atomic accesses go. */
typedef uint8_t __attribute__((may_alias)) atomic8;
typedef uint16_t __attribute__((may_alias)) atomic16;
typedef uint32_t __attribute__((may_alias)) atomic32;
typedef uint64_t __attribute__((may_alias)) atomic64;

#define U16(k) ((uint32_t)((const field16 *)(pc + 1))[k])
#define I32(k) (((const field32 *)(pc + 1))[k])
/* Of the function that a call goes to: its frame's size, its pinned slot. */
#define CALLEE(k) ((uint32_t)((const field16 *)(pc + 3))[k])
#define HALF(word, k) ((uint32_t)((const field32 *)(pc + (word)))[k])
#define SLOT_I(k) (fp[U16(k)])
#define SLOT_i(k) ((uint32_t)fp[U16(k)])
#define SLOT_f(k) float_bits((uint32_t)fp[U16(k)])
#define SLOT_d(k) double_bits(fp[U16(k)])
#define SET_i(k, v) (fp[U16(k)] = (v))
#define SET_I(k, v) (fp[U16(k)] = (v))
#define SET_2(v, w) (SET_I(0, v), fp[U16(0) + 1] = (w))
#define SET_f(k, v) (fp[U16(k)] = bits_f32(v))
#define SET_d(k, v) (fp[U16(k)] = bits_f64(v))
#define PLACE_V(address) (*(v128_place *)(address))
#define SLOT_V(k) PLACE_V(&fp[U16(k)])
#define SET_V(k, v) (SLOT_V(k) = (v))
/* The result of an instruction so many words before this one. */
#define KEEP(words, v) PLACE_V(&fp[((const field16 *)(pc - (words) + 1))[0]]) = (v)
#define CELL(word) (*(uint64_t *)pc[word])
#define CELL_I(word) CELL(word)
#define CELL_f(word) float_bits((uint32_t)CELL(word))
#define CELL_d(word) double_bits(CELL(word))

/*
 * Is an access of that type at ea, which is far below 2^63, not inside memory 0? There is no other
 * way in which it is asked, so this is no optimisation that can be left out.
 */
#define BEYOND(ea, type) ((int64_t)(ea) > vm->last[__builtin_ctz(sizeof(type))])

#define TRAP_DIVIDE TRAP(WPKG_TRAP_INTEGER_DIVIDE)
#define TRAP_OVERFLOW TRAP(WPKG_TRAP_INTEGER_OVERFLOW)
#define TRAP_CONVERSION TRAP(WPKG_TRAP_INVALID_CONVERSION)
#define TRAP_UNALIGNED TRAP(WPKG_TRAP_UNALIGNED_ATOMIC)
#define TRAP_BOUNDS LEAVE(exec_bounds)
#define TRAP_SECOND_BOUNDS LEAVE(second_bounds)
#define TRAP_UNREACHABLE TRAP(WPKG_TRAP_UNREACHABLE)
#define TRAP_NULL TRAP(WPKG_TRAP_NULL_REFERENCE)

#define STACK_LIMIT __atomic_load_n(&vm->stack_limit, __ATOMIC_RELAXED)
#define INTERRUPT __atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED)

/*
 * What is left of the fuel travels with the machine, as a loop would wait for a word in memory at
 * each turn; what a slow step, the host behind it and the end find is in vm->fuel. The calling
 * convention of x86-64 has no register left for it: gcc can set one aside for these files. clang
 * cannot, so there it stays in memory (a parameter there would cost every handler a load and a
 * store).
 */
#ifndef WPKG_EXEC_SWITCH
#ifndef __x86_64__
#define FUEL_PARAMETER
#elif !defined(__clang__)
#define FUEL_SET_ASIDE
register int64_t fuel __asm__("r15"); /* which whoever calls exec_run needs again */
#else
#define FUEL_IN_MEMORY
#endif
#endif

#ifdef FUEL_IN_MEMORY
#define FUEL vm->fuel
#define PUT_FUEL ((void)0)
#define TAKE_FUEL ((void)0)
#else
#define FUEL fuel
#define PUT_FUEL (vm->fuel = fuel)
#define TAKE_FUEL (fuel = vm->fuel)
#endif

#define NEXT(n) GO(pc + (n))
#define TARGET(word) ((const uint64_t *)pc[word])
#define JUMP(word) GO(TARGET(word))
#define POLL                                                                                       \
	if (UNLIKELY(INTERRUPT))                                                                   \
	TRAP(INTERRUPT)

#define PAY(cost, end)                                                                             \
	do {                                                                                       \
		FUEL -= (int64_t)(cost);                                                           \
		if (UNLIKELY(FUEL < 0))                                                            \
			LEAVE(end);                                                                \
	} while (0)
/*
 * The cost of what stands at pc[2], before that is read: to read the cost there took a short loop
 * up to a quarter longer. A cost is half a word, so that it is loaded and then subtracted: in one
 * instruction that was up to a tenth slower.
 */
#define SPEND(cost) PAY(cost, exec_unpaid)
/* Of the function that a call goes to: first of all, which took a recursion 2 % less. */
#define CALL_COST HALF(3, 1)
#define SPEND_CALL PAY(CALL_COST, unpaid_call)
/* Into code that begins with its meter: paid here, so that the meter does not run by itself. */
#define PAY_IN(code)                                                                               \
	do {                                                                                       \
		pc = (code) + METER_WORDS;                                                         \
		PAY(HALF(-1, 0), unpaid_entry);                                                    \
		GO(pc);                                                                            \
	} while (0)

/* To an instruction that this handler does as well. */
#define FOLLOW(word) pc = TARGET(word)

/* A step may use fuel, and the host behind it look at what is left. */
#define STEP(step)                                                                                 \
	PUT_FUEL;                                                                                  \
	enum wpkg_trap trap = step(vm, fp, pc);                                                    \
	TAKE_FUEL;                                                                                 \
	if (UNLIKELY(trap))                                                                        \
		TRAP(trap);                                                                        \
	mem = vm->memory

#define SLOW_THEN(step, then, n)                                                                   \
	do {                                                                                       \
		STEP(step);                                                                        \
		then;                                                                              \
		NEXT(n);                                                                           \
	} while (0)
#define SLOW(step, n) SLOW_THEN(step, {}, n)
#define SLOW_JUMP(step)                                                                            \
	do {                                                                                       \
		STEP(step);                                                                        \
		fp = vm->fp;                                                                       \
		l0 = fp[vm->pin];                                                                  \
		r0 = vm->value;                                                                    \
		GO(vm->pc);                                                                        \
	} while (0)

/*
 * Rare ends of handlers that are common. Threaded, they are functions of their own (LEAVE): a call
 * in a handler would make it save registers on the usual way, too.
 */
#define END_exec_bounds                                                                            \
	do {                                                                                       \
		if (exec_memories_grew(vm))                                                        \
			GO(pc);                                                                    \
		TRAP(WPKG_TRAP_MEMORY_BOUNDS);                                                     \
	} while (0)
#define END_second_bounds                                                                          \
	do {                                                                                       \
		if (exec_memories_grew(vm))                                                        \
			GO(pc);                                                                    \
		pc += SECOND_ACCESS;                                                               \
		TRAP(WPKG_TRAP_MEMORY_BOUNDS);                                                     \
	} while (0)
#define END_unpaid_entry SLOW(exec_meter, 0)
#define END_exec_unpaid                                                                            \
	do {                                                                                       \
		FOLLOW(2);                                                                         \
		END_unpaid_entry;                                                                  \
	} while (0)
/* The call is made anew, and pays again. */
#define END_unpaid_call                                                                            \
	do {                                                                                       \
		STEP(exec_meter);                                                                  \
		FUEL += (int64_t)CALL_COST;                                                        \
		NEXT(0);                                                                           \
	} while (0)
#define END_limit TRAP(exec_limit_reached(vm, fp, pc))
#define END_call_any SLOW_JUMP(exec_call_any)

#define RETURN(link)                                                                               \
	do {                                                                                       \
		uint32_t at = (link);                                                              \
		const uint64_t *to = (const uint64_t *)fp[at];                                     \
		fp = (uint64_t *)fp[at + 1];                                                       \
		l0 = fp[to[-1] >> 48];                                                             \
		GO(to);                                                                            \
	} while (0)

#define CALL(spend, zero)                                                                          \
	do {                                                                                       \
		spend;                                                                             \
		uint64_t *nf = fp + U16(0);                                                        \
		if (UNLIKELY(nf + CALLEE(0) >= STACK_LIMIT))                                       \
			LEAVE(limit);                                                              \
		zero;                                                                              \
		uint64_t *link = nf + U16(2);                                                      \
		link[0] = (uint64_t)(pc + 4 + RELOAD_WORDS);                                       \
		link[1] = (uint64_t)fp;                                                            \
		fp = nf;                                                                           \
		l0 = nf[CALLEE(1)];                                                                \
		JUMP(2);                                                                           \
	} while (0)

/* Any function in f: one that is compiled and shares memory 0 at once, every other step by step. */
#define CALL_FUNCTION(enter, f)                                                                    \
	do {                                                                                       \
		if (UNLIKELY(f->type != (uint32_t)pc[3] || f->home != mem))                        \
			LEAVE(call_any);                                                           \
		uint64_t *nf = fp + U16(0);                                                        \
		if (UNLIKELY(nf + f->frame >= STACK_LIMIT))                                        \
			LEAVE(limit);                                                              \
		uint64_t *link = nf + f->link;                                                     \
		for (uint64_t *local = nf + f->params, *end = local + f->zeroed; local < end;      \
		     local++) {                                                                    \
			NO_MEMSET;                                                                 \
			*local = 0;                                                                \
		}                                                                                  \
		link[0] = (uint64_t)(pc + 4 + RELOAD_WORDS);                                       \
		link[1] = (uint64_t)fp;                                                            \
		fp = nf;                                                                           \
		l0 = nf[f->pin];                                                                   \
		enter(f->code);                                                                    \
	} while (0)

#define CALL_TABLE(enter, operand)                                                                 \
	do {                                                                                       \
		const struct wpkg_table *table = (const struct wpkg_table *)pc[2];                 \
		uint64_t index = (operand);                                                        \
		if (UNLIKELY(index >= table->size))                                                \
			TRAP(WPKG_TRAP_UNDEFINED_ELEMENT);                                         \
		vm->value = table->entries[index];                                                 \
		const struct wpkg_func *f = (const struct wpkg_func *)vm->value;                   \
		if (UNLIKELY(!f))                                                                  \
			TRAP(WPKG_TRAP_UNINITIALIZED_ELEMENT);                                     \
		CALL_FUNCTION(enter, f);                                                           \
	} while (0)

#define TABLE_ENTRY(operand)                                                                       \
	const struct wpkg_table *table = (const struct wpkg_table *)pc[2];                         \
	uint64_t index = (operand);                                                                \
	if (UNLIKELY(index >= table->size))                                                        \
	TRAP(WPKG_TRAP_TABLE_BOUNDS)

#define LOCATE(operand)                                                                            \
	do {                                                                                       \
		const struct wpkg_memory *memory = (const struct wpkg_memory *)pc[2];              \
		uint64_t ea = (operand) + pc[3];                                                   \
		if (UNLIKELY(ea < pc[3] || ea > memory->size || memory->size - ea < U16(2)))       \
			TRAP_BOUNDS;                                                               \
		r0 = (uint64_t)(memory->base + ea);                                                \
		NEXT(4);                                                                           \
	} while (0)

/* Does the reference match pc[2]: at once when its type is that very one. */
#define MATCHES_AT_ONCE(ref)                                                                       \
	(exec_is_object(ref) && exec_object(ref)->type == (uint32_t)(pc[2] >> 32))
#define BRANCH_ON_CAST(sense, poll)                                                                \
	do {                                                                                       \
		uint64_t ref = SLOT_I(1);                                                          \
		vm->value = 1;                                                                     \
		if (!MATCHES_AT_ONCE(ref))                                                         \
			exec_ref_test(vm, fp, pc);                                                 \
		if (vm->value == (sense)) {                                                        \
			poll;                                                                      \
			JUMP(3);                                                                   \
		}                                                                                  \
		NEXT(4);                                                                           \
	} while (0)
#define NEW(step, n) SLOW_THEN(step, r0 = SLOT_I(0), n)
#define ITEM(ref, index, size)                                                                     \
	uint64_t array = (ref);                                                                    \
	uint64_t i = (uint32_t)(index);                                                            \
	if (UNLIKELY(!array))                                                                      \
		TRAP_NULL;                                                                         \
	if (UNLIKELY(i >= exec_object(array)->length))                                             \
		TRAP(WPKG_TRAP_ARRAY_BOUNDS);                                                      \
	uint8_t *at = (uint8_t *)array + EXEC_CONTENTS + i * (size)
#define FIELD(ref)                                                                                 \
	uint64_t object = (ref);                                                                   \
	if (UNLIKELY(!object))                                                                     \
		TRAP_NULL;                                                                         \
	uint8_t *at = (uint8_t *)object + (uint32_t)I32(1)

#define HALT                                                                                       \
	do {                                                                                       \
		PUT_FUEL;                                                                          \
		return 0;                                                                          \
	} while (0)

#ifndef WPKG_EXEC_SWITCH

#ifdef FUEL_PARAMETER
#define FUEL_REGISTER , int64_t fuel
#define FUEL_PASSED , fuel
#else
#define FUEL_REGISTER
#define FUEL_PASSED
#endif

/* Accumulators of numbers and of vectors, the pinned local; v1 to v3 are for rows, which leave
 * there what a later one may want (generate_join.py). */
#define REGISTERS                                                                                  \
	const uint64_t *pc, uint64_t *fp, uint8_t *mem, uint64_t r0, struct vm *vm, uint64_t l0,   \
		double f0, float g0, v128 v0, v128 v1, v128 v2, v128 v3 FUEL_REGISTER
#define PASSED pc, fp, mem, r0, vm, l0, f0, g0, v0, v1, v2, v3 FUEL_PASSED
typedef uint64_t handle(REGISTERS);

#if defined(__has_attribute)
#if __has_attribute(musttail)
#define TAIL __attribute__((musttail))
#endif
#endif
#ifndef TAIL
#define TAIL
#endif

/* Ends the run; r0 is the trap. And what comes of an access out of bounds, and of a branch's cost
 * that was more than there was. */
__attribute__((visibility("hidden"))) uint64_t exec_stop(REGISTERS), exec_bounds(REGISTERS),
	exec_unpaid(REGISTERS);

/* The compiler is to add to pc and jump through it, not to keep both the old one and the new. */
#define GO(target)                                                                                 \
	do {                                                                                       \
		pc = (target);                                                                     \
		__asm__("" : "+r"(pc));                                                            \
		TAIL return ((handle *)pc[0])(PASSED);                                             \
	} while (0)
#define TRAP(kind)                                                                                 \
	do {                                                                                       \
		r0 = (uint64_t)(kind);                                                             \
		TAIL return exec_stop(PASSED);                                                     \
	} while (0)

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define LEAVE(end) TAIL return end(PASSED)

#else

#define GO(target)                                                                                 \
	do {                                                                                       \
		pc = (target);                                                                     \
		goto next;                                                                         \
	} while (0)
#define TRAP(kind)                                                                                 \
	do {                                                                                       \
		vm->pc = pc;                                                                       \
		vm->fp = fp;                                                                       \
		PUT_FUEL;                                                                          \
		return (uint64_t)(kind);                                                           \
	} while (0)
#define LEAVE(end) END_##end

#endif

#endif
