/* SPDX-License-Identifier: Apache-2.0 */
#include "send.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "progress.h"

/* A parcel on its way: the queue's job, whose user is this. */
struct departure {
	struct wpkg_parcel_job job;
	struct run *run;
	size_t parcel;
};

struct run {
	struct publication *publication;
	struct progress progress;
	bool *wanted; /* one for each parcel; cleared when it is begun */
	size_t next;  /* parcel to look at */
};

static void tell(void *user, uint64_t bytes)
{
	struct departure *departure = user;
	struct progress *progress = &departure->run->progress;
	progress_add(progress, bytes);
	if (progress->done >= progress->total)
		progress_wait(progress, "checking", (struct wpkg_str){0});
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	struct run *run = user;
	const struct wpkg_invoice *invoice = run->publication->invoice;
	while (run->next < invoice->parcel_count && !run->wanted[run->next])
		run->next++;
	if (run->next == invoice->parcel_count)
		return WPKG_OK;
	struct departure *departure = wpkg_mem_calloc(1, sizeof(*departure));
	if (!departure)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a parcel");
	departure->run = run;
	departure->parcel = run->next++;
	departure->job = (struct wpkg_parcel_job){
		.label = &invoice->parcels[departure->parcel].label,
		.fd = -1,
		.progress = tell,
		.user = departure,
	};
	enum wpkg_status status = run->publication->open(&departure->job.fd, run->publication->user,
							 departure->parcel, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "parcel %.*s", WPKG_STR_ARG(departure->job.label->name));
		wpkg_mem_free(departure);
		return status;
	}
	*out = &departure->job;
	return WPKG_OK;
}

static enum wpkg_status done(void *user, struct wpkg_parcel_job *job, enum wpkg_status status,
			     struct wpkg_err *err)
{
	struct run *run = user;
	struct departure *departure = job->user;
	(void)err;
	run->publication->sent[departure->parcel] = status == WPKG_OK;
	run->publication->is_checked = run->publication->is_checked || job->is_checked;
	close(job->fd);
	wpkg_mem_free(departure);
	return status;
}

/* Which parcels are asked for. The list is sorted by digest: packages may have ten thousand. */

struct listed {
	struct wpkg_str sha256;
	size_t parcel;
};

static int compare_listed(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct listed *)a)->sha256,
				((const struct listed *)b)->sha256);
}

static struct listed *list_parcels(struct wpkg_arena *arena, const struct wpkg_invoice *invoice)
{
	struct listed *list = wpkg_arena_alloc(arena, invoice->parcel_count, sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		list[i] = (struct listed){invoice->parcels[i].label.sha256, i};
	qsort(list, invoice->parcel_count, sizeof(*list), compare_listed);
	return list;
}

/* One parcel for each digest, though many may have the same bytes and each be asked for. */
static enum wpkg_status want_all(struct run *run, const struct wpkg_labels *missing,
				 struct wpkg_arena *arena, struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = run->publication->invoice;
	struct listed *list = list_parcels(arena, invoice);
	run->wanted = wpkg_arena_alloc(arena, invoice->parcel_count, sizeof(*run->wanted));
	if (!list || !run->wanted)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	for (size_t i = 0; i < missing->count; i++) {
		struct listed key = {.sha256 = missing->items[i].sha256};
		const struct listed *found =
			bsearch(&key, list, invoice->parcel_count, sizeof(*list), compare_listed);
		if (!found)
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "the registry asks for %.*s, which the package does not "
					 "have",
					 WPKG_STR_ARG(key.sha256));
		if (!run->wanted[found->parcel])
			run->progress.total += invoice->parcels[found->parcel].label.size;
		run->wanted[found->parcel] = true;
	}
	return WPKG_OK;
}

enum wpkg_status send_parcels(struct publication *publication, const struct wpkg_labels *missing,
			      struct wpkg_err *err)
{
	struct session *session = publication->session;
	const struct wpkg_invoice *invoice = publication->invoice;
	struct run run = {.publication = publication};
	struct wpkg_parcel_queue queue = {
		.parallel = session->config.parallel, .next = next, .done = done, .user = &run};
	progress_begin(&run.progress, session->global, "sending", 0);
	enum wpkg_status status = want_all(&run, missing, &session->arena, err);
	if (status == WPKG_OK)
		status = wpkg_registry_post_parcels(session->registry, invoice->name,
						    invoice->version, &queue, err);
	progress_end(&run.progress);
	return status;
}
