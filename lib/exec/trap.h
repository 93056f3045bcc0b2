/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_TRAP_H
#define WPKG_EXEC_TRAP_H

/*
 * How a guest ends other than by returning. Each trap of the specification and each limit has a
 * value of its own, so that a caller can tell a wrong program from one that was stopped.
 */

#include <stdbool.h>

enum wpkg_trap {
	WPKG_TRAP_NONE = 0, /* it returned */

	/* The specification's. */
	WPKG_TRAP_UNREACHABLE,
	WPKG_TRAP_MEMORY_BOUNDS,
	WPKG_TRAP_TABLE_BOUNDS,
	WPKG_TRAP_ARRAY_BOUNDS,
	WPKG_TRAP_INTEGER_OVERFLOW,
	WPKG_TRAP_INTEGER_DIVIDE,
	WPKG_TRAP_INVALID_CONVERSION,
	WPKG_TRAP_UNDEFINED_ELEMENT,
	WPKG_TRAP_UNINITIALIZED_ELEMENT,
	WPKG_TRAP_INDIRECT_TYPE,
	WPKG_TRAP_NULL_REFERENCE,
	WPKG_TRAP_CAST,
	WPKG_TRAP_UNALIGNED_ATOMIC,
	WPKG_TRAP_UNSHARED_WAIT, /* a wait at an address of a memory that is not shared */
	WPKG_TRAP_EXCEPTION, /* an exception that nobody caught; a host function may pass it on */

	/* Limits of the engine's user, and of the machine. */
	WPKG_TRAP_STACK,	/* the value stack is used up */
	WPKG_TRAP_FUEL,		/* the fuel is used up */
	WPKG_TRAP_DEADLINE,	/* the time is used up */
	WPKG_TRAP_INTERRUPT,	/* somebody called wpkg_engine_interrupt */
	WPKG_TRAP_MEMORY_LIMIT, /* a memory would pass the ceiling (only with ceilings_trap) */
	WPKG_TRAP_TABLE_LIMIT,	/* a table would pass the ceiling (only with ceilings_trap) */
	WPKG_TRAP_HEAP_LIMIT,	/* structs, arrays and exceptions pass their ceiling */
	WPKG_TRAP_NO_MEMORY,	/* the host has no memory left */
	WPKG_TRAP_UNSUPPORTED,	/* a function passes a limit of the compiled form */

	/* Decisions of a host function. */
	WPKG_TRAP_EXIT, /* wpkg_caller_exit: not an error; the exit code stands in the outcome */
	WPKG_TRAP_HOST, /* wpkg_caller_fail: the message stands in the outcome */

	WPKG_TRAP_COUNT
};

/* What happened, in the words of the specification's test suite where it has some. Static text. */
const char *wpkg_trap_text(enum wpkg_trap trap);

/* A lower-case word such as "memory-bounds" or "fuel", for programs to compare. Static text. */
const char *wpkg_trap_name(enum wpkg_trap trap);

/* Was the guest stopped by a limit or an interrupt, rather than by what it did? */
bool wpkg_trap_is_limit(enum wpkg_trap trap);

#endif
