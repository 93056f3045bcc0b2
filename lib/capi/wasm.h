/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASM_H
#define WASM_H

/*
 * The interface that the community's engines share ("wasm-c-api"), by its names, over this engine:
 * programs that were written for it can be built with wpkg instead. What it does not have (limits,
 * WASI, vectors, memories of 64 bits) is in wpkg.h.
 *
 * "own" marks what changes hands: an owned result or parameter is the receiver's to delete. Handles
 * of what a store made (functions, memories, instances, ...) refer to it: deleting the last one
 * does not end what the guest can still reach, and everything goes with the store, which outlives
 * its handles. Finalizers run at the latest then.
 *
 * A store belongs to one thread at a time; an engine and a shared module to any number. Functions
 * that make something return NULL when memory is out, or when what they are given is not good; a
 * vector is empty then, or has NULL for what could not be made. NULL is fine for each delete.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef WASM_API_EXTERN
#define WASM_API_EXTERN
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define own

typedef char byte_t;
typedef float float32_t;
typedef double float64_t;
typedef byte_t wasm_byte_t;

static_assert(sizeof(float32_t) == sizeof(uint32_t), "float is no 32-bit number");
static_assert(sizeof(float64_t) == sizeof(uint64_t), "double is no 64-bit number");

/* Families of declarations. */

#define WASM_DECLARE_OWN(name)                                                                     \
	typedef struct wasm_##name##_t wasm_##name##_t;                                            \
	WASM_API_EXTERN void wasm_##name##_delete(own wasm_##name##_t *);

/* A vector owns its array and, where it holds pointers, what they point to. */
#define WASM_DECLARE_VEC(name, star)                                                               \
	typedef struct wasm_##name##_vec_t {                                                       \
		size_t size;                                                                       \
		wasm_##name##_t star *data;                                                        \
	} wasm_##name##_vec_t;                                                                     \
	WASM_API_EXTERN void wasm_##name##_vec_new_empty(own wasm_##name##_vec_t *out);            \
	WASM_API_EXTERN void wasm_##name##_vec_new_uninitialized(own wasm_##name##_vec_t *out,     \
								 size_t size);                     \
	WASM_API_EXTERN void wasm_##name##_vec_new(own wasm_##name##_vec_t *out, size_t size,      \
						   own wasm_##name##_t star const data[]);         \
	WASM_API_EXTERN void wasm_##name##_vec_copy(own wasm_##name##_vec_t *out,                  \
						    const wasm_##name##_vec_t *from);              \
	WASM_API_EXTERN void wasm_##name##_vec_delete(own wasm_##name##_vec_t *);

#define WASM_DECLARE_TYPE(name)                                                                    \
	WASM_DECLARE_OWN(name)                                                                     \
	WASM_DECLARE_VEC(name, *)                                                                  \
	WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *);

/* Two handles are the same when they refer to the same thing, which has the host's information. */
#define WASM_DECLARE_REF_BASE(name)                                                                \
	WASM_DECLARE_OWN(name)                                                                     \
	WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *);          \
	WASM_API_EXTERN bool wasm_##name##_same(const wasm_##name##_t *, const wasm_##name##_t *); \
	WASM_API_EXTERN void *wasm_##name##_get_host_info(const wasm_##name##_t *);                \
	WASM_API_EXTERN void wasm_##name##_set_host_info(wasm_##name##_t *, void *);               \
	WASM_API_EXTERN void wasm_##name##_set_host_info_with_finalizer(                           \
		wasm_##name##_t *, void *, void (*finalizer)(void *));

#define WASM_DECLARE_REF(name)                                                                     \
	WASM_DECLARE_REF_BASE(name)                                                                \
	WASM_API_EXTERN wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *);                       \
	WASM_API_EXTERN wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *);                         \
	WASM_API_EXTERN const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *);     \
	WASM_API_EXTERN const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *);

#define WASM_DECLARE_SHARABLE_REF(name)                                                            \
	WASM_DECLARE_REF(name)                                                                     \
	WASM_DECLARE_OWN(shared_##name)                                                            \
	WASM_API_EXTERN own wasm_shared_##name##_t *wasm_##name##_share(const wasm_##name##_t *);  \
	WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_obtain(wasm_store_t *,                  \
								  const wasm_shared_##name##_t *);

/* Bytes and names. */

WASM_DECLARE_VEC(byte, )

typedef wasm_byte_vec_t wasm_name_t;

#define wasm_name wasm_byte_vec
#define wasm_name_new wasm_byte_vec_new
#define wasm_name_new_empty wasm_byte_vec_new_empty
#define wasm_name_new_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_copy wasm_byte_vec_copy
#define wasm_name_delete wasm_byte_vec_delete

static inline void wasm_name_new_from_string(own wasm_name_t *out, const char *text)
{
	wasm_byte_vec_new(out, strlen(text), text);
}

/* With the NUL byte. */
static inline void wasm_name_new_from_string_nt(own wasm_name_t *out, const char *text)
{
	wasm_byte_vec_new(out, strlen(text) + 1, text);
}

/* Configuration, engine, store. */

WASM_DECLARE_OWN(config)
WASM_API_EXTERN own wasm_config_t *wasm_config_new(void);

WASM_DECLARE_OWN(engine)
WASM_API_EXTERN own wasm_engine_t *wasm_engine_new(void);
WASM_API_EXTERN own wasm_engine_t *wasm_engine_new_with_config(own wasm_config_t *);

WASM_DECLARE_OWN(store)
WASM_API_EXTERN own wasm_store_t *wasm_store_new(wasm_engine_t *);

/* Types. */

typedef uint8_t wasm_mutability_t;
enum wasm_mutability_enum { WASM_CONST, WASM_VAR };

typedef struct wasm_limits_t {
	uint32_t min;
	uint32_t max;
} wasm_limits_t;

static const uint32_t wasm_limits_max_default = 0xffffffff; /* no maximum */

WASM_DECLARE_TYPE(valtype)

typedef uint8_t wasm_valkind_t;
enum wasm_valkind_enum {
	WASM_I32,
	WASM_I64,
	WASM_F32,
	WASM_F64,
	WASM_V128, /* a type that may be seen, but there are no such values here */
	WASM_EXTERNREF = 128,
	WASM_FUNCREF
};
#define WASM_ANYREF WASM_EXTERNREF /* as it was called at first */

WASM_API_EXTERN own wasm_valtype_t *wasm_valtype_new(wasm_valkind_t);
WASM_API_EXTERN wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *);

static inline bool wasm_valkind_is_num(wasm_valkind_t kind)
{
	return kind < WASM_EXTERNREF;
}

static inline bool wasm_valkind_is_ref(wasm_valkind_t kind)
{
	return kind >= WASM_EXTERNREF;
}

static inline bool wasm_valtype_is_num(const wasm_valtype_t *type)
{
	return wasm_valkind_is_num(wasm_valtype_kind(type));
}

static inline bool wasm_valtype_is_ref(const wasm_valtype_t *type)
{
	return wasm_valkind_is_ref(wasm_valtype_kind(type));
}

WASM_DECLARE_TYPE(functype)
WASM_API_EXTERN own wasm_functype_t *wasm_functype_new(own wasm_valtype_vec_t *params,
						       own wasm_valtype_vec_t *results);
WASM_API_EXTERN const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *);
WASM_API_EXTERN const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *);

WASM_DECLARE_TYPE(globaltype)
WASM_API_EXTERN own wasm_globaltype_t *wasm_globaltype_new(own wasm_valtype_t *, wasm_mutability_t);
WASM_API_EXTERN const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *);
WASM_API_EXTERN wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *);

WASM_DECLARE_TYPE(tabletype)
WASM_API_EXTERN own wasm_tabletype_t *wasm_tabletype_new(own wasm_valtype_t *,
							 const wasm_limits_t *);
WASM_API_EXTERN const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *);
WASM_API_EXTERN const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *);

WASM_DECLARE_TYPE(memorytype)
WASM_API_EXTERN own wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *);
WASM_API_EXTERN const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *);

WASM_DECLARE_TYPE(tagtype)
WASM_API_EXTERN own wasm_tagtype_t *wasm_tagtype_new(own wasm_functype_t *);
WASM_API_EXTERN const wasm_functype_t *wasm_tagtype_functype(const wasm_tagtype_t *);

typedef uint8_t wasm_externkind_t;
enum wasm_externkind_enum {
	WASM_EXTERN_FUNC,
	WASM_EXTERN_GLOBAL,
	WASM_EXTERN_TABLE,
	WASM_EXTERN_MEMORY,
	WASM_EXTERN_TAG
};

WASM_DECLARE_TYPE(externtype)
WASM_API_EXTERN wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *);

/* Up and down; down is NULL for an external type of another kind. The same object either way. */
#define WASM_DECLARE_EXTERNTYPE(name)                                                              \
	WASM_API_EXTERN wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *);         \
	WASM_API_EXTERN wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *);           \
	WASM_API_EXTERN const wasm_externtype_t *wasm_##name##_as_externtype_const(                \
		const wasm_##name##_t *);                                                          \
	WASM_API_EXTERN const wasm_##name##_t *wasm_externtype_as_##name##_const(                  \
		const wasm_externtype_t *);

WASM_DECLARE_EXTERNTYPE(functype)
WASM_DECLARE_EXTERNTYPE(globaltype)
WASM_DECLARE_EXTERNTYPE(tabletype)
WASM_DECLARE_EXTERNTYPE(memorytype)
WASM_DECLARE_EXTERNTYPE(tagtype)

WASM_DECLARE_TYPE(importtype)
WASM_API_EXTERN own wasm_importtype_t *
wasm_importtype_new(own wasm_name_t *module, own wasm_name_t *name, own wasm_externtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *);
WASM_API_EXTERN const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *);

WASM_DECLARE_TYPE(exporttype)
WASM_API_EXTERN own wasm_exporttype_t *wasm_exporttype_new(own wasm_name_t *,
							   own wasm_externtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *);
WASM_API_EXTERN const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *);

/* Values. */

struct wasm_ref_t;

typedef struct wasm_val_t {
	wasm_valkind_t kind;
	union {
		int32_t i32;
		int64_t i64;
		float32_t f32;
		float64_t f64;
		struct wasm_ref_t *ref; /* NULL: the null reference */
	} of;
} wasm_val_t;

WASM_API_EXTERN void wasm_val_delete(own wasm_val_t *); /* what it holds, not the struct */
WASM_API_EXTERN void wasm_val_copy(own wasm_val_t *out, const wasm_val_t *);

WASM_DECLARE_VEC(val, )

/* References, and what they refer to. */

WASM_DECLARE_REF_BASE(ref)

WASM_DECLARE_OWN(frame)
WASM_DECLARE_VEC(frame, *)
WASM_API_EXTERN own wasm_frame_t *wasm_frame_copy(const wasm_frame_t *);
/* Offsets are in bytes: from the start of the function's body, and of the module. */
WASM_API_EXTERN struct wasm_instance_t *wasm_frame_instance(const wasm_frame_t *);
WASM_API_EXTERN uint32_t wasm_frame_func_index(const wasm_frame_t *);
WASM_API_EXTERN size_t wasm_frame_func_offset(const wasm_frame_t *);
WASM_API_EXTERN size_t wasm_frame_module_offset(const wasm_frame_t *);

typedef wasm_name_t wasm_message_t; /* with a NUL byte at its end */

WASM_DECLARE_REF(trap)
WASM_API_EXTERN own wasm_trap_t *wasm_trap_new(wasm_store_t *, const wasm_message_t *);
WASM_API_EXTERN void wasm_trap_message(const wasm_trap_t *, own wasm_message_t *out);
WASM_API_EXTERN own wasm_frame_t *wasm_trap_origin(const wasm_trap_t *); /* NULL: no guest's */
WASM_API_EXTERN void wasm_trap_trace(const wasm_trap_t *, own wasm_frame_vec_t *out);

/* Something of the host's, for the guest to hold as an external reference. */
WASM_DECLARE_REF(foreign)
WASM_API_EXTERN own wasm_foreign_t *wasm_foreign_new(wasm_store_t *);

WASM_DECLARE_SHARABLE_REF(module)
WASM_API_EXTERN own wasm_module_t *wasm_module_new(wasm_store_t *, const wasm_byte_vec_t *binary);
WASM_API_EXTERN bool wasm_module_validate(wasm_store_t *, const wasm_byte_vec_t *binary);
WASM_API_EXTERN void wasm_module_imports(const wasm_module_t *, own wasm_importtype_vec_t *out);
WASM_API_EXTERN void wasm_module_exports(const wasm_module_t *, own wasm_exporttype_vec_t *out);
/* The serialized form is the binary itself, and is validated again when it is read. */
WASM_API_EXTERN void wasm_module_serialize(const wasm_module_t *, own wasm_byte_vec_t *out);
WASM_API_EXTERN own wasm_module_t *wasm_module_deserialize(wasm_store_t *, const wasm_byte_vec_t *);

/* A callback fills results, whose size is the type's, or returns a trap that the caller gets. */
WASM_DECLARE_REF(func)
typedef own wasm_trap_t *(*wasm_func_callback_t)(const wasm_val_vec_t *args,
						 own wasm_val_vec_t *results);
typedef own wasm_trap_t *(*wasm_func_callback_with_env_t)(void *env, const wasm_val_vec_t *args,
							  own wasm_val_vec_t *results);
WASM_API_EXTERN own wasm_func_t *wasm_func_new(wasm_store_t *, const wasm_functype_t *,
					       wasm_func_callback_t);
WASM_API_EXTERN own wasm_func_t *wasm_func_new_with_env(wasm_store_t *, const wasm_functype_t *,
							wasm_func_callback_with_env_t, void *env,
							void (*finalizer)(void *));
WASM_API_EXTERN own wasm_functype_t *wasm_func_type(const wasm_func_t *);
WASM_API_EXTERN size_t wasm_func_param_arity(const wasm_func_t *);
WASM_API_EXTERN size_t wasm_func_result_arity(const wasm_func_t *);
/* Sizes are those of the type; results may be empty when they are not wanted. NULL when it
 * returned. */
WASM_API_EXTERN own wasm_trap_t *wasm_func_call(const wasm_func_t *, const wasm_val_vec_t *args,
						wasm_val_vec_t *results);

WASM_DECLARE_REF(global)
WASM_API_EXTERN own wasm_global_t *wasm_global_new(wasm_store_t *, const wasm_globaltype_t *,
						   const wasm_val_t *);
WASM_API_EXTERN own wasm_globaltype_t *wasm_global_type(const wasm_global_t *);
WASM_API_EXTERN void wasm_global_get(const wasm_global_t *, own wasm_val_t *out);
WASM_API_EXTERN void wasm_global_set(wasm_global_t *, const wasm_val_t *);

WASM_DECLARE_REF(table)
typedef uint32_t wasm_table_size_t;
WASM_API_EXTERN own wasm_table_t *wasm_table_new(wasm_store_t *, const wasm_tabletype_t *,
						 wasm_ref_t *init);
WASM_API_EXTERN own wasm_tabletype_t *wasm_table_type(const wasm_table_t *);
WASM_API_EXTERN own wasm_ref_t *wasm_table_get(const wasm_table_t *, wasm_table_size_t index);
WASM_API_EXTERN bool wasm_table_set(wasm_table_t *, wasm_table_size_t index, wasm_ref_t *);
WASM_API_EXTERN wasm_table_size_t wasm_table_size(const wasm_table_t *);
WASM_API_EXTERN bool wasm_table_grow(wasm_table_t *, wasm_table_size_t delta, wasm_ref_t *init);

WASM_DECLARE_REF(memory)
typedef uint32_t wasm_memory_pages_t;
static const size_t MEMORY_PAGE_SIZE = 0x10000;
WASM_API_EXTERN own wasm_memory_t *wasm_memory_new(wasm_store_t *, const wasm_memorytype_t *);
WASM_API_EXTERN own wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *);
WASM_API_EXTERN byte_t *wasm_memory_data(wasm_memory_t *); /* never moves */
WASM_API_EXTERN size_t wasm_memory_data_size(const wasm_memory_t *);
WASM_API_EXTERN wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *);
WASM_API_EXTERN bool wasm_memory_grow(wasm_memory_t *, wasm_memory_pages_t delta);

WASM_DECLARE_REF(tag)
WASM_API_EXTERN own wasm_tag_t *wasm_tag_new(wasm_store_t *, const wasm_tagtype_t *);
WASM_API_EXTERN own wasm_tagtype_t *wasm_tag_type(const wasm_tag_t *);

WASM_DECLARE_REF(extern)
WASM_DECLARE_VEC(extern, *)
WASM_API_EXTERN wasm_externkind_t wasm_extern_kind(const wasm_extern_t *);
WASM_API_EXTERN own wasm_externtype_t *wasm_extern_type(const wasm_extern_t *);

/* Up and down, as for types. */
#define WASM_DECLARE_EXTERN(name)                                                                  \
	WASM_API_EXTERN wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *);                 \
	WASM_API_EXTERN wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *);                   \
	WASM_API_EXTERN const wasm_extern_t *wasm_##name##_as_extern_const(                        \
		const wasm_##name##_t *);                                                          \
	WASM_API_EXTERN const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *);

WASM_DECLARE_EXTERN(func)
WASM_DECLARE_EXTERN(global)
WASM_DECLARE_EXTERN(table)
WASM_DECLARE_EXTERN(memory)
WASM_DECLARE_EXTERN(tag)

/* Imports are in the module's order. On failure *trap, when trap is not NULL, says why. */
WASM_DECLARE_REF(instance)
WASM_API_EXTERN own wasm_instance_t *wasm_instance_new(wasm_store_t *, const wasm_module_t *,
						       const wasm_extern_vec_t *imports,
						       own wasm_trap_t **trap);
WASM_API_EXTERN void wasm_instance_exports(const wasm_instance_t *, own wasm_extern_vec_t *out);

/* Short forms. */

#define WASM_VALTYPE_NEW(name, kind)                                                               \
	static inline own wasm_valtype_t *wasm_valtype_new_##name(void)                            \
	{                                                                                          \
		return wasm_valtype_new(kind);                                                     \
	}
WASM_VALTYPE_NEW(i32, WASM_I32)
WASM_VALTYPE_NEW(i64, WASM_I64)
WASM_VALTYPE_NEW(f32, WASM_F32)
WASM_VALTYPE_NEW(f64, WASM_F64)
WASM_VALTYPE_NEW(anyref, WASM_EXTERNREF)
WASM_VALTYPE_NEW(externref, WASM_EXTERNREF)
WASM_VALTYPE_NEW(funcref, WASM_FUNCREF)
#undef WASM_VALTYPE_NEW

static inline own wasm_functype_t *wasm_functype_new_of(size_t param_count,
							wasm_valtype_t *const *params,
							size_t result_count,
							wasm_valtype_t *const *results)
{
	wasm_valtype_vec_t param_vec = {0, NULL}, result_vec = {0, NULL};
	wasm_valtype_vec_new(&param_vec, param_count, params);
	wasm_valtype_vec_new(&result_vec, result_count, results);
	if (param_vec.size == param_count && result_vec.size == result_count)
		return wasm_functype_new(&param_vec, &result_vec);
	wasm_valtype_vec_delete(&param_vec);
	wasm_valtype_vec_delete(&result_vec);
	return NULL;
}

/* wasm_functype_new_2_1(a, b, result): by the numbers of parameters and results. */
#define WASM_P1 wasm_valtype_t *p1
#define WASM_P2 WASM_P1, wasm_valtype_t *p2
#define WASM_P3 WASM_P2, wasm_valtype_t *p3
#define WASM_R1 wasm_valtype_t *r1
#define WASM_R2 WASM_R1, wasm_valtype_t *r2
#define WASM_FUNCTYPE(p, r, parameters, ps, rs)                                                    \
	static inline own wasm_functype_t *wasm_functype_new_##p##_##r parameters                  \
	{                                                                                          \
		wasm_valtype_t *params[] = ps;                                                     \
		wasm_valtype_t *results[] = rs;                                                    \
		return wasm_functype_new_of(p, params, r, results);                                \
	}
#define WASM_LIST(...)                                                                             \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
WASM_FUNCTYPE(0, 0, (void), {NULL}, {NULL})
WASM_FUNCTYPE(1, 0, (WASM_P1), {p1}, {NULL})
WASM_FUNCTYPE(2, 0, (WASM_P2), WASM_LIST(p1, p2), {NULL})
WASM_FUNCTYPE(3, 0, (WASM_P3), WASM_LIST(p1, p2, p3), {NULL})
WASM_FUNCTYPE(0, 1, (WASM_R1), {NULL}, {r1})
WASM_FUNCTYPE(1, 1, (WASM_P1, WASM_R1), {p1}, {r1})
WASM_FUNCTYPE(2, 1, (WASM_P2, WASM_R1), WASM_LIST(p1, p2), {r1})
WASM_FUNCTYPE(3, 1, (WASM_P3, WASM_R1), WASM_LIST(p1, p2, p3), {r1})
WASM_FUNCTYPE(0, 2, (WASM_R2), {NULL}, WASM_LIST(r1, r2))
WASM_FUNCTYPE(1, 2, (WASM_P1, WASM_R2), {p1}, WASM_LIST(r1, r2))
WASM_FUNCTYPE(2, 2, (WASM_P2, WASM_R2), WASM_LIST(p1, p2), WASM_LIST(r1, r2))
WASM_FUNCTYPE(3, 2, (WASM_P3, WASM_R2), WASM_LIST(p1, p2, p3), WASM_LIST(r1, r2))
#undef WASM_FUNCTYPE
#undef WASM_LIST
#undef WASM_P1
#undef WASM_P2
#undef WASM_P3
#undef WASM_R1
#undef WASM_R2

/* A pointer as a number. */
static inline void wasm_val_init_ptr(own wasm_val_t *out, void *p)
{
	out->kind = sizeof(void *) == 8 ? WASM_I64 : WASM_I32;
	out->of.i64 = (int64_t)(intptr_t)p;
}

static inline void *wasm_val_ptr(const wasm_val_t *val)
{
	return (void *)(intptr_t)val->of.i64;
}

#define WASM_I32_VAL(i)                                                                            \
	{                                                                                          \
		.kind = WASM_I32, .of = {.i32 = i }                                                \
	}
#define WASM_I64_VAL(i)                                                                            \
	{                                                                                          \
		.kind = WASM_I64, .of = {.i64 = i }                                                \
	}
#define WASM_F32_VAL(z)                                                                            \
	{                                                                                          \
		.kind = WASM_F32, .of = {.f32 = z }                                                \
	}
#define WASM_F64_VAL(z)                                                                            \
	{                                                                                          \
		.kind = WASM_F64, .of = {.f64 = z }                                                \
	}
#define WASM_REF_VAL(r)                                                                            \
	{                                                                                          \
		.kind = WASM_EXTERNREF, .of = {.ref = r }                                          \
	}
#define WASM_INIT_VAL                                                                              \
	{                                                                                          \
		.kind = WASM_EXTERNREF, .of = {.ref = NULL }                                       \
	}

#define WASM_EMPTY_VEC                                                                             \
	{                                                                                          \
		.size = 0, .data = NULL                                                            \
	}
#define WASM_ARRAY_VEC(array)                                                                      \
	{                                                                                          \
		.size = sizeof(array) / sizeof(*(array)), .data = array                            \
	}

#undef own

#ifdef __cplusplus
}
#endif

#endif
