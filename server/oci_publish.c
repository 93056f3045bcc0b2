/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a manifest that any OCI client pushed to a version of a package: the invoice is made of the
 * manifest, signed by the host, and goes the way of every other version. No OCI client can sign an
 * invoice: what comes this way has the host's signature alone.
 */
#include "oci.h"

#include "data/json.h"
#include "pkg/oci_manifest.h"
#include "pkg/oci_parts.h"
#include "pkg/project.h"
#include "publish_answer.h"
#include "server.h"
#include "store/manifest.h"

static bool has_module(const struct wpkg_invoice *invoice)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			return true;
	return false;
}

static void refuse(struct request *request, const char *text)
{
	oci_refuse(request, 400, OCI_MANIFEST_INVALID, "%s", text);
}

/* The invoice of the manifest, signed by the host; NULL, and the answer is made, when refused. */
static bool make_invoice(struct request *request, struct wpkg_invoice *invoice)
{
	struct wpkg_err err;
	if (wpkg_invoice_check(invoice, &err) != WPKG_OK ||
	    host_keys_sign(request->server->keys, invoice, &request->arena, &err) != WPKG_OK) {
		refuse(request, err.msg);
		return false;
	}
	return true;
}

/* The verdict in "detail": the reason, and where in the module it is. */
static void refuse_version(struct request *request, struct wpkg_str reason)
{
	struct wpkg_buf *out = &request->response.body;
	respond_note(request, reason);
	respond_text(request, 400, "application/json",
		     WPKG_LIT("{\"errors\":[{\"code\":\"MANIFEST_INVALID\",\"message\":"));
	wpkg_json_write_string(out, reason);
	wpkg_buf_append_text(out, ",\"detail\":{\"reason\":");
	wpkg_json_write_string(out, reason);
	wpkg_buf_append_text(out, "}}]}\n");
}

/* What the version waits for. */
struct publication {
	struct publish_answer answer;
	struct wpkg_str name, tag;
	struct wpkg_content_digest digest;
	struct wpkg_oci_parts parts;
	struct wpkg_new_manifest manifest;
};

/* Is the version there with the very manifest? */
static bool is_same(struct request *request, const struct publication *p)
{
	struct wpkg_manifest there;
	return wpkg_manifest_find_tag(&there, &request->arena, request->server->store, p->name,
				      p->tag, WPKG_MANIFEST_HEAD, NULL) == WPKG_OK &&
	       memcmp(there.sha256.bytes, p->digest.bytes, sizeof(there.sha256.bytes)) == 0;
}

static void respond_published(struct request *request, const struct publish_answer *answer)
{
	const struct publication *p = answer->user;
	if (!is_same(request, p))
		oci_refuse(request, 409, OCI_DENIED, "the version was published meanwhile");
	else
		oci_respond_pushed(request, p->name, &p->digest, &p->parts);
}

static void add_digest(struct request *request, const struct publish_answer *answer)
{
	const struct publication *p = answer->user;
	oci_digest_header(request, &p->digest);
}

static void refuse_failure(struct request *request, const struct wpkg_err *err)
{
	oci_refuse_error(request, err, OCI_MANIFEST_UNKNOWN);
}

static bool create(struct request *request, const struct wpkg_invoice *invoice,
		   struct publication *p)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_created created = {0};
	/* Layers that a repository need not have are no way to what is elsewhere, either. */
	const struct wpkg_digests none = {0};
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, &err);
	const struct wpkg_new_record record = {.invoice = invoice,
					       .text = wpkg_buf_str(&text),
					       .pusher = request->user,
					       .address = wpkg_str_from(request->address),
					       .manifest = &p->manifest,
					       .shown = request->server->config.is_private ? &none
											   : NULL};
	if (status == WPKG_OK)
		status = wpkg_record_create(&created, &request->arena, request->server->store,
					    &record, &err);
	wpkg_buf_clear(&text);
	p->answer.id = created.id;
	/* The same push may have ended while this one began: then both are answered alike. */
	if (status == WPKG_EEXISTS && is_same(request, p))
		oci_respond_pushed(request, p->name, &p->digest, &p->parts);
	else if (status == WPKG_EEXISTS)
		oci_refuse(request, 409, OCI_DENIED, "%s", err.msg);
	else if (status == WPKG_EINVAL)
		refuse(request, err.msg);
	else if (status == WPKG_ENOTFOUND)
		oci_refuse_missing(request, created.lacking, created.lacking_count);
	else if (status != WPKG_OK)
		oci_refuse_error(request, &err, OCI_MANIFEST_BLOB_UNKNOWN);
	return status == WPKG_OK;
}

bool oci_publish(struct request *request, struct wpkg_str name, struct wpkg_str tag,
		 struct wpkg_str media_type, const struct wpkg_oci_parts *parts)
{
	struct wpkg_str version;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_str bytes = wpkg_buf_str(&request->body);
	struct publication *p = wpkg_arena_alloc(&request->arena, 1, sizeof(*p));
	struct wpkg_err err;
	if (!wpkg_oci_version_of_tag(&version, &request->arena, tag) || !p ||
	    wpkg_oci_manifest_to_invoice(&invoice, &request->arena, bytes, name, version, &err) !=
		    WPKG_OK ||
	    !has_module(invoice))
		return false;
	*p = (struct publication){.answer = {.published = respond_published,
					     .checking = add_digest,
					     .rejected = refuse_version,
					     .failed = refuse_failure,
					     .user = p},
				  .name = name,
				  .tag = tag,
				  .parts = *parts};
	if (wpkg_content_digest_of(&p->digest, WPKG_SHA256, bytes, &err) != WPKG_OK) {
		refuse_failure(request, &err);
		return true;
	}
	if (is_same(request, p)) {
		oci_respond_pushed(request, name, &p->digest, parts);
		return true;
	}
	p->manifest = (struct wpkg_new_manifest){.name = name,
						 .bytes = bytes,
						 .media_type = media_type,
						 .parts = &p->parts,
						 .pusher = request->user,
						 .address = wpkg_str_from(request->address)};
	if (!make_invoice(request, invoice) || !create(request, invoice, p))
		return true;
	publish_answer(request, &p->answer);
	return true;
}
