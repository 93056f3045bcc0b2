/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_int.h"

#include <stdio.h>

#include "base/mem.h"
#include "data/json.h"
#include "data/toml.h"
#include "net/url.h"

#define URL_MAX ((size_t)16 * 1024)
#define QUERY_ANSWER_MAX ((uint64_t)64 * 1024 * 1024)
#define VERDICT_ANSWER_MAX ((uint64_t)16 * 1024 * 1024)
#define LOGIN_ANSWER_MAX ((uint64_t)64 * 1024)
/* An answer to create holds the invoice, signed, and up to all of its labels once more. */
#define CREATE_ANSWER_MAX ((uint64_t)4 * WPKG_INVOICE_MAX)
/* The registry may run the package's checks before it answers what completes a version. */
#define CHECKING_SECONDS 600

/* The registry. */

enum wpkg_status wpkg_registry_normalise(struct wpkg_buf *out, struct wpkg_str url,
					 struct wpkg_err *err)
{
	struct wpkg_url parts;
	enum wpkg_status status = wpkg_url_parse(&parts, url, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_str path = parts.path;
	while (wpkg_str_ends(path, WPKG_LIT("/")))
		path = wpkg_str_slice(path, 0, path.len - 1);
	if (wpkg_str_ends(path, WPKG_LIT("/v1")))
		path = wpkg_str_slice(path, 0, path.len - 3);
	wpkg_buf_append_str(out, parts.origin);
	wpkg_buf_append_str(out, path);
	return wpkg_buf_check(out, "URL", err);
}

static enum wpkg_status check_credentials(const struct wpkg_registry_options *options,
					  struct wpkg_err *err)
{
	struct wpkg_url parts;
	enum wpkg_status status = wpkg_url_parse(&parts, wpkg_str_from(options->url), err);
	if (status != WPKG_OK || !options->authorization || options->plain_credentials)
		return status;
	if (wpkg_str_equal_text(parts.scheme, "https") || wpkg_url_is_loopback(&parts))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL,
			 "%s has no TLS: credentials would be readable on their way "
			 "('plain-credentials = true' in the configuration allows it)",
			 options->url);
}

enum wpkg_status wpkg_registry_new(struct wpkg_registry **out,
				   const struct wpkg_registry_options *options,
				   struct wpkg_err *err)
{
	struct wpkg_buf url;
	struct wpkg_registry *registry = NULL;
	wpkg_buf_init(&url, URL_MAX);
	enum wpkg_status status = check_credentials(options, err);
	if (status == WPKG_OK)
		status = wpkg_registry_normalise(&url, wpkg_str_from(options->url), err);
	if (status != WPKG_OK)
		goto out;
	registry = wpkg_mem_calloc(1, sizeof(*registry));
	if (registry && options->authorization)
		registry->authorization =
			wpkg_mem_dup_text(options->authorization, strlen(options->authorization));
	if (!registry || (options->authorization && !registry->authorization)) {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a registry");
		goto out;
	}
	registry->url = wpkg_buf_detach(&url);
	status = wpkg_http_new(&registry->http, &options->http, err);
	if (status == WPKG_OK) {
		*out = registry;
		registry = NULL;
	}
out:
	wpkg_registry_free(registry);
	wpkg_buf_clear(&url);
	return status;
}

void wpkg_registry_free(struct wpkg_registry *registry)
{
	if (!registry)
		return;
	wpkg_http_free(registry->http);
	if (registry->authorization)
		wpkg_mem_wipe(registry->authorization, strlen(registry->authorization));
	wpkg_mem_free(registry->authorization);
	wpkg_mem_free(registry->url);
	wpkg_mem_free(registry);
}

const char *wpkg_registry_url(const struct wpkg_registry *registry)
{
	return registry->url;
}

void registry_append_id_url(struct wpkg_buf *buf, const struct wpkg_registry *registry,
			    struct wpkg_str name, struct wpkg_str version)
{
	wpkg_buf_append_format(buf, "%s/v1/_i/", registry->url);
	wpkg_url_append_path(buf, name);
	wpkg_buf_append_byte(buf, '/');
	wpkg_url_append_path(buf, version);
}

/* Refusals. */

/* The text of 'error = "..."' or of a problem's "detail" (RFC 9457), or the first line of anything
 * else; in the arena or borrowed. */
static struct wpkg_str reason_of(struct wpkg_arena *arena,
				 const struct wpkg_http_exchange *exchange)
{
	struct wpkg_value *table = NULL;
	struct wpkg_str text = wpkg_str_trim(wpkg_buf_str(&exchange->text));
	bool is_json = wpkg_str_starts(text, WPKG_LIT("{"));
	enum wpkg_status status = is_json ? wpkg_json_read(&table, arena, text, NULL)
					  : wpkg_toml_read(&table, arena, text, NULL);
	if (status == WPKG_OK) {
		const struct wpkg_value *reason =
			wpkg_value_find(table, is_json ? "detail" : "error");
		if (reason && reason->kind == WPKG_VALUE_STRING)
			return reason->string;
	}
	return wpkg_str_trim(wpkg_str_slice(text, 0, wpkg_str_find(text, '\n')));
}

enum wpkg_status registry_status_of(unsigned code, bool pushed)
{
	switch (code) {
	case 400:
	case 422:
		return pushed ? WPKG_EDENIED : WPKG_EINVAL;
	case 404:
	case 410:
		return WPKG_ENOTFOUND;
	case 409:
		return WPKG_EEXISTS;
	case 413:
		return WPKG_ELIMIT;
	case 408:
	case 429:
	case 502:
	case 503:
	case 504:
	case 507:
		return WPKG_EBUSY;
	default:
		return code >= 500 ? WPKG_EIO : WPKG_EINVAL;
	}
}

static const char *hint_of(unsigned code)
{
	return code == 401 ? " (see 'wpkg login')" : "";
}

const char *registry_request_hint(char out[REGISTRY_HINT],
				  const struct wpkg_http_exchange *exchange)
{
	out[0] = '\0';
	if (exchange->status >= 500 && exchange->request_id[0])
		snprintf(out, REGISTRY_HINT, " (request %s)", exchange->request_id);
	return out;
}

enum wpkg_status registry_judge(const struct wpkg_http_exchange *exchange, bool pushed,
				struct wpkg_err *err)
{
	char request[REGISTRY_HINT];
	if (exchange->result != WPKG_OK) {
		if (err)
			*err = exchange->err;
		return exchange->result;
	}
	if (exchange->status >= 200 && exchange->status < 300)
		return WPKG_OK;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, (size_t)1024 * 1024);
	struct wpkg_str reason = reason_of(&arena, exchange);
	enum wpkg_status status = registry_status_of(exchange->status, pushed);
	if (reason.len > 0)
		wpkg_err_set(err, status, "%.*s%s%s", WPKG_STR_ARG(reason),
			     hint_of(exchange->status), registry_request_hint(request, exchange));
	else
		wpkg_err_set(err, status, "%s answers %u to %s%s%s", exchange->url,
			     exchange->status, wpkg_http_method_name(exchange->method),
			     hint_of(exchange->status), registry_request_hint(request, exchange));
	wpkg_arena_clear(&arena);
	return status;
}

#define PREFER(seconds) PREFER_TEXT(seconds)
#define PREFER_TEXT(seconds) "respond-async, wait=" #seconds
const char *const registry_prefer[] = {"Prefer", PREFER(WPKG_REGISTRY_PREFER_SECONDS), NULL};

/* Bindle's own 202 means that parcels are missing. */
bool registry_is_checking(const struct wpkg_http_exchange *exchange)
{
	return exchange->status == 202 &&
	       wpkg_str_starts(wpkg_http_header(exchange, "Preference-Applied", 0),
			       WPKG_LIT("respond-async"));
}

/* Requests whose answer is a document. */

struct request {
	struct wpkg_http_exchange exchange;
	struct wpkg_buf url;
};

static void request_init(struct request *request, const struct wpkg_registry *registry,
			 enum wpkg_http_method method, uint64_t max_answer)
{
	*request = (struct request){.exchange = {.method = method,
						 .accept = "application/toml",
						 .authorization = registry->authorization,
						 .max_answer = max_answer}};
	wpkg_buf_init(&request->url, URL_MAX);
}

static void request_clear(struct request *request)
{
	wpkg_http_exchange_clear(&request->exchange);
	wpkg_buf_clear(&request->url);
}

static enum wpkg_status request_run(struct request *request, struct wpkg_registry *registry,
				    bool pushed, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_buf_check(&request->url, "URL", err);
	if (status != WPKG_OK)
		return status;
	request->exchange.url = wpkg_buf_text(&request->url);
	status = wpkg_http_run(registry->http, &request->exchange, err);
	return status == WPKG_OK ? registry_judge(&request->exchange, pushed, err) : status;
}

/* What is no TOML was most likely not sent by a registry: say so. */
static enum wpkg_status read_answer(struct wpkg_value **out, struct wpkg_arena *arena,
				    const struct request *request, struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_toml_read(out, arena, wpkg_buf_str(&request->exchange.text), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "the answer of %s is not that of a registry",
				 request->exchange.url);
	return status;
}

static enum wpkg_status wrong_answer(struct wpkg_err *err, enum wpkg_status status,
				     const struct request *request)
{
	wpkg_err_prepend(err, "the answer of %s", request->exchange.url);
	return status;
}

enum wpkg_status wpkg_registry_get_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
					   struct wpkg_registry *registry, struct wpkg_str name,
					   struct wpkg_str version, bool yanked,
					   struct wpkg_err *err)
{
	struct request request;
	struct wpkg_value *table = NULL;
	struct wpkg_invoice *invoice = NULL;
	request_init(&request, registry, WPKG_HTTP_GET, WPKG_INVOICE_MAX);
	registry_append_id_url(&request.url, registry, name, version);
	wpkg_buf_append_text(&request.url, yanked ? "?yanked=true" : "");
	enum wpkg_status status = request_run(&request, registry, false, err);
	if (status != WPKG_OK)
		goto out;
	status = read_answer(&table, arena, &request, err);
	if (status != WPKG_OK)
		goto out;
	status = wpkg_invoice_from_value(&invoice, arena, table, err);
	if (status != WPKG_OK) {
		status = wrong_answer(err, status, &request);
		goto out;
	}
	if (!wpkg_str_equal(invoice->name, name) || !wpkg_str_equal(invoice->version, version)) {
		status = WPKG_FAIL(err, WPKG_EDENIED, "the registry sent %.*s/%.*s instead",
				   WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
		goto out;
	}
	*out = invoice;
out:
	request_clear(&request);
	return status;
}

/* The labels of "[[missing]]"; none when the key is absent. */
static enum wpkg_status read_missing(struct wpkg_labels *out, struct wpkg_arena *arena,
				     const struct request *request, struct wpkg_err *err)
{
	struct wpkg_value *table = NULL;
	struct wpkg_labels labels = {0};
	enum wpkg_status status = read_answer(&table, arena, request, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *list = wpkg_value_find(table, "missing");
	if (list && list->kind != WPKG_VALUE_ARRAY) {
		wpkg_value_complain(err, WPKG_EFORMAT, list, "missing is %s, not an array",
				    wpkg_value_kind_name(list->kind));
		return wrong_answer(err, WPKG_EFORMAT, request);
	}
	if (list && list->count > 0) {
		labels.items = wpkg_arena_alloc(arena, list->count, sizeof(*labels.items));
		if (!labels.items)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for labels");
		for (; labels.count < list->count; labels.count++) {
			status = wpkg_label_from_value(&labels.items[labels.count], arena,
						       &list->items[labels.count], err);
			if (status != WPKG_OK)
				return wrong_answer(err, status, request);
		}
	}
	*out = labels;
	return WPKG_OK;
}

enum wpkg_status wpkg_registry_create(struct wpkg_labels *missing, struct wpkg_arena *arena,
				      struct wpkg_registry *registry,
				      const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct request request;
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	request_init(&request, registry, WPKG_HTTP_POST, CREATE_ANSWER_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		goto out;
	wpkg_buf_append_format(&request.url, "%s/v1/_i", registry->url);
	request.exchange.content_type = "application/toml";
	request.exchange.body = wpkg_buf_str(&text);
	request.exchange.stall_seconds = CHECKING_SECONDS;
	request.exchange.more_headers = registry_prefer;
	status = request_run(&request, registry, true, err);
	if (status == WPKG_OK)
		status = read_missing(missing, arena, &request, err);
	if (status == WPKG_OK)
		missing->is_checked = registry_is_checking(&request.exchange);
out:
	request_clear(&request);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status wpkg_registry_get_missing(struct wpkg_labels *missing, struct wpkg_arena *arena,
					   struct wpkg_registry *registry, struct wpkg_str name,
					   struct wpkg_str version, struct wpkg_err *err)
{
	struct request request;
	request_init(&request, registry, WPKG_HTTP_GET, CREATE_ANSWER_MAX);
	wpkg_buf_append_format(&request.url, "%s/v1/_r/missing/", registry->url);
	wpkg_url_append_path(&request.url, name);
	wpkg_buf_append_byte(&request.url, '/');
	wpkg_url_append_path(&request.url, version);
	enum wpkg_status status = request_run(&request, registry, false, err);
	if (status == WPKG_OK)
		status = read_missing(missing, arena, &request, err);
	request_clear(&request);
	return status;
}

void wpkg_registry_append_verdict_url(struct wpkg_buf *url, const struct wpkg_registry *registry,
				      const struct wpkg_invoice *invoice)
{
	wpkg_buf_append_format(url, "%s/api/v1/verdicts/", registry->url);
	wpkg_url_append_path(url, invoice->name);
	wpkg_buf_append_byte(url, '/');
	wpkg_url_append_path(url, invoice->version);
}

static enum wpkg_status read_verdict(struct wpkg_registry_verdict *out, struct wpkg_arena *arena,
				     const struct request *request, struct wpkg_err *err)
{
	struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_json_read(&table, arena, wpkg_buf_str(&request->exchange.text), err);
	if (status == WPKG_OK && wpkg_value_find_string(table, "state").len == 0)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "it has no state");
	if (status != WPKG_OK)
		return wrong_answer(err, status, request);
	*out = (struct wpkg_registry_verdict){
		.state = wpkg_value_find_string(table, "state"),
		.progress = wpkg_value_find_string(table, "progress"),
		.value = wpkg_value_find(table, "verdict"),
	};
	return WPKG_OK;
}

enum wpkg_status wpkg_registry_get_verdict(struct wpkg_registry_verdict *out,
					   struct wpkg_arena *arena, struct wpkg_registry *registry,
					   const struct wpkg_invoice *invoice, unsigned seconds,
					   struct wpkg_err *err)
{
	char prefer[32];
	const char *const headers[] = {"Prefer", prefer, NULL};
	struct request request;
	snprintf(prefer, sizeof(prefer), "wait=%u", seconds);
	request_init(&request, registry, WPKG_HTTP_GET, VERDICT_ANSWER_MAX);
	request.exchange.accept = "application/json";
	request.exchange.more_headers = headers;
	wpkg_registry_append_verdict_url(&request.url, registry, invoice);
	enum wpkg_status status = request_run(&request, registry, false, err);
	if (status == WPKG_OK)
		status = read_verdict(out, arena, &request, err);
	request_clear(&request);
	return status;
}

enum wpkg_status wpkg_registry_yank(struct wpkg_registry *registry, struct wpkg_str name,
				    struct wpkg_str version, struct wpkg_str reason,
				    struct wpkg_err *err)
{
	struct request request;
	request_init(&request, registry, WPKG_HTTP_DELETE, LOGIN_ANSWER_MAX);
	registry_append_id_url(&request.url, registry, name, version);
	if (reason.len > 0) {
		wpkg_buf_append_text(&request.url, "?reason=");
		wpkg_url_append_value(&request.url, reason);
	}
	enum wpkg_status status = request_run(&request, registry, false, err);
	request_clear(&request);
	return status;
}

/* Queries. */

static void append_query(struct wpkg_buf *url, const struct wpkg_query *query)
{
	wpkg_buf_append_text(url, "?query=");
	wpkg_url_append_value(url, query->text);
	wpkg_buf_append_text(url, "&version=");
	wpkg_url_append_value(url, query->version);
	wpkg_buf_append_format(url, "&offset=%llu&limit=%llu&strict=%s&yanked=%s",
			       (unsigned long long)query->offset, (unsigned long long)query->limit,
			       query->terms ? "false" : "true", query->yanked ? "true" : "false");
}

static enum wpkg_status read_matches(struct wpkg_matches *out, struct wpkg_arena *arena,
				     const struct wpkg_value *table, struct wpkg_err *err)
{
	struct wpkg_matches matches = {0};
	const struct wpkg_value *list = wpkg_value_find(table, "invoices");
	const struct wpkg_value *total = wpkg_value_find(table, "total");
	const struct wpkg_value *more = wpkg_value_find(table, "more");
	if (!list || list->kind != WPKG_VALUE_ARRAY || !more || more->kind != WPKG_VALUE_BOOLEAN)
		return WPKG_FAIL(err, WPKG_EFORMAT, "no list of invoices");
	matches.more = more->boolean;
	if (total && total->kind == WPKG_VALUE_INTEGER && total->integer > 0)
		matches.total = (uint64_t)total->integer;
	if (list->count > 0) {
		matches.invoices =
			wpkg_arena_alloc(arena, list->count, sizeof(struct wpkg_invoice *));
		if (!matches.invoices)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for invoices");
	}
	for (; matches.count < list->count; matches.count++) {
		enum wpkg_status status = wpkg_invoice_from_value(
			&matches.invoices[matches.count], arena, &list->items[matches.count], err);
		if (status != WPKG_OK)
			return status;
	}
	*out = matches;
	return WPKG_OK;
}

enum wpkg_status wpkg_registry_query(struct wpkg_matches *out, struct wpkg_arena *arena,
				     struct wpkg_registry *registry, const struct wpkg_query *query,
				     struct wpkg_err *err)
{
	struct request request;
	struct wpkg_value *table = NULL;
	request_init(&request, registry, WPKG_HTTP_GET, QUERY_ANSWER_MAX);
	wpkg_buf_append_format(&request.url, "%s/v1/_q", registry->url);
	append_query(&request.url, query);
	enum wpkg_status status = request_run(&request, registry, false, err);
	if (status == WPKG_OK)
		status = read_answer(&table, arena, &request, err);
	if (status != WPKG_OK)
		goto out;
	status = read_matches(out, arena, table, err);
	if (status != WPKG_OK)
		status = wrong_answer(err, status, &request);
out:
	request_clear(&request);
	return status;
}

enum wpkg_status wpkg_registry_get_keys(struct wpkg_keyring *out, struct wpkg_arena *arena,
					struct wpkg_registry *registry, struct wpkg_err *err)
{
	struct request request;
	request_init(&request, registry, WPKG_HTTP_GET, WPKG_KEYRING_MAX);
	wpkg_buf_append_format(&request.url, "%s/v1/bindle-keys?roles=host", registry->url);
	enum wpkg_status status = request_run(&request, registry, false, err);
	if (status == WPKG_OK) {
		status = wpkg_keyring_read(out, arena, wpkg_buf_str(&request.exchange.text), err);
		if (status != WPKG_OK)
			status = wrong_answer(err, status, &request);
	}
	request_clear(&request);
	return status;
}

enum wpkg_status wpkg_registry_check_login(struct wpkg_registry *registry, struct wpkg_err *err)
{
	/* Bindle answers 401 to wrong credentials whatever is asked, also where anyone may read. */
	struct request request;
	request_init(&request, registry, WPKG_HTTP_GET, WPKG_KEYRING_MAX);
	wpkg_buf_append_format(&request.url, "%s/v1/bindle-keys", registry->url);
	enum wpkg_status status = request_run(&request, registry, false, err);
	request_clear(&request);
	return status;
}
