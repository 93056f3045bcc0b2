/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count_dispatches MODULE [HANDLERS]: runs a program, and says on standard error how many of the
 * interpreter's instructions that took; then, of the HANDLERS (0) that ran most, how often each.
 */
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "exec/engine_int.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/wasi.h"
#include "wasm/module.h"

static uint64_t counts[H_COUNT + 1]; /* and of what counts with another */

static int by_count(const void *a, const void *b)
{
	uint64_t left = counts[*(const int *)a], right = counts[*(const int *)b];
	return (left < right) - (left > right);
}

static void report(int shown)
{
	static int order[H_COUNT];
	uint64_t total = 0;
	for (int i = 0; i < H_COUNT; i++) {
		order[i] = i;
		total += counts[i];
	}
	fprintf(stderr, "%" PRIu64 "\n", total);
	qsort(order, H_COUNT, sizeof(*order), by_count);
	for (int i = 0; i < shown && i < H_COUNT && counts[order[i]]; i++)
		fprintf(stderr, "%12" PRIu64 " %5.1f %% %s\n", counts[order[i]],
			100.0 * (double)counts[order[i]] / (double)total,
			exec_handler_name((enum handler)order[i]));
}

static enum wpkg_status run(struct wpkg_engine *engine, struct wpkg_wasi *wasi,
			    const struct wpkg_module *module, struct wpkg_outcome *outcome,
			    struct wpkg_err *err)
{
	struct wpkg_linker *linker = NULL;
	struct wpkg_instance *instance = NULL;
	enum wpkg_status status = wpkg_linker_new(&linker, engine, err);
	if (status != WPKG_OK)
		return status;
	wpkg_wasi_define(linker, wasi);
	status = wpkg_linker_instantiate(&instance, linker, module, outcome, err);
	if (status == WPKG_OK)
		wpkg_func_call(outcome, wpkg_instance_find_func(instance, WPKG_LIT("_start")), NULL,
			       NULL);
	wpkg_linker_free(linker);
	return status;
}

int main(int argc, char **argv)
{
	struct wpkg_file_map file = {0};
	struct wpkg_module *module = NULL;
	struct wpkg_engine *engine = NULL;
	struct wpkg_wasi *wasi = NULL;
	struct wpkg_outcome outcome = {.trap = WPKG_TRAP_NONE};
	struct wpkg_err err;
	if (argc < 2)
		return 2;
	enum wpkg_status status = wpkg_file_map_open(&file, AT_FDCWD, argv[1], UINT32_MAX, &err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&module, file.bytes, NULL, &err);
	if (status == WPKG_OK)
		status = wpkg_engine_new(&engine, NULL, &err);
	if (status == WPKG_OK)
		status = wpkg_wasi_new(&wasi, &(struct wpkg_wasi_options){0}, &err);
	if (status == WPKG_OK) {
		engine->vm.counts = counts;
		status = run(engine, wasi, module, &outcome, &err);
	}
	if (status != WPKG_OK)
		fprintf(stderr, "%s: %s\n", argv[1], err.msg);
	else
		report(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0);
	bool done = status == WPKG_OK && (outcome.trap == WPKG_TRAP_NONE || outcome.exit_code == 0);
	wpkg_engine_free(engine);
	wpkg_wasi_free(wasi);
	wpkg_module_free(module);
	wpkg_file_map_close(&file);
	return done ? 0 : 1;
}
