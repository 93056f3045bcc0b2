/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg run: a module as a program, or one of its functions. */
#include "commands.h"

#include <stddef.h>
#include <stdio.h>

#include "../client/global.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/utf8.h"
#include "data/json.h"
#include "exec/engine.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/wasi_thread.h"
#include "grants.h"
#include "output.h"
#include "parts.h"
#include "value.h"
#include "wasm/format.h"
#include "wasm/module.h"

struct run_options {
	struct wpkg_option_list dirs;
	struct wpkg_option_list env;
	const char *input;
	const char *invoke;
	const char *module;
	uint64_t fuel;
	uint64_t memory;
	int64_t timeout;
	bool deterministic;
};

#define OPTION(member) offsetof(struct run_options, member)

static const struct wpkg_option run_rows[] = {
	{"dir", 0, WPKG_OPTION_TEXTS, "HOST::GUEST[:ro]",
	 "let the guest use this folder, under that name", NULL, OPTION(dirs)},
	{"env", 0, WPKG_OPTION_TEXTS, "NAME[=VALUE]", "set a variable, or hand down your own", NULL,
	 OPTION(env)},
	{"stdin", 0, WPKG_OPTION_TEXT, "FILE", "standard input of the guest", NULL, OPTION(input)},
	{"invoke", 0, WPKG_OPTION_TEXT, "NAME", "call this exported function with ARGS", NULL,
	 OPTION(invoke)},
	{"module", 0, WPKG_OPTION_TEXT, "FILE",
	 "the module that is meant, of a package with several", NULL, OPTION(module)},
	{"fuel", 0, WPKG_OPTION_NUMBER, "UNITS", "end it after about so many instructions", NULL,
	 OPTION(fuel)},
	{"memory", 0, WPKG_OPTION_SIZE, "SIZE",
	 "memory, tables and objects that it may have in all", NULL, OPTION(memory)},
	{"timeout", 0, WPKG_OPTION_DURATION, "TIME", "end it after this time", NULL,
	 OPTION(timeout)},
	{"deterministic", 0, WPKG_OPTION_FLAG, NULL,
	 "clocks, random numbers and NaN bits are the same each time", NULL, OPTION(deterministic)},
	{0}};

/* All that it takes to run a module. */
struct guest {
	const struct run_options *options;
	const char *name; /* of the module, for messages */
	bool json;	  /* results of --invoke as a document */
	struct grants grants;
	struct parts parts;
	const struct wpkg_module *module; /* the one that is meant */
	struct wpkg_engine *engine;
	struct wpkg_wasi *wasi;
	struct wpkg_wasi_threads *threads; /* NULL: the guest can start none */
	struct wpkg_instance *instance;
	struct wpkg_outcome outcome;
};

static void guest_close(struct guest *guest)
{
	wpkg_wasi_threads_free(guest->threads);
	wpkg_engine_free(guest->engine);
	wpkg_wasi_free(guest->wasi);
	parts_close(&guest->parts);
	grants_close(&guest->grants);
}

/* Why it stopped, and where: a line for each function. */
static int report_trap(const struct guest *guest)
{
	struct wpkg_err err;
	struct wpkg_buf frames;
	wpkg_buf_init(&frames, SIZE_MAX);
	wpkg_outcome_format_frames(&guest->outcome, &frames);
	wpkg_err_set(&err, WPKG_EINVAL, "%s: %s", guest->name, guest->outcome.message);
	int code = tool_error(&err);
	fputs(wpkg_buf_text(&frames), stderr);
	wpkg_buf_clear(&frames);
	return code;
}

/* The system keeps 8 bits of a code: a failure must stay one. */
static int exit_code_of(int32_t code)
{
	return code != 0 && (code & 0xff) == 0 ? WPKG_EXIT_FAILED : code & 0xff;
}

/* The exit code of what ended, and *goes_on when it returned. */
static int code_of_outcome(struct guest *guest, bool *goes_on)
{
	*goes_on = guest->outcome.trap == WPKG_TRAP_NONE;
	if (*goes_on)
		return WPKG_EXIT_DONE;
	if (guest->threads)
		wpkg_wasi_threads_end(guest->threads, &guest->outcome);
	if (guest->outcome.trap == WPKG_TRAP_EXIT)
		return exit_code_of(guest->outcome.exit_code);
	return report_trap(guest);
}

static int complain(const struct guest *guest, struct wpkg_err *err)
{
	wpkg_err_prepend(err, "%s", guest->name);
	return tool_error(err);
}

/*
 * Threads are nothing that would be the same each time. A thread is another instance of its module
 * alone: what that imports from others has nothing that all threads could share.
 */
static enum wpkg_status allow_threads(struct guest *guest, struct wpkg_err *err)
{
	struct wpkg_wasi_threads_options options = {
		.engine = guest->engine, .wasi = guest->wasi, .module = guest->module};
	if (guest->options->deterministic)
		return WPKG_OK;
	if (parts_are_linked(&guest->parts))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "a module with threads runs alone, and this one imports from "
				 "others: 'wpkg link' makes one of them");
	return wpkg_wasi_threads_new(&guest->threads, &options, err);
}

static enum wpkg_status make_engine(struct guest *guest, struct wpkg_err *err)
{
	const struct run_options *options = guest->options;
	struct wpkg_engine_limits limits = {
		.fuel = options->fuel,
		.total_bytes = options->memory,
		.time_ms = (uint64_t)options->timeout * 1000,
		.deterministic = options->deterministic,
	};
	enum wpkg_status status = wpkg_engine_new(&guest->engine, &limits, err);
	if (status == WPKG_OK)
		status = wpkg_wasi_new(&guest->wasi, &guest->grants.options, err);
	if (status == WPKG_OK && (guest->module->features & WPKG_FEATURE_BIT(THREADS)))
		status = allow_threads(guest, err);
	return status;
}

static enum wpkg_status define_host(void *user, struct wpkg_linker *linker, struct wpkg_err *err)
{
	const struct guest *guest = user;
	wpkg_wasi_define(linker, guest->wasi);
	return guest->threads ? wpkg_wasi_threads_define(linker, guest->threads, err) : WPKG_OK;
}

/* Is the code to end with, when *goes_on is false. */
static int instantiate(struct guest *guest, bool *goes_on)
{
	struct wpkg_err err;
	*goes_on = false;
	guest->outcome.trap = WPKG_TRAP_NONE;
	if (make_engine(guest, &err) != WPKG_OK)
		return complain(guest, &err);
	struct wpkg_assembly assembly = {
		.engine = guest->engine, .define = define_host, .user = guest};
	enum wpkg_status status = parts_instantiate(&guest->instance, &guest->parts, &assembly,
						    &guest->outcome, &err);
	if (status != WPKG_OK && guest->outcome.trap == WPKG_TRAP_NONE)
		return complain(guest, &err);
	return code_of_outcome(guest, goes_on);
}

/* A program has _start. A library's _initialize runs before any of its functions. */
static int initialize(struct guest *guest, bool *goes_on)
{
	struct wpkg_err err;
	*goes_on = false;
	if (wpkg_instance_initialize(&guest->outcome, guest->instance, &err) != WPKG_OK)
		return complain(guest, &err);
	return code_of_outcome(guest, goes_on);
}

static bool add_result(struct wpkg_arena *arena, struct wpkg_value *list, wpkg_valtype type,
		       const union wpkg_wasm_value *result)
{
	struct wpkg_buf name, text;
	struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	wpkg_buf_init(&name, SIZE_MAX);
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_valtype_format(&name, type, NULL);
	tool_value_format(&text, type, result);
	bool good = row && wpkg_value_add_string(arena, row, "type", wpkg_buf_str(&name)) &&
		    wpkg_value_add_string(arena, row, "value", wpkg_buf_str(&text));
	wpkg_buf_clear(&name);
	wpkg_buf_clear(&text);
	return good;
}

/* {"results": [{"type", "value"}]}, the value as text: no number of JSON holds all of them. */
static int print_document(const struct wpkg_type *type, const union wpkg_wasm_value *results)
{
	struct wpkg_arena arena;
	struct wpkg_buf text;
	wpkg_arena_init(&arena, SIZE_MAX);
	wpkg_buf_init(&text, SIZE_MAX);
	struct wpkg_value *document = wpkg_value_new_table(&arena);
	struct wpkg_value *list = wpkg_value_add(&arena, document, "results", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (uint32_t i = 0; good && i < type->result_count; i++)
		good = add_result(&arena, list, wpkg_type_results(type)[i], &results[i]);
	if (good)
		wpkg_json_write(&text, document, WPKG_JSON_INDENTED);
	int code = good ? tool_print(&text)
			: tool_error(&(struct wpkg_err){WPKG_ENOMEM, "run: no memory"});
	wpkg_arena_clear(&arena);
	return code;
}

static int print_results(const struct guest *guest, const struct wpkg_type *type,
			 const union wpkg_wasm_value *results)
{
	struct wpkg_buf text;
	if (guest->json)
		return print_document(type, results);
	wpkg_buf_init(&text, SIZE_MAX);
	for (uint32_t i = 0; i < type->result_count; i++) {
		tool_value_format(&text, wpkg_type_results(type)[i], &results[i]);
		wpkg_buf_append_byte(&text, '\n');
	}
	return tool_print(&text);
}

static int call_with(struct guest *guest, struct wpkg_func *func, const struct wpkg_type *type,
		     char *const *args, union wpkg_wasm_value *values)
{
	struct wpkg_err err;
	bool goes_on;
	for (uint32_t i = 0; i < type->param_count; i++) {
		if (tool_value_parse(&values[i], type->params[i], wpkg_str_from(args[i]), &err) ==
		    WPKG_OK)
			continue;
		return tool_usage("run: argument %u of %s: %s", (unsigned)i + 1,
				  guest->options->invoke, err.msg);
	}
	int code = initialize(guest, &goes_on);
	if (!goes_on)
		return code;
	union wpkg_wasm_value *results = values + type->param_count;
	wpkg_func_call(&guest->outcome, func, values, results);
	code = code_of_outcome(guest, &goes_on);
	return goes_on ? print_results(guest, type, results) : code;
}

static int invoke(struct guest *guest, const struct wpkg_invocation *invocation)
{
	const char *name = guest->options->invoke;
	const struct wpkg_module_export *export =
		wpkg_module_find_export(guest->module, wpkg_str_from(name));
	if (!export || export->kind != WPKG_EXTERN_FUNC)
		return tool_usage("run: %s exports no function '%s'", guest->name, name);
	const struct wpkg_type *type = wpkg_module_func_type(guest->module, export->index);
	if (type->param_count != invocation->operand_count - 1)
		return tool_usage("run: %s takes %u arguments, not %zu", name,
				  (unsigned)type->param_count, invocation->operand_count - 1);
	union wpkg_wasm_value *values =
		wpkg_mem_calloc(type->param_count + type->result_count + 1, sizeof(*values));
	if (!values)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "run: no memory"});
	int code = call_with(guest, wpkg_instance_find_func(guest->instance, wpkg_str_from(name)),
			     type, invocation->operands + 1, values);
	wpkg_mem_free(values);
	return code;
}

static int start(struct guest *guest)
{
	bool goes_on;
	struct wpkg_func *func = wpkg_instance_find_func(guest->instance, WPKG_LIT("_start"));
	if (!func)
		return tool_usage("run: %s is no program: it exports no function _start "
				  "(--invoke calls another one)",
				  guest->name);
	const struct wpkg_module_export *export =
		wpkg_module_find_export(guest->module, WPKG_LIT("_start"));
	const struct wpkg_type *type = wpkg_module_func_type(guest->module, export->index);
	if (type->param_count + type->result_count > 0)
		return tool_usage("run: %s is no program: its _start has another type",
				  guest->name);
	wpkg_func_call(&guest->outcome, func, NULL, NULL);
	return code_of_outcome(guest, &goes_on);
}

static enum wpkg_status open_grants(struct guest *guest, const struct wpkg_invocation *invocation,
				    struct wpkg_err *err)
{
	const struct run_options *options = guest->options;
	bool invokes = options->invoke != NULL;
	struct grants_request request = {
		.dirs = &options->dirs,
		.env = &options->env,
		.input = options->input,
		.program = wpkg_path_base(wpkg_str_from(guest->name)).ptr,
		.args = invocation->operands + 1,
		.arg_count = invokes ? 0 : invocation->operand_count - 1,
		.deterministic = options->deterministic,
	};
	return grants_open(&guest->grants, &request, err);
}

static int run(struct guest *guest, const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	bool goes_on;
	const struct parts_request request = {
		.invocation = invocation, .operand = guest->name, .module = guest->options->module};
	if (open_grants(guest, invocation, &err) != WPKG_OK)
		return tool_error(&err);
	int code = parts_open(&guest->parts, &request);
	if (code != WPKG_EXIT_DONE)
		return code;
	guest->module = guest->parts.main;
	/* As admission's checks have it, whatever the package is called on the command line. */
	guest->grants.args[0] = parts_file_name(&guest->parts);
	code = instantiate(guest, &goes_on);
	if (!goes_on)
		return code;
	return guest->options->invoke ? invoke(guest, invocation) : start(guest);
}

/* The option that gives a limit of zero, which the engine takes for none; NULL. */
static const char *zero_limit(const struct wpkg_invocation *invocation)
{
	for (size_t i = 0; run_rows[i].name; i++) {
		const void *value = (const char *)invocation->options + run_rows[i].offset;
		bool is_limit = run_rows[i].kind == WPKG_OPTION_NUMBER ||
				run_rows[i].kind == WPKG_OPTION_SIZE ||
				run_rows[i].kind == WPKG_OPTION_DURATION;
		if (is_limit && invocation->given[i] && *(const uint64_t *)value == 0)
			return run_rows[i].name;
	}
	return NULL;
}

static int run_run(const struct wpkg_invocation *invocation)
{
	const struct global_options *global = invocation->global;
	const char *zero = zero_limit(invocation);
	if (zero)
		return tool_usage("run: --%s: 0 lets nothing run (without it there is no such "
				  "limit)",
				  zero);
	struct guest guest = {
		.options = invocation->options,
		.json = global->json,
		.name = invocation->operands[0],
		.grants = {.input = -1},
	};
	int code = run(&guest, invocation);
	guest_close(&guest);
	return code;
}

const struct wpkg_command tool_run = {
	.name = "run",
	.operands = "MODULE [-- ARGS...]",
	.summary = "run a module with WASI, linked to what it depends on, or call a function",
	.description =
		"MODULE is a file, a package reference, or a folder or archive with a package. It "
		"runs as a program with the arguments behind '--', with your standard input and "
		"output; its exit code is the command's. Of your machine it sees nothing but what "
		"the options grant: no folder "
		"without --dir, no variable without --env. No link, '..' or absolute path leads "
		"out of a granted folder; with ':ro' nothing in it can be changed.\n"
		"\n"
		"What the module of a package imports from other modules of the package, or from "
		"packages that it depends on, is linked first, by the rules of admission: those of "
		"a folder with wpkg.toml as wpkg.lock has them, those of all others as 'wpkg lock' "
		"would choose them now. Each is verified like the package itself, fetched only "
		"when something is imported from it, and held against what imports from it; what "
		"does not fit is exit code 3.\n"
		"\n"
		"With --invoke one exported function is called instead, its arguments parsed by "
		"their types, and each result printed on a line; with --json they are a document.\n"
		"\n"
		"A program may start threads (wasi-threads), but not with --deterministic; limits "
		"are those "
		"of all its threads together.\n"
		"\n"
		"Where the module traps or passes a limit, the reason and the functions that were "
		"running are printed, innermost first, with the offset of each instruction in the "
		"file; the exit code is 1.",
	.example = "wpkg run greet.wasm -- Ada Grace\n"
		   "wpkg run .\n"
		   "wpkg run example.com/count --dir texts::/texts:ro -- /texts/a.txt\n"
		   "wpkg run fib.wasm --invoke fib --fuel 1000000 -- 20",
	.options = run_rows,
	.options_size = sizeof(struct run_options),
	.least_operands = 1,
	.most_operands = SIZE_MAX,
	.run = run_run,
};
