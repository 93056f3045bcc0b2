/* SPDX-License-Identifier: Apache-2.0 */
/* From checking to published or rejected. */
#include "base/mem.h"
#include "log.h"
#include "server.h"
#include "store/record.h"

#define PUBLISH_ARENA ((size_t)256 << 20)

static void log_verdict(const struct wpkg_record *record, const struct admission_result *result)
{
	struct log_line line;
	log_begin(&line, result->accepted ? "publish" : "reject");
	log_text(&line, "name", record->name);
	log_text(&line, "version", record->version);
	log_text(&line, "user", record->pusher);
	if (!result->accepted)
		log_text(&line, "reason", result->reason);
	log_end(&line);
}

static enum wpkg_status judge(struct admission_result *out, struct server *server,
			      struct wpkg_arena *arena, const struct wpkg_record *record,
			      struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, arena, record->invoice, WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	const struct admission_question question = {
		.invoice = invoice, .store = server->store, .user = record->pusher};
	return admission_run(out, server->admission, &question, arena, err);
}

/* Somebody else may have settled it meanwhile: then theirs is the verdict. */
static enum wpkg_status read_verdict(struct wpkg_str *reason, struct server *server,
				     struct wpkg_arena *arena, int64_t id, struct wpkg_err *err)
{
	struct wpkg_record record;
	enum wpkg_status status = wpkg_record_find_id(&record, arena, server->store, id, err);
	if (status != WPKG_OK)
		return status;
	*reason = record.state == WPKG_RECORD_REJECTED ? WPKG_LIT("the version was refused")
						       : (struct wpkg_str){0};
	return WPKG_OK;
}

enum wpkg_status publish(struct wpkg_str *reason, struct server *server, struct wpkg_arena *arena,
			 int64_t id, struct wpkg_err *err)
{
	struct wpkg_record record;
	struct admission_result result = {0};
	enum wpkg_status status = wpkg_record_find_id(&record, arena, server->store, id, err);
	if (status == WPKG_OK)
		status = judge(&result, server, arena, &record, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_settlement settlement = {.accepted = result.accepted,
						   .verdict = result.verdict,
						   .facts = result.facts,
						   .fact_count = result.fact_count};
	status = wpkg_record_settle(server->store, id, &settlement, err);
	if (status == WPKG_EEXISTS)
		return read_verdict(reason, server, arena, id, err);
	if (status != WPKG_OK)
		return status;
	metrics_count_verdict(&server->metrics, result.accepted);
	log_verdict(&record, &result);
	*reason = result.accepted ? (struct wpkg_str){0} : result.reason;
	return WPKG_OK;
}

struct resumption {
	struct task task;
	struct server *server;
	int64_t id;
};

static void run_resumption(void *user)
{
	struct resumption *resumption = user;
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_str reason;
	wpkg_arena_init(&arena, PUBLISH_ARENA);
	if (publish(&reason, resumption->server, &arena, resumption->id, &err) != WPKG_OK)
		log_event("admission-failed", "error", err.msg);
	wpkg_arena_clear(&arena);
	wpkg_mem_free(resumption);
}

#define RESUME_MAX 10000

void publish_resume(struct server *server)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_record_list list = {0};
	wpkg_arena_init(&arena, PUBLISH_ARENA);
	if (wpkg_record_in_state(&list, &arena, server->store, WPKG_RECORD_CHECKING, RESUME_MAX,
				 &err) != WPKG_OK)
		log_event("resume-failed", "error", err.msg);
	for (size_t i = 0; i < list.count; i++) {
		struct resumption *resumption = wpkg_mem_calloc(1, sizeof(*resumption));
		if (!resumption)
			break;
		resumption->task = (struct task){.run = run_resumption, .user = resumption};
		resumption->server = server;
		resumption->id = list.items[i].id;
		workers_add(server->workers, &resumption->task);
	}
	wpkg_arena_clear(&arena);
}
