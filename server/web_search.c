/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of packages: what a search finds, or all. */
#include "web.h"

#include "base/utf8.h"
#include "document.h"
#include "store/search.h"

#define DESCRIPTION_SHOWN 400 /* bytes */

static void put_package(struct html *h, const struct wpkg_package *package)
{
	html_open(h, "li");
	html_open_class(h, "h3", "name");
	html_link(h, "/packages/*", package->name);
	html_text(h, package->name);
	html_close(h);
	html_say(h, " ");
	html_open_class(h, "span", "version");
	html_text(h, package->version);
	html_close(h);
	if (package->is_yanked) {
		html_say(h, " ");
		page_put_tag(h, "bad", "yanked");
	}
	html_close(h);
	if (package->description.len > 0) {
		html_open(h, "p");
		struct wpkg_str shown = wpkg_utf8_cut(package->description, DESCRIPTION_SHOWN);
		html_text(h, shown);
		if (shown.len < package->description.len)
			html_say(h, "…");
		html_close(h);
	}
	html_open_class(h, "p", "quiet");
	html_say(h, "Updated ");
	html_time(h, package->updated);
	html_say(h, " · ");
	html_count(h, package->version_count + package->yanked_count, "version", "versions");
	html_say(h, " · ");
	html_size(h, package->size);
	html_close(h);
	html_close(h);
}

void web_put_packages(struct html *h, const struct wpkg_package_list *list)
{
	html_open_class(h, "ul", "packages");
	for (size_t i = 0; i < list->count; i++)
		put_package(h, &list->items[i]);
	html_close(h);
}

static void put_orders(struct html *h, struct wpkg_str order)
{
	static const struct {
		const char *order, *words;
	} orders[] = {{"name", "By name"}, {"newest", "Newest"}, {"updated", "Updated last"}};
	html_open_class(h, "nav", "tabs");
	html_attr(h, "aria-label", "Order");
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		html_link(h, "/search?order=*", wpkg_str_from(orders[i].order));
		if (wpkg_str_equal_text(order, orders[i].order) || (i == 0 && order.len == 0))
			html_attr(h, "aria-current", "page");
		html_say(h, orders[i].words);
		html_close(h);
	}
	html_close(h);
}

static void put_total(struct html *h, const struct api_packages *found)
{
	html_open_class(h, "p", "quiet");
	html_attr(h, "role", "status");
	if (found->corrected.len > 0) {
		html_say(h, "Nothing has these words; this is what ");
		html_open(h, "b");
		html_text(h, found->corrected);
		html_close(h);
		html_say(h, " finds. ");
	}
	if (found->has_total) {
		html_say(h, found->total_is_least ? "More than " : "");
		html_count(h, found->total, "package", "packages");
	}
	html_close(h);
}

static void put_hints(struct html *h)
{
	static const char *const hints[] = {"runs-on:wasi-p1-command",
					    "exports:add",
					    "imports:wasi_snapshot_preview1",
					    "feature:simd",
					    "kind:component",
					    "license:MIT"};
	html_open_class(h, "div", "hints");
	html_word(h, "p", "Beside words, a search takes what modules are:");
	html_open_class(h, "ul", "chips");
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		html_open(h, "li");
		html_open_class(h, "a", "chip");
		html_address(h, "href", "/search?q=*", wpkg_str_from(hints[i]));
		html_say(h, hints[i]);
		html_close(h);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void put_next(struct html *h, const struct api_query *query,
		     const struct api_packages *found, bool is_search)
{
	struct wpkg_str next = wpkg_str_from(found->next);
	if (!found->more)
		return;
	html_open_class(h, "nav", "pages");
	html_attr(h, "aria-label", "Pages");
	html_open_class(h, "a", "button");
	html_attr(h, "rel", "next");
	if (is_search)
		html_address(h, "href", "/search?q=*&cursor=*", api_parameter(query, "q"), next);
	else
		html_address(h, "href", "/search?order=*&cursor=*", api_parameter(query, "order"),
			     next);
	html_say(h, "More packages");
	html_close(h);
	html_close(h);
}

/* What somebody types that has no word ("!?") finds nothing; to a program it is a mistake. */
static bool find(struct api_packages *out, struct request *request, const struct api_query *query,
		 struct wpkg_str words)
{
	if (words.len == 0)
		return api_read_packages(out, request, query);
	if (wpkg_search_asks(words))
		return api_read_search(out, request, query);
	*out = (struct api_packages){.has_total = true};
	return true;
}

void web_search(struct request *request)
{
	struct html h;
	struct api_query query;
	struct api_packages found;
	if (!api_take_query(&query, request, "q order"))
		return;
	struct wpkg_str words = wpkg_str_trim(api_parameter(&query, "q"));
	bool is_search = words.len > 0;
	if (!find(&found, request, &query, words))
		return;
	const struct page_head head = {.title = is_search ? words : WPKG_LIT("Packages"),
				       .query = words};
	page_begin(&h, request, &head);
	html_word(&h, "h1", is_search ? "Packages found" : "Packages");
	if (is_search)
		put_total(&h, &found);
	else
		put_orders(&h, api_parameter(&query, "order"));
	html_open_class(&h, "h2", "unseen");
	html_say(&h, "List");
	html_close(&h);
	web_put_packages(&h, &found.list);
	if (found.list.count == 0)
		html_word(&h, "p",
			  is_search ? "No package has all of that."
				    : "There is no package here yet.");
	put_next(&h, &query, &found, is_search);
	put_hints(&h);
	page_end(&h, request);
}
