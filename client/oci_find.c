/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_find.h"

#include "pkg/oci_manifest.h"
#include "pkg/oci_signed.h"
#include "report.h"

#define REFERRERS_MAX 64 /* signed invoices that are looked at */

/* Signed invoices. */

static const struct wpkg_oci_descriptor *find_layer(const struct wpkg_oci_image *image)
{
	for (size_t i = 1; i < image->count; i++)
		if (wpkg_str_equal_text(image->blobs[i].media_type, WPKG_OCI_INVOICE_TYPE))
			return &image->blobs[i];
	return NULL;
}

/* The invoice of one referrer, which must be about the package's manifest. */
static enum wpkg_status read_signed(struct wpkg_invoice **out, const struct oci_package *package,
				    const struct wpkg_oci_descriptor *referrer,
				    struct wpkg_err *err)
{
	struct oci_store *store = package->store;
	struct wpkg_arena *arena = &store->session->arena;
	const struct wpkg_oci_reference name = {.has_digest = true, .digest = referrer->digest};
	struct wpkg_oci_document document;
	struct wpkg_oci_image image;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_str text;
	enum wpkg_status status = store->kind->get_manifest(store, &document, &name, err);
	if (status == WPKG_OK)
		status = wpkg_oci_image_read(&image, arena, document.bytes, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_oci_descriptor *layer = find_layer(&image);
	if (!layer || !image.has_subject ||
	    !wpkg_digest_equal(&image.subject, &package->document.digest))
		return WPKG_FAIL(err, WPKG_EDENIED, "it is about another manifest");
	status = oci_store_read_blob(&text, store, layer, WPKG_INVOICE_MAX, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_read(&invoice, arena, text, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_oci_check_signed(package->document.bytes, invoice, err);
	if (status == WPKG_OK)
		*out = invoice;
	return status;
}

/* Wrong content of one referrer is no reason not to look at the others; a broken line is. */
static bool is_content(enum wpkg_status status)
{
	return status == WPKG_EDENIED || status == WPKG_EFORMAT || status == WPKG_ELIMIT ||
	       status == WPKG_ENOTFOUND || status == WPKG_EINVAL;
}

static enum wpkg_status take_signed(struct oci_package *package, struct wpkg_err *worst,
				    const struct wpkg_oci_descriptor *referrer,
				    struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_err why;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = read_signed(&invoice, package, referrer, &why);
	if (status != WPKG_OK) {
		wpkg_digest_format(hex, &referrer->digest);
		wpkg_err_prepend(&why, "signed invoice sha256:%.12s", hex);
	}
	if (is_content(status)) {
		if (worst->status == WPKG_OK)
			*worst = why;
		return WPKG_OK;
	}
	if (status == WPKG_OK && package->invoice)
		return wpkg_invoice_merge(package->invoice, &package->store->session->arena,
					  invoice, err);
	if (status == WPKG_OK)
		package->invoice = invoice;
	else if (err)
		*err = why;
	return status;
}

static enum wpkg_status read_referrers(struct oci_package *package, struct wpkg_err *err)
{
	struct oci_store *store = package->store;
	struct wpkg_oci_index index;
	struct wpkg_err worst = {0};
	enum wpkg_status status = store->kind->get_referrers(
		store, &index, &package->document.digest, WPKG_LIT(WPKG_OCI_INVOICE_TYPE), err);
	for (size_t i = 0; status == WPKG_OK && i < index.count && i < REFERRERS_MAX; i++)
		status = take_signed(package, &worst, &index.manifests[i], err);
	if (status != WPKG_OK)
		return status;
	if (!package->invoice && worst.status != WPKG_OK)
		return WPKG_FAIL(err, WPKG_EDENIED, "%s", worst.msg);
	if (worst.status != WPKG_OK)
		report_note(store->session->global, "not believed: %s", worst.msg);
	return WPKG_OK;
}

/* Of an index, the manifest that is for WebAssembly takes its place. */
static enum wpkg_status follow_index(struct wpkg_oci_document *document, struct oci_store *store,
				     struct wpkg_err *err)
{
	struct wpkg_oci_index index;
	struct wpkg_oci_descriptor chosen;
	struct wpkg_arena *arena = &store->session->arena;
	if (!wpkg_oci_is_index(arena, document->bytes))
		return WPKG_OK;
	enum wpkg_status status = wpkg_oci_index_read(&index, arena, document->bytes, err);
	if (status == WPKG_OK)
		status = wpkg_oci_index_choose(&chosen, &index, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%s", store->name);
		return status;
	}
	const struct wpkg_oci_reference name = {.has_digest = true, .digest = chosen.digest};
	status = store->kind->get_manifest(store, document, &name, err);
	if (status == WPKG_OK && document->bytes.len != chosen.size)
		status = WPKG_FAIL(err, WPKG_EDENIED,
				   "%s: the manifest has %zu bytes, not %llu as its index says",
				   store->name, document->bytes.len,
				   (unsigned long long)chosen.size);
	return status;
}

enum wpkg_status oci_read_package(struct oci_package *out, struct oci_store *store,
				  const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	struct oci_package package = {.store = store};
	struct wpkg_oci_image image;
	enum wpkg_status status = store->kind->get_manifest(store, &package.document, name, err);
	if (status == WPKG_OK)
		status = follow_index(&package.document, store, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_oci_image_read(&image, &store->session->arena, package.document.bytes, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s: no manifest of a package", store->name);
	else
		status = read_referrers(&package, err);
	if (status == WPKG_OK)
		*out = package;
	return status;
}

/* What nobody signed. */

/* A tag that is no version leaves only the digest to tell one content from another. */
static struct wpkg_str version_for(struct wpkg_arena *arena, const struct oci_package *package,
				   struct wpkg_str tag)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_str version;
	if (wpkg_oci_version_of_tag(&version, arena, tag))
		return version;
	wpkg_digest_format(hex, &package->document.digest);
	return wpkg_arena_format(arena, "0.0.0-sha256-%.12s", hex);
}

static enum wpkg_status read_unsigned(struct oci_package *package,
				      const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct session *session = package->store->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_str bytes = package->document.bytes;
	const struct wpkg_str unknown = {0};
	wpkg_digest_format(hex, &package->document.digest);
	report_note(session->global,
		    "nobody signed it: %s has no signed invoice (" WPKG_OCI_INVOICE_TYPE
		    ") among the referrers of sha256:%s",
		    package->store->name, hex);
	enum wpkg_status status = wpkg_oci_manifest_to_invoice(&package->invoice, arena, bytes,
							       unknown, unknown, err);
	if (status == WPKG_ENOTFOUND)
		status = wpkg_oci_manifest_to_invoice(
			&package->invoice, arena, bytes,
			name->repository.len > 0 ? name->repository : WPKG_LIT("artifact"),
			version_for(arena, package, name->tag), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "manifest sha256:%s", hex);
	return status;
}

/* Found. */

static enum wpkg_status get_parcels(void *user, const struct wpkg_invoice *invoice,
				    const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	struct oci_store *store = user;
	(void)invoice;
	return store->kind->get_blobs(store, queue, err);
}

/* A tag that is a version must be that of the package: else an old one could pass for a new. */
static enum wpkg_status check_tag(const struct wpkg_invoice *invoice, struct wpkg_arena *arena,
				  struct wpkg_str tag, struct wpkg_err *err)
{
	struct wpkg_str version;
	if (tag.len == 0 || !wpkg_oci_version_of_tag(&version, arena, tag) ||
	    wpkg_str_equal(version, invoice->version))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EDENIED, "the tag %.*s leads to %.*s/%.*s", WPKG_STR_ARG(tag),
			 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
}

static enum wpkg_status find_in(struct found *out, struct oci_store *store,
				const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	struct oci_package package;
	enum wpkg_status status = oci_read_package(&package, store, name, err);
	if (status == WPKG_OK && !package.invoice)
		status = read_unsigned(&package, name, err);
	if (status == WPKG_OK)
		status = check_tag(package.invoice, &store->session->arena, name->tag, err);
	if (status == WPKG_OK)
		*out = (struct found){.invoice = package.invoice,
				      .has_digest = true,
				      .digest = package.document.digest,
				      .get_parcels = get_parcels,
				      .user = store};
	return status;
}

enum wpkg_status oci_find(struct found *out, struct session *session, const struct oci_place *place,
			  struct wpkg_err *err)
{
	struct oci_store *store = NULL;
	struct found found;
	enum wpkg_status status = oci_store_open(&store, session, place, OCI_READ, err);
	if (status == WPKG_OK)
		status = find_in(&found, store, &place->name, err);
	if (status != WPKG_OK)
		return status;
	if (place->kind == OCI_REGISTRY)
		found.url = wpkg_str_from(store->name);
	*out = found;
	return WPKG_OK;
}

enum wpkg_status oci_find_own(struct found *out, struct session *session,
			      const struct wpkg_reference *reference, struct wpkg_err *err)
{
	struct oci_store *store = NULL;
	struct found found;
	const struct wpkg_oci_reference name = {
		.repository = reference->name, .has_digest = true, .digest = reference->digest};
	enum wpkg_status status = oci_store_open_own(&store, session, reference->name, err);
	if (status == WPKG_OK)
		status = find_in(&found, store, &name, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_invoice *invoice = found.invoice;
	if (!wpkg_str_equal(invoice->name, reference->name) ||
	    (reference->version.len > 0 && !wpkg_str_equal(invoice->version, reference->version)))
		return WPKG_FAIL(err, WPKG_EDENIED, "that is the manifest of %.*s/%.*s",
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	found.url = wpkg_buf_str(&session->url);
	*out = found;
	return WPKG_OK;
}

/* The address of what came without one. */

static bool is_manifest_of(struct oci_store *store, struct wpkg_digest *out,
			   const struct wpkg_oci_reference *name,
			   const struct wpkg_invoice *invoice)
{
	struct wpkg_oci_document document;
	if (store->kind->get_manifest(store, &document, name, NULL) != WPKG_OK ||
	    wpkg_oci_check_signed(document.bytes, invoice, NULL) != WPKG_OK)
		return false;
	*out = document.digest;
	return true;
}

void oci_find_address(struct found *found, struct session *session)
{
	struct oci_store *store = NULL;
	struct wpkg_oci_manifest made;
	const struct wpkg_invoice *invoice = found->invoice;
	struct wpkg_oci_reference name = {
		.tag = wpkg_oci_tag_of_version(&session->arena, invoice->version)};
	bool computed =
		wpkg_oci_manifest_of_invoice(&made, &session->arena, invoice, NULL) == WPKG_OK;
	if (found->has_digest)
		return;
	if (!wpkg_oci_is_repository(invoice->name)) {
		/* No OCI client can have pushed another. */
		found->has_digest = computed;
		found->digest = made.digest;
		return;
	}
	if (session->global->offline || !name.tag.ptr ||
	    oci_store_open_own(&store, session, invoice->name, NULL) != WPKG_OK)
		return;
	found->has_digest = is_manifest_of(store, &found->digest, &name, invoice);
	if (found->has_digest || !computed)
		return;
	name.has_digest = true;
	name.digest = made.digest;
	found->has_digest = is_manifest_of(store, &found->digest, &name, invoice);
}

/* From the cache. */

struct recollection {
	struct session *session;
	const struct oci_place *place;
	struct wpkg_str version; /* that the tag is; empty: none */
	struct wpkg_invoice *found;
};

static enum wpkg_status visit(void *user, struct wpkg_str url, const struct wpkg_invoice *invoice,
			      struct wpkg_err *err)
{
	struct recollection *recollection = user;
	const struct wpkg_oci_reference *name = &recollection->place->name;
	if (recollection->found || !wpkg_str_equal(url, recollection->place->whole))
		return WPKG_OK;
	if (name->has_digest ? !wpkg_oci_is_digest_of(&name->digest, invoice)
			     : !wpkg_str_equal(invoice->version, recollection->version))
		return WPKG_OK;
	return cache_get_invoice(&recollection->found, &recollection->session->arena,
				 &recollection->session->cache, url, invoice->name,
				 invoice->version, err);
}

enum wpkg_status oci_recall(struct found *out, struct session *session,
			    const struct oci_place *place, struct wpkg_err *err)
{
	struct recollection recollection = {.session = session, .place = place};
	enum wpkg_status status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	(void)wpkg_oci_version_of_tag(&recollection.version, &session->arena, place->name.tag);
	status = cache_each_invoice(&session->cache, &session->arena, visit, &recollection, err);
	if (status == WPKG_OK && !recollection.found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "no such version of %.*s is in the cache",
				   WPKG_STR_ARG(place->whole));
	if (status == WPKG_OK)
		*out = (struct found){.invoice = recollection.found, .url = place->whole};
	return status;
}
