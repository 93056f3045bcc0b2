/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_copy.h"

#include "fetch.h"
#include "oci_send.h"
#include "pkg/oci_manifest.h"

/* Blobs of one manifest. */

struct load {
	struct oci_store *from;
	struct found content; /* the blobs as the parcels of an invoice, for fetching */
};

static enum wpkg_status get_blobs(void *user, const struct wpkg_invoice *invoice,
				  const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	struct oci_store *store = user;
	(void)invoice;
	return store->kind->get_blobs(store, queue, err);
}

/* Only what the other side lacks is fetched. */
static enum wpkg_status fetch_missing(void *user, const bool *missing, struct wpkg_err *err)
{
	struct load *load = user;
	struct fetch fetch = {.found = &load->content, .chosen = missing};
	return fetch_parcels(&fetch, load->from->session, err);
}

static enum wpkg_status open_cached(int *out, void *user, size_t blob, struct wpkg_err *err)
{
	const struct load *load = user;
	return cache_open_parcel(out, NULL, &load->from->session->cache,
				 &load->content.invoice->parcels[blob].label, err);
}

/* Those that come from elsewhere are left there. */
static enum wpkg_status list_blobs(struct wpkg_invoice *invoice, struct wpkg_label **labels,
				   struct wpkg_arena *arena, const struct wpkg_oci_image *image,
				   struct wpkg_err *err)
{
	*labels = wpkg_arena_alloc(arena, image->count, sizeof(**labels));
	invoice->parcels = wpkg_arena_alloc(arena, image->count, sizeof(*invoice->parcels));
	if (!*labels || !invoice->parcels)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for blobs");
	for (size_t i = 0; i < image->count; i++) {
		size_t at = invoice->parcel_count;
		if (image->blobs[i].elsewhere)
			continue;
		enum wpkg_status status =
			oci_label_of(&(*labels)[at], arena, &image->blobs[i], err);
		if (status != WPKG_OK)
			return status;
		invoice->parcels[at].label = (*labels)[at];
		invoice->parcel_count++;
	}
	return WPKG_OK;
}

static enum wpkg_status copy_blobs(struct oci_copy *copy, const struct wpkg_oci_image *image,
				   struct wpkg_err *err)
{
	struct wpkg_arena *arena = &copy->from->session->arena;
	struct wpkg_invoice invoice = {.parcel_count = 0};
	struct wpkg_label *labels = NULL;
	struct load load = {
		.from = copy->from,
		.content = {.invoice = &invoice, .get_parcels = get_blobs, .user = copy->from}};
	enum wpkg_status status = list_blobs(&invoice, &labels, arena, image, err);
	struct oci_cargo cargo = {.to = copy->to,
				  .labels = labels,
				  .count = invoice.parcel_count,
				  .open = open_cached,
				  .prepare = fetch_missing,
				  .user = &load};
	if (status == WPKG_OK)
		status = oci_send_blobs(&cargo, err);
	for (size_t i = 0; status == WPKG_OK && i < cargo.count; i++)
		copy->blobs += cargo.sent[i];
	return status;
}

/* Manifests. */

static enum wpkg_status copy_manifest(struct oci_copy *copy,
				      const struct wpkg_oci_document *document, struct wpkg_str tag,
				      struct wpkg_err *err)
{
	struct wpkg_oci_image image;
	enum wpkg_status status =
		wpkg_oci_image_read(&image, &copy->from->session->arena, document->bytes, err);
	if (status == WPKG_OK)
		status = copy_blobs(copy, &image, err);
	if (status != WPKG_OK)
		return status;
	const struct oci_offer offer = {.document = *document,
					.tag = tag,
					.has_subject = image.has_subject,
					.subject = image.subject,
					.artifact_type = image.artifact_type};
	return copy->to->kind->put_manifest(copy->to, &offer, err);
}

static bool is_listed(const struct wpkg_oci_index *index, const struct wpkg_digest *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (wpkg_digest_equal(&index->manifests[i].digest, digest))
			return true;
	return false;
}

static enum wpkg_status copy_referrer(struct oci_copy *copy,
				      const struct wpkg_oci_descriptor *referrer,
				      struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_oci_document document;
	const struct wpkg_oci_reference name = {.has_digest = true, .digest = referrer->digest};
	enum wpkg_status status = copy->from->kind->get_manifest(copy->from, &document, &name, err);
	if (status == WPKG_OK)
		status = copy_manifest(copy, &document, (struct wpkg_str){0}, err);
	if (status == WPKG_OK) {
		copy->referrers++;
		return WPKG_OK;
	}
	wpkg_digest_format(hex, &referrer->digest);
	wpkg_err_prepend(err, "referrer sha256:%s", hex);
	return status;
}

static enum wpkg_status copy_referrers(struct oci_copy *copy, struct wpkg_err *err)
{
	const struct wpkg_digest *subject = &copy->document.digest;
	const struct wpkg_str any = {0};
	struct wpkg_oci_index here, there;
	enum wpkg_status status =
		copy->from->kind->get_referrers(copy->from, &here, subject, any, err);
	if (status == WPKG_OK && here.count > 0)
		status = copy->to->kind->get_referrers(copy->to, &there, subject, any, err);
	for (size_t i = 0; status == WPKG_OK && i < here.count; i++)
		if (!is_listed(&there, &here.manifests[i].digest))
			status = copy_referrer(copy, &here.manifests[i], err);
	return status;
}

/* What the tag, or the digest, leads to on the other side. */
static enum wpkg_status look(struct oci_copy *copy, struct wpkg_err *err)
{
	struct wpkg_str version;
	struct wpkg_err why;
	struct wpkg_oci_document there;
	struct wpkg_oci_reference name = {.tag = copy->tag};
	if (copy->tag.len == 0) {
		name.has_digest = true;
		name.digest = copy->document.digest;
	}
	enum wpkg_status status = copy->to->kind->get_manifest(copy->to, &there, &name, &why);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status != WPKG_OK) {
		if (err)
			*err = why;
		return status;
	}
	copy->was_there = wpkg_digest_equal(&there.digest, &copy->document.digest);
	if (!copy->was_there &&
	    wpkg_oci_version_of_tag(&version, &copy->to->session->arena, copy->tag))
		return WPKG_FAIL(err, WPKG_EEXISTS,
				 "%s:%.*s is there with other content, and versions never change",
				 copy->to->name, WPKG_STR_ARG(copy->tag));
	return WPKG_OK;
}

enum wpkg_status oci_copy_artifact(struct oci_copy *copy, struct wpkg_err *err)
{
	enum wpkg_status status = look(copy, err);
	if (status == WPKG_OK)
		status = copy_referrers(copy, err);
	if (status == WPKG_OK && !copy->was_there)
		status = copy_manifest(copy, &copy->document, copy->tag, err);
	if (status == WPKG_OK && copy->to->kind->finish)
		status = copy->to->kind->finish(copy->to, err);
	return status;
}
