/* SPDX-License-Identifier: Apache-2.0 */
/* An answer on its way to the library. */
#include "http_int.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answer_cache.h"
#include "base/mem.h"

static void free_bytes(void *bytes)
{
	wpkg_mem_free(bytes);
}

static void release(void *user)
{
	kept_answer_release(user);
}

static struct MHD_Response *make_from_kept(struct response *response)
{
	struct kept_answer *kept = response->kept;
	size_t len;
	char *body = kept_answer_body(&len, kept);
	struct MHD_Response *made =
		MHD_create_response_from_buffer_with_free_callback_cls(len, body, release, kept);
	if (made)
		response->kept = NULL; /* the library lets go of it */
	return made;
}

static struct MHD_Response *make_from_body(struct response *response)
{
	size_t len = response->body.len;
	char *bytes = wpkg_buf_detach(&response->body);
	if (!bytes)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *made =
		MHD_create_response_from_buffer_with_free_callback(len, bytes, free_bytes);
	if (!made)
		wpkg_mem_free(bytes);
	return made;
}

/* A file's bytes in memory: TLS needs to see them, and the library would read 4 KiB at a time. */
struct mapping {
	void *address;
	size_t size;
};

static void unmap(void *user)
{
	struct mapping *mapping = user;
	munmap(mapping->address, mapping->size);
	wpkg_mem_free(mapping);
}

static struct MHD_Response *make_from_map(const struct response *response)
{
	size_t slack = (size_t)response->fd_offset % (size_t)sysconf(_SC_PAGESIZE);
	struct mapping *mapping = wpkg_mem_calloc(1, sizeof(*mapping));
	if (!mapping)
		return NULL;
	mapping->size = (size_t)response->fd_size + slack;
	mapping->address = mmap(NULL, mapping->size, PROT_READ, MAP_SHARED, response->fd,
				(off_t)(response->fd_offset - slack));
	if (mapping->address == MAP_FAILED) {
		wpkg_mem_free(mapping);
		return NULL;
	}
	struct MHD_Response *made = MHD_create_response_from_buffer_with_free_callback_cls(
		(size_t)response->fd_size, (char *)mapping->address + slack, unmap, mapping);
	if (!made)
		unmap(mapping);
	return made;
}

static struct MHD_Response *make(struct response *response, bool is_tls)
{
	struct MHD_Response *made = NULL;
	if (response->kept)
		return make_from_kept(response);
	if (response->fd < 0)
		return make_from_body(response);
	if (is_tls && response->fd_size > 0)
		made = make_from_map(response);
	if (!made) {
		made = MHD_create_response_from_fd_at_offset64(response->fd_size, response->fd,
							       response->fd_offset);
		if (made)
			response->fd = -1; /* the library closes it */
	}
	return made;
}

/*
 * A page loads its own files alone, runs no script that stands in it, and is shown in no other's
 * frame; a script makes no markup of a text, and names no script but that of web/try.js's worker.
 * So nothing that a package brings can do more than be read, should it ever get into one.
 */
static void add_page_headers(struct MHD_Response *made)
{
	MHD_add_response_header(made, "Content-Security-Policy",
				"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
				"style-src 'self'; img-src 'self'; connect-src 'self'; "
				"worker-src 'self'; form-action 'self'; base-uri 'none'; "
				"frame-ancestors 'none'; "
				"require-trusted-types-for 'script'; trusted-types try-worker");
	MHD_add_response_header(made, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(made, "Cross-Origin-Opener-Policy", "same-origin");
}

static bool has_policy(const struct response *response)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (strcmp(response->headers[i].name, "Content-Security-Policy") == 0)
			return true;
	return false;
}

/* With 304, too: it stands for the page. HTML that was uploaded is none, and has a policy of its
 * own. */
static bool is_page(const struct request *request)
{
	const char *type = request->response.content_type;
	if (has_policy(&request->response))
		return false;
	return (request->route && request->route->style == REFUSAL_PAGE) ||
	       (type && wpkg_str_starts(wpkg_str_from(type), WPKG_LIT("text/html")));
}

static void add_headers(struct MHD_Response *made, const struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	const struct response *response = &request->response;
	if (response->content_type)
		MHD_add_response_header(made, "Content-Type", response->content_type);
	for (size_t i = 0; i < response->header_count; i++)
		MHD_add_response_header(made, response->headers[i].name,
					response->headers[i].value);
	MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
	if (is_page(request))
		add_page_headers(made);
	if (request->route && request->route->is_public) {
		MHD_add_response_header(made, "Access-Control-Allow-Origin", "*");
		MHD_add_response_header(made, "Access-Control-Expose-Headers",
					"ETag, Link, Retry-After, X-Request-Id");
	}
	MHD_add_response_header(made, "X-Request-Id", request->cause.request);
	if (response->closes || atomic_load(&request->server->is_ending))
		MHD_add_response_header(made, "Connection", "close");
}

enum MHD_Result exchange_answer(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct response *response = &request->response;
	if (response->body.failed != WPKG_OK)
		respond_refusal(request, 500, "the answer is too large");
	size_t kept = 0;
	if (response->kept)
		(void)kept_answer_body(&kept, response->kept);
	uint64_t size = response->fd >= 0 ? response->fd_size : response->body.len + kept;
	struct MHD_Response *made = make(response, exchange->http->certificates != NULL);
	if (!made)
		return MHD_NO;
	add_headers(made, exchange);
	exchange->stage = STAGE_ANSWER;
	slow_enter(exchange->connection, PHASE_ANSWER);
	enum MHD_Result result = MHD_queue_response(exchange->mhd, response->status, made);
	MHD_destroy_response(made);
	if (request->method != METHOD_HEAD && result == MHD_YES)
		response->sent = size;
	return result;
}
