/* SPDX-License-Identifier: Apache-2.0 */
#include "send.h"

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
	struct send *send;
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
		progress_wait(progress, "the registry checks the package");
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	struct run *run = user;
	const struct wpkg_invoice *invoice = run->send->package->invoice;
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
	enum wpkg_status status =
		package_open_parcel(&departure->job.fd, run->send->package, departure->parcel, err);
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
	run->send->sent[departure->parcel] = status == WPKG_OK;
	close(job->fd);
	wpkg_mem_free(departure);
	return status;
}

/* Marks the first parcel that has the digest; many may have the same bytes. */
static bool want(struct run *run, struct wpkg_str sha256)
{
	const struct wpkg_invoice *invoice = run->send->package->invoice;
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		if (!wpkg_str_equal(invoice->parcels[i].label.sha256, sha256))
			continue;
		if (!run->wanted[i])
			run->progress.total += invoice->parcels[i].label.size;
		run->wanted[i] = true;
		return true;
	}
	return false;
}

static enum wpkg_status want_all(struct run *run, const struct wpkg_labels *missing,
				 struct wpkg_err *err)
{
	for (size_t i = 0; i < missing->count; i++)
		if (!want(run, missing->items[i].sha256))
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "the registry asks for %.*s, which the package does not "
					 "have",
					 WPKG_STR_ARG(missing->items[i].sha256));
	return WPKG_OK;
}

enum wpkg_status send_parcels(struct send *send, struct session *session,
			      const struct wpkg_labels *missing, struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = send->package->invoice;
	struct run run = {.send = send};
	struct wpkg_parcel_queue queue = {
		.parallel = session->config.parallel, .next = next, .done = done, .user = &run};
	progress_begin(&run.progress, session->global, "sending", 0);
	run.wanted = wpkg_arena_alloc(&session->arena, invoice->parcel_count, sizeof(*run.wanted));
	if (!run.wanted)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	enum wpkg_status status = want_all(&run, missing, err);
	if (status == WPKG_OK)
		status = wpkg_registry_post_parcels(session->registry, invoice->name,
						    invoice->version, &queue, err);
	progress_end(&run.progress);
	return status;
}
