/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of wasm.h, one family for all of them. Without memory a vector is empty, and the
 * items that it was to have are gone. */
#include "capi/wasm.h"

#include "base/mem.h"

/* copy_NAME makes an item of its own of another one, clear_NAME ends it. */
#define DEFINE_VEC(name, star)                                                                     \
	void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out)                                 \
	{                                                                                          \
		out->size = 0;                                                                     \
		out->data = NULL;                                                                  \
	}                                                                                          \
	void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t size)            \
	{                                                                                          \
		out->data = size ? wpkg_mem_calloc(size, sizeof(*out->data)) : NULL;               \
		out->size = out->data ? size : 0;                                                  \
	}                                                                                          \
	void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t size,                          \
				   wasm_##name##_t star const data[])                              \
	{                                                                                          \
		wasm_##name##_vec_new_uninitialized(out, size);                                    \
		if (out->size == size) {                                                           \
			if (size)                                                                  \
				memcpy(out->data, data, size * sizeof(*data));                     \
			return;                                                                    \
		}                                                                                  \
		for (size_t i = 0; i < size; i++) {                                                \
			wasm_##name##_t star item = data[i];                                       \
			clear_##name(&item);                                                       \
		}                                                                                  \
	}                                                                                          \
	void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *from)     \
	{                                                                                          \
		wasm_##name##_vec_new_uninitialized(out, from->size);                              \
		for (size_t i = 0; i < out->size; i++)                                             \
			copy_##name(&out->data[i], &from->data[i]);                                \
	}                                                                                          \
	void wasm_##name##_vec_delete(wasm_##name##_vec_t *vec)                                    \
	{                                                                                          \
		for (size_t i = 0; i < vec->size; i++)                                             \
			clear_##name(&vec->data[i]);                                               \
		wpkg_mem_free(vec->data);                                                          \
		vec->data = NULL;                                                                  \
		vec->size = 0;                                                                     \
	}

#define DEFINE_POINTER_VEC(name)                                                                   \
	static void copy_##name(wasm_##name##_t **to, wasm_##name##_t *const *from)                \
	{                                                                                          \
		*to = *from ? wasm_##name##_copy(*from) : NULL;                                    \
	}                                                                                          \
	static void clear_##name(wasm_##name##_t **item)                                           \
	{                                                                                          \
		wasm_##name##_delete(*item);                                                       \
	}                                                                                          \
	DEFINE_VEC(name, *)

static void copy_byte(wasm_byte_t *to, const wasm_byte_t *from)
{
	*to = *from;
}

static void clear_byte(wasm_byte_t *byte)
{
	*byte = 0;
}

#define copy_val wasm_val_copy
#define clear_val wasm_val_delete

DEFINE_VEC(byte, )
DEFINE_VEC(val, )
DEFINE_POINTER_VEC(valtype)
DEFINE_POINTER_VEC(functype)
DEFINE_POINTER_VEC(globaltype)
DEFINE_POINTER_VEC(tabletype)
DEFINE_POINTER_VEC(memorytype)
DEFINE_POINTER_VEC(tagtype)
DEFINE_POINTER_VEC(externtype)
DEFINE_POINTER_VEC(importtype)
DEFINE_POINTER_VEC(exporttype)
DEFINE_POINTER_VEC(frame)
DEFINE_POINTER_VEC(extern)
