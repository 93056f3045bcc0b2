/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_EMBED_H
#define WPKG_TESTS_EMBED_H

/* What the programs share that use wasm.h as it is installed. The first argument is a module. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static inline void read_file(wasm_byte_vec_t *out, const char *path)
{
	FILE *file = fopen(path, "rb");
	CHECK(file);
	wasm_byte_vec_new_uninitialized(out, 1 << 16);
	out->size = fread(out->data, 1, out->size, file);
	fclose(file);
}

static inline wasm_module_t *load(wasm_store_t *store, const char *path)
{
	wasm_byte_vec_t binary;
	read_file(&binary, path);
	CHECK(wasm_module_validate(store, &binary));
	wasm_module_t *module = wasm_module_new(store, &binary);
	CHECK(module);
	wasm_byte_vec_delete(&binary);
	return module;
}

/* The message of a trap, which must be that, and whose handle is deleted. */
static inline void check_trap(wasm_trap_t *trap, const char *text)
{
	wasm_message_t message;
	CHECK(trap);
	wasm_trap_message(trap, &message);
	if (strcmp(message.data, text) != 0) {
		fprintf(stderr, "trap: %s, not %s\n", message.data, text);
		exit(1);
	}
	wasm_name_delete(&message);
	wasm_trap_delete(trap);
}

static inline int32_t call_i32(const wasm_func_t *func, size_t count, wasm_val_t *values)
{
	wasm_val_t result[1] = {WASM_INIT_VAL};
	wasm_val_vec_t args = {count, values}, results = WASM_ARRAY_VEC(result);
	CHECK(wasm_func_call(func, &args, &results) == NULL);
	CHECK(result[0].kind == WASM_I32);
	return result[0].of.i32;
}

static inline int32_t call_i32_0(const wasm_func_t *func)
{
	return call_i32(func, 0, NULL);
}

static inline int32_t call_i32_1(const wasm_func_t *func, int32_t a)
{
	wasm_val_t args[] = {WASM_I32_VAL(a)};
	return call_i32(func, 1, args);
}

#endif
