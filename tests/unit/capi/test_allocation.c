/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wasm.h when memory is out: every allocation of a store's life fails in turn. Nothing crashes, and
 * (as the address sanitizer sees) nothing is lost; what cannot be made is NULL.
 */
#include "../unit.h"

#include <string.h>

#include "base/buf.h"
#include "capi/wasm.h"
#include "wasm/wat.h"

static const char text[] =
	"(module (import \"\" \"f\" (func $f (param i32 externref) (result externref)))"
	"  (import \"\" \"g\" (global i32)) (import \"\" \"t\" (table 1 funcref))"
	"  (import \"\" \"m\" (memory 1))"
	"  (tag (export \"e\") (param i64)) (export \"g\" (global 0)) (export \"t\" (table 0))"
	"  (export \"m\" (memory 0))"
	"  (func (export \"call\") (param i32 externref) (result externref)"
	"    (call $f (local.get 0) (local.get 1))))";

#define EXPORT_OF_CALL 4

static wasm_byte_vec_t binary;

/* Returns its reference; with another number than 1 a trap. */
static wasm_trap_t *callback(void *store, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	wasm_message_t message;
	if (args->data[0].of.i32 == 1) {
		wasm_val_copy(&results->data[0], &args->data[1]);
		return NULL;
	}
	wasm_name_new_from_string_nt(&message, "no");
	wasm_trap_t *trap = wasm_trap_new(store, &message);
	wasm_name_delete(&message);
	return trap;
}

static wasm_func_t *new_func(wasm_store_t *store)
{
	wasm_functype_t *type = wasm_functype_new_2_1(
		wasm_valtype_new_i32(), wasm_valtype_new_externref(), wasm_valtype_new_externref());
	wasm_func_t *func =
		type ? wasm_func_new_with_env(store, type, callback, store, NULL) : NULL;
	wasm_functype_delete(type);
	return func;
}

static wasm_global_t *new_global(wasm_store_t *store)
{
	wasm_val_t init = WASM_I32_VAL(1);
	wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
	wasm_global_t *global = type ? wasm_global_new(store, type, &init) : NULL;
	wasm_globaltype_delete(type);
	return global;
}

static wasm_table_t *new_table(wasm_store_t *store)
{
	wasm_limits_t limits = {1, 5};
	wasm_tabletype_t *type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
	wasm_table_t *table = type ? wasm_table_new(store, type, NULL) : NULL;
	wasm_tabletype_delete(type);
	return table;
}

static wasm_memory_t *new_memory(wasm_store_t *store)
{
	wasm_limits_t limits = {1, 2};
	wasm_memorytype_t *type = wasm_memorytype_new(&limits);
	wasm_memory_t *memory = type ? wasm_memory_new(store, type) : NULL;
	wasm_memorytype_delete(type);
	return memory;
}

static void look_at_types(wasm_module_t *module, wasm_extern_vec_t *exports)
{
	wasm_importtype_vec_t imports, copy;
	wasm_exporttype_vec_t types;
	wasm_module_imports(module, &imports);
	wasm_importtype_vec_copy(&copy, &imports);
	wasm_importtype_vec_delete(&imports);
	wasm_importtype_vec_delete(&copy);
	wasm_module_exports(module, &types);
	wasm_exporttype_vec_delete(&types);
	for (size_t i = 0; i < exports->size; i++)
		if (exports->data[i])
			wasm_externtype_delete(wasm_extern_type(exports->data[i]));
}

/* One call that returns, one that traps; is the first one's result what it should be? */
static bool calls(wasm_store_t *store, wasm_extern_t *export)
{
	wasm_foreign_t *foreign = wasm_foreign_new(store);
	wasm_val_t values[] = {WASM_I32_VAL(1), WASM_REF_VAL(NULL)}, got[] = {WASM_INIT_VAL};
	wasm_val_vec_t args = WASM_ARRAY_VEC(values), results = WASM_ARRAY_VEC(got);
	if (!foreign || !export) {
		wasm_foreign_delete(foreign);
		return false;
	}
	values[1].of.ref = wasm_foreign_as_ref(foreign);
	wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(export), &args, &results);
	bool is_good = !trap && wasm_ref_same(got[0].of.ref, values[1].of.ref);
	wasm_val_delete(&got[0]);
	wasm_trap_delete(trap);
	values[0].of.i32 = 2;
	got[0] = (wasm_val_t)WASM_INIT_VAL;
	trap = wasm_func_call(wasm_extern_as_func(export), &args, &results);
	wasm_val_delete(&got[0]);
	if (trap) {
		wasm_frame_vec_t frames;
		wasm_message_t message;
		wasm_trap_trace(trap, &frames);
		wasm_frame_vec_delete(&frames);
		wasm_trap_message(trap, &message);
		is_good = is_good && message.size == 3 && strcmp(message.data, "no") == 0;
		wasm_name_delete(&message);
	} else {
		is_good = false;
	}
	wasm_trap_delete(trap);
	wasm_foreign_delete(foreign);
	return is_good;
}

static bool run(wasm_store_t *store, wasm_module_t *module, wasm_extern_t **externs)
{
	wasm_extern_vec_t imports = {4, externs}, exports;
	wasm_trap_t *trap = NULL;
	for (int i = 0; i < 4; i++)
		if (!externs[i])
			return false;
	wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
	wasm_trap_delete(trap);
	if (!instance)
		return false;
	wasm_instance_exports(instance, &exports);
	look_at_types(module, &exports);
	bool is_good = exports.size > EXPORT_OF_CALL && calls(store, exports.data[EXPORT_OF_CALL]);
	wasm_extern_vec_delete(&exports);
	wasm_instance_delete(instance);
	return is_good;
}

/* The module by way of a shared one. */
static wasm_module_t *new_module(wasm_store_t *store)
{
	wasm_module_t *module = wasm_module_new(store, &binary);
	wasm_shared_module_t *shared = module ? wasm_module_share(module) : NULL;
	wasm_module_delete(module);
	module = shared ? wasm_module_obtain(store, shared) : NULL;
	wasm_shared_module_delete(shared);
	return module;
}

static bool live(void)
{
	wasm_engine_t *engine = wasm_engine_new_with_config(wasm_config_new());
	wasm_store_t *store = engine ? wasm_store_new(engine) : NULL;
	bool is_good = false;
	if (store) {
		wasm_module_t *module = new_module(store);
		wasm_func_t *func = new_func(store);
		wasm_global_t *global = new_global(store);
		wasm_table_t *table = new_table(store);
		wasm_memory_t *memory = new_memory(store);
		wasm_extern_t *externs[] = {
			wasm_func_as_extern(func), wasm_global_as_extern(global),
			wasm_table_as_extern(table), wasm_memory_as_extern(memory)};
		is_good = module && run(store, module, externs);
		wasm_module_delete(module);
		wasm_func_delete(func);
		wasm_global_delete(global);
		wasm_table_delete(table);
		wasm_memory_delete(memory);
	}
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	return is_good;
}

START_TEST(each_allocation_of_a_store_may_fail)
{
	struct wpkg_err err;
	struct wpkg_buf bytes;
	wpkg_buf_init(&bytes, 1 << 20);
	ck_ok(wpkg_wat_parse(&bytes, wpkg_str_from(text), NULL, &err), err);
	wasm_byte_vec_new(&binary, bytes.len, bytes.ptr);
	wpkg_buf_clear(&bytes);
	size_t n = 0;
	for (int reached = 1; reached; n++) {
		wpkg_mem_fail_at(n);
		bool is_good = live();
		reached = wpkg_mem_fail_reached();
		wpkg_mem_fail_never();
		ck_assert_msg(reached || is_good, "without a failure it is not good");
	}
	ck_assert_uint_gt(n, 100);
	wasm_byte_vec_delete(&binary);
}
END_TEST

UNIT_MAIN(each_allocation_of_a_store_may_fail)
