/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_send.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "progress.h"
#include "report.h"

#define TRIES 4

/* A blob on its way: the queue's job, whose user is this. */
struct departure {
	struct wpkg_parcel_job job;
	struct run *run;
	size_t blob;
};

/* One pass over the blobs: asking, or sending those that are missing. */
struct run {
	struct oci_cargo *cargo;
	bool *missing; /* one for each blob */
	bool sends;
	size_t next;
	struct progress progress;
};

static void tell(void *user, uint64_t bytes)
{
	struct departure *departure = user;
	progress_add(&departure->run->progress, bytes);
}

/* Of blobs with the same bytes only the first is asked for and sent. */

struct listed {
	struct wpkg_str sha256;
	size_t blob;
};

static int compare_listed(const void *a, const void *b)
{
	const struct listed *left = a;
	const struct listed *right = b;
	int order = wpkg_str_compare(left->sha256, right->sha256);
	return order != 0 ? order : left->blob < right->blob ? -1 : left->blob > right->blob;
}

static enum wpkg_status want_each_once(bool *missing, const struct oci_cargo *cargo,
				       struct wpkg_err *err)
{
	struct listed *list =
		wpkg_arena_alloc(&cargo->to->session->arena, cargo->count, sizeof(*list));
	if (!list)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for blobs");
	for (size_t i = 0; i < cargo->count; i++)
		list[i] = (struct listed){cargo->labels[i].sha256, i};
	qsort(list, cargo->count, sizeof(*list), compare_listed);
	for (size_t i = 0; i < cargo->count; i++)
		missing[list[i].blob] =
			i == 0 || !wpkg_str_equal(list[i - 1].sha256, list[i].sha256);
	return WPKG_OK;
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	struct run *run = user;
	struct oci_cargo *cargo = run->cargo;
	while (run->next < cargo->count && !run->missing[run->next])
		run->next++;
	if (run->next == cargo->count)
		return WPKG_OK;
	struct departure *departure = wpkg_mem_calloc(1, sizeof(*departure));
	if (!departure)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a blob");
	departure->run = run;
	departure->blob = run->next++;
	departure->job = (struct wpkg_parcel_job){.label = &cargo->labels[departure->blob],
						  .fd = -1,
						  .progress = run->sends ? tell : NULL,
						  .user = departure};
	enum wpkg_status status = WPKG_OK;
	if (run->sends)
		status = cargo->open(&departure->job.fd, cargo->user, departure->blob, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(departure->job.label->name));
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
	size_t blob = departure->blob;
	(void)err;
	if (job->fd >= 0)
		close(job->fd);
	wpkg_mem_free(departure);
	if (status == WPKG_OK) {
		run->missing[blob] = false;
		run->cargo->sent[blob] = run->sends;
	}
	return !run->sends && status == WPKG_ENOTFOUND ? WPKG_OK : status;
}

static bool any(const bool *flags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (flags[i])
			return true;
	return false;
}

static enum wpkg_status send_once(struct oci_cargo *cargo, bool *missing, struct wpkg_err *err)
{
	const struct oci_store_kind *kind = cargo->to->kind;
	struct session *session = cargo->to->session;
	struct run run = {.cargo = cargo, .missing = missing};
	struct wpkg_parcel_queue queue = {
		.parallel = session->config.parallel, .next = next, .done = done, .user = &run};
	enum wpkg_status status = kind->find_blobs(cargo->to, &queue, err);
	if (status != WPKG_OK || !any(missing, cargo->count))
		return status;
	if (cargo->prepare)
		status = cargo->prepare(cargo->user, missing, err);
	if (status != WPKG_OK)
		return status;
	uint64_t bytes = 0;
	for (size_t i = 0; i < cargo->count; i++)
		bytes += missing[i] ? cargo->labels[i].size : 0;
	run.sends = true;
	run.next = 0;
	progress_begin(&run.progress, session->global, "sending", bytes);
	status = kind->put_blobs(cargo->to, &queue, err);
	progress_end(&run.progress);
	return status;
}

enum wpkg_status oci_send_blobs(struct oci_cargo *cargo, struct wpkg_err *err)
{
	struct session *session = cargo->to->session;
	bool *missing = wpkg_arena_alloc(&session->arena, cargo->count, sizeof(bool));
	cargo->sent = wpkg_arena_alloc(&session->arena, cargo->count, sizeof(bool));
	if (!missing || !cargo->sent)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for blobs");
	enum wpkg_status status = want_each_once(missing, cargo, err);
	if (status != WPKG_OK)
		return status;
	status = WPKG_EBUSY;
	for (unsigned n = 0; n < TRIES && (status == WPKG_EBUSY || status == WPKG_EIO); n++) {
		struct timespec pause = {.tv_sec = n};
		if (n > 0) {
			report_detail(session->global, "trying again: %s", err ? err->msg : "");
			nanosleep(&pause, NULL);
		}
		status = send_once(cargo, missing, err);
	}
	return status;
}

enum wpkg_status oci_open_text(int *out, struct wpkg_str text, struct wpkg_err *err)
{
	int fd = memfd_create("blob", MFD_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "blob");
	enum wpkg_status status = wpkg_file_write_fd(fd, text, "blob", err);
	if (status == WPKG_OK)
		*out = fd;
	else
		close(fd);
	return status;
}
