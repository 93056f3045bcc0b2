/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads: POST opens a session (or takes a whole blob, or mounts one), PATCH appends, PUT appends
 * what is left and names the digest (end-4 to end-6, end-11, end-13, end-14).
 *
 * A chunk says where it begins; one that does not go on where the session stands is 416, and the
 * session stays as it was. So a client that lost an answer asks where the session is and goes on.
 */
#include "oci.h"

#include "holder.h"
#include "server.h"
#include "store/quota.h"
#include "store/repository.h"
#include "store/session.h"

/* What begin knows, for the end of the request. */
struct upload {
	struct wpkg_str name, id;
	struct wpkg_str from; /* of a mount; empty: any repository */
	bool has_digest;
	struct wpkg_content_digest digest;
	uint64_t offset; /* where the session stood */
};

static struct upload *new_upload(struct request *request)
{
	struct upload *upload = wpkg_arena_alloc(&request->arena, 1, sizeof(*upload));
	if (!upload)
		oci_refuse(request, 503, OCI_TOO_MANY_REQUESTS, "no memory");
	request->state = upload;
	return upload;
}

/* "Range: 0-LAST"; of nothing the specification leaves it open, and "0-0" is what others send. */
static void range_header(struct request *request, uint64_t size)
{
	respond_header(request, "Range",
		       oci_text(request, "0-%llu", (unsigned long long)(size > 0 ? size - 1 : 0)));
}

static void session_headers(struct request *request, const struct upload *upload, uint64_t size)
{
	oci_location(request, upload->name, "blobs/uploads/%.*s", WPKG_STR_ARG(upload->id));
	range_header(request, size);
	respond_header(request, "Docker-Upload-UUID",
		       oci_text(request, "%.*s", WPKG_STR_ARG(upload->id)));
}

static void respond_blob_created(struct request *request, struct wpkg_str name,
				 const struct wpkg_content_digest *digest)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, digest);
	oci_location(request, name, "blobs/%s", text);
	oci_digest_header(request, digest);
	respond_empty(request, 201);
}

/* Mounts the blob from a repository that the caller may read; false when there is none. */
static bool mount(struct request *request, const struct upload *upload)
{
	struct wpkg_str from = upload->from;
	const struct wpkg_act act = {.actor = request->user,
				     .address = wpkg_str_from(request->address)};
	bool is_readable = from.len > 0 ? holder_may_read(request, from)
					: holder_find(&from, request, &upload->digest);
	return is_readable && wpkg_repository_mount(request->server->store, upload->name, from,
						    &upload->digest, &act, NULL) == WPKG_OK;
}

/* As far as it is known how much comes; the end of the upload is judged again. */
static bool check_quota(struct request *request, const struct upload *upload)
{
	struct wpkg_err err;
	uint64_t there;
	uint64_t more = request->content_length == UINT64_MAX ? 0 : request->content_length;
	const struct wpkg_quota_question question = {
		.user = request->user, .name = upload->name, .bytes = upload->offset + more};
	/* What the repository holds already is no more. */
	if (upload->has_digest &&
	    wpkg_repository_blob_size(&there, request->server->store, upload->name, &upload->digest,
				      NULL) == WPKG_OK)
		return true;
	if (wpkg_quota_check(request->server->store, &question, &err) == WPKG_OK)
		return true;
	oci_refuse_error(request, &err, OCI_NAME_UNKNOWN);
	return false;
}

static bool open_session(struct request *request, struct upload *upload,
			 enum wpkg_digest_algorithm algorithm)
{
	struct wpkg_err err;
	char id[WPKG_SESSION_ID];
	const struct wpkg_session_options options = {
		.name = upload->name,
		.pusher = request->user,
		.address = wpkg_str_from(request->address),
		.limit = atomic_load(&request->server->limits.max_parcel),
		.algorithm = algorithm};
	if (wpkg_session_new(id, request->server->store, &options, &err) != WPKG_OK) {
		oci_refuse_error(request, &err, OCI_BLOB_UPLOAD_UNKNOWN);
		return false;
	}
	upload->id = wpkg_arena_dup(&request->arena, wpkg_str_from(id));
	return upload->id.ptr != NULL;
}

/* Makes the session the request's own, so that its body goes there. */
static bool take_session(struct request *request, struct upload *upload)
{
	struct wpkg_err err;
	if (wpkg_session_take(&request->session, &upload->offset, request->server->store,
			      upload->name, upload->id, &err) == WPKG_OK)
		return true;
	oci_refuse_error(request, &err, OCI_BLOB_UPLOAD_UNKNOWN);
	return false;
}

static bool take_digest_parameter(struct upload *upload, struct request *request,
				  const struct wpkg_form *form, const char *key)
{
	struct wpkg_str text;
	upload->has_digest = oci_parameter(&text, form, key);
	return !upload->has_digest || oci_take_digest(&upload->digest, request, text);
}

static bool take_algorithm(enum wpkg_digest_algorithm *out, struct request *request,
			   const struct wpkg_form *form)
{
	struct wpkg_str text;
	*out = WPKG_SHA256;
	if (!oci_parameter(&text, form, "digest-algorithm") ||
	    wpkg_digest_algorithm_parse(out, text))
		return true;
	oci_refuse(request, 400, OCI_DIGEST_INVALID, "'%.*s' is no digest algorithm of ours",
		   WPKG_STR_ARG(text));
	return false;
}

/* POST with a digest is a whole blob, whose body goes to a session of its own. */
void oci_upload_begin(struct request *request)
{
	struct wpkg_form form;
	enum wpkg_digest_algorithm algorithm;
	struct upload *upload = new_upload(request);
	if (!upload || !oci_take_name(&upload->name, request) ||
	    !oci_allow(request, WPKG_RIGHT_PUSH, upload->name) || !oci_take_form(&form, request) ||
	    !take_digest_parameter(upload, request, &form, "digest") ||
	    !take_algorithm(&algorithm, request, &form))
		return;
	if (upload->has_digest && check_quota(request, upload) &&
	    open_session(request, upload, upload->digest.algorithm))
		(void)take_session(request, upload);
}

/* What waits for nothing but the store's memory. */
static void begin_session(struct request *request, struct upload *upload,
			  const struct wpkg_form *form)
{
	enum wpkg_digest_algorithm algorithm;
	if (!take_algorithm(&algorithm, request, form))
		return;
	if (upload->has_digest)
		algorithm = upload->digest.algorithm;
	if (!check_quota(request, upload) || !open_session(request, upload, algorithm))
		return;
	session_headers(request, upload, 0);
	respond_empty(request, 202);
}

/* On a worker: a mount is a commit. What cannot be mounted is uploaded. */
static void mount_or_begin(struct request *request)
{
	struct wpkg_form form;
	struct upload *upload = request->state;
	if (mount(request, upload))
		respond_blob_created(request, upload->name, &upload->digest);
	else if (oci_take_form(&form, request))
		begin_session(request, upload, &form);
}

/* On the store's thread. */
static void end_upload(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
		       const struct wpkg_err *err)
{
	struct request *request = user;
	const struct upload *upload = request->state;
	(void)result;
	if (status != WPKG_OK)
		oci_refuse_error(request, err, OCI_BLOB_UPLOAD_UNKNOWN);
	else
		respond_blob_created(request, upload->name, &upload->digest);
	request_end(request);
}

static void finish_session(struct request *request, const struct upload *upload)
{
	struct wpkg_session *session = request->session;
	request->session = NULL;
	wpkg_session_finish(session, &upload->digest,
			    (struct wpkg_upload_done){end_upload, request});
}

void oci_upload_create(struct request *request)
{
	struct wpkg_form form;
	struct upload *upload = request->state;
	if (request->session) {
		finish_session(request, upload);
		return;
	}
	if (!oci_take_form(&form, request) ||
	    !take_digest_parameter(upload, request, &form, "mount"))
		return;
	(void)oci_parameter(&upload->from, &form, "from");
	if (upload->has_digest)
		request_continue(request, POOL_STORE, mount_or_begin);
	else
		begin_session(request, upload, &form);
}

static bool take_address(struct upload *upload, struct request *request)
{
	upload->id = request->parts[1];
	return oci_take_name(&upload->name, request) &&
	       oci_allow(request, WPKG_RIGHT_PUSH, upload->name);
}

void oci_upload_get(struct request *request)
{
	struct wpkg_err err;
	uint64_t size;
	struct upload upload = {0};
	if (!take_address(&upload, request))
		return;
	if (wpkg_session_offset(&size, request->server->store, upload.name, upload.id, &err) !=
	    WPKG_OK) {
		oci_refuse_error(request, &err, OCI_BLOB_UPLOAD_UNKNOWN);
		return;
	}
	session_headers(request, &upload, size);
	respond_empty(request, 204);
}

/* "A-B", inclusive, as the specification writes it; also with the unit that RFC 9110 has. */
static bool parse_content_range(struct wpkg_str text, uint64_t *first, uint64_t *last)
{
	if (wpkg_str_starts(text, WPKG_LIT("bytes ")))
		text = wpkg_str_slice(text, 6, wpkg_str_find(text, '/'));
	size_t dash = wpkg_str_find(text, '-');
	return dash < text.len && wpkg_str_parse_u64(wpkg_str_slice(text, 0, dash), first) &&
	       wpkg_str_parse_u64(wpkg_str_from_offset(text, dash + 1), last) && *first <= *last;
}

static void refuse_range(struct request *request, const struct upload *upload)
{
	session_headers(request, upload, upload->offset);
	oci_refuse(request, 416, OCI_BLOB_UPLOAD_INVALID,
		   "the chunk does not go on where the upload stands, at %llu",
		   (unsigned long long)upload->offset);
}

/* Does the chunk begin where the session stands, and is it as long as it says? */
static bool check_range(struct request *request, const struct upload *upload)
{
	uint64_t first, last;
	if (request->content_range.len == 0)
		return true;
	if (!parse_content_range(request->content_range, &first, &last) ||
	    first != upload->offset ||
	    (request->content_length != UINT64_MAX &&
	     request->content_length != last - first + 1)) {
		refuse_range(request, upload);
		return false;
	}
	return true;
}

void oci_upload_open(struct request *request)
{
	struct wpkg_form form;
	struct upload *upload = new_upload(request);
	if (!upload || !take_address(upload, request) || !oci_take_form(&form, request) ||
	    !take_digest_parameter(upload, request, &form, "digest"))
		return;
	if (request->method == METHOD_PUT && !upload->has_digest) {
		oci_refuse(request, 400, OCI_DIGEST_INVALID, "the digest is missing");
		return;
	}
	if (take_session(request, upload) &&
	    (!check_range(request, upload) || !check_quota(request, upload))) {
		wpkg_session_drop(request->session);
		request->session = NULL;
	}
}

/* A chunk of another length than it said was cut: the session stays where it was. */
static bool is_whole(struct request *request, const struct upload *upload)
{
	uint64_t first, last;
	if (request->content_range.len == 0 ||
	    (parse_content_range(request->content_range, &first, &last) &&
	     request->received == last - first + 1))
		return true;
	wpkg_session_drop(request->session);
	request->session = NULL;
	refuse_range(request, upload);
	return false;
}

/* On the store's thread. */
static void end_chunk(void *user, enum wpkg_status status, uint64_t offset,
		      const struct wpkg_err *err)
{
	struct request *request = user;
	if (status != WPKG_OK) {
		oci_refuse_error(request, err, OCI_BLOB_UPLOAD_UNKNOWN);
	} else {
		session_headers(request, request->state, offset);
		respond_empty(request, 202);
	}
	request_end(request);
}

void oci_upload_patch(struct request *request)
{
	struct wpkg_session *session = request->session;
	if (!is_whole(request, request->state)) {
		request_end(request);
		return;
	}
	request->session = NULL;
	wpkg_session_pause(session, (struct wpkg_session_done){end_chunk, request});
}

void oci_upload_put(struct request *request)
{
	if (is_whole(request, request->state))
		finish_session(request, request->state);
	else
		request_end(request);
}

void oci_upload_cancel(struct request *request)
{
	struct wpkg_err err;
	struct upload upload = {0};
	if (!take_address(&upload, request))
		return;
	if (wpkg_session_cancel(request->server->store, upload.name, upload.id, &err) != WPKG_OK)
		oci_refuse_error(request, &err, OCI_BLOB_UPLOAD_UNKNOWN);
	else
		respond_empty(request, 204);
}
