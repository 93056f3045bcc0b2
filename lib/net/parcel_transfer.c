/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels to and from a registry, several at once: each job of the caller becomes an exchange. */
#include "registry_int.h"

#include "base/mem.h"
#include "crypto/digest.h"
#include "parcel_arrival.h"

#define ANSWER_MAX ((uint64_t)64 * 1024)
/* The upload that completes a version is answered when the registry has checked it. */
#define CHECKING_SECONDS 600

/* The exchange comes first: what the queue gives back is the transfer. */
struct transfer {
	struct wpkg_http_exchange exchange;
	struct wpkg_parcel_job *job;
	struct wpkg_buf url;
	struct parcel_arrival arrival;
};

struct transfers {
	const struct wpkg_registry *registry;
	const struct wpkg_parcel_queue *queue;
	struct wpkg_str name;
	struct wpkg_str version;
	enum wpkg_http_method method;
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

static void fill(struct transfer *transfer, const struct transfers *all)
{
	struct wpkg_parcel_job *job = transfer->job;
	struct wpkg_http_exchange *exchange = &transfer->exchange;
	exchange->method = all->method;
	exchange->url = wpkg_buf_text(&transfer->url);
	exchange->authorization = all->registry->authorization;
	exchange->user = transfer;
	exchange->progress = job->progress ? tell : NULL;
	if (all->method == WPKG_HTTP_GET) {
		parcel_arrival_begin(&transfer->arrival, exchange, job);
		exchange->sink = take;
		return;
	}
	exchange->from_fd = true;
	exchange->body_fd = job->fd;
	exchange->body_size = job->label->size;
	exchange->max_answer = ANSWER_MAX;
	exchange->stall_seconds = CHECKING_SECONDS;
	exchange->more_headers = registry_prefer;
}

static enum wpkg_status begin(struct transfer **out, const struct transfers *all,
			      struct wpkg_parcel_job *job, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	if (!wpkg_digest_parse(&digest, job->label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "parcel %.*s: '%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(job->label->name), WPKG_STR_ARG(job->label->sha256));
	struct transfer *transfer = wpkg_mem_calloc(1, sizeof(*transfer));
	if (!transfer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a parcel's request");
	transfer->job = job;
	wpkg_buf_init(&transfer->url, (size_t)16 * 1024);
	registry_append_id_url(&transfer->url, all->registry, all->name, all->version);
	wpkg_buf_append_byte(&transfer->url, '@');
	wpkg_buf_append_str(&transfer->url, job->label->sha256);
	enum wpkg_status status = wpkg_buf_check(&transfer->url, "URL", err);
	if (status != WPKG_OK) {
		transfer_free(transfer);
		return status;
	}
	fill(transfer, all);
	*out = transfer;
	return WPKG_OK;
}

static enum wpkg_status next(void *user, struct wpkg_http_exchange **out, struct wpkg_err *err)
{
	struct transfers *all = user;
	struct wpkg_parcel_job *job = NULL;
	struct transfer *transfer = NULL;
	enum wpkg_status status = all->queue->next(all->queue->user, &job, err);
	if (status != WPKG_OK || !job)
		return status;
	struct wpkg_err why = {0};
	status = begin(&transfer, all, job, &why);
	if (status == WPKG_OK) {
		*out = &transfer->exchange;
		return WPKG_OK;
	}
	if (err)
		*err = why;
	/* The caller gets its job back whatever happened, and the run ends with what it says. */
	enum wpkg_status said = all->queue->done(all->queue->user, job, status, err);
	return said != WPKG_OK ? said : status;
}

static enum wpkg_status outcome(const struct transfers *all, const struct transfer *transfer,
				struct wpkg_err *err)
{
	bool sends = all->method == WPKG_HTTP_POST;
	enum wpkg_status status = registry_judge(&transfer->exchange, sends, err);
	if (!sends)
		return parcel_arrival_end(&transfer->arrival, status, err);
	return status == WPKG_EEXISTS ? WPKG_OK : status;
}

static enum wpkg_status done(void *user, struct wpkg_http_exchange *exchange, struct wpkg_err *err)
{
	struct transfers *all = user;
	struct transfer *transfer = (struct transfer *)exchange;
	enum wpkg_status status = outcome(all, transfer, err);
	transfer->job->is_checked = status == WPKG_OK && registry_is_checking(exchange);
	status = all->queue->done(all->queue->user, transfer->job, status, err);
	transfer_free(transfer);
	return status;
}

static enum wpkg_status run(struct transfers *all, struct wpkg_registry *registry,
			    struct wpkg_err *err)
{
	struct wpkg_http_queue queue = {
		.parallel = all->queue->parallel, .next = next, .done = done, .user = all};
	return wpkg_http_run_queue(registry->http, &queue, err);
}

enum wpkg_status wpkg_registry_get_parcels(struct wpkg_registry *registry, struct wpkg_str name,
					   struct wpkg_str version,
					   const struct wpkg_parcel_queue *queue,
					   struct wpkg_err *err)
{
	struct transfers all = {.registry = registry,
				.queue = queue,
				.name = name,
				.version = version,
				.method = WPKG_HTTP_GET};
	return run(&all, registry, err);
}

enum wpkg_status wpkg_registry_post_parcels(struct wpkg_registry *registry, struct wpkg_str name,
					    struct wpkg_str version,
					    const struct wpkg_parcel_queue *queue,
					    struct wpkg_err *err)
{
	struct transfers all = {.registry = registry,
				.queue = queue,
				.name = name,
				.version = version,
				.method = WPKG_HTTP_POST};
	return run(&all, registry, err);
}
