/* SPDX-License-Identifier: Apache-2.0 */
/* What a package says of itself: nobody has proven it, and its links lead elsewhere. */
#include "web.h"

#include "pkg/annotation.h"

#define ITEMS_MAX 100

/* Only what a browser fetches as a page; anything else is text. */
static bool is_link(struct wpkg_str url)
{
	return wpkg_str_starts(url, WPKG_LIT("https://")) ||
	       wpkg_str_starts(url, WPKG_LIT("http://"));
}

static void put_outside(struct html *h, struct wpkg_str url)
{
	if (is_link(url)) {
		html_open(h, "a");
		html_attr_text(h, "href", url);
		html_attr(h, "rel", "nofollow noopener ugc");
	}
	html_text(h, wpkg_str_slice(url, 0, 200));
	if (is_link(url))
		html_close(h);
}

static void put_outside_term(struct html *h, const char *term, const struct wpkg_map *map,
			     const char *key)
{
	struct wpkg_str url = wpkg_map_find(map, key);
	if (url.len == 0)
		return;
	page_open_term(h, term);
	put_outside(h, url);
	page_close_term(h);
}

static void put_term(struct html *h, const char *term, struct wpkg_str text)
{
	if (text.len == 0)
		return;
	page_open_term(h, term);
	html_text(h, text);
	page_close_term(h);
}

static void put_authors(struct html *h, const struct wpkg_strings *authors)
{
	if (authors->count == 0)
		return;
	page_open_term(h, "Authors");
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < authors->count && i < ITEMS_MAX; i++) {
		html_open(h, "li");
		html_text(h, authors->items[i]);
		html_close(h);
	}
	html_close(h);
	page_close_term(h);
}

/* Words with commas between, each a search. */
static void put_words(struct html *h, const char *term, const char *search, struct wpkg_str words)
{
	struct wpkg_str word;
	if (words.len == 0)
		return;
	page_open_term(h, term);
	html_open_class(h, "ul", "chips");
	for (size_t i = 0; i < ITEMS_MAX && wpkg_str_split(&words, ',', &word); i++) {
		html_open(h, "li");
		html_open_class(h, "a", "chip");
		html_address(h, "href", "/search?q=**", wpkg_str_from(search), wpkg_str_trim(word));
		html_text(h, wpkg_str_trim(word));
		html_close(h);
		html_close(h);
	}
	html_close(h);
	page_close_term(h);
}

static void put_origin(struct html *h, const struct wpkg_map *map)
{
	struct wpkg_str revision = wpkg_map_find(map, WPKG_ANNOTATION_REVISION);
	struct wpkg_str dirty = wpkg_map_find(map, WPKG_ANNOTATION_SOURCE_DIRTY);
	if (revision.len == 0)
		return;
	page_open_term(h, "Made of");
	html_code(h, wpkg_str_slice(revision, 0, 64));
	if (wpkg_map_find(map, WPKG_ANNOTATION_SOURCE_REF).len > 0) {
		html_say(h, " ");
		html_text(h, wpkg_map_find(map, WPKG_ANNOTATION_SOURCE_REF));
	}
	if (wpkg_str_equal_text(dirty, "true"))
		html_say(h, ", with files changed since");
	page_close_term(h);
}

void web_put_about(struct html *h, const struct wpkg_invoice *invoice)
{
	const struct wpkg_map *map = &invoice->annotations;
	put_authors(h, &invoice->authors);
	put_term(h, "License", wpkg_map_find(map, WPKG_ANNOTATION_LICENSES));
	put_outside_term(h, "Source", map, WPKG_ANNOTATION_SOURCE);
	put_outside_term(h, "Homepage", map, WPKG_ANNOTATION_URL);
	put_outside_term(h, "Documentation", map, WPKG_ANNOTATION_DOCUMENTATION);
	put_origin(h, map);
	put_words(h, "Keywords", "keyword:", wpkg_map_find(map, WPKG_ANNOTATION_KEYWORDS));
	put_words(h, "Meant for", "runs-on:", wpkg_map_find(map, WPKG_ANNOTATION_HOSTS));
}
