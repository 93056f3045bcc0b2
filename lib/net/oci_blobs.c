/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs, several at once. Each job of the caller goes through steps, one request each:
 *
 *   get    GET blobs/DIGEST
 *   find   HEAD blobs/DIGEST, or POST uploads/?mount=DIGEST&from=NAME; a mount that the registry
 *          answers with an upload's session is given back by DELETE
 *   put    POST uploads/, PUT LOCATION?digest=DIGEST with the bytes
 *
 * A step that is answered with 401 is done once more if there is something to show for it.
 */
#include "oci_int.h"

#include "base/mem.h"
#include "net/url.h"
#include "parcel_arrival.h"

#define ANSWER_MAX ((uint64_t)64 * 1024)

enum step { STEP_GET, STEP_HEAD, STEP_MOUNT, STEP_GIVE_BACK, STEP_BEGIN, STEP_PUT };

/* The exchange comes first: what the queue gives back is the transfer. */
struct transfer {
	struct wpkg_http_exchange exchange;
	struct wpkg_parcel_job *job;
	struct transfer *next; /* in the list of those that wait for their next step */
	enum step step;
	bool again;	     /* the step was repeated */
	struct wpkg_buf url; /* of the step */
	bool is_elsewhere;   /* the URL is not of the registry's own origin */
	struct parcel_arrival arrival;
};

struct transfers {
	const struct wpkg_oci_repository *repository;
	const struct wpkg_parcel_queue *queue;
	enum step first;
	struct transfer *waiting;
};

static enum wpkg_status take(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct transfer *transfer = user;
	return parcel_arrival_take(&transfer->arrival, bytes, err);
}

static void tell(void *user, uint64_t bytes)
{
	const struct transfer *transfer = user;
	transfer->job->progress(transfer->job->user, bytes);
}

static void transfer_free(struct transfer *transfer)
{
	wpkg_http_exchange_clear(&transfer->exchange);
	wpkg_buf_clear(&transfer->url);
	wpkg_mem_free(transfer);
}

/* Steps. */

static void make_url(struct transfer *transfer, const struct transfers *all)
{
	const struct wpkg_oci_repository *repository = all->repository;
	struct wpkg_str sha256 = transfer->job->label->sha256;
	bool blob = transfer->step == STEP_GET || transfer->step == STEP_HEAD;
	wpkg_buf_reset(&transfer->url);
	transfer->is_elsewhere = false;
	oci_append_url(&transfer->url, repository, "blobs");
	if (blob) {
		wpkg_buf_append_format(&transfer->url, "sha256:%.*s", WPKG_STR_ARG(sha256));
		return;
	}
	wpkg_buf_append_text(&transfer->url, "uploads/");
	if (transfer->step == STEP_MOUNT) {
		wpkg_buf_append_format(&transfer->url,
				       "?mount=sha256%%3A%.*s&from=", WPKG_STR_ARG(sha256));
		wpkg_url_append_value(&transfer->url, repository->mount_from);
	}
}

/* The URL of the next step is the location that the answer names. */
static enum wpkg_status follow_location(struct transfer *transfer, const struct transfers *all,
					struct wpkg_err *err)
{
	struct wpkg_str origin = wpkg_str_from(all->repository->registry->origin);
	struct wpkg_str location = wpkg_http_header(&transfer->exchange, "location", 0);
	struct wpkg_str sha256 = transfer->job->label->sha256;
	bool same = false;
	if (!location.ptr)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s does not say where an upload goes",
				 all->repository->registry->origin);
	wpkg_buf_reset(&transfer->url);
	enum wpkg_status status = wpkg_url_resolve(&transfer->url, &same, origin, location, err);
	if (status != WPKG_OK)
		return status;
	transfer->is_elsewhere = !same;
	if (transfer->step == STEP_PUT)
		wpkg_buf_append_format(&transfer->url, "%cdigest=sha256%%3A%.*s",
				       strchr(wpkg_buf_text(&transfer->url), '?') ? '&' : '?',
				       WPKG_STR_ARG(sha256));
	return wpkg_buf_check(&transfer->url, "URL", err);
}

static void fill(struct transfer *transfer)
{
	static const enum wpkg_http_method methods[] = {
		[STEP_GET] = WPKG_HTTP_GET,	     [STEP_HEAD] = WPKG_HTTP_HEAD,
		[STEP_MOUNT] = WPKG_HTTP_POST,	     [STEP_BEGIN] = WPKG_HTTP_POST,
		[STEP_GIVE_BACK] = WPKG_HTTP_DELETE, [STEP_PUT] = WPKG_HTTP_PUT,
	};
	struct wpkg_parcel_job *job = transfer->job;
	struct wpkg_http_exchange *exchange = &transfer->exchange;
	*exchange = (struct wpkg_http_exchange){.method = methods[transfer->step],
						.url = wpkg_buf_text(&transfer->url),
						.max_answer = ANSWER_MAX,
						.user = transfer};
	if (transfer->step == STEP_GET) {
		parcel_arrival_begin(&transfer->arrival, exchange, job);
		exchange->sink = take;
	} else if (transfer->step == STEP_PUT) {
		exchange->from_fd = true;
		exchange->body_fd = job->fd;
		exchange->body_size = job->label->size;
		exchange->content_type = "application/octet-stream";
	}
	if (job->progress && (transfer->step == STEP_GET || transfer->step == STEP_PUT))
		exchange->progress = tell;
}

/* Prepares the exchange of the step; its URL is made before unless it is a location. */
static enum wpkg_status prepare(struct transfer *transfer, const struct transfers *all,
				struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_buf_check(&transfer->url, "URL", err);
	fill(transfer);
	if (status == WPKG_OK && !transfer->is_elsewhere)
		status = oci_authorize(&transfer->exchange.authorization, all->repository, err);
	return status;
}

static enum wpkg_status begin(struct transfer **out, const struct transfers *all,
			      struct wpkg_parcel_job *job, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	if (!wpkg_digest_parse(&digest, job->label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(job->label->sha256));
	struct transfer *transfer = wpkg_mem_calloc(1, sizeof(*transfer));
	if (!transfer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a blob's request");
	wpkg_buf_init(&transfer->url, OCI_URL_MAX);
	transfer->job = job;
	transfer->step = all->first;
	make_url(transfer, all);
	*out = transfer;
	return WPKG_OK;
}

/* The queue. */

/* The caller gets its job back whatever happened, and the run ends with what it says. */
static enum wpkg_status finish(const struct transfers *all, struct wpkg_parcel_job *job,
			       enum wpkg_status status, struct wpkg_err *err)
{
	return all->queue->done(all->queue->user, job, status, err);
}

static enum wpkg_status next_transfer(struct transfer **out, struct transfers *all,
				      struct wpkg_err *err)
{
	struct wpkg_parcel_job *job = NULL;
	*out = all->waiting;
	if (*out) {
		all->waiting = (*out)->next;
		return WPKG_OK;
	}
	enum wpkg_status status = all->queue->next(all->queue->user, &job, err);
	if (status != WPKG_OK || !job)
		return status;
	status = begin(out, all, job, err);
	if (status == WPKG_OK)
		return status;
	enum wpkg_status said = finish(all, job, status, err);
	return said != WPKG_OK ? said : status;
}

static enum wpkg_status next(void *user, struct wpkg_http_exchange **out, struct wpkg_err *err)
{
	struct transfers *all = user;
	struct transfer *transfer = NULL;
	struct wpkg_err why = {0};
	enum wpkg_status status = next_transfer(&transfer, all, &why);
	if (status == WPKG_OK && !transfer)
		return WPKG_OK;
	if (status == WPKG_OK) {
		status = prepare(transfer, all, &why);
		if (status == WPKG_OK) {
			*out = &transfer->exchange;
			return WPKG_OK;
		}
		enum wpkg_status said = finish(all, transfer->job, status, &why);
		status = said != WPKG_OK ? said : status;
		transfer_free(transfer);
	}
	if (err)
		*err = why;
	return status;
}

static void wait_for(struct transfer *transfer, struct transfers *all)
{
	transfer->next = all->waiting;
	all->waiting = transfer;
}

/* 401, for the first time in this step: *again when there is something to show. */
static enum wpkg_status answer_challenge(bool *again, struct transfer *transfer,
					 const struct transfers *all, struct wpkg_err *err)
{
	const struct wpkg_http_exchange *exchange = &transfer->exchange;
	*again = false;
	if (exchange->result != WPKG_OK || exchange->status != 401 || transfer->again ||
	    transfer->is_elsewhere)
		return WPKG_OK;
	enum wpkg_status status = oci_challenged(all->repository, exchange, err);
	*again = transfer->again = status == WPKG_OK;
	return status;
}

/* What the answer to a step means; *more when there is another step, which waits then. */
static enum wpkg_status advance(bool *more, struct transfer *transfer, struct transfers *all,
				struct wpkg_err *err)
{
	unsigned code = transfer->exchange.status;
	enum wpkg_status status = oci_judge(&transfer->exchange, transfer->step == STEP_PUT, err);
	*more = false;
	switch (transfer->step) {
	case STEP_GET:
		return parcel_arrival_end(&transfer->arrival, status, err);
	case STEP_GIVE_BACK:
		return WPKG_ENOTFOUND; /* whether or not the registry has sessions to give back */
	case STEP_MOUNT:
		/* Refused: then it is sent, if that is allowed. */
		if (status == WPKG_EINVAL || status == WPKG_EDENIED)
			return WPKG_FAIL(err, WPKG_ENOTFOUND, "not mounted");
		if (status != WPKG_OK || code == 201)
			return status;
		transfer->step = STEP_GIVE_BACK;
		break;
	case STEP_BEGIN:
		if (status != WPKG_OK)
			return status;
		transfer->step = STEP_PUT;
		break;
	case STEP_HEAD:
	case STEP_PUT:
	default:
		return status;
	}
	status = follow_location(transfer, all, err);
	*more = status == WPKG_OK;
	return status;
}

static enum wpkg_status done(void *user, struct wpkg_http_exchange *exchange, struct wpkg_err *err)
{
	struct transfers *all = user;
	struct transfer *transfer = (struct transfer *)exchange;
	bool more = false;
	enum wpkg_status status = answer_challenge(&more, transfer, all, err);
	if (status == WPKG_OK && !more) {
		transfer->again = false;
		status = advance(&more, transfer, all, err);
	}
	wpkg_http_exchange_clear(exchange);
	if (more) {
		wait_for(transfer, all);
		return WPKG_OK;
	}
	status = finish(all, transfer->job, status, err);
	transfer_free(transfer);
	return status;
}

/* What waited for its next step when another failed. */
static void give_up(struct transfers *all)
{
	while (all->waiting) {
		struct wpkg_err why;
		struct transfer *transfer = all->waiting;
		all->waiting = transfer->next;
		enum wpkg_status status =
			WPKG_FAIL(&why, WPKG_EBUSY, "given up because another request failed");
		(void)!finish(all, transfer->job, status, &why);
		transfer_free(transfer);
	}
}

static enum wpkg_status run(const struct wpkg_oci_repository *repository,
			    const struct wpkg_parcel_queue *queue, enum step first,
			    struct wpkg_err *err)
{
	struct transfers all = {.repository = repository, .queue = queue, .first = first};
	struct wpkg_http_queue http = {
		.parallel = queue->parallel, .next = next, .done = done, .user = &all};
	enum wpkg_status status = wpkg_http_run_queue(repository->registry->http, &http, err);
	give_up(&all);
	return status;
}

enum wpkg_status wpkg_oci_get_blobs(const struct wpkg_oci_repository *repository,
				    const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	return run(repository, queue, STEP_GET, err);
}

enum wpkg_status wpkg_oci_find_blobs(const struct wpkg_oci_repository *repository,
				     const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	return run(repository, queue, repository->mount_from.len > 0 ? STEP_MOUNT : STEP_HEAD, err);
}

enum wpkg_status wpkg_oci_put_blobs(const struct wpkg_oci_repository *repository,
				    const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	return run(repository, queue, STEP_BEGIN, err);
}
