/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs modules for the differential fuzzer: reads a path a line, answers in lines, and ends each
 * answer with ".". reference.js answers the same of another engine.
 *
 *   invalid MESSAGE                   or "valid", and then
 *   import MODULE NAME KIND TYPES     what the module wants; types as letters, see letter_of
 *   call NAME ARGUMENTS RESULTS       what is called, in order; an argument is letter:bits
 *   > TEXT                            what happened: the lines that are to be the same
 *   mode NAME: TEXT                   a way of running it in which something else happened
 *   ways NAMES                        all ways in which it ran
 *
 * Everything runs first with fuel, so that it ends; and when it did not use that up, in each other
 * way that the engine can work in. Those that are deterministic are compared with each other: their
 * NaNs have other bits, and relaxed vectors have one meaning only there.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "exec/engine.h"
#include "exec/external.h"
#include "exec/instance.h"
#include "wasm/module.h"

#define FUEL 3000000
#define VALUES 64
#define REPORT_MAX ((size_t)1 << 24)
#define LINES 20000 /* of what imports were told; then the guest is stopped */
#define MEMORY_SHOWN ((uint64_t)16 << 20)
#define SECONDS 60 /* for all ways of running one module */

/* A way of running; the first is the one that is reported in full, and compared with the other
 * engine. */
struct mode {
	const char *name;
	struct wpkg_engine_limits limits;
	bool begins;	  /* what follows is compared with this one */
	bool leaves_some; /* optimisations out, which depend on the module */
};

static const struct mode modes[] = {
	{.name = "fuel", .limits = {.fuel = FUEL}, .begins = true},
	{.name = "default"},
	{.name = "eager", .limits = {.eager = true}},
	{.name = "time", .limits = {.time_ms = (uint64_t)SECONDS * 1000}},
	{.name = "collect", .limits = {.collect_always = true}},
	{.name = "no-destination", .limits = {.optimisations_off = WPKG_OPT_DESTINATION}},
	{.name = "no-accumulator", .limits = {.optimisations_off = WPKG_OPT_ACCUMULATOR}},
	{.name = "no-branch", .limits = {.optimisations_off = WPKG_OPT_BRANCH}},
	{.name = "no-pin", .limits = {.optimisations_off = WPKG_OPT_PIN}},
	{.name = "no-address", .limits = {.optimisations_off = WPKG_OPT_ADDRESS}},
	{.name = "no-fuse", .limits = {.optimisations_off = WPKG_OPT_FUSE}},
	{.name = "no-join", .limits = {.optimisations_off = WPKG_OPT_JOIN}},
	{.name = "no-align", .limits = {.optimisations_off = WPKG_OPT_ALIGN}},
	{.name = "no-avx2", .limits = {.optimisations_off = WPKG_OPT_AVX2}},
	{.name = "no-sse41", .limits = {.optimisations_off = WPKG_OPT_SSE41 | WPKG_OPT_AVX2}},
	{.name = "no-optimisation", .limits = {.optimisations_off = WPKG_OPT_ALL}},
	{.name = "some-optimisations", .leaves_some = true},
	{.name = "deterministic", .limits = {.fuel = FUEL, .deterministic = true}, .begins = true},
	{.name = "deterministic-no-avx2",
	 .limits = {.deterministic = true, .optimisations_off = WPKG_OPT_AVX2}},
	{.name = "deterministic-no-optimisation",
	 .limits = {.deterministic = true, .optimisations_off = WPKG_OPT_ALL}},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))
#define FIRST_DETERMINISTIC (MODES - 3)

_Static_assert(WPKG_OPT_ALL == (WPKG_OPT_DESTINATION | WPKG_OPT_ACCUMULATOR | WPKG_OPT_BRANCH |
				WPKG_OPT_PIN | WPKG_OPT_ADDRESS | WPKG_OPT_FUSE | WPKG_OPT_JOIN |
				WPKG_OPT_ALIGN | WPKG_OPT_SSE41 | WPKG_OPT_AVX2),
	       "each optimisation is left out in a mode above");

/* One module in one mode. */
struct run {
	const struct wpkg_module *module;
	struct wpkg_engine *engine;
	struct wpkg_instance *instance;
	struct wpkg_buf *report;
	uint32_t lines; /* said so far */
	bool stopped;	/* by something that another engine need not do at the same place */
};

static void say(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct run *run, const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!run->stopped)
		wpkg_buf_append_format(run->report, "> %s\n", line);
	run->lines++;
}

static void stop(struct run *run, const char *why)
{
	say(run, "stopped");
	if (!run->stopped)
		wpkg_buf_append_format(run->report, "stopped: %s\n", why);
	run->stopped = true;
}

/* Nullable references are F (functions), E (of the host) and n; those that are not: e and r. */
static char letter_of(wpkg_valtype type)
{
	static const char numbers[] = {
		[WPKG_TYPE_I32] = 'i', [WPKG_TYPE_I64] = 'I',  [WPKG_TYPE_F32] = 'f',
		[WPKG_TYPE_F64] = 'd', [WPKG_TYPE_V128] = 'v',
	};
	if (!wpkg_valtype_is_ref(type))
		return numbers[type];
	if (type == WPKG_TYPE_FUNCREF)
		return 'F';
	if (type == WPKG_TYPE_EXTERNREF)
		return 'E';
	if (type == WPKG_REF(WPKG_HEAP_EXTERN))
		return 'e';
	return wpkg_valtype_is_nullable(type) ? 'n' : 'r';
}

/* As values that pass between this engine and a host may be, and not vectors and exceptions. */
static bool passes(wpkg_valtype type)
{
	return type != WPKG_TYPE_V128 &&
	       !(wpkg_valtype_is_ref(type) && !(type & WPKG_TYPE_CONCRETE) &&
		 ((type & 0xff) == WPKG_HEAP_EXN || (type & 0xff) == WPKG_HEAP_NOEXN));
}

static bool all_pass(const wpkg_valtype *types, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!passes(types[i]))
			return false;
	return true;
}

/* Equal for all NaNs; references are there or not. */
static void format_value(char out[24], wpkg_valtype type, const union wpkg_wasm_value *value)
{
	switch (letter_of(type)) {
	case 'i':
		snprintf(out, 24, "%" PRIx32, value->i32);
		break;
	case 'I':
		snprintf(out, 24, "%" PRIx64, value->i64);
		break;
	case 'f':
		if (value->f32 != value->f32)
			snprintf(out, 24, "nan");
		else
			snprintf(out, 24, "%" PRIx32, value->i32);
		break;
	case 'd':
		if (value->f64 != value->f64)
			snprintf(out, 24, "nan");
		else
			snprintf(out, 24, "%" PRIx64, value->i64);
		break;
	default:
		snprintf(out, 24, "%s", value->ref ? "ref" : "null");
		break;
	}
}

static void say_values(struct run *run, const char *what, const wpkg_valtype *types, uint32_t count,
		       const union wpkg_wasm_value *values)
{
	char line[VALUES * 24] = "", value[24];
	size_t at = 0;
	for (uint32_t i = 0; i < count && i < VALUES; i++) {
		format_value(value, types[i], &values[i]);
		at += (size_t)snprintf(line + at, sizeof(line) - at, " %s", value);
	}
	say(run, "%s%s", what, line);
}

/* Traps in the words that both engines have, which are fewer than either's. */
static const char *trap_word(enum wpkg_trap trap)
{
	switch (trap) {
	case WPKG_TRAP_INTEGER_OVERFLOW:
	case WPKG_TRAP_INVALID_CONVERSION:
		return "overflow";
	case WPKG_TRAP_INDIRECT_TYPE:
	case WPKG_TRAP_UNINITIALIZED_ELEMENT:
		return "signature";
	case WPKG_TRAP_UNDEFINED_ELEMENT:
	case WPKG_TRAP_TABLE_BOUNDS:
		return "table-bounds";
	case WPKG_TRAP_UNALIGNED_ATOMIC: /* which of the two is looked at first is open */
		return "memory-bounds";
	default:
		return wpkg_trap_name(trap);
	}
}

static void say_trap(struct run *run, const char *where, enum wpkg_trap trap)
{
	if (run->lines >= LINES)
		stop(run, "enough");
	else if (wpkg_trap_is_limit(trap) || trap == WPKG_TRAP_HOST)
		stop(run, wpkg_trap_name(trap));
	else
		say(run, "%s trap %s", where, trap_word(trap));
}

/* What a module imports. */

struct import {
	struct run *run;
	const struct wpkg_type *type;
};

/* Tells its arguments; its results are zero. */
static enum wpkg_trap imported(struct wpkg_caller *caller, void *user,
			       const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	const struct import *import = user;
	const struct wpkg_type *type = import->type;
	uint32_t count = type->param_count + type->result_count;
	if (!all_pass(type->params, count))
		return wpkg_caller_fail(caller, "no such values outside");
	for (uint32_t i = 0; i < type->result_count; i++) {
		if (!wpkg_valtype_has_default(wpkg_type_results(type)[i]))
			return wpkg_caller_fail(caller, "no such result");
		memset(&results[i], 0, sizeof(results[i]));
	}
	say_values(import->run, "log", type->params, type->param_count, args);
	return import->run->lines < LINES ? WPKG_TRAP_NONE : wpkg_caller_fail(caller, "enough");
}

static bool plain_name(struct wpkg_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	return name.len > 0 && name.len < 80;
}

static bool abstract_types(const wpkg_valtype *types, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (types[i] & WPKG_TYPE_CONCRETE)
			return false;
	return true;
}

static void append_letters(struct wpkg_buf *out, const wpkg_valtype *types, uint32_t count)
{
	wpkg_buf_append_byte(out, ':');
	for (uint32_t i = 0; i < count; i++)
		wpkg_buf_append_byte(out, (uint8_t)letter_of(types[i]));
}

static bool import_func(struct wpkg_external *out, struct run *run, struct import *import,
			const struct wpkg_module_import *row)
{
	struct wpkg_err err;
	const struct wpkg_type *type = wpkg_module_func_type(run->module, row->index);
	uint32_t count = type->param_count + type->result_count;
	import->run = run;
	import->type = type;
	if (!type->is_final || type->super != WPKG_TYPE_ID_NONE || type->group_size != 1 ||
	    !abstract_types(type->params, count))
		return false;
	append_letters(run->report, type->params, type->param_count);
	append_letters(run->report, wpkg_type_results(type), type->result_count);
	return wpkg_func_new(&out->func, run->engine, type->params, type->param_count,
			     type->result_count, imported, import, &err) == WPKG_OK;
}

static bool import_global(struct wpkg_external *out, struct run *run,
			  const struct wpkg_module_import *row)
{
	struct wpkg_err err;
	const struct wpkg_module_global *global = &run->module->globals[row->index];
	union wpkg_wasm_value value = {.i64 = 0};
	char letter = letter_of(global->type);
	if (!passes(global->type) || letter == 'r' || (global->type & WPKG_TYPE_CONCRETE))
		return false;
	if (letter == 'e')
		value.ref = wpkg_ref_from_host(1);
	append_letters(run->report, &global->type, 1);
	wpkg_buf_append_format(run->report, ":%s", global->is_mutable ? "mut" : "const");
	return wpkg_global_new(&out->global, run->engine, global->type, global->is_mutable, value,
			       &err) == WPKG_OK;
}

static bool import_tag(struct wpkg_external *out, struct run *run,
		       const struct wpkg_module_import *row)
{
	struct wpkg_err err;
	const struct wpkg_type *type =
		wpkg_module_type(run->module, run->module->tags[row->index].type);
	for (uint32_t i = 0; i < type->param_count; i++)
		if (!strchr("iIfdFE", letter_of(type->params[i])))
			return false; /* JavaScript has no name for it */
	append_letters(run->report, type->params, type->param_count);
	return wpkg_tag_new(&out->tag, run->engine, type->params, type->param_count, &err) ==
	       WPKG_OK;
}

/* False when the module wants something that is not made here. */
static bool import_one(struct wpkg_external *out, struct run *run, struct import *import,
		       const struct wpkg_module_import *row)
{
	if (!plain_name(row->module) || !plain_name(row->field))
		return false;
	wpkg_buf_append_format(run->report, "import %.*s %.*s %s ", (int)row->module.len,
			       row->module.ptr, (int)row->field.len, row->field.ptr,
			       wpkg_extern_name(row->kind));
	out->kind = row->kind;
	bool made = false;
	if (row->kind == WPKG_EXTERN_FUNC)
		made = import_func(out, run, import, row);
	else if (row->kind == WPKG_EXTERN_GLOBAL)
		made = import_global(out, run, row);
	else if (row->kind == WPKG_EXTERN_TAG)
		made = import_tag(out, run, row);
	wpkg_buf_append_text(run->report, "\n");
	return made;
}

static bool instantiate(struct run *run, struct import *imports)
{
	const struct wpkg_module *module = run->module;
	struct wpkg_external externals[VALUES] = {0};
	struct wpkg_outcome outcome = {.trap = WPKG_TRAP_NONE};
	struct wpkg_err err;
	if (module->import_count > VALUES)
		return false;
	for (uint32_t i = 0; i < module->import_count; i++) {
		if (!import_one(&externals[i], run, &imports[i], &module->imports[i])) {
			stop(run, "import");
			return false;
		}
	}
	enum wpkg_status status = wpkg_instance_new(&run->instance, run->engine, module, externals,
						    module->import_count, &outcome, &err);
	if (status == WPKG_OK)
		return true;
	if (outcome.trap)
		say_trap(run, "start", outcome.trap);
	else
		stop(run, err.msg);
	return false;
}

/* What a module exports. */

/* Some numbers of each kind, small, large and between. */
static union wpkg_wasm_value argument(wpkg_valtype type, uint32_t number)
{
	static const uint64_t integers[] = {0,		1,     7,	0xffffffffffffffff,
					    0x80000000, 65535, 1u << 20};
	static const double reals[] = {0, -1.5, 3.25, 1e9, -0.0, 1e-3, 4294967296.5};
	union wpkg_wasm_value value = {.i64 = 0};
	number %= 7;
	switch (letter_of(type)) {
	case 'i':
		value.i32 = (uint32_t)integers[number];
		break;
	case 'I':
		value.i64 = integers[number];
		break;
	case 'f':
		value.f32 = (float)reals[number];
		break;
	case 'd':
		value.f64 = reals[number];
		break;
	case 'e':
		value.ref = wpkg_ref_from_host(1);
		break;
	default:
		break;
	}
	return value;
}

static void call_export(struct run *run, uint32_t number)
{
	const struct wpkg_module_export *row = &run->module->exports[number];
	const struct wpkg_type *type = wpkg_module_func_type(run->module, row->index);
	union wpkg_wasm_value args[VALUES], results[VALUES];
	uint32_t count = type->param_count + type->result_count;
	char value[24];
	if (count > VALUES || !all_pass(type->params, count) || !plain_name(row->name))
		return;
	for (uint32_t i = 0; i < type->param_count; i++)
		if (letter_of(type->params[i]) == 'r')
			return;
	wpkg_buf_append_format(run->report, "call %.*s ", (int)row->name.len, row->name.ptr);
	for (uint32_t i = 0; i < type->param_count; i++) {
		args[i] = argument(type->params[i], number + i);
		format_value(value, type->params[i], &args[i]);
		wpkg_buf_append_format(run->report, "%c%s,", letter_of(type->params[i]), value);
	}
	append_letters(run->report, wpkg_type_results(type), type->result_count);
	wpkg_buf_append_text(run->report, "\n");
	struct wpkg_external export = wpkg_instance_export(run->instance, number);
	struct wpkg_outcome outcome;
	if (wpkg_func_call(&outcome, export.func, args, results) != WPKG_TRAP_NONE)
		say_trap(run, "call", outcome.trap);
	else
		say_values(run, "call", wpkg_type_results(type), type->result_count, results);
}

static void show_memory(struct run *run, const struct wpkg_memory *memory)
{
	struct wpkg_digest digest;
	struct wpkg_err err;
	char text[WPKG_DIGEST_TEXT] = "";
	uint64_t size = wpkg_memory_size(memory);
	struct wpkg_str bytes =
		wpkg_str_of(wpkg_memory_bytes(memory), size > MEMORY_SHOWN ? MEMORY_SHOWN : size);
	if (wpkg_digest_of(&digest, bytes, &err) == WPKG_OK)
		wpkg_digest_format(text, &digest);
	say(run, "memory %" PRIu64 " %s", size, text);
}

/* What is left behind: memories and globals that are exported. */
static void show_state(struct run *run)
{
	for (uint32_t i = 0; i < run->module->export_count && !run->stopped; i++) {
		const struct wpkg_module_export *row = &run->module->exports[i];
		struct wpkg_external export = wpkg_instance_export(run->instance, i);
		if (!plain_name(row->name))
			continue;
		if (row->kind == WPKG_EXTERN_MEMORY) {
			wpkg_buf_append_format(run->report, "show %.*s memory\n",
					       (int)row->name.len, row->name.ptr);
			show_memory(run, export.memory);
		} else if (row->kind == WPKG_EXTERN_GLOBAL) {
			wpkg_valtype type = run->module->globals[row->index].type;
			if (!passes(type))
				continue;
			wpkg_buf_append_format(run->report, "show %.*s %c\n", (int)row->name.len,
					       row->name.ptr, letter_of(type));
			union wpkg_wasm_value value = wpkg_global_get(export.global);
			say_values(run, "global", &type, 1, &value);
		}
	}
}

/* The report of one mode. */
static void run_in(struct wpkg_buf *report, const struct wpkg_module *module,
		   const struct mode *mode, bool *stopped)
{
	struct import imports[VALUES];
	struct run run = {.module = module, .report = report};
	struct wpkg_err err;
	if (wpkg_engine_new(&run.engine, &mode->limits, &err) != WPKG_OK) {
		wpkg_buf_append_format(report, "stopped: %s\n", err.msg);
		return;
	}
	if (instantiate(&run, imports)) {
		for (uint32_t i = 0; i < module->export_count && !run.stopped; i++)
			if (module->exports[i].kind == WPKG_EXTERN_FUNC)
				call_export(&run, i);
		if (!run.stopped)
			show_state(&run);
	}
	*stopped = run.stopped;
	wpkg_engine_free(run.engine);
}

/* The first line of the other report that is not in the first one. */
static void tell_difference(struct wpkg_buf *report, struct wpkg_buf *other, const char *mode)
{
	struct wpkg_str a = wpkg_buf_str(report), b = wpkg_buf_str(other);
	if (wpkg_str_equal(a, b))
		return;
	size_t same = 0, line = 0;
	while (same < a.len && same < b.len && a.ptr[same] == b.ptr[same])
		if (b.ptr[same++] == '\n')
			line = same;
	const char *end = line < b.len ? memchr(b.ptr + line, '\n', b.len - line) : NULL;
	size_t length = end ? (size_t)(end - (b.ptr + line)) : b.len - line;
	printf("mode %s: %.*s\n", mode, (int)length, b.ptr + line);
}

/* Some of the optimisations, others for each module. */
static unsigned some_of_them(struct wpkg_str bytes)
{
	uint32_t hash = 2166136261;
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (uint8_t)bytes.ptr[i]) * 16777619;
	return (hash >> 8) & WPKG_OPT_ALL;
}

/* Runs it in the modes from the one of that number on, each compared with the one before it that
 * begins; the report of the first mode of all is printed. */
static void run_ways(const struct wpkg_module *module, struct wpkg_str bytes, size_t from)
{
	struct wpkg_buf ways, first, other;
	bool stopped = false;
	wpkg_buf_init(&ways, REPORT_MAX);
	wpkg_buf_init(&first, REPORT_MAX);
	for (size_t i = from; i < MODES && !stopped; i++) {
		struct mode mode = modes[i];
		if (mode.leaves_some)
			mode.limits.optimisations_off = some_of_them(bytes);
		wpkg_buf_init(&other, REPORT_MAX);
		run_in(&other, module, &mode, &stopped);
		wpkg_buf_append_format(&ways, " %s", modes[i].name);
		if (i == 0)
			printf("%s", wpkg_buf_text(&other));
		if (modes[i].begins) {
			wpkg_buf_clear(&first);
			first = other;
			continue;
		}
		tell_difference(&first, &other, modes[i].name);
		wpkg_buf_clear(&other);
	}
	printf("ways%s\n", wpkg_buf_text(&ways));
	wpkg_buf_clear(&ways);
	wpkg_buf_clear(&first);
}

static void answer(const char *path)
{
	struct wpkg_file_map file;
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	if (wpkg_file_map_open(&file, AT_FDCWD, path, UINT32_MAX, &err) != WPKG_OK) {
		printf("no file: %s\n", err.msg);
		return;
	}
	if (wpkg_module_read(&module, file.bytes, NULL, &err) != WPKG_OK) {
		printf("invalid %s\n", err.msg);
	} else {
		/* Of relaxed vectors the results are the processor's own. */
		bool relaxed = module->features & WPKG_FEATURE_BIT(RELAXED_SIMD);
		printf("valid\n%s", relaxed ? "> stopped\n" : "");
		run_ways(module, file.bytes, relaxed ? FIRST_DETERMINISTIC : 0);
	}
	wpkg_module_free(module);
	wpkg_file_map_close(&file);
}

int main(void)
{
	char line[4096];
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		alarm(SECONDS);
		answer(line);
		alarm(0);
		printf(".\n");
		fflush(stdout);
	}
	return 0;
}
