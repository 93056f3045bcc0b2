/* SPDX-License-Identifier: Apache-2.0 */
/* What owners change: their tokens, and versions that nobody is to use any more. */
#include "api.h"

#include "base/clock.h"
#include "base/mem.h"
#include "data/fields.h"
#include "data/json.h"
#include "new_token.h"
#include "server.h"
#include "store/token.h"
#include "yank.h"

#define SCOPE_MAX 4096
#define NOTE_MAX 1024
#define REASON_MAX 1024
#define YEARS_MAX INT64_C(3153600000) /* seconds that a token may last: a hundred years */

/* Tokens are the business of who they are of, with a password or a token that may do all. */
static bool may_manage(struct request *request)
{
	if (request->user.len > 0 && request->scope.len == 0)
		return true;
	respond_refusal(request, 403,
			request->user.len == 0 ? "this registry has no users"
					       : "this token has a scope, and is not for tokens");
	return false;
}

/* The body as a JSON object; false, and the answer is made, when it is none. */
static bool read_body(struct wpkg_fields *out, struct request *request)
{
	struct wpkg_err err;
	struct wpkg_value *root = NULL;
	if (wpkg_json_read(&root, &request->arena, wpkg_buf_str(&request->body), &err) == WPKG_OK &&
	    wpkg_fields_open(out, root, "", &err) == WPKG_OK)
		return true;
	respond_problem(request, 400, "bad-content", "the body: %s", err.msg);
	return false;
}

void api_tokens(struct request *request)
{
	struct wpkg_err err;
	struct api_query query;
	struct wpkg_token_list list;
	if (!api_take_query(&query, request, "") || !may_manage(request))
		return;
	if (wpkg_token_list(&list, &request->arena, request->server->store, request->user, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "tokens");
	for (size_t i = 0; i < list.count; i++) {
		struct wpkg_value *item = api_put_table(&answer, array, NULL);
		api_put_number(&answer, item, "id", (uint64_t)list.items[i].id);
		api_put_text(&answer, item, "scope", list.items[i].scope);
		api_put_text(&answer, item, "note", list.items[i].note);
		api_put_time(&answer, item, "created", list.items[i].created);
		api_put_time(&answer, item, "expires", list.items[i].expires);
		api_put_time(&answer, item, "revoked", list.items[i].revoked);
	}
	api_answer_end(&answer, &query);
}

static enum wpkg_status read_new_token(struct wpkg_token *out, struct wpkg_buf *scope,
				       struct wpkg_fields *fields, struct wpkg_err *err)
{
	struct wpkg_str scopes = {0};
	int64_t seconds = 0;
	enum wpkg_status status =
		wpkg_fields_take_string(fields, &scopes, "scope", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(fields, &out->note, "note", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_integer(fields, &seconds, "expires_in", WPKG_OPTIONAL,
						  err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(fields, err);
	if (status == WPKG_OK && (seconds < 0 || seconds > YEARS_MAX))
		status = WPKG_FAIL(err, WPKG_EINVAL, "expires_in is out of range");
	if (status == WPKG_OK && out->note.len > NOTE_MAX)
		status = WPKG_FAIL(err, WPKG_EINVAL, "note has more than %d bytes", NOTE_MAX);
	if (status == WPKG_OK)
		status = new_token_add_scopes(scope, scopes, err);
	out->scope = wpkg_buf_str(scope);
	if (status == WPKG_OK && seconds > 0)
		out->expires = wpkg_clock_now() + seconds;
	return status;
}

static void respond_made(struct request *request, int64_t id, const char *secret)
{
	struct wpkg_buf *out = &request->response.body;
	respond_header(request, "Cache-Control", "no-store");
	respond_text(request, 201, "application/json", (struct wpkg_str){0});
	wpkg_buf_append_format(out, "{\"id\":%lld,\"token\":\"%s\"}", (long long)id, secret);
}

void api_token_create(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_fields fields;
	struct wpkg_buf scope;
	char secret[TOKEN_SECRET];
	int64_t id = 0;
	struct wpkg_token token = {.user = request->user};
	const struct wpkg_act act = {.actor = request->user,
				     .address = wpkg_str_from(request->address)};
	if (!may_manage(request) || !read_body(&fields, request))
		return;
	wpkg_buf_init(&scope, SCOPE_MAX);
	if (read_new_token(&token, &scope, &fields, &err) != WPKG_OK) {
		respond_problem(request, 400, "bad-content", "%s", err.msg);
		wpkg_buf_clear(&scope);
		return;
	}
	new_token_secret(secret);
	enum wpkg_status status = wpkg_digest_of(&token.hash, wpkg_str_from(secret), &err);
	if (status == WPKG_OK)
		status = wpkg_token_add(&id, request->server->store, &token, &act, &err);
	if (status == WPKG_OK)
		respond_made(request, id, secret);
	else
		respond_error(request, &err);
	wpkg_mem_wipe(secret, sizeof(secret));
	wpkg_buf_clear(&scope);
}

/* Another's is as absent as one that there is not. */
static bool is_own(struct request *request, uint64_t id, struct wpkg_err *err)
{
	struct wpkg_token_list list;
	if (wpkg_token_list(&list, &request->arena, request->server->store, request->user, err) !=
	    WPKG_OK)
		return false;
	for (size_t i = 0; i < list.count; i++)
		if ((uint64_t)list.items[i].id == id)
			return true;
	wpkg_err_set(err, WPKG_ENOTFOUND, "there is no token %llu of yours",
		     (unsigned long long)id);
	return false;
}

void api_token_revoke(struct request *request)
{
	struct wpkg_err err;
	uint64_t id = 0;
	const struct wpkg_act act = {.actor = request->user,
				     .address = wpkg_str_from(request->address)};
	if (!may_manage(request))
		return;
	if (!wpkg_str_parse_u64(request->parts[0], &id) || id > INT64_MAX)
		respond_refusal(request, 404, "there is no such token");
	else if (!is_own(request, id, &err) ||
		 wpkg_token_revoke(request->server->store, (int64_t)id, &act, &err) != WPKG_OK)
		respond_error(request, &err);
	else
		respond_empty(request, 204);
}

static enum wpkg_status read_change(struct wpkg_str *reason, struct wpkg_fields *fields,
				    struct wpkg_err *err)
{
	bool yanked = false;
	enum wpkg_status status =
		wpkg_fields_take_boolean(fields, &yanked, "yanked", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(fields, reason, "reason", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(fields, err);
	if (status == WPKG_OK && !yanked)
		status = WPKG_FAIL(err, WPKG_EINVAL, "a yank cannot be taken back");
	if (status == WPKG_OK && reason->len > REASON_MAX)
		status = WPKG_FAIL(err, WPKG_EINVAL, "reason has more than %d bytes", REASON_MAX);
	return status;
}

static void respond_yanked(struct request *request, const struct wpkg_record *before)
{
	struct wpkg_err err;
	struct wpkg_record record;
	const struct api_query all = {0};
	if (wpkg_record_find_id(&record, &request->arena, request->server->store, before->id,
				&err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "name", record.name);
	api_put_text(&answer, answer.root, "version", record.version);
	api_put_yank(&answer, answer.root, record.yanked, record.yanked_by, record.yank_reason);
	api_answer_end(&answer, &all);
}

void api_version_change(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_fields fields;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_act act = {.actor = request->user, .address = wpkg_str_from(request->address)};
	const struct identity identity = {request->user, request->scope};
	struct server *server = request->server;
	if (!api_find_record(&record, request, request->parts[0]))
		return;
	if (users_allow(server->users, &request->arena, &identity, WPKG_RIGHT_YANK, record.name,
			&err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	if (!read_body(&fields, request) || !api_read_invoice(&invoice, request, &record))
		return;
	if (read_change(&act.reason, &fields, &err) != WPKG_OK)
		respond_problem(request, 400, "bad-content", "%s", err.msg);
	else if (yank_version(server->store, record.id, invoice, &act, &err) != WPKG_OK)
		respond_error(request, &err);
	else
		respond_yanked(request, &record);
}
