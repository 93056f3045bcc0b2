/* SPDX-License-Identifier: Apache-2.0 */
#include "check_run.h"

#include "exec/engine.h"
#include "exec/instance.h"
#include "exec/linker.h"

/* A module on its way to an instance, of those that are linked. */
struct making {
	bool begun;
	struct wpkg_instance *instance;
};

struct guest {
	const struct check_run *run;
	struct wpkg_arena *arena;
	struct wpkg_engine *engine;
	struct wpkg_wasi *wasi;
	struct making *made; /* one for each module of run->links */
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

static enum wpkg_status call_named(struct guest *guest, struct wpkg_instance *instance,
				   struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_func *func = find_func(instance, name, err);
	if (!func)
		return err->status;
	const struct wpkg_module *module = wpkg_instance_module(instance);
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	union wpkg_wasm_value *results = wpkg_arena_alloc(
		guest->arena, wpkg_module_func_type(module, export->index)->result_count,
		sizeof(*results));
	if (!results)
		return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	wpkg_func_call(&guest->outcome, func, NULL, results);
	return WPKG_OK;
}

/* A library's _initialize runs before any of its functions. */
static enum wpkg_status initialize(struct guest *guest, struct wpkg_instance *instance,
				   struct wpkg_err *err)
{
	struct wpkg_str name = WPKG_LIT("_initialize");
	if (!wpkg_module_find_export(wpkg_instance_module(instance), name))
		return WPKG_OK;
	enum wpkg_status status = call_named(guest, instance, name, err);
	if (status == WPKG_OK && guest->outcome.trap != WPKG_TRAP_NONE)
		return WPKG_FAIL(err, WPKG_EDENIED, "%s", guest->outcome.message);
	return status;
}

/* Instances: first those that a module imports from. */

static enum wpkg_status instantiate(struct wpkg_instance **out, struct guest *guest,
				    const struct wpkg_module *module, const struct linked *linked,
				    struct wpkg_err *err);

static enum wpkg_status name_module(struct guest *guest, const struct linked *linked,
				    enum wpkg_status status, struct wpkg_err *err)
{
	struct wpkg_str origin = links_origin(guest->arena, linked);
	wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(origin));
	return status;
}

static enum wpkg_status make_linked(struct wpkg_instance **out, struct guest *guest,
				    const struct linked *linked, struct wpkg_err *err)
{
	struct making *making = &guest->made[linked - guest->run->links->modules];
	enum wpkg_status status = WPKG_OK;
	if (!linked->module)
		status = WPKG_FAIL(err, WPKG_EINVAL, "it cannot be linked");
	else if (making->begun && !making->instance)
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   "it imports from itself, through others: there is no order to "
				   "make instances in");
	else if (!making->begun) {
		making->begun = true;
		status = instantiate(&making->instance, guest, linked->module, linked, err);
		if (status == WPKG_OK)
			status = initialize(guest, making->instance, err);
	}
	if (status != WPKG_OK)
		return name_module(guest, linked, status, err);
	*out = making->instance;
	return WPKG_OK;
}

static enum wpkg_status bind(struct wpkg_linker *linker, struct guest *guest,
			     const struct linked *linked, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; linked && status == WPKG_OK && i < linked->binding_count; i++) {
		const struct link_binding *binding = &linked->bindings[i];
		struct wpkg_instance *from = NULL;
		status = make_linked(&from, guest, binding->from, err);
		if (status == WPKG_OK)
			status = wpkg_linker_define_instance(linker, binding->import, from, err);
	}
	return status;
}

/* Each module has the host's functions, and its own names for what it is linked to. */
static enum wpkg_status instantiate(struct wpkg_instance **out, struct guest *guest,
				    const struct wpkg_module *module, const struct linked *linked,
				    struct wpkg_err *err)
{
	struct wpkg_linker *linker = NULL;
	enum wpkg_status status = wpkg_linker_new(&linker, guest->engine, err);
	if (status != WPKG_OK)
		return status;
	wpkg_wasi_define(linker, guest->wasi);
	status = bind(linker, guest, linked, err);
	if (status == WPKG_OK)
		status = wpkg_linker_instantiate(out, linker, module, &guest->outcome, err);
	wpkg_linker_free(linker);
	return status;
}

static enum wpkg_status make_guest(struct guest *guest, struct wpkg_err *err)
{
	const struct check_run *run = guest->run;
	struct wpkg_engine_limits limits = {
		.fuel = run->limits.fuel,
		.time_ms = run->limits.milliseconds,
		.memory_bytes = run->limits.memory,
		.heap_bytes = run->limits.memory,
	};
	guest->made = wpkg_arena_alloc(guest->arena, run->links->count, sizeof(*guest->made));
	if (!guest->made)
		return WPKG_FAIL(err, WPKG_ENOMEM, "check: no memory");
	enum wpkg_status status = wpkg_engine_new(&guest->engine, &limits, err);
	if (status == WPKG_OK)
		status = make_wasi(guest, run, guest->arena, err);
	if (status == WPKG_OK && run->linked)
		guest->made[run->linked - run->links->modules].begun = true;
	if (status == WPKG_OK)
		status = instantiate(&guest->instance, guest, run->module, run->linked, err);
	return status;
}

/* A program has _start. */
static enum wpkg_status call(struct guest *guest, struct wpkg_err *err)
{
	struct wpkg_str name = guest->run->check->invoke;
	if (name.len == 0)
		return call_named(guest, guest->instance, WPKG_LIT("_start"), err);
	enum wpkg_status status = initialize(guest, guest->instance, err);
	return status == WPKG_OK ? call_named(guest, guest->instance, name, err) : status;
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
