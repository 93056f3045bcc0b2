/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_answer.h"

#include "net/url.h"
#include "preference.h"
#include "server.h"
#include "store/record.h"

static void judge_step(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_str reason;
	const struct publish_answer *answer = request->state;
	if (publish(&reason, request->server, &request->arena, answer->id, &err) != WPKG_OK) {
		answer->failed(request, &err);
	} else if (reason.len > 0) {
		request->response.reason = "rejected";
		answer->rejected(request, reason);
	} else {
		answer->published(request, answer);
	}
}

/* "/api/v1/verdicts/NAME/VERSION" */
static const char *verdict_path(struct request *request, const struct wpkg_record *record)
{
	struct wpkg_buf path;
	wpkg_buf_init(&path, 4096);
	wpkg_buf_append_text(&path, "/api/v1/verdicts/");
	wpkg_url_append_path(&path, record->name);
	wpkg_buf_append_byte(&path, '/');
	wpkg_url_append_path(&path, record->version);
	const char *kept = NULL;
	if (path.failed == WPKG_OK)
		kept = wpkg_arena_dup(&request->arena, wpkg_buf_str(&path)).ptr;
	wpkg_buf_clear(&path);
	return kept;
}

/* 202: where to look for the verdict. */
static void respond_checking(struct request *request, const struct wpkg_record *record)
{
	const struct publish_answer *answer = request->state;
	const char *path = verdict_path(request, record);
	struct wpkg_value *table = wpkg_value_new_table(&request->arena);
	if (!path ||
	    !wpkg_value_add_string(&request->arena, table, "message",
				   WPKG_LIT("the version is being checked")) ||
	    !wpkg_value_add_string(&request->arena, table, "verdict", wpkg_str_from(path))) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	if (answer->checking)
		answer->checking(request, answer);
	respond_header(request, "Location", path);
	respond_header(request, "Retry-After", "1");
	respond_document(request, 202, table);
}

/* Somebody else is at it, for as long as the client waits: is there a verdict? */
static void await_step(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_record record;
	const struct publish_answer *answer = request->state;
	publish_await(request->server, answer->id, answer->deadline);
	if (wpkg_record_find_id(&record, &request->arena, request->server->store, answer->id,
				&err) != WPKG_OK)
		answer->failed(request, &err);
	else if (record.state == WPKG_RECORD_CHECKING)
		respond_checking(request, &record);
	else
		judge_step(request);
}

void publish_answer(struct request *request, struct publish_answer *answer)
{
	struct preference preference = preference_parse(request->prefer);
	answer->deadline = publish_deadline(preference.wait);
	request->state = answer;
	if (!preference.respond_async) {
		request_continue(request, POOL_CHECKS, judge_step);
		return;
	}
	respond_header(request, "Preference-Applied", "respond-async");
	publish_later(request->server, answer->id);
	request_continue(request, POOL_WAITS, await_step);
}
