/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_TYPE_H
#define WPKG_WASM_TYPE_H

/*
 * Types of WebAssembly 3.0 as words, and the table that makes equal types equal numbers.
 *
 * A value type is one word. References carry a nullable bit and a heap type: abstract (any, func,
 * ...) or concrete, the canonical number of a defined type. A recursion group gets its numbers from
 * a table, which gives equal groups equal numbers (the specification's iso-recursive equality); so
 * two types of the same table are equal when their words are.
 *
 *   31        reference
 *   30        nullable
 *   29        concrete: bits 0 to 27 are a canonical number, else an enum wpkg_heap
 *   28        inside wpkg_types_add only: the number counts from the start of the group
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

typedef uint32_t wpkg_valtype;

enum {
	WPKG_TYPE_NONE, /* no type */
	WPKG_TYPE_I32,
	WPKG_TYPE_I64,
	WPKG_TYPE_F32,
	WPKG_TYPE_F64,
	WPKG_TYPE_V128,
	WPKG_TYPE_I8,	  /* packed: fields of structs and arrays only */
	WPKG_TYPE_I16,	  /* packed */
	WPKG_TYPE_BOTTOM, /* in code that is never reached: of every type */
	WPKG_TYPE_ADDRESS /* signatures of opcode.def only: i32 or i64 as the memory says */
};

/* Abstract heap types. */
enum wpkg_heap {
	WPKG_HEAP_ANY,
	WPKG_HEAP_EQ,
	WPKG_HEAP_I31,
	WPKG_HEAP_STRUCT,
	WPKG_HEAP_ARRAY,
	WPKG_HEAP_NONE,
	WPKG_HEAP_FUNC,
	WPKG_HEAP_NOFUNC,
	WPKG_HEAP_EXTERN,
	WPKG_HEAP_NOEXTERN,
	WPKG_HEAP_EXN,
	WPKG_HEAP_NOEXN,
	WPKG_HEAP_BOTTOM, /* in code that is never reached: below every heap type */
	WPKG_HEAP_COUNT
};

#define WPKG_TYPE_REF UINT32_C(0x80000000)
#define WPKG_TYPE_NULLABLE UINT32_C(0x40000000)
#define WPKG_TYPE_CONCRETE UINT32_C(0x20000000)
#define WPKG_TYPE_RELATIVE UINT32_C(0x10000000)
#define WPKG_TYPE_INDEX UINT32_C(0x0fffffff)

/* (ref heap) and (ref null heap) of an abstract heap type; the same of a canonical number. */
#define WPKG_REF(heap) (WPKG_TYPE_REF | (uint32_t)(heap))
#define WPKG_REF_NULL(heap) (WPKG_TYPE_REF | WPKG_TYPE_NULLABLE | (uint32_t)(heap))
#define WPKG_REF_TYPE(id) (WPKG_TYPE_REF | WPKG_TYPE_CONCRETE | (id))
#define WPKG_REF_NULL_TYPE(id) (WPKG_REF_TYPE(id) | WPKG_TYPE_NULLABLE)

#define WPKG_TYPE_FUNCREF WPKG_REF_NULL(WPKG_HEAP_FUNC)
#define WPKG_TYPE_EXTERNREF WPKG_REF_NULL(WPKG_HEAP_EXTERN)
#define WPKG_TYPE_EXNREF WPKG_REF_NULL(WPKG_HEAP_EXN)

/* No canonical number, no supertype. */
#define WPKG_TYPE_ID_NONE UINT32_MAX

static inline bool wpkg_valtype_is_ref(wpkg_valtype type)
{
	return (type & WPKG_TYPE_REF) != 0;
}

static inline bool wpkg_valtype_is_nullable(wpkg_valtype type)
{
	return (type & WPKG_TYPE_NULLABLE) != 0;
}

/* Has a value of this type a default: zero or null? */
static inline bool wpkg_valtype_has_default(wpkg_valtype type)
{
	return (type & (WPKG_TYPE_REF | WPKG_TYPE_NULLABLE)) != WPKG_TYPE_REF;
}

/* The canonical number that a concrete reference refers to; WPKG_TYPE_ID_NONE for other types. */
static inline uint32_t wpkg_valtype_id(wpkg_valtype type)
{
	return type & WPKG_TYPE_CONCRETE ? type & WPKG_TYPE_INDEX : WPKG_TYPE_ID_NONE;
}

/* What a field of a storage type is when it is on the stack. */
static inline wpkg_valtype wpkg_valtype_unpacked(wpkg_valtype type)
{
	return type == WPKG_TYPE_I8 || type == WPKG_TYPE_I16 ? (wpkg_valtype)WPKG_TYPE_I32 : type;
}

struct wpkg_field {
	wpkg_valtype type; /* may be packed */
	bool is_mutable;
};

enum wpkg_composite { WPKG_COMPOSITE_FUNC, WPKG_COMPOSITE_STRUCT, WPKG_COMPOSITE_ARRAY };

/* A defined type. */
struct wpkg_type {
	uint8_t composite; /* enum wpkg_composite */
	bool is_final;
	uint8_t depth;	     /* supertypes above it: at most 63 */
	uint32_t super;	     /* canonical; WPKG_TYPE_ID_NONE: none */
	uint32_t group;	     /* canonical number of the first type of the recursion group */
	uint32_t group_size; /* types in the group */
	uint32_t param_count, result_count; /* functions */
	uint32_t field_count;		    /* structs; 1 for arrays */
	union {
		const wpkg_valtype *params;	 /* functions: parameters, then results */
		const struct wpkg_field *fields; /* structs and arrays */
	};
};

static inline const wpkg_valtype *wpkg_type_results(const struct wpkg_type *type)
{
	return type->params + type->param_count;
}

/*
 * A table of canonical types. Numbers count from 0 and never change; the types themselves move
 * when the table grows. Object lifetime (new/free), one thread at a time.
 */
struct wpkg_types {
	struct wpkg_type *types;
	uint32_t count, cap;
	struct wpkg_arena arena; /* what the types point to */
	uint32_t *buckets;	 /* open addressing: first type of a group, plus 1; 0: free */
	uint32_t *hashes;	 /* of the buckets' groups */
	uint32_t bucket_count;	 /* a power of two */
	uint32_t group_count;
};

/* An empty table that holds at most max_bytes of parameters, results and fields. */
void wpkg_types_init(struct wpkg_types *types, size_t max_bytes);
void wpkg_types_clear(struct wpkg_types *types);

/*
 * The number of a group's first type, adding the group when the table has no equal one. The types
 * of the group are numbered on from it. In *group, references to a type of the group itself and
 * supers inside it are relative (WPKG_TYPE_RELATIVE set, index in the group); the caller has set
 * depth; the fields group and group_size are not read. WPKG_ENOMEM when memory or the table's bound
 * is out.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_types_add(uint32_t *out, struct wpkg_types *types,
						const struct wpkg_type *group, uint32_t size,
						struct wpkg_err *err);

/*
 * Adds every type of another table and says what each number is here: map has room for
 * from->count numbers.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_types_adopt(uint32_t *map, struct wpkg_types *types,
						  const struct wpkg_types *from,
						  struct wpkg_err *err);

/* The word with its canonical number replaced by what the map of wpkg_types_adopt says. */
static inline wpkg_valtype wpkg_valtype_map(wpkg_valtype type, const uint32_t *map)
{
	if (!(type & WPKG_TYPE_CONCRETE))
		return type;
	return (type & ~WPKG_TYPE_INDEX) | map[type & WPKG_TYPE_INDEX];
}

/* The number for a function type that is a recursion group of its own, final, without supertype. */
WPKG_MUST_CHECK enum wpkg_status wpkg_types_add_func(uint32_t *out, struct wpkg_types *types,
						     const wpkg_valtype *params,
						     uint32_t param_count, uint32_t result_count,
						     struct wpkg_err *err);

/* Is the defined type a the same as b or below it? */
bool wpkg_types_id_matches(const struct wpkg_types *types, uint32_t a, uint32_t b);

/* The same of value types. */
bool wpkg_types_matches(const struct wpkg_types *types, wpkg_valtype a, wpkg_valtype b);

/* The topmost abstract heap type above the reference's: any, func, extern or exn. */
enum wpkg_heap wpkg_types_top(const struct wpkg_types *types, wpkg_valtype ref);

#endif
