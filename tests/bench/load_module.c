/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs until a module is ready to run: load_module [--eager] FILE. It is decoded,
 * validated and instantiated with imports that are made for it and do nothing; its functions are
 * compiled when they are first called, or all of them at once. Prints processor time until it is
 * validated and until it is ready, and the most memory that was mapped in, the file's pages among
 * it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "exec/engine.h"
#include "exec/external.h"

struct load {
	struct wpkg_file_map file;
	struct wpkg_module *module;
	struct wpkg_engine *engine;
	struct wpkg_external *imports;
	struct wpkg_instance *instance;
};

static double milliseconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static enum wpkg_trap end_guest(struct wpkg_caller *caller, void *user,
				const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)user;
	(void)args;
	(void)results;
	return wpkg_caller_exit(caller, 0);
}

static struct wpkg_extent extent_of(const struct wpkg_size *size)
{
	return (struct wpkg_extent){
		.min = size->min, .max = size->max, .has_max = size->has_max, .is_64 = size->is_64};
}

static enum wpkg_status make_func(struct wpkg_external *out, struct load *load, uint32_t index,
				  struct wpkg_err *err)
{
	const struct wpkg_type *type = wpkg_module_func_type(load->module, index);
	return wpkg_func_new(&out->func, load->engine, type->params, type->param_count,
			     type->result_count, end_guest, NULL, err);
}

static enum wpkg_status make_tag(struct wpkg_external *out, struct load *load, uint32_t index,
				 struct wpkg_err *err)
{
	const struct wpkg_type *type =
		wpkg_module_type(load->module, load->module->tags[index].type);
	return wpkg_tag_new(&out->tag, load->engine, type->params, type->param_count, err);
}

static enum wpkg_status make_import(struct wpkg_external *out, struct load *load,
				    const struct wpkg_module_import *import, struct wpkg_err *err)
{
	const struct wpkg_module *module = load->module;
	const struct wpkg_module_table *table = &module->tables[import->index];
	const struct wpkg_module_memory *memory = &module->memories[import->index];
	const struct wpkg_module_global *global = &module->globals[import->index];
	struct wpkg_extent extent;
	out->kind = import->kind;
	switch (out->kind) {
	case WPKG_EXTERN_FUNC:
		return make_func(out, load, import->index, err);
	case WPKG_EXTERN_TABLE:
		extent = extent_of(&table->size);
		return wpkg_table_new(&out->table, load->engine, table->element, &extent, 0, err);
	case WPKG_EXTERN_MEMORY:
		extent = extent_of(&memory->size);
		return wpkg_memory_new(&out->memory, load->engine, &extent, err);
	case WPKG_EXTERN_GLOBAL:
		return wpkg_global_new(&out->global, load->engine, global->type, global->is_mutable,
				       (union wpkg_wasm_value){0}, err);
	default:
		return make_tag(out, load, import->index, err);
	}
}

static enum wpkg_status instantiate(struct load *load, bool is_eager, struct wpkg_err *err)
{
	const struct wpkg_engine_limits limits = {.eager = is_eager};
	uint32_t count = load->module->import_count;
	enum wpkg_status status = wpkg_engine_new(&load->engine, &limits, err);
	load->imports = wpkg_mem_calloc(count + 1, sizeof(*load->imports));
	for (uint32_t i = 0; i < count && status == WPKG_OK; i++)
		status = make_import(&load->imports[i], load, &load->module->imports[i], err);
	if (status == WPKG_OK)
		status = wpkg_instance_new(&load->instance, load->engine, load->module,
					   load->imports, count, NULL, err);
	return status;
}

static void report(const struct load *load, double validated, double ready)
{
	struct wpkg_engine_usage engine;
	struct rusage process;
	wpkg_engine_usage(&engine, load->engine);
	getrusage(RUSAGE_SELF, &process);
	printf("%6.1f ms validated, %6.1f ms ready, %5.1f MB at most, a file of %4.1f MB among it; "
	       "%llu of %u functions compiled to %.1f MB\n",
	       validated, ready, (double)process.ru_maxrss * 1024 / 1e6,
	       (double)load->file.bytes.len / 1e6, (unsigned long long)engine.compiled_functions,
	       (unsigned)(load->module->func_count - load->module->func_import_count),
	       (double)engine.compiled_bytes / 1e6);
}

int main(int argc, char **argv)
{
	struct load load = {0};
	struct wpkg_err err = {0};
	bool is_eager = argc > 2 && strcmp(argv[1], "--eager") == 0;
	if (argc != 2 + is_eager) {
		fputs("usage: load_module [--eager] FILE\n", stderr);
		return 2;
	}
	const char *path = argv[1 + is_eager];
	double begin = milliseconds(), validated = 0;
	enum wpkg_status status = wpkg_file_map_open(&load.file, AT_FDCWD, path, UINT32_MAX, &err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&load.module, load.file.bytes, NULL, &err);
	validated = milliseconds() - begin;
	if (status == WPKG_OK)
		status = instantiate(&load, is_eager, &err);
	if (status == WPKG_OK)
		report(&load, validated, milliseconds() - begin);
	else
		fprintf(stderr, "load_module: %s: %s\n", path, err.msg);
	wpkg_engine_free(load.engine);
	wpkg_mem_free(load.imports);
	wpkg_module_free(load.module);
	return status == WPKG_OK ? 0 : 1;
}
