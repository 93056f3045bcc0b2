/* SPDX-License-Identifier: Apache-2.0 */
/* References through the guest and back are the same; what the host hangs on them is finalized. */
#include "embed.h"

static int finalized, envs_finalized;

static void finalize(void *info)
{
	CHECK(*(int *)info == 42);
	finalized++;
}

static void finalize_env(void *env)
{
	CHECK(*(int *)env == 43);
	envs_finalized++;
}

static wasm_trap_t *echo(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	(void)env;
	wasm_val_copy(&results->data[0], &args->data[0]);
	return NULL;
}

/* The reference comes back from the function as it was given. */
static void check_through(const wasm_func_t *func, wasm_ref_t *ref, wasm_valkind_t kind)
{
	wasm_val_t value[] = {{.kind = kind, .of = {.ref = ref}}}, got[] = {WASM_INIT_VAL};
	wasm_val_vec_t args = WASM_ARRAY_VEC(value), results = WASM_ARRAY_VEC(got);
	CHECK(!wasm_func_call(func, &args, &results));
	CHECK(got[0].kind == kind);
	CHECK(ref ? wasm_ref_same(got[0].of.ref, ref) : !got[0].of.ref);
	wasm_val_delete(&got[0]);
}

/* Something of the guest's own as an external reference: the same each time, whatever goes on. */
static void check_own(const wasm_func_t *make, const wasm_func_t *keep)
{
	wasm_val_t got[] = {WASM_INIT_VAL};
	wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(got);
	CHECK(!wasm_func_call(make, &none, &results) && got[0].of.ref);
	for (int i = 0; i < 1000; i++)
		check_through(keep, got[0].of.ref, WASM_EXTERNREF);
	wasm_val_delete(&got[0]);
}

static void check_host_info(wasm_store_t *store)
{
	static int info = 42;
	wasm_foreign_t *lone = wasm_foreign_new(store);
	wasm_foreign_set_host_info_with_finalizer(lone, &info, finalize);
	wasm_foreign_t *copy = wasm_foreign_copy(lone);
	wasm_foreign_delete(lone);
	CHECK(finalized == 0 && wasm_foreign_get_host_info(copy) == &info);
	wasm_foreign_delete(copy);
	CHECK(finalized == 1); /* no guest has seen it */
}

int main(int argc, char **argv)
{
	static int info = 42, env = 43;
	CHECK(argc == 2);
	wasm_engine_t *engine = wasm_engine_new();
	wasm_store_t *store = wasm_store_new(engine);
	wasm_module_t *module = load(store, argv[1]);
	wasm_functype_t *type =
		wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
	wasm_func_t *own = wasm_func_new_with_env(store, type, echo, &env, finalize_env);
	wasm_extern_t *externs[] = {wasm_func_as_extern(own)};
	wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
	wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
	CHECK(instance);
	wasm_instance_exports(instance, &exports);
	const wasm_func_t *echo_extern = wasm_extern_as_func(exports.data[0]);
	const wasm_func_t *echo_func = wasm_extern_as_func(exports.data[1]);
	check_host_info(store);
	wasm_foreign_t *foreign = wasm_foreign_new(store);
	wasm_foreign_set_host_info_with_finalizer(foreign, &info, finalize);
	check_through(echo_extern, wasm_foreign_as_ref(foreign), WASM_EXTERNREF);
	check_through(echo_extern, wasm_instance_as_ref(instance), WASM_EXTERNREF);
	check_through(echo_extern, wasm_func_as_ref(own), WASM_EXTERNREF);
	check_through(echo_extern, NULL, WASM_EXTERNREF);
	check_through(echo_func, wasm_func_as_ref(own), WASM_FUNCREF);
	check_through(echo_func, wasm_extern_as_ref(exports.data[1]), WASM_FUNCREF);
	check_through(echo_func, NULL, WASM_FUNCREF);
	check_own(wasm_extern_as_func(exports.data[2]), echo_extern);
	/* Only a function is one, and only one of the very type. */
	wasm_val_t bad[] = {{.kind = WASM_FUNCREF, .of = {.ref = wasm_foreign_as_ref(foreign)}}};
	wasm_val_t good[] = {{.kind = WASM_FUNCREF, .of = {.ref = wasm_func_as_ref(own)}}};
	wasm_val_t got[] = {WASM_INIT_VAL};
	wasm_val_vec_t args = WASM_ARRAY_VEC(bad), results = WASM_ARRAY_VEC(got);
	check_trap(wasm_func_call(echo_func, &args, &results),
		   "an argument is not of the function's type");
	args.data = good;
	check_trap(wasm_func_call(wasm_extern_as_func(exports.data[3]), &args, &results),
		   "an argument is not of the function's type");
	/* The guest may still have what it was given. */
	wasm_foreign_delete(foreign);
	CHECK(finalized == 1);
	/* The same export is the same thing, with the same information. */
	wasm_extern_vec_t again;
	wasm_instance_exports(instance, &again);
	CHECK(wasm_extern_same(exports.data[1], again.data[1]));
	CHECK(!wasm_extern_same(exports.data[0], again.data[1]));
	wasm_extern_set_host_info_with_finalizer(exports.data[1], &info, finalize);
	CHECK(wasm_extern_get_host_info(again.data[1]) == &info);
	wasm_extern_vec_delete(&again);
	wasm_extern_vec_delete(&exports);
	wasm_functype_delete(type);
	wasm_func_delete(own);
	wasm_instance_delete(instance);
	wasm_module_delete(module);
	CHECK(finalized == 1 && envs_finalized == 0);
	wasm_store_delete(store);
	CHECK(finalized == 3 && envs_finalized == 1);
	wasm_engine_delete(engine);
	puts("references");
	return 0;
}
