/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_answer.h"

#include "net/range.h"
#include "server.h"

void respond_sandboxed(struct request *request)
{
	respond_header(request, "Content-Security-Policy", "sandbox; default-src 'none'");
}

bool respond_blob_known(struct request *request, const char *tag)
{
	respond_header(request, "Accept-Ranges", "bytes");
	respond_header(request, "Cache-Control",
		       request->server->config.is_private ? "private, max-age=31536000, immutable"
							  : "max-age=31536000, immutable");
	respond_sandboxed(request);
	return respond_not_modified(request, tag);
}

/* The part that is asked for; with If-Range only when the parcel is still that one. What HEAD asks
 * for is whole (RFC 9110, section 14.2). */
static struct wpkg_range part_of(const struct request *request, uint64_t size, const char *tag)
{
	if (request->method == METHOD_HEAD || request->range.len == 0 ||
	    (request->if_range.len > 0 && !wpkg_str_equal_text(request->if_range, tag)))
		return (struct wpkg_range){.kind = WPKG_RANGE_WHOLE};
	return wpkg_range_parse(request->range, size);
}

void respond_blob(struct request *request, struct wpkg_blob *blob, const char *type,
		  const char *tag)
{
	struct response *response = &request->response;
	struct wpkg_range range = part_of(request, blob->size, tag);
	uint64_t first = range.kind == WPKG_RANGE_PART ? range.first : 0;
	uint64_t count = range.kind == WPKG_RANGE_PART ? range.last - range.first + 1 : blob->size;
	if (range.kind == WPKG_RANGE_UNSATISFIABLE) {
		respond_header(request, "Content-Range",
			       wpkg_arena_format(&request->arena, "bytes */%llu",
						 (unsigned long long)blob->size)
				       .ptr);
		respond_refusal(request, 416, "nothing of it is in that range");
		return;
	}
	if (range.kind == WPKG_RANGE_PART)
		respond_header(request, "Content-Range",
			       wpkg_arena_format(&request->arena, "bytes %llu-%llu/%llu",
						 (unsigned long long)range.first,
						 (unsigned long long)range.last,
						 (unsigned long long)blob->size)
				       .ptr);
	respond_text(request, range.kind == WPKG_RANGE_PART ? 206 : 200, type,
		     (struct wpkg_str){0});
	if (blob->fd < 0) {
		wpkg_buf_append(&response->body, blob->bytes.ptr + first, (size_t)count);
		return;
	}
	response->fd = blob->fd;
	response->fd_offset = first;
	response->fd_size = count;
	blob->fd = -1;
}

const char *respond_type(struct request *request, struct wpkg_str media_type)
{
	for (size_t i = 0; i < media_type.len; i++)
		if (media_type.ptr[i] < 0x20 || media_type.ptr[i] > 0x7e)
			return "application/octet-stream";
	struct wpkg_str copy = wpkg_arena_dup(&request->arena, media_type);
	return copy.len > 0 ? copy.ptr : "application/octet-stream";
}

void respond_parcel(struct request *request, int64_t record, const struct wpkg_label *label)
{
	struct wpkg_err err;
	struct wpkg_blob blob;
	struct wpkg_digest digest = {0};
	const char *tag =
		wpkg_arena_format(&request->arena, "\"%.*s\"", WPKG_STR_ARG(label->sha256)).ptr;
	if (respond_blob_known(request, tag))
		return;
	/* It was looked at when the invoice came; nothing has the digest of zeros. */
	(void)wpkg_digest_parse(&digest, label->sha256);
	if (wpkg_parcel_open(&blob, request->server->store, record, &digest, &err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	respond_blob(request, &blob, respond_type(request, label->media_type), tag);
	wpkg_blob_close(&blob);
}
