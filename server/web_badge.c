/* SPDX-License-Identifier: Apache-2.0 */
/* A badge for other pages: the version that stands for a package, as SVG. */
#include "web.h"

#define LETTER 7 /* units that a letter takes, about */
#define PADDING 6
#define TEXT_MAX 40

static unsigned width_of(struct wpkg_str text)
{
	return 2 * PADDING + LETTER * (unsigned)text.len;
}

static void put_field(struct html *h, unsigned x, unsigned width, const char *colour,
		      struct wpkg_str text)
{
	html_open(h, "rect");
	html_attr_number(h, "x", x);
	html_attr_number(h, "width", width);
	html_attr(h, "height", "20");
	html_attr(h, "fill", colour);
	html_close(h);
	html_open(h, "text");
	html_attr_number(h, "x", x + width / 2);
	html_attr(h, "y", "14");
	html_attr_number(h, "textLength", width - 2 * PADDING);
	html_label(h, text);
	html_close(h);
}

static void put_badge(struct html *h, struct wpkg_str version, bool is_yanked)
{
	struct wpkg_str label = WPKG_LIT("wpkg");
	version = wpkg_str_slice(version, 0, TEXT_MAX);
	unsigned left = width_of(label);
	unsigned right = width_of(version);
	html_open(h, "svg");
	html_attr(h, "xmlns", "http://www.w3.org/2000/svg");
	html_attr_number(h, "width", left + right);
	html_attr(h, "height", "20");
	html_attr(h, "role", "img");
	html_open(h, "title");
	html_say(h, "wpkg ");
	html_label(h, version);
	html_say(h, is_yanked ? ", yanked" : "");
	html_close(h);
	html_open(h, "g");
	html_attr(h, "font-family", "Verdana,DejaVu Sans,sans-serif");
	html_attr(h, "font-size", "11");
	html_attr(h, "fill", "#fff");
	html_attr(h, "text-anchor", "middle");
	put_field(h, 0, left, "#3c3a4a", label);
	put_field(h, left, right, is_yanked ? "#b3261e" : "#5b45d6", version);
	html_close(h);
	html_close(h);
}

void web_badge(struct request *request)
{
	struct html h;
	struct wpkg_package package;
	struct wpkg_str name = request->parts[0];
	if (!wpkg_str_ends(name, WPKG_LIT(".svg"))) {
		respond_refusal(request, 404, "no such badge");
		return;
	}
	name = wpkg_str_slice(name, 0, name.len - 4);
	if (!api_find_package(&package, request, name))
		return;
	respond_text(request, 200, "image/svg+xml", (struct wpkg_str){0});
	html_init(&h, &request->response.body);
	put_badge(&h, package.version, package.is_yanked);
	respond_header(request, "Content-Security-Policy", "default-src 'none'");
	api_finish(request, "image/svg+xml");
}
