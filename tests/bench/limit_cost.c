/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_cost MODULE [FIRST]: the processor time of a program under each limit of an engine alone,
 * under none, and under all; a line for each, with seconds. FIRST (0) is the number of the one that
 * is measured first.
 *
 * A ceiling is always there. Under none it is one that nothing comes near; alone, one just above
 * what the programs need.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "exec/engine.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/wasi.h"
#include "wasm/module.h"

#define NO_CEILING ((uint64_t)1 << 40)
#define NONE                                                                                       \
	.memory_bytes = NO_CEILING, .table_entries = UINT32_MAX, .heap_bytes = NO_CEILING,         \
	.stack_bytes = (uint64_t)1 << 30

/* What is said behind NONE takes its place. */
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

#define FUEL .fuel = (uint64_t)1 << 50
#define DEADLINE .time_ms = 3600 * 1000
#define MEMORY .memory_bytes = (uint64_t)24 << 20
#define TABLE .table_entries = 200
#define DEPTH .stack_bytes = (uint64_t)1 << 20
#define HEAP .heap_bytes = (uint64_t)4 << 20

static const struct {
	const char *name;
	struct wpkg_engine_limits limits;
} sets[] = {
	{"none", {NONE}},
	{"fuel", {NONE, FUEL}},
	{"deadline", {NONE, DEADLINE}},
	{"memory", {NONE, MEMORY}},
	{"table", {NONE, TABLE}},
	{"depth", {NONE, DEPTH}},
	{"heap", {NONE, HEAP}},
	{"all", {FUEL, DEADLINE, MEMORY, TABLE, DEPTH, HEAP}},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

static double processor_time(void)
{
	struct timespec at;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static bool start(struct wpkg_engine *engine, struct wpkg_wasi *wasi,
		  const struct wpkg_module *module, struct wpkg_outcome *outcome,
		  struct wpkg_err *err)
{
	struct wpkg_linker *linker = NULL;
	struct wpkg_instance *instance = NULL;
	if (wpkg_linker_new(&linker, engine, err) != WPKG_OK)
		return false;
	wpkg_wasi_define(linker, wasi);
	bool done = wpkg_linker_instantiate(&instance, linker, module, outcome, err) == WPKG_OK;
	wpkg_linker_free(linker);
	if (!done)
		return false;
	wpkg_func_call(outcome, wpkg_instance_find_func(instance, WPKG_LIT("_start")), NULL, NULL);
	if (outcome->trap == WPKG_TRAP_NONE ||
	    (outcome->trap == WPKG_TRAP_EXIT && outcome->exit_code == 0))
		return true;
	snprintf(err->msg, sizeof(err->msg), "%s", outcome->message);
	return false;
}

/* Of one run, from an engine that is new; negative when the program did not end well. */
static double spend(const struct wpkg_module *module, const struct wpkg_engine_limits *limits,
		    struct wpkg_err *err)
{
	struct wpkg_engine *engine = NULL;
	struct wpkg_wasi *wasi = NULL;
	struct wpkg_outcome outcome;
	double before = processor_time();
	bool done = wpkg_engine_new(&engine, limits, err) == WPKG_OK &&
		    wpkg_wasi_new(&wasi, &(struct wpkg_wasi_options){0}, err) == WPKG_OK &&
		    start(engine, wasi, module, &outcome, err);
	double time = processor_time() - before;
	wpkg_engine_free(engine);
	wpkg_wasi_free(wasi);
	return done ? time : -1;
}

/* Each set once, beginning with the first of them. */
static bool measure(double times[SETS], const struct wpkg_module *module, size_t first,
		    struct wpkg_err *err)
{
	for (size_t turn = 0; turn < SETS; turn++) {
		size_t i = (first + turn) % SETS;
		times[i] = spend(module, &sets[i].limits, err);
		if (times[i] < 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct wpkg_file_map file = {0};
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	double times[SETS] = {0};
	if (argc < 2)
		return 2;
	size_t first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	bool done = wpkg_file_map_open(&file, AT_FDCWD, argv[1], UINT32_MAX, &err) == WPKG_OK &&
		    wpkg_module_read(&module, file.bytes, NULL, &err) == WPKG_OK &&
		    measure(times, module, first, &err);
	if (!done)
		fprintf(stderr, "%s: %s\n", argv[1], err.msg);
	for (size_t i = 0; done && i < SETS; i++)
		printf("%s %.6f\n", sets[i].name, times[i]);
	wpkg_module_free(module);
	wpkg_file_map_close(&file);
	return done ? 0 : 1;
}
