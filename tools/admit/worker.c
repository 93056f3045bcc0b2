/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include "base/channel.h"
#include "base/clock.h"
#include "data/json.h"
#include "examination.h"

/* Bytes of the question's and the verdict's trees. */
#define ARENA_MAX ((size_t)256 << 20)

/* Bytes of the modules' facts in a verdict. Their tree takes some dozens of times as much. */
#define FACTS_MAX ((size_t)4 << 20)

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
	if (examination_run(&examination, &err) != WPKG_OK || answer(&examination, &err) != WPKG_OK)
		return WPKG_ADMISSION_EXIT_FAILED;
	return WPKG_ADMISSION_EXIT_DONE;
}
