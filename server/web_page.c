/* SPDX-License-Identifier: Apache-2.0 */
/* What every page has around it, and what several have in them. */
#include "web.h"

#include "base/utf8.h"
#include "server.h"

#define PREVIEW_MAX 300 /* bytes of a text that others show of a page */

static void put_meta(struct html *h, const char *name, const char *content)
{
	html_void(h, "meta");
	html_attr(h, "name", name);
	html_attr(h, "content", content);
}

static void put_preview(struct html *h, const char *property, struct wpkg_str content)
{
	if (content.len == 0)
		return;
	html_void(h, "meta");
	html_attr(h, "property", property);
	html_attr_text(h, "content", wpkg_utf8_cut(content, PREVIEW_MAX));
}

static void put_link(struct html *h, const char *rel, const char *href, const char *type)
{
	html_void(h, "link");
	html_attr(h, "rel", rel);
	html_attr(h, "href", href);
	if (type)
		html_attr(h, "type", type);
}

static void put_head(struct html *h, const struct page_head *head)
{
	html_open(h, "head");
	html_void(h, "meta");
	html_attr(h, "charset", "utf-8");
	put_meta(h, "viewport", "width=device-width, initial-scale=1");
	put_meta(h, "color-scheme", "light dark");
	html_open(h, "title");
	if (head->title.len > 0) {
		html_label(h, head->title);
		html_say(h, " · ");
	}
	html_say(h, "wpkg registry");
	html_close(h);
	if (head->about.len > 0) {
		html_void(h, "meta");
		html_attr(h, "name", "description");
		html_attr_text(h, "content", wpkg_utf8_cut(head->about, PREVIEW_MAX));
	}
	put_preview(h, "og:title", head->title);
	put_preview(h, "og:description", head->about);
	put_link(h, "stylesheet", "/assets/site.css", NULL);
	put_link(h, "icon", "/assets/icon.svg", "image/svg+xml");
	put_link(h, "alternate", "/api/v1/events.atom", "application/atom+xml");
	html_open(h, "script");
	html_attr(h, "type", "module");
	html_attr(h, "src", "/assets/app.js");
	html_close(h);
	html_close(h);
}

void page_put_search(struct html *h, struct wpkg_str query, const char *class_)
{
	html_open_class(h, "form", class_);
	html_attr(h, "role", "search");
	html_attr(h, "action", "/search");
	html_open_class(h, "label", "unseen");
	html_attr(h, "for", "q");
	html_say(h, "Search packages");
	html_close(h);
	html_void(h, "input");
	html_attr(h, "type", "search");
	html_attr(h, "id", "q");
	html_attr(h, "name", "q");
	html_attr_text(h, "value", query);
	html_attr(h, "placeholder", "Search packages");
	html_attr(h, "autocomplete", "off");
	html_attr(h, "maxlength", "500");
	html_word(h, "button", "Search");
	html_close(h);
}

static void put_header(struct html *h, const struct page_head *head)
{
	html_open_class(h, "a", "skip");
	html_attr(h, "href", "#main");
	html_say(h, "Skip to content");
	html_close(h);
	html_open_class(h, "header", "site");
	html_open_class(h, "a", "brand");
	html_attr(h, "href", "/");
	html_void(h, "img");
	html_attr(h, "src", "/assets/icon.svg");
	html_attr(h, "alt", "");
	html_attr(h, "width", "28");
	html_attr(h, "height", "28");
	html_word(h, "span", "wpkg");
	html_close(h);
	if (!head->is_home)
		page_put_search(h, head->query, "search");
	html_open(h, "nav");
	html_attr(h, "aria-label", "Site");
	html_link(h, "/search");
	html_say(h, "Packages");
	html_close(h);
	html_link(h, "/account");
	html_say(h, "Account");
	html_close(h);
	html_close(h);
	html_close(h);
}

void page_begin(struct html *h, struct request *request, const struct page_head *head)
{
	wpkg_buf_reset(&request->response.body);
	html_init(h, &request->response.body);
	wpkg_buf_append_text(h->out, "<!DOCTYPE html>\n");
	html_open(h, "html");
	html_attr(h, "lang", "en");
	html_attr(h, "dir", "ltr");
	put_head(h, head);
	html_open(h, "body");
	put_header(h, head);
	html_open(h, "main");
	html_attr(h, "id", "main");
	html_attr(h, "tabindex", "-1");
}

static void finish(struct html *h)
{
	html_close(h); /* main */
	html_open_class(h, "footer", "site");
	html_open(h, "p");
	html_say(h, "wpkgd " WPKG_VERSION);
	html_close(h);
	html_open(h, "nav");
	html_attr(h, "aria-label", "For programs");
	html_link(h, "/api/v1/registry");
	html_say(h, "JSON API");
	html_close(h);
	html_link(h, "/api/v1/events.atom");
	html_say(h, "Feed");
	html_close(h);
	html_link(h, "/v1/bindle-keys?roles=host");
	html_say(h, "Host keys");
	html_close(h);
	html_close(h);
	while (h->depth > 0)
		html_close(h);
	wpkg_buf_append_byte(h->out, '\n');
}

void page_end(struct html *h, struct request *request)
{
	finish(h);
	api_finish(request, "text/html; charset=utf-8");
}

/* Refusals */

bool web_is_browser(const struct request *request)
{
	return wpkg_str_contains(request->accept, WPKG_LIT("text/html"));
}

static const char *title_of(unsigned status)
{
	switch (status) {
	case 400:
		return "That cannot be asked";
	case 401:
		return "A login is needed";
	case 403:
		return "That is not allowed";
	case 404:
		return "Nothing is here";
	case 405:
		return "That cannot be done here";
	case 429:
		return "Too many requests";
	default:
		return status < 500 ? "That was refused" : "Something is wrong here";
	}
}

void web_refuse(struct request *request, unsigned status, struct wpkg_str text)
{
	struct html h;
	const char *title = title_of(status);
	page_begin(&h, request, &(struct page_head){.title = wpkg_str_from(title)});
	html_open_class(&h, "div", "refusal");
	html_open_class(&h, "p", "eyebrow");
	html_number(&h, status);
	html_close(&h);
	html_word(&h, "h1", title);
	html_open(&h, "p");
	html_text(&h, text);
	html_close(&h);
	if (status >= 500)
		html_word(&h, "p", "What is stored is safe. Try again in a moment.");
	html_open(&h, "p");
	html_link(&h, "/search");
	html_say(&h, "See all packages");
	html_close(&h);
	html_close(&h);
	html_close(&h);
	finish(&h);
	request->response.status = status;
	request->response.content_type = "text/html; charset=utf-8";
}

/* Parts */

void page_open_section(struct html *h, const char *id, const char *title)
{
	html_open(h, "section");
	html_attr(h, "aria-labelledby", id);
	html_open(h, "h2");
	html_attr(h, "id", id);
	html_say(h, title);
	html_close(h);
}

void page_open_term(struct html *h, const char *term)
{
	html_open(h, "div");
	html_word(h, "dt", term);
	html_open(h, "dd");
}

void page_close_term(struct html *h)
{
	html_close(h);
	html_close(h);
}

void page_open_table(struct html *h, const char *caption, const char *columns)
{
	struct wpkg_str rest = wpkg_str_from(columns);
	struct wpkg_str column;
	html_open_class(h, "div", "table");
	html_attr(h, "role", "group");
	html_attr(h, "aria-label", caption);
	html_attr(h, "tabindex", "0");
	html_open(h, "table");
	html_open_class(h, "caption", "unseen");
	html_say(h, caption);
	html_close(h);
	html_open(h, "thead");
	html_open(h, "tr");
	while (wpkg_str_split(&rest, '|', &column)) {
		html_open(h, "th");
		html_attr(h, "scope", "col");
		html_label(h, column);
		html_close(h);
	}
	html_close(h);
	html_close(h);
	html_open(h, "tbody");
}

void page_close_table(struct html *h)
{
	html_close(h);
	html_close(h);
	html_close(h);
}

void page_put_rest(struct html *h, size_t count)
{
	if (count == 0)
		return;
	html_open_class(h, "p", "quiet");
	html_say(h, "and ");
	html_number(h, count);
	html_say(h, " more, which the JSON API has");
	html_close(h);
}

void page_put_path(struct html *h, struct wpkg_str name, struct wpkg_str version)
{
	html_open_class(h, "nav", "path");
	html_attr(h, "aria-label", "Where this is");
	html_link(h, "/packages/*", name);
	html_text(h, name);
	html_close(h);
	if (version.len > 0) {
		html_say(h, " / ");
		html_link(h, "/packages/*/versions/*", name, version);
		html_text(h, version);
		html_close(h);
	}
	html_close(h);
}

void page_put_tag(struct html *h, const char *kind, const char *words)
{
	html_open_class(h, "span", "tag");
	html_attr(h, "data-kind", kind);
	html_say(h, words);
	html_close(h);
}

struct wpkg_str page_base_url(struct request *request)
{
	const struct config *config = &request->server->config;
	if (config->public_url)
		return wpkg_str_from(config->public_url);
	return wpkg_arena_format(&request->arena, "%s://%.*s", config->tls_cert ? "https" : "http",
				 WPKG_STR_ARG(request->host));
}
