/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels: received and sent. */
#include "bindle.h"

#include "blob_answer.h"
#include "server.h"
#include "store/blob.h"
#include "wait.h"

/* The label with that digest; false, and the answer is made, when the invoice has none. */
static bool find_label(const struct wpkg_label **out, struct request *request,
		       const struct wpkg_invoice *invoice, struct wpkg_str sha256)
{
	*out = wpkg_invoice_find_label(invoice, sha256);
	if (*out)
		return true;
	respond_refusal(request, 400, "Parcel SHA %.*s does not exist in invoice %.*s/%.*s",
			WPKG_STR_ARG(sha256), WPKG_STR_ARG(invoice->name),
			WPKG_STR_ARG(invoice->version));
	return false;
}

/* The version that is waiting for a parcel, between begin and handle. */
struct waiting {
	int64_t id;
};

static bool begin_upload(struct request *request, int64_t record, const struct wpkg_label *label)
{
	struct wpkg_err err;
	struct wpkg_digest digest;
	uint64_t size;
	struct wpkg_store *store = request->server->store;
	(void)wpkg_digest_parse(&digest, label->sha256);
	request->expected_length = label->size;
	if (wpkg_parcel_size(&size, store, record, &digest, &err) == WPKG_OK) {
		respond_refusal(request, 409, "resource already exists");
		return false;
	}
	if (request->content_length != UINT64_MAX && request->content_length != label->size) {
		respond_refusal(request, 400, "%llu bytes announced, but the parcel has %llu",
				(unsigned long long)request->content_length,
				(unsigned long long)label->size);
		return false;
	}
	const struct wpkg_upload_options options = {
		.digest = &digest,
		.size = label->size,
		.limit = atomic_load(&request->server->limits.max_parcel),
		.record = record};
	if (wpkg_upload_begin(&request->upload, store, &options, &err) == WPKG_OK)
		return true;
	respond_error(request, &err);
	return false;
}

void bindle_begin_parcel(struct request *request)
{
	struct bindle_address address;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_label *label = NULL;
	struct waiting *waiting = wpkg_arena_alloc(&request->arena, 1, sizeof(*waiting));
	if (!waiting || !bindle_parse(&address, request)) {
		if (!waiting)
			respond_refusal(request, 503, "no memory");
		return;
	}
	if (!address.has_parcel) {
		respond_refusal(request, 400, "Invalid URL. Missing Bindle ID and/or parcel SHA");
		return;
	}
	if (!bindle_find(&record, request, &address) ||
	    !bindle_allow(request, WPKG_RIGHT_PUSH, record.name))
		return;
	if (record.state == WPKG_RECORD_YANKED) {
		respond_refusal(request, 403, "bindle is yanked");
		return;
	}
	if (!bindle_read(&invoice, request, &record) ||
	    !find_label(&label, request, invoice, address.sha256) ||
	    !begin_upload(request, record.id, label))
		return;
	waiting->id = record.id;
	request->state = waiting;
}

/* What the committer says, for the worker that waits for it. */
struct completion {
	struct wait wait;
	struct wpkg_arena *arena; /* the request's, which the waiting worker leaves alone */
	enum wpkg_status status;
	struct wpkg_err err;
	int64_t *completed;
	size_t completed_count;
};

static void complete(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
		     const struct wpkg_err *err)
{
	struct completion *completion = user;
	completion->status = status;
	if (err)
		completion->err = *err;
	size_t count = result ? result->completed_count : 0;
	completion->completed =
		wpkg_arena_alloc(completion->arena, count + 1, sizeof(*completion->completed));
	for (size_t i = 0; completion->completed && i < count; i++)
		completion->completed[completion->completed_count++] = result->completed[i].id;
	wait_end(&completion->wait);
}

static void finish_upload(struct completion *completion, struct request *request)
{
	struct wpkg_upload *upload = request->upload;
	request->upload = NULL;
	wait_init(&completion->wait);
	completion->arena = &request->arena;
	wpkg_upload_finish(upload, (struct wpkg_upload_done){complete, completion});
	wait_for(&completion->wait);
}

static void respond_parcel_created(struct request *request, int64_t id)
{
	(void)id;
	bindle_respond_message(request, "parcel created");
}

void bindle_create_parcel(struct request *request)
{
	struct completion completion = {0};
	const struct waiting *waiting = request->state;
	bool completed_ours = false;
	finish_upload(&completion, request);
	if (completion.status != WPKG_OK) {
		respond_error(request, &completion.err);
		return;
	}
	/* One blob may complete several versions; only ours is this client's business. */
	for (size_t i = 0; i < completion.completed_count; i++) {
		if (completion.completed[i] == waiting->id)
			completed_ours = true;
		else
			publish_later(request->server, completion.completed[i]);
	}
	if (completed_ours)
		bindle_publish(request, waiting->id, respond_parcel_created);
	else
		respond_parcel_created(request, waiting->id);
}

void bindle_get_parcel(struct request *request, const struct wpkg_record *record,
		       const struct bindle_address *address)
{
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_label *label = NULL;
	if (bindle_read(&invoice, request, record) &&
	    find_label(&label, request, invoice, address->sha256))
		respond_parcel(request, record->id, label);
}
