/* SPDX-License-Identifier: Apache-2.0 */
/* A package: the version that stands for it, its readme, all versions, whom it needs. */
#include "web.h"

#include "net/url.h"
#include "server.h"
#include "store/access.h"

#define OWNERS_MAX 20

static void put_title(struct html *h, const struct api_known *known)
{
	const struct wpkg_record *record = &known->record;
	html_open(h, "h1");
	html_text(h, record->name);
	html_say(h, " ");
	html_open_class(h, "span", "version");
	html_link(h, "/packages/*/versions/*", record->name, record->version);
	html_text(h, record->version);
	html_close(h);
	html_close(h);
	html_close(h);
	web_put_state(h, record);
	if (known->invoice->description.len > 0) {
		html_open_class(h, "p", "lead");
		html_text(h, known->invoice->description);
		html_close(h);
	}
}

/* Versions */

static void put_yank(struct html *h, const struct wpkg_package_version *version)
{
	if (version->yanked == 0) {
		page_put_tag(h, version->state == WPKG_RECORD_PUBLISHED ? "plain" : "note",
			     wpkg_record_state_name(version->state));
		return;
	}
	page_put_tag(h, "bad", "yanked");
	html_say(h, " ");
	html_time(h, version->yanked);
	if (version->yank_reason.len > 0) {
		html_say(h, ": ");
		html_text(h, version->yank_reason);
	}
}

static void put_version(struct html *h, struct wpkg_str name,
			const struct wpkg_package_version *version, struct wpkg_str before)
{
	html_open(h, "tr");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_link(h, "/packages/*/versions/*", name, version->version);
	html_text(h, version->version);
	html_close(h);
	html_close(h);
	html_open(h, "td");
	html_time(h, version->published != 0 ? version->published : version->created);
	html_close(h);
	html_open_class(h, "td", "number");
	html_size(h, version->size);
	html_close(h);
	html_open_class(h, "td", "state");
	put_yank(h, version);
	html_close(h);
	html_open(h, "td");
	if (before.len > 0) {
		html_link(h, "/packages/*/diff?from=*&to=*", name, before, version->version);
		html_say(h, "since ");
		html_text(h, before);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void put_more(struct html *h, struct wpkg_str name, struct wpkg_str last)
{
	html_open_class(h, "nav", "pages");
	html_attr(h, "aria-label", "Pages of versions");
	html_open_class(h, "a", "button");
	html_address(h, "href", "/packages/*?cursor=*#versions", name, last);
	html_say(h, "Older versions");
	html_close(h);
	html_close(h);
}

static bool put_versions(struct html *h, struct request *request, const struct api_query *query,
			 struct wpkg_str name)
{
	struct wpkg_err err;
	struct wpkg_package_version_list list;
	const struct wpkg_package_versions_page page = {.name = name,
							.viewer = {.user = request->user},
							.after = query->cursor,
							.limit = query->limit + 1};
	enum wpkg_status status =
		wpkg_package_versions(&list, &request->arena, request->server->store, &page, &err);
	if (status != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	size_t count = list.count < query->limit ? list.count : query->limit;
	page_open_section(h, "versions", "Versions");
	page_open_table(h, "Versions", "Version|Published|Size|State|Changes");
	for (size_t i = 0; i < count; i++)
		put_version(h, name, &list.items[i],
			    i + 1 < list.count ? list.items[i + 1].version : (struct wpkg_str){0});
	page_close_table(h);
	if (list.count > count)
		put_more(h, name, list.items[count - 1].version);
	html_close(h);
	return true;
}

/* The side */

static void put_badge(struct html *h, struct request *request, struct wpkg_str name)
{
	struct wpkg_buf line;
	struct wpkg_str url = page_base_url(request);
	wpkg_buf_init(&line, 4096);
	wpkg_buf_append_text(&line, "[![wpkg](");
	wpkg_buf_append_str(&line, url);
	wpkg_buf_append_text(&line, "/badge/");
	wpkg_url_append_path(&line, name);
	wpkg_buf_append_text(&line, ".svg)](");
	wpkg_buf_append_str(&line, url);
	wpkg_buf_append_text(&line, "/packages/");
	wpkg_url_append_path(&line, name);
	wpkg_buf_append_text(&line, ")");
	page_open_section(h, "badge", "Badge");
	html_open(h, "p");
	html_void(h, "img");
	html_address(h, "src", "/badge/*.svg", name);
	html_attr(h, "alt", "The badge of this package");
	html_attr(h, "height", "20");
	html_close(h);
	html_open_class(h, "div", "line");
	html_open(h, "pre");
	html_attr(h, "tabindex", "0");
	html_code(h, wpkg_buf_str(&line));
	html_close(h);
	html_open(h, "button");
	html_attr(h, "type", "button");
	html_attr(h, "hidden", "hidden");
	html_attr(h, "data-copy", "badge");
	html_say(h, "Copy");
	html_close(h);
	html_close(h);
	html_close(h);
	wpkg_buf_clear(&line);
}

static void put_owners(struct html *h, struct request *request, struct wpkg_str name)
{
	struct wpkg_names owners;
	if (wpkg_owner_list(&owners, &request->arena, request->server->store, name, NULL) !=
	    WPKG_OK)
		return;
	page_open_term(h, owners.count > 1 ? "Owners" : "Owner");
	if (owners.count == 0)
		html_say(h, "nobody");
	for (size_t i = 0; i < owners.count && i < OWNERS_MAX; i++) {
		html_say(h, i > 0 ? ", " : "");
		html_text(h, owners.items[i]);
	}
	page_close_term(h);
}

static void put_facts(struct html *h, struct request *request, const struct wpkg_package *package,
		      const struct api_known *known)
{
	page_open_section(h, "about", "About");
	html_open_class(h, "dl", "stacked");
	put_owners(h, request, package->name);
	web_put_about(h, known->invoice);
	page_open_term(h, "First published");
	html_time(h, package->published);
	page_close_term(h);
	page_open_term(h, "Updated");
	html_time(h, package->updated);
	page_close_term(h);
	html_close(h);
	html_close(h);
}

static bool put_page(struct html *h, struct request *request, const struct api_query *query,
		     const struct wpkg_package *package, const struct api_known *known)
{
	put_title(h, known);
	html_open_class(h, "div", "with-side");
	html_open_class(h, "div", "main");
	if (!web_put_glance(h, request, known))
		return false;
	web_put_install(h, request, known);
	web_put_try(h, known);
	web_put_readme(h, request, known);
	if (!put_versions(h, request, query, package->name))
		return false;
	web_put_relations(h, request, known);
	html_close(h);
	html_open_class(h, "aside", "side");
	html_attr(h, "aria-label", "About this package");
	put_facts(h, request, package, known);
	put_badge(h, request, package->name);
	html_close(h);
	html_close(h);
	return true;
}

void web_package(struct request *request)
{
	struct html h;
	struct api_query query;
	struct wpkg_package package;
	struct api_known known;
	if (!api_take_query(&query, request, "") ||
	    !api_find_package(&package, request, request->parts[0]))
		return;
	struct wpkg_str id =
		wpkg_arena_format(&request->arena, "%.*s/%.*s", WPKG_STR_ARG(package.name),
				  WPKG_STR_ARG(package.version));
	if (!api_find_known(&known, request, id))
		return;
	page_begin(&h, request,
		   &(struct page_head){.title = package.name, .about = package.description});
	if (put_page(&h, request, &query, &package, &known))
		page_end(&h, request);
}

bool web_is_other_package(struct request *request)
{
	struct wpkg_package package;
	struct wpkg_str prefix = WPKG_LIT("/packages/");
	struct wpkg_str name = wpkg_str_from_offset(request->path, prefix.len);
	if (request->query.len > 0 || !api_may_read(request, name) ||
	    wpkg_package_find(&package, &request->arena, request->server->store, name, NULL) !=
		    WPKG_OK)
		return false;
	request->parts[0] = name;
	web_package(request);
	return true;
}
