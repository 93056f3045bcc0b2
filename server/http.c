/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way. libmicrohttpd calls take_request again and again for it, on one of its threads:
 * when the head is there, for each piece of the body, and at the end. What would wait there is done
 * by a worker while the connection is suspended; then the library calls again.
 *
 *   head -> [identify]* -> begin -> body ... -> handle* -> answer        * on a worker
 */
#include "http_int.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "log.h"
#include "store/blob.h"

#define ARENA_MAX ((size_t)256 << 20)
#define DRAIN_MAX                                                                                  \
	((uint64_t)1 << 20) /* bytes of an unwanted body that are read before we hang up */
#define RESPONSE_MAX ((size_t)128 << 20)
#define PEM_MAX ((size_t)1 << 20)

static void format_address(char out[48], struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	out[0] = '\0';
	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  out, 48);
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, out,
			  48);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* The library's first word about a request: its target, before anything is decoded. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *mhd)
{
	struct http *http = user;
	struct exchange *exchange = wpkg_mem_calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	struct request *request = &exchange->request;
	exchange->http = http;
	exchange->mhd = mhd;
	exchange->connection = connection_of(mhd);
	request->server = http->server;
	request->started = wpkg_clock_monotonic();
	request->response.fd = -1;
	wpkg_arena_init(&request->arena, ARENA_MAX);
	wpkg_buf_init(&request->body, http->server->config.max_invoice);
	wpkg_buf_init(&request->response.body, RESPONSE_MAX);
	snprintf(request->id, sizeof(request->id), "%08x%08x", (unsigned)http->server->id_seed,
		 (unsigned)atomic_fetch_add(&http->server->next_request, 1));
	format_address(request->address, mhd);
	request->target = wpkg_arena_dup(&request->arena, wpkg_str_from(target));
	atomic_fetch_add(&http->pending, 1);
	if (exchange->connection)
		slow_enter(exchange->connection, PHASE_BUSY);
	return exchange;
}

static const char *method_name(enum method method)
{
	switch (method) {
	case METHOD_HEAD:
		return "HEAD";
	case METHOD_POST:
		return "POST";
	case METHOD_PUT:
		return "PUT";
	case METHOD_PATCH:
		return "PATCH";
	case METHOD_DELETE:
		return "DELETE";
	case METHOD_OPTIONS:
		return "OPTIONS";
	case METHOD_GET:
		break;
	}
	return "GET";
}

static void log_request(const struct request *request, uint64_t nanoseconds, bool is_whole)
{
	struct log_line line;
	log_begin(&line, "request");
	log_text(&line, "id", wpkg_str_from(request->id));
	log_text(&line, "address", wpkg_str_from(request->address));
	log_text(&line, "method", wpkg_str_from(method_name(request->method)));
	/* Without the query: it may hold what somebody mistook for a place for secrets. */
	log_text(&line, "path",
		 wpkg_str_slice(request->target, 0, wpkg_str_find(request->target, '?')));
	if (request->user.len > 0)
		log_text(&line, "user", request->user);
	log_number(&line, "status", request->response.status);
	log_number(&line, "received", (int64_t)request->received);
	log_number(&line, "microseconds", (int64_t)(nanoseconds / 1000));
	if (!is_whole)
		log_text(&line, "end", WPKG_LIT("cut"));
	log_end(&line);
}

static void end_request(void *user, struct MHD_Connection *mhd, void **context,
			enum MHD_RequestTerminationCode code)
{
	struct http *http = user;
	struct exchange *exchange = *context;
	(void)mhd;
	if (!exchange)
		return;
	struct request *request = &exchange->request;
	uint64_t took = wpkg_clock_monotonic() - request->started;
	metrics_count_request(&http->server->metrics,
			      request->route ? request->route->name : "none",
			      request->response.status, took);
	atomic_fetch_add(&http->server->metrics.received, request->received);
	log_request(request, took, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (exchange->connection) {
		atomic_store(&exchange->connection->is_used, true);
		slow_enter(exchange->connection, PHASE_HEAD);
	}
	if (request->upload)
		atomic_fetch_sub(&http->server->metrics.uploads, 1);
	wpkg_upload_abort(request->upload);
	if (request->response.fd >= 0)
		close(request->response.fd);
	wpkg_buf_clear(&request->response.body);
	wpkg_buf_clear(&request->body);
	wpkg_arena_clear(&request->arena);
	wpkg_mem_free(exchange);
	*context = NULL;
	atomic_fetch_sub(&http->pending, 1);
}

static void free_bytes(void *bytes)
{
	wpkg_mem_free(bytes);
}

static struct MHD_Response *make_response(struct response *response)
{
	struct MHD_Response *made = NULL;
	if (response->fd >= 0) {
		made = MHD_create_response_from_fd_at_offset64(response->fd_size, response->fd,
							       response->fd_offset);
		if (made)
			response->fd = -1;
		return made;
	}
	size_t len = response->body.len;
	char *bytes = wpkg_buf_detach(&response->body);
	if (!bytes)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	made = MHD_create_response_from_buffer_with_free_callback(len, bytes, free_bytes);
	if (!made)
		wpkg_mem_free(bytes);
	return made;
}

static enum MHD_Result answer(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct response *response = &request->response;
	if (response->body.failed != WPKG_OK) {
		response->closes = true;
		respond_refusal(request, 500, "the answer is too large");
	}
	uint64_t size = response->fd >= 0 ? response->fd_size : response->body.len;
	struct MHD_Response *made = make_response(response);
	if (!made)
		return MHD_NO;
	if (response->content_type)
		MHD_add_response_header(made, "Content-Type", response->content_type);
	for (size_t i = 0; i < response->header_count; i++)
		MHD_add_response_header(made, response->headers[i].name,
					response->headers[i].value);
	MHD_add_response_header(made, "X-Request-Id", request->id);
	if (response->closes)
		MHD_add_response_header(made, "Connection", "close");
	enum MHD_Result result = MHD_queue_response(exchange->mhd, response->status, made);
	MHD_destroy_response(made);
	exchange->stage = STAGE_ANSWER;
	exchange->is_answered = true;
	if (request->method != METHOD_HEAD)
		atomic_fetch_add(&request->server->metrics.sent, size);
	return result;
}

/* Which route, and may it be taken without knowing who asks? */
static bool find_route(struct request *request)
{
	unsigned allowed;
	struct wpkg_buf methods;
	request->route = route_find(request, &allowed);
	if (request->route)
		return true;
	if (allowed == 0) {
		respond_refusal(request, 404, "no such resource");
		return false;
	}
	wpkg_buf_init(&methods, 128);
	for (unsigned method = METHOD_GET; method <= METHOD_OPTIONS; method <<= 1)
		if (allowed & method)
			wpkg_buf_append_format(&methods, "%s%s", methods.len > 0 ? ", " : "",
					       method_name((enum method)method));
	respond_header(request, "Allow",
		       wpkg_arena_dup(&request->arena, wpkg_buf_str(&methods)).ptr);
	respond_refusal(request, 405, "HTTP method not allowed");
	wpkg_buf_clear(&methods);
	return false;
}

/* WPKG_EBUSY, and nothing was answered, when only a worker can tell. */
static enum wpkg_status identify(struct request *request, bool wait)
{
	struct wpkg_err err;
	struct identity identity;
	struct server *server = request->server;
	enum wpkg_status status =
		users_identify(&identity, server->users, &request->arena, request->authorization,
			       request->address, wait, &err);
	if (status == WPKG_EBUSY && !wait)
		return status;
	request->is_identified = true;
	if (status == WPKG_OK) {
		request->user = identity.user;
		request->scope = identity.scope;
		return WPKG_OK;
	}
	if (status == WPKG_EDENIED) {
		atomic_fetch_add(&server->metrics.logins_failed, 1);
		respond_header(request, "WWW-Authenticate", "Basic realm=\"wpkg\"");
		respond_refusal(request, 401, "%s", err.msg);
	} else {
		respond_error(request, &err);
	}
	return status;
}

/* A route that needs a user, and nobody logged in: say that a login would help. */
static bool needs_login(struct request *request)
{
	const struct config *config = &request->server->config;
	bool needed = request->route->writes || (config->is_private && !request->route->is_open);
	if (config->unauthenticated || !needed || request->user.len > 0)
		return false;
	respond_header(request, "WWW-Authenticate", "Basic realm=\"wpkg\"");
	respond_refusal(request, 401, "access denied");
	return true;
}

static bool is_too_large(const struct request *request)
{
	return request->route->body == BODY_TEXT && request->content_length != UINT64_MAX &&
	       request->content_length > request->server->config.max_invoice;
}

/* Behind the head: everything before the body is read. */
static void begin(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	exchange->stage = STAGE_BODY;
	if (request->response.status != 0 || needs_login(request))
		return;
	if (is_too_large(request)) {
		respond_refusal(request, 413, "more than %llu bytes",
				(unsigned long long)request->server->config.max_invoice);
		return;
	}
	if (request->route->begin)
		request->route->begin(request);
	if (request->upload)
		atomic_fetch_add(&request->server->metrics.uploads, 1);
}

static void resume(struct exchange *exchange)
{
	MHD_resume_connection(exchange->mhd);
}

static void run_identify(void *user)
{
	struct exchange *exchange = user;
	(void)identify(&exchange->request, true);
	resume(exchange);
}

static void run_handle(void *user)
{
	struct exchange *exchange = user;
	struct request *request = &exchange->request;
	bool had_upload = request->upload != NULL;
	request->route->handle(request);
	if (had_upload && !request->upload)
		atomic_fetch_sub(&request->server->metrics.uploads, 1);
	resume(exchange);
}

static enum MHD_Result hand_to_worker(struct exchange *exchange, enum stage stage,
				      void (*run)(void *user))
{
	exchange->stage = stage;
	exchange->task = (struct task){.run = run, .user = exchange};
	if (exchange->connection)
		slow_enter(exchange->connection, PHASE_BUSY);
	MHD_suspend_connection(exchange->mhd);
	workers_add(exchange->http->server->workers, &exchange->task);
	return MHD_YES;
}

/* The head is there, or a worker found out who it is. */
static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	if (exchange->stage == STAGE_HEAD) {
		if (!head_take(exchange, method, version))
			return answer(exchange);
		if (!rates_take(exchange->http->rates, request->address)) {
			respond_header(request, "Retry-After", "5");
			respond_refusal(request, 429, "too many requests");
			return answer(exchange);
		}
		if (find_route(request) && identify(request, false) == WPKG_EBUSY)
			return hand_to_worker(exchange, STAGE_IDENTIFYING, run_identify);
	}
	begin(exchange);
	if (request->response.status != 0)
		return answer(exchange);
	if (exchange->connection)
		slow_enter(exchange->connection, PHASE_BODY);
	return MHD_YES;
}

/* What is wrong is kept for the end of the body: in its middle nothing can be answered. */
static void take_bytes(struct request *request, struct wpkg_str bytes)
{
	struct wpkg_err err;
	if (request->route->body == BODY_STREAM) {
		if (wpkg_upload_write(request->upload, bytes, &err) != WPKG_OK)
			respond_error(request, &err);
		return;
	}
	wpkg_buf_append_str(&request->body, bytes);
	if (request->body.failed != WPKG_OK)
		respond_refusal(request, 413, "more than %llu bytes",
				(unsigned long long)request->server->config.max_invoice);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
	struct request *request = &exchange->request;
	bool is_wanted = request->response.status == 0 && request->route->body != BODY_NONE;
	request->received += *size;
	if (exchange->connection)
		atomic_fetch_add(&exchange->connection->received, *size);
	if (is_wanted)
		take_bytes(request, wpkg_str_of(bytes, *size));
	else
		exchange->drained += *size;
	*size = 0;
	/* Whoever goes on sending what was refused gets no answer. */
	return exchange->drained > DRAIN_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_request(void *user, struct MHD_Connection *mhd, const char *url,
				    const char *method, const char *version, const char *bytes,
				    size_t *size, void **context)
{
	struct exchange *exchange = *context;
	(void)user;
	(void)mhd;
	(void)url;
	if (!exchange || !exchange->request.target.ptr)
		return MHD_NO;
	if (exchange->is_answered)
		return MHD_YES;
	switch (exchange->stage) {
	case STAGE_HEAD:
	case STAGE_IDENTIFYING:
		return take_head(exchange, method, version);
	case STAGE_BODY:
		if (*size > 0)
			return take_body(exchange, bytes, size);
		if (exchange->request.response.status != 0)
			return answer(exchange);
		if (exchange->request.route->waits)
			return hand_to_worker(exchange, STAGE_HANDLING, run_handle);
		if (exchange->connection)
			slow_enter(exchange->connection, PHASE_BUSY);
		exchange->request.route->handle(&exchange->request);
		return answer(exchange);
	case STAGE_HANDLING:
		return answer(exchange);
	case STAGE_ANSWER:
		break;
	}
	return MHD_YES;
}

static void see_connection(void *user, struct MHD_Connection *mhd, void **context,
			   enum MHD_ConnectionNotificationCode code)
{
	struct http *http = user;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			slow_remove(&http->slow, *context);
		*context = NULL;
		atomic_fetch_sub(&http->server->metrics.connections, 1);
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = info ? slow_add(&http->slow, info->connect_fd) : NULL;
	atomic_fetch_add(&http->server->metrics.connections, 1);
}

/* Targets are decoded by us, strictly; the library leaves them as they came. */
static size_t keep_escapes(void *user, struct MHD_Connection *mhd, char *text)
{
	(void)user;
	(void)mhd;
	return strlen(text);
}

static void log_library(void *user, const char *format, va_list args) WPKG_PRINTF(2, 0);

static void log_library(void *user, const char *format, va_list args)
{
	char text[256];
	(void)user;
	vsnprintf(text, sizeof(text), format, args);
	log_event("http", "message", text);
}

static enum wpkg_status read_pem(char **out, const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, PEM_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK)
		*out = wpkg_buf_detach(&text);
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status read_certificate(struct http *http, struct wpkg_err *err)
{
	const struct config *config = &http->server->config;
	if (!config->tls_cert)
		return WPKG_OK;
	enum wpkg_status status = read_pem(&http->certificate, config->tls_cert, err);
	return status == WPKG_OK ? read_pem(&http->key, config->tls_key, err) : status;
}

static enum wpkg_status start_daemon(struct http *http, int socket, struct wpkg_err *err)
{
	const struct config *config = &http->server->config;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (http->certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
		{MHD_OPTION_END, 0, NULL},
	};
	if (!http->certificate)
		tls[0] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	http->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, take_request, http, MHD_OPTION_EXTERNAL_LOGGER, log_library,
		NULL, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned)config->threads, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)config->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)config->max_connections_per_address, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)config->idle_timeout, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)config->max_header, MHD_OPTION_NOTIFY_COMPLETED, end_request, http,
		MHD_OPTION_NOTIFY_CONNECTION, see_connection, http, MHD_OPTION_URI_LOG_CALLBACK,
		begin_request, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	return http->daemon ? WPKG_OK
			    : WPKG_FAIL(err, WPKG_EINVAL, "the HTTP server does not start (%s)",
					http->certificate ? "are certificate and key right?"
							  : "its log says more");
}

enum wpkg_status http_start(struct http **out, struct server *server, int socket,
			    struct wpkg_err *err)
{
	struct http *http = wpkg_mem_calloc(1, sizeof(*http));
	if (!http)
		return WPKG_FAIL(err, WPKG_ENOMEM, "http: no memory");
	http->server = server;
	enum wpkg_status status = slow_start(&http->slow, &server->config, err);
	if (status == WPKG_OK)
		status = rates_new(&http->rates, server->config.max_requests_per_address, err);
	if (status == WPKG_OK)
		status = read_certificate(http, err);
	if (status == WPKG_OK)
		status = start_daemon(http, socket, err);
	if (status != WPKG_OK)
		http_stop(http);
	else
		*out = http;
	return status;
}

void http_quiesce(struct http *http)
{
	int socket = MHD_quiesce_daemon(http->daemon);
	if (socket >= 0)
		close(socket);
}

unsigned http_pending(const struct http *http)
{
	return atomic_load(&http->pending);
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	slow_stop(&http->slow);
	rates_free(http->rates);
	wpkg_mem_free(http->certificate);
	if (http->key)
		wpkg_mem_wipe(http->key, strlen(http->key));
	wpkg_mem_free(http->key);
	wpkg_mem_free(http);
}
