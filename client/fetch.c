/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "progress.h"
#include "report.h"

#define TRIES 4			  /* one after another that bring nothing */
#define BROUGHT_LEAST (64 * 1024) /* bytes: less is nothing */
#define CUT_MAX 64		  /* parcels that may wait for their rest: each has a file open */

/* A parcel on its way: the queue's job, whose user is the whole. */
struct arrival {
	struct wpkg_parcel_job job;
	struct cache_entry entry;
	struct run *run;
	size_t parcel;
	uint64_t taken; /* bytes, by this try; the first that there was belongs at job.began */
};

/* What was on its way to a parcel when the connection broke. */
struct cut {
	struct cache_entry entry;
	size_t parcel;
};

/* What is kept from one try to the next. */
struct cuts {
	struct cut items[CUT_MAX];
	size_t count;
	uint64_t brought; /* bytes, by this try */
};

/* One try for all parcels that are not there. */
struct run {
	struct fetch *fetch;
	struct session *session;
	struct cuts *cuts;
	struct progress progress;
	size_t next; /* parcel to look at */
};

static const struct wpkg_label *label_of(const struct fetch *fetch, size_t parcel)
{
	return &fetch->found->invoice->parcels[parcel].label;
}

/* Worth another try? What is denied or too large will be so again. */
static bool may_pass(enum wpkg_status status)
{
	return status == WPKG_EBUSY || status == WPKG_EIO;
}

static bool is_wanted(const struct fetch *fetch, size_t parcel)
{
	return fetch->chosen[parcel] && may_pass(fetch->outcomes[parcel].status);
}

/* Parcels with the same bytes: the first of them stands for all. */

struct listed {
	const struct wpkg_label *label;
	size_t parcel;
};

static int compare_listed(const void *a, const void *b)
{
	const struct listed *left = a;
	const struct listed *right = b;
	int order = wpkg_str_compare(left->label->sha256, right->label->sha256);
	if (order != 0)
		return order;
	if (left->label->size != right->label->size)
		return left->label->size < right->label->size ? -1 : 1;
	return left->parcel < right->parcel ? -1 : left->parcel > right->parcel;
}

static enum wpkg_status find_alike(struct fetch *fetch, struct wpkg_arena *arena,
				   struct wpkg_err *err)
{
	size_t count = 0;
	struct listed *list =
		wpkg_arena_alloc(arena, fetch->found->invoice->parcel_count, sizeof(*list));
	if (!list)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	for (size_t i = 0; i < fetch->found->invoice->parcel_count; i++)
		if (fetch->chosen[i])
			list[count++] = (struct listed){label_of(fetch, i), i};
	qsort(list, count, sizeof(*list), compare_listed);
	size_t first = 0;
	for (size_t i = 0; i < count; i++) {
		if (!wpkg_str_equal(list[first].label->sha256, list[i].label->sha256) ||
		    list[first].label->size != list[i].label->size)
			first = i;
		fetch->outcomes[list[i].parcel].same_as = list[first].parcel;
	}
	return WPKG_OK;
}

/* What is in the cache. */

static enum wpkg_status look(struct fetch *fetch, struct session *session, size_t parcel,
			     struct wpkg_err *err)
{
	struct fetch_outcome *outcome = &fetch->outcomes[parcel];
	bool spoilt = false;
	int fd = -1;
	enum wpkg_status status = cache_open_parcel(&fd, &spoilt, &session->cache,
						    label_of(fetch, parcel), &outcome->err);
	if (spoilt)
		report_note(session->global, "the cached parcel %.*s was changed: it is fetched",
			    WPKG_STR_ARG(label_of(fetch, parcel)->name));
	if (status == WPKG_OK) {
		close(fd);
		outcome->was_cached = true;
	} else if (status == WPKG_ENOTFOUND && !session->global->offline) {
		status = WPKG_EBUSY; /* to be fetched */
	} else if (status == WPKG_ENOTFOUND) {
		wpkg_err_set(&outcome->err, status, "--offline: parcel %.*s is not in the cache",
			     WPKG_STR_ARG(label_of(fetch, parcel)->name));
	}
	outcome->status = status;
	if (status == WPKG_ENOMEM ||
	    (status != WPKG_OK && status != WPKG_EBUSY && !fetch->keep_going)) {
		if (err)
			*err = outcome->err;
		return status;
	}
	return WPKG_OK;
}

static enum wpkg_status look_at_all(struct fetch *fetch, struct session *session,
				    struct wpkg_err *err)
{
	struct progress progress;
	uint64_t bytes = 0;
	size_t count = fetch->found->invoice->parcel_count;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; i < count; i++)
		if (fetch->chosen[i] && fetch->outcomes[i].same_as == i)
			bytes += label_of(fetch, i)->size;
	progress_begin(&progress, session->global, "hashing what is cached", bytes);
	for (size_t i = 0; status == WPKG_OK && i < count; i++) {
		if (!fetch->chosen[i] || fetch->outcomes[i].same_as != i)
			continue;
		status = look(fetch, session, i, err);
		progress_add(&progress, label_of(fetch, i)->size);
	}
	progress_end(&progress);
	return status;
}

/* What comes from the registry. */

/* Takes what is kept of the parcel. False: there is nothing. */
static bool take_cut(struct cache_entry *out, struct cuts *cuts, size_t parcel)
{
	for (size_t i = 0; i < cuts->count; i++)
		if (cuts->items[i].parcel == parcel) {
			*out = cuts->items[i].entry;
			cuts->items[i] = cuts->items[--cuts->count];
			return true;
		}
	return false;
}

static bool keep_cut(struct cuts *cuts, const struct arrival *arrival)
{
	uint64_t size = arrival->entry.size;
	if (size == 0 || size >= arrival->job.label->size || cuts->count == CUT_MAX)
		return false;
	cuts->items[cuts->count++] = (struct cut){arrival->entry, arrival->parcel};
	return true;
}

/* A server that did not begin with the rest has sent again what is there. */
static enum wpkg_status take(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct arrival *arrival = user;
	uint64_t again = arrival->entry.size - (arrival->job.began + arrival->taken);
	size_t skipped = bytes.len < again ? bytes.len : (size_t)again;
	arrival->taken += bytes.len;
	if (skipped == bytes.len)
		return WPKG_OK;
	bytes = wpkg_str_from_offset(bytes, skipped);
	arrival->run->cuts->brought += bytes.len;
	return cache_entry_write(&arrival->entry, bytes, err);
}

static void tell(void *user, uint64_t bytes)
{
	struct arrival *arrival = user;
	progress_add(&arrival->run->progress, bytes);
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	struct run *run = user;
	const struct fetch *fetch = run->fetch;
	while (run->next < fetch->found->invoice->parcel_count && !is_wanted(fetch, run->next))
		run->next++;
	if (run->next == fetch->found->invoice->parcel_count)
		return WPKG_OK;
	struct arrival *arrival = wpkg_mem_calloc(1, sizeof(*arrival));
	if (!arrival)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a parcel");
	enum wpkg_status status = WPKG_OK;
	if (!take_cut(&arrival->entry, run->cuts, run->next))
		status = cache_entry_begin(&arrival->entry, &run->session->cache, err);
	if (status != WPKG_OK) {
		wpkg_mem_free(arrival);
		return status;
	}
	arrival->run = run;
	arrival->parcel = run->next++;
	arrival->job = (struct wpkg_parcel_job){.label = label_of(fetch, arrival->parcel),
						.have = arrival->entry.size,
						.sink = take,
						.progress = tell,
						.user = arrival};
	*out = &arrival->job;
	return WPKG_OK;
}

/* The entry of a parcel that came, or did not: placed, kept for the next try, or gone. */
static enum wpkg_status settle(struct arrival *arrival, enum wpkg_status status,
			       struct wpkg_err *why)
{
	struct run *run = arrival->run;
	bool was_resumed = arrival->job.have > 0;
	if (status == WPKG_OK)
		status = cache_entry_commit(&arrival->entry, &run->session->cache,
					    arrival->job.label, why);
	else if (!may_pass(status) || !keep_cut(run->cuts, arrival))
		cache_entry_abandon(&arrival->entry, &run->session->cache);
	/* What was kept may be to blame: once more, from the start. */
	if (was_resumed && (status == WPKG_EDENIED || status == WPKG_EINVAL))
		status = WPKG_EBUSY;
	return status;
}

static enum wpkg_status done(void *user, struct wpkg_parcel_job *job, enum wpkg_status status,
			     struct wpkg_err *err)
{
	struct run *run = user;
	struct arrival *arrival = job->user;
	struct fetch_outcome *outcome = &run->fetch->outcomes[arrival->parcel];
	struct wpkg_err why = err ? *err : (struct wpkg_err){0};
	status = settle(arrival, status, &why);
	if (status != WPKG_OK)
		wpkg_err_prepend(&why, "parcel %.*s", WPKG_STR_ARG(job->label->name));
	outcome->status = status;
	outcome->err = why;
	wpkg_mem_free(arrival);
	if (status == WPKG_OK || may_pass(status) || run->fetch->keep_going)
		return WPKG_OK;
	if (err)
		*err = why;
	return status;
}

static uint64_t bytes_wanted(const struct fetch *fetch)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < fetch->found->invoice->parcel_count; i++)
		if (is_wanted(fetch, i))
			bytes += label_of(fetch, i)->size;
	return bytes;
}

static bool any_wanted(const struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->found->invoice->parcel_count; i++)
		if (is_wanted(fetch, i))
			return true;
	return false;
}

static enum wpkg_status run_once(struct fetch *fetch, struct session *session, struct cuts *cuts,
				 struct wpkg_err *err)
{
	struct run run = {.fetch = fetch, .session = session, .cuts = cuts};
	struct wpkg_parcel_queue queue = {
		.parallel = session->config.parallel, .next = next, .done = done, .user = &run};
	progress_begin(&run.progress, session->global, "pulling", bytes_wanted(fetch));
	const struct found *found = fetch->found;
	enum wpkg_status status = found->get_parcels(found->user, found->invoice, &queue, err);
	progress_end(&run.progress);
	return status;
}

static enum wpkg_status fetch_missing(struct fetch *fetch, struct session *session,
				      struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	struct cuts cuts = {.count = 0};
	for (unsigned n = 0; status == WPKG_OK && n < TRIES && any_wanted(fetch); n++) {
		struct timespec pause = {.tv_sec = n, .tv_nsec = 0};
		if (n > 0)
			nanosleep(&pause, NULL);
		cuts.brought = 0;
		status = run_once(fetch, session, &cuts, err);
		if (cuts.brought >= BROUGHT_LEAST)
			n = 0;
	}
	for (size_t i = 0; i < cuts.count; i++)
		cache_entry_abandon(&cuts.items[i].entry, &session->cache);
	return status;
}

static enum wpkg_status first_failure(const struct fetch *fetch, struct wpkg_err *err)
{
	for (size_t i = 0; i < fetch->found->invoice->parcel_count; i++) {
		const struct fetch_outcome *outcome = &fetch->outcomes[i];
		if (!fetch->chosen[i] || outcome->status == WPKG_OK)
			continue;
		if (err)
			*err = outcome->err;
		return outcome->status;
	}
	return WPKG_OK;
}

enum wpkg_status fetch_parcels(struct fetch *fetch, struct session *session, struct wpkg_err *err)
{
	size_t count = fetch->found->invoice->parcel_count;
	enum wpkg_status status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	fetch->outcomes = wpkg_arena_alloc(&session->arena, count, sizeof(*fetch->outcomes));
	if (!fetch->outcomes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	status = find_alike(fetch, &session->arena, err);
	if (status == WPKG_OK)
		status = look_at_all(fetch, session, err);
	if (status == WPKG_OK)
		status = fetch_missing(fetch, session, err);
	for (size_t i = 0; status == WPKG_OK && i < count; i++)
		if (fetch->chosen[i])
			fetch->outcomes[i] = fetch->outcomes[fetch->outcomes[i].same_as];
	return status == WPKG_OK && !fetch->keep_going ? first_failure(fetch, err) : status;
}
