/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers answer with. */
#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/json.h"
#include "data/toml.h"
#include "oci.h"
#include "web.h"

#define NOTE_MAX 200 /* bytes of a refusal's text that the log shows */

static const unsigned statuses[] = {
	[WPKG_OK] = 200,     [WPKG_ENOMEM] = 503,    [WPKG_EINVAL] = 400,  [WPKG_EFORMAT] = 400,
	[WPKG_ELIMIT] = 413, [WPKG_ENOTFOUND] = 404, [WPKG_EEXISTS] = 409, [WPKG_EDENIED] = 403,
	[WPKG_EBUSY] = 503,  [WPKG_EIO] = 500,	     [WPKG_EFULL] = 507,   [WPKG_EQUOTA] = 403,
};

unsigned http_status_of(enum wpkg_status status)
{
	return statuses[status];
}

const char *method_name(enum method method)
{
	switch (method) {
	case METHOD_GET:
		return "GET";
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
	case METHOD_OTHER:
		break;
	}
	return "other";
}

/* The subtype of a media range, without parameters: "toml" of "application/toml; q=1". */
static struct wpkg_str subtype_of(struct wpkg_str range)
{
	range = wpkg_str_trim(wpkg_str_slice(range, 0, wpkg_str_find(range, ';')));
	return wpkg_str_from_offset(range, wpkg_str_find(range, '/') + 1);
}

bool request_wants_json(const struct request *request)
{
	struct wpkg_str rest = request->accept;
	struct wpkg_str part;
	while (wpkg_str_split(&rest, ',', &part)) {
		struct wpkg_str subtype = subtype_of(part);
		if (wpkg_str_equal_nocase(subtype, WPKG_LIT("json")))
			return true;
		if (wpkg_str_equal_nocase(subtype, WPKG_LIT("toml")))
			return false;
	}
	return false;
}

enum wpkg_status request_form(struct wpkg_form *out, struct request *request, struct wpkg_err *err)
{
	return wpkg_form_parse(out, &request->arena, request->query, err);
}

/* What was answered so far is forgotten: the last answer counts. */
static void begin_answer(struct request *request, unsigned status, const char *type)
{
	request->response.status = status;
	request->response.content_type = type;
	wpkg_buf_reset(&request->response.body);
}

void respond_text(struct request *request, unsigned status, const char *type, struct wpkg_str text)
{
	begin_answer(request, status, type);
	wpkg_buf_append_str(&request->response.body, text);
}

void respond_empty(struct request *request, unsigned status)
{
	begin_answer(request, status, NULL);
}

void respond_document(struct request *request, unsigned status, const struct wpkg_value *table)
{
	bool json = request->route->style != REFUSAL_TOML || request_wants_json(request);
	begin_answer(request, status, json ? "application/json" : "application/toml");
	if (json)
		wpkg_json_write(&request->response.body, table, WPKG_JSON_COMPACT);
	else
		wpkg_toml_write(&request->response.body, table);
}

/* The word for a refusal that nobody gave a closer one: programs may rely on it. */
static const char *problem_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *word;
	} words[] = {{400, "bad-request"},	  {401, "login-needed"},
		     {403, "not-allowed"},	  {404, "not-found"},
		     {405, "method-not-allowed"}, {409, "conflict"},
		     {413, "too-large"},	  {414, "too-large"},
		     {415, "bad-content"},	  {416, "bad-range"},
		     {422, "bad-content"},	  {429, "too-many-requests"},
		     {503, "try-again"},	  {507, "no-space"}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status)
			return words[i].word;
	return status < 500 ? "bad-request" : "internal";
}

const char *response_reason(const struct response *response)
{
	if (response->reason)
		return response->reason;
	return response->problem ? response->problem : problem_of(response->status);
}

void respond_note(struct request *request, struct wpkg_str text)
{
	request->response.error = wpkg_arena_dup(&request->arena, wpkg_utf8_cut(text, NOTE_MAX));
}

/* RFC 9457; type and code say which refusal it is. */
static void write_problem(struct wpkg_buf *out, const struct request *request, unsigned status,
			  struct wpkg_str text)
{
	const char *problem = request->response.problem;
	const char *code = problem ? problem : problem_of(status);
	wpkg_buf_append_format(
		out,
		"{\"type\":\"urn:wpkg:problem:%s\",\"code\":\"%s\",\"status\":%u,\"detail\":", code,
		code, status);
	wpkg_json_write_string(out, text);
	wpkg_buf_append_format(out, ",\"instance\":\"urn:request:%s\"}", request->cause.request);
}

/* What a handler said of what was asked for, before it could not give it: a cache would keep the
 * refusal for as long as it may keep that. */
static void forget_representation(struct response *response)
{
	static const char *const names[] = {"Accept-Ranges", "Cache-Control", "ETag"};
	size_t kept = 0;
	for (size_t i = 0; i < response->header_count; i++) {
		bool is_of_it = false;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			is_of_it = is_of_it || strcmp(response->headers[i].name, names[k]) == 0;
		if (!is_of_it)
			response->headers[kept++] = response->headers[i];
	}
	response->header_count = kept;
}

/* Where no route has the path, its beginning says whose words are understood. */
static enum refusal_style style_of(const struct request *request)
{
	if (request->route)
		return request->route->style;
	if (web_is_browser(request))
		return REFUSAL_PAGE;
	return wpkg_str_starts(request->path, WPKG_LIT("/api/")) ? REFUSAL_PROBLEM : REFUSAL_PLAIN;
}

void respond_refusal(struct request *request, unsigned status, const char *format, ...)
{
	va_list args;
	struct wpkg_buf text;
	struct wpkg_buf *out = &request->response.body;
	enum refusal_style style = style_of(request);
	wpkg_buf_init(&text, 16384);
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	respond_note(request, wpkg_buf_str(&text));
	forget_representation(&request->response);
	if (style == REFUSAL_PROBLEM) {
		begin_answer(request, status, "application/problem+json");
		write_problem(out, request, status, wpkg_buf_str(&text));
	} else if (style == REFUSAL_PAGE) {
		web_refuse(request, status, wpkg_buf_str(&text));
	} else if (style == REFUSAL_OCI) {
		begin_answer(request, status, "application/json");
		oci_write_error(out, oci_code_of_status(status), wpkg_buf_str(&text));
	} else if (style == REFUSAL_TOML) {
		/* Bindle's clients read TOML here, whatever they accept. A JSON string is a basic
		 * string of TOML. */
		begin_answer(request, status, "application/toml");
		wpkg_buf_append_text(out, "error = ");
		wpkg_json_write_string(out, wpkg_buf_str(&text));
		wpkg_buf_append_byte(out, '\n');
	} else {
		begin_answer(request, status, "text/plain; charset=utf-8");
		wpkg_buf_append_str(out, wpkg_buf_str(&text));
	}
	wpkg_buf_clear(&text);
}

void respond_problem(struct request *request, unsigned status, const char *problem,
		     const char *format, ...)
{
	va_list args;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 16384);
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	request->response.problem = problem;
	respond_refusal(request, status, "%s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
}

void respond_error(struct request *request, const struct wpkg_err *err)
{
	unsigned status = http_status_of(err->status);
	if (status == 503)
		respond_header(request, "Retry-After", "1");
	if (err->status == WPKG_EQUOTA)
		request->response.problem = "quota-exceeded";
	respond_refusal(request, status, "%s", err->msg);
}

void respond_challenge(struct request *request)
{
	respond_header(request, "WWW-Authenticate", "Basic realm=\"wpkg\", charset=\"UTF-8\"");
}

/* RFC 9110, section 13.1.2, with weak comparison: a list of tags, or "*". */
static bool names_tag(struct wpkg_str list, const char *tag)
{
	struct wpkg_str part;
	while (wpkg_str_split(&list, ',', &part)) {
		part = wpkg_str_trim(part);
		if (wpkg_str_starts(part, WPKG_LIT("W/")))
			part = wpkg_str_from_offset(part, 2);
		if (wpkg_str_equal_text(part, tag) || wpkg_str_equal_text(part, "*"))
			return true;
	}
	return false;
}

bool request_names_tag(const struct request *request, const char *tag)
{
	return tag && names_tag(request->if_none_match, tag);
}

bool respond_not_modified(struct request *request, const char *tag)
{
	respond_header(request, "ETag", tag);
	if (!request_names_tag(request, tag))
		return false;
	respond_empty(request, 304);
	return true;
}

void request_continue(struct request *request, enum pool pool,
		      void (*step)(struct request *request))
{
	request->next = step;
	request->next_pool = pool;
}

void respond_header(struct request *request, const char *name, const char *value)
{
	struct response *response = &request->response;
	if (response->header_count < RESPONSE_HEADERS && value) {
		response->headers[response->header_count].name = name;
		response->headers[response->header_count].value = value;
		response->header_count++;
	}
}
