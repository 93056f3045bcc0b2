/* SPDX-License-Identifier: Apache-2.0 */
#include "examination.h"

#include <stdarg.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "pkg/project.h"
#include "pkg/verdict.h"

enum wpkg_status examination_progress(struct examination *examination, struct wpkg_err *err,
				      const char *format, ...)
{
	struct wpkg_buf line;
	va_list args;
	wpkg_buf_init(&line, WPKG_ADMISSION_PROGRESS_MAX);
	va_start(args, format);
	wpkg_buf_append_vformat(&line, format, args);
	va_end(args);
	struct wpkg_message message = {.kind = WPKG_ADMISSION_PROGRESS,
				       .bytes = wpkg_buf_str(&line)};
	/* A line that is too long is left out: the one before it still says where we are. */
	enum wpkg_status status = WPKG_OK;
	if (line.failed == WPKG_OK)
		status = wpkg_channel_send(examination->channel, &message, 0, err);
	wpkg_buf_clear(&line);
	return status;
}

/* Escaped and cut, in the arena; empty when memory is out. */
WPKG_PRINTF(2, 0)
static struct wpkg_str shown_line(struct wpkg_arena *arena, const char *format, va_list args)
{
	struct wpkg_buf raw, shown;
	wpkg_buf_init(&raw, SIZE_MAX);
	wpkg_buf_init(&shown, SIZE_MAX);
	wpkg_buf_append_vformat(&raw, format, args);
	wpkg_utf8_append_escaped(&shown,
				 wpkg_str_slice(wpkg_buf_str(&raw), 0, WPKG_VERDICT_LINE_MAX));
	struct wpkg_str line = wpkg_arena_dup(arena, wpkg_buf_str(&shown));
	wpkg_buf_clear(&raw);
	wpkg_buf_clear(&shown);
	return line;
}

void examination_problem(struct examination *examination, const char *format, ...)
{
	struct wpkg_str line = WPKG_LIT("refused");
	va_list args;
	if (examination->problem_count++ >= WPKG_VERDICT_PROBLEMS_MAX)
		return;
	va_start(args, format);
	struct wpkg_str shown = shown_line(examination->arena, format, args);
	va_end(args);
	if (shown.len > 0)
		line = shown;
	if (examination->reason.len == 0)
		examination->reason = line;
	if (!wpkg_value_add_string(examination->arena, examination->problems, NULL, line))
		examination->no_memory = true;
}

struct stage {
	const char *name;
	enum wpkg_status (*run)(struct examination *examination, struct wpkg_err *err);
};

static const struct stage stages[] = {
	{"validate", examine_modules}, {"policy", examine_rules},  {"link", examine_links},
	{"hosts", examine_hosts},      {"checks", examine_checks},
};
#define STAGE_COUNT (sizeof(stages) / sizeof(stages[0]))

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

static const char *outcome_of(const struct examination *examination)
{
	if (examination->problem_count > 0)
		return "failed";
	return examination->is_skipped ? "skipped" : "passed";
}

static bool add_outcome(struct examination *examination, struct wpkg_value *entry,
			uint64_t milliseconds)
{
	struct wpkg_arena *arena = examination->arena;
	size_t count = examination->problem_count;
	if (count > WPKG_VERDICT_PROBLEMS_MAX) {
		struct wpkg_str more =
			wpkg_arena_format(arena, "and %zu more", count - WPKG_VERDICT_PROBLEMS_MAX);
		if (!more.ptr || !wpkg_value_add_string(arena, examination->problems, NULL, more))
			return false;
	}
	return !examination->no_memory &&
	       wpkg_value_add_integer(arena, entry, "looked_at", (int64_t)examination->looked_at) &&
	       wpkg_value_add_integer(arena, entry, "milliseconds", (int64_t)milliseconds) &&
	       wpkg_value_add_string(arena, entry, "outcome",
				     wpkg_str_from(outcome_of(examination)));
}

static enum wpkg_status run_stage(struct examination *examination, struct wpkg_value *list,
				  const struct stage *stage, struct wpkg_err *err)
{
	struct wpkg_arena *arena = examination->arena;
	uint64_t start = wpkg_clock_monotonic();
	struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	if (!wpkg_value_add_string(arena, entry, "name", wpkg_str_from(stage->name)))
		return no_memory(err);
	examination->problems = wpkg_value_add(arena, entry, "problems", WPKG_VALUE_ARRAY);
	examination->problem_count = examination->looked_at = 0;
	examination->is_skipped = false;
	enum wpkg_status status = stage->run(examination, err);
	if (status != WPKG_OK)
		return status;
	uint64_t milliseconds = (wpkg_clock_monotonic() - start) / 1000000;
	return add_outcome(examination, entry, milliseconds) ? WPKG_OK : no_memory(err);
}

enum wpkg_status examination_run(struct examination *examination, struct wpkg_err *err)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_value *verdict = wpkg_value_new_table(arena);
	examination->verdict = verdict;
	if (!wpkg_value_add_boolean(arena, verdict, "accepted", false) ||
	    !wpkg_value_add_string(arena, verdict, "engine", WPKG_LIT("wpkg " WPKG_VERSION)))
		return no_memory(err);
	struct wpkg_value *list = wpkg_value_add(arena, verdict, "stages", WPKG_VALUE_ARRAY);
	enum wpkg_status status = hosts_begin(examination, err);
	if (status == WPKG_OK)
		status = links_begin(examination, err);
	for (size_t i = 0; status == WPKG_OK && i < STAGE_COUNT; i++)
		status = run_stage(examination, list, &stages[i], err);
	if (status != WPKG_OK)
		return status;
	bool accepted = examination->reason.len == 0;
	wpkg_value_find(verdict, "accepted")->boolean = accepted;
	if (!accepted && !wpkg_value_add_string(arena, verdict, "reason", examination->reason))
		return no_memory(err);
	return WPKG_OK;
}
