/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_FRAME_H
#define WPKG_EXEC_FRAME_H

/*
 * What is known about a function's frames beside its code: which slots hold references where it may
 * be stopped, and which exceptions it catches where. The translator makes it in the same pass, as
 * one block.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/engine_int.h"

#define EXEC_NONE UINT32_MAX

/*
 * Slots with references, as a list from the topmost operand down. Lists share their ends, as an
 * operand stack does from one instruction to the next.
 */
struct exec_root {
	uint32_t slot;
	uint32_t below; /* index of the next one; EXEC_NONE: none */
};

/* An instruction in which the collector may run. */
struct exec_safepoint {
	uint32_t word; /* of the code */
	uint32_t roots;
};

/* A clause: what it catches, where the values go, where it goes on. */
struct exec_catch {
	const struct wpkg_tag *tag; /* NULL: every one */
	uint32_t target;	    /* word of the code */
	uint32_t values;	    /* slot of the first value; nothing of it when tag is NULL */
	uint32_t ref;		    /* slot for the exception itself; EXEC_NONE: nowhere */
	uint32_t next;		    /* clause of the region; EXEC_NONE */
};

/* Code whose exceptions are caught. Regions stand in the order in which they begin. */
struct exec_region {
	uint32_t begin, end; /* words of the code */
	uint32_t outer;	     /* the region around it; EXEC_NONE */
	uint32_t next;	     /* the one to ask when no clause takes the exception; EXEC_NONE */
	uint32_t first;	     /* clause; EXEC_NONE */
};

struct exec_frame_info {
	uint32_t *locals; /* slots of the locals that hold references */
	struct exec_root *roots;
	struct exec_safepoint *safepoints;
	struct exec_catch *catches;
	struct exec_region *regions;
	uint32_t local_count, safepoint_count, region_count;
};

/*
 * The exception goes to the clause that takes it, from the instruction at pc of the frame: the
 * machine goes on there (vm->pc, vm->fp, vm->pin). WPKG_TRAP_EXCEPTION, with the exception kept in
 * the engine, when no frame up to the host's call takes it.
 */
enum wpkg_trap exec_unwind(struct vm *vm, uint64_t *fp, const uint64_t *pc, uint64_t ref);

/* Is the address in the code that a call from the host returns to? */
static inline bool exec_is_halt(const struct wpkg_engine *engine, const uint64_t *pc)
{
	return pc >= engine->halt && pc < engine->halt + sizeof(engine->halt) / sizeof(*pc);
}

#endif
