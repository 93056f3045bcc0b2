/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, what that is good for, and which packages are theirs. */
#include "api.h"

#include "server.h"
#include "store/access.h"

static bool put_grants(struct api_answer *answer)
{
	struct wpkg_err err;
	struct request *request = answer->request;
	struct wpkg_grant_list list;
	if (wpkg_grant_list(&list, &request->arena, request->server->store, request->user, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	struct wpkg_value *array = api_put_array(answer, answer->root, "grants");
	for (size_t i = 0; i < list.count; i++) {
		struct wpkg_value *item = api_put_table(answer, array, NULL);
		api_put_text(answer, item, "right",
			     wpkg_str_from(wpkg_right_name(list.items[i].right)));
		api_put_text(answer, item, "pattern", list.items[i].pattern);
	}
	return true;
}

/* A user may read what is theirs; a token with a scope perhaps not all of it, and then a page has
 * fewer. */
static bool put_packages(struct api_answer *answer, const struct api_query *query)
{
	struct wpkg_err err;
	struct request *request = answer->request;
	struct wpkg_package_list list;
	const struct wpkg_package_page page = {.owner = request->user,
					       .after = {.name = query->cursor},
					       .limit = query->limit + 1};
	if (wpkg_package_list(&list, &request->arena, request->server->store, &page, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	size_t count = list.count < query->limit ? list.count : query->limit;
	struct wpkg_value *array = api_put_array(answer, answer->root, "packages");
	for (size_t i = 0; i < count; i++)
		if (api_may_read(request, list.items[i].name))
			api_put_package(answer, api_put_table(answer, array, NULL), &list.items[i]);
	if (list.count > count)
		api_put_next(answer, query,
			     wpkg_arena_dup(&request->arena, list.items[count - 1].name).ptr);
	return true;
}

void api_account(struct request *request)
{
	struct api_query query;
	if (!api_take_query(&query, request, ""))
		return;
	if (request->user.len == 0) {
		respond_refusal(request, 403, "this registry has no users");
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "user", request->user);
	api_put_optional(&answer, answer.root, "scope", request->scope);
	if (put_grants(&answer) && put_packages(&answer, &query))
		api_answer_end(&answer, &query);
}
