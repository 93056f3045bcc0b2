/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_WAST_INT_H
#define WPKG_TOOLS_WAST_INT_H

/* The inside of a run, for what its commands do and for its threads. */

#include "base/err.h"
#include "exec/engine.h"
#include "wast.h"

/* A module that was defined; lives as long as the engine. */
struct definition {
	struct definition *next;
	struct wpkg_str name; /* "$M", or empty */
	struct wpkg_buf bytes;
	struct wpkg_module *module;
};

struct named_instance {
	struct named_instance *next;
	struct wpkg_str name;
	struct wpkg_instance *instance;
};

struct wast_thread;

struct wast_run {
	const char *file;
	struct wast_tally *tally;
	struct wpkg_arena arena;
	struct wpkg_engine *engine;
	struct wpkg_linker *linker;
	struct definition *definitions; /* newest first */
	struct named_instance *instances;
	struct wpkg_instance *current;	/* NULL: the latest module failed */
	struct wpkg_buf reason;		/* why the command fails */
	const struct wast_block *block; /* of the running command; NULL */
	struct wast_thread *threads;	/* that are not waited for yet */
	/* Of a thread: what it knows of the run that started it; name and instance of the engine of
	 * that run, of which only shared memories are anything here. */
	struct wpkg_str foreign_name; /* empty: nothing */
	struct wpkg_instance *foreign;
};

/* Says why the command fails. Always false. */
bool wast_fail(struct wast_run *run, const char *format, ...) WPKG_PRINTF(2, 3);

/* The instance of the name; NULL when there is none. */
struct wpkg_instance *wast_find_named(const struct wast_run *run, struct wpkg_str name);

/* wast_thread.c */
bool wast_thread_start(struct wast_run *run, const struct wpkg_script_command *command);
bool wast_thread_wait(struct wast_run *run, const struct wpkg_script_command *command);
/* Waits for all that are left. */
void wast_threads_join(struct wast_run *run);
bool wast_is_foreign(const struct wast_run *run, struct wpkg_str name);
/* Its shared memories become importable. */
bool wast_register_foreign(struct wast_run *run, struct wpkg_str as);

#endif
