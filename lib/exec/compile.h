/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_COMPILE_H
#define WPKG_EXEC_COMPILE_H

/*
 * The translator's inside: one pass over a validated body makes internal code (exec/run.h).
 *
 * It runs the body on a symbolic operand stack. An operand is a local that has not been copied, a
 * constant, or a temporary whose home slot follows from its height alone; so where paths merge, the
 * homes agree and nothing has to move. Rules that keep this right:
 *
 * - An instruction first leaves its result in the accumulator only ("pending"). Whoever needs the
 *   slot patches the producer's handler to the next number, which writes the slot as well.
 * - Before a local is written, operands that still stand for its old value go home.
 * - At the entry of a block everything goes home. Where paths meet, a fence: accumulators are
 *   forgotten, and no instruction before it is changed but for the patch above.
 * - A fusion takes the last instruction back, with the accumulators as they were before it, and
 *   forgets the note about it.
 *
 * Files: code.c is the growing code, operand.c the stack; arith.c, access.c and branch.c choose the
 * handlers and make the fusions (choice.h); translate.c is the walk over the body, join.c its end,
 * translate_object.c and translate_exception.c parts of it, safepoint.c where the references are.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/frame.h"
#include "exec/object.h"
#include "exec/run.h"

#define NOWHERE UINT32_MAX

enum kind { KIND_I32, KIND_I64, KIND_F32, KIND_F64, KIND_V128, KIND_REF };
enum bank { BANK_INT, BANK_F64, BANK_F32, BANK_V128, BANK_COUNT };
enum place { AT_TEMP, AT_LOCAL, AT_CONST };

struct operand {
	uint8_t place;
	uint8_t kind;
	bool pending;	   /* a temporary that is in its accumulator only */
	uint32_t slot;	   /* of the local */
	uint32_t home;	   /* slot of the temporary, whatever it is now */
	uint32_t producer; /* the instruction whose destination it is; NOWHERE */
	uint32_t roots;	   /* references among the operands up to it, once a safepoint asked */
	uint64_t bits;	   /* of the constant; of a vector, the address of its bytes */
};

/* What an accumulator holds: an operand, or a local's value; NOWHERE for neither. */
struct accumulator {
	uint32_t operand;
	uint32_t local;
};

/* The last instruction, in case that the next one can take it in. */
struct note {
	uint32_t pos; /* NOWHERE: none */
	uint16_t opcode;
	uint8_t class;
	uint64_t fields;
	struct accumulator before[BANK_COUNT];
};

/* The immediates of a memory access. */
struct exec_access {
	const struct wpkg_memory *memory;
	bool plain; /* memory 0, addressed by i32: the one that handlers of their own have */
	uint64_t offset;
};

enum label_kind {
	LABEL_BLOCK,
	LABEL_LOOP,
	LABEL_IF,
	LABEL_ELSE,
	LABEL_TRY,   /* the body of a legacy try */
	LABEL_CATCH, /* and a clause of it */
	LABEL_FUNCTION
};

struct label {
	uint8_t kind;
	uint32_t height; /* operands below its parameters */
	uint32_t param_count;
	uint32_t result_count;
	const uint8_t *params; /* kinds */
	const uint8_t *results;
	uint32_t start;	 /* a loop's first instruction */
	uint32_t fixups; /* branches to the end, or a loop's meter: a list in translator.fixups */
	uint32_t else_fixup; /* an if's branch to its else */
	uint32_t begin_cost; /* translator.cost where it begins, of an if where its else does */
	uint32_t cost;	     /* the highest where a branch goes to its end, or to a loop's meter */
	bool caught;	     /* exceptions go there, from anywhere before */
	uint32_t region;     /* innermost one that is open inside; NOWHERE */
	bool owns_region;    /* which ends with the block */
	uint32_t try_region; /* of a legacy try, when that is over */
	uint32_t last_catch; /* of its region */
};

/* A loop that branches go to which do not pay: they find it through a meter. */
struct metered_loop {
	uint32_t start;
	uint32_t fixups;
	uint32_t cost;
};

/* A word that holds where a label stands, or will; or a catch, by its number. */
struct fixup {
	uint32_t word;
	uint32_t next; /* of those that wait for the same label; NOWHERE */
	bool is_catch;
};

struct translator {
	struct wpkg_engine *engine;
	struct wpkg_instance *instance;
	struct wpkg_func *func;
	unsigned opts;	      /* WPKG_OPT_... that are on */
	bool metered;	      /* costs are counted */
	bool counted;	      /* each instruction is, by handler */
	bool failed;	      /* out of memory; nothing made from here on counts */
	bool too_large;	      /* more slots than a field can name */
	const uint8_t *start; /* of the body, for offsets */
	const uint8_t *at;    /* next byte */
	const uint8_t *here;  /* the instruction being translated */
	uint32_t cost; /* instructions on the longest way to here, which passes each loop once */
	uint32_t peak; /* the highest cost so far */

	uint64_t *code;
	uint32_t words, words_cap;
	uint32_t *instructions; /* where each begins */
	uint32_t *origins;	/* and the byte of the body that it comes from */
	uint32_t instruction_count, instruction_cap;
	uint32_t fence; /* no instruction before this word may be taken back */

	struct operand *stack;
	uint32_t height, stack_cap;
	uint32_t settled;   /* so many at the bottom are home */
	uint32_t rooted;    /* and of so many the roots are known */
	uint32_t next_slot; /* home of the next operand */
	uint32_t top_slot;  /* slots needed so far */
	struct accumulator acc[BANK_COUNT];
	struct accumulator vector_before;    /* of vectors, before the last one was pushed */
	uint32_t last_vector, before_vector; /* what made that, and the one pushed before it */
	uint32_t *diverted; /* instructions whose temporary is read again later, in order */
	uint32_t diverted_count, diverted_cap;
	struct note note, previous; /* of the last instruction, and of one before that */

	struct label *labels;
	uint32_t depth, label_cap;
	struct metered_loop *meters;
	uint32_t meter_count, meter_cap;
	struct fixup *fixups;
	uint32_t fixup_count, fixup_cap;

	uint32_t *local_slots;
	uint8_t *local_kinds;
	uint32_t local_count, local_cap;
	/* What becomes the function's struct exec_frame_info. */
	struct exec_root *roots;
	struct exec_safepoint *safepoints;
	struct exec_catch *catches;
	struct exec_region *regions;
	uint32_t root_count, root_cap;
	uint32_t safepoint_count, safepoint_cap;
	uint32_t catch_count, catch_cap;
	uint32_t region_count, region_cap;

	uint64_t *weights; /* of the locals, while the pinned one is chosen */
	uint32_t pin;	   /* slot of the pinned local; NOWHERE */
};

/* code.c */
void exec_code_clear(struct translator *t);
bool exec_room(struct translator *t, void *array, uint32_t *cap, uint32_t need, size_t size);
bool exec_code_init(struct translator *t); /* before all else */
uint32_t exec_emit(struct translator *t, unsigned handler);
void exec_word(struct translator *t, uint64_t word);
void exec_words_of(struct translator *t, uint64_t address);
uint32_t exec_last(const struct translator *t);
void exec_stand_at_last(struct translator *t);
void exec_rewind(struct translator *t, uint32_t pos);
void exec_take_back(struct translator *t, uint32_t pos);
uint32_t exec_swap_last(struct translator *t);
void exec_part(struct translator *t);
void exec_fence(struct translator *t);
void exec_set_destination(struct translator *t, uint32_t pos, uint32_t slot);
uint64_t exec_fields(uint32_t a, uint32_t b, uint32_t c, uint32_t d);
uint64_t exec_fields_constant(uint32_t a, uint32_t b, uint32_t constant);
void exec_label_word(struct translator *t, struct label *label);
void exec_start_word(struct translator *t, uint32_t start);
void exec_target_word(struct translator *t, struct label *label);     /* of a branch that pays */
void exec_cost_word(struct translator *t, const struct label *label); /* its last one */
void exec_branch_word(struct translator *t, struct label *label);     /* both */
void exec_branch_catch(struct translator *t, struct label *label, uint32_t catch);
void exec_bind(struct translator *t, uint32_t list);
void exec_count_each(struct translator *t);
void exec_place(const struct translator *t, uint64_t *code); /* in the copy that is run */

/* operand.c */
enum bank exec_bank(unsigned kind);
void exec_push_local(struct translator *t, uint32_t slot, unsigned kind);
void exec_push_const(struct translator *t, unsigned kind, uint64_t bits);
void exec_push_result(struct translator *t, unsigned kind, uint32_t pos); /* in the accumulator */
void exec_push_slot(struct translator *t, unsigned kind, uint32_t pos);	  /* in its home only */
void exec_push_vector(struct translator *t, uint32_t pos);		  /* in both */
void exec_pop(struct translator *t, uint32_t count);
struct operand *exec_top(struct translator *t, uint32_t from_top);
void exec_forget(struct translator *t);
void exec_spill(struct translator *t, enum bank bank); /* the accumulator is about to be lost */
void exec_to_slot(struct translator *t, uint32_t i);
void exec_settle(struct translator *t, uint32_t i);
void exec_settle_all(struct translator *t);
void exec_spill_all(struct translator *t, uint32_t below); /* pending ones get their slot */
uint32_t exec_slot(struct translator *t, uint32_t i);
bool exec_in_acc(const struct translator *t, uint32_t i);
bool exec_pinned(const struct translator *t, uint32_t i);
void exec_copy(struct translator *t, uint32_t i, uint32_t slot);
bool exec_redirect(struct translator *t, uint32_t i, uint32_t slot);
void exec_set_local(struct translator *t, uint32_t slot, bool tee);
uint32_t exec_width(unsigned kind);

/* arith.c */
unsigned exec_result_kind(unsigned opcode);
void exec_binary(struct translator *t, unsigned opcode);
void exec_unary(struct translator *t, unsigned opcode);
void exec_wide(struct translator *t, unsigned opcode);
void exec_eqz(struct translator *t, unsigned opcode);
void exec_item(struct translator *t, unsigned first, unsigned kind);
void exec_field(struct translator *t, unsigned first, unsigned kind, uint32_t place);
void exec_select(struct translator *t);

/* access.c */
struct exec_access exec_take_access(struct translator *t);
void exec_load(struct translator *t, unsigned opcode, const struct exec_access *access);
void exec_store(struct translator *t, unsigned opcode, const struct exec_access *access);

/* translate_global.c */
void exec_global_get(struct translator *t, const struct wpkg_global *global);
void exec_global_set(struct translator *t, const struct wpkg_global *global);

/* branch.c */
/* Pops the condition: a branch when it holds (sense) or not, whose target is the label. */
void exec_branch_if(struct translator *t, bool sense, struct label *label);
/* A jump to the label, where all values are in place. */
void exec_jump(struct translator *t, struct label *label);
/* A br_table but for the words of its count + 1 labels; pops the index. */
void exec_emit_br_table(struct translator *t, uint32_t count);
/* A branch when the reference in the slot is null (sense) or not. */
void exec_branch_if_null(struct translator *t, bool sense, uint32_t slot, struct label *label);
/* A branch when the reference in the slot is of the type (sense) or not. */
void exec_branch_if_cast(struct translator *t, bool sense, uint32_t slot, wpkg_valtype type,
			 struct label *label);

/* translate_vector.c: what begins with 0xfd. */
void exec_vector_instruction(struct translator *t, unsigned opcode);
/* A test of a vector that was just made becomes the branch on its result; false when none was. */
bool exec_branch_on_test(struct translator *t, bool sense, struct label *label);

/* translate_block.c */
struct label exec_block_type(struct translator *t);
struct label *exec_label_at(struct translator *t, uint32_t depth);
void exec_push_label(struct translator *t, const struct label *label);
void exec_begin_block(struct translator *t, enum label_kind kind);
void exec_begin_if(struct translator *t);
void exec_begin_else(struct translator *t, bool dead);
/* Is what follows the end never reached? */
bool exec_end_block(struct translator *t, bool dead);
/* After a jump: on to the else, catch or end that belongs to the open block. */
void exec_skip_dead(struct translator *t);
void exec_branch(struct translator *t, struct label *label, bool redirect);
bool exec_branches_directly(struct translator *t, const struct label *label);
void exec_br_if(struct translator *t, struct label *label);
void exec_br_table(struct translator *t);
void exec_emit_return(struct translator *t);
void exec_push_kinds(struct translator *t, uint32_t count, const uint8_t *kinds);
void exec_emit_meter(struct translator *t, uint32_t cost); /* where costs are counted */

/* translate.c */
void exec_emit_slots(struct translator *t, unsigned handler, uint32_t operands, uint64_t word);

/* translate_object.c: what begins with 0xfb, as exec_branch_on_cast is for control flow. */
void exec_object_instruction(struct translator *t, unsigned opcode);
void exec_branch_on_cast(struct translator *t, bool fails);

/* translate_exception.c */
void exec_begin_try_table(struct translator *t);
void exec_begin_try(struct translator *t);
void exec_begin_catch(struct translator *t, bool dead, bool all);
void exec_delegate(struct translator *t);
void exec_end_region(struct translator *t, struct label *label);
void exec_throw_tag(struct translator *t);
void exec_throw_operand(struct translator *t);
void exec_rethrow(struct translator *t);

/* translate_atomic.c: what begins with 0xfe. */
void exec_atomic_instruction(struct translator *t, unsigned opcode);

/* join.c: once all is translated. */
void exec_join(struct translator *t);

/* safepoint.c */
void exec_safepoint(struct translator *t, uint32_t pos);
/* What was noted, in a block for wpkg_mem_free; NULL when that is nothing. False: no memory. */
bool exec_copy_frame_info(struct exec_frame_info **out, const struct translator *t);

/* Makes func->code. WPKG_TRAP_NO_MEMORY or WPKG_TRAP_UNSUPPORTED when it cannot. */
enum wpkg_trap exec_translate(struct wpkg_func *func);

/* The byte of the file that an instruction of the function's code was made from. */
uint32_t exec_origin(const struct wpkg_func *func, const uint64_t *pc);

#endif
