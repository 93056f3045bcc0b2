/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "exec/engine.h"
#include "exec/external.h"
#include "exec/instance.h"
#include "wasm/module.h"

#define FUEL 20000
#define EXPORTS 16
#define VALUES 32

/* What came of one way of running: the first calls' traps and results. */
struct outcome {
	bool is_made;
	bool is_limited; /* by what need not be the same: room for frames or objects */
	uint32_t count;
	enum wpkg_trap traps[EXPORTS];
	uint64_t results[EXPORTS][VALUES][2];
	uint64_t fuel;
};

static bool are_numbers(const wpkg_valtype *types, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_valtype_is_ref(types[i]) && !wpkg_valtype_is_nullable(types[i]))
			return false;
	return count <= VALUES;
}

static void call_export(struct outcome *out, const struct wpkg_type *type, struct wpkg_func *func)
{
	union wpkg_wasm_value args[VALUES] = {0}, results[VALUES] = {0};
	struct wpkg_outcome outcome;
	uint32_t i = out->count++;
	for (uint32_t k = 0; k < type->param_count; k++)
		if (!wpkg_valtype_is_ref(type->params[k]))
			args[k].i64 = i * 7 + k;
	out->traps[i] = wpkg_func_call(&outcome, func, args, results);
	out->is_limited |= wpkg_trap_is_limit(out->traps[i]) && out->traps[i] != WPKG_TRAP_FUEL;
	for (uint32_t k = 0; k < type->result_count && out->traps[i] == WPKG_TRAP_NONE; k++) {
		/* References are addresses, which differ between two runs. */
		bool is_ref = wpkg_valtype_is_ref(wpkg_type_results(type)[k]);
		out->results[i][k][0] = is_ref ? results[k].ref != 0 : results[k].v128[0];
		out->results[i][k][1] = is_ref ? 0 : results[k].v128[1];
	}
}

static void run(struct outcome *out, const struct wpkg_module *module,
		const struct wpkg_engine_limits *limits)
{
	struct wpkg_engine *engine;
	struct wpkg_instance *instance;
	struct wpkg_outcome outcome;
	memset(out, 0, sizeof(*out));
	fuzz_must(wpkg_engine_new(&engine, limits, NULL) == WPKG_OK);
	outcome.trap = WPKG_TRAP_NONE;
	out->is_made =
		wpkg_instance_new(&instance, engine, module, NULL, 0, &outcome, NULL) == WPKG_OK;
	out->is_limited = wpkg_trap_is_limit(outcome.trap) && outcome.trap != WPKG_TRAP_FUEL;
	for (uint32_t i = 0; out->is_made && i < module->export_count && out->count < EXPORTS;
	     i++) {
		const struct wpkg_module_export *row = &module->exports[i];
		if (row->kind != WPKG_EXTERN_FUNC)
			continue;
		const struct wpkg_type *type = wpkg_module_func_type(module, row->index);
		if (are_numbers(type->params, type->param_count) && type->result_count <= VALUES)
			call_export(out, type, wpkg_instance_export(instance, i).func);
	}
	out->fuel = wpkg_engine_fuel(engine);
	wpkg_engine_free(engine);
}

static bool are_same(const struct outcome *a, const struct outcome *b)
{
	return a->is_made == b->is_made && a->count == b->count && a->fuel == b->fuel &&
	       memcmp(a->traps, b->traps, sizeof(a->traps)) == 0 &&
	       memcmp(a->results, b->results, sizeof(a->results)) == 0;
}

/* A valid module runs, within small limits, and does the same with and without optimisations. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_engine_limits limits = {.fuel = FUEL,
					    .memory_bytes = 1 << 20,
					    .table_entries = 10000,
					    .heap_bytes = 1 << 20,
					    .stack_bytes = 1 << 18,
					    .deterministic = true};
	static struct outcome fast, plain;
	struct wpkg_module *module = NULL;
	if (wpkg_module_read(&module, wpkg_str_of(data, size), NULL, NULL) != WPKG_OK)
		return 0;
	if (module->import_count == 0) {
		run(&fast, module, &limits);
		limits.optimisations_off = WPKG_OPT_ALL;
		limits.collect_always = true;
		run(&plain, module, &limits);
		fuzz_must(fast.is_limited || plain.is_limited || are_same(&fast, &plain));
	}
	wpkg_module_free(module);
	return 0;
}
