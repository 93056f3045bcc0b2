/* SPDX-License-Identifier: Apache-2.0 */
/* A place for the script that runs a program within the page. */
#include "web.h"

static void put_label(struct html *h, const char *id, const char *words)
{
	html_open(h, "label");
	html_attr(h, "for", id);
	html_say(h, words);
	html_close(h);
}

static void put_form(struct html *h)
{
	html_open_class(h, "form", "stack");
	html_attr(h, "hidden", "hidden");
	put_label(h, "arguments", "Arguments");
	html_void(h, "input");
	html_attr(h, "id", "arguments");
	html_attr(h, "name", "arguments");
	html_attr(h, "autocomplete", "off");
	html_attr(h, "spellcheck", "false");
	put_label(h, "stdin", "Standard input");
	html_open(h, "textarea");
	html_attr(h, "id", "stdin");
	html_attr(h, "name", "stdin");
	html_attr(h, "rows", "3");
	html_attr(h, "spellcheck", "false");
	html_close(h);
	html_word(h, "button", "Run");
	html_close(h);
}

static void put_place(struct html *h, const struct api_known *known, const char *hex,
		      struct wpkg_str name)
{
	html_open(h, "section");
	html_attr(h, "id", "try");
	html_attr(h, "aria-labelledby", "try-title");
	html_address(h, "data-parcel-url", "/api/v1/parcels/*/*/*", known->record.name,
		     known->record.version, wpkg_str_from(hex));
	html_attr_text(h, "data-name", name);
	html_open(h, "h2");
	html_attr(h, "id", "try-title");
	html_say(h, "Try it");
	html_close(h);
	html_open(h, "p");
	html_say(h, "It runs in this page, with files of the page alone: nothing of your machine "
		    "is within its reach. ");
	html_open_class(h, "span", "without-script");
	html_say(h, "That needs JavaScript.");
	html_close(h);
	html_close(h);
	put_form(h);
	html_open(h, "output");
	html_attr(h, "for", "arguments stdin");
	html_close(h);
	html_close(h);
}

void web_put_try(struct html *h, const struct api_known *known)
{
	char hex[WPKG_DIGEST_TEXT];
	for (size_t i = 0; i < known->modules.count; i++) {
		const struct wpkg_digest *digest = &known->modules.items[i].digest;
		if (!web_is_program(known->facts[i]))
			continue;
		wpkg_digest_format(hex, digest);
		put_place(h, known, hex, api_parcel_name(known->invoice, digest));
		return;
	}
}
