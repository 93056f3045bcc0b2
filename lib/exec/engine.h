/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_ENGINE_H
#define WPKG_EXEC_ENGINE_H

/*
 * An engine: what the specification calls the store, and the limits over it. It owns every
 * instance, function, memory, table and global made in it; freeing it frees them all. Modules stay
 * the caller's and must outlive the engine, as must the bytes they were read from.
 *
 * Nothing is global: engines share nothing but modules, shared memories (exec/shared.h) and what
 * siblings do, and each belongs to one thread at a time. The one exception is
 * wpkg_engine_interrupt, which any thread and any signal handler may call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wpkg_engine;

/* The compiler's optimisations, each of which can be left out. */
enum wpkg_opt {
	WPKG_OPT_DESTINATION = 1 << 0, /* a result lands in the local that takes it */
	WPKG_OPT_ACCUMULATOR = 1 << 1, /* a result goes to the next instruction in a register */
	WPKG_OPT_BRANCH = 1 << 2,      /* a comparison and the branch on it are one */
	WPKG_OPT_PIN = 1 << 3,	       /* the busiest integer local is read from a register */
	WPKG_OPT_ADDRESS = 1 << 4,     /* an addition and the access at it are one */
	WPKG_OPT_FUSE = 1 << 5,	       /* other pairs: shift and add, rotations, moves */
	WPKG_OPT_SSE41 = 1 << 6,       /* vectors by SSE 4.1, on x86 where it is there */
	WPKG_OPT_AVX2 = 1 << 7,	       /* vectors by AVX2 and FMA, likewise */
	WPKG_OPT_JOIN = 1 << 8,	       /* what often stands together is run by one handler */
	WPKG_OPT_ALIGN = 1 << 9,       /* a vector lies in one line of the processor's cache */
	WPKG_OPT_ALL = (1 << 10) - 1
};

/*
 * Zero in a field is its default.
 *
 * Fuel: a call takes a unit for each instruction on the longest way through the function that
 * passes each loop once, a branch back to a loop one for each on the longest way from the loop's
 * beginning to the branch, and what moves many bytes one for 64 of them. So a guest never does more
 * than it has paid for, and the same guest always takes the same.
 *
 * Memory: total_bytes is for all that a guest can make grow: its memories, its tables (8 bytes for
 * each entry that is allocated, which may be up to twice as many as there are) and what the heap
 * takes from the host. With it, each of the three that has no ceiling of its own may have all of
 * it. What is freed is given back: blocks of the heap by a collection, all else with its engine.
 * Below the ceilings, the host may still have no memory: then memory.grow and table.grow answer -1,
 * too. What the host has is nothing that a deterministic guest may see, so that one ends with
 * WPKG_TRAP_NO_MEMORY, as everybody does whose heap the host has no memory for.
 */
struct wpkg_engine_limits {
	uint64_t fuel;	  /* units for the engine's life, about an instruction each; 0: no end */
	uint64_t time_ms; /* for each call from outside, in milliseconds; 0: no end */
	uint64_t total_bytes;	/* of memories, tables and heap together; 0: theirs are all */
	uint64_t memory_bytes;	/* of all memories together; 0: total_bytes, or 4 GiB */
	uint64_t table_entries; /* of all tables together; 0: total_bytes / 8, or 10,000,000 */
	uint64_t heap_bytes;	/* structs, arrays and exceptions; 0: total_bytes, or 256 MiB */
	uint64_t stack_bytes;	/* the value stack; 0: 32 MiB, over 100,000 calls of most code */
	bool ceilings_trap;	/* growing over a ceiling traps; false: it answers -1 */
	bool eager;		/* compile at instantiation, not at the first call */
	bool deterministic;	/* canonical NaNs only; no relaxed result is open; see above */
	bool collect_always;	/* run the collector at each allocation: for tests */
	unsigned optimisations_off; /* a set of WPKG_OPT_..., for tests and bisecting */
};

/* limits may be NULL for the defaults. */
WPKG_MUST_CHECK enum wpkg_status wpkg_engine_new(struct wpkg_engine **out,
						 const struct wpkg_engine_limits *limits,
						 struct wpkg_err *err);
void wpkg_engine_free(struct wpkg_engine *engine);

/*
 * An engine for another thread of the same guest, by the thread that has the first one. It has the
 * same limits, and shares with its siblings the fuel, the ceilings of memories and tables and that
 * of all together, and the end of the time of the call that runs now; stack and heap are its own.
 * Each is interrupted by itself, and they may be freed in any order.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_engine_new_sibling(struct wpkg_engine **out, struct wpkg_engine *engine, struct wpkg_err *err);

/*
 * Ends what runs in the engine, soon, with WPKG_TRAP_INTERRUPT; when nothing runs, the next call.
 * The interrupt holds until it is cleared.
 */
void wpkg_engine_interrupt(struct wpkg_engine *engine);
void wpkg_engine_clear_interrupt(struct wpkg_engine *engine);

/* The fuel left, and a new amount. Only an engine made with fuel counts it. */
uint64_t wpkg_engine_fuel(const struct wpkg_engine *engine);
void wpkg_engine_set_fuel(struct wpkg_engine *engine, uint64_t units);

/* What the engine holds now, for reports. */
struct wpkg_engine_usage {
	uint64_t total_bytes;	/* of memories, tables and heap, as the ceiling counts them */
	uint64_t memory_bytes;	/* of all memories; none shrinks before it is freed */
	uint64_t table_entries; /* of all tables; these three with those of the siblings */
	uint64_t heap_bytes;	/* that the heap takes from the host */
	uint64_t collections;	/* of the heap */
	uint64_t compiled_functions;
	uint64_t compiled_bytes; /* of internal code */
	bool memory_refused;	 /* a memory, a table or the heap met a ceiling at least once */
};
void wpkg_engine_usage(struct wpkg_engine_usage *out, const struct wpkg_engine *engine);

#endif
