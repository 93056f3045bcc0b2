/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_ENGINE_INT_H
#define WPKG_EXEC_ENGINE_INT_H

/* The engine's inside, for the files of this folder. */

#include <semaphore.h>

#include "base/arena.h"
#include "exec/budget.h"
#include "exec/engine.h"
#include "exec/heap.h"
#include "exec/object.h"
#include "exec/run.h"
#include "wasm/module.h"

/* Calls from the host into guests, one inside the other: each takes some C stack. */
#define RUN_DEPTH_MAX 200

/* A compiled function, sorted by where its code stands: for "whose instruction is this?". */
struct exec_code {
	const uint64_t *begin, *end;
	struct wpkg_func *func;
};

/* A run of the machine that waits for a call from the host to end: where it stands. */
struct exec_run_state {
	const uint64_t *pc; /* NULL: the host called no guest */
	const uint64_t *fp;
	struct exec_run_state *outer;
};

/* A call of a host function: its arguments. */
struct exec_host_frame {
	const uint64_t *slots;
	const struct exec_sig *sig;
	struct exec_host_frame *outer;
};

/* A reference that the host holds. */
struct exec_held {
	uint64_t ref;
	uint64_t count;
};

struct wpkg_engine {
	struct vm vm;
	struct wpkg_engine_limits limits; /* every field set */
	enum exec_vectors vectors;
	bool metered; /* fuel or time is counted; but see exec_engine_meters */
	bool fuel_counts;
	struct exec_budget *budget; /* fuel beyond what the machine was given, and ceilings */
	uint64_t deadline;	    /* monotonic nanoseconds; 0: none now */
	uint64_t inherited;	    /* of a sibling: the deadline of all its calls; 0 */
	sem_t wake;		    /* what a wait sleeps on; an interrupt posts it */
	struct wpkg_arena arena;    /* functions, globals, instances, ... : all that never goes */
	struct wpkg_memory empty;   /* stands for the memory 0 of instances without one */
	uint64_t *stack, *stack_end;
	uint64_t *stack_top; /* where a call from the host begins its frame */
	uint32_t run_depth;
	struct wpkg_engine_usage usage;
	struct exec_code *codes;
	uint32_t code_count, code_cap;
	bool codes_unsorted; /* by address, which is seen to when somebody looks for one */
	struct wpkg_memory **memories; /* that this engine owns */
	uint32_t memory_count, memory_cap;
	struct wpkg_table **tables;
	uint32_t table_count, table_cap;
	struct wpkg_instance *instances;
	struct wpkg_types types;	    /* canonical, of all modules and host functions */
	const struct exec_layout **layouts; /* by canonical number; NULL for functions */
	uint32_t layout_count, layout_cap;
	struct exec_heap heap;
	struct exec_run_state *suspended; /* innermost first, as the next two */
	struct exec_host_frame *host_frames;
	struct exec_evaluation *evaluations;
	struct wpkg_global *ref_globals;
	struct exec_held *held;
	uint32_t held_count, held_cap;
	uint64_t exception;		 /* that left the last run uncaught */
	uint64_t halt[RELOAD_WORDS + 3]; /* what a call from the host returns to */
	/* Of the run that ended last. */
	int32_t exit_code;
	char message[160];
};

/* Has code meters? Where instructions are counted, costs are not. */
static inline bool exec_engine_meters(const struct wpkg_engine *engine)
{
	return engine->metered && !engine->vm.counts;
}

/* Takes the code (wpkg_mem_alloc) and makes it the function's. */
enum wpkg_trap exec_engine_add_code(struct wpkg_func *func, uint64_t *code);

/* The function that an instruction belongs to; NULL for none. */
struct wpkg_func *exec_engine_find_code(struct wpkg_engine *engine, const uint64_t *pc);

/* Compiles the function if it has no code yet. */
enum wpkg_trap exec_func_prepare(struct wpkg_func *func);

struct wpkg_shared_memory;

/* New objects, owned by the engine. NULL when memory or a ceiling is out, with the error set. */
struct wpkg_memory *exec_memory_new(struct wpkg_engine *engine, const struct wpkg_size *size,
				    unsigned page_log2, struct wpkg_err *err);
struct wpkg_memory *exec_memory_of_shared(struct wpkg_engine *engine,
					  struct wpkg_shared_memory *shared); /* held, too */
struct wpkg_table *exec_table_new(struct wpkg_engine *engine, uint64_t entries, uint64_t max,
				  bool has_max, bool is_64, uint64_t fill, struct wpkg_err *err);
/* The collector looks at the global when it is a reference. */
void exec_global_add(struct wpkg_engine *engine, struct wpkg_global *global);

/* And what they took from the budget is given back. */
void exec_memory_free(struct wpkg_memory *memory);
void exec_table_free(struct wpkg_table *table);

/* Has the guest to end, by interrupt or deadline? */
enum wpkg_trap exec_engine_poll(const struct wpkg_engine *engine);

/* Ends a guest that must not see that the host has no memory for what the limits allow. */
static inline void exec_host_refused(const struct wpkg_engine *engine, enum wpkg_trap *trap)
{
	if (engine->limits.deterministic)
		*trap = WPKG_TRAP_NO_MEMORY;
}

/* The old size, or -1 (all bits) when it cannot; *trap is set when that is to trap. */
uint64_t exec_memory_grow_by(struct wpkg_memory *memory, uint64_t pages, enum wpkg_trap *trap);
uint64_t exec_table_grow_by(struct wpkg_table *table, uint64_t entries, uint64_t fill,
			    enum wpkg_trap *trap);

/* Copies of segments, checked. */
enum wpkg_trap exec_table_init_from(struct wpkg_table *table, uint64_t to,
				    const struct exec_elem *elem, uint64_t from, uint64_t count);
enum wpkg_trap exec_memory_init_from(struct wpkg_memory *memory, uint64_t to,
				     const struct exec_data *data, uint64_t from, uint64_t count);

/* Offset in the module's file of the instruction that the code at pc was made from. */
uint32_t exec_func_offset(const struct wpkg_func *func, const uint64_t *pc);

/* How a run ended; without a backtrace unless the machine stands where it trapped. */
void exec_outcome_set(struct wpkg_outcome *outcome, struct wpkg_engine *engine,
		      enum wpkg_trap trap);

/* Where a trap happened, from the machine's pc and fp. */
void exec_backtrace(struct wpkg_outcome *outcome, struct wpkg_engine *engine);

#endif
