/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a request, read strictly. libmicrohttpd 0.9.75 takes two lengths, a length beside
 * chunks, unknown transfer codings (and waits for ever), names with spaces, no or two hosts; each
 * of them is a way to make two programs see different requests in one stream (RFC 9112, section
 * 11).
 */
#include "http_int.h"

#include <stddef.h>
#include <string.h>

struct head {
	struct exchange *exchange;
	unsigned lengths, codings, hosts, credentials, traces;
	bool bad_name, bad_value, bad_length, bad_host, bad_expect;
	struct wpkg_str coding;
	struct wpkg_str forwarded_for; /* all such headers, as one list */
	struct wpkg_str request_id, traceparent;
};

/* RFC 9110, section 5.6.2. */
static bool is_token(struct wpkg_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return name.len > 0;
}

static bool is_field_value(struct wpkg_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/*
 * RFC 9110, section 7.2: a name or an address, and perhaps a port. Without the signs of RFC 3986
 * that no name of a machine has: it goes into addresses and quoted strings of our answers.
 */
static bool is_host(struct wpkg_str host)
{
	char address[ADDRESS_TEXT];
	uint64_t port;
	bool is_ipv6 = host.len > 0 && host.ptr[0] == '[';
	size_t end = wpkg_str_find(host, is_ipv6 ? ']' : ':');
	if (is_ipv6 && !address_parse(address, wpkg_str_slice(host, 1, end)))
		return false;
	for (size_t i = 0; i < end && !is_ipv6; i++) {
		char c = host.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("-._", c)))
			return false;
	}
	struct wpkg_str rest = wpkg_str_from_offset(host, end + is_ipv6);
	return end > 0 && end + is_ipv6 <= host.len &&
	       (rest.len == 0 ||
		(rest.ptr[0] == ':' && wpkg_str_parse_u64(wpkg_str_from_offset(rest, 1), &port) &&
		 port <= UINT16_MAX));
}

/* A header that a handler asks for; of two the first counts. */
static void keep(struct wpkg_str *field, struct wpkg_str value)
{
	if (!field->ptr)
		*field = value;
}

/* RFC 9110, section 5.3: a list may come in several headers. */
static void add_forwarded(struct head *head, struct wpkg_str value)
{
	struct wpkg_arena *arena = &head->exchange->request.arena;
	if (head->forwarded_for.len > 0)
		value = wpkg_arena_format(arena, "%.*s,%.*s", WPKG_STR_ARG(head->forwarded_for),
					  WPKG_STR_ARG(value));
	head->forwarded_for = value;
}

/* What handlers ask for. */
#define KEPT(name, member)                                                                         \
	{                                                                                          \
		WPKG_STR(name), offsetof(struct request, member)                                   \
	}
static const struct {
	struct wpkg_str name;
	size_t offset;
} kept[] = {
	KEPT("host", host),
	KEPT("accept", accept),
	KEPT("accept-encoding", accept_encoding),
	KEPT("content-type", content_type),
	KEPT("content-encoding", content_encoding),
	KEPT("authorization", authorization),
	KEPT("range", range),
	KEPT("content-range", content_range),
	KEPT("if-none-match", if_none_match),
	KEPT("if-range", if_range),
	KEPT("prefer", prefer),
};

static void take_field(struct head *head, struct wpkg_str name, struct wpkg_str value)
{
	struct request *request = &head->exchange->request;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (wpkg_str_equal_nocase(name, kept[i].name))
			keep((struct wpkg_str *)(void *)((char *)request + kept[i].offset), value);
	if (wpkg_str_equal_nocase(name, WPKG_LIT("content-length"))) {
		head->lengths++;
		head->bad_length |= !wpkg_str_parse_u64(value, &request->content_length);
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("transfer-encoding"))) {
		head->codings++;
		head->coding = value;
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("host"))) {
		head->hosts++;
		head->bad_host |= !is_host(value);
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("authorization"))) {
		head->credentials++;
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("expect"))) {
		head->exchange->expects_continue = true;
		head->bad_expect |= !wpkg_str_equal_nocase(value, WPKG_LIT("100-continue"));
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("x-forwarded-for"))) {
		add_forwarded(head, value);
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("x-request-id"))) {
		keep(&head->request_id, value);
	} else if (wpkg_str_equal_nocase(name, WPKG_LIT("traceparent"))) {
		head->traces++;
		head->traceparent = value;
	}
}

static enum MHD_Result see_field(void *user, enum MHD_ValueKind kind, const char *name,
				 size_t name_len, const char *value, size_t value_len)
{
	struct head *head = user;
	struct wpkg_str name_text = wpkg_str_of(name, name_len);
	struct wpkg_str value_text = wpkg_str_of(value ? value : "", value ? value_len : 0);
	(void)kind;
	head->bad_name = head->bad_name || !is_token(name_text);
	head->bad_value = head->bad_value || !is_field_value(value_text);
	take_field(head, name_text, value_text);
	return MHD_YES;
}

static bool refuse(struct request *request, unsigned status, const char *text)
{
	request->response.closes = true;
	request->response.reason = "malformed";
	respond_refusal(request, status, "%s", text);
	return false;
}

/* is_new: HTTP/1.1. */
static bool check_fields(const struct head *head, bool is_new)
{
	struct request *request = &head->exchange->request;
	if (head->bad_name)
		return refuse(request, 400, "a header's name is no token");
	if (head->bad_value)
		return refuse(request, 400, "a header's value has control characters");
	if (head->lengths > 1 || head->bad_length)
		return refuse(request, 400, "Content-Length is not one number");
	if (head->codings > 0 && head->lengths > 0)
		return refuse(request, 400, "Content-Length beside Transfer-Encoding");
	/* To the byte: of "chunked" and a space the library makes a coding that it waits for. */
	if (head->codings > 1 ||
	    (head->codings == 1 && !wpkg_str_equal_nocase(head->coding, WPKG_LIT("chunked"))))
		return refuse(request, 501, "a Transfer-Encoding other than chunked");
	/* RFC 9112, section 6.1: nobody knows what is between us and who says this. */
	if (head->codings > 0 && !is_new)
		return refuse(request, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->hosts > 1 || (is_new && head->hosts == 0))
		return refuse(request, 400, "not exactly one Host");
	if (head->bad_host)
		return refuse(request, 400, "Host is no host");
	if (head->bad_expect)
		return refuse(request, 417, "Expect other than 100-continue");
	if (head->credentials > 1)
		return refuse(request, 400, "more than one Authorization");
	return true;
}

static bool take_method(struct request *request, const char *method)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = {{"GET", METHOD_GET},	   {"HEAD", METHOD_HEAD},
		       {"POST", METHOD_POST},	   {"PUT", METHOD_PUT},
		       {"PATCH", METHOD_PATCH},	   {"DELETE", METHOD_DELETE},
		       {"OPTIONS", METHOD_OPTIONS}};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i].name) == 0) {
			request->method = methods[i].method;
			return true;
		}
	return refuse(request, 501, "a method that there is not");
}

/*
 * RFC 9112, section 3.2, but for signs that clients leave as they are in a query and that mean
 * nothing to anybody: no space, no fragment, nothing beyond ASCII.
 */
static bool is_target(struct wpkg_str target)
{
	for (size_t i = 0; i < target.len; i++) {
		unsigned char c = (unsigned char)target.ptr[i];
		if (c <= ' ' || c >= 0x7f || c == '#')
			return false;
	}
	return true;
}

static bool take_target(struct request *request)
{
	struct wpkg_err err;
	size_t question = wpkg_str_find(request->target, '?');
	if (request->target.len == 0 || request->target.ptr[0] != '/')
		return refuse(request, 400, "the target is no path");
	if (!is_target(request->target))
		return refuse(request, 400, "the target has characters that must be encoded");
	request->query = wpkg_str_from_offset(request->target, question + 1);
	if (wpkg_path_decode(&request->path, &request->arena,
			     wpkg_str_slice(request->target, 0, question), &err) == WPKG_OK)
		return true;
	return refuse(request, 400, err.msg);
}

static bool is_proxy(const struct request *request)
{
	struct wpkg_str rest = wpkg_str_from(request->server->config.trusted_proxies);
	struct wpkg_str proxy;
	while (wpkg_str_split(&rest, ',', &proxy))
		if (address_is_within(wpkg_str_from(request->address), wpkg_str_trim(proxy)))
			return true;
	return false;
}

/*
 * Behind a proxy that the operator trusts, the client is whom it names: the last of the list, or,
 * where that is such a proxy, too, the one before. What stands further left anybody may have
 * written.
 */
static void take_client(struct request *request, struct wpkg_str forwarded_for)
{
	while (forwarded_for.len > 0 && is_proxy(request)) {
		size_t comma = wpkg_str_find_last(forwarded_for, ',');
		bool is_first = comma == forwarded_for.len;
		struct wpkg_str last =
			wpkg_str_from_offset(forwarded_for, is_first ? 0 : comma + 1);
		forwarded_for = wpkg_str_slice(forwarded_for, 0, is_first ? 0 : comma);
		if (!address_parse(request->address, wpkg_str_trim(last)))
			break;
	}
	address_network(request->network, request->address);
}

/* An id that looks like one in log, header and JSON alike, whoever chose it. */
static bool is_request_id(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("-._~:/+=@", c)))
			return false;
	}
	return text.len > 0 && text.len <= WPKG_CAUSE_REQUEST_MAX;
}

/* Who asks may have an id for it, and a trace that it is a step of (W3C Trace Context; of two
 * headers neither counts). */
static void take_cause(struct request *request, const struct head *head)
{
	struct wpkg_cause *cause = &request->cause;
	struct wpkg_str trace = head->traces == 1 ? head->traceparent : (struct wpkg_str){0};
	if (is_request_id(head->request_id)) {
		memcpy(cause->request, head->request_id.ptr, head->request_id.len);
		cause->request[head->request_id.len] = '\0';
	}
	if (trace.ptr && wpkg_traceparent_check(trace))
		memcpy(request->parent, trace.ptr + WPKG_SPAN_AT, WPKG_SPAN_LEN);
	wpkg_traceparent_continue(cause->traceparent, trace);
}

bool head_take(struct exchange *exchange, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	struct head head = {.exchange = exchange};
	MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, see_field, &head);
	exchange->is_chunked = head.codings > 0;
	take_cause(request, &head);
	take_client(request, head.forwarded_for);
	bool is_new = strcmp(version, "HTTP/1.1") == 0;
	if (!is_new && strcmp(version, "HTTP/1.0") != 0)
		return refuse(request, 505, "HTTP/1.1 or 1.0, please");
	return take_method(request, method) && check_fields(&head, is_new) && take_target(request);
}
