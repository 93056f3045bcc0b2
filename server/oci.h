/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_OCI_H
#define WPKG_SERVER_OCI_H

/*
 * The OCI distribution specification (1.1 and what its development branch adds): what its resources
 * share, and their handlers for the route table. A repository is a package's name.
 */

#include "crypto/content_digest.h"
#include "request.h"
#include "store/access.h"

struct wpkg_oci_parts;

#define OCI_MANIFEST_MAX ((uint64_t)4 << 20) /* bytes; what the specification asks for at least */

void oci_base(struct request *request);		  /* GET /v2/ */
void oci_catalog(struct request *request);	  /* GET _catalog */
void oci_blob_get(struct request *request);	  /* GET blobs/DIGEST */
void oci_blob_delete(struct request *request);	  /* DELETE blobs/DIGEST */
void oci_upload_begin(struct request *request);	  /* POST blobs/uploads/, before its body */
void oci_upload_create(struct request *request);  /* and after it */
void oci_upload_get(struct request *request);	  /* GET the session */
void oci_upload_open(struct request *request);	  /* PATCH and PUT, before the body */
void oci_upload_patch(struct request *request);	  /* and after it */
void oci_upload_put(struct request *request);	  /* and after it */
void oci_upload_cancel(struct request *request);  /* DELETE the session */
void oci_manifest_get(struct request *request);	  /* GET manifests/REFERENCE */
void oci_manifest_begin(struct request *request); /* PUT it, before the body */
void oci_manifest_put(struct request *request);	  /* and after it */
void oci_manifest_delete(struct request *request);
void oci_tags(struct request *request);	      /* GET tags/list */
void oci_referrers(struct request *request);  /* GET referrers/DIGEST */
void oci_token(struct request *request);      /* GET /v2/token */
void oci_well_known(struct request *request); /* GET /.well-known/wasm-pkg/registry.json */

/* The codes of the specification that are in use here. */
enum oci_code {
	OCI_BLOB_UNKNOWN,
	OCI_BLOB_UPLOAD_INVALID,
	OCI_BLOB_UPLOAD_UNKNOWN,
	OCI_DENIED,
	OCI_DIGEST_INVALID,
	OCI_MANIFEST_BLOB_UNKNOWN,
	OCI_MANIFEST_INVALID,
	OCI_MANIFEST_UNKNOWN,
	OCI_NAME_INVALID,
	OCI_NAME_UNKNOWN,
	OCI_SIZE_INVALID,
	OCI_TOO_MANY_REQUESTS,
	OCI_UNAUTHORIZED,
	OCI_UNSUPPORTED,
};

/* {"errors":[{"code","message"}]}; the text is for a person. */
void oci_refuse(struct request *request, unsigned status, enum oci_code code, const char *format,
		...) WPKG_PRINTF(4, 5);

/* The refusal for a failure; unknown says what it is that WPKG_ENOTFOUND did not find. */
void oci_refuse_error(struct request *request, const struct wpkg_err *err, enum oci_code unknown);

/* Appends that document. */
void oci_write_error(struct wpkg_buf *out, const char *code, struct wpkg_str text);

/* The code that fits a status when nobody says more: for refusals that are not this protocol's. */
const char *oci_code_of_status(unsigned status);

/* The repository of the path; false, and the answer is made, when it can be none. */
bool oci_take_name(struct wpkg_str *out, struct request *request);

/* A digest of the path or query; false, and the answer is made, when it is none. */
bool oci_take_digest(struct wpkg_content_digest *out, struct request *request,
		     struct wpkg_str text);

/* May the caller do that to the repository? False, and the answer is made, when not. */
bool oci_allow(struct request *request, enum wpkg_right right, struct wpkg_str name);

/* Sets WWW-Authenticate: where to get a token for this resource, or that a password is asked for.
 */
void oci_challenge(struct request *request);

/* The value of a parameter; false when it is not there. */
bool oci_parameter(struct wpkg_str *out, const struct wpkg_form *form, const char *key);

/* The query; false, and the answer is made, when it is malformed. */
bool oci_take_form(struct wpkg_form *out, struct request *request);

/* "n" of the query, at most most; absent: fallback. False, and the answer is made, when bad. */
bool oci_take_count(size_t *out, struct request *request, const struct wpkg_form *form,
		    size_t fallback, size_t most);

/* Sets Docker-Content-Digest. */
void oci_digest_header(struct request *request, const struct wpkg_content_digest *digest);

/* Sets Location to a path of the repository: "blobs/..." */
void oci_location(struct request *request, struct wpkg_str name, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* Text in the request's arena for a header; NULL when memory is out (and so is the header). */
const char *oci_text(struct request *request, const char *format, ...) WPKG_PRINTF(2, 3);

/*
 * A manifest that was pushed under a semantic version and is WebAssembly: it becomes a version of
 * the package, judged by admission first. False when it is no such push; then nothing was done.
 * Else the answer is made.
 */
bool oci_publish(struct request *request, struct wpkg_str name, struct wpkg_str tag,
		 struct wpkg_str media_type, const struct wpkg_oci_parts *parts);

/* 404 with one error for each part of a manifest that the repository lacks. */
void oci_refuse_missing(struct request *request, const struct wpkg_content_digest *missing,
			size_t count);

/* 201 for a manifest that is there now, with where, its digest and its subject. */
void oci_respond_pushed(struct request *request, struct wpkg_str name,
			const struct wpkg_content_digest *digest,
			const struct wpkg_oci_parts *parts);

#endif
