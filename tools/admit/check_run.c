/* SPDX-License-Identifier: Apache-2.0 */
#include "check_run.h"

#include "exec/assembly.h"
#include "exec/engine.h"
#include "exec/instance.h"

/* More would be slow to fill before they meet the total. */
#define TABLE_ENTRIES 10000000

struct guest {
	const struct check_run *run;
	struct wpkg_arena *arena;
	struct wpkg_engine *engine;
	struct wpkg_wasi *wasi;
	struct wpkg_instance *instance;
	struct wpkg_outcome outcome;
};

static void guest_close(struct guest *guest)
{
	wpkg_engine_free(guest->engine);
	wpkg_wasi_free(guest->wasi);
}

static enum wpkg_status set_texts(struct wpkg_wasi_options *options, const struct check_run *run,
				  struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_check *check = run->check;
	size_t arg_count = check->arguments.count + 1, env_count = check->environment.count;
	struct wpkg_str *args = wpkg_arena_alloc(arena, arg_count, sizeof(*args));
	struct wpkg_str *env = wpkg_arena_alloc(arena, env_count, sizeof(*env));
	if (!args || !env)
		return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	args[0] = run->program;
	for (size_t i = 1; i < arg_count; i++)
		args[i] = check->arguments.items[i - 1];
	for (size_t i = 0; i < env_count; i++) {
		const struct wpkg_pair *pair = &check->environment.pairs[i];
		env[i] = wpkg_arena_format(arena, "%.*s=%.*s", WPKG_STR_ARG(pair->key),
					   WPKG_STR_ARG(pair->value));
		if (!env[i].ptr)
			return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	}
	options->args = args;
	options->arg_count = arg_count;
	options->env = env;
	options->env_count = env_count;
	return WPKG_OK;
}

static enum wpkg_status make_wasi(struct guest *guest, const struct check_run *run,
				  struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_wasi_options options = {
		.standard_input = {.kind = WPKG_WASI_BUFFER, .input = run->check->input},
		.standard_output = {.kind = WPKG_WASI_BUFFER, .output = run->output},
		.standard_error = {.kind = WPKG_WASI_BUFFER, .output = run->errors},
		.files = run->files,
		.file_count = run->file_count,
		.deterministic = true,
	};
	enum wpkg_status status = set_texts(&options, run, arena, err);
	if (status == WPKG_OK)
		status = wpkg_wasi_new(&guest->wasi, &options, err);
	return status;
}

/* A function without parameters; what it returns is not looked at. */
static struct wpkg_func *find_func(const struct wpkg_instance *instance, struct wpkg_str name,
				   struct wpkg_err *err)
{
	const struct wpkg_module *module = wpkg_instance_module(instance);
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	if (!export || export->kind != WPKG_EXTERN_FUNC) {
		wpkg_err_set(err, WPKG_ENOTFOUND, "the module exports no function '%.*s'",
			     WPKG_STR_ARG(name));
		return NULL;
	}
	if (wpkg_module_func_type(module, export->index)->param_count > 0) {
		wpkg_err_set(err, WPKG_EINVAL, "the function '%.*s' takes parameters",
			     WPKG_STR_ARG(name));
		return NULL;
	}
	return wpkg_instance_find_func(instance, name);
}

static enum wpkg_status call_named(struct guest *guest, struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_func *func = find_func(guest->instance, name, err);
	if (!func)
		return err->status;
	const struct wpkg_module *module = wpkg_instance_module(guest->instance);
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	union wpkg_wasm_value *results = wpkg_arena_alloc(
		guest->arena, wpkg_module_func_type(module, export->index)->result_count,
		sizeof(*results));
	if (!results)
		return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	wpkg_func_call(&guest->outcome, func, NULL, results);
	return WPKG_OK;
}

/* Instances. */

static enum wpkg_status define_host(void *user, struct wpkg_linker *linker, struct wpkg_err *err)
{
	const struct guest *guest = user;
	(void)err;
	wpkg_wasi_define(linker, guest->wasi);
	return WPKG_OK;
}

/* The module alone, or all that are linked; *number is the module's. */
static enum wpkg_status gather(struct wpkg_assembly *assembly, size_t *number,
			       const struct guest *guest, struct wpkg_err *err)
{
	const struct check_run *run = guest->run;
	const struct wpkg_wiring *wiring = &run->links->wiring;
	size_t count = run->linked ? wiring->count : 1;
	struct wpkg_assembly_part *parts = wpkg_arena_alloc(guest->arena, count, sizeof(*parts));
	if (!parts)
		return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	for (size_t i = 0; run->linked && i < count; i++)
		parts[i] = (struct wpkg_assembly_part){.origin = wpkg_wiring_origin(wiring, i),
						       .module = wiring->modules[i].module,
						       .wires = wiring->modules[i].wires,
						       .wire_count = wiring->modules[i].wire_count};
	*number = run->linked ? (size_t)(run->linked - run->links->modules) : 0;
	parts[*number].module = run->module;
	assembly->parts = parts;
	assembly->count = count;
	return WPKG_OK;
}

static enum wpkg_status instantiate(struct guest *guest, struct wpkg_err *err)
{
	size_t number = 0;
	struct wpkg_assembly assembly = {
		.engine = guest->engine, .define = define_host, .user = guest};
	enum wpkg_status status = gather(&assembly, &number, guest, err);
	return status == WPKG_OK ? wpkg_assembly_instantiate(&guest->instance, &assembly, number,
							     &guest->outcome, err)
				 : status;
}

static enum wpkg_status make_guest(struct guest *guest, struct wpkg_err *err)
{
	const struct check_run *run = guest->run;
	struct wpkg_engine_limits limits = {
		.fuel = run->limits.fuel,
		.time_ms = run->limits.milliseconds,
		.total_bytes = run->limits.memory,
		.table_entries = TABLE_ENTRIES,
		.stack_bytes = WPKG_CHECK_STACK,
		.deterministic = true,
	};
	enum wpkg_status status = wpkg_engine_new(&guest->engine, &limits, err);
	if (status == WPKG_OK)
		status = make_wasi(guest, run, guest->arena, err);
	if (status == WPKG_OK)
		status = instantiate(guest, err);
	return status;
}

/* A program has _start; a library's _initialize runs before any of its functions. */
static enum wpkg_status call(struct guest *guest, struct wpkg_err *err)
{
	struct wpkg_str name = guest->run->check->invoke;
	if (name.len == 0)
		return call_named(guest, WPKG_LIT("_start"), err);
	enum wpkg_status status = wpkg_instance_initialize(&guest->outcome, guest->instance, err);
	if (status != WPKG_OK || guest->outcome.trap != WPKG_TRAP_NONE)
		return status;
	return call_named(guest, name, err);
}

static void take_outcome(struct check_run *run, const struct guest *guest)
{
	const struct wpkg_outcome *outcome = &guest->outcome;
	run->ended = outcome->trap == WPKG_TRAP_NONE || outcome->trap == WPKG_TRAP_EXIT;
	run->exit_code = outcome->trap == WPKG_TRAP_EXIT ? outcome->exit_code : 0;
	if (run->ended)
		return;
	wpkg_buf_append_format(run->error, "%s\n", outcome->message);
	wpkg_outcome_format_frames(outcome, run->error);
}

static void take_usage(struct check_run *run, const struct guest *guest)
{
	struct wpkg_engine_usage usage;
	if (!guest->engine)
		return;
	wpkg_engine_usage(&usage, guest->engine);
	run->memory_refused = usage.memory_refused;
	run->fuel_used = run->limits.fuel - wpkg_engine_fuel(guest->engine);
}

enum wpkg_status check_run(struct check_run *run, struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct guest guest = {.run = run, .arena = arena, .outcome = {.trap = WPKG_TRAP_NONE}};
	struct wpkg_err wrong = {.status = WPKG_OK};
	run->ended = false;
	enum wpkg_status status = make_guest(&guest, &wrong);
	if (status == WPKG_OK)
		status = call(&guest, &wrong);
	/* A trap of the start function has its outcome, and the error says no more. */
	if (status == WPKG_OK || guest.outcome.trap != WPKG_TRAP_NONE)
		take_outcome(run, &guest);
	else
		wpkg_buf_append_format(run->error, "%s\n", wrong.msg);
	take_usage(run, &guest);
	guest_close(&guest);
	return wpkg_buf_check(run->error, "check", err);
}
