/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way. libmicrohttpd calls exchange_take again and again for it, on one of its threads:
 * when the head is there, for each piece of the body, and at the end. What would wait there is done
 * by a worker while the connection is suspended; then the library calls again. What waits for a
 * commit alone needs no worker: its handler gives the request to the store, whose thread ends it.
 *
 *   head -> [identify]* -> begin -> body ... -> handle* [-> a further step]* -> answer
 *                                                                       * on a worker
 *
 * A refusal is given at the head, before the body, to a client that waits for it (Expect) or would
 * send much. Otherwise the body is read and thrown away first: a connection that is closed with
 * bytes unread is reset, and the reset may overtake the refusal. In the middle of a body the
 * library takes no answer at all.
 */
#include "http_int.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "answer_cache.h"
#include "log.h"
#include "oci.h"
#include "store/blob.h"
#include "store/session.h"

#define ARENA_MAX ((size_t)256 << 20)
#define RESPONSE_MAX ((size_t)128 << 20)
#define DRAIN_MAX ((uint64_t)4 << 20) /* bytes of an unwanted body that are read */

/* Begin and end. */

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/*
 * The library would split the query into records of its own, which nobody reads here. A few
 * thousand of them fill the memory that it has for a connection, and then it has none for an
 * answer: it goes silent. So in its copy the query is empty.
 */
static void forget_query(const char *target)
{
	char *query = strchr(target, '?');
	if (query)
		query[1] = '\0';
}

/* The server's own digits, and a count. */
static void make_id(char out[WPKG_CAUSE_REQUEST_MAX + 1], struct server *server)
{
	uint8_t bytes[8];
	uint64_t number = atomic_fetch_add_explicit(&server->next_request, 1, memory_order_relaxed);
	uint64_t id = server->id_seed << 32 | (number & UINT32_MAX);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(id >> (56 - 8 * i));
	wpkg_hex_format(out, bytes, sizeof(bytes));
}

/* The library's first word about a request: its target, before anything is decoded. */
void *exchange_begin(void *user, const char *target, struct MHD_Connection *mhd)
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
	request->is_internal = http->audience == HTTP_OPERATORS;
	request->started = wpkg_clock_monotonic();
	request->method = METHOD_OTHER;
	request->content_length = UINT64_MAX;
	request->response.fd = -1;
	wpkg_arena_init(&request->arena, ARENA_MAX);
	wpkg_buf_init(&request->response.body, RESPONSE_MAX);
	make_id(request->cause.request, http->server);
	const union MHD_ConnectionInfo *client =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	address_format(request->address, client ? client->client_addr : NULL);
	request->target = wpkg_arena_dup(&request->arena, wpkg_str_from(target));
	forget_query(target);
	atomic_fetch_add(&http->pending, 1);
	return exchange;
}

static void log_trace(struct log_line *line, const struct request *request)
{
	struct wpkg_str trace = wpkg_str_from(request->cause.traceparent);
	if (trace.len == 0)
		return;
	log_text(line, "trace", wpkg_str_slice(trace, WPKG_TRACE_AT, WPKG_SPAN_AT - 1));
	log_text(line, "span", wpkg_str_slice(trace, WPKG_SPAN_AT, WPKG_SPAN_AT + WPKG_SPAN_LEN));
	if (request->parent[0])
		log_text(line, "parent", wpkg_str_from(request->parent));
}

static void log_request(const struct request *request, uint64_t nanoseconds, bool is_whole)
{
	struct log_line line;
	const struct response *response = &request->response;
	log_begin(&line, "request");
	log_text(&line, "id", wpkg_str_from(request->cause.request));
	log_text(&line, "address", wpkg_str_from(request->address));
	log_text(&line, "method", wpkg_str_from(method_name(request->method)));
	/* Without the query: it may hold what somebody mistook for a place for secrets. */
	log_text(&line, "path",
		 wpkg_str_slice(request->target, 0, wpkg_str_find(request->target, '?')));
	if (request->user.len > 0)
		log_text(&line, "user", request->user);
	log_number(&line, "status", response->status);
	log_number(&line, "received", (int64_t)request->received);
	log_number(&line, "sent", (int64_t)response->sent);
	log_number(&line, "microseconds", (int64_t)(nanoseconds / 1000));
	if (request->route)
		log_text(&line, "route", wpkg_str_from(request->route->name));
	if (response->status >= 400) {
		log_text(&line, "reason", wpkg_str_from(response_reason(response)));
		if (response->error.len > 0)
			log_text(&line, "error", response->error);
	}
	if (!is_whole)
		log_text(&line, "end", WPKG_LIT("cut"));
	log_trace(&line, request);
	log_end(&line);
}

/* The body is over, or will never be. */
static void end_upload(struct exchange *exchange)
{
	if (exchange->is_upload)
		atomic_fetch_sub(&exchange->http->server->metrics.uploads, 1);
	exchange->is_upload = false;
}

static void free_exchange(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	end_upload(exchange);
	wpkg_upload_abort(request->upload);
	if (request->session)
		wpkg_session_drop(request->session);
	if (request->response.fd >= 0)
		close(request->response.fd);
	kept_answer_release(request->response.kept);
	wpkg_buf_clear(&request->response.body);
	wpkg_buf_clear(&request->body);
	wpkg_arena_clear(&request->arena);
	wpkg_mem_free(exchange);
}

const char *refusal_of_library(unsigned status)
{
	switch (status) {
	case MHD_HTTP_CONTENT_TOO_LARGE:
	case MHD_HTTP_URI_TOO_LONG:
	case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
		return "too-large";
	default:
		return status < 500 || status == MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED ? "malformed"
										     : "internal";
	}
}

/* The library answered before it ever gave us the request: it has counted the refusal already. */
static void take_answer_of_library(struct response *response, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
	if (!info || info->http_status < 400)
		return;
	response->status = info->http_status;
	response->reason = refusal_of_library(info->http_status);
	response->is_counted = true;
}

void exchange_end(void *user, struct MHD_Connection *mhd, void **context,
		  enum MHD_RequestTerminationCode code)
{
	struct http *http = user;
	struct exchange *exchange = *context;
	if (!exchange)
		return;
	struct request *request = &exchange->request;
	if (request->response.status == 0)
		take_answer_of_library(&request->response, mhd);
	uint64_t took = wpkg_clock_monotonic() - request->started;
	metrics_count_request(&http->server->metrics, request, took);
	log_request(request, took, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (exchange->connection)
		atomic_store(&exchange->connection->is_used, true);
	slow_enter(exchange->connection, PHASE_HEAD);
	free_exchange(exchange);
	*context = NULL;
	atomic_fetch_sub(&http->pending, 1);
}

/* Before the body. */

/* Which route? False, and the answer is made, when there is none. */
static bool find_route(struct request *request)
{
	unsigned allowed;
	struct wpkg_buf methods;
	request->route = route_find(request, &allowed);
	if (request->route)
		return true;
	/* Before a page's request anything may be asked: that makes no resource. */
	if ((allowed & ~(unsigned)METHOD_OPTIONS) == 0) {
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

static void challenge(struct request *request)
{
	if (request->route->style == REFUSAL_OCI) {
		oci_challenge(request);
		return;
	}
	respond_challenge(request);
}

/* WPKG_EBUSY, and nothing was answered, when only a worker can tell. */
static enum wpkg_status identify(struct request *request, bool wait)
{
	struct wpkg_err err;
	struct identity identity;
	struct server *server = request->server;
	enum wpkg_status status =
		users_identify(&identity, server->users, &request->arena, request->authorization,
			       request->network, wait, &err);
	if (status == WPKG_EBUSY && !wait)
		return status;
	if (status == WPKG_OK) {
		request->user = identity.user;
		request->scope = identity.scope;
	} else if (status == WPKG_EDENIED) {
		request->response.reason = "wrong-login";
		challenge(request);
		respond_refusal(request, 401, "%s", err.msg);
	} else if (status == WPKG_ELIMIT) {
		request->response.reason = "too-many-logins";
		respond_header(request, "Retry-After", "60");
		respond_refusal(request, 429, "%s", err.msg);
	} else {
		respond_error(request, &err);
	}
	return status;
}

static void identify_and_wait(struct request *request)
{
	(void)identify(request, true);
}

/* A route that needs a user, and nobody logged in: say that a login would help. */
static bool needs_login(struct request *request)
{
	const struct config *config = &request->server->config;
	bool needed = request->route->writes || (config->is_private && !request->route->is_open);
	if (config->unauthenticated || request->is_internal || !needed || request->user.len > 0)
		return false;
	challenge(request);
	respond_refusal(request, 401, "access denied");
	return true;
}

static void refuse_size(struct request *request, uint64_t most)
{
	respond_refusal(request, 413, "more than %llu bytes", (unsigned long long)most);
}

static uint64_t body_max(const struct request *request)
{
	uint64_t most = request->route->body_max;
	return most > 0 ? most : atomic_load(&request->server->limits.max_invoice);
}

/* False, and the answer is made, when there were too many of that key lately. */
static bool take_turn(struct request *request, struct rates *rates, struct wpkg_str key)
{
	unsigned seconds = rates_take(rates, key);
	if (seconds == 0)
		return true;
	respond_header(request, "Retry-After",
		       wpkg_arena_format(&request->arena, "%u", seconds).ptr);
	respond_refusal(request, 429, "too many requests: again in %u s", seconds);
	return false;
}

/* Users take turns wherever they come from. */
static bool take_user_turn(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	if (request->user.len == 0)
		return true;
	return take_turn(request, exchange->http->user_rates, request->user) &&
	       (!request->route->pushes ||
		take_turn(request, exchange->http->push_rates, request->user));
}

/* False, and the answer is made, when a push has no room. What takes none goes on. */
static bool has_room(struct request *request)
{
	uint64_t space;
	if (!request->route->pushes || watermark_look(&space, request->server) != DISK_FULL)
		return true;
	respond_refusal(
		request, 507, "the disk has %llu bytes left, and nothing is pushed below %llu",
		(unsigned long long)space, (unsigned long long)request->server->config.keep_free);
	return false;
}

/* Bodies are read as they come: packed ones would be what they are not (RFC 9110, 15.5.16). False,
 * and the answer is made, for one. The digest of a stream's bytes says whether they are the right
 * ones. */
static bool is_unpacked(struct request *request)
{
	struct wpkg_str coding = request->content_encoding;
	if (request->route->body != BODY_TEXT || coding.len == 0 ||
	    wpkg_str_equal_nocase(coding, WPKG_LIT("identity")))
		return true;
	respond_header(request, "Accept-Encoding", "identity");
	respond_refusal(request, 415, "Content-Encoding: send the body as it is");
	return false;
}

/* Whoever asks is known: everything else that can be said before the body is read. */
static void begin(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	exchange->stage = STAGE_BODY;
	if (request->response.status != 0 || needs_login(request) || !take_user_turn(exchange) ||
	    !has_room(request) || !is_unpacked(request))
		return;
	bool is_known = request->content_length != UINT64_MAX;
	if (request->route->body == BODY_NONE && is_known && request->content_length > DRAIN_MAX) {
		refuse_size(request, DRAIN_MAX);
		return;
	}
	if (request->route->body == BODY_TEXT) {
		uint64_t most = body_max(request);
		if (is_known && request->content_length > most)
			refuse_size(request, most);
		wpkg_buf_init(&request->body, (size_t)most);
	}
	if (request->response.status == 0 && request->route->begin)
		request->route->begin(request);
	exchange->is_upload = request->upload || request->session;
	if (exchange->is_upload)
		atomic_fetch_add(&request->server->metrics.uploads, 1);
}

/* Bytes of the body that will come; UINT64_MAX when nobody knows. */
static uint64_t length_of_body(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	if (!exchange->is_chunked)
		return request->content_length != UINT64_MAX ? request->content_length : 0;
	if (request->expected_length > 0)
		return request->expected_length;
	return request->route && request->route->body == BODY_TEXT ? body_max(request) : UINT64_MAX;
}

/* May what is refused be read first? Then the connection can stay, too. */
static bool may_drain(const struct exchange *exchange)
{
	return !exchange->expects_continue && !exchange->request.response.closes &&
	       length_of_body(exchange) <= DRAIN_MAX;
}

/* Workers. */

/* Runs the steps of one pool; the next pool's are given to it. */
static void run_steps(void *user);

static bool give_to_pool(struct exchange *exchange, enum pool pool,
			 void (*step)(struct request *request))
{
	exchange->step = step;
	exchange->task = (struct task){.run = run_steps, .user = exchange};
	return workers_add(exchange->http->server->pools[pool], &exchange->task);
}

static void refuse_late(struct request *request)
{
	request->response.reason = "ending";
	respond_header(request, "Retry-After", "5");
	respond_refusal(request, 503, "the server is ending");
}

static void run_steps(void *user)
{
	struct exchange *exchange = user;
	struct request *request = &exchange->request;
	request->next = NULL;
	wpkg_cause_set(&request->cause);
	if (atomic_load(&request->server->is_stopped))
		refuse_late(request);
	else
		exchange->step(request);
	/* From here on another thread may have the request, and end it. */
	wpkg_cause_set(NULL);
	if (request->next) {
		if (give_to_pool(exchange, request->next_pool, request->next))
			return;
		refuse_late(request);
	}
	MHD_resume_connection(exchange->mhd);
}

static enum MHD_Result hand_over(struct exchange *exchange, enum stage stage, enum pool pool,
				 void (*step)(struct request *request))
{
	exchange->stage = stage;
	slow_enter(exchange->connection, PHASE_BUSY);
	MHD_suspend_connection(exchange->mhd);
	if (!give_to_pool(exchange, pool, step)) {
		refuse_late(&exchange->request);
		MHD_resume_connection(exchange->mhd);
	}
	return MHD_YES;
}

/* The head is there, or a worker found out who it is. */
static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	if (exchange->stage == STAGE_HEAD) {
		slow_enter(exchange->connection, PHASE_BUSY);
		if (!head_take(exchange, method, version))
			return exchange_answer(exchange);
		/* First, so that a refusal has the words of its protocol. */
		bool found = find_route(request);
		if (!take_turn(request, exchange->http->rates, wpkg_str_from(request->network)))
			return exchange_answer(exchange);
		if (found && !request->is_internal && identify(request, false) == WPKG_EBUSY)
			return hand_over(exchange, STAGE_IDENTIFYING, POOL_LOGINS,
					 identify_and_wait);
	}
	begin(exchange);
	if (request->response.status != 0 && !may_drain(exchange))
		return exchange_answer(exchange);
	slow_enter(exchange->connection, PHASE_BODY);
	return MHD_YES;
}

/* The body. */

/* What is wrong is kept for the end of the body. */
static void take_bytes(struct request *request, struct wpkg_str bytes)
{
	struct wpkg_err err;
	if (request->route->body == BODY_STREAM) {
		enum wpkg_status status =
			request->session ? wpkg_session_write(request->session, bytes, &err)
					 : wpkg_upload_write(request->upload, bytes, &err);
		if (status != WPKG_OK)
			respond_error(request, &err);
		return;
	}
	wpkg_buf_append_str(&request->body, bytes);
	if (request->body.failed != WPKG_OK)
		refuse_size(request, body_max(request));
}

/* A stream has somewhere to go, or it is a body that nobody asked for. */
static bool wants_body(const struct request *request)
{
	return request->response.status == 0 && request->route->body != BODY_NONE &&
	       (request->route->body != BODY_STREAM || request->session || request->upload);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
	struct request *request = &exchange->request;
	bool is_wanted = wants_body(request);
	request->received += *size;
	if (exchange->connection)
		atomic_fetch_add(&exchange->connection->received, *size);
	if (is_wanted)
		take_bytes(request, wpkg_str_of(bytes, *size));
	else
		exchange->drained += *size;
	*size = 0;
	/* Whoever goes on sending what was refused gets no answer. */
	if (exchange->drained <= DRAIN_MAX)
		return MHD_YES;
	metrics_count_refusal(&request->server->metrics, "unwanted-body");
	return MHD_NO;
}

static void handle(struct request *request)
{
	struct wpkg_moment moment;
	struct answer_cache *cache = request->server->answers;
	struct metrics *metrics = &request->server->metrics;
	bool keeps = answer_cache_takes(&moment, request);
	bool is_kept = keeps && answer_cache_find(cache, request, &moment);
	if (keeps)
		atomic_fetch_add_explicit(is_kept ? &metrics->cache_hits : &metrics->cache_misses,
					  1, memory_order_relaxed);
	if (is_kept)
		return;
	request->route->handle(request);
	if (keeps)
		answer_cache_keep(cache, request, &moment);
}

/* An answer that was kept needs no worker. */
static bool is_kept(struct request *request)
{
	struct wpkg_moment moment;
	return answer_cache_takes(&moment, request) &&
	       answer_cache_find(request->server->answers, request, &moment);
}

void request_end(struct request *request)
{
	struct exchange *exchange = (struct exchange *)request;
	struct http *http = exchange->http;
	MHD_resume_connection(exchange->mhd);
	atomic_fetch_sub(&http->given, 1);
}

/* No thread waits: who has the request may end it before its handler returns. Until then this one,
 * which alone runs the connection, has it as well. */
static enum MHD_Result give_away(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	exchange->stage = STAGE_HANDLING;
	atomic_fetch_add(&exchange->http->given, 1);
	MHD_suspend_connection(exchange->mhd);
	if (atomic_load(&request->server->is_stopped)) {
		refuse_late(request);
		request_end(request);
	} else {
		request->route->handle(request);
	}
	return MHD_YES;
}

static enum MHD_Result take_end(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	end_upload(exchange);
	if (request->response.status != 0)
		return exchange_answer(exchange);
	slow_enter(exchange->connection, PHASE_BUSY);
	if (request->route->is_given && request->session)
		return give_away(exchange);
	if (request->route->pool != POOL_NONE && !is_kept(request))
		return hand_over(exchange, STAGE_HANDLING, request->route->pool, handle);
	if (request->response.status == 0)
		handle(request);
	if (request->next)
		return hand_over(exchange, STAGE_HANDLING, request->next_pool, request->next);
	return exchange_answer(exchange);
}

static enum MHD_Result take(struct exchange *exchange, const char *method, const char *version,
			    const char *bytes, size_t *size)
{
	switch (exchange->stage) {
	case STAGE_HEAD:
	case STAGE_IDENTIFYING:
		return take_head(exchange, method, version);
	case STAGE_BODY:
		return *size > 0 ? take_body(exchange, bytes, size) : take_end(exchange);
	case STAGE_HANDLING:
		return exchange_answer(exchange);
	case STAGE_ANSWER:
		break;
	}
	return MHD_YES;
}

enum MHD_Result exchange_take(void *user, struct MHD_Connection *mhd, const char *url,
			      const char *method, const char *version, const char *bytes,
			      size_t *size, void **context)
{
	struct exchange *exchange = *context;
	(void)user;
	(void)mhd;
	(void)url;
	if (!exchange || !exchange->request.target.ptr)
		return MHD_NO;
	/* Whatever a worker does meanwhile: a request ends on this thread. */
	wpkg_cause_set(&exchange->request.cause);
	enum MHD_Result result = take(exchange, method, version, bytes, size);
	wpkg_cause_set(NULL);
	return result;
}
