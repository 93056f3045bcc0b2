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

static void keep_readable(struct request *request, struct wpkg_package_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (api_may_read(request, list->items[i].name))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

bool api_read_search(struct api_packages *out, struct request *request,
		     const struct api_query *query)
{
	struct wpkg_search search = {.text = api_parameter(query, "q"), .limit = query->limit};
	struct wpkg_search_result result = {0};
	if (!take_offset(&search.offset, request, query) || !run_search(&result, request, &search))
		return false;
	*out = (struct api_packages){.more = result.more};
	if (result.more)
		out->next = wpkg_arena_format(&request->arena, "%zu",
					      search.offset + result.packages.count)
				    .ptr;
	keep_readable(request, &result.packages);
	out->list = result.packages;
	/* How many there are, and of which words, would tell of those that may not be read. */
	if (!request->server->config.is_private) {
		out->has_total = true;
		out->total = result.total;
		out->total_is_least = result.total_is_least;
		out->corrected = result.corrected;
	}
	return true;
}

void api_search(struct request *request)
{
	struct api_query query;
	struct api_packages found;
	if (!api_take_query(&query, request, "q") || !api_read_search(&found, request, &query))
		return;
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "packages");
	for (size_t i = 0; i < found.list.count; i++)
		api_put_package(&answer, api_put_table(&answer, array, NULL), &found.list.items[i]);
	if (found.has_total) {
		api_put_number(&answer, answer.root, "total", found.total);
		api_put_flag(&answer, answer.root, "total_is_least", found.total_is_least);
	}
	api_put_optional(&answer, answer.root, "corrected", found.corrected);
	if (found.more)
		api_put_next(&answer, &query, found.next);
	api_answer_end(&answer, &query);
}
