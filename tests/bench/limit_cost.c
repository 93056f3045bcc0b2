/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_cost MODULE LIMIT [swap]: the seconds of processor time that a program takes under no limit
 * of an engine and under that one; the limit none is a control.
 *
 * Both run at once, each on a thread of its own, and share one processor. It changes between them
 * every few milliseconds, so that its clock, what other programs do to its caches, and what the
 * machine does otherwise while the program runs is the same for both. With "swap" the threads are
 * exchanged: where a thread's memory comes from makes a difference, too.
 *
 * A ceiling is always there. Under none it is one that nothing comes near; with ceilings, they are
 * just above what the programs need.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "exec/engine.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/wasi.h"
#include "wasm/module.h"

#define FUEL .fuel = (uint64_t)1 << 50
#define DEADLINE .time_ms = 3600 * 1000
#define NO_CEILINGS                                                                                \
	.memory_bytes = (uint64_t)1 << 40, .table_entries = UINT32_MAX,                            \
	.heap_bytes = (uint64_t)1 << 40, .stack_bytes = (uint64_t)1 << 30
#define CEILINGS                                                                                   \
	.memory_bytes = (uint64_t)24 << 20, .table_entries = 200, .heap_bytes = (uint64_t)4 << 20, \
	.stack_bytes = (uint64_t)1 << 20

static const struct set {
	const char *name;
	struct wpkg_engine_limits limits;
} sets[] = {
	{"none", {NO_CEILINGS}},
	{"fuel", {NO_CEILINGS, FUEL}},
	{"deadline", {NO_CEILINGS, DEADLINE}},
	{"ceilings", {CEILINGS}},
	{"all", {CEILINGS, FUEL, DEADLINE}},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

struct turn {
	const struct wpkg_module *module;
	const struct set *set;
	pthread_barrier_t *start; /* for both */
	double seconds;
	bool done;
	struct wpkg_err err; /* unless done */
};

static double processor_time(void)
{
	struct timespec at;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static bool start(struct wpkg_engine *engine, struct wpkg_wasi *wasi,
		  const struct wpkg_module *module, struct wpkg_err *err)
{
	struct wpkg_outcome outcome;
	struct wpkg_linker *linker = NULL;
	struct wpkg_instance *instance = NULL;
	if (wpkg_linker_new(&linker, engine, err) != WPKG_OK)
		return false;
	wpkg_wasi_define(linker, wasi);
	bool done = wpkg_linker_instantiate(&instance, linker, module, &outcome, err) == WPKG_OK;
	wpkg_linker_free(linker);
	if (!done)
		return false;
	wpkg_func_call(&outcome, wpkg_instance_find_func(instance, WPKG_LIT("_start")), NULL, NULL);
	if (outcome.trap == WPKG_TRAP_NONE ||
	    (outcome.trap == WPKG_TRAP_EXIT && outcome.exit_code == 0))
		return true;
	snprintf(err->msg, sizeof(err->msg), "%s", outcome.message);
	return false;
}

static void *take(void *arg)
{
	struct turn *turn = arg;
	struct wpkg_engine *engine = NULL;
	struct wpkg_wasi *wasi = NULL;
	pthread_barrier_wait(turn->start);
	double before = processor_time();
	turn->done = wpkg_engine_new(&engine, &turn->set->limits, &turn->err) == WPKG_OK &&
		     wpkg_wasi_new(&wasi, &(struct wpkg_wasi_options){0}, &turn->err) == WPKG_OK &&
		     start(engine, wasi, turn->module, &turn->err);
	turn->seconds = processor_time() - before;
	wpkg_engine_free(engine);
	wpkg_wasi_free(wasi);
	return NULL;
}

/* Threads that are made later stay on the processor, too. */
static bool stay_on_one_processor(void)
{
	int processor = sched_getcpu();
	cpu_set_t one;
	CPU_ZERO(&one);
	if (processor >= 0)
		CPU_SET((size_t)processor, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}

static bool take_both(struct turn turns[2], bool swap)
{
	pthread_barrier_t start;
	pthread_t threads[2];
	if (pthread_barrier_init(&start, NULL, 2) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		struct turn *turn = &turns[swap ? 1 - i : i];
		turn->start = &start;
		if (pthread_create(&threads[i], NULL, take, turn) != 0)
			return false;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return true;
}

static int measure(const struct wpkg_module *module, const struct set *set, bool swap)
{
	struct turn turns[2] = {{.module = module, .set = &sets[0]},
				{.module = module, .set = set}};
	if (!stay_on_one_processor() || !take_both(turns, swap)) {
		perror("limit_cost");
		return 1;
	}
	for (int i = 0; i < 2; i++)
		if (!turns[i].done) {
			fprintf(stderr, "%s: %s\n", turns[i].set->name, turns[i].err.msg);
			return 1;
		}
	printf("%.6f %.6f\n", turns[0].seconds, turns[1].seconds);
	return 0;
}

static const struct set *find(const char *name)
{
	for (size_t i = 0; i < SETS; i++)
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct wpkg_file_map file = {0};
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	const struct set *set = argc > 2 ? find(argv[2]) : NULL;
	if (!set)
		return 2;
	int code = 1;
	if (wpkg_file_map_open(&file, AT_FDCWD, argv[1], UINT32_MAX, &err) == WPKG_OK &&
	    wpkg_module_read(&module, file.bytes, NULL, &err) == WPKG_OK)
		code = measure(module, set, argc > 3);
	else
		fprintf(stderr, "%s: %s\n", argv[1], err.msg);
	wpkg_module_free(module);
	wpkg_file_map_close(&file);
	return code;
}
