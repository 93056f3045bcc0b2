/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A version that Bindle's protocol gave, seen as a store: a manifest that is computed, its
 * configuration, the signed invoice as its referrer. The parcels come from where they always do.
 */
#include "oci_copy.h"

#include "base/mem.h"
#include "describe.h"
#include "pkg/oci_manifest.h"
#include "pkg/oci_signed.h"

#define TEXTS_MAX 3

/* The store comes first. Texts in the session's arena. */
struct bindle {
	struct oci_store store;
	struct found found;
	struct wpkg_oci_document manifest;
	struct wpkg_oci_document referrer; /* bytes empty: nobody signed it */
	struct wpkg_str texts[TEXTS_MAX];  /* blobs that are no parcels */
	size_t text_count;
};

static enum wpkg_status get_manifest(struct oci_store *store, struct wpkg_oci_document *out,
				     const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	const struct bindle *bindle = (const struct bindle *)store;
	bool is_referrer = bindle->referrer.bytes.len > 0 && name->has_digest &&
			   wpkg_digest_equal(&name->digest, &bindle->referrer.digest);
	if (name->has_digest && !is_referrer &&
	    !wpkg_digest_equal(&name->digest, &bindle->manifest.digest))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "no such manifest");
	*out = is_referrer ? bindle->referrer : bindle->manifest;
	return WPKG_OK;
}

static enum wpkg_status get_referrers(struct oci_store *store, struct wpkg_oci_index *out,
				      const struct wpkg_digest *subject,
				      struct wpkg_str artifact_type, struct wpkg_err *err)
{
	const struct bindle *bindle = (const struct bindle *)store;
	struct wpkg_oci_descriptor *only =
		wpkg_arena_alloc(&store->session->arena, 1, sizeof(*only));
	if (!only)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for referrers");
	*only = (struct wpkg_oci_descriptor){.media_type = bindle->referrer.media_type,
					     .digest = bindle->referrer.digest,
					     .size = bindle->referrer.bytes.len,
					     .artifact_type = WPKG_LIT(WPKG_OCI_INVOICE_TYPE)};
	bool wanted =
		bindle->referrer.bytes.len > 0 &&
		wpkg_digest_equal(subject, &bindle->manifest.digest) &&
		(artifact_type.len == 0 || wpkg_str_equal(artifact_type, only->artifact_type));
	*out = (struct wpkg_oci_index){.manifests = only, .count = wanted};
	return WPKG_OK;
}

/* Blobs: what is text here is given at once, the rest is left to the parcels' queue. */

struct sorting {
	const struct bindle *bindle;
	const struct wpkg_parcel_queue *queue;
};

static const struct wpkg_str *find_text(const struct bindle *bindle, const struct wpkg_label *label)
{
	for (size_t i = 0; i < bindle->text_count; i++) {
		struct wpkg_digest digest;
		char hex[WPKG_DIGEST_TEXT];
		if (wpkg_digest_of(&digest, bindle->texts[i], NULL) != WPKG_OK)
			continue;
		wpkg_digest_format(hex, &digest);
		if (wpkg_str_equal_text(label->sha256, hex))
			return &bindle->texts[i];
	}
	return NULL;
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	const struct sorting *sorting = user;
	const struct wpkg_parcel_queue *queue = sorting->queue;
	for (;;) {
		struct wpkg_parcel_job *job = NULL;
		enum wpkg_status status = queue->next(queue->user, &job, err);
		if (status != WPKG_OK || !job)
			return status;
		const struct wpkg_str *text = find_text(sorting->bindle, job->label);
		if (!text) {
			*out = job;
			return WPKG_OK;
		}
		status = job->sink(job->user, *text, err);
		status = queue->done(queue->user, job, status, err);
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status done(void *user, struct wpkg_parcel_job *job, enum wpkg_status status,
			     struct wpkg_err *err)
{
	const struct sorting *sorting = user;
	return sorting->queue->done(sorting->queue->user, job, status, err);
}

static enum wpkg_status get_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  struct wpkg_err *err)
{
	const struct bindle *bindle = (const struct bindle *)store;
	struct sorting sorting = {.bindle = bindle, .queue = queue};
	const struct wpkg_parcel_queue parcels = {
		.parallel = queue->parallel, .next = next, .done = done, .user = &sorting};
	return bindle->found.get_parcels(bindle->found.user, bindle->found.invoice, &parcels, err);
}

static void bindle_close(struct oci_store *store)
{
	wpkg_mem_free(store);
}

static const struct oci_store_kind bindle_kind = {
	.get_manifest = get_manifest,
	.get_referrers = get_referrers,
	.get_blobs = get_blobs,
	.close = bindle_close,
};

/* Opening. */

static enum wpkg_status make_referrer(struct bindle *bindle, struct wpkg_str text,
				      struct wpkg_err *err)
{
	struct wpkg_digest digest;
	struct wpkg_arena *arena = &bindle->store.session->arena;
	const struct wpkg_oci_subject subject = {
		.media_type = bindle->manifest.media_type,
		.digest = wpkg_str_from(describe_digest(arena, &bindle->manifest.digest)),
		.size = bindle->manifest.bytes.len};
	struct wpkg_oci_document *referrer = &bindle->referrer;
	struct wpkg_str copy = wpkg_arena_dup(arena, text);
	if (!copy.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for an invoice");
	bindle->texts[bindle->text_count++] = WPKG_LIT(WPKG_OCI_EMPTY_CONFIG);
	bindle->texts[bindle->text_count++] = copy;
	enum wpkg_status status = wpkg_digest_of(&digest, copy, err);
	if (status != WPKG_OK)
		return status;
	referrer->media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE);
	referrer->bytes = wpkg_oci_referrer_of_invoice(arena, &digest, copy.len, &subject, err);
	return referrer->bytes.ptr ? wpkg_digest_of(&referrer->digest, referrer->bytes, err)
				   : WPKG_ENOMEM;
}

static enum wpkg_status compute(struct bindle *bindle, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_oci_manifest made;
	const struct wpkg_invoice *invoice = bindle->found.invoice;
	enum wpkg_status status =
		wpkg_oci_manifest_of_invoice(&made, &bindle->store.session->arena, invoice, err);
	if (status != WPKG_OK)
		return status;
	bindle->manifest =
		(struct wpkg_oci_document){.bytes = made.text,
					   .media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
					   .digest = made.digest};
	bindle->texts[bindle->text_count++] = made.config;
	if (invoice->signature_count == 0)
		return WPKG_OK;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = make_referrer(bindle, wpkg_buf_str(&text), err);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status oci_bindle_open(struct oci_store **out, struct session *session,
				 const struct found *found, struct wpkg_err *err)
{
	struct bindle *bindle = wpkg_mem_calloc(1, sizeof(*bindle));
	if (!bindle)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a package");
	bindle->store = (struct oci_store){.kind = &bindle_kind,
					   .session = session,
					   .name = describe_id(&session->arena, found->invoice)};
	bindle->found = *found;
	enum wpkg_status status = compute(bindle, err);
	if (status != WPKG_OK) {
		wpkg_mem_free(bindle);
		return status;
	}
	bindle->store.next = session->stores;
	session->stores = &bindle->store;
	*out = &bindle->store;
	return WPKG_OK;
}
