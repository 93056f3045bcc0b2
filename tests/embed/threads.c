/* SPDX-License-Identifier: Apache-2.0 */
/* One module in several threads, each with a store of its own. */
#include "embed.h"

#include <pthread.h>

#define THREADS 6
#define REPETITIONS 3

struct worker {
	pthread_t thread;
	wasm_engine_t *engine;
	wasm_shared_module_t *shared;
	int number, sum;
};

static wasm_trap_t *report(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	struct worker *worker = env;
	(void)results;
	worker->sum += args->data[0].of.i32;
	return NULL;
}

static void run_once(struct worker *worker)
{
	wasm_store_t *store = wasm_store_new(worker->engine);
	wasm_module_t *module = wasm_module_obtain(store, worker->shared);
	wasm_functype_t *type = wasm_functype_new_1_0(wasm_valtype_new_i32());
	wasm_func_t *func = wasm_func_new_with_env(store, type, report, worker, NULL);
	wasm_globaltype_t *globaltype = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
	wasm_val_t number = WASM_I32_VAL(worker->number);
	wasm_global_t *global = wasm_global_new(store, globaltype, &number);
	wasm_extern_t *externs[] = {wasm_func_as_extern(func), wasm_global_as_extern(global)};
	wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
	wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
	CHECK(instance);
	wasm_instance_exports(instance, &exports);
	wasm_val_vec_t none = WASM_EMPTY_VEC;
	CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &none, &none));
	wasm_extern_vec_delete(&exports);
	wasm_instance_delete(instance);
	wasm_global_delete(global);
	wasm_globaltype_delete(globaltype);
	wasm_func_delete(func);
	wasm_functype_delete(type);
	wasm_module_delete(module);
	wasm_store_delete(store);
}

static void *run(void *worker)
{
	for (int i = 0; i < REPETITIONS; i++)
		run_once(worker);
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker workers[THREADS];
	CHECK(argc == 2);
	wasm_engine_t *engine = wasm_engine_new();
	wasm_store_t *store = wasm_store_new(engine);
	wasm_module_t *module = load(store, argv[1]);
	wasm_shared_module_t *shared = wasm_module_share(module);
	wasm_module_delete(module);
	wasm_store_delete(store);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.engine = engine, .shared = shared, .number = i + 1};
		CHECK(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		CHECK(workers[i].sum == REPETITIONS * 1000 * (i + 1));
	}
	wasm_shared_module_delete(shared);
	wasm_engine_delete(engine);
	puts("threads");
	return 0;
}
