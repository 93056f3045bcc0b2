/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg wast: run the specification's test scripts. */
#include "wast.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "../client/global.h"
#include "base/file.h"
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

#define SCRIPT_MAX ((uint64_t)1 << 32)

static void run_thread(struct wast_run *run, const struct wast_block *block);

/* All commands of a part of a script, up to one that cannot be read. */
static enum wpkg_status run_script(struct wast_run *run, const char *path, struct wpkg_str text,
				   uint32_t start, uint32_t end, struct wpkg_err *err)
{
	struct wpkg_script *script;
	const struct wpkg_script_command *command;
	enum wpkg_status status = wpkg_script_open(&script, text, start, end, err);
	if (status != WPKG_OK)
		return status;
	do {
		status = wpkg_script_next(&command, script, err);
		if (status != WPKG_OK || !command)
			break;
		struct wast_block block = {.run = run_thread,
					   .path = path,
					   .text = text,
					   .start = command->start,
					   .end = command->end};
		wast_run_command(run, command, &block);
	} while (true);
	wpkg_script_close(script);
	return status;
}

static void run_thread(struct wast_run *run, const struct wast_block *block)
{
	struct wpkg_err err;
	/* An end of 0 is the text's: nothing is run of what is empty. */
	if (block->end > block->start &&
	    run_script(run, block->path, block->text, block->start, block->end, &err) != WPKG_OK)
		wast_tally_broken(wast_run_tally(run), block->path, &err);
}

void wast_text_run(const char *path, struct wast_tally *tally)
{
	struct wpkg_err err;
	struct wpkg_file_map file = {.bytes = {0}};
	struct wast_run *run = NULL;
	enum wpkg_status status = wpkg_file_map_open(&file, AT_FDCWD, path, SCRIPT_MAX, &err);
	if (status == WPKG_OK)
		status = wast_run_new(&run, path, tally, &err);
	if (status == WPKG_OK)
		status = run_script(run, path, file.bytes, 0, 0, &err);
	if (status != WPKG_OK)
		wast_tally_broken(tally, path, &err);
	wast_run_free(run);
	wpkg_file_map_close(&file);
}

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

/* So much that no script of the suite uses it up. */
#define MUCH_FUEL ((uint64_t)1 << 50)
#define MUCH_TIME ((uint64_t)1 << 30)

/* One word of --engine; false when it is none. */
static bool set_engine(struct wpkg_engine_limits *limits, const char *how)
{
	static const struct {
		const char *name;
		unsigned optimisation;
	} without[] = {
		{"no-destination", WPKG_OPT_DESTINATION},
		{"no-accumulator", WPKG_OPT_ACCUMULATOR},
		{"no-branch", WPKG_OPT_BRANCH},
		{"no-pin", WPKG_OPT_PIN},
		{"no-address", WPKG_OPT_ADDRESS},
		{"no-fuse", WPKG_OPT_FUSE},
		{"no-join", WPKG_OPT_JOIN},
		{"no-avx2", WPKG_OPT_AVX2},
		{"no-sse41", WPKG_OPT_AVX2 | WPKG_OPT_SSE41},
		{"no-optimisation", WPKG_OPT_ALL},
	};
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcmp(how, without[i].name) == 0) {
			limits->optimisations_off |= without[i].optimisation;
			return true;
		}
	if (strcmp(how, "eager") == 0)
		limits->eager = true;
	else if (strcmp(how, "collect") == 0)
		limits->collect_always = true;
	else if (strcmp(how, "deterministic") == 0)
		limits->deterministic = true;
	else if (strcmp(how, "fuel") == 0)
		limits->fuel = MUCH_FUEL;
	else if (strcmp(how, "time") == 0)
		limits->time_ms = MUCH_TIME;
	else
		return false;
	return true;
}

static int run_wast(const struct wpkg_invocation *invocation)
{
	const struct global_options *global = invocation->global;
	const struct wast_options *options = invocation->options;
	struct wast_tally tally = {0};
	for (size_t i = 0; i < options->engine.count; i++)
		if (!set_engine(&tally.limits, options->engine.items[i]))
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
		"no-fuse, no-join), without newer instructions of the processor for vectors "
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
