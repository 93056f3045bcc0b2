/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: read, pushed, removed (end-3, end-7, end-9). Served byte for byte as they came. */
#include "oci.h"

#include "blob_answer.h"
#include "pkg/oci_manifest.h"
#include "pkg/oci_parts.h"
#include "pkg/project.h"
#include "server.h"
#include "store/manifest.h"
#include "store/tag.h"

/* "manifests/REFERENCE": a digest has a colon, a tag cannot. */
struct reference {
	struct wpkg_str name;
	bool is_digest;
	struct wpkg_content_digest digest;
	struct wpkg_str tag;
};

#define TAG_MAX 128

/* [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
static bool is_tag(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_';
		if (!word && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return text.len > 0 && text.len <= TAG_MAX;
}

/* What cannot be a reference is not there for a reader, and an error for a writer. */
static bool take_reference(struct reference *out, struct request *request)
{
	struct wpkg_str text = request->parts[1];
	bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
	*out = (struct reference){.is_digest = wpkg_str_find(text, ':') < text.len, .tag = text};
	if (!oci_take_name(&out->name, request))
		return false;
	if (out->is_digest && !wpkg_content_digest_parse(&out->digest, text)) {
		oci_refuse(request, reads ? 404 : 400,
			   reads ? OCI_MANIFEST_UNKNOWN : OCI_DIGEST_INVALID,
			   "'%.*s' is no sha256 or sha512 digest", WPKG_STR_ARG(text));
		return false;
	}
	if (!out->is_digest && !is_tag(text)) {
		oci_refuse(request, reads ? 404 : 400,
			   reads ? OCI_MANIFEST_UNKNOWN : OCI_MANIFEST_INVALID, "'%.*s' is no tag",
			   WPKG_STR_ARG(text));
		return false;
	}
	return true;
}

/* A yanked version is still there by its digest, with a word of warning (RFC 7234, 5.5). */
static void warn_of_yank(struct request *request, const struct wpkg_manifest *manifest)
{
	struct wpkg_buf reason;
	if (!manifest->yanked)
		return;
	wpkg_buf_init(&reason, 4096);
	for (size_t i = 0; i < manifest->yank_reason.len && i < 512; i++) {
		char c = manifest->yank_reason.ptr[i];
		wpkg_buf_append_byte(
			&reason, c < ' ' || c == '"' || c == '\\' || c == 0x7f ? ' ' : (uint8_t)c);
	}
	respond_header(request, "Warning",
		       oci_text(request, "299 - \"version %.*s was yanked%s%s\"",
				WPKG_STR_ARG(manifest->version), reason.len > 0 ? ": " : "",
				wpkg_buf_text(&reason)));
	wpkg_buf_clear(&reason);
}

static void respond_manifest(struct request *request, const struct wpkg_manifest *manifest)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, &manifest->digest);
	oci_digest_header(request, &manifest->digest);
	respond_sandboxed(request);
	warn_of_yank(request, manifest);
	if (respond_not_modified(request, oci_text(request, "\"%s\"", text)))
		return;
	respond_text(request, 200, respond_type(request, manifest->media_type), manifest->bytes);
}

void oci_manifest_get(struct request *request)
{
	struct wpkg_err err;
	struct reference reference;
	struct wpkg_manifest manifest;
	struct wpkg_store *store = request->server->store;
	if (!take_reference(&reference, request) ||
	    !oci_allow(request, WPKG_RIGHT_READ, reference.name))
		return;
	enum wpkg_status status =
		reference.is_digest
			? wpkg_manifest_find(&manifest, &request->arena, store, reference.name,
					     &reference.digest, WPKG_MANIFEST_WHOLE, &err)
			: wpkg_manifest_find_tag(&manifest, &request->arena, store, reference.name,
						 reference.tag, WPKG_MANIFEST_WHOLE, &err);
	if (status != WPKG_OK)
		oci_refuse_error(request, &err, OCI_MANIFEST_UNKNOWN);
	else
		respond_manifest(request, &manifest);
}

void oci_manifest_begin(struct request *request)
{
	struct reference reference;
	if (take_reference(&reference, request))
		(void)oci_allow(request, WPKG_RIGHT_PUSH, reference.name);
}

struct push {
	struct reference reference;
	struct wpkg_str media_type;
	struct wpkg_oci_parts parts;
	struct wpkg_tag_set tags[WPKG_MANIFEST_TAGS_MAX];
	size_t tag_count;
};

/* A tag that is a semantic version means one manifest for ever; others move. */
static bool add_tag(struct request *request, struct push *push, struct wpkg_str tag)
{
	struct wpkg_str version;
	if (!is_tag(tag)) {
		oci_refuse(request, 400, OCI_MANIFEST_INVALID, "'%.*s' is no tag",
			   WPKG_STR_ARG(tag));
		return false;
	}
	if (push->tag_count == WPKG_MANIFEST_TAGS_MAX) {
		oci_refuse(request, 414, OCI_SIZE_INVALID, "more than %d tags",
			   WPKG_MANIFEST_TAGS_MAX);
		return false;
	}
	bool fixed = !request->server->config.mutable_versions &&
		     wpkg_oci_version_of_tag(&version, &request->arena, tag);
	push->tags[push->tag_count++] = (struct wpkg_tag_set){tag, fixed};
	return true;
}

/* The tag of the path, and those of "tag=" parameters. */
static bool take_tags(struct request *request, struct push *push)
{
	struct wpkg_form form;
	if (!oci_take_form(&form, request) ||
	    (!push->reference.is_digest && !add_tag(request, push, push->reference.tag)))
		return false;
	for (size_t i = 0; i < form.count; i++)
		if (wpkg_str_equal_text(form.pairs[i].key, "tag") &&
		    !add_tag(request, push, form.pairs[i].value))
			return false;
	return true;
}

/* The type without its parameters, which must be the document's own word when it has one. */
static bool take_type(struct request *request, struct push *push)
{
	struct wpkg_err err;
	struct wpkg_str type = request->content_type;
	push->media_type = wpkg_str_trim(wpkg_str_slice(type, 0, wpkg_str_find(type, ';')));
	if (wpkg_oci_parts_read(&push->parts, &request->arena, wpkg_buf_str(&request->body),
				&err) != WPKG_OK) {
		oci_refuse(request, 400, OCI_MANIFEST_INVALID, "%s", err.msg);
		return false;
	}
	if (push->media_type.len == 0)
		push->media_type = push->parts.media_type;
	if (push->media_type.len == 0) {
		oci_refuse(request, 400, OCI_MANIFEST_INVALID, "the media type is missing");
		return false;
	}
	if (!wpkg_media_type_is_essence(push->media_type)) {
		oci_refuse(request, 400, OCI_MANIFEST_INVALID,
			   "'%.*s' is not a media type such as application/json",
			   WPKG_STR_ARG(push->media_type));
		return false;
	}
	if (push->parts.media_type.len > 0 &&
	    !wpkg_str_equal(push->parts.media_type, push->media_type)) {
		oci_refuse(request, 400, OCI_MANIFEST_INVALID,
			   "Content-Type is %.*s, but mediaType is %.*s",
			   WPKG_STR_ARG(push->media_type), WPKG_STR_ARG(push->parts.media_type));
		return false;
	}
	return true;
}

void oci_refuse_missing(struct request *request, const struct wpkg_content_digest *missing,
			size_t count)
{
	struct wpkg_buf *out = &request->response.body;
	respond_text(request, 404, "application/json", WPKG_LIT("{\"errors\":["));
	for (size_t i = 0; i < count; i++) {
		char text[WPKG_CONTENT_DIGEST_TEXT];
		wpkg_content_digest_format(text, &missing[i]);
		wpkg_buf_append_format(
			out,
			"%s{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"the "
			"repository does not hold it\",\"detail\":{\"digest\":\"%s\"}}",
			i > 0 ? "," : "", text);
	}
	wpkg_buf_append_text(out, "]}\n");
}

static void refuse_push(struct request *request, const struct wpkg_put_manifest *put,
			const struct wpkg_err *err)
{
	if (err->status == WPKG_ENOTFOUND)
		oci_refuse_missing(request, put->missing, put->missing_count);
	else if (err->status == WPKG_EEXISTS)
		oci_refuse(request, 409, OCI_DENIED, "%s", err->msg);
	else
		oci_refuse_error(request, err, OCI_MANIFEST_UNKNOWN);
}

static void tag_header(struct request *request, const struct push *push)
{
	struct wpkg_buf tags;
	wpkg_buf_init(&tags, 16384);
	for (size_t i = push->reference.is_digest ? 0 : 1; i < push->tag_count; i++)
		wpkg_buf_append_format(&tags, "%s%.*s", tags.len > 0 ? ", " : "",
				       WPKG_STR_ARG(push->tags[i].tag));
	if (tags.len > 0)
		respond_header(request, "OCI-Tag", oci_text(request, "%s", wpkg_buf_text(&tags)));
	wpkg_buf_clear(&tags);
}

void oci_respond_pushed(struct request *request, struct wpkg_str name,
			const struct wpkg_content_digest *digest,
			const struct wpkg_oci_parts *parts)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, digest);
	/* Some clients take the digest from the last part of the path. */
	oci_location(request, name, "manifests/%s", text);
	oci_digest_header(request, digest);
	if (parts->has_subject) {
		wpkg_content_digest_format(text, &parts->subject);
		respond_header(request, "OCI-Subject", oci_text(request, "%s", text));
	}
	respond_empty(request, 201);
}

static void put_manifest(struct request *request, const struct push *push)
{
	struct wpkg_err err;
	struct wpkg_put_manifest put = {0};
	const struct wpkg_new_manifest manifest = {
		.name = push->reference.name,
		.bytes = wpkg_buf_str(&request->body),
		.media_type = push->media_type,
		.parts = &push->parts,
		.digest = push->reference.is_digest ? &push->reference.digest : NULL,
		.tags = push->tags,
		.tag_count = push->tag_count,
		.pusher = request->user,
		.address = wpkg_str_from(request->address)};
	if (wpkg_manifest_put(&put, &request->arena, request->server->store, &manifest, &err) !=
	    WPKG_OK) {
		refuse_push(request, &put, &err);
		return;
	}
	oci_respond_pushed(request, push->reference.name, &put.digest, &push->parts);
	tag_header(request, push);
}

void oci_manifest_put(struct request *request)
{
	struct push *push = wpkg_arena_alloc(&request->arena, 1, sizeof(*push));
	if (!push) {
		oci_refuse(request, 503, OCI_TOO_MANY_REQUESTS, "no memory");
		return;
	}
	if (!take_reference(&push->reference, request) || !take_type(request, push) ||
	    !take_tags(request, push))
		return;
	/* WebAssembly under a semantic version is a package: admission judges it first. */
	if (!push->reference.is_digest && push->tag_count == 1 &&
	    oci_publish(request, push->reference.name, push->reference.tag, push->media_type,
			&push->parts))
		return;
	put_manifest(request, push);
}

void oci_manifest_delete(struct request *request)
{
	struct wpkg_err err;
	struct reference reference;
	struct wpkg_store *store = request->server->store;
	const struct wpkg_act act = {.actor = request->user,
				     .address = wpkg_str_from(request->address)};
	if (!take_reference(&reference, request) ||
	    !oci_allow(request, WPKG_RIGHT_OWN, reference.name))
		return;
	enum wpkg_status status =
		reference.is_digest
			? wpkg_manifest_delete(store, reference.name, &reference.digest, &act, &err)
			: wpkg_tag_delete(store, reference.name, reference.tag, &act, &err);
	if (status == WPKG_EDENIED)
		oci_refuse(request, 405, OCI_UNSUPPORTED, "%s", err.msg);
	else if (status != WPKG_OK)
		oci_refuse_error(request, &err, OCI_MANIFEST_UNKNOWN);
	else
		respond_empty(request, 202);
}
