/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What admission says of a version, and while it looks, where it is. With "Prefer: wait=N" the
 * answer comes with the verdict, or after so many seconds as things are then.
 */
#include "api.h"

#include "preference.h"
#include "server.h"

/* A version that is waited for. */
struct watch {
	int64_t id;
	uint64_t deadline;
	struct api_query query;
};

static void put_progress(struct api_answer *answer, int64_t id)
{
	char line[PUBLISH_PROGRESS];
	publish_progress(line, answer->request->server, id);
	api_put_text(answer, answer->root, "progress",
		     wpkg_arena_dup(&answer->request->arena, wpkg_str_from(line)));
	respond_header(answer->request, "Retry-After", "1");
}

static void respond_verdict(struct request *request, const struct wpkg_record *record,
			    const struct api_query *query)
{
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "name", record->name);
	api_put_text(&answer, answer.root, "version", record->version);
	api_put_text(&answer, answer.root, "state",
		     wpkg_str_from(wpkg_record_state_name(record->state)));
	if (record->state == WPKG_RECORD_CHECKING)
		put_progress(&answer, record->id);
	api_put_verdict(&answer, record);
	api_answer_end(&answer, query);
}

static void respond_later(struct request *request)
{
	struct wpkg_record record;
	const struct watch *watch = request->state;
	publish_await(request->server, watch->id, watch->deadline);
	if (api_find_record(&record, request, request->parts[0]))
		respond_verdict(request, &record, &watch->query);
}

void api_verdict(struct request *request)
{
	struct api_query query;
	struct wpkg_record record;
	struct preference preference = preference_parse(request->prefer);
	if (!api_take_query(&query, request, "") ||
	    !api_find_record(&record, request, request->parts[0]))
		return;
	if (preference.has_wait)
		respond_header(request, "Preference-Applied", "wait");
	if (record.state != WPKG_RECORD_CHECKING || !preference.has_wait) {
		respond_verdict(request, &record, &query);
		return;
	}
	struct watch *watch = wpkg_arena_alloc(&request->arena, 1, sizeof(*watch));
	if (!watch) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	*watch = (struct watch){record.id, publish_deadline(preference.wait), query};
	request->state = watch;
	request_continue(request, POOL_WAITS, respond_later);
}
