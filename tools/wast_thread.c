/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of test scripts (the threads proposal): each is a thread of the system that runs its
 * commands in a run, and so an engine, of its own. What it has in common with others is the shared
 * memories of the one instance that it is given.
 */
#include <pthread.h>

#include "base/mem.h"
#include "exec/instance.h"
#include "exec/shared.h"
#include "wasm/module.h"
#include "wast_int.h"

struct wast_thread {
	struct wast_thread *next;
	struct wpkg_str name;
	struct wast_block block;
	struct wast_tally tally; /* its own, until it is waited for */
	struct wast_run *run;
	pthread_t thread;
};

static void *run_block(void *argument)
{
	struct wast_thread *thread = argument;
	thread->block.run(thread->run, &thread->block);
	return NULL;
}

static void thread_free(struct wast_thread *thread)
{
	wast_run_free(thread->run);
	wpkg_buf_clear(&thread->tally.failures);
	wpkg_mem_free(thread);
}

/* The instance that the thread is to know, here or itself known from elsewhere. */
static bool share(struct wast_run *run, struct wast_run *with, struct wpkg_str name)
{
	if (name.len == 0)
		return true;
	with->foreign = wast_is_foreign(run, name) ? run->foreign : wast_find_named(run, name);
	with->foreign_name = wpkg_arena_dup(&with->arena, name);
	return with->foreign && with->foreign_name.ptr;
}

bool wast_thread_start(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct wpkg_err err;
	struct wast_thread *thread = wpkg_mem_calloc(1, sizeof(*thread));
	if (!thread)
		return wast_fail(run, "no memory");
	thread->block = *run->block;
	thread->tally.limits = run->tally->limits;
	wpkg_buf_init(&thread->tally.failures, SIZE_MAX);
	thread->name = wpkg_arena_dup(&run->arena, command->name);
	if (wast_run_new(&thread->run, run->file, &thread->tally, &err) != WPKG_OK)
		wast_fail(run, "%s", err.msg);
	else if (!share(run, thread->run, command->shared))
		wast_fail(run, "no instance %.*s", WPKG_STR_ARG(command->shared));
	else if (pthread_create(&thread->thread, NULL, run_block, thread) != 0)
		wast_fail(run, "the system has no thread");
	else {
		thread->next = run->threads;
		run->threads = thread;
		return true;
	}
	thread_free(thread);
	return false;
}

/* Takes the thread out of the list, waits for its end, and counts what it did. */
static void join(struct wast_run *run, struct wast_thread **link)
{
	struct wast_thread *thread = *link;
	*link = thread->next;
	pthread_join(thread->thread, NULL);
	run->tally->passed += thread->tally.passed;
	run->tally->failed += thread->tally.failed;
	wpkg_buf_append_str(&run->tally->failures, wpkg_buf_str(&thread->tally.failures));
	thread_free(thread);
}

bool wast_thread_wait(struct wast_run *run, const struct wpkg_script_command *command)
{
	for (struct wast_thread **link = &run->threads; *link; link = &(*link)->next) {
		if (!wpkg_str_equal((*link)->name, command->name))
			continue;
		join(run, link);
		return true;
	}
	return wast_fail(run, "no thread %.*s", WPKG_STR_ARG(command->name));
}

void wast_threads_join(struct wast_run *run)
{
	while (run->threads)
		join(run, &run->threads);
}

bool wast_is_foreign(const struct wast_run *run, struct wpkg_str name)
{
	return run->foreign && wpkg_str_equal(run->foreign_name, name);
}

bool wast_register_foreign(struct wast_run *run, struct wpkg_str as)
{
	struct wpkg_err err;
	const struct wpkg_module *module = wpkg_instance_module(run->foreign);
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < module->export_count; i++) {
		struct wpkg_str name = module->exports[i].name;
		const struct wpkg_memory *memory = wpkg_instance_find_memory(run->foreign, name);
		struct wpkg_shared_memory *shared = memory ? wpkg_memory_shared(memory) : NULL;
		if (shared)
			status = wpkg_linker_define_shared_memory(run->linker, as, name, shared,
								  &err);
	}
	return status == WPKG_OK || wast_fail(run, "%s", err.msg);
}
