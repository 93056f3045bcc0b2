/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/wasi_thread.h"

#include <pthread.h>

#include "base/mem.h"
#include "exec/engine_int.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/shared.h"
#include "exec/wasi_int.h"

#define MAX_DEFAULT 64
#define ID_MAX 0x1fffffff /* the proposal keeps the other bits */

/* One thread of the guest. Owned by the list, which the lock guards. */
struct thread {
	struct thread *next;
	struct wpkg_wasi_threads *threads;
	struct wpkg_engine *engine;
	struct wpkg_linker *linker;
	struct wpkg_instance *instance;
	uint32_t id, argument;
	pthread_t thread;
	bool is_over;	/* joining it does not wait */
	bool is_joined; /* by the end of the program */
};

/* The memory of an import, by its place among the imports. */
struct memory {
	struct wpkg_str module, field; /* the module's */
	struct wpkg_shared_memory *shared;
};

struct wpkg_wasi_threads {
	struct wpkg_wasi_threads_options options;
	struct memory *memories;
	uint32_t memory_count;
	pthread_mutex_t lock; /* for what follows */
	struct thread *list;
	uint32_t count; /* in the list, or on their way */
	uint32_t last_id;
	bool ended;	  /* the program is over: nothing begins any more */
	bool has_outcome; /* of a thread, which ended the program */
	struct wpkg_outcome outcome;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for threads");
}

/* The memories that the module imports, as many bytes as it asks for. */
static enum wpkg_status make_memories(struct wpkg_wasi_threads *threads, struct wpkg_err *err)
{
	const struct wpkg_module *module = threads->options.module;
	struct wpkg_err own;
	for (uint32_t i = 0; i < module->import_count; i++) {
		const struct wpkg_module_import *import = &module->imports[i];
		if (import->kind != WPKG_EXTERN_MEMORY ||
		    !module->memories[import->index].size.is_shared)
			continue;
		const struct wpkg_module_memory *type = &module->memories[import->index];
		const struct wpkg_memory *memory = exec_memory_new(
			threads->options.engine, &type->size, type->page_log2, &own);
		if (!memory)
			return WPKG_FAIL(err, own.status, "0x%x: import %.*s.%.*s: %s",
					 (unsigned)import->offset, WPKG_STR_ARG(import->module),
					 WPKG_STR_ARG(import->field), own.msg);
		threads->memories[threads->memory_count++] =
			(struct memory){import->module, import->field,
					wpkg_shared_memory_hold(wpkg_memory_shared(memory))};
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_wasi_threads_new(struct wpkg_wasi_threads **out,
				       const struct wpkg_wasi_threads_options *options,
				       struct wpkg_err *err)
{
	struct wpkg_wasi_threads *threads = wpkg_mem_calloc(1, sizeof(*threads));
	if (!threads)
		return no_memory(err);
	threads->options = *options;
	options->wasi->threaded = true;
	if (!threads->options.max)
		threads->options.max = MAX_DEFAULT;
	pthread_mutex_init(&threads->lock, NULL);
	threads->memories =
		wpkg_mem_calloc(options->module->import_count + 1, sizeof(*threads->memories));
	enum wpkg_status status = threads->memories ? make_memories(threads, err) : no_memory(err);
	if (status == WPKG_OK)
		*out = threads;
	else
		wpkg_wasi_threads_free(threads);
	return status;
}

static void thread_free(struct thread *thread)
{
	wpkg_linker_free(thread->linker);
	wpkg_engine_free(thread->engine);
	wpkg_mem_free(thread);
}

void wpkg_wasi_threads_free(struct wpkg_wasi_threads *threads)
{
	if (!threads)
		return;
	wpkg_wasi_threads_end(threads, NULL);
	while (threads->list) {
		struct thread *next = threads->list->next;
		thread_free(threads->list);
		threads->list = next;
	}
	for (uint32_t i = 0; i < threads->memory_count; i++)
		wpkg_shared_memory_drop(threads->memories[i].shared);
	wpkg_mem_free(threads->memories);
	pthread_mutex_destroy(&threads->lock);
	wpkg_mem_free(threads);
}

/* With the lock: everybody is to stop. */
static void end_all(struct wpkg_wasi_threads *threads)
{
	threads->ended = true;
	for (struct thread *thread = threads->list; thread; thread = thread->next)
		wpkg_engine_interrupt(thread->engine);
}

void wpkg_wasi_threads_end(struct wpkg_wasi_threads *threads, struct wpkg_outcome *outcome)
{
	pthread_mutex_lock(&threads->lock);
	end_all(threads);
	pthread_mutex_unlock(&threads->lock);
	/* Nothing is added any more, and who is over does not touch the list. */
	for (struct thread *thread = threads->list; thread; thread = thread->next)
		if (!thread->is_joined) {
			pthread_join(thread->thread, NULL);
			thread->is_joined = true;
		}
	if (outcome && threads->has_outcome && outcome->trap == WPKG_TRAP_INTERRUPT)
		*outcome = threads->outcome;
}

/* A thread's own end: the program's, when it is no return. */
static void note_end(struct thread *thread, const struct wpkg_outcome *outcome)
{
	struct wpkg_wasi_threads *threads = thread->threads;
	pthread_mutex_lock(&threads->lock);
	if (outcome->trap != WPKG_TRAP_NONE && !threads->ended) {
		threads->outcome = *outcome;
		threads->has_outcome = true;
		end_all(threads);
		wpkg_engine_interrupt(threads->options.engine);
	}
	thread->is_over = true;
	pthread_mutex_unlock(&threads->lock);
}

static void *run(void *argument)
{
	struct thread *thread = argument;
	struct wpkg_outcome outcome;
	union wpkg_wasm_value args[] = {{.i32 = thread->id}, {.i32 = thread->argument}};
	wpkg_func_call(&outcome,
		       wpkg_instance_find_func(thread->instance, WPKG_LIT("wasi_thread_start")),
		       args, NULL);
	note_end(thread, &outcome);
	return NULL;
}

/* With the lock: what the threads that returned had is free again. */
static void reap(struct wpkg_wasi_threads *threads)
{
	for (struct thread **link = &threads->list; *link && !threads->ended;) {
		struct thread *thread = *link;
		if (!thread->is_over) {
			link = &thread->next;
			continue;
		}
		*link = thread->next;
		threads->count--;
		pthread_join(thread->thread, NULL);
		thread_free(thread);
	}
}

/* Room for one more, with its number; 0 when there is none. */
static uint32_t reserve(struct wpkg_wasi_threads *threads)
{
	uint32_t id = 0;
	pthread_mutex_lock(&threads->lock);
	reap(threads);
	if (!threads->ended && threads->count < threads->options.max && threads->last_id < ID_MAX) {
		threads->count++;
		id = ++threads->last_id;
	}
	pthread_mutex_unlock(&threads->lock);
	return id;
}

/* The thread begins and is in the list; or it is not, and the reservation is given back. */
static bool start(struct thread *thread, bool is_ready)
{
	struct wpkg_wasi_threads *threads = thread->threads;
	bool starts = false;
	pthread_mutex_lock(&threads->lock);
	if (is_ready && !threads->ended)
		starts = pthread_create(&thread->thread, NULL, run, thread) == 0;
	if (starts) {
		thread->next = threads->list;
		threads->list = thread;
	} else {
		threads->count--;
	}
	pthread_mutex_unlock(&threads->lock);
	return starts;
}

/* wasi_thread_start is a function of two i32. */
static bool can_start(const struct wpkg_module *module)
{
	const struct wpkg_module_export *export =
		wpkg_module_find_export(module, WPKG_LIT("wasi_thread_start"));
	if (!export || export->kind != WPKG_EXTERN_FUNC)
		return false;
	const struct wpkg_type *type = wpkg_module_func_type(module, export->index);
	return type->param_count == 2 && type->result_count == 0 &&
	       type->params[0] == WPKG_TYPE_I32 && type->params[1] == WPKG_TYPE_I32;
}

/* An instance in a sibling of the caller's engine. */
static enum wpkg_status instantiate(struct thread *thread, struct wpkg_engine *of)
{
	struct wpkg_wasi_threads *threads = thread->threads;
	struct wpkg_err err;
	enum wpkg_status status = wpkg_engine_new_sibling(&thread->engine, of, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_new(&thread->linker, thread->engine, &err);
	if (status != WPKG_OK)
		return status;
	wpkg_wasi_define(thread->linker, threads->options.wasi);
	status = wpkg_wasi_threads_define(thread->linker, threads, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_instantiate(&thread->instance, thread->linker,
						 threads->options.module, NULL, &err);
	return status;
}

/* (argument): the thread's number, or a negative errno. */
static enum wpkg_trap thread_spawn(struct wpkg_caller *caller, void *user,
				   const union wpkg_wasm_value *args,
				   union wpkg_wasm_value *results)
{
	struct wpkg_wasi_threads *threads = user;
	if (!can_start(threads->options.module))
		return wpkg_caller_fail(caller, "thread-spawn: the module exports no function "
						"wasi_thread_start of two i32");
	struct thread *thread = wpkg_mem_calloc(1, sizeof(*thread));
	results[0].i32 = (uint32_t)-WASI_EAGAIN;
	if (!thread)
		return WPKG_TRAP_NONE;
	thread->threads = threads;
	thread->argument = args[0].i32;
	thread->id = reserve(threads);
	bool is_ready = thread->id && instantiate(thread, wpkg_caller_engine(caller)) == WPKG_OK;
	if (thread->id && start(thread, is_ready))
		results[0].i32 = thread->id;
	else
		thread_free(thread);
	return WPKG_TRAP_NONE;
}

enum wpkg_status wpkg_wasi_threads_define(struct wpkg_linker *linker,
					  struct wpkg_wasi_threads *threads, struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_linker_define_func(linker, WPKG_LIT("wasi"), WPKG_LIT("thread-spawn"),
					"i32 -> i32", thread_spawn, threads, err);
	for (uint32_t i = 0; status == WPKG_OK && i < threads->memory_count; i++)
		status = wpkg_linker_define_shared_memory(linker, threads->memories[i].module,
							  threads->memories[i].field,
							  threads->memories[i].shared, err);
	return status;
}
