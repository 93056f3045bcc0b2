/* SPDX-License-Identifier: Apache-2.0 */
/* Globals, tables and memories: the host's and the guest's, looked at and changed from both sides.
 */
#include "embed.h"

static wasm_store_t *store;
static wasm_extern_vec_t exports;

enum { GET, SET, COUNT, LOAD, STORE, GROW, CALL, NINE, GLOBAL, TABLE, MEMORY, FIXED, EXPORTS };

static wasm_func_t *func(size_t i)
{
	return wasm_extern_as_func(exports.data[i]);
}

static void check_globals(wasm_global_t *own)
{
	wasm_val_t value;
	wasm_val_t nine = WASM_I64_VAL(9), other = WASM_I32_VAL(1);
	wasm_global_get(own, &value);
	CHECK(value.kind == WASM_F64 && value.of.f64 == 1.5);
	wasm_global_t *global = wasm_extern_as_global(exports.data[GLOBAL]);
	CHECK(global && !wasm_extern_as_func(exports.data[GLOBAL]));
	wasm_global_set(global, &nine);
	wasm_global_get(global, &value);
	CHECK(value.kind == WASM_I64 && value.of.i64 == 9);
	wasm_global_set(global, &other); /* of another type */
	wasm_global_get(global, &value);
	CHECK(value.kind == WASM_I64 && value.of.i64 == 9);
	CHECK(call_i32_0(func(GET)) == 9);
	CHECK(call_i32_1(func(SET), 11) == 11);
	wasm_global_get(global, &value);
	CHECK(value.of.i64 == 11);
	wasm_global_t *fixed = wasm_extern_as_global(exports.data[FIXED]);
	wasm_global_set(fixed, &nine); /* constant */
	wasm_global_get(fixed, &value);
	CHECK(value.of.i64 == 5);
	wasm_globaltype_t *type = wasm_global_type(fixed);
	CHECK(wasm_globaltype_mutability(type) == WASM_CONST);
	CHECK(wasm_valtype_kind(wasm_globaltype_content(type)) == WASM_I64);
	wasm_globaltype_delete(type);
}

static void check_memory(void)
{
	wasm_memory_t *memory = wasm_extern_as_memory(exports.data[MEMORY]);
	CHECK(wasm_memory_size(memory) == 2);
	CHECK(wasm_memory_data_size(memory) == 2 * MEMORY_PAGE_SIZE);
	byte_t *data = wasm_memory_data(memory);
	CHECK(data[0x1000] == 1 && data[0x1003] == 4);
	data[0x1003] = 5;
	CHECK(call_i32_1(func(LOAD), 0x1003) == 5);
	CHECK(call_i32_1(func(STORE), 0x1003) == 6 && data[0x1003] == 6);
	wasm_val_t far[] = {WASM_I32_VAL(0x20000)}, got[] = {WASM_INIT_VAL};
	wasm_val_vec_t args = WASM_ARRAY_VEC(far), results = WASM_ARRAY_VEC(got);
	check_trap(wasm_func_call(func(LOAD), &args, &results), "out of bounds memory access");
	CHECK(wasm_memory_grow(memory, 1) && wasm_memory_data(memory) == data);
	CHECK(call_i32_1(func(LOAD), 0x20000) == 0);
	CHECK(!wasm_memory_grow(memory, 1) && wasm_memory_grow(memory, 0));
	CHECK(call_i32_1(func(GROW), 1) == -1);
	wasm_memorytype_t *type = wasm_memory_type(memory);
	CHECK(wasm_memorytype_limits(type)->min == 3 && wasm_memorytype_limits(type)->max == 3);
	wasm_memorytype_delete(type);
	wasm_limits_t limits = {5, 5};
	type = wasm_memorytype_new(&limits);
	memory = wasm_memory_new(store, type);
	CHECK(wasm_memory_size(memory) == 5 && !wasm_memory_grow(memory, 1));
	wasm_memorytype_delete(type);
	wasm_memory_delete(memory);
}

/* What stands in the table's entry, called with 100: -1 for nothing. */
static int32_t call_entry(wasm_table_t *table, uint32_t i)
{
	wasm_ref_t *ref = wasm_table_get(table, i);
	if (!ref)
		return -1;
	wasm_func_t *entry = wasm_ref_as_func(ref);
	CHECK(entry && !wasm_ref_as_memory(ref));
	int32_t result = call_i32_1(entry, 100);
	wasm_ref_delete(ref);
	return result;
}

static wasm_trap_t *negate(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	results->data[0].kind = WASM_I32;
	results->data[0].of.i32 = -args->data[0].of.i32;
	return NULL;
}

static void check_table(void)
{
	wasm_table_t *table = wasm_extern_as_table(exports.data[TABLE]);
	wasm_functype_t *type =
		wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
	wasm_func_t *own = wasm_func_new(store, type, negate);
	CHECK(wasm_table_size(table) == 2);
	CHECK(call_entry(table, 0) == -1 && call_entry(table, 1) == 109);
	CHECK(wasm_table_set(table, 0, wasm_func_as_ref(own)));
	CHECK(wasm_table_set(table, 1, NULL));
	CHECK(!wasm_table_set(table, 2, NULL));
	CHECK(call_entry(table, 0) == -100 && call_entry(table, 1) == -1);
	CHECK(call_i32_1(func(CALL), 0) == -7);
	CHECK(!wasm_table_set(table, 0, wasm_extern_as_ref(exports.data[MEMORY])));
	CHECK(wasm_table_grow(table, 3, wasm_extern_as_ref(exports.data[NINE])));
	CHECK(wasm_table_size(table) == 5 && call_entry(table, 4) == 109);
	CHECK(call_i32_0(func(COUNT)) == 5);
	CHECK(!wasm_table_grow(table, 6, NULL) && wasm_table_size(table) == 5);
	wasm_ref_t *ref = wasm_table_get(table, 0);
	CHECK(wasm_ref_same(ref, wasm_func_as_ref(own)));
	wasm_ref_delete(ref);
	wasm_tabletype_t *tabletype = wasm_table_type(table);
	CHECK(wasm_valtype_kind(wasm_tabletype_element(tabletype)) == WASM_FUNCREF);
	CHECK(wasm_tabletype_limits(tabletype)->max == 10);
	wasm_tabletype_delete(tabletype);
	wasm_functype_delete(type);
	wasm_func_delete(own);
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	wasm_engine_t *engine = wasm_engine_new_with_config(wasm_config_new());
	store = wasm_store_new(engine);
	wasm_module_t *module = load(store, argv[1]);
	wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_f64(), WASM_CONST);
	wasm_val_t init = WASM_F64_VAL(1.5), other = WASM_F32_VAL(1.5F);
	CHECK(!wasm_global_new(store, type, &other));
	wasm_global_t *own = wasm_global_new(store, type, &init);
	wasm_extern_t *externs[] = {wasm_global_as_extern(own)};
	wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
	wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
	CHECK(instance);
	wasm_module_delete(module); /* the instance needs no handle of it */
	wasm_instance_exports(instance, &exports);
	CHECK(exports.size == EXPORTS);
	check_globals(own);
	check_memory();
	check_table();
	/* A store takes nothing of another one. */
	wasm_store_t *second = wasm_store_new(engine);
	module = load(second, argv[1]);
	wasm_trap_t *trap;
	CHECK(!wasm_instance_new(second, module, &imports, &trap));
	check_trap(trap, "import 0 is nothing of this store");
	wasm_module_delete(module);
	wasm_store_delete(second);
	wasm_globaltype_delete(type);
	wasm_global_delete(own);
	wasm_extern_vec_delete(&exports);
	wasm_instance_delete(instance);
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	puts("objects");
	return 0;
}
