/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To a store of OCI: blobs, then the signed invoice as a referrer, then the manifest with its tag.
 * A referrer may come before its subject, so whoever finds the tag finds the signatures.
 */
#include "publish.h"

#include "describe.h"
#include "oci_find.h"
#include "oci_send.h"
#include "pkg/oci_signed.h"

/* What the tag leads to before anything is put. */
enum presence {
	NOTHING, /* or, of a tag that may move, something else */
	OURS,	 /* this manifest */
	ALIKE	 /* this version with the same content, built from elsewhere */
};

struct shipment {
	struct publication *publication;
	struct oci_store *store;
	struct wpkg_oci_manifest manifest;
	struct wpkg_str tag;
	enum presence presence;
	struct oci_package there; /* unless presence is NOTHING */
};

/* Blobs: the configuration, then the parcels. */

static enum wpkg_status open_blob(int *out, void *user, size_t blob, struct wpkg_err *err)
{
	const struct shipment *shipment = user;
	const struct publication *publication = shipment->publication;
	if (blob == 0)
		return oci_open_text(out, shipment->manifest.config, err);
	return publication->open(out, publication->user, blob - 1, err);
}

static enum wpkg_status label_text(struct wpkg_label *out, struct wpkg_arena *arena,
				   struct wpkg_str text, const char *media_type,
				   struct wpkg_err *err)
{
	struct wpkg_oci_descriptor descriptor = {.media_type = wpkg_str_from(media_type),
						 .size = text.len};
	enum wpkg_status status = wpkg_digest_of(&descriptor.digest, text, err);
	return status == WPKG_OK ? oci_label_of(out, arena, &descriptor, err) : status;
}

static enum wpkg_status send_content(struct shipment *shipment, struct wpkg_err *err)
{
	struct publication *publication = shipment->publication;
	struct wpkg_arena *arena = &publication->session->arena;
	const struct wpkg_invoice *invoice = publication->invoice;
	size_t count = invoice->parcel_count + 1;
	struct wpkg_label *labels = wpkg_arena_alloc(arena, count, sizeof(*labels));
	if (!labels)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for blobs");
	enum wpkg_status status = label_text(&labels[0], arena, shipment->manifest.config,
					     shipment->manifest.config_type, err);
	for (size_t i = 1; i < count; i++)
		labels[i] = invoice->parcels[i - 1].label;
	struct oci_cargo cargo = {.to = shipment->store,
				  .labels = labels,
				  .count = count,
				  .open = open_blob,
				  .user = shipment};
	if (status == WPKG_OK)
		status = oci_send_blobs(&cargo, err);
	for (size_t i = 1; status == WPKG_OK && i < count; i++)
		publication->sent[i - 1] = cargo.sent[i];
	return status;
}

/* The signed invoice. */

struct texts {
	struct wpkg_str items[2];
};

static enum wpkg_status open_text(int *out, void *user, size_t blob, struct wpkg_err *err)
{
	return oci_open_text(out, ((const struct texts *)user)->items[blob], err);
}

static enum wpkg_status send_texts(const struct shipment *shipment, struct texts *texts,
				   struct wpkg_err *err)
{
	struct wpkg_label labels[2];
	struct wpkg_arena *arena = &shipment->publication->session->arena;
	struct oci_cargo cargo = {.to = shipment->store,
				  .labels = labels,
				  .count = 2,
				  .open = open_text,
				  .user = texts};
	enum wpkg_status status =
		label_text(&labels[0], arena, texts->items[0], WPKG_OCI_EMPTY_TYPE, err);
	if (status == WPKG_OK)
		status = label_text(&labels[1], arena, texts->items[1], WPKG_OCI_INVOICE_TYPE, err);
	return status == WPKG_OK ? oci_send_blobs(&cargo, err) : status;
}

static enum wpkg_status put_referrer(const struct shipment *shipment, struct wpkg_str text,
				     struct wpkg_err *err)
{
	struct wpkg_digest invoice;
	struct wpkg_arena *arena = &shipment->publication->session->arena;
	const struct wpkg_oci_subject subject = {
		.media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
		.digest = wpkg_str_from(describe_digest(arena, &shipment->manifest.digest)),
		.size = shipment->manifest.text.len};
	struct oci_offer offer = {.has_subject = true,
				  .subject = shipment->manifest.digest,
				  .artifact_type = WPKG_LIT(WPKG_OCI_INVOICE_TYPE),
				  .document = {.media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE)}};
	enum wpkg_status status = wpkg_digest_of(&invoice, text, err);
	if (status != WPKG_OK)
		return status;
	offer.document.bytes =
		wpkg_oci_referrer_of_invoice(arena, &invoice, text.len, &subject, err);
	if (!offer.document.bytes.ptr)
		return WPKG_ENOMEM;
	status = wpkg_digest_of(&offer.document.digest, offer.document.bytes, err);
	return status == WPKG_OK ? shipment->store->kind->put_manifest(shipment->store, &offer, err)
				 : status;
}

static enum wpkg_status send_signatures(const struct shipment *shipment, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status =
		wpkg_invoice_write(&text, shipment->publication->invoice, WPKG_INVOICE_TOML, err);
	struct texts texts = {{WPKG_LIT(WPKG_OCI_EMPTY_CONFIG), wpkg_buf_str(&text)}};
	if (status == WPKG_OK)
		status = send_texts(shipment, &texts, err);
	if (status == WPKG_OK)
		status = put_referrer(shipment, texts.items[1], err);
	wpkg_buf_clear(&text);
	return status;
}

/* Has each of our keys signed what is there? When they signed does not matter. */
static bool has_signatures(const struct wpkg_invoice *there, const struct wpkg_invoice *ours)
{
	for (size_t i = 0; i < ours->signature_count; i++) {
		bool found = false;
		for (size_t k = 0; there && k < there->signature_count; k++)
			found = found || (wpkg_str_equal(there->signatures[k].key,
							 ours->signatures[i].key) &&
					  there->signatures[k].role == ours->signatures[i].role);
		if (!found)
			return false;
	}
	return true;
}

/* What is there. */

/* Under a tag that is a version, another manifest is another content, or another origin of it. */
static enum wpkg_status compare(const struct shipment *shipment, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &shipment->publication->session->arena;
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_invoice *ours = shipment->publication->invoice;
	if (wpkg_oci_manifest_to_invoice(&invoice, arena, shipment->there.document.bytes,
					 ours->name, ours->version, NULL) != WPKG_OK)
		return WPKG_FAIL(err, WPKG_EEXISTS,
				 "%s:%.*s is there with other content, and versions never change: "
				 "push a new version",
				 shipment->store->name, WPKG_STR_ARG(shipment->tag));
	return publication_compare(shipment->publication, invoice, err);
}

/* A referrer that is not to be believed does not keep us from adding ours. */
static enum wpkg_status read_there(struct shipment *shipment, struct wpkg_err *err)
{
	const struct wpkg_oci_reference name = {.tag = shipment->tag};
	struct oci_store *store = shipment->store;
	enum wpkg_status status = oci_read_package(&shipment->there, store, &name, err);
	if (status == WPKG_EDENIED)
		status = store->kind->get_manifest(store, &shipment->there.document, &name, err);
	return status;
}

static enum wpkg_status look(struct shipment *shipment, struct wpkg_err *err)
{
	struct wpkg_str version;
	struct wpkg_err why;
	struct wpkg_arena *arena = &shipment->publication->session->arena;
	enum wpkg_status status = read_there(shipment, &why);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status != WPKG_OK) {
		if (err)
			*err = why;
		return status;
	}
	if (wpkg_digest_equal(&shipment->there.document.digest, &shipment->manifest.digest)) {
		shipment->presence = OURS;
	} else if (wpkg_oci_version_of_tag(&version, arena, shipment->tag)) {
		status = compare(shipment, err);
		shipment->presence = ALIKE;
	} else {
		shipment->there = (struct oci_package){.store = NULL};
	}
	return status;
}

static enum wpkg_status choose_tag(struct shipment *shipment, struct wpkg_str tag,
				   struct wpkg_err *err)
{
	struct wpkg_str version;
	struct wpkg_arena *arena = &shipment->publication->session->arena;
	const struct wpkg_invoice *invoice = shipment->publication->invoice;
	shipment->tag = tag.len > 0 ? tag : wpkg_oci_tag_of_version(arena, invoice->version);
	if (!shipment->tag.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a tag");
	if (!wpkg_oci_is_tag(shipment->tag))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is too long for a tag",
				 WPKG_STR_ARG(shipment->tag));
	if (wpkg_oci_version_of_tag(&version, arena, shipment->tag) &&
	    !wpkg_str_equal(version, invoice->version))
		return WPKG_FAIL(err, WPKG_EINVAL, "the tag %.*s is another version than %.*s",
				 WPKG_STR_ARG(shipment->tag), WPKG_STR_ARG(invoice->version));
	return WPKG_OK;
}

static enum wpkg_status put_tag(const struct shipment *shipment, struct wpkg_err *err)
{
	const struct oci_offer offer = {
		.document = {.bytes = shipment->manifest.text,
			     .media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
			     .digest = shipment->manifest.digest},
		.tag = shipment->tag,
	};
	return shipment->store->kind->put_manifest(shipment->store, &offer, err);
}

static enum wpkg_status ship(struct shipment *shipment, struct wpkg_err *err)
{
	const struct oci_store_kind *kind = shipment->store->kind;
	bool is_there = shipment->presence == OURS;
	bool is_signed = has_signatures(shipment->there.invoice, shipment->publication->invoice);
	enum wpkg_status status = WPKG_OK;
	if (!is_there)
		status = send_content(shipment, err);
	if (status == WPKG_OK && !is_signed)
		status = send_signatures(shipment, err);
	if (status == WPKG_OK && !is_there)
		status = put_tag(shipment, err);
	if (status == WPKG_OK && kind->finish)
		status = kind->finish(shipment->store, err);
	shipment->publication->was_there = is_there && is_signed;
	return status;
}

static void report_to(struct publication *publication, const struct shipment *shipment)
{
	const struct wpkg_invoice *there = shipment->there.invoice;
	bool is_alike = shipment->presence == ALIKE;
	publication->has_digest = true;
	publication->digest =
		is_alike ? shipment->there.document.digest : shipment->manifest.digest;
	publication->accepted = there || is_alike ? there : publication->invoice;
	if (publication->accepted && publication->accepted->signature_count == 0)
		publication->accepted = NULL;
	publication->where = wpkg_arena_format(&publication->session->arena, "%s:%.*s",
					       shipment->store->name, WPKG_STR_ARG(shipment->tag))
				     .ptr;
}

enum wpkg_status publish_to_store(struct publication *publication, struct oci_store *store,
				  struct wpkg_str tag, struct wpkg_err *err)
{
	struct shipment shipment = {.publication = publication, .store = store};
	enum wpkg_status status = publication_begin(publication, err);
	if (status == WPKG_OK)
		status = choose_tag(&shipment, tag, err);
	if (status == WPKG_OK)
		status = wpkg_oci_manifest_of_invoice(&shipment.manifest,
						      &publication->session->arena,
						      publication->invoice, err);
	if (status == WPKG_OK)
		status = look(&shipment, err);
	if (status == WPKG_OK && shipment.presence == ALIKE)
		publication->was_there = true; /* the first word on where it came from stands */
	else if (status == WPKG_OK)
		status = ship(&shipment, err);
	if (status == WPKG_OK)
		report_to(publication, &shipment);
	return status;
}
