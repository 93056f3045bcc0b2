/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of a repository: read and removed (end-2, end-10). */
#include "oci.h"

#include "blob_answer.h"
#include "server.h"
#include "store/repository.h"

/* Name and digest of "blobs/DIGEST", and the right to read or remove. */
static bool take_address(struct wpkg_str *name, struct wpkg_content_digest *digest,
			 struct request *request, enum wpkg_right right)
{
	return oci_take_name(name, request) &&
	       oci_take_digest(digest, request, request->parts[1]) &&
	       oci_allow(request, right, *name);
}

void oci_blob_get(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_str name;
	struct wpkg_content_digest digest;
	struct wpkg_blob blob;
	char text[WPKG_CONTENT_DIGEST_TEXT];
	if (!take_address(&name, &digest, request, WPKG_RIGHT_READ))
		return;
	if (wpkg_repository_blob_open(&blob, request->server->store, name, &digest, &err) !=
	    WPKG_OK) {
		oci_refuse_error(request, &err, OCI_BLOB_UNKNOWN);
		return;
	}
	wpkg_content_digest_format(text, &digest);
	const char *tag = oci_text(request, "\"%s\"", text);
	oci_digest_header(request, &digest);
	/* What type it has is the manifest's word; here it is bytes. */
	if (!respond_blob_known(request, tag))
		respond_blob(request, &blob, "application/octet-stream", tag);
	wpkg_blob_close(&blob);
}

void oci_blob_delete(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_str name;
	struct wpkg_content_digest digest;
	if (!take_address(&name, &digest, request, WPKG_RIGHT_OWN))
		return;
	enum wpkg_status status =
		wpkg_repository_blob_delete(request->server->store, name, &digest, &err);
	if (status == WPKG_EDENIED)
		oci_refuse(request, 405, OCI_UNSUPPORTED, "%s", err.msg);
	else if (status != WPKG_OK)
		oci_refuse_error(request, &err, OCI_BLOB_UNKNOWN);
	else
		respond_empty(request, 202);
}
