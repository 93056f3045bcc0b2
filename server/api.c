/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources of the JSON API share. */
#include "api.h"

#include "base/clock.h"
#include "data/json.h"
#include "gzip.h"
#include "net/url.h"
#include "pkg/id.h"
#include "server.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define LINK_MAX 8192
#define PACKED_MIN 1024 /* bytes: fewer fit in one packet anyhow */

void api_preflight(struct request *request)
{
	respond_header(request, "Access-Control-Allow-Methods", "GET, HEAD");
	respond_header(request, "Access-Control-Allow-Headers",
		       "Authorization, If-None-Match, Prefer");
	respond_header(request, "Access-Control-Max-Age", "86400");
	respond_empty(request, 204);
}

/* The query */

static bool is_among(const char *words, struct wpkg_str word)
{
	struct wpkg_str rest = wpkg_str_from(words);
	struct wpkg_str one;
	while (wpkg_str_split(&rest, ' ', &one))
		if (wpkg_str_equal(one, word))
			return true;
	return false;
}

static bool is_repeated(const struct wpkg_form *form, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (wpkg_str_equal(form->pairs[i].key, form->pairs[at].key))
			return true;
	return false;
}

static bool take_limit(struct api_query *query, struct request *request)
{
	uint64_t limit = LIMIT_DEFAULT;
	struct wpkg_str text = api_parameter(query, "limit");
	if (text.len > 0 &&
	    (!wpkg_str_parse_u64(text, &limit) || limit == 0 || limit > LIMIT_MAX)) {
		respond_problem(request, 400, "bad-parameter", "limit is no number from 1 to %d",
				LIMIT_MAX);
		return false;
	}
	query->limit = (size_t)limit;
	return true;
}

bool api_take_query(struct api_query *out, struct request *request, const char *known)
{
	struct wpkg_err err;
	struct api_query query = {0};
	if (request_form(&query.form, request, &err) != WPKG_OK) {
		respond_problem(request, 400, "bad-parameter", "the query: %s", err.msg);
		return false;
	}
	for (size_t i = 0; i < query.form.count; i++) {
		struct wpkg_str key = query.form.pairs[i].key;
		if ((is_among("cursor limit fields", key) || is_among(known, key)) &&
		    !is_repeated(&query.form, i))
			continue;
		respond_problem(request, 400, "bad-parameter", "the parameter %.*s is %s",
				WPKG_STR_ARG(key),
				is_repeated(&query.form, i) ? "repeated" : "unknown");
		return false;
	}
	query.cursor = api_parameter(&query, "cursor");
	query.fields = api_parameter(&query, "fields");
	if (!take_limit(&query, request))
		return false;
	*out = query;
	return true;
}

struct wpkg_str api_parameter(const struct api_query *query, const char *name)
{
	for (size_t i = 0; i < query->form.count; i++)
		if (wpkg_str_equal_text(query->form.pairs[i].key, name))
			return query->form.pairs[i].value;
	return (struct wpkg_str){0};
}

/* What may be seen */

bool api_may_read(struct request *request, struct wpkg_str name)
{
	const struct identity identity = {request->user, request->scope};
	return users_allow(request->server->users, &request->arena, &identity, WPKG_RIGHT_READ,
			   name, NULL) == WPKG_OK;
}

bool api_find_record(struct wpkg_record *out, struct request *request, struct wpkg_str text)
{
	struct wpkg_err err;
	struct wpkg_id id;
	const struct wpkg_viewer viewer = {.user = request->user};
	if (wpkg_id_parse(&id, text, &err) != WPKG_OK || !api_may_read(request, id.name)) {
		respond_refusal(request, 404, "there is no %.*s", WPKG_STR_ARG(text));
		return false;
	}
	if (wpkg_record_find(out, &request->arena, request->server->store, id.name, id.version_text,
			     &viewer, &err) == WPKG_OK)
		return true;
	respond_error(request, &err);
	return false;
}

bool api_read_invoice(struct wpkg_invoice **out, struct request *request,
		      const struct wpkg_record *record)
{
	struct wpkg_err err;
	if (wpkg_invoice_read(out, &request->arena, record->invoice, WPKG_INVOICE_TOML, &err) ==
	    WPKG_OK)
		return true;
	respond_refusal(request, 500, "the stored invoice: %s", err.msg);
	return false;
}

/* Building an answer */

struct api_answer api_answer_begin(struct request *request)
{
	struct wpkg_value *root = wpkg_value_new_table(&request->arena);
	return (struct api_answer){.request = request, .root = root, .failed = !root};
}

static struct wpkg_value *put(struct api_answer *answer, struct wpkg_value *to, const char *key,
			      enum wpkg_value_kind kind)
{
	struct wpkg_value *value = wpkg_value_add(&answer->request->arena, to, key, kind);
	answer->failed = answer->failed || !value;
	return value;
}

struct wpkg_value *api_put_table(struct api_answer *answer, struct wpkg_value *to, const char *key)
{
	return put(answer, to, key, WPKG_VALUE_TABLE);
}

struct wpkg_value *api_put_array(struct api_answer *answer, struct wpkg_value *to, const char *key)
{
	return put(answer, to, key, WPKG_VALUE_ARRAY);
}

void api_put_text(struct api_answer *answer, struct wpkg_value *to, const char *key,
		  struct wpkg_str text)
{
	if (!wpkg_value_add_string(&answer->request->arena, to, key, text))
		answer->failed = true;
}

void api_put_optional(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      struct wpkg_str text)
{
	if (text.len > 0)
		api_put_text(answer, to, key, text);
}

void api_put_number(struct api_answer *answer, struct wpkg_value *to, const char *key,
		    uint64_t number)
{
	int64_t shown = number > INT64_MAX ? INT64_MAX : (int64_t)number;
	if (!wpkg_value_add_integer(&answer->request->arena, to, key, shown))
		answer->failed = true;
}

void api_put_flag(struct api_answer *answer, struct wpkg_value *to, const char *key, bool flag)
{
	if (!wpkg_value_add_boolean(&answer->request->arena, to, key, flag))
		answer->failed = true;
}

void api_put_time(struct api_answer *answer, struct wpkg_value *to, const char *key,
		  int64_t seconds)
{
	char text[WPKG_CLOCK_TEXT];
	if (seconds == 0)
		return;
	wpkg_clock_format(text, seconds);
	api_put_text(answer, to, key, wpkg_str_from(text));
}

void api_put_digest(struct api_answer *answer, struct wpkg_value *to, const char *key,
		    const struct wpkg_digest *digest)
{
	char text[7 + WPKG_DIGEST_TEXT] = "sha256:";
	wpkg_digest_format(text + 7, digest);
	api_put_text(answer, to, key, wpkg_str_from(text));
}

void api_put_document(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      struct wpkg_str json)
{
	struct wpkg_value *document = NULL;
	if (json.len == 0 ||
	    wpkg_json_read(&document, &answer->request->arena, json, NULL) != WPKG_OK)
		return;
	struct wpkg_value *value = put(answer, to, key, WPKG_VALUE_NULL);
	if (value)
		*value = *document;
}

void api_drop(struct wpkg_value *table, const char *key)
{
	size_t kept = 0;
	for (size_t i = 0; i < table->count; i++) {
		if (wpkg_str_equal_text(table->keys[i].string, key))
			continue;
		table->keys[kept] = table->keys[i];
		table->items[kept++] = table->items[i];
	}
	table->count = kept;
}

void api_put_next(struct api_answer *answer, const struct api_query *query, const char *cursor)
{
	struct wpkg_buf link;
	struct request *request = answer->request;
	if (!cursor) {
		answer->failed = true;
		return;
	}
	api_put_text(answer, answer->root, "next", wpkg_str_from(cursor));
	wpkg_buf_init(&link, LINK_MAX);
	wpkg_buf_append_byte(&link, '<');
	wpkg_url_append_path(&link, request->path);
	wpkg_buf_append_text(&link, "?cursor=");
	wpkg_url_append_value(&link, wpkg_str_from(cursor));
	for (size_t i = 0; i < query->form.count; i++) {
		const struct wpkg_form_pair *pair = &query->form.pairs[i];
		if (wpkg_str_equal_text(pair->key, "cursor"))
			continue;
		wpkg_buf_append_byte(&link, '&');
		wpkg_url_append_value(&link, pair->key);
		wpkg_buf_append_byte(&link, '=');
		wpkg_url_append_value(&link, pair->value);
	}
	wpkg_buf_append_text(&link, ">; rel=\"next\"");
	if (link.failed == WPKG_OK)
		respond_header(request, "Link",
			       wpkg_arena_dup(&request->arena, wpkg_buf_str(&link)).ptr);
	wpkg_buf_clear(&link);
}

/* Fields: of a member "a.b", is it asked for, or something within it? */

enum wanted { WANTED_NOT, WANTED_PARTLY, WANTED };

static bool begins_member(struct wpkg_str text, struct wpkg_str member)
{
	return wpkg_str_starts(text, member) && text.len > member.len &&
	       text.ptr[member.len] == '.';
}

static enum wanted is_wanted(struct wpkg_str fields, struct wpkg_str member)
{
	enum wanted wanted = WANTED_NOT;
	struct wpkg_str field;
	while (wpkg_str_split(&fields, ',', &field)) {
		if (wpkg_str_equal(field, member))
			return WANTED;
		if (begins_member(field, member))
			wanted = WANTED_PARTLY;
	}
	return wanted;
}

/* Arrays are looked through: "packages.name" is the name of each. */
static void cut(struct api_answer *answer, struct wpkg_value *value, struct wpkg_str inside,
		struct wpkg_str fields)
{
	size_t kept = 0;
	for (size_t i = 0; value->kind == WPKG_VALUE_ARRAY && i < value->count; i++)
		cut(answer, &value->items[i], inside, fields);
	for (size_t i = 0; value->kind == WPKG_VALUE_TABLE && i < value->count; i++) {
		struct wpkg_str member = value->keys[i].string;
		if (inside.len > 0)
			member = wpkg_arena_format(&answer->request->arena, "%.*s.%.*s",
						   WPKG_STR_ARG(inside), WPKG_STR_ARG(member));
		answer->failed = answer->failed || !member.ptr;
		enum wanted wanted = is_wanted(fields, member);
		if (wanted == WANTED_NOT)
			continue;
		if (wanted == WANTED_PARTLY)
			cut(answer, &value->items[i], member, fields);
		value->keys[kept] = value->keys[i];
		value->items[kept++] = value->items[i];
	}
	if (value->kind == WPKG_VALUE_TABLE)
		value->count = kept;
}

static bool is_packed(const struct request *request)
{
	return request->response.body.len >= PACKED_MIN &&
	       gzip_is_accepted(request->accept_encoding);
}

static bool pack(struct request *request)
{
	struct wpkg_buf packed;
	struct response *response = &request->response;
	wpkg_buf_init(&packed, 2 * response->body.len);
	if (gzip_pack(&packed, wpkg_buf_str(&response->body), GZIP_QUICK, NULL) != WPKG_OK) {
		wpkg_buf_clear(&packed);
		return false;
	}
	wpkg_buf_clear(&response->body);
	response->body = packed;
	respond_header(request, "Content-Encoding", "gzip");
	return true;
}

/* The tag is of what is said, and of how it is coded: RFC 9110, section 8.8.3.3, wants strong ones
 * to tell codings apart. So nothing is packed for who has it already. */
void api_finish(struct request *request, const char *type)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	struct response *response = &request->response;
	bool is_private = request->server->config.is_private;
	bool packs = is_packed(request);
	if (response->body.failed != WPKG_OK ||
	    wpkg_digest_of(&digest, wpkg_buf_str(&response->body), NULL) != WPKG_OK) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	wpkg_digest_format(hex, &digest);
	respond_header(request, "Cache-Control", is_private ? "private, no-cache" : "no-cache");
	respond_header(request, "Vary",
		       is_private ? "Accept-Encoding, Authorization" : "Accept-Encoding");
	if (respond_not_modified(request, wpkg_arena_format(&request->arena, "\"%.32s%s\"", hex,
							    packs ? "-gzip" : "")
						  .ptr))
		return;
	response->status = 200;
	response->content_type = type;
	if (packs && !pack(request))
		respond_refusal(request, 503, "no memory");
}

void api_answer_end(struct api_answer *answer, const struct api_query *query)
{
	struct request *request = answer->request;
	if (!answer->failed && query->fields.len > 0)
		cut(answer, answer->root, (struct wpkg_str){0}, query->fields);
	if (answer->failed) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	respond_text(request, 200, "application/json", (struct wpkg_str){0});
	wpkg_json_write(&request->response.body, answer->root, WPKG_JSON_COMPACT);
	api_finish(request, "application/json");
}
