/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's figures, packages and their versions, who depends on them. */
#include "api.h"

#include <stdio.h>

#include "server.h"
#include "store/package.h"

#define PRIVATE_LOOKS 20 /* pages that are looked at for one of what may be read */

void api_registry(struct request *request)
{
	struct wpkg_err err;
	struct api_query query;
	struct wpkg_registry_figures figures;
	const struct config *config = &request->server->config;
	if (!api_take_query(&query, request, ""))
		return;
	if (wpkg_registry_figures(&figures, request->server->store, &err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "software", WPKG_LIT("wpkgd " WPKG_VERSION));
	api_put_number(&answer, answer.root, "packages", figures.packages);
	api_put_number(&answer, answer.root, "versions", figures.versions);
	api_put_number(&answer, answer.root, "yanked", figures.yanked);
	api_put_number(&answer, answer.root, "last_event", (uint64_t)figures.last_event);
	api_put_flag(&answer, answer.root, "private", config->is_private);
	api_put_flag(&answer, answer.root, "logins", !config->unauthenticated);
	api_answer_end(&answer, &query);
}

/* Lists of packages */

static void put_package(struct api_answer *answer, struct wpkg_value *to,
			const struct wpkg_package *package)
{
	api_put_text(answer, to, "name", package->name);
	api_put_text(answer, to, "latest_version", package->version);
	api_put_flag(answer, to, "yanked", package->is_yanked);
	api_put_number(answer, to, "version_count", package->version_count);
	api_put_number(answer, to, "yanked_count", package->yanked_count);
	api_put_number(answer, to, "size", package->size);
	api_put_time(answer, to, "published", package->published);
	api_put_time(answer, to, "updated", package->updated);
}

void api_put_package(struct api_answer *answer, struct wpkg_value *to,
		     const struct wpkg_package *package)
{
	put_package(answer, to, package);
	api_put_text(answer, to, "description", package->description);
}

/* "NAME", or "SECONDS:NAME" in an order of time. */
static bool take_cursor(struct wpkg_package_mark *out, struct request *request,
			const struct api_query *query, enum wpkg_package_order order)
{
	struct wpkg_str text = query->cursor;
	size_t colon = wpkg_str_find(text, ':');
	uint64_t at = 0;
	if (order == WPKG_PACKAGES_BY_NAME || text.len == 0) {
		out->name = text;
		return true;
	}
	if (colon + 1 >= text.len || !wpkg_str_parse_u64(wpkg_str_slice(text, 0, colon), &at) ||
	    at > INT64_MAX) {
		respond_problem(request, 400, "bad-cursor", "the cursor is none of this list");
		return false;
	}
	out->at = (int64_t)at;
	out->name = wpkg_str_from_offset(text, colon + 1);
	return true;
}

static bool take_order(enum wpkg_package_order *out, struct request *request,
		       const struct api_query *query)
{
	static const char *const names[] = {[WPKG_PACKAGES_BY_NAME] = "name",
					    [WPKG_PACKAGES_NEWEST] = "newest",
					    [WPKG_PACKAGES_UPDATED] = "updated"};
	struct wpkg_str text = api_parameter(query, "order");
	*out = WPKG_PACKAGES_BY_NAME;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (wpkg_str_equal_text(text, names[i])) {
			*out = (enum wpkg_package_order)i;
			return true;
		}
	if (text.len == 0)
		return true;
	respond_problem(request, 400, "bad-parameter", "order is not name, newest or updated");
	return false;
}

static const char *cursor_of(struct request *request, enum wpkg_package_order order,
			     const struct wpkg_package_mark *mark)
{
	if (order == WPKG_PACKAGES_BY_NAME)
		return wpkg_arena_dup(&request->arena, mark->name).ptr;
	return wpkg_arena_format(&request->arena, "%lld:%.*s", (long long)mark->at,
				 WPKG_STR_ARG(mark->name))
		.ptr;
}

static struct wpkg_package_mark mark_of(const struct wpkg_package *package,
					enum wpkg_package_order order)
{
	return (struct wpkg_package_mark){.name = package->name,
					  .at = order == WPKG_PACKAGES_NEWEST ? package->published
									      : package->updated};
}

/* Adds a package to the list; false when memory is out. */
static bool keep(struct wpkg_package_list *list, struct request *request, size_t room,
		 const struct wpkg_package *package)
{
	if (!list->items)
		list->items = wpkg_arena_alloc(&request->arena, room, sizeof(*list->items));
	if (list->items)
		list->items[list->count++] = *package;
	return list->items != NULL;
}

/*
 * Adds what may be read until the page is full; *more says that there may be something behind
 * page->after then. Where much may not be read, a page may have fewer items, or none.
 */
static enum wpkg_status fill_page(struct wpkg_package_list *out, bool *more,
				  struct request *request, struct wpkg_package_page *page,
				  struct wpkg_err *err)
{
	const size_t limit = page->limit;
	*more = true;
	for (unsigned look = 0; *more && out->count < limit && look < PRIVATE_LOOKS; look++) {
		struct wpkg_package_list list;
		page->limit = limit + 1;
		enum wpkg_status status = wpkg_package_list(&list, &request->arena,
							    request->server->store, page, err);
		if (status != WPKG_OK)
			return status;
		*more = list.count > limit;
		for (size_t i = 0; i < list.count; i++) {
			if (out->count == limit) {
				*more = true;
				break;
			}
			page->after = mark_of(&list.items[i], page->order);
			if (api_may_read(request, list.items[i].name) &&
			    !keep(out, request, limit, &list.items[i]))
				return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
		}
	}
	return WPKG_OK;
}

bool api_read_packages(struct api_packages *out, struct request *request,
		       const struct api_query *query)
{
	struct wpkg_err err;
	struct wpkg_package_page page = {.limit = query->limit};
	struct api_packages packages = {0};
	bool more = false;
	if (!take_order(&page.order, request, query) ||
	    !take_cursor(&page.after, request, query, page.order))
		return false;
	if (fill_page(&packages.list, &more, request, &page, &err) != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	if (more)
		packages.next = cursor_of(request, page.order, &page.after);
	packages.more = more;
	*out = packages;
	return true;
}

void api_packages(struct request *request)
{
	struct api_query query;
	struct api_packages packages;
	if (!api_take_query(&query, request, "order") ||
	    !api_read_packages(&packages, request, &query))
		return;
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "packages");
	for (size_t i = 0; i < packages.list.count; i++)
		api_put_package(&answer, api_put_table(&answer, array, NULL),
				&packages.list.items[i]);
	if (packages.more)
		api_put_next(&answer, &query, packages.next);
	api_answer_end(&answer, &query);
}

/* One package */

static void put_version(struct api_answer *answer, struct wpkg_value *to,
			const struct wpkg_package_version *version)
{
	api_put_text(answer, to, "version", version->version);
	api_put_text(answer, to, "state", wpkg_str_from(wpkg_record_state_name(version->state)));
	api_put_time(answer, to, "created", version->created);
	api_put_time(answer, to, "published", version->published);
	api_put_number(answer, to, "size", version->size);
	api_put_number(answer, to, "parcel_count", version->parcel_count);
	api_put_digest(answer, to, "invoice_digest", &version->invoice);
	if (version->has_manifest)
		api_put_digest(answer, to, "manifest_digest", &version->manifest);
	if (version->yanked != 0)
		api_put_yank(answer, to, version->yanked, version->yanked_by, version->yank_reason);
}

void api_put_yank(struct api_answer *answer, struct wpkg_value *to, int64_t at, struct wpkg_str by,
		  struct wpkg_str reason)
{
	struct wpkg_value *yank = api_put_table(answer, to, "yank");
	api_put_time(answer, yank, "at", at);
	api_put_optional(answer, yank, "by", by);
	api_put_text(answer, yank, "reason", reason);
}

static bool put_versions(struct api_answer *answer, const struct api_query *query,
			 struct wpkg_str name)
{
	struct wpkg_err err;
	struct request *request = answer->request;
	struct wpkg_package_version_list list;
	const struct wpkg_package_versions_page page = {.name = name,
							.viewer = {.user = request->user},
							.after = query->cursor,
							.limit = query->limit + 1};
	enum wpkg_status status =
		wpkg_package_versions(&list, &request->arena, request->server->store, &page, &err);
	if (status == WPKG_EINVAL)
		respond_problem(request, 400, "bad-cursor", "%s", err.msg);
	else if (status != WPKG_OK)
		respond_error(request, &err);
	if (status != WPKG_OK)
		return false;
	size_t count = list.count < query->limit ? list.count : query->limit;
	struct wpkg_value *array = api_put_array(answer, answer->root, "versions");
	for (size_t i = 0; i < count; i++)
		put_version(answer, api_put_table(answer, array, NULL), &list.items[i]);
	if (list.count > count)
		api_put_next(answer, query,
			     wpkg_arena_dup(&request->arena, list.items[count - 1].version).ptr);
	return true;
}

bool api_find_package(struct wpkg_package *out, struct request *request, struct wpkg_str name)
{
	struct wpkg_err err;
	if (!api_may_read(request, name)) {
		respond_refusal(request, 404, "there is no package %.*s", WPKG_STR_ARG(name));
		return false;
	}
	if (wpkg_package_find(out, &request->arena, request->server->store, name, &err) == WPKG_OK)
		return true;
	respond_error(request, &err);
	return false;
}

/* What the version that stands for it says. */
static bool put_standing(struct api_answer *answer, const struct wpkg_package *package)
{
	struct wpkg_err err;
	struct request *request = answer->request;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_viewer viewer = {.user = request->user};
	if (wpkg_record_find(&record, &request->arena, request->server->store, package->name,
			     package->version, &viewer, &err) != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	if (!api_read_invoice(&invoice, request, &record))
		return false;
	api_put_about(answer, answer->root, invoice);
	return true;
}

void api_package(struct request *request)
{
	struct wpkg_err err;
	struct api_query query;
	struct wpkg_package package;
	struct wpkg_names names;
	struct wpkg_str name = request->parts[0];
	if (!api_take_query(&query, request, "") || !api_find_package(&package, request, name))
		return;
	if (wpkg_owner_list(&names, &request->arena, request->server->store, name, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	put_package(&answer, answer.root, &package);
	struct wpkg_value *owners = api_put_array(&answer, answer.root, "owners");
	for (size_t i = 0; i < names.count; i++)
		api_put_text(&answer, owners, NULL, names.items[i]);
	if (put_standing(&answer, &package) && put_versions(&answer, &query, name))
		api_answer_end(&answer, &query);
}

/* The name need be none of this registry; of those who depend on it, those that may be read. */
void api_dependents(struct request *request)
{
	struct wpkg_err err;
	struct api_query query;
	struct wpkg_dependent_list list;
	struct wpkg_str name = request->parts[0];
	if (!api_take_query(&query, request, ""))
		return;
	if (wpkg_package_dependents(&list, &request->arena, request->server->store, name,
				    query.cursor, query.limit + 1, &err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "dependents");
	size_t count = list.count < query.limit ? list.count : query.limit;
	for (size_t i = 0; i < count; i++) {
		if (!api_may_read(request, list.items[i].name))
			continue;
		struct wpkg_value *item = api_put_table(&answer, array, NULL);
		api_put_text(&answer, item, "name", list.items[i].name);
		api_put_text(&answer, item, "version", list.items[i].version);
		api_put_text(&answer, item, "requirement", list.items[i].requirement);
	}
	if (list.count > count)
		api_put_next(&answer, &query,
			     wpkg_arena_dup(&request->arena, list.items[count - 1].name).ptr);
	api_answer_end(&answer, &query);
}
