/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg wast: run the specification's test scripts. */
#include "wast.h"

#include <inttypes.h>
#include <stddef.h>

#include "../client/global.h"
#include "commands.h"
#include "data/json.h"
#include "output.h"

struct wast_options {
	struct wpkg_option_list engine;
};

static const struct wpkg_option wast_rows[] = {
	{"engine", 0, WPKG_OPTION_TEXTS, "HOW",
	 "run with: eager, fuel, time, collect, deterministic, no-pin, ...", NULL,
	 offsetof(struct wast_options, engine)},
	{0}};

/* "{"passed": 1, "failed": 0, "skipped": 0, "failures": ["FILE:LINE: ..."]}" */
static int print_json(const struct wast_tally *tally)
{
	struct wpkg_arena arena;
	struct wpkg_buf out;
	struct wpkg_str rest = wpkg_buf_str(&tally->failures), line;
	wpkg_arena_init(&arena, SIZE_MAX);
	wpkg_buf_init(&out, SIZE_MAX);
	struct wpkg_value *root = wpkg_value_new_table(&arena);
	bool is_good = wpkg_value_add_integer(&arena, root, "passed", (int64_t)tally->passed) &&
		       wpkg_value_add_integer(&arena, root, "failed", (int64_t)tally->failed) &&
		       wpkg_value_add_integer(&arena, root, "skipped", 0);
	struct wpkg_value *list = wpkg_value_add(&arena, root, "failures", WPKG_VALUE_ARRAY);
	while (is_good && list && wpkg_str_split(&rest, '\n', &line))
		is_good = wpkg_value_add_string(&arena, list, NULL, line);
	if (is_good && list)
		wpkg_json_write(&out, root, WPKG_JSON_INDENTED);
	else
		out.failed = WPKG_ENOMEM;
	int code = tool_print(&out);
	wpkg_arena_clear(&arena);
	return code;
}

static int print_text(struct wast_tally *tally)
{
	struct wpkg_buf *out = &tally->failures;
	wpkg_buf_append_format(out, "%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n",
			       tally->passed, tally->failed);
	return tool_print(out);
}

static int run_wast(const struct wpkg_invocation *invocation)
{
	const struct global_options *global = invocation->global;
	const struct wast_options *options = invocation->options;
	struct wast_tally tally = {0};
	for (size_t i = 0; i < options->engine.count; i++)
		if (!wast_engine_set(&tally.limits, options->engine.items[i]))
			return tool_usage("--engine %s: no such way", options->engine.items[i]);
	wpkg_buf_init(&tally.failures, SIZE_MAX);
	for (size_t i = 0; i < invocation->operand_count; i++) {
		const char *path = invocation->operands[i];
		if (wast_is_folder(path))
			wast_folder_run(path, &tally);
		else if (wpkg_str_ends(wpkg_str_from(path), WPKG_LIT(".json")))
			wast_json_run(path, &tally);
		else
			wast_text_run(path, &tally);
	}
	int code = global->json ? print_json(&tally) : print_text(&tally);
	wpkg_buf_clear(&tally.failures);
	return code == WPKG_EXIT_DONE && tally.failed > 0 ? WPKG_EXIT_FAILED : code;
}

const struct wpkg_command tool_wast = {
	.name = "wast",
	.operands = "FILE|FOLDER...",
	.summary = "run WebAssembly test scripts",
	.description =
		"Runs the scripts (.wast) of the specification's test suite as they are, or their "
		"JSON form with binaries beside it. Of a folder, such as a checkout of the suite, "
		"all scripts in it and below are run. Each command that does not do what the "
		"script says is printed with file and line; the last line has the number of "
		"commands over all files.\n\n"
		"With --engine the interpreter works in another way, which must change nothing: "
		"functions compiled at once (eager), with fuel or time counted, with the heap "
		"collected at each allocation (collect), with one NaN (deterministic), and without "
		"an optimisation (no-destination, no-accumulator, no-branch, no-pin, no-address, "
		"no-fuse, no-join, no-align), without newer instructions of the processor for "
		"vectors "
		"(no-avx2, "
		"no-sse41), or without all of these (no-optimisation).",
	.options = wast_rows,
	.options_size = sizeof(struct wast_options),
	.example = "wpkg wast i32.wast i64.wast\n"
		   "wpkg wast spec/test/core",
	.least_operands = 1,
	.most_operands = SIZE_MAX,
	.run = run_wast,
};
