/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <time.h>

#include "base/clock.h"
#include "progress.h"
#include "report.h"

#define SECOND ((uint64_t)1000000000)
#define POLL_SECONDS 2
#define PATIENCE (600 * SECOND) /* without any change */
#define FAILURES_MAX 5		/* in a row, of asking */

/* How the waiting goes. */
struct awaiting {
	struct publication *publication;
	struct progress progress;
	struct wpkg_str last; /* what was said last */
	uint64_t changed;
	unsigned failures;
};

static enum wpkg_status ask(struct wpkg_registry_verdict *out, struct publication *publication,
			    unsigned seconds, struct wpkg_err *err)
{
	struct session *session = publication->session;
	return wpkg_registry_get_verdict(out, &session->arena, session->registry,
					 publication->invoice, seconds, err);
}

/* May it pass? Then after a pause. */
static bool is_passing(struct awaiting *awaiting, enum wpkg_status status)
{
	if ((status != WPKG_EBUSY && status != WPKG_EIO) || ++awaiting->failures > FAILURES_MAX)
		return false;
	const struct timespec pause = {.tv_sec = awaiting->failures};
	nanosleep(&pause, NULL);
	return true;
}

static bool is_alive(struct awaiting *awaiting, struct wpkg_str progress)
{
	uint64_t now = wpkg_clock_monotonic();
	awaiting->failures = 0;
	if (!wpkg_str_equal(progress, awaiting->last))
		awaiting->changed = now;
	awaiting->last = progress;
	progress_wait(&awaiting->progress, "checking", progress);
	return now - awaiting->changed < PATIENCE;
}

static enum wpkg_status await_end(struct wpkg_registry_verdict *verdict, struct awaiting *awaiting,
				  struct wpkg_err *err)
{
	/* At first at once: whoever sent the package has waited for a while. */
	for (unsigned seconds = 0;; seconds = POLL_SECONDS) {
		struct wpkg_err own;
		enum wpkg_status status = ask(verdict, awaiting->publication, seconds, &own);
		if (status != WPKG_OK && is_passing(awaiting, status))
			continue;
		if (status != WPKG_OK)
			return WPKG_FAIL(err, status, "%s", own.msg);
		if (!wpkg_str_equal_text(verdict->state, "checking"))
			return WPKG_OK;
		if (!is_alive(awaiting, verdict->progress))
			return WPKG_FAIL(err, WPKG_EBUSY,
					 "the registry still checks the package: push it again to "
					 "ask for its verdict");
	}
}

static enum wpkg_status judge(struct publication *publication,
			      const struct wpkg_registry_verdict *verdict, struct wpkg_err *err)
{
	if (wpkg_str_equal_text(verdict->state, "published"))
		return WPKG_OK;
	publication->verdict = verdict->value;
	if (!wpkg_str_equal_text(verdict->state, "rejected"))
		return WPKG_FAIL(err, WPKG_EBUSY, "the registry says that the version is %.*s",
				 WPKG_STR_ARG(verdict->state));
	struct wpkg_str reason = wpkg_value_find_string(verdict->value, "reason");
	if (reason.len == 0)
		reason = WPKG_LIT("the registry refused the package, and says no more");
	return WPKG_FAIL(err, WPKG_EDENIED, "%.*s", WPKG_STR_ARG(reason));
}

enum wpkg_status verdict_await(struct publication *publication, struct wpkg_err *err)
{
	struct wpkg_registry_verdict verdict = {0};
	struct awaiting awaiting = {.publication = publication, .changed = wpkg_clock_monotonic()};
	progress_begin(&awaiting.progress, publication->session->global, "checking", 0);
	awaiting.progress.next = awaiting.progress.begun;
	enum wpkg_status status = await_end(&verdict, &awaiting, err);
	progress_end(&awaiting.progress);
	return status == WPKG_OK ? judge(publication, &verdict, err) : status;
}

void verdict_fetch(struct publication *publication)
{
	struct wpkg_registry_verdict verdict = {0};
	if (!publication->verdict && ask(&verdict, publication, 0, NULL) == WPKG_OK)
		publication->verdict = verdict.value;
}

static void note_problems(const struct publication *publication, const struct wpkg_value *stage,
			  struct wpkg_str reason)
{
	const struct wpkg_value *problems = wpkg_value_find(stage, "problems");
	struct wpkg_str name = wpkg_value_find_string(stage, "name");
	for (size_t i = 0; problems && i < problems->count; i++) {
		const struct wpkg_value *line = &problems->items[i];
		if (line->kind == WPKG_VALUE_STRING && !wpkg_str_equal(line->string, reason))
			report_note(publication->session->global, "%.*s: %.*s", WPKG_STR_ARG(name),
				    WPKG_STR_ARG(line->string));
	}
}

void verdict_note_others(const struct publication *publication)
{
	const struct wpkg_value *stages = wpkg_value_find(publication->verdict, "stages");
	struct wpkg_str reason = wpkg_value_find_string(publication->verdict, "reason");
	for (size_t i = 0; stages && i < stages->count; i++)
		note_problems(publication, &stages->items[i], reason);
}

const char *verdict_url(const struct publication *publication)
{
	struct wpkg_buf url;
	struct session *session = publication->session;
	wpkg_buf_init(&url, (size_t)16 * 1024);
	wpkg_registry_append_verdict_url(&url, session->registry, publication->invoice);
	const char *kept = wpkg_arena_dup(&session->arena, wpkg_buf_str(&url)).ptr;
	wpkg_buf_clear(&url);
	return kept;
}
