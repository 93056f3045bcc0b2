/* SPDX-License-Identifier: Apache-2.0 */
/* Queries, the server's keys, and the login that needs none. */
#include "bindle.h"

#include "data/toml.h"
#include "server.h"
#include "store/query.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 255	/* an u8 to the original */
#define LIMIT_NONE 1000 /* of one answer, where the client sets none */

struct asked {
	struct wpkg_query query;
	bool strict;
	bool text, version, offset, limit, strictness, yanked; /* were given */
};

static bool take_boolean(bool *out, struct wpkg_str value)
{
	*out = wpkg_str_equal_text(value, "true");
	return *out || wpkg_str_equal_text(value, "false");
}

/* One parameter, by its long or short name; false for a bad, unknown or repeated one. */
static bool take_parameter(struct asked *asked, const struct wpkg_form_pair *pair)
{
	const struct {
		const char *name, *short_name;
		bool *given;
	} rows[] = {{"query", "q", &asked->text},	  {"version", "v", &asked->version},
		    {"offset", "o", &asked->offset},	  {"limit", "l", &asked->limit},
		    {"strict", NULL, &asked->strictness}, {"yanked", NULL, &asked->yanked}};
	size_t i = 0;
	while (i < 6 && !wpkg_str_equal_text(pair->key, rows[i].name) &&
	       (!rows[i].short_name || !wpkg_str_equal_text(pair->key, rows[i].short_name)))
		i++;
	if (i == 6 || *rows[i].given)
		return false;
	*rows[i].given = true;
	switch (i) {
	case 0:
		asked->query.text = pair->value;
		return true;
	case 1:
		asked->query.version = pair->value;
		return true;
	case 2:
		return wpkg_str_parse_u64(pair->value, &asked->query.offset) &&
		       asked->query.offset <= INT64_MAX;
	case 3:
		return wpkg_str_parse_u64(pair->value, &asked->query.limit) &&
		       asked->query.limit <= LIMIT_MAX;
	case 4:
		return take_boolean(&asked->strict, pair->value);
	default:
		return take_boolean(&asked->query.yanked, pair->value);
	}
}

/* The original's framework answers so. */
static void refuse_query(struct request *request)
{
	respond_text(request, 400, "text/plain; charset=utf-8", WPKG_LIT("Invalid query string"));
}

static bool parse_query(struct asked *out, struct request *request)
{
	struct wpkg_form form;
	*out = (struct asked){.query = {.limit = LIMIT_DEFAULT}, .strict = true};
	if (request_form(&form, request, NULL) != WPKG_OK)
		return false;
	for (size_t i = 0; i < form.count; i++)
		if (!take_parameter(out, &form.pairs[i]))
			return false;
	out->query.match = out->strict ? WPKG_QUERY_SUBSTRING : WPKG_QUERY_TERMS;
	return true;
}

static bool add_invoices(struct request *request, struct wpkg_value *table,
			 const struct wpkg_query_result *result)
{
	struct wpkg_arena *arena = &request->arena;
	struct wpkg_value *array = wpkg_value_add(arena, table, "invoices", WPKG_VALUE_ARRAY);
	for (size_t i = 0; array && i < result->count; i++) {
		struct wpkg_invoice *invoice = NULL;
		/* One that an old store holds and nobody can read must not hide the others. */
		if (wpkg_invoice_read(&invoice, arena, result->records[i].invoice,
				      WPKG_INVOICE_TOML, NULL) != WPKG_OK)
			continue;
		struct wpkg_value *item = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		if (!item || wpkg_invoice_to_value(arena, item, invoice, NULL) != WPKG_OK)
			return false;
	}
	return array != NULL;
}

/* Of a private server's records, those whose names the user may know. */
static void keep_readable(struct request *request, struct wpkg_query_result *result)
{
	size_t kept = 0;
	bool readable = false;
	for (size_t i = 0; i < result->count; i++) {
		/* Records of one name stand together. */
		if (i == 0 || !wpkg_str_equal(result->records[i].name, result->records[i - 1].name))
			readable = bindle_may_read(request, result->records[i].name);
		if (readable)
			result->records[kept++] = result->records[i];
	}
	result->count = kept;
}

/* The page of all that was kept. */
static void cut_page(struct wpkg_query_result *result, uint64_t offset, uint64_t limit)
{
	result->total = result->count;
	size_t first = offset < result->count ? (size_t)offset : result->count;
	size_t rest = result->count - first;
	result->records += first;
	result->count = rest < limit ? rest : (size_t)limit;
}

static enum wpkg_status run_query(struct wpkg_query_result *out, struct request *request,
				  const struct wpkg_query *asked, struct wpkg_err *err)
{
	struct wpkg_query query = *asked;
	struct wpkg_store *store = request->server->store;
	uint64_t limit = query.limit > 0 ? query.limit : LIMIT_NONE;
	query.limit = limit;
	if (!request->server->config.is_private)
		return wpkg_query_run(out, &request->arena, store, &query, err);
	query.offset = query.limit = 0;
	enum wpkg_status status = wpkg_query_run(out, &request->arena, store, &query, err);
	if (status != WPKG_OK)
		return status;
	keep_readable(request, out);
	cut_page(out, asked->offset, limit);
	return WPKG_OK;
}

static bool add_result(struct request *request, struct wpkg_value *table, const struct asked *asked,
		       const struct wpkg_query_result *result)
{
	struct wpkg_arena *arena = &request->arena;
	uint64_t offset = asked->query.offset;
	bool more = offset < result->total && offset + result->count < result->total;
	return wpkg_value_add_string(arena, table, "query", asked->query.text) &&
	       wpkg_value_add_boolean(arena, table, "strict", asked->strict) &&
	       wpkg_value_add_integer(arena, table, "offset", (int64_t)offset) &&
	       wpkg_value_add_integer(arena, table, "limit", (int64_t)asked->query.limit) &&
	       wpkg_value_add_integer(arena, table, "total", (int64_t)result->total) &&
	       wpkg_value_add_boolean(arena, table, "more", more) &&
	       wpkg_value_add_boolean(arena, table, "yanked", asked->query.yanked) &&
	       add_invoices(request, table, result);
}

void bindle_query(struct request *request)
{
	struct asked asked;
	struct wpkg_err err;
	struct wpkg_query_result result = {0};
	if (!parse_query(&asked, request)) {
		refuse_query(request);
		return;
	}
	enum wpkg_status status = run_query(&result, request, &asked.query, &err);
	struct wpkg_value *table = wpkg_value_new_table(&request->arena);
	if (status == WPKG_ENOMEM ||
	    (status == WPKG_OK && !add_result(request, table, &asked, &result)))
		respond_refusal(request, 413, "the answer is too large: ask for fewer with limit");
	else if (status != WPKG_OK)
		respond_error(request, &err);
	else
		respond_document(request, 200, table);
}

/* "roles=host" is all that is served; anything else of that form is a refusal of ours. */
static bool check_roles(struct request *request)
{
	struct wpkg_form form;
	enum wpkg_role role;
	if (request_form(&form, request, NULL) != WPKG_OK)
		return false;
	for (size_t i = 0; i < form.count; i++) {
		if (!wpkg_str_equal_text(form.pairs[i].key, "roles") ||
		    form.pairs[i].value.len == 0)
			return false;
		if (!wpkg_role_parse_loose(&role, form.pairs[i].value) || role != WPKG_ROLE_HOST) {
			respond_refusal(request, 400,
					"this server only serves keys with the role host");
			return true;
		}
	}
	return true;
}

void bindle_keys(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_str text;
	struct wpkg_value *table = NULL;
	if (!check_roles(request)) {
		refuse_query(request);
		return;
	}
	if (request->response.status != 0)
		return;
	enum wpkg_status status =
		host_keys_public(&text, request->server->keys, &request->arena, &err);
	bool json = request_wants_json(request);
	if (status == WPKG_OK && json)
		status = wpkg_toml_read(&table, &request->arena, text, &err);
	if (status != WPKG_OK)
		respond_error(request, &err);
	else if (json)
		respond_document(request, 200, table);
	else
		respond_text(request, 200, "application/toml", text);
}

void bindle_login(struct request *request)
{
	struct wpkg_form form;
	bool named = false;
	if (request_form(&form, request, NULL) == WPKG_OK)
		for (size_t i = 0; i < form.count; i++)
			named = named || wpkg_str_equal_text(form.pairs[i].key, "provider");
	if (!named)
		refuse_query(request);
	else
		respond_refusal(request, 400,
				"this server knows no identity providers: use a token, or a user "
				"and password");
}
