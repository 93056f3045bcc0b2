/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <stdarg.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "data/json.h"
#include "examination.h"

/* Bytes of the question's and the verdict's trees. */
#define ARENA_MAX ((size_t)256 << 20)

/* Bytes of the modules' facts in a verdict. Their tree takes some dozens of times as much. */
#define FACTS_MAX ((size_t)4 << 20)

/* The longest line that a person shall read. */
#define REASON_MAX 1024

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

void examination_refuse(struct examination *examination, const char *format, ...)
{
	struct wpkg_buf raw;
	struct wpkg_buf shown;
	va_list args;
	if (examination->reason.len > 0)
		return;
	wpkg_buf_init(&raw, SIZE_MAX);
	wpkg_buf_init(&shown, SIZE_MAX);
	va_start(args, format);
	wpkg_buf_append_vformat(&raw, format, args);
	va_end(args);
	wpkg_utf8_append_escaped(&shown, wpkg_str_slice(wpkg_buf_str(&raw), 0, REASON_MAX));
	examination->reason = wpkg_arena_dup(examination->arena, wpkg_buf_str(&shown));
	if (examination->reason.len == 0)
		examination->reason = WPKG_LIT("refused");
	wpkg_buf_clear(&raw);
	wpkg_buf_clear(&shown);
}

struct stage {
	const char *name;
	enum wpkg_status (*run)(struct examination *examination, struct wpkg_err *err);
};

static const struct stage stages[] = {
	{"modules", examine_modules},
	{"rules", examine_rules},
	{"hosts", examine_hosts},
	{"checks", examine_checks},
};
#define STAGE_COUNT (sizeof(stages) / sizeof(stages[0]))

/* What a stage says of itself. */
struct stage_report {
	uint64_t milliseconds;
	size_t looked_at, failed;
};

static enum wpkg_status run_stage(struct stage_report *report, const struct stage *stage,
				  struct examination *examination, struct wpkg_err *err)
{
	uint64_t start = wpkg_clock_monotonic();
	examination->looked_at = examination->failed = 0;
	enum wpkg_status status = stage->run(examination, err);
	report->milliseconds = (wpkg_clock_monotonic() - start) / 1000000;
	report->looked_at = examination->looked_at;
	report->failed = examination->failed;
	return status;
}

static bool add_stages(struct examination *examination, const struct stage_report *reports)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_value *list =
		wpkg_value_add(arena, examination->verdict, "stages", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		const struct stage_report *report = &reports[i];
		struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, entry, "stage", wpkg_str_from(stages[i].name)) ||
		    !wpkg_value_add_integer(arena, entry, "milliseconds",
					    (int64_t)report->milliseconds) ||
		    !wpkg_value_add_integer(arena, entry, "looked_at",
					    (int64_t)report->looked_at) ||
		    !wpkg_value_add_integer(arena, entry, "failed", (int64_t)report->failed))
			return false;
	}
	return list != NULL;
}

static enum wpkg_status examine(struct examination *examination, struct wpkg_err *err)
{
	struct stage_report reports[STAGE_COUNT];
	struct wpkg_value *verdict = wpkg_value_new_table(examination->arena);
	examination->verdict = verdict;
	if (!wpkg_value_add_boolean(examination->arena, verdict, "accepted", false) ||
	    !wpkg_value_add_string(examination->arena, verdict, "engine",
				   WPKG_LIT("wpkg " WPKG_VERSION)))
		return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
	enum wpkg_status status = hosts_begin(examination, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		status = run_stage(&reports[i], &stages[i], examination, err);
		if (status != WPKG_OK)
			return status;
	}
	bool accepted = examination->reason.len == 0;
	wpkg_value_find(verdict, "accepted")->boolean = accepted;
	if (!add_stages(examination, reports) ||
	    (!accepted &&
	     !wpkg_value_add_string(examination->arena, verdict, "reason", examination->reason)))
		return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
	return WPKG_OK;
}

static enum wpkg_status answer(const struct examination *examination, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_ADMISSION_VERDICT_MAX);
	wpkg_json_write(&text, examination->verdict, WPKG_JSON_COMPACT);
	enum wpkg_status status = wpkg_buf_check(&text, "verdict", err);
	struct wpkg_message message = {.kind = WPKG_ADMISSION_VERDICT,
				       .bytes = wpkg_buf_str(&text)};
	if (status == WPKG_OK)
		status = wpkg_channel_send(examination->channel, &message, 0, err);
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status receive_question(struct wpkg_question *out, struct wpkg_arena *arena,
					 int channel, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_message message;
	wpkg_buf_init(&text, WPKG_ADMISSION_QUESTION_MAX);
	enum wpkg_status status = wpkg_channel_receive(&message, &text, channel, 0, 0, err);
	if (status == WPKG_OK && message.kind != WPKG_ADMISSION_QUESTION)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "the first message is no question");
	if (status == WPKG_OK)
		status = wpkg_question_read(out, arena, message.bytes, err);
	wpkg_buf_clear(&text);
	return status;
}

/* Those of the operator are TOML documents, which the server has read before. */
static enum wpkg_status add_profiles(struct wpkg_host_profiles *profiles, struct wpkg_arena *arena,
				     const struct wpkg_strings *texts, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; i < texts->count && status == WPKG_OK; i++)
		status = wpkg_host_profiles_add(profiles, arena, texts->items[i], err);
	if (status == WPKG_OK)
		status = wpkg_host_profiles_check(profiles, err);
	return status;
}

/* Nothing is freed at the end: the process is. */
int worker_run(const struct worker_setting *setting, int channel,
	       const struct wpkg_admission_start *start)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_question question;
	if (sandbox_enter(setting->sandbox, channel, start, &err) != WPKG_OK)
		return WPKG_ADMISSION_EXIT_SANDBOX;
	wpkg_arena_init(&arena, ARENA_MAX);
	struct wpkg_host_profiles profiles = setting->profiles;
	if (receive_question(&question, &arena, WPKG_ADMISSION_CHANNEL, &err) != WPKG_OK ||
	    add_profiles(&profiles, &arena, &question.profiles, &err) != WPKG_OK)
		return WPKG_ADMISSION_EXIT_FAILED;
	struct examination examination = {
		.channel = WPKG_ADMISSION_CHANNEL,
		.question = &question,
		.arena = &arena,
		.deadline = wpkg_clock_monotonic() + question.milliseconds * 1000000,
		.facts_left = FACTS_MAX,
		.hosts = {.profiles = &profiles},
	};
	if (examine(&examination, &err) != WPKG_OK || answer(&examination, &err) != WPKG_OK)
		return WPKG_ADMISSION_EXIT_FAILED;
	return WPKG_ADMISSION_EXIT_DONE;
}
