/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_WAST_H
#define WPKG_TOOLS_WAST_H

/*
 * Running test scripts: a run has the engine, the instances and the names of one script, and takes
 * its commands one by one, from a text (wasm/script.h) or from the JSON form.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "exec/call.h"
#include "exec/engine.h"
#include "wasm/script.h"

/* How scripts are run, and what came of all so far. */
struct wast_tally {
	struct wpkg_engine_limits limits;
	uint64_t passed, failed;
	struct wpkg_buf failures; /* a line for each: "FILE:LINE: ..." */
};

struct wast_run;
struct wpkg_linker;
struct wpkg_value; /* data/value.h */

/*
 * A run with the host module spectest, in an engine with the tally's limits; the file's name, for
 * messages, outlives it.
 */
WPKG_MUST_CHECK enum wpkg_status wast_run_new(struct wast_run **out, const char *file,
					      struct wast_tally *tally, struct wpkg_err *err);
void wast_run_free(struct wast_run *run);

/* The test suite's host module "spectest", in a linker (wast_spectest.c). */
WPKG_MUST_CHECK enum wpkg_status wast_define_spectest(struct wpkg_linker *linker,
						      struct wpkg_err *err);

/*
 * The commands of a thread, in a text or in a JSON document that stays until the run is freed. Who
 * reads the script says how they are run: on the thread, in its own run.
 */
struct wast_block {
	void (*run)(struct wast_run *run, const struct wast_block *block);
	struct wpkg_str text;
	uint32_t start, end; /* of the commands in the text */
	const char *path, *folder;
	const struct wpkg_value *commands; /* of a document */
};

/* Does what the command says, and counts it. The block is a thread's; NULL for other commands. */
void wast_run_command(struct wast_run *run, const struct wpkg_script_command *command,
		      const struct wast_block *block);

/* The run's tally. */
struct wast_tally *wast_run_tally(const struct wast_run *run);

/* Counts a failure that is no command's: a script that cannot be read. The file's name goes before
 * the message, which begins with a line or is about the whole file. */
void wast_tally_broken(struct wast_tally *tally, const char *file, const struct wpkg_err *err);

/*
 * Lets the engine work in another way, which must change nothing that a script sees: "eager",
 * "no-pin", ... as "wpkg help wast" lists them; false when it is none.
 */
bool wast_engine_set(struct wpkg_engine_limits *limits, const char *how);

/* A file as a whole. What is wrong with it counts as a failure. */
void wast_text_run(const char *path, struct wast_tally *tally);
void wast_json_run(const char *path, struct wast_tally *tally);

/* All scripts in a folder and below, in the order of their names (wast_folder.c). */
bool wast_is_folder(const char *path);
void wast_folder_run(const char *path, struct wast_tally *tally);

/* Values (wast_value.c). */

/* The argument for a parameter. */
union wpkg_wasm_value wast_argument(const struct wpkg_script_value *value);

/* Does the result of that type match what is expected? */
bool wast_matches(const struct wpkg_engine *engine, wpkg_valtype type,
		  const union wpkg_wasm_value *result, const struct wpkg_script_value *expected);

/* "(i32.const 7)", "(f32.const nan:canonical)", "(ref.null)", ... */
void wast_value_format(struct wpkg_buf *out, const struct wpkg_script_value *value);

#endif
