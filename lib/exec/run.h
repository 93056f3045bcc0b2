/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_RUN_H
#define WPKG_EXEC_RUN_H

/*
 * The interpreter's machine: what every handler shares, and the handlers' numbers.
 *
 * Internal code is 64-bit words. An instruction begins with the word of its handler: the handler's
 * address in the threaded build, its number in the switch build. The next word holds four 16-bit
 * fields (generate.py says which), or two and a 32-bit constant; more words follow where a handler
 * needs them. A branch has its target's address there: what it reads next waits for that word, and
 * a distance would be added first.
 *
 * A frame is slots of 64 bits: parameters, locals, "link" (return pc, caller's frame), temporaries.
 * A callee's frame begins at its first argument in the caller's temporaries, and its results are
 * left there. The link stands at the callee's own index, behind as many slots as its results need.
 *
 * Every call instruction ends in a "reload" of two words, which is where a call across instances
 * returns to; a call inside the instance returns behind it. The reload's second word is the
 * caller's memory 0 and, in its top 16 bits, the slot of the caller's pinned local; so for every
 * return pc the 16 bits before it are a slot that may be read.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/trap.h"

struct wpkg_engine;
struct wpkg_memory;

#define RELOAD_WORDS 2

/*
 * Where costs are counted, each instruction has one: how many stand on the longest way to it from
 * the function's beginning that passes each loop once. A call pays the highest in the function, and
 * a branch back what it has more than the loop's beginning: so whoever has come to an instruction
 * has paid for all that was run, and in a switch for the cases that were, not for all of them.
 * Branches and calls find that in words of their own, as what stands at their target comes late.
 * Those who do not go through a meter, whose last word it is: one stands at the beginning of each
 * function, and behind its end one for each loop that needs it.
 */
#define METER_WORDS 2

/* An instruction of two accesses to memory traps in the second one at this word of it, which says
 * in its upper half where that stands. No call returns to just behind such a word. */
#define SECOND_ACCESS 2

/* Where instructions are counted, this stands before each. */
#define COUNT_WORDS 2

/* Of accesses to memory: as many as there are powers of two up to a vector. */
#define ACCESS_SIZES 5

/* One for each engine: the running instance's memory 0, limits, and where a slow step goes on. */
struct vm {
	uint8_t *memory;	    /* memory 0's base; not NULL */
	int64_t last[ACCESS_SIZES]; /* where an access to it of 1, 2, 4, 8, 16 bytes may begin at
				       most; below 0: nowhere */
	const struct wpkg_memory *current;
	uint64_t *stack_limit; /* no frame may reach it; NULL after an interrupt (atomic) */
	uint32_t interrupt;    /* the trap to end with, or 0 (atomic) */
	int64_t fuel;	    /* what may be used before the meter asks again; while handlers run, a
			       register may have it */
	const uint64_t *pc; /* at a trap, and where a slow step goes on */
	uint64_t *fp;	    /* its frame */
	uint32_t pin;	    /* with pc: the slot of the pinned local there */
	uint64_t value;	    /* to a slow step and back: an index, a reference, a result */
	struct wpkg_engine *engine;
	uint64_t *counts; /* of instructions run, by handler, H_COUNT for the rest of what is
			     joined; NULL: not counted */
};

enum handler {
#define OP(name, ...) H_##name,
#include "exec/handlers.inc"
#include "exec/control.inc"
	H_VECTORS, /* the first handler of vectors */
	H_BEFORE_VECTORS = H_VECTORS - 1,
#include "exec/vector.inc"
#undef OP
	H_COUNT
};

enum shape_kind {
	SHAPE_NONE,
	SHAPE_BINARY,
	SHAPE_COMPARE,
	SHAPE_UNARY,
	SHAPE_LOAD,
	SHAPE_STORE,
	SHAPE_ATOMIC
};

/* What the translator knows of an opcode's handlers. */
struct shape {
	uint8_t kind;
	uint16_t first;	   /* handler of the first class and destination */
	uint16_t branch;   /* comparisons: first of the branches on it */
	uint16_t direct;   /* loads and stores: at the address in the accumulator */
	uint16_t opposite; /* comparisons of integers: the opcode of the opposite */
};

/* The instructions of the processor that handlers of vectors are made of. */
enum exec_vectors { VECTORS_PORTABLE, VECTORS_SSE41, VECTORS_AVX2 };

/* The word that an instruction of this handler begins with; of vectors there is a choice. */
uint64_t exec_handler_word(enum handler handler);
uint64_t exec_vector_word(enum handler handler, enum exec_vectors vectors);

/* The best that the processor has and the set of optimisations (WPKG_OPT_...) allows. */
enum exec_vectors exec_vectors_best(unsigned optimisations);

/* For listings of internal code and for tests. */
const char *exec_handler_name(enum handler handler);

/* Runs from pc until the halt instruction that the frame links to, or a trap. */
enum wpkg_trap exec_run(struct vm *vm, const uint64_t *pc, uint64_t *fp, uint32_t pin);

/*
 * Slow steps: what a handler does not do itself. Each gets the instruction and its frame, and
 * returns a trap or WPKG_TRAP_NONE; vm->memory may have changed.
 */
typedef enum wpkg_trap exec_slow(struct vm *vm, uint64_t *fp, const uint64_t *pc);
exec_slow exec_limit_reached, exec_link_call, exec_meter;
exec_slow exec_call_any, exec_call_far, exec_call_host;
exec_slow exec_tail_call, exec_tail_call_table, exec_tail_call_ref;
exec_slow exec_memory_size, exec_memory_grow, exec_memory_fill, exec_memory_copy, exec_memory_init,
	exec_data_drop;
exec_slow exec_table_grow, exec_table_fill, exec_table_copy, exec_table_init, exec_elem_drop;
exec_slow exec_ref_test, exec_ref_cast;
exec_slow exec_struct_new, exec_struct_new_default;
exec_slow exec_array_new, exec_array_new_default, exec_array_new_fixed;
exec_slow exec_array_new_data, exec_array_new_elem, exec_array_fill, exec_array_copy;
exec_slow exec_array_init_data, exec_array_init_elem;
exec_slow exec_throw, exec_throw_ref;
exec_slow exec_atomic_wait32, exec_atomic_wait64, exec_atomic_notify;

/*
 * After an access that is out of bounds, whose handler has changed nothing: has another thread made
 * a shared memory larger meanwhile? Then the access is tried again.
 */
bool exec_memories_grew(struct vm *vm);

/* The running instance's memory 0 becomes this one; NULL is a memory without bytes. */
void exec_use_memory(struct vm *vm, const struct wpkg_memory *memory);

/* Memory 0 has so many bytes. */
void exec_use_memory_size(struct vm *vm, uint64_t size);

#endif
