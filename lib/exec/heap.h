/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_HEAP_H
#define WPKG_EXEC_HEAP_H

/*
 * The heap of an engine: structs, arrays and exceptions, and the collector over them.
 *
 * A reference is a word whose low bits say what it refers to, so neither code nor collector has to
 * ask elsewhere:
 *
 *   0      null
 *   ...1   i31: its value in bits 1 to 31, bits above 0
 *   ..10   a value of the host, as extern or as any
 *   .100   an object of the heap: its address plus 4
 *   .000   a function: the address of its struct wpkg_func
 *
 * The collector marks what precise roots reach (root.c) and sweeps the rest. Objects never move.
 * It runs inside an allocation only; so a reference that is in no root must not be kept over one.
 * What is counted against the ceiling is what the heap takes from the host; it is taken from what
 * the engine has in all, too (budget.h), and a collection gives back what it frees.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/trap.h"
#include "wasm/type.h"

struct wpkg_engine;
struct wpkg_tag;

/* Types of objects that are no canonical number. */
#define EXEC_TYPE_FREE UINT32_MAX
#define EXEC_TYPE_EXCEPTION (UINT32_MAX - 1)

struct exec_object {
	uint32_t type;		  /* canonical number, or one of the above */
	uint32_t length;	  /* arrays: items; exceptions: slots of the values */
	struct exec_object *link; /* marked: the next to scan, or an end; free: the next free one */
};				  /* and its contents, 16-byte aligned */

/* Exceptions: a tag and the values thrown with it, in slots as its parameters are. */
struct exec_exception {
	struct exec_object object;
	const struct wpkg_tag *tag;
	uint64_t values[];
};

#define EXEC_OBJECT_TAG 4

static inline bool exec_is_i31(uint64_t ref)
{
	return (ref & 1) != 0;
}

static inline bool exec_is_host(uint64_t ref)
{
	return (ref & 3) == 2;
}

static inline bool exec_is_object(uint64_t ref)
{
	return (ref & 7) == EXEC_OBJECT_TAG;
}

static inline struct exec_object *exec_object(uint64_t ref)
{
	return (struct exec_object *)(ref - EXEC_OBJECT_TAG);
}

static inline uint64_t exec_ref(const struct exec_object *object)
{
	return (uint64_t)object + EXEC_OBJECT_TAG;
}

static inline uint8_t *exec_contents(struct exec_object *object)
{
	return (uint8_t *)(object + 1);
}

/* From a reference to a byte of its object's contents. */
#define EXEC_CONTENTS ((int32_t)sizeof(struct exec_object) - EXEC_OBJECT_TAG)

/* Where the parts of an object of a type stand. One for each struct and array type. */
struct exec_layout {
	uint32_t type; /* canonical */
	bool is_array;
	bool has_refs;		 /* arrays: the items are references */
	uint32_t size;		 /* bytes of a struct's contents, or of an item */
	uint32_t field_count;	 /* structs; 1 for arrays */
	uint32_t slots;		 /* that the fields take on the stack */
	uint32_t depth;		 /* supers has depth + 1 entries */
	const uint32_t *supers;	 /* canonical numbers from the topmost supertype to the type */
	const uint32_t *offsets; /* structs: of each field in the contents */
	const uint32_t *refs;	 /* structs: of those that are references */
	uint32_t ref_count;
	const struct wpkg_field *fields;
};

#define EXEC_CLASSES 41

struct exec_block;
struct exec_large;

struct exec_heap {
	uint64_t limit;	    /* bytes that the heap may take */
	uint64_t bytes;	    /* that it takes */
	uint64_t threshold; /* it collects before it takes more than this */
	bool always;	    /* it collects before each allocation */
	struct exec_object *free[EXEC_CLASSES];
	uint32_t free_count[EXEC_CLASSES];  /* after the last collection, less what was taken */
	uint32_t total_count[EXEC_CLASSES]; /* cells */
	struct exec_block *blocks;
	struct exec_large *large;
	struct exec_object *gray; /* marked, not scanned: a list up to end */
	struct exec_object end;
	uint64_t collections;
};

void exec_heap_init(struct exec_heap *heap, uint64_t limit, bool always);
void exec_heap_clear(struct exec_heap *heap);

/*
 * A new object with zeroed contents. May collect: the machine's pc and fp (struct vm) stand at the
 * instruction that allocates, or pc is NULL. WPKG_TRAP_HEAP_LIMIT or WPKG_TRAP_NO_MEMORY.
 */
enum wpkg_trap exec_heap_new(struct exec_object **out, struct wpkg_engine *engine, uint32_t type,
			     uint32_t length, uint64_t bytes);

/* Marks what the reference refers to. For the roots. */
void exec_heap_mark(struct exec_heap *heap, uint64_t ref);

/* Marks every root of the engine (root.c). */
void exec_roots_mark(struct wpkg_engine *engine);

/* Layouts of the types that the engine's table has got since. False when memory is out. */
bool exec_layouts_extend(struct wpkg_engine *engine);

#endif
