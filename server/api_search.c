/* SPDX-License-Identifier: Apache-2.0 */
/* Search for packages by words and by what their modules are. */
#include "api.h"

#include "server.h"
#include "store/search.h"

static bool take_offset(size_t *out, struct request *request, const struct api_query *query)
{
	uint64_t offset = 0;
	if (query->cursor.len > 0 &&
	    (!wpkg_str_parse_u64(query->cursor, &offset) || offset >= WPKG_SEARCH_REACH)) {
		respond_problem(request, 400, "bad-cursor", "the cursor is none of this search");
		return false;
	}
	*out = (size_t)offset;
	return true;
}

static bool run_search(struct wpkg_search_result *out, struct request *request,
		       const struct wpkg_search *search)
{
	struct wpkg_err err;
	enum wpkg_status status =
		wpkg_search_run(out, &request->arena, request->server->store, search, &err);
	if (status == WPKG_EINVAL || status == WPKG_ELIMIT)
		respond_problem(request, 400, "bad-parameter", "q: %s", err.msg);
	else if (status != WPKG_OK)
		respond_error(request, &err);
	return status == WPKG_OK;
}

/* How many there are would tell of those that may not be read. */
static void put_total(struct api_answer *answer, const struct wpkg_search_result *result)
{
	if (answer->request->server->config.is_private)
		return;
	api_put_number(answer, answer->root, "total", result->total);
	api_put_flag(answer, answer->root, "total_is_least", result->total_is_least);
}

void api_search(struct request *request)
{
	struct api_query query;
	struct wpkg_search search = {0};
	struct wpkg_search_result result = {0};
	if (!api_take_query(&query, request, "q") || !take_offset(&search.offset, request, &query))
		return;
	search.text = api_parameter(&query, "q");
	search.limit = query.limit;
	if (!run_search(&result, request, &search))
		return;
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "packages");
	for (size_t i = 0; i < result.packages.count; i++)
		if (api_may_read(request, result.packages.items[i].name))
			api_put_package(&answer, api_put_table(&answer, array, NULL),
					&result.packages.items[i]);
	put_total(&answer, &result);
	if (!request->server->config.is_private)
		api_put_optional(&answer, answer.root, "corrected", result.corrected);
	if (result.more)
		api_put_next(&answer, &query,
			     wpkg_arena_format(&request->arena, "%zu",
					       search.offset + result.packages.count)
				     .ptr);
	api_answer_end(&answer, &query);
}
