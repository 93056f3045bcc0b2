/* SPDX-License-Identifier: Apache-2.0 */
#include "admission.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "admit_process.h"
#include "base/clock.h"
#include "base/mem.h"
#include "closure.h"
#include "data/json.h"
#include "dialogue.h"
#include "pkg/project.h"
#include "pkg/verdict.h"
#include "store/record.h"
#include "turns.h"

#define SECONDS_DEFAULT 60
#define MEMORY_DEFAULT ((uint64_t)1 << 30)
#define FUEL_DEFAULT ((uint64_t)10000000000)
#define OUTPUT_DEFAULT ((uint64_t)1 << 20)
#define WAITING_DEFAULT 256
/* What a worker has beyond its time: where both wait for a processor, an honest one still says
 * itself what took so long. */
#define GRACE_SECONDS 2

struct admission {
	struct admission_options options; /* every limit set */
	struct admit_process process;
	struct turns turns;
};

static void set_options(struct admission_options *own, const struct admission_options *options)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (options)
		*own = *options;
	own->worker = NULL; /* borrowed, and known to the process by now */
	if (own->seconds <= 0)
		own->seconds = SECONDS_DEFAULT;
	if (own->memory == 0)
		own->memory = MEMORY_DEFAULT;
	if (own->fuel == 0)
		own->fuel = FUEL_DEFAULT;
	if (own->output == 0)
		own->output = OUTPUT_DEFAULT;
	if (own->workers == 0)
		own->workers = processors > 0 ? (unsigned)processors : 1;
	if (own->waiting == 0)
		own->waiting = WAITING_DEFAULT;
}

enum wpkg_status admission_new(struct admission **out, const struct admission_options *options,
			       struct wpkg_err *err)
{
	struct admission *admission = wpkg_mem_calloc(1, sizeof(*admission));
	if (!admission)
		return WPKG_FAIL(err, WPKG_ENOMEM, "admission: no memory");
	set_options(&admission->options, options);
	enum wpkg_status status = turns_init(&admission->turns, admission->options.workers,
					     admission->options.waiting, err);
	if (status != WPKG_OK) {
		wpkg_mem_free(admission);
		return status;
	}
	status = admit_process_open(&admission->process, options ? options->worker : NULL, err);
	if (status != WPKG_OK) {
		turns_clear(&admission->turns);
		wpkg_mem_free(admission);
		return status;
	}
	*out = admission;
	return WPKG_OK;
}

void admission_close(struct admission *admission)
{
	turns_close(&admission->turns);
}

void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	admit_process_close(&admission->process);
	turns_clear(&admission->turns);
	wpkg_mem_free(admission);
}

const char *admission_missing(const struct admission *admission)
{
	return admission->process.missing;
}

void admission_read(struct admission_reading *out, struct admission *admission)
{
	turns_read(&out->running, &out->waiting, &admission->turns);
	out->running_limit = admission->options.workers;
	out->waiting_limit = admission->options.waiting;
}

/* Of a worker, by the clock and of a processor. */
static uint64_t most_seconds(const struct admission_options *options)
{
	return (uint64_t)options->seconds + GRACE_SECONDS;
}

/* What a worker's end says about the version that it had. */
static struct wpkg_str explain(const struct wpkg_admission_ended *ended, uint64_t cpu_seconds,
			       struct wpkg_arena *arena)
{
	switch (ended->signal) {
	case 0:
		return WPKG_LIT("the worker gave up without a verdict");
	case SIGSYS:
		return WPKG_LIT("the worker tried a system call that is forbidden");
	case SIGKILL:
		if (ended->cpu_ms + 500 >= cpu_seconds * 1000)
			return WPKG_LIT("the processor time was used up");
		return WPKG_LIT("the system ended the worker, out of memory or by hand");
	default:
		return wpkg_arena_format(
			arena, "the worker crashed (signal %d, %s)", (int)ended->signal,
			sigdescr_np(ended->signal) ? sigdescr_np(ended->signal) : "unknown");
	}
}

/* A verdict in the name of the worker that gave none. */
static enum wpkg_status refuse(struct admission_result *out, const struct dialogue *dialogue,
			       struct wpkg_str why, const struct wpkg_admission_ended *ended,
			       struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_buf text;
	const char *progress = dialogue->progress;
	struct wpkg_str reason = wpkg_arena_format(arena, "%s%s%.*s", progress,
						   progress[0] ? ": " : "", WPKG_STR_ARG(why));
	wpkg_buf_init(&text, 4096);
	wpkg_buf_append_text(&text, "{\"accepted\":false,\"reason\":");
	wpkg_json_write_string(&text, reason);
	wpkg_buf_append_format(
		&text,
		",\"engine\":\"wpkg " WPKG_VERSION "\",\"stages\":[],\"modules\":[],"
		"\"rules\":[],\"links\":[],\"dependencies\":[],\"hosts\":[],\"checks\":[],"
		"\"worker\":{\"cpu_milliseconds\":%llu,\"memory_peak\":%llu}}",
		(unsigned long long)ended->cpu_ms, (unsigned long long)ended->memory_peak);
	enum wpkg_status status = wpkg_buf_check(&text, "verdict", err);
	struct wpkg_str verdict = {0};
	if (status == WPKG_OK)
		verdict = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	if (status == WPKG_OK && (!verdict.ptr || !reason.ptr))
		status = WPKG_FAIL(err, WPKG_ENOMEM, "admission: no memory");
	if (status == WPKG_OK)
		*out = (struct admission_result){.settlement.verdict = verdict, .reason = reason};
	return status;
}

/* Facts are only taken about modules of this version. */
static bool is_own_module(const struct wpkg_invoice *invoice, struct wpkg_str sha256)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256, sha256) &&
		    wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			return true;
	return false;
}

static enum wpkg_status copy_json(struct wpkg_str *out, const struct wpkg_value *value,
				  struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_ADMISSION_VERDICT_MAX);
	wpkg_json_write(&text, value, WPKG_JSON_COMPACT);
	enum wpkg_status status = wpkg_buf_check(&text, "facts", err);
	if (status == WPKG_OK) {
		*out = wpkg_arena_dup(arena, wpkg_buf_str(&text));
		if (!out->ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "facts: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status take_facts(struct wpkg_settlement *settlement,
				   const struct wpkg_verdict *verdict,
				   const struct wpkg_invoice *invoice, struct wpkg_arena *arena,
				   struct wpkg_err *err)
{
	const struct wpkg_value *modules = wpkg_value_find(verdict->value, "modules");
	struct wpkg_module_facts *taken = wpkg_arena_alloc(arena, modules->count, sizeof(*taken));
	if (!taken)
		return WPKG_FAIL(err, WPKG_ENOMEM, "facts: no memory");
	for (size_t i = 0; i < modules->count; i++) {
		const struct wpkg_value *sha256 = wpkg_value_find(&modules->items[i], "sha256");
		const struct wpkg_value *facts = wpkg_value_find(&modules->items[i], "facts");
		struct wpkg_module_facts *to = &taken[settlement->fact_count];
		if (!facts || facts->kind != WPKG_VALUE_TABLE || !sha256 ||
		    sha256->kind != WPKG_VALUE_STRING || !is_own_module(invoice, sha256->string) ||
		    !wpkg_digest_parse(&to->digest, sha256->string))
			continue;
		enum wpkg_status status = copy_json(&to->json, facts, arena, err);
		if (status != WPKG_OK)
			return status;
		settlement->fact_count++;
	}
	settlement->facts = taken;
	return WPKG_OK;
}

/* The worker's verdict, if it is one: *is_one. */
static enum wpkg_status accept(struct admission_result *out, const struct dialogue *dialogue,
			       bool *is_one, struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_verdict verdict;
	struct wpkg_settlement settlement = {0};
	struct wpkg_err wrong;
	*is_one = false;
	settlement.verdict = wpkg_arena_dup(arena, wpkg_buf_str(&dialogue->received));
	if (!settlement.verdict.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "admission: no memory");
	enum wpkg_status status = wpkg_verdict_read(&verdict, arena, settlement.verdict, &wrong);
	if (status == WPKG_ENOMEM)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s", wrong.msg);
	if (status != WPKG_OK)
		return WPKG_OK;
	settlement.accepted = verdict.accepted;
	status = take_facts(&settlement, &verdict, dialogue->question->invoice, arena, err);
	if (status != WPKG_OK)
		return status;
	*out = (struct admission_result){.settlement = settlement, .reason = verdict.reason};
	*is_one = true;
	return WPKG_OK;
}

/* After the worker's end. */
static enum wpkg_status conclude(struct admission_result *out, struct dialogue *dialogue,
				 const struct wpkg_admission_ended *ended, bool answered,
				 struct wpkg_arena *arena, struct wpkg_err *err)
{
	bool is_one = false;
	if (ended->failure != 0)
		return WPKG_FAIL(err, WPKG_EBUSY, "no worker can be started: %s",
				 strerror(ended->failure));
	if (ended->exit_code == WPKG_ADMISSION_EXIT_SANDBOX)
		return WPKG_FAIL(err, WPKG_EIO, "a worker could not shut itself in");
	if (answered) {
		enum wpkg_status status = accept(out, dialogue, &is_one, arena, err);
		if (status != WPKG_OK || is_one)
			return status;
		dialogue->reason = WPKG_LIT("the worker answered nonsense");
	}
	struct wpkg_str why = dialogue->reason;
	if (why.len == 0)
		why = explain(ended, most_seconds(dialogue->options), arena);
	return refuse(out, dialogue, why, ended, arena, err);
}

/* Bytes that a worker may have mapped at a time: a parcel of its own, and what is linked. */
static uint64_t mapped_at_most(const struct dialogue *dialogue)
{
	const struct wpkg_invoice *invoice = dialogue->question->invoice;
	uint64_t largest = 0, linked = 0;
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		if (label->size > largest)
			largest = label->size;
		if (wpkg_media_type_is_wasm(label->media_type))
			linked += label->size;
	}
	for (size_t i = 0; i < dialogue->closure.count; i++)
		for (size_t m = 0; m < dialogue->closure.packages[i].module_count; m++)
			linked += dialogue->closure.packages[i].modules[m].size;
	return 2 * largest + linked;
}

static enum wpkg_status find_closure(struct dialogue *dialogue, struct wpkg_arena *arena,
				     struct wpkg_err *err)
{
	const struct admission_question *question = dialogue->question;
	const struct closure_options options = {
		.store = question->store,
		.foreign = dialogue->options->policy.foreign_dependencies,
		.may_read = question->may_read,
		.user = question->state,
	};
	return closure_find(&dialogue->closure, arena, &options, question->invoice, err);
}

static enum wpkg_status ask(struct admission_result *out, struct admission *admission,
			    struct dialogue *dialogue, struct wpkg_arena *arena,
			    struct wpkg_err *err)
{
	bool answered = false;
	struct wpkg_err own;
	struct wpkg_admission_ended ended;
	const struct admission_options *options = dialogue->options;
	enum wpkg_status status = find_closure(dialogue, arena, err);
	if (status != WPKG_OK)
		return status;
	/* Address space is cheap: a memory of a guest reserves what it may grow to, and a module is
	 * mapped as it is. */
	const struct wpkg_admission_start start = {
		.memory = options->memory,
		.address_space =
			4 * options->memory + ((uint64_t)1 << 30) + mapped_at_most(dialogue),
		.cpu_seconds = most_seconds(options),
	};
	dialogue->deadline = wpkg_clock_monotonic() + most_seconds(options) * 1000000000;
	status = admit_worker_start(&dialogue->worker, &admission->process, &start, err);
	if (status != WPKG_OK)
		return status;
	enum wpkg_status talked = dialogue_hold(dialogue, &answered, &own);
	status = admit_worker_end(&ended, &dialogue->worker, &admission->process, err);
	if (talked != WPKG_OK)
		return WPKG_FAIL(err, talked, "%s", own.msg);
	if (status != WPKG_OK)
		return status;
	return conclude(out, dialogue, &ended, answered, arena, err);
}

enum wpkg_status admission_run(struct admission_result *out, struct admission *admission,
			       const struct admission_question *question, struct wpkg_arena *arena,
			       struct wpkg_err *err)
{
	struct turn turn;
	struct dialogue dialogue = {.options = &admission->options, .question = question};
	enum wpkg_status status = turns_take(&admission->turns, &turn, question->user, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&dialogue.received, WPKG_ADMISSION_VERDICT_MAX);
	status = ask(out, admission, &dialogue, arena, err);
	wpkg_buf_clear(&dialogue.received);
	turns_give(&admission->turns, &turn);
	return status;
}
