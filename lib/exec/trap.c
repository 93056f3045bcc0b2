/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/trap.h"

static const struct {
	const char *name;
	const char *text;
} traps[WPKG_TRAP_COUNT] = {
	[WPKG_TRAP_NONE] = {"none", "returned"},
	[WPKG_TRAP_UNREACHABLE] = {"unreachable", "unreachable"},
	[WPKG_TRAP_MEMORY_BOUNDS] = {"memory-bounds", "out of bounds memory access"},
	[WPKG_TRAP_TABLE_BOUNDS] = {"table-bounds", "out of bounds table access"},
	[WPKG_TRAP_ARRAY_BOUNDS] = {"array-bounds", "out of bounds array access"},
	[WPKG_TRAP_INTEGER_OVERFLOW] = {"integer-overflow", "integer overflow"},
	[WPKG_TRAP_INTEGER_DIVIDE] = {"integer-divide", "integer divide by zero"},
	[WPKG_TRAP_INVALID_CONVERSION] = {"invalid-conversion", "invalid conversion to integer"},
	[WPKG_TRAP_UNDEFINED_ELEMENT] = {"undefined-element", "undefined element"},
	[WPKG_TRAP_UNINITIALIZED_ELEMENT] = {"uninitialized-element", "uninitialized element"},
	[WPKG_TRAP_INDIRECT_TYPE] = {"indirect-type", "indirect call type mismatch"},
	[WPKG_TRAP_NULL_REFERENCE] = {"null-reference", "null reference"},
	[WPKG_TRAP_CAST] = {"cast", "cast failure"},
	[WPKG_TRAP_UNALIGNED_ATOMIC] = {"unaligned-atomic", "unaligned atomic"},
	[WPKG_TRAP_UNSHARED_WAIT] = {"unshared-wait", "expected shared memory"},
	[WPKG_TRAP_EXCEPTION] = {"exception", "uncaught exception"},
	[WPKG_TRAP_STACK] = {"stack", "call stack exhausted"},
	[WPKG_TRAP_FUEL] = {"fuel", "fuel used up"},
	[WPKG_TRAP_DEADLINE] = {"deadline", "time used up"},
	[WPKG_TRAP_INTERRUPT] = {"interrupt", "interrupted"},
	[WPKG_TRAP_MEMORY_LIMIT] = {"memory-limit", "memory limit passed"},
	[WPKG_TRAP_TABLE_LIMIT] = {"table-limit", "table limit passed"},
	[WPKG_TRAP_HEAP_LIMIT] = {"heap-limit", "heap limit passed"},
	[WPKG_TRAP_NO_MEMORY] = {"no-memory", "the host has no memory left"},
	[WPKG_TRAP_UNSUPPORTED] = {"unsupported", "function passes a limit of the engine"},
	[WPKG_TRAP_EXIT] = {"exit", "exited"},
	[WPKG_TRAP_HOST] = {"host", "host function failed"},
};

const char *wpkg_trap_text(enum wpkg_trap trap)
{
	return (unsigned)trap < WPKG_TRAP_COUNT ? traps[trap].text : "unknown trap";
}

const char *wpkg_trap_name(enum wpkg_trap trap)
{
	return (unsigned)trap < WPKG_TRAP_COUNT ? traps[trap].name : "unknown";
}

bool wpkg_trap_is_limit(enum wpkg_trap trap)
{
	return trap >= WPKG_TRAP_STACK && trap <= WPKG_TRAP_UNSUPPORTED;
}
