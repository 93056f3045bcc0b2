/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_VALIDATE_H
#define WPKG_WASM_VALIDATE_H

/*
 * The validator of function bodies and constant expressions: the specification's algorithm
 * (appendix "Validation Algorithm") in one pass. Internal to this folder.
 *
 * The operand stack is an array of type words. Each control frame pushes a floor word (which is no
 * type) before its parameters; so "the word on top is the expected type" also says that it belongs
 * to the frame, and a pop is one comparison. What is not equal goes to a slow function: subtypes,
 * code that is never reached, and errors.
 *
 * In code that is never reached the stack ends at the floor, and a pop that meets the floor takes
 * nothing and succeeds.
 *
 * At each instruction the stack has room for a word for each byte of the body that is left, and
 * ROOM more. An instruction that pushes at most one word per byte of its own needs no check; who
 * pushes a list of types asks for room.
 *
 * Files: validate.c the walk over a body, validate_quick.c the same for what most of it is made of,
 * validate_operand.c the stack, validate_local.c locals,
 * validate_plain.c instructions of fixed types, memories, tables and variables,
 * validate_control.c blocks, branches, calls, exceptions, validate_reference.c references,
 * structs and arrays.
 */

#include "wasm/input.h"
#include "wasm/module.h"
#include "wasm/opcode.h"

#define FLOOR WPKG_TYPE_NONE

/* A run of types: parameters, results, what a label takes. */
struct span {
	const wpkg_valtype *at;
	uint32_t count;
};

/*
 * What a block takes and gives, in a word: WPKG_TYPE_NONE for nothing, a value type for that one
 * result, or WASM_BLOCK_INDEX and a type index.
 */
struct frame {
	uint32_t opcode : 4; /* enum frame_kind */
	uint32_t is_unreachable : 1;
	uint32_t floor : 27; /* where its floor word is on the stack */
	wpkg_valtype type;
};

enum frame_kind {
	FRAME_FUNCTION,
	FRAME_BLOCK,
	FRAME_LOOP,
	FRAME_IF,
	FRAME_ELSE,
	FRAME_TRY,
	FRAME_CATCH,
	FRAME_CATCH_ALL,
	FRAME_TRY_TABLE
};

/* Declared locals of one type, up to before a number. */
struct local_run {
	uint32_t end;
	wpkg_valtype type;
};

/* Pairs of words of which the first is known to match the second, by a hash of both. */
#define KNOWN_PAIRS 64

struct known_pair {
	wpkg_valtype have, want;
};

struct validator {
	struct wasm_input in;
	const struct wpkg_module *module;
	uint8_t *declared;   /* functions that are named outside of bodies; NULL: none */
	const uint8_t *here; /* the instruction being looked at */
	uint32_t opcode;
	bool is_constant;      /* a constant expression, not a body */
	bool is_slow;	       /* the quick walk is off */
	uint32_t global_limit; /* globals before this one may be read by a constant expression */
	uint32_t operand_limit;
	uint32_t local_limit;

	wpkg_valtype *stack;
	wpkg_valtype *sp; /* behind the top */
	wpkg_valtype *stack_end;
	struct frame *frames;
	uint32_t depth, frame_cap; /* frames in use; the last is the innermost */
	uint32_t *init_heights;	   /* by frame: entries in init_log when it began, if has_unset */
	uint32_t height_cap;
	struct span results;   /* of the function */
	uint32_t *label_marks; /* by type of labels: the br_table that saw it last */
	uint32_t label_round;  /* number of the br_table */
	uint64_t wide_work;    /* types compared one by one in long lists of this body */
	uint64_t wide_limit;
	struct known_pair known_pairs[KNOWN_PAIRS];

	const uint32_t *type_calls;   /* what wasm_call_words makes; the decoder's */
	uint8_t kinds[WPKG_OP_LIMIT]; /* of instructions, for the quick walk */
	const void *jumps[256];	      /* where the quick walk goes with an opcode's first byte */
	wpkg_features kinds_for;      /* the used features that they count on, and MVP when made */

	wpkg_valtype *locals; /* types of the first ones; FLOOR: not initialised */
	uint32_t flat_count;  /* of them */
	uint32_t flat_cap;
	struct span params;	/* they come first */
	struct local_run *runs; /* of those behind them */
	uint32_t run_count, run_cap;
	uint32_t local_count; /* with the parameters */
	bool has_unset;	      /* some have no default, and are unset at first */
	uint8_t *far_set;     /* a bit for each local beyond the flat ones: is initialised */
	uint32_t *init_log;   /* locals without a default that were set, oldest first */
	uint32_t init_height, init_cap;
};

/* in->allowed, limits and the module must be set before the first use. */
void wasm_validator_init(struct validator *v, const struct wpkg_module *module);
void wasm_validator_clear(struct validator *v);

/*
 * A body, from its declaration of locals on: the cursor goes over it to its end. False when it is
 * not valid; the reader has the error, with the instruction and the function in its message.
 */
bool wasm_validate_body(struct validator *v, uint32_t function);

/*
 * The constant expression at the cursor, up to and with its end. Marks the functions that it
 * refers to as declared.
 */
bool wasm_validate_constant(struct validator *v, wpkg_valtype type);

/* The function is named outside of bodies, so that ref.func may make it in one. */
bool wasm_declare(struct validator *v, uint32_t function);

/* What the parts share. All return false when the reader has failed. */

bool wasm_invalid(struct validator *v, const char *format, ...) WPKG_PRINTF(2, 3)
	__attribute__((cold));
bool wasm_operand_room(struct validator *v, uint32_t count) __attribute__((noinline));
bool wasm_operand_reset(struct validator *v);
bool wasm_pop_other(struct validator *v, wpkg_valtype type) __attribute__((noinline));
bool wasm_pop_any(struct validator *v, wpkg_valtype *type);
bool wasm_pop_ref(struct validator *v, wpkg_valtype *type);
bool wasm_pop_span(struct validator *v, struct span span);
bool wasm_push_span(struct validator *v, struct span span);
void wasm_unreachable(struct validator *v);
bool wasm_at_floor(struct validator *v);

static inline struct frame *wasm_frame(struct validator *v)
{
	return &v->frames[v->depth - 1];
}

static inline bool wasm_pop(struct validator *v, wpkg_valtype type)
{
	if (v->sp[-1] != type)
		return wasm_pop_other(v, type);
	v->sp--;
	return true;
}

/* One word, for an instruction of at least a byte. */
static inline bool wasm_push(struct validator *v, wpkg_valtype type)
{
	*v->sp++ = type;
	return true;
}

/* Is a block's word a type index? */
static inline bool wasm_block_is_index(wpkg_valtype block)
{
	return (block & (WPKG_TYPE_REF | WASM_BLOCK_INDEX)) == WASM_BLOCK_INDEX;
}

struct span wasm_block_params(const struct validator *v, wpkg_valtype block);
struct span wasm_block_results(const struct validator *v, const struct frame *frame);
bool wasm_push_frame(struct validator *v, enum frame_kind kind, wpkg_valtype block);

/* Locals. */
bool wasm_locals_read(struct validator *v, const struct wpkg_type *type, uint32_t body_bytes);
bool wasm_local_get(struct validator *v, uint32_t index);
bool wasm_local_set(struct validator *v, uint32_t index);
bool wasm_local_tee(struct validator *v, uint32_t index);
void wasm_locals_forget(struct validator *v, uint32_t height);

/*
 * Over instructions of a body up to one that is for wasm_step, or to the end of the outermost
 * frame.
 */
void wasm_walk_quick(struct validator *v);

/*
 * Goes over an i32.const and its end, which is where nearly every segment begins; of anything else
 * it says no, for the walk.
 */
bool wasm_skip_number(struct wpkg_reader *r);

/* What a call of each type index takes and gives, in words of the quick walk's own. */
void wasm_call_words(const struct wpkg_module *module, uint32_t *types);

/* Instructions, each behind its opcode. */
bool wasm_step(struct validator *v, unsigned opcode);
bool wasm_step_control(struct validator *v, unsigned opcode);
bool wasm_step_reference(struct validator *v, unsigned opcode);

/* Indices of the module's spaces; NULL on failure. */
const struct wpkg_module_table *wasm_read_table(struct validator *v);
const struct wpkg_module_memory *wasm_read_memory(struct validator *v);
const struct wpkg_module_elem *wasm_read_elem(struct validator *v);
bool wasm_read_data(struct validator *v);

/* What a branch to the label at the cursor takes with it. */
bool wasm_read_label(struct validator *v, struct span *types);

/* The address type of a memory or table. */
static inline wpkg_valtype wasm_address(const struct wpkg_size *size)
{
	return size->is_64 ? WPKG_TYPE_I64 : WPKG_TYPE_I32;
}

#endif
