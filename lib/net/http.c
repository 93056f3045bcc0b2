/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each exchange is one easy handle of the client's multi handle, which keeps connections. What
 * libcurl calls back for (body in, body out, headers) goes to the exchange's transfer; a failure
 * there is kept in the exchange and wins over curl's own word for it ("write error").
 */
#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "curl_int.h"
#include "net/public_address.h"

#define PARALLEL_MAX 16
#define REFUSAL_MAX ((size_t)64 * 1024) /* bytes kept of a refusal's body */
#define HEADERS_MAX ((size_t)256 * 1024)
#define STOP_MS 100 /* between two looks at whether to stop */
#define SLOWEST 64  /* bytes a second; slower counts as silence */

struct wpkg_http {
	const struct curl_api *api;
	CURLM *multi;
	struct wpkg_http_options options;
};

struct wpkg_http_transfer {
	struct wpkg_http *http;
	struct wpkg_http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	uint64_t sent;	   /* bytes of the body that curl has */
	uint64_t received; /* bytes of the answer's body */
	bool refused;	   /* to connect to an address */
	char why[CURL_ERROR_SIZE];
};

const char *wpkg_http_method_name(enum wpkg_http_method method)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
	return names[method];
}

void wpkg_http_exchange_clear(struct wpkg_http_exchange *exchange)
{
	wpkg_buf_clear(&exchange->text);
	wpkg_buf_clear(&exchange->headers);
}

struct wpkg_str wpkg_http_header(const struct wpkg_http_exchange *exchange, const char *name,
				 size_t index)
{
	struct wpkg_str rest = wpkg_buf_str(&exchange->headers);
	struct wpkg_str line;
	while (wpkg_str_split(&rest, '\n', &line)) {
		size_t colon = wpkg_str_find(line, ':');
		struct wpkg_str found = wpkg_str_slice(line, 0, colon);
		if (colon < line.len && wpkg_str_equal_nocase(found, wpkg_str_from(name)) &&
		    index-- == 0)
			return wpkg_str_trim(wpkg_str_from_offset(line, colon + 1));
	}
	return (struct wpkg_str){0};
}

/* What libcurl calls. */

static void fail(struct wpkg_http_exchange *exchange, enum wpkg_status status, const char *text)
{
	wpkg_err_set(&exchange->err, status, "%s", text);
	exchange->result = status;
}

/* The sink may look at the status, too. */
static bool is_success(const struct wpkg_http_transfer *transfer)
{
	long code = 0;
	transfer->http->api->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
	transfer->exchange->status = (unsigned)code;
	return code >= 200 && code < 300;
}

/* The start of a refusal is kept for its message; the rest of it is not worth a failure. */
static size_t take_refusal(struct wpkg_http_exchange *exchange, struct wpkg_str bytes)
{
	size_t room = REFUSAL_MAX - exchange->text.len;
	wpkg_buf_append_str(&exchange->text, wpkg_str_slice(bytes, 0, room));
	return bytes.len;
}

static size_t on_body(char *ptr, size_t size, size_t count, void *user)
{
	struct wpkg_http_transfer *transfer = user;
	struct wpkg_http_exchange *exchange = transfer->exchange;
	struct wpkg_str bytes = wpkg_str_of(ptr, size * count);
	if (!is_success(transfer))
		return take_refusal(exchange, bytes);
	transfer->received += bytes.len;
	if (transfer->received > exchange->max_answer) {
		wpkg_err_set(&exchange->err, WPKG_ELIMIT,
			     "the server sends more than the %llu bytes expected",
			     (unsigned long long)exchange->max_answer);
		exchange->result = WPKG_ELIMIT;
		return 0;
	}
	if (exchange->sink) {
		exchange->result = exchange->sink(exchange->user, bytes, &exchange->err);
	} else {
		wpkg_buf_append_str(&exchange->text, bytes);
		exchange->result = wpkg_buf_check(&exchange->text, "answer", &exchange->err);
	}
	if (exchange->result != WPKG_OK)
		return 0;
	if (exchange->progress)
		exchange->progress(exchange->user, bytes.len);
	return bytes.len;
}

static size_t on_header(char *ptr, size_t size, size_t count, void *user)
{
	struct wpkg_http_transfer *transfer = user;
	struct wpkg_http_exchange *exchange = transfer->exchange;
	struct wpkg_str line = wpkg_str_of(ptr, size * count);
	/* A status line begins another answer: the one before was a redirect or "continue". */
	if (wpkg_str_starts(line, WPKG_LIT("HTTP/")))
		wpkg_buf_reset(&exchange->headers);
	else
		wpkg_buf_append_str(&exchange->headers, line);
	exchange->result = wpkg_buf_check(&exchange->headers, "headers", &exchange->err);
	return exchange->result == WPKG_OK ? line.len : 0;
}

static size_t read_memory(struct wpkg_http_transfer *transfer, char *out, size_t room)
{
	struct wpkg_str rest =
		wpkg_str_from_offset(transfer->exchange->body, (size_t)transfer->sent);
	size_t n = rest.len < room ? rest.len : room;
	if (n > 0)
		memcpy(out, rest.ptr, n);
	return n;
}

static size_t read_file(struct wpkg_http_transfer *transfer, char *out, size_t room)
{
	struct wpkg_http_exchange *exchange = transfer->exchange;
	uint64_t left = exchange->body_size - transfer->sent;
	if (left == 0)
		return 0;
	ssize_t n = pread(exchange->body_fd, out, left < room ? (size_t)left : room,
			  (off_t)transfer->sent);
	if (n > 0)
		return (size_t)n;
	if (n < 0)
		wpkg_err_set_errno(&exchange->err, errno, "file");
	else
		wpkg_err_set(&exchange->err, WPKG_EIO, "the file became shorter while it was sent");
	exchange->result = WPKG_EIO;
	return CURL_READFUNC_ABORT;
}

static size_t on_need(char *out, size_t size, size_t count, void *user)
{
	struct wpkg_http_transfer *transfer = user;
	struct wpkg_http_exchange *exchange = transfer->exchange;
	size_t room = size * count;
	size_t n = exchange->from_fd ? read_file(transfer, out, room)
				     : read_memory(transfer, out, room);
	if (n == CURL_READFUNC_ABORT)
		return n;
	transfer->sent += n;
	if (n > 0 && exchange->progress)
		exchange->progress(exchange->user, n);
	return n;
}

/* A kept connection that turns out to be closed makes curl begin the body anew. */
static int on_rewind(void *user, curl_off_t offset, int origin)
{
	struct wpkg_http_transfer *transfer = user;
	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	transfer->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Setting up. */

/* One setopt after the other; the first failure sticks. */
#define SET(option, value)                                                                         \
	do {                                                                                       \
		if (code == CURLE_OK)                                                              \
			code = api->easy_setopt(easy, (option), (value));                          \
	} while (0)

static CURLcode set_bounds(struct wpkg_http_transfer *transfer)
{
	const struct curl_api *api = transfer->http->api;
	const struct wpkg_http_options *options = &transfer->http->options;
	const struct wpkg_http_exchange *exchange = transfer->exchange;
	CURL *easy = transfer->easy;
	CURLcode code = CURLE_OK;
	uint64_t stall = exchange->stall_seconds ? exchange->stall_seconds : options->stall_seconds;
	bool secure = strncmp(exchange->url, "https:", 6) == 0;
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
	/* Only what may be repeated follows; a redirected upload is an error of the server. */
	SET(CURLOPT_FOLLOWLOCATION, exchange->method <= WPKG_HTTP_HEAD ? 1L : 0L);
	SET(CURLOPT_MAXREDIRS, (long)options->redirects);
	SET(CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT, (long)options->connect_seconds);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
	SET(CURLOPT_LOW_SPEED_TIME, (long)stall);
	if (exchange->most_seconds > 0)
		SET(CURLOPT_TIMEOUT, (long)exchange->most_seconds);
	if (exchange->ca_file || options->ca_file)
		SET(CURLOPT_CAINFO, exchange->ca_file ? exchange->ca_file : options->ca_file);
	return code;
}

/* Of several addresses of a name another may do. */
static curl_socket_t open_public(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct wpkg_http_transfer *transfer = user;
	(void)purpose;
	if (!wpkg_address_is_public(&address->addr)) {
		transfer->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* One connection each: another's may lead where this one must not. */
static CURLcode set_only_public(struct wpkg_http_transfer *transfer)
{
	const struct curl_api *api = transfer->http->api;
	CURL *easy = transfer->easy;
	CURLcode code = CURLE_OK;
	SET(CURLOPT_OPENSOCKETFUNCTION, open_public);
	SET(CURLOPT_OPENSOCKETDATA, transfer);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	return code;
}

static CURLcode set_body(struct wpkg_http_transfer *transfer)
{
	const struct curl_api *api = transfer->http->api;
	const struct wpkg_http_exchange *exchange = transfer->exchange;
	CURL *easy = transfer->easy;
	CURLcode code = CURLE_OK;
	uint64_t size = exchange->from_fd ? exchange->body_size : exchange->body.len;
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	SET(CURLOPT_READFUNCTION, on_need);
	SET(CURLOPT_READDATA, transfer);
	SET(CURLOPT_SEEKFUNCTION, on_rewind);
	SET(CURLOPT_SEEKDATA, transfer);
	return code;
}

static bool has_body(const struct wpkg_http_exchange *exchange)
{
	return exchange->method == WPKG_HTTP_POST || exchange->method == WPKG_HTTP_PUT;
}

static CURLcode set_request(struct wpkg_http_transfer *transfer)
{
	const struct curl_api *api = transfer->http->api;
	const struct wpkg_http_exchange *exchange = transfer->exchange;
	CURL *easy = transfer->easy;
	CURLcode code = CURLE_OK;
	SET(CURLOPT_URL, exchange->url);
	SET(CURLOPT_USERAGENT, "wpkg/" WPKG_VERSION);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->why);
	SET(CURLOPT_PRIVATE, (char *)transfer);
	if (exchange->method == WPKG_HTTP_HEAD)
		SET(CURLOPT_NOBODY, 1L);
	if (exchange->method == WPKG_HTTP_DELETE)
		SET(CURLOPT_CUSTOMREQUEST, "DELETE");
	if (exchange->method == WPKG_HTTP_PUT)
		SET(CURLOPT_CUSTOMREQUEST, "PUT");
	if (code == CURLE_OK && has_body(exchange))
		code = set_body(transfer);
	return code;
}

/* Appends "Name: value"; an empty value takes a header away that curl would send. */
static bool add_header(struct wpkg_http_transfer *transfer, const char *name, const char *value)
{
	struct wpkg_buf line;
	struct curl_slist *longer = NULL;
	wpkg_buf_init(&line, 16384);
	wpkg_buf_append_format(&line, "%s:%s%s", name, value[0] ? " " : "", value);
	if (line.failed == WPKG_OK)
		longer = transfer->http->api->slist_append(transfer->headers, wpkg_buf_text(&line));
	wpkg_buf_wipe(&line);
	if (longer)
		transfer->headers = longer;
	return longer != NULL;
}

static bool add_headers(struct wpkg_http_transfer *transfer)
{
	const struct wpkg_http_exchange *exchange = transfer->exchange;
	const char *type = exchange->content_type ? exchange->content_type : "";
	if (!add_header(transfer, "Accept", exchange->accept ? exchange->accept : "*/*"))
		return false;
	if (has_body(exchange) && !add_header(transfer, "Content-Type", type))
		return false;
	const char *trace = transfer->http->options.traceparent;
	if (trace && !add_header(transfer, "traceparent", trace))
		return false;
	for (const char *const *at = exchange->more_headers; at && at[0]; at += 2)
		if (!add_header(transfer, at[0], at[1]))
			return false;
	return !exchange->authorization ||
	       add_header(transfer, "Authorization", exchange->authorization);
}

static void transfer_free(struct wpkg_http_transfer *transfer)
{
	const struct curl_api *api = transfer->http->api;
	if (transfer->easy)
		api->easy_cleanup(transfer->easy);
	api->slist_free_all(transfer->headers);
	wpkg_mem_free(transfer);
}

static enum wpkg_status begin(struct wpkg_http *http, struct wpkg_http_exchange *exchange,
			      struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	uint64_t most = exchange->max_answer > REFUSAL_MAX ? exchange->max_answer : REFUSAL_MAX;
	struct wpkg_http_transfer *transfer = wpkg_mem_calloc(1, sizeof(*transfer));
	if (!transfer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a request");
	wpkg_buf_init(&exchange->text, most < SIZE_MAX ? (size_t)most : SIZE_MAX);
	wpkg_buf_init(&exchange->headers, HEADERS_MAX);
	exchange->result = WPKG_OK;
	exchange->status = 0;
	exchange->request_id[0] = '\0';
	transfer->http = http;
	transfer->exchange = exchange;
	transfer->easy = http->api->easy_init();
	if (!transfer->easy || !add_headers(transfer)) {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a request");
		goto out;
	}
	CURLcode code = set_bounds(transfer);
	if (code == CURLE_OK && exchange->only_public)
		code = set_only_public(transfer);
	if (code == CURLE_OK)
		code = set_request(transfer);
	if (code != CURLE_OK) {
		status = WPKG_FAIL(err, WPKG_EINVAL, "%s: %s", exchange->url,
				   http->api->easy_strerror(code));
		goto out;
	}
	CURLMcode added = http->api->multi_add_handle(http->multi, transfer->easy);
	if (added != CURLM_OK)
		status = WPKG_FAIL(err, WPKG_EIO, "%s", http->api->multi_strerror(added));
out:
	if (status != WPKG_OK)
		transfer_free(transfer);
	else
		exchange->transfer = transfer;
	return status;
}

/* Ending. */

static enum wpkg_status status_of(CURLcode code)
{
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return WPKG_ENOMEM;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return WPKG_EDENIED;
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		return WPKG_EFORMAT;
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return WPKG_EBUSY;
	default:
		return WPKG_EIO;
	}
}

static void note_request_id(struct wpkg_http_exchange *exchange)
{
	struct wpkg_str id = wpkg_http_header(exchange, "x-request-id", 0);
	snprintf(exchange->request_id, sizeof(exchange->request_id), "%.*s", WPKG_STR_ARG(id));
}

static void take_result(struct wpkg_http_transfer *transfer, CURLcode code)
{
	const struct curl_api *api = transfer->http->api;
	struct wpkg_http_exchange *exchange = transfer->exchange;
	long status = 0;
	api->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	api->easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME, &exchange->seconds);
	if (code == CURLE_OK) {
		exchange->status = (unsigned)status;
		note_request_id(exchange);
		return;
	}
	/*
	 * A server may answer an upload early and close: the answer counts, not the broken pipe.
	 */
	if (code == CURLE_SEND_ERROR && status >= 400) {
		exchange->status = (unsigned)status;
		note_request_id(exchange);
		return;
	}
	exchange->status = 0;
	if (exchange->result == WPKG_OK && transfer->refused && status == 0)
		fail(exchange, WPKG_EDENIED, "its address is not one of the Internet");
	if (exchange->result == WPKG_OK)
		fail(exchange, status_of(code),
		     transfer->why[0] ? transfer->why : api->easy_strerror(code));
	wpkg_err_prepend(&exchange->err, "%s", exchange->url);
}

static void end(struct wpkg_http *http, struct wpkg_http_exchange *exchange)
{
	struct wpkg_http_transfer *transfer = exchange->transfer;
	http->api->multi_remove_handle(http->multi, transfer->easy);
	transfer_free(transfer);
	exchange->transfer = NULL;
	if (http->options.trace)
		http->options.trace(http->options.user, exchange);
}

/* A run: which exchanges are under way, and the first failure. */
struct run {
	struct wpkg_http *http;
	const struct wpkg_http_queue *queue;
	struct wpkg_http_exchange *running[PARALLEL_MAX];
	unsigned count;
	bool drained; /* something failed: no more are begun */
	enum wpkg_status status;
	struct wpkg_err *err;
};

static void note(struct run *run, enum wpkg_status status, const struct wpkg_err *why)
{
	if (status == WPKG_OK)
		return;
	run->drained = true;
	if (run->status == WPKG_OK) {
		run->status = status;
		if (run->err)
			*run->err = *why;
	}
}

static void give_back(struct run *run, struct wpkg_http_exchange *exchange)
{
	struct wpkg_err why = {0};
	enum wpkg_status status = run->queue->done(run->queue->user, exchange, &why);
	note(run, status, &why);
}

static void fill(struct run *run)
{
	unsigned room = run->queue->parallel < PARALLEL_MAX ? run->queue->parallel : PARALLEL_MAX;
	while (!run->drained && run->count < (room ? room : 1)) {
		struct wpkg_http_exchange *exchange = NULL;
		struct wpkg_err why = {0};
		enum wpkg_status status = run->queue->next(run->queue->user, &exchange, &why);
		note(run, status, &why);
		if (run->drained || !exchange)
			return;
		status = begin(run->http, exchange, &why);
		if (status == WPKG_OK) {
			run->running[run->count++] = exchange;
		} else {
			exchange->result = status;
			exchange->err = why;
			give_back(run, exchange);
		}
	}
}

static void forget(struct run *run, const struct wpkg_http_exchange *exchange)
{
	for (unsigned i = 0; i < run->count; i++)
		if (run->running[i] == exchange)
			run->running[i] = run->running[--run->count];
}

static void collect(struct run *run)
{
	const struct curl_api *api = run->http->api;
	int left = 0;
	CURLMsg *message = api->multi_info_read(run->http->multi, &left);
	for (; message; message = api->multi_info_read(run->http->multi, &left)) {
		if (message->msg != CURLMSG_DONE)
			continue;
		char *mine = NULL;
		CURLcode code = message->data.result;
		api->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &mine);
		struct wpkg_http_transfer *transfer = (struct wpkg_http_transfer *)(void *)mine;
		struct wpkg_http_exchange *exchange = transfer->exchange;
		take_result(transfer, code);
		end(run->http, exchange);
		forget(run, exchange);
		give_back(run, exchange);
	}
}

static void give_up(struct run *run)
{
	while (run->count > 0) {
		struct wpkg_http_exchange *exchange = run->running[--run->count];
		fail(exchange, WPKG_EBUSY, "given up because another request failed");
		end(run->http, exchange);
		give_back(run, exchange);
	}
}

enum wpkg_status wpkg_http_run_queue(struct wpkg_http *http, const struct wpkg_http_queue *queue,
				     struct wpkg_err *err)
{
	struct run run = {.http = http, .queue = queue, .err = err};
	const atomic_bool *stop = http->options.stop;
	for (;;) {
		if (stop && atomic_load(stop)) {
			struct wpkg_err why;
			wpkg_err_set(&why, WPKG_EBUSY, "stopped");
			note(&run, WPKG_EBUSY, &why);
		}
		fill(&run);
		if (run.status != WPKG_OK || run.count == 0)
			break;
		int running = 0;
		CURLMcode code = http->api->multi_perform(http->multi, &running);
		if (code == CURLM_OK && running == (int)run.count)
			code = http->api->multi_poll(http->multi, NULL, 0, stop ? STOP_MS : 1000,
						     NULL);
		if (code != CURLM_OK) {
			struct wpkg_err why;
			wpkg_err_set(&why, WPKG_EIO, "%s", http->api->multi_strerror(code));
			note(&run, WPKG_EIO, &why);
		}
		collect(&run);
	}
	give_up(&run);
	return run.status;
}

/* One exchange is a queue of one. */

static enum wpkg_status next_once(void *user, struct wpkg_http_exchange **out, struct wpkg_err *err)
{
	struct wpkg_http_exchange **only = user;
	(void)err;
	*out = *only;
	*only = NULL;
	return WPKG_OK;
}

static enum wpkg_status done_once(void *user, struct wpkg_http_exchange *exchange,
				  struct wpkg_err *err)
{
	(void)user;
	if (exchange->result != WPKG_OK && err)
		*err = exchange->err;
	return exchange->result;
}

enum wpkg_status wpkg_http_run(struct wpkg_http *http, struct wpkg_http_exchange *exchange,
			       struct wpkg_err *err)
{
	struct wpkg_http_queue queue = {
		.parallel = 1, .next = next_once, .done = done_once, .user = (void *)&exchange};
	return wpkg_http_run_queue(http, &queue, err);
}

enum wpkg_status wpkg_http_new(struct wpkg_http **out, const struct wpkg_http_options *options,
			       struct wpkg_err *err)
{
	struct wpkg_http *http = wpkg_mem_calloc(1, sizeof(*http));
	if (!http)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for an HTTP client");
	enum wpkg_status status = curl_api_load(&http->api, err);
	if (status != WPKG_OK) {
		wpkg_mem_free(http);
		return status;
	}
	http->options = *options;
	if (http->options.connect_seconds == 0)
		http->options.connect_seconds = 15;
	if (http->options.stall_seconds == 0)
		http->options.stall_seconds = 60;
	if (http->options.redirects == 0)
		http->options.redirects = 5;
	http->multi = http->api->multi_init();
	if (!http->multi) {
		wpkg_mem_free(http);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for an HTTP client");
	}
	*out = http;
	return WPKG_OK;
}

void wpkg_http_free(struct wpkg_http *http)
{
	if (!http)
		return;
	http->api->multi_cleanup(http->multi);
	wpkg_mem_free(http);
}
