/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody new to a package asks first: what is it, where does it run, who made it and is that
 * proven, what changed. */
#include "web.h"

#include "document.h"

#define MODULES_MAX 20

void web_put_state(struct html *h, const struct wpkg_record *record)
{
	if (record->state == WPKG_RECORD_PUBLISHED)
		return;
	html_open_class(h, "div", "notice");
	html_attr(h, "role", "note");
	html_open(h, "p");
	if (record->state == WPKG_RECORD_YANKED) {
		html_word(h, "strong", "Yanked: do not use it any more. ");
		html_say(h, "On ");
		html_time(h, record->yanked);
		if (record->yanked_by.len > 0) {
			html_say(h, " by ");
			html_text(h, record->yanked_by);
		}
		if (record->yank_reason.len > 0) {
			html_say(h, ": ");
			html_text(h, record->yank_reason);
		}
	} else {
		html_word(h, "strong", "Not published: ");
		html_say(h, "this version is ");
		html_say(h, wpkg_record_state_name(record->state));
		html_say(h, ", and nobody but its pusher sees it.");
	}
	html_close(h);
	html_close(h);
}

static void put_module_link(struct html *h, const struct api_known *known, size_t at)
{
	char hex[WPKG_DIGEST_TEXT];
	const struct wpkg_digest *digest = &known->modules.items[at].digest;
	wpkg_digest_format(hex, digest);
	html_link(h, "/packages/*/versions/*/modules/*", known->record.name, known->record.version,
		  wpkg_str_from(hex));
	html_text(h, api_parcel_name(known->invoice, digest));
	html_close(h);
	html_open_class(h, "span", "quiet");
	html_say(h, " ");
	web_put_kind(h, known->facts[at]);
	html_close(h);
}

static void put_contents(struct html *h, const struct api_known *known)
{
	size_t count = known->modules.count < MODULES_MAX ? known->modules.count : MODULES_MAX;
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < count; i++) {
		html_open(h, "li");
		put_module_link(h, known, i);
		html_close(h);
	}
	html_open(h, "li");
	html_link(h, "/packages/*/versions/*#files", known->record.name, known->record.version);
	html_count(h, known->record.parcel_count, "file", "files");
	html_close(h);
	html_say(h, ", ");
	html_size(h, known->record.size);
	html_say(h, " in all");
	html_close(h);
	html_close(h);
}

bool web_put_glance(struct html *h, struct request *request, const struct api_known *known)
{
	html_open_class(h, "section", "glance");
	html_attr(h, "aria-labelledby", "glance");
	html_open_class(h, "h2", "unseen");
	html_attr(h, "id", "glance");
	html_say(h, "At a glance");
	html_close(h);
	html_open_class(h, "dl", "facts");
	page_open_term(h, "What is in it");
	put_contents(h, known);
	page_close_term(h);
	page_open_term(h, "Where it runs");
	web_put_hosts(h, request, known);
	page_close_term(h);
	page_open_term(h, "Who stands for it");
	web_put_proof(h, request, known->invoice);
	page_close_term(h);
	page_open_term(h, "What changed");
	html_open(h, "p");
	bool good = web_put_changes(h, request, known);
	html_close(h);
	page_close_term(h);
	html_close(h);
	html_close(h);
	return good;
}
