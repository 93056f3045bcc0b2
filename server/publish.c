/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/cause.h"
#include "base/clock.h"
#include "base/mem.h"
#include "log.h"
#include "pkg/verdict.h"
#include "server.h"
#include "store/record.h"

#define ARENA_MAX ((size_t)256 << 20)
#define WAIT_MAX 60    /* seconds that a client may wait in one request */
#define RESUME_MAX 256 /* versions taken up at a time; the others' turn comes */

/* A version that somebody is at, or will be. */
struct publication {
	struct publication *next;
	int64_t id;
	unsigned users; /* who hold it */
	bool is_running;
	char progress[PUBLISH_PROGRESS];
};

struct publisher {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	struct publication *first;
	bool is_closed;
};

enum wpkg_status publisher_new(struct publisher **out, struct wpkg_err *err)
{
	struct publisher *publisher = wpkg_mem_calloc(1, sizeof(*publisher));
	if (!publisher)
		return WPKG_FAIL(err, WPKG_ENOMEM, "publisher: no memory");
	pthread_mutex_init(&publisher->mutex, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&publisher->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*out = publisher;
	return WPKG_OK;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	pthread_cond_destroy(&publisher->ended);
	pthread_mutex_destroy(&publisher->mutex);
	wpkg_mem_free(publisher);
}

void publisher_close(struct publisher *publisher)
{
	pthread_mutex_lock(&publisher->mutex);
	publisher->is_closed = true;
	pthread_cond_broadcast(&publisher->ended);
	pthread_mutex_unlock(&publisher->mutex);
}

static struct publication *find(struct publisher *publisher, int64_t id)
{
	struct publication *found = publisher->first;
	while (found && found->id != id)
		found = found->next;
	return found;
}

/* The version's entry, held; NULL when memory is out. *is_new: nobody was at it. */
static struct publication *hold(struct publisher *publisher, int64_t id, bool *is_new)
{
	pthread_mutex_lock(&publisher->mutex);
	struct publication *held = find(publisher, id);
	*is_new = !held;
	if (!held)
		held = wpkg_mem_calloc(1, sizeof(*held));
	if (held && *is_new) {
		held->id = id;
		held->next = publisher->first;
		publisher->first = held;
	}
	if (held)
		held->users++;
	pthread_mutex_unlock(&publisher->mutex);
	return held;
}

static void let_go(struct publisher *publisher, struct publication *held)
{
	pthread_mutex_lock(&publisher->mutex);
	if (--held->users == 0) {
		struct publication **at = &publisher->first;
		while (*at != held)
			at = &(*at)->next;
		*at = held->next;
		wpkg_mem_free(held);
		pthread_cond_broadcast(&publisher->ended);
	}
	pthread_mutex_unlock(&publisher->mutex);
}

/* Alone at it from here on: waits for whoever is. */
static void enter(struct publisher *publisher, struct publication *held)
{
	pthread_mutex_lock(&publisher->mutex);
	while (held->is_running)
		pthread_cond_wait(&publisher->ended, &publisher->mutex);
	held->is_running = true;
	pthread_mutex_unlock(&publisher->mutex);
}

static void leave(struct publisher *publisher, struct publication *held)
{
	pthread_mutex_lock(&publisher->mutex);
	held->is_running = false;
	pthread_cond_broadcast(&publisher->ended);
	pthread_mutex_unlock(&publisher->mutex);
}

uint64_t publish_deadline(uint64_t seconds)
{
	if (seconds > WAIT_MAX)
		seconds = WAIT_MAX;
	return wpkg_clock_monotonic() + seconds * 1000000000;
}

void publish_await(struct server *server, int64_t id, uint64_t deadline)
{
	struct publisher *publisher = server->publisher;
	const struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000),
				       .tv_nsec = (long)(deadline % 1000000000)};
	int code = 0;
	pthread_mutex_lock(&publisher->mutex);
	while (code == 0 && !publisher->is_closed && find(publisher, id))
		code = pthread_cond_timedwait(&publisher->ended, &publisher->mutex, &until);
	pthread_mutex_unlock(&publisher->mutex);
}

void publish_progress(char line[PUBLISH_PROGRESS], struct server *server, int64_t id)
{
	struct publisher *publisher = server->publisher;
	pthread_mutex_lock(&publisher->mutex);
	const struct publication *found = find(publisher, id);
	snprintf(line, PUBLISH_PROGRESS, "%s",
		 found && found->progress[0] ? found->progress : "waits for its turn");
	pthread_mutex_unlock(&publisher->mutex);
}

static void log_verdict(const struct wpkg_record *record, const struct admission_result *result)
{
	struct log_line line;
	log_begin(&line, result->settlement.accepted ? "publish" : "reject");
	log_text(&line, "name", record->name);
	log_text(&line, "version", record->version);
	log_text(&line, "user", record->pusher);
	if (!result->settlement.accepted)
		log_text(&line, "reason", result->reason);
	log_end(&line);
}

/* A version that is judged, in the name of who pushed it. */
struct judging {
	struct server *server;
	struct wpkg_arena *arena;
	struct identity identity;
	struct publication *held;
};

static void set_progress(void *state, const char *line)
{
	const struct judging *judging = state;
	struct publisher *publisher = judging->server->publisher;
	pthread_mutex_lock(&publisher->mutex);
	snprintf(judging->held->progress, sizeof(judging->held->progress), "%s", line);
	pthread_mutex_unlock(&publisher->mutex);
}

/* What the user may, whatever the token was for: a version that is taken up again after a restart
 * has the same verdict. */
static bool may_read(void *state, struct wpkg_str name)
{
	const struct judging *judging = state;
	return users_allow(judging->server->users, judging->arena, &judging->identity,
			   WPKG_RIGHT_READ, name, NULL) == WPKG_OK;
}

static enum wpkg_status ask(struct admission_result *out, struct judging *judging,
			    const struct wpkg_record *record, struct wpkg_err *err)
{
	struct server *server = judging->server;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = wpkg_invoice_read(&invoice, judging->arena, record->invoice,
						    WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	judging->identity = (struct identity){.user = record->pusher};
	const struct admission_question question = {.invoice = invoice,
						    .store = server->store,
						    .user = record->pusher,
						    .may_read = may_read,
						    .progress = set_progress,
						    .state = judging};
	return admission_run(out, server->admission, &question, judging->arena, err);
}

/* What an earlier question came to. */
static enum wpkg_status read_verdict(struct wpkg_str *reason, const struct wpkg_record *record,
				     struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_verdict verdict;
	if (record->state != WPKG_RECORD_REJECTED) {
		*reason = (struct wpkg_str){0};
		return WPKG_OK;
	}
	enum wpkg_status status = wpkg_verdict_read(&verdict, arena, record->verdict, err);
	if (status == WPKG_OK)
		*reason = verdict.reason.len > 0 ? verdict.reason : WPKG_LIT("it was refused");
	return status;
}

static enum wpkg_status judge(struct wpkg_str *reason, struct judging *judging,
			      const struct wpkg_record *record, struct wpkg_err *err)
{
	struct admission_result result = {0};
	struct server *server = judging->server;
	struct metrics *metrics = &server->metrics;
	uint64_t began = wpkg_clock_monotonic();
	enum wpkg_status status = ask(&result, judging, record, err);
	wpkg_histogram_add(&metrics->admission, &metrics_admission_bounds,
			   wpkg_clock_monotonic() - began);
	if (status != WPKG_OK) {
		atomic_fetch_add(&metrics->undecided, 1);
		return status;
	}
	status = wpkg_record_settle(server->store, record->id, &result.settlement, err);
	if (status != WPKG_OK)
		return status;
	atomic_fetch_add(result.settlement.accepted ? &metrics->published : &metrics->rejected, 1);
	log_verdict(record, &result);
	*reason = result.reason; /* empty when accepted */
	return WPKG_OK;
}

enum wpkg_status publish(struct wpkg_str *reason, struct server *server, struct wpkg_arena *arena,
			 int64_t id, struct wpkg_err *err)
{
	bool is_new;
	struct wpkg_record record;
	struct publication *held = hold(server->publisher, id, &is_new);
	if (!held)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory to publish");
	struct judging judging = {.server = server, .arena = arena, .held = held};
	enter(server->publisher, held);
	enum wpkg_status status = wpkg_record_find_id(&record, arena, server->store, id, err);
	if (status == WPKG_OK && record.state == WPKG_RECORD_CHECKING)
		status = judge(reason, &judging, &record, err);
	else if (status == WPKG_OK)
		status = read_verdict(reason, &record, arena, err);
	leave(server->publisher, held);
	let_go(server->publisher, held);
	return status;
}

/* On a worker. */

struct errand {
	struct task task;
	struct server *server;
	struct publication *held;
	struct wpkg_cause cause; /* whose push it is that ended */
};

static void run_errand(void *user)
{
	struct errand *errand = user;
	struct server *server = errand->server;
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_str reason;
	wpkg_arena_init(&arena, ARENA_MAX);
	wpkg_cause_set(&errand->cause);
	/* What is left undone is taken up after the next start. */
	if (!atomic_load(&server->is_stopped) &&
	    publish(&reason, server, &arena, errand->held->id, &err) != WPKG_OK)
		log_event("admission-failed", "error", err.msg);
	wpkg_cause_set(NULL);
	wpkg_arena_clear(&arena);
	let_go(server->publisher, errand->held);
	wpkg_mem_free(errand);
}

void publish_later(struct server *server, int64_t id)
{
	bool is_new = false;
	struct errand *errand = wpkg_mem_calloc(1, sizeof(*errand));
	struct publication *held = errand ? hold(server->publisher, id, &is_new) : NULL;
	if (held && is_new) {
		*errand = (struct errand){.task = {.run = run_errand, .user = errand},
					  .server = server,
					  .held = held,
					  .cause = *wpkg_cause_get()};
		if (workers_add(server->pools[POOL_CHECKS], &errand->task))
			return;
	}
	/* Somebody is at it, or publish_resume will be. */
	if (held)
		let_go(server->publisher, held);
	wpkg_mem_free(errand);
}

void publish_resume(struct server *server)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_record_list list = {0};
	wpkg_arena_init(&arena, ARENA_MAX);
	if (wpkg_record_in_state(&list, &arena, server->store, WPKG_RECORD_CHECKING, RESUME_MAX,
				 &err) != WPKG_OK)
		log_event("resume-failed", "error", err.msg);
	for (size_t i = 0; i < list.count; i++)
		publish_later(server, list.items[i].id);
	wpkg_arena_clear(&arena);
}
