/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_WASI_THREAD_H
#define WPKG_EXEC_WASI_THREAD_H

/*
 * Threads of a guest, as the proposal wasi-threads has them: the module imports a shared memory and
 * "wasi" "thread-spawn", which makes another instance of it, with the same memory, in a sibling
 * engine on a thread of the system, and calls its wasi_thread_start there.
 *
 * The guest is one program: when a thread traps or exits, all others are interrupted, and the
 * outcome of the first one is the program's. When the main thread's call is over, so is the
 * program.
 */

#include <stdint.h>

#include "base/err.h"
#include "exec/call.h"

struct wpkg_engine;
struct wpkg_linker;
struct wpkg_module;
struct wpkg_wasi;
struct wpkg_wasi_threads;

struct wpkg_wasi_threads_options {
	struct wpkg_engine *engine; /* of the main thread */
	struct wpkg_wasi *wasi;
	const struct wpkg_module *module;
	uint32_t max; /* threads beside the main one, at a time; 0: 64 */
};

/* What the options name outlives it. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_wasi_threads_new(struct wpkg_wasi_threads **out,
		      const struct wpkg_wasi_threads_options *options, struct wpkg_err *err);

/* Ends and waits for what still runs. NULL is fine. */
void wpkg_wasi_threads_free(struct wpkg_wasi_threads *threads);

/*
 * Defines, in a linker of the main thread's engine, thread-spawn and the shared memories that the
 * module imports. WPKG_ELIMIT when they pass the ceiling of the engine.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_wasi_threads_define(struct wpkg_linker *linker,
							  struct wpkg_wasi_threads *threads,
							  struct wpkg_err *err);

/*
 * After the main thread's last call, on that thread: ends the others and waits for them. When the
 * main thread was interrupted because another one had ended the program, the outcome becomes that
 * one's; its frames are good until the threads are freed.
 */
void wpkg_wasi_threads_end(struct wpkg_wasi_threads *threads, struct wpkg_outcome *outcome);

#endif
