/* SPDX-License-Identifier: Apache-2.0 */
/* One module of a version: all that is known of it. */
#include "web.h"

#include "document.h"

static bool find_module(size_t *at, const struct api_known *known, const struct wpkg_digest *digest)
{
	for (size_t i = 0; i < known->modules.count; i++)
		if (wpkg_digest_equal(&known->modules.items[i].digest, digest)) {
			*at = i;
			return true;
		}
	return false;
}

static void put_title(struct html *h, const struct api_known *known, struct wpkg_str parcel)
{
	const struct wpkg_record *record = &known->record;
	page_put_path(h, record->name, record->version);
	html_open(h, "h1");
	html_text(h, parcel);
	html_close(h);
}

static void put_download(struct html *h, const struct module_place *module)
{
	const struct wpkg_record *record = &module->known->record;
	html_open_class(h, "p", "actions");
	html_open_class(h, "a", "button");
	html_address(h, "href", "/api/v1/parcels/*/*/*", record->name, record->version,
		     module->digest);
	html_say(h, "Download");
	html_close(h);
	html_say(h, " ");
	html_open_class(h, "code", "digest");
	html_say(h, "sha256:");
	html_label(h, module->digest);
	html_close(h);
	html_close(h);
}

static void put_page(struct html *h, struct request *request, const struct module_place *module,
		     const struct wpkg_digest *digest, const struct function_choice *choice)
{
	web_put_state(h, &module->known->record);
	html_open_class(h, "p", "lead");
	web_put_kind(h, module->facts);
	html_close(h);
	put_download(h, module);
	if (module->facts) {
		web_put_summary(h, module->facts);
		page_open_section(h, "hosts", "Where it runs");
		web_put_host_answers(h, request, module->facts);
		html_close(h);
		web_put_facts(h, module);
	}
	if (wpkg_str_equal_text(document_text(module->facts, "kind"), "module"))
		web_put_function(h, request, module->known, digest, choice);
}

void web_module(struct request *request)
{
	struct html h;
	struct api_query query;
	struct api_known known;
	struct wpkg_digest digest;
	size_t at = 0;
	struct wpkg_str id =
		wpkg_arena_format(&request->arena, "%.*s/%.*s", WPKG_STR_ARG(request->parts[0]),
				  WPKG_STR_ARG(request->parts[1]));
	if (!api_take_query(&query, request, "function export") ||
	    !api_find_known(&known, request, id))
		return;
	if (!wpkg_digest_parse(&digest, request->parts[2]) || !find_module(&at, &known, &digest)) {
		respond_refusal(request, 404, "%.*s has no module %.*s", WPKG_STR_ARG(id),
				WPKG_STR_ARG(request->parts[2]));
		return;
	}
	const struct module_place module = {
		.known = &known, .digest = request->parts[2], .facts = known.facts[at]};
	const struct function_choice choice = {.number = api_parameter(&query, "function"),
					       .export = api_parameter(&query, "export")};
	struct wpkg_str parcel = api_parcel_name(known.invoice, &digest);
	page_begin(&h, request,
		   &(struct page_head){.title = wpkg_arena_format(&request->arena, "%.*s of %.*s",
								  WPKG_STR_ARG(parcel),
								  WPKG_STR_ARG(id))});
	put_title(&h, &known, parcel);
	put_page(&h, request, &module, &digest, &choice);
	page_end(&h, request);
}
