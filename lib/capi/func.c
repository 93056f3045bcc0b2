/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of wasm.h: the host's, which the engine calls, and the guest's, which the host calls.
 */
#include "capi/handle.h"

#include "base/mem.h"
#include "exec/call.h"
#include "exec/host.h"

/* Room for a call's values; calls with more take memory. */
#define VALUES_ON_STACK 16

/* So many values, in the room when they fit; NULL: no memory. All zero. */
static void *values(void *room, uint32_t count, size_t size)
{
	if (count > VALUES_ON_STACK)
		return wpkg_mem_calloc(count, size);
	memset(room, 0, VALUES_ON_STACK * size);
	return room;
}

static void values_end(void *block, const void *room)
{
	if (block != room)
		wpkg_mem_free(block);
}

/* The host's. */

static wasm_trap_t *call_back(const struct capi_callback *callback, const wasm_val_vec_t *args,
			      wasm_val_vec_t *results)
{
	return callback->plain ? callback->plain(args, results)
			       : callback->with_env(callback->env, args, results);
}

/* A call to the host, whose arguments and results stand behind each other in vals. */
static enum wpkg_trap enter_with(struct wpkg_caller *caller, const struct capi_callback *callback,
				 const union wpkg_wasm_value *args, union wpkg_wasm_value *results,
				 wasm_val_t *vals)
{
	const struct wpkg_func_type *type = &callback->type;
	struct wasm_store_t *store = callback->store;
	wasm_val_vec_t in = {type->param_count, vals};
	wasm_val_vec_t out = {type->result_count, vals + type->param_count};
	bool is_good = true;
	for (uint32_t i = 0; i < type->param_count; i++)
		is_good = capi_value_from(&in.data[i], store, type->params[i], &args[i]) && is_good;
	if (!is_good)
		return wpkg_caller_fail(caller, "an argument has no form here");
	wasm_trap_t *trap = call_back(callback, &in, &out);
	if (trap) {
		wasm_trap_delete(store->pending);
		store->pending = trap;
		return wpkg_caller_fail(caller, "a callback trapped");
	}
	for (uint32_t i = 0; i < type->result_count; i++)
		is_good = capi_value_to(&results[i], store, type->results[i], &out.data[i]) &&
			  is_good;
	return is_good ? WPKG_TRAP_NONE
		       : wpkg_caller_fail(caller, "a callback's results are not of its type");
}

/* What the engine calls for every function of the host. */
static enum wpkg_trap enter(struct wpkg_caller *caller, void *user,
			    const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	const struct capi_callback *callback = user;
	uint32_t count = callback->type.param_count + callback->type.result_count;
	wasm_val_t room[VALUES_ON_STACK];
	wasm_val_t *vals = values(room, count, sizeof(*vals));
	if (!vals)
		return WPKG_TRAP_NO_MEMORY;
	enum wpkg_trap trap = enter_with(caller, callback, args, results, vals);
	for (uint32_t i = 0; i < count; i++)
		wasm_val_delete(&vals[i]);
	values_end(vals, room);
	return trap;
}

/* Parameters, then results. */
static wpkg_valtype *types_of(const wasm_valtype_vec_t *params, const wasm_valtype_vec_t *results)
{
	wpkg_valtype *types = wpkg_mem_calloc(params->size + results->size + 1, sizeof(*types));
	for (size_t i = 0; types && i < params->size; i++)
		types[i] = capi_type_of_kind(wasm_valtype_kind(params->data[i]));
	for (size_t i = 0; types && i < results->size; i++)
		types[params->size + i] = capi_type_of_kind(wasm_valtype_kind(results->data[i]));
	return types;
}

static wasm_func_t *make(wasm_store_t *store, const wasm_functype_t *type,
			 const struct capi_callback *from)
{
	const wasm_valtype_vec_t *params = wasm_functype_params(type);
	const wasm_valtype_vec_t *results = wasm_functype_results(type);
	struct wpkg_external external = {.kind = WPKG_EXTERN_FUNC};
	struct wpkg_err err;
	wpkg_valtype *types = types_of(params, results);
	struct capi_callback *callback = types ? wpkg_mem_dup(from, sizeof(*from)) : NULL;
	bool is_made = callback &&
		       wpkg_func_new(&external.func, store->engine, types, (uint32_t)params->size,
				     (uint32_t)results->size, enter, callback, &err) == WPKG_OK;
	wpkg_mem_free(types);
	if (!is_made) {
		wpkg_mem_free(callback);
		return NULL;
	}
	callback->type = wpkg_func_type(external.func);
	callback->next = store->callbacks;
	store->callbacks = callback;
	return (wasm_func_t *)(void *)capi_handle_of_external(store, &external);
}

wasm_func_t *wasm_func_new(wasm_store_t *store, const wasm_functype_t *type,
			   wasm_func_callback_t callback)
{
	struct capi_callback from = {.store = store, .plain = callback};
	return make(store, type, &from);
}

wasm_func_t *wasm_func_new_with_env(wasm_store_t *store, const wasm_functype_t *type,
				    wasm_func_callback_with_env_t callback, void *env,
				    void (*finalizer)(void *))
{
	struct capi_callback from = {
		.store = store, .with_env = callback, .env = env, .finalizer = finalizer};
	return make(store, type, &from);
}

/* All functions. */

wasm_functype_t *wasm_func_type(const wasm_func_t *func)
{
	struct wpkg_func_type type = wpkg_func_type(func->ref.external.func);
	return capi_functype(wpkg_engine_types(func->ref.store->engine), &type);
}

size_t wasm_func_param_arity(const wasm_func_t *func)
{
	return wpkg_func_type(func->ref.external.func).param_count;
}

size_t wasm_func_result_arity(const wasm_func_t *func)
{
	return wpkg_func_type(func->ref.external.func).result_count;
}

/* With arguments and results of the engine behind each other in all. */
static wasm_trap_t *call_with(const wasm_func_t *func, const struct wpkg_func_type *type,
			      const wasm_val_vec_t *args, wasm_val_vec_t *results,
			      union wpkg_wasm_value *all)
{
	struct wasm_store_t *store = func->ref.store;
	union wpkg_wasm_value *out = all + type->param_count;
	struct wpkg_outcome outcome;
	bool is_good = true;
	for (uint32_t i = 0; i < type->param_count; i++)
		if (!capi_value_to(&all[i], store, type->params[i], &args->data[i]))
			return capi_trap_new(store, "an argument is not of the function's type");
	wpkg_func_call(&outcome, func->ref.external.func, all, out);
	wasm_trap_t *trap = capi_trap_of(store, &outcome);
	uint32_t count = results && results->size ? type->result_count : 0;
	for (uint32_t i = 0; !trap && i < count; i++)
		is_good = capi_value_from(&results->data[i], store, type->results[i], &out[i]) &&
			  is_good;
	return is_good ? trap : capi_trap_new(store, "a result has no form here");
}

wasm_trap_t *wasm_func_call(const wasm_func_t *func, const wasm_val_vec_t *args,
			    wasm_val_vec_t *results)
{
	struct wpkg_func_type type = wpkg_func_type(func->ref.external.func);
	size_t arg_count = args ? args->size : 0, result_count = results ? results->size : 0;
	if (arg_count != type.param_count || (result_count > 0 && result_count < type.result_count))
		return capi_trap_new(func->ref.store, "a call with other numbers of values than "
						      "the function's");
	union wpkg_wasm_value room[VALUES_ON_STACK];
	union wpkg_wasm_value *all =
		values(room, type.param_count + type.result_count, sizeof(*all));
	if (!all)
		return capi_trap_new(func->ref.store, "no memory");
	wasm_trap_t *trap = call_with(func, &type, args, results, all);
	values_end(all, room);
	return trap;
}
