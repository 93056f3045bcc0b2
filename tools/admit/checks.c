/* SPDX-License-Identifier: Apache-2.0 */
/* The last stage: the package's own checks are run, and must do what they promise. */
#include "base/clock.h"
#include "base/utf8.h"
#include "check_run.h"
#include "examination.h"
#include "parcel.h"
#include "pkg/project.h"

/* Bytes of a guest's output that the verdict shows. */
#define SHOWN_MAX 4096

/* The module that ran last: most packages have one, and several checks of it. */
struct loaded {
	struct parcel parcel;
	struct wpkg_module *module; /* NULL: none */
};

struct checking {
	struct examination *examination;
	struct loaded loaded;
	struct wpkg_buf output, errors;
	struct wpkg_buf second_output, second_errors; /* where a check runs twice */
	struct wpkg_buf error; /* what is wrong with the check at hand; empty: nothing */
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

/* SIZE_MAX when there is none. */
static size_t find_parcel(const struct wpkg_invoice *invoice, struct wpkg_str name)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.name, name))
			return i;
	return SIZE_MAX;
}

/* The check's module: the one it names, else the only one. */
static size_t find_module(struct checking *checking, const struct wpkg_check *check)
{
	const struct wpkg_invoice *invoice = checking->examination->question->invoice;
	size_t found = SIZE_MAX;
	if (check->parcel.len > 0) {
		found = find_parcel(invoice, check->parcel);
		if (found == SIZE_MAX)
			wpkg_buf_append_format(&checking->error, "there is no parcel '%.*s'",
					       WPKG_STR_ARG(check->parcel));
		return found;
	}
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		if (!wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			continue;
		if (found != SIZE_MAX) {
			wpkg_buf_append_text(
				&checking->error,
				"several parcels are modules: the check must name one");
			return SIZE_MAX;
		}
		found = i;
	}
	if (found == SIZE_MAX)
		wpkg_buf_append_text(&checking->error, "no parcel is a module");
	return found;
}

static void unload(struct loaded *loaded)
{
	wpkg_module_free(loaded->module);
	loaded->module = NULL;
	parcel_close(&loaded->parcel);
}

/* An invalid module is the check's error; only the channel's failure is ours. */
static enum wpkg_status load(struct checking *checking, size_t index, struct wpkg_err *err)
{
	struct loaded *loaded = &checking->loaded;
	struct wpkg_err wrong;
	if (loaded->module && loaded->parcel.index == index)
		return WPKG_OK;
	unload(loaded);
	enum wpkg_status status = parcel_open(&loaded->parcel, checking->examination, index, err);
	if (status != WPKG_OK)
		return status;
	if (parcel_map(&loaded->parcel, &wrong) != WPKG_OK ||
	    wpkg_module_read(&loaded->module, loaded->parcel.bytes, NULL, &wrong) != WPKG_OK)
		wpkg_buf_append_text(&checking->error, wrong.msg);
	return WPKG_OK;
}

/* One that is linked was loaded by the stage before, with those that it imports from. */
static enum wpkg_status choose_module(struct checking *checking, struct check_run *run,
				      size_t index, struct wpkg_err *err)
{
	const struct linked *linked = links_find(&checking->examination->links, index);
	run->links = &checking->examination->links;
	if (linked && linked->wired->wire_count > 0 && linked->wired->module) {
		run->linked = linked;
		run->module = linked->wired->module;
		return WPKG_OK;
	}
	enum wpkg_status status = load(checking, index, err);
	run->module = checking->loaded.module;
	return status;
}

/* Opens the parcels that the check wants as files, up to the first that is not there. */
static enum wpkg_status open_files(struct checking *checking, const struct wpkg_check *check,
				   struct parcel *parcels, struct wpkg_wasi_file *files,
				   struct wpkg_err *err)
{
	for (size_t i = 0; i < check->files.count; i++) {
		struct wpkg_str name = check->files.items[i];
		size_t index = find_parcel(checking->examination->question->invoice, name);
		if (index == SIZE_MAX) {
			wpkg_buf_append_format(&checking->error, "there is no parcel '%.*s'",
					       WPKG_STR_ARG(name));
			return WPKG_OK;
		}
		enum wpkg_status status =
			parcel_open(&parcels[i], checking->examination, index, err);
		if (status != WPKG_OK)
			return status;
		files[i] = (struct wpkg_wasi_file){.name = name, .fd = parcels[i].fd};
	}
	return WPKG_OK;
}

static uint64_t least(uint64_t wanted, uint64_t allowed)
{
	return wanted != 0 && wanted < allowed ? wanted : allowed;
}

static struct check_limits limits_of(const struct examination *examination,
				     const struct wpkg_check *check)
{
	const struct wpkg_question *question = examination->question;
	uint64_t now = wpkg_clock_monotonic();
	uint64_t left =
		now < examination->deadline ? (examination->deadline - now) / 1000000 + 1 : 1;
	return (struct check_limits){
		.fuel = least(check->fuel, question->fuel),
		.memory = least(check->memory, question->memory),
		.milliseconds = least(check->timeout_ms, left),
	};
}

/* Where two outputs part, in the words of somebody who looks for the difference. */
static void compare_output(struct wpkg_buf *error, struct wpkg_str expected, struct wpkg_str got)
{
	size_t at = 0;
	while (at < expected.len && at < got.len && expected.ptr[at] == got.ptr[at])
		at++;
	if (at == expected.len && at == got.len)
		return;
	wpkg_buf_append_format(error, "output differs at byte %zu: expected ", at);
	for (int side = 0; side < 2; side++) {
		struct wpkg_str text = side ? got : expected;
		wpkg_buf_append_text(error, side ? ", found " : "");
		if (at == text.len) {
			wpkg_buf_append_text(error, "the end");
			continue;
		}
		wpkg_buf_append_byte(error, '"');
		wpkg_utf8_append_escaped(error, wpkg_str_slice(text, at, at + 40));
		wpkg_buf_append_text(error, text.len - at > 40 ? "...\"" : "\"");
	}
}

static void judge(struct checking *checking, const struct check_run *run)
{
	const struct wpkg_check *check = run->check;
	if (checking->error.len > 0)
		return;
	if (run->exit_code != check->exit_code)
		wpkg_buf_append_format(&checking->error, "exit code %d, not %lld",
				       (int)run->exit_code, (long long)check->exit_code);
	else if (check->has_output)
		compare_output(&checking->error, check->output, wpkg_buf_str(&checking->output));
}

/* The same again, when the first run did what it should: does it do the same? */
static enum wpkg_status run_again(struct checking *checking, const struct check_run *first,
				  struct wpkg_err *err)
{
	struct check_run again = *first;
	again.output = &checking->second_output;
	again.errors = &checking->second_errors;
	wpkg_buf_reset(again.output);
	wpkg_buf_reset(again.errors);
	enum wpkg_status status = check_run(&again, checking->examination->arena, err);
	if (status != WPKG_OK || checking->error.len > 0)
		return status;
	if (again.exit_code != first->exit_code)
		wpkg_buf_append_format(&checking->error, "two runs differ: exit code %d, then %d",
				       (int)first->exit_code, (int)again.exit_code);
	else if (!wpkg_str_equal(wpkg_buf_str(again.output), wpkg_buf_str(first->output)))
		wpkg_buf_append_text(&checking->error, "two runs differ in their output");
	else if (!wpkg_str_equal(wpkg_buf_str(again.errors), wpkg_buf_str(first->errors)))
		wpkg_buf_append_text(&checking->error, "two runs differ in their standard error");
	return WPKG_OK;
}

/* The first line is the reason; the rest is the backtrace. */
static struct wpkg_str first_line(const struct wpkg_buf *text)
{
	struct wpkg_str all = wpkg_buf_str(text);
	return wpkg_str_slice(all, 0, wpkg_str_find(all, '\n'));
}

static bool add_shown(struct wpkg_arena *arena, struct wpkg_value *entry, const char *key,
		      const struct wpkg_buf *text)
{
	struct wpkg_str shown = wpkg_str_slice(wpkg_buf_str(text), 0, SHOWN_MAX);
	return shown.len == 0 || wpkg_value_add_string(arena, entry, key, shown);
}

static enum wpkg_status report(struct checking *checking, struct wpkg_value *entry,
			       const struct check_run *run, uint64_t milliseconds,
			       struct wpkg_err *err)
{
	struct examination *examination = checking->examination;
	struct wpkg_arena *arena = examination->arena;
	bool passed = checking->error.len == 0;
	if (!wpkg_value_add_string(arena, entry, "name", run->check->name) ||
	    !wpkg_value_add_string(arena, entry, "parcel", run->program) ||
	    !wpkg_value_add_boolean(arena, entry, "passed", passed) ||
	    !wpkg_value_add_integer(arena, entry, "exit_code", run->exit_code) ||
	    !wpkg_value_add_integer(arena, entry, "fuel", (int64_t)run->fuel_used) ||
	    !wpkg_value_add_integer(arena, entry, "milliseconds", (int64_t)milliseconds))
		return no_memory(err);
	examination->looked_at++;
	if (passed)
		return WPKG_OK;
	if (run->memory_refused)
		wpkg_buf_append_format(&checking->error,
				       "\n(it met its limit of %llu bytes of memory)",
				       (unsigned long long)run->limits.memory);
	if (!add_shown(arena, entry, "error", &checking->error) ||
	    !add_shown(arena, entry, "output", &checking->output) ||
	    !add_shown(arena, entry, "stderr", &checking->errors))
		return no_memory(err);
	struct wpkg_str line = first_line(&checking->error);
	examination_problem(examination, "check %.*s: %.*s", WPKG_STR_ARG(run->check->name),
			    WPKG_STR_ARG(line));
	return WPKG_OK;
}

/* Runs it, once everything is there. */
static enum wpkg_status run_with(struct checking *checking, struct check_run *run,
				 struct parcel *parcels, struct wpkg_wasi_file *files,
				 struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = checking->examination->question->invoice;
	size_t index = find_module(checking, run->check);
	if (index == SIZE_MAX)
		return WPKG_OK;
	run->program = invoice->parcels[index].label.name;
	enum wpkg_status status = choose_module(checking, run, index, err);
	if (status == WPKG_OK && checking->error.len == 0)
		status = open_files(checking, run->check, parcels, files, err);
	if (status != WPKG_OK || checking->error.len > 0)
		return status;
	run->limits = limits_of(checking->examination, run->check);
	run->files = files;
	run->file_count = run->check->files.count;
	status = check_run(run, checking->examination->arena, err);
	if (status != WPKG_OK)
		return status;
	judge(checking, run);
	if (checking->error.len > 0 || !checking->examination->question->policy.run_twice)
		return WPKG_OK;
	return run_again(checking, run, err);
}

static enum wpkg_status examine_check(struct checking *checking, struct wpkg_value *entry,
				      const struct wpkg_check *check, struct wpkg_err *err)
{
	struct examination *examination = checking->examination;
	struct check_run run = {.check = check,
				.program = check->parcel,
				.output = &checking->output,
				.errors = &checking->errors,
				.error = &checking->error};
	size_t count = check->files.count;
	struct parcel *parcels = wpkg_arena_alloc(examination->arena, count, sizeof(*parcels));
	struct wpkg_wasi_file *files = wpkg_arena_alloc(examination->arena, count, sizeof(*files));
	if (!entry || !parcels || !files)
		return no_memory(err);
	for (size_t i = 0; i < count; i++)
		parcels[i].fd = -1;
	wpkg_buf_reset(&checking->output);
	wpkg_buf_reset(&checking->errors);
	wpkg_buf_reset(&checking->error);
	enum wpkg_status status =
		examination_progress(examination, err, "check %.*s", WPKG_STR_ARG(check->name));
	uint64_t start = wpkg_clock_monotonic();
	if (status == WPKG_OK)
		status = run_with(checking, &run, parcels, files, err);
	uint64_t milliseconds = (wpkg_clock_monotonic() - start) / 1000000;
	for (size_t i = 0; i < count; i++)
		parcel_close(&parcels[i]);
	if (status != WPKG_OK)
		return status;
	return report(checking, entry, &run, milliseconds, err);
}

/* Modules that are not valid are reason enough: nothing is run. */
enum wpkg_status examine_checks(struct examination *examination, struct wpkg_err *err)
{
	const struct wpkg_question *question = examination->question;
	struct wpkg_checks checks = {0};
	struct wpkg_err wrong;
	struct checking checking = {.examination = examination, .loaded = {.parcel = {.fd = -1}}};
	struct wpkg_value *list = wpkg_value_add(examination->arena, examination->verdict, "checks",
						 WPKG_VALUE_ARRAY);
	if (!list)
		return no_memory(err);
	if (examination->has_invalid) {
		examination->is_skipped = true;
		return WPKG_OK;
	}
	if (wpkg_checks_of_invoice(&checks, examination->arena, question->invoice, &wrong) !=
	    WPKG_OK) {
		examination_problem(examination, "%s", wrong.msg);
		return WPKG_OK;
	}
	wpkg_buf_init(&checking.output, question->output);
	wpkg_buf_init(&checking.errors, question->output);
	wpkg_buf_init(&checking.second_output, question->output);
	wpkg_buf_init(&checking.second_errors, question->output);
	wpkg_buf_init(&checking.error, SIZE_MAX);
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < checks.count; i++) {
		struct wpkg_value *entry =
			wpkg_value_add(examination->arena, list, NULL, WPKG_VALUE_TABLE);
		status = examine_check(&checking, entry, &checks.items[i], err);
	}
	wpkg_buf_clear(&checking.output);
	wpkg_buf_clear(&checking.errors);
	wpkg_buf_clear(&checking.second_output);
	wpkg_buf_clear(&checking.second_errors);
	wpkg_buf_clear(&checking.error);
	unload(&checking.loaded);
	return status;
}
