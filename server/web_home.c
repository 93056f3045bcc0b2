/* SPDX-License-Identifier: Apache-2.0 */
/* The first page: what this is, a search, what is new, what others build on. */
#include "web.h"

#include "popular.h"
#include "server.h"

#define LIST_MAX 8
#define LOOKS (4 * LIST_MAX) /* packages that are looked at for a list of what may be read */

static void put_figures(struct html *h, struct request *request)
{
	struct wpkg_registry_figures figures;
	/* How many there are would tell of those that may not be read. */
	if (request->server->config.is_private ||
	    wpkg_registry_figures(&figures, request->server->store, NULL) != WPKG_OK)
		return;
	html_open_class(h, "p", "figures");
	html_open(h, "b");
	html_number(h, figures.packages);
	html_close(h);
	html_say(h, figures.packages == 1 ? " package in " : " packages in ");
	html_open(h, "b");
	html_number(h, figures.versions);
	html_close(h);
	html_say(h, figures.versions == 1 ? " version" : " versions");
	html_close(h);
}

static void put_hero(struct html *h, struct request *request)
{
	html_open_class(h, "div", "hero");
	html_word(h, "h1", "WebAssembly packages");
	html_open_class(h, "p", "lead");
	html_say(h, "Signed, checked, and the same bytes for everybody.");
	html_close(h);
	page_put_search(h, (struct wpkg_str){0}, "search large");
	put_figures(h, request);
	html_close(h);
}

static void put_row(struct html *h, struct wpkg_str name)
{
	html_open(h, "li");
	html_link(h, "/packages/*", name);
	html_text(h, name);
	html_close(h);
	html_say(h, " ");
}

static void put_recent(struct html *h, struct request *request, enum wpkg_package_order order,
		       const char *id, const char *title)
{
	size_t shown = 0;
	struct wpkg_package_list list = {0};
	const struct wpkg_package_page page = {.order = order, .limit = LOOKS};
	if (wpkg_package_list(&list, &request->arena, request->server->store, &page, NULL) !=
	    WPKG_OK)
		return;
	page_open_section(h, id, title);
	html_open_class(h, "ul", "short");
	for (size_t i = 0; i < list.count && shown < LIST_MAX; i++) {
		if (!api_may_read(request, list.items[i].name))
			continue;
		put_row(h, list.items[i].name);
		html_open_class(h, "span", "quiet");
		html_text(h, list.items[i].version);
		if (list.items[i].is_yanked) {
			html_say(h, " ");
			page_put_tag(h, "bad", "yanked");
		}
		html_say(h, " · ");
		html_time(h, order == WPKG_PACKAGES_NEWEST ? list.items[i].published
							   : list.items[i].updated);
		html_close(h);
		html_close(h);
		shown++;
	}
	if (shown == 0)
		html_word(h, "li", "Nothing yet.");
	html_close(h);
	html_close(h);
}

static void put_needed(struct html *h, struct request *request)
{
	size_t shown = 0;
	struct wpkg_needed_list list = {0};
	if (popular_list(&list, &request->arena, request->server->popular, request->server->store,
			 NULL) != WPKG_OK)
		return;
	page_open_section(h, "needed", "What others build on");
	html_open_class(h, "ul", "short");
	for (size_t i = 0; i < list.count && shown < LIST_MAX; i++) {
		if (!api_may_read(request, list.items[i].name))
			continue;
		put_row(h, list.items[i].name);
		if (!request->server->config.is_private) {
			html_open_class(h, "span", "quiet");
			html_say(h, "needed by ");
			html_count(h, list.items[i].dependents, "package", "packages");
			html_close(h);
		}
		html_close(h);
		shown++;
	}
	if (shown == 0)
		html_word(h, "li", "No package here needs another one yet.");
	html_close(h);
	html_close(h);
}

void web_home(struct request *request)
{
	struct html h;
	const struct page_head head = {
		.about = WPKG_LIT("A registry of WebAssembly packages: signed, checked, and the "
				  "same bytes for everybody."),
		.is_home = true};
	page_begin(&h, request, &head);
	put_hero(&h, request);
	html_open_class(&h, "div", "columns three");
	put_recent(&h, request, WPKG_PACKAGES_UPDATED, "updated", "Updated last");
	put_recent(&h, request, WPKG_PACKAGES_NEWEST, "newest", "New packages");
	put_needed(&h, request);
	html_close(&h);
	page_end(&h, request);
}
