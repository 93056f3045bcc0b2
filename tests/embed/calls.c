/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in both directions, with several values, and traps of both sides. */
#include "embed.h"

static int said;

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	CHECK(args->size == 0 && results->size == 0);
	said++;
	return NULL;
}

/* Adds what the environment holds. */
static wasm_trap_t *add(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	results->data[0].kind = WASM_I32;
	results->data[0].of.i32 = args->data[0].of.i32 + *(int *)env;
	return NULL;
}

static wasm_trap_t *refuse(void *store, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	wasm_message_t message;
	(void)args, (void)results;
	wasm_name_new_from_string_nt(&message, "the host says no");
	wasm_trap_t *trap = wasm_trap_new(store, &message);
	wasm_name_delete(&message);
	return trap;
}

/* Each of another type, in the opposite order. */
static wasm_trap_t *reverse(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	for (size_t i = 0; i < 4; i++)
		wasm_val_copy(&results->data[i], &args->data[3 - i]);
	return NULL;
}

static wasm_trap_t *wrong(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	(void)args;
	results->data[0].kind = WASM_F64;
	results->data[0].of.f64 = 1;
	return NULL;
}

static wasm_func_t *reverse_new(wasm_store_t *store)
{
	wasm_valtype_t *params[] = {wasm_valtype_new_i32(), wasm_valtype_new_i64(),
				    wasm_valtype_new_f32(), wasm_valtype_new_f64()};
	wasm_valtype_t *results[] = {wasm_valtype_new_f64(), wasm_valtype_new_f32(),
				     wasm_valtype_new_i64(), wasm_valtype_new_i32()};
	wasm_functype_t *type = wasm_functype_new_of(4, params, 4, results);
	wasm_func_t *func = wasm_func_new(store, type, reverse);
	wasm_functype_delete(type);
	return func;
}

static void check_reverse(const wasm_func_t *func)
{
	wasm_val_t values[] = {WASM_I32_VAL(1), WASM_I64_VAL(2), WASM_F32_VAL(3), WASM_F64_VAL(4)};
	wasm_val_t got[4] = {WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL};
	wasm_val_vec_t args = WASM_ARRAY_VEC(values), results = WASM_ARRAY_VEC(got);
	CHECK(!wasm_func_call(func, &args, &results));
	CHECK(got[0].kind == WASM_F64 && got[0].of.f64 == 4);
	CHECK(got[1].kind == WASM_F32 && got[1].of.f32 == 3);
	CHECK(got[2].kind == WASM_I64 && got[2].of.i64 == 2);
	CHECK(got[3].kind == WASM_I32 && got[3].of.i32 == 1);
	/* Numbers and kinds of values are the function's. */
	args.size = 3;
	check_trap(wasm_func_call(func, &args, &results),
		   "a call with other numbers of values than the function's");
	args.size = 4;
	results.size = 3;
	check_trap(wasm_func_call(func, &args, &results),
		   "a call with other numbers of values than the function's");
	results.size = 4;
	/* But who wants none of the results need not take them. */
	wasm_val_vec_t none = WASM_EMPTY_VEC;
	CHECK(!wasm_func_call(func, &args, &none) && none.size == 0);
	CHECK(!wasm_func_call(func, &args, NULL));
	wasm_val_t others[] = {WASM_I64_VAL(1), WASM_I64_VAL(2), WASM_F32_VAL(3), WASM_F64_VAL(4)};
	wasm_val_vec_t bad = WASM_ARRAY_VEC(others);
	check_trap(wasm_func_call(func, &bad, &results),
		   "an argument is not of the function's type");
}

/* The trace goes from the guest's innermost function outwards. */
static void check_trace(const wasm_instance_t *instance, wasm_trap_t *trap, size_t depth)
{
	wasm_frame_vec_t trace;
	wasm_frame_t *origin = wasm_trap_origin(trap);
	wasm_trap_trace(trap, &trace);
	CHECK(trace.size == depth && origin);
	CHECK(wasm_frame_func_index(origin) == wasm_frame_func_index(trace.data[0]));
	for (size_t i = 0; i < depth; i++) {
		CHECK(wasm_frame_instance(trace.data[i]) == instance);
		CHECK(wasm_frame_func_offset(trace.data[i]) > 0);
		CHECK(wasm_frame_module_offset(trace.data[i]) >
		      wasm_frame_func_offset(trace.data[i]));
	}
	CHECK(depth < 2 ||
	      wasm_frame_func_index(trace.data[0]) != wasm_frame_func_index(trace.data[1]));
	wasm_frame_delete(origin);
	wasm_frame_vec_delete(&trace);
}

static void check_traps(const wasm_instance_t *instance, const wasm_extern_vec_t *exports)
{
	wasm_val_vec_t none = WASM_EMPTY_VEC;
	wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports->data[3]), &none, &none);
	CHECK(trap);
	check_trace(instance, trap, 2);
	check_trap(trap, "the host says no");
	trap = wasm_func_call(wasm_extern_as_func(exports->data[4]), &none, &none);
	CHECK(trap);
	check_trace(instance, trap, 1);
	wasm_trap_t *copy = wasm_trap_copy(trap);
	CHECK(wasm_trap_same(copy, trap));
	wasm_trap_delete(trap);
	check_trap(copy, "unreachable");
	check_trap(wasm_func_call(wasm_extern_as_func(exports->data[5]), &none, &none),
		   "a callback's results are not of its type");
}

int main(int argc, char **argv)
{
	int seven = 7;
	CHECK(argc == 2);
	wasm_engine_t *engine = wasm_engine_new();
	wasm_store_t *store = wasm_store_new(engine);
	wasm_module_t *module = load(store, argv[1]);
	wasm_functype_t *nothing = wasm_functype_new_0_0();
	wasm_functype_t *one =
		wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
	wasm_functype_t *result = wasm_functype_new_0_1(wasm_valtype_new_i32());
	wasm_func_t *funcs[] = {wasm_func_new(store, nothing, hello),
				wasm_func_new_with_env(store, one, add, &seven, NULL),
				wasm_func_new_with_env(store, nothing, refuse, store, NULL),
				reverse_new(store), wasm_func_new(store, result, wrong)};
	wasm_extern_t *externs[5];
	for (size_t i = 0; i < 5; i++)
		externs[i] = wasm_func_as_extern(funcs[i]);
	wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
	wasm_trap_t *trap;
	wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
	CHECK(instance && !trap);
	wasm_instance_exports(instance, &exports);
	CHECK(exports.size == 6);
	wasm_val_vec_t none = WASM_EMPTY_VEC;
	CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &none, &none) && said == 2);
	CHECK(call_i32_1(wasm_extern_as_func(exports.data[1]), 30) == 74);
	check_reverse(wasm_extern_as_func(exports.data[2]));
	check_reverse(funcs[3]);
	check_traps(instance, &exports);
	/* One import is missing, then one is of another type. */
	imports.size = 4;
	CHECK(!wasm_instance_new(store, module, &imports, &trap));
	check_trap(trap, "4 imports for 5 that the module has");
	imports.size = 5;
	externs[0] = externs[1];
	CHECK(!wasm_instance_new(store, module, &imports, &trap) && trap);
	wasm_trap_delete(trap);
	for (size_t i = 0; i < 5; i++)
		wasm_func_delete(funcs[i]);
	wasm_extern_vec_delete(&exports);
	wasm_functype_delete(nothing);
	wasm_functype_delete(one);
	wasm_functype_delete(result);
	wasm_instance_delete(instance);
	wasm_module_delete(module);
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	puts("calls");
	return 0;
}
