/* SPDX-License-Identifier: Apache-2.0 */
/* One version: its invoice as tables, what its signatures mean, what admission found out. */
#include "web.h"

#include "base/utf8.h"
#include "data/json.h"
#include "document.h"
#include "server.h"

#define ROWS_MAX 1000
#define VALUE_SHOWN 2000 /* bytes of an annotation */

/* Files */

static void put_digest_cell(struct html *h, struct wpkg_str digest)
{
	html_open(h, "td");
	html_open_class(h, "code", "digest");
	html_label(h, digest);
	html_close(h);
	html_close(h);
}

static void put_parcel(struct html *h, const struct api_known *known,
		       const struct wpkg_parcel *parcel)
{
	const struct wpkg_label *label = &parcel->label;
	html_open(h, "tr");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_link(h, "/api/v1/parcels/*/*/*", known->record.name, known->record.version,
		  label->sha256);
	html_text(h, label->name);
	html_close(h);
	html_close(h);
	html_open(h, "td");
	html_label(h, label->media_type);
	html_close(h);
	html_open_class(h, "td", "number");
	html_size(h, label->size);
	html_close(h);
	html_open(h, "td");
	for (size_t i = 0; i < parcel->conditions.member_of.count; i++) {
		html_say(h, i > 0 ? ", " : "");
		html_text(h, parcel->conditions.member_of.items[i]);
	}
	html_close(h);
	put_digest_cell(h, label->sha256);
	html_close(h);
}

static void put_files(struct html *h, const struct api_known *known)
{
	const struct wpkg_invoice *invoice = known->invoice;
	size_t count = invoice->parcel_count < ROWS_MAX ? invoice->parcel_count : ROWS_MAX;
	page_open_section(h, "files", "Files");
	page_open_table(h, "Files", "File|Type|Size|Groups|SHA-256");
	for (size_t i = 0; i < count; i++)
		put_parcel(h, known, &invoice->parcels[i]);
	page_close_table(h);
	page_put_rest(h, invoice->parcel_count - count);
	html_close(h);
}

/* The script finds what it shall hash by these attributes. */
static void put_verify(struct html *h, const struct api_known *known)
{
	const struct wpkg_invoice *invoice = known->invoice;
	html_open(h, "section");
	html_attr(h, "id", "verify");
	html_attr_text(h, "data-package", known->record.name);
	html_attr_text(h, "data-version", known->record.version);
	html_word(h, "h3", "Check it here");
	html_word(h, "p",
		  "With JavaScript, this page fetches the invoice and its files, computes the "
		  "digests and checks the signatures in your browser. wpkg verify does it at a "
		  "terminal.");
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < invoice->parcel_count && i < ROWS_MAX; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		html_open(h, "li");
		html_attr_text(h, "data-digest", label->sha256);
		html_attr_number(h, "data-size", (int64_t)label->size);
		html_text(h, label->name);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

/* The verdict */

static void put_finding(struct html *h, const char *what, struct wpkg_str subject,
			const struct wpkg_value *finding, bool passed)
{
	html_open(h, "tr");
	html_word(h, "td", what);
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_text(h, subject);
	html_close(h);
	html_open(h, "td");
	page_put_tag(h, passed ? "good" : "bad", passed ? "passed" : "failed");
	html_close(h);
	html_open(h, "td");
	if (document_text(finding, "error").len > 0) {
		html_open(h, "pre");
		html_lines(h, document_text(finding, "error"));
		html_close(h);
	}
	html_close(h);
	html_open_class(h, "td", "number");
	if (wpkg_value_find(finding, "milliseconds")) {
		html_number(h, document_number(finding, "milliseconds"));
		html_say(h, " ms");
	}
	html_close(h);
	html_close(h);
}

static void put_findings(struct html *h, const struct wpkg_value *verdict)
{
	static const struct {
		const char *list, *what, *subject, *flag;
	} kinds[] = {{"modules", "module is valid", "parcel", "valid"},
		     {"rules", "rule of the registry", "rule", "passed"},
		     {"links", "links with others", "parcel", "passed"},
		     {"hosts", "runs on", "host", "passed"},
		     {"checks", "check of the package", "name", "passed"}};
	size_t count = 0;
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		count += document_list(verdict, kinds[kind].list)->count;
	if (count == 0)
		return;
	page_open_table(h, "Findings of admission", "What|Of|Outcome|Why|Time");
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		const struct wpkg_value *list = document_list(verdict, kinds[kind].list);
		for (size_t i = 0; i < list->count && i < ROWS_MAX; i++)
			put_finding(h, kinds[kind].what,
				    document_text(&list->items[i], kinds[kind].subject),
				    &list->items[i],
				    document_flag(&list->items[i], kinds[kind].flag));
	}
	page_close_table(h);
}

static const char *stage_words(struct wpkg_str stage)
{
	static const struct {
		const char *stage, *words;
	} stages[] = {{"validate", "Its modules are valid"},
		      {"policy", "It keeps the rules of the registry"},
		      {"link", "It links with its dependencies"},
		      {"hosts", "It runs where it says"},
		      {"checks", "Its own checks pass"}};
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (wpkg_str_equal_text(stage, stages[i].stage))
			return stages[i].words;
	return "Another stage";
}

static void put_stage(struct html *h, const struct wpkg_value *stage)
{
	struct wpkg_str outcome = document_text(stage, "outcome");
	const struct wpkg_value *problems = document_list(stage, "problems");
	bool passed = wpkg_str_equal_text(outcome, "passed");
	bool failed = wpkg_str_equal_text(outcome, "failed");
	if (outcome.len == 0)
		return;
	html_open(h, "li");
	page_put_tag(h,
		     passed   ? "good"
		     : failed ? "bad"
			      : "plain",
		     passed   ? "passed"
		     : failed ? "failed"
			      : "skipped");
	html_say(h, " ");
	html_say(h, stage_words(document_text(stage, "name")));
	html_open_class(h, "span", "quiet");
	html_say(h, " ");
	html_count(h, document_number(stage, "looked_at"), "item", "items");
	html_say(h, ", ");
	html_number(h, document_number(stage, "milliseconds"));
	html_say(h, " ms");
	html_close(h);
	for (size_t i = 0; i < problems->count && i < ROWS_MAX; i++) {
		if (problems->items[i].kind != WPKG_VALUE_STRING)
			continue;
		html_open(h, "pre");
		html_lines(h, problems->items[i].string);
		html_close(h);
	}
	html_close(h);
}

/* Verdicts of older programs have none, or say less of them. */
static void put_stages(struct html *h, const struct wpkg_value *stages)
{
	if (stages->count == 0)
		return;
	html_open_class(h, "ul", "plain stages");
	for (size_t i = 0; i < stages->count && i < ROWS_MAX; i++)
		put_stage(h, &stages->items[i]);
	html_close(h);
}

static void put_verdict(struct html *h, struct request *request, const struct wpkg_record *record)
{
	struct wpkg_value *verdict = NULL;
	page_open_section(h, "verdict", "What the registry checked");
	if (record->verdict.len == 0 ||
	    wpkg_json_read(&verdict, &request->arena, record->verdict, NULL) != WPKG_OK) {
		html_word(h, "p",
			  "Nothing is on record: it came by an import, or is not checked "
			  "yet.");
		html_close(h);
		return;
	}
	html_open(h, "p");
	if (document_flag(verdict, "accepted"))
		page_put_tag(h, "good", "accepted");
	else
		page_put_tag(h, "bad", "refused");
	html_say(h, " ");
	html_text(h, document_text(verdict, "reason"));
	html_open_class(h, "span", "quiet");
	html_say(h, " by ");
	html_text(h, document_text(verdict, "engine"));
	html_close(h);
	html_close(h);
	put_stages(h, document_list(verdict, "stages"));
	put_findings(h, verdict);
	html_close(h);
}

/* The rest of the invoice */

static void put_pairs(struct html *h, const struct wpkg_map *map)
{
	size_t count = map->count < ROWS_MAX ? map->count : ROWS_MAX;
	page_open_table(h, "Annotations", "Annotation|Value");
	for (size_t i = 0; i < count; i++) {
		html_open(h, "tr");
		html_open(h, "th");
		html_attr(h, "scope", "row");
		html_code(h, map->pairs[i].key);
		html_close(h);
		html_open_class(h, "td", "value");
		html_lines(h, wpkg_utf8_cut(map->pairs[i].value, VALUE_SHOWN));
		html_close(h);
		html_close(h);
	}
	page_close_table(h);
	page_put_rest(h, map->count - count);
}

static void put_groups(struct html *h, const struct wpkg_invoice *invoice)
{
	page_open_table(h, "Groups", "Group|Required|Satisfied by");
	for (size_t i = 0; i < invoice->group_count && i < ROWS_MAX; i++) {
		const struct wpkg_group *group = &invoice->groups[i];
		html_open(h, "tr");
		html_open(h, "th");
		html_attr(h, "scope", "row");
		html_text(h, group->name);
		html_close(h);
		html_word(h, "td", group->required ? "yes" : "no");
		html_open(h, "td");
		html_text(h, group->satisfied_by.len > 0 ? group->satisfied_by : WPKG_LIT("allOf"));
		html_close(h);
		html_close(h);
	}
	page_close_table(h);
}

static void put_identity(struct html *h, const struct wpkg_record *record)
{
	char hex[WPKG_DIGEST_TEXT];
	html_open_class(h, "dl", "facts");
	page_open_term(h, "Published");
	if (record->published != 0)
		html_time(h, record->published);
	else
		html_say(h, "never");
	if (record->pusher.len > 0) {
		html_say(h, " by ");
		html_text(h, record->pusher);
	}
	page_close_term(h);
	if (record->has_manifest) {
		wpkg_digest_format(hex, &record->manifest);
		page_open_term(h, "Content address");
		html_open_class(h, "code", "digest");
		html_say(h, "sha256:");
		html_say(h, hex);
		html_close(h);
		page_close_term(h);
	}
	wpkg_digest_format(hex, &record->invoice_digest);
	page_open_term(h, "Invoice");
	html_link(h, "/v1/_i/*/*?yanked=true", record->name, record->version);
	html_say(h, "invoice.toml");
	html_close(h);
	html_say(h, " ");
	html_open_class(h, "code", "digest");
	html_say(h, "sha256:");
	html_say(h, hex);
	html_close(h);
	page_close_term(h);
	html_close(h);
}

static void put_invoice(struct html *h, const struct api_known *known)
{
	const struct wpkg_invoice *invoice = known->invoice;
	page_open_section(h, "invoice", "Invoice");
	put_identity(h, &known->record);
	if (invoice->annotations.count > 0)
		put_pairs(h, &invoice->annotations);
	if (invoice->group_count > 0)
		put_groups(h, invoice);
	html_close(h);
}

static void put_title(struct html *h, const struct api_known *known)
{
	page_put_path(h, known->record.name, (struct wpkg_str){0});
	html_open(h, "h1");
	html_text(h, known->record.name);
	html_say(h, " ");
	html_open_class(h, "span", "version");
	html_text(h, known->record.version);
	html_close(h);
	html_close(h);
	web_put_state(h, &known->record);
	if (known->invoice->description.len > 0) {
		html_open_class(h, "p", "lead");
		html_text(h, known->invoice->description);
		html_close(h);
	}
}

/* With the version below, unless another one is chosen; of the first, the newest with it. */
static bool put_difference(struct html *h, struct request *request,
			   const struct wpkg_record *record)
{
	struct wpkg_str from;
	struct wpkg_str to = record->version;
	if (!api_find_previous(&from, request, record))
		return false;
	if (from.len == 0) {
		from = record->version;
		to = (struct wpkg_str){0};
	}
	page_open_section(h, "difference", "Compare with another version");
	bool good = web_put_diff_form(h, request, record->name, from, to);
	html_close(h);
	return good;
}

static bool put_page(struct html *h, struct request *request, const struct api_known *known)
{
	put_title(h, known);
	if (!web_put_glance(h, request, known))
		return false;
	web_put_install(h, request, known);
	web_put_try(h, known);
	page_open_section(h, "signatures", "Who signed it");
	web_put_signatures(h, request, known->invoice);
	put_verify(h, known);
	html_close(h);
	put_verdict(h, request, &known->record);
	put_files(h, known);
	put_invoice(h, known);
	return put_difference(h, request, &known->record);
}

void web_version(struct request *request)
{
	struct html h;
	struct api_query query;
	struct api_known known;
	struct wpkg_str id =
		wpkg_arena_format(&request->arena, "%.*s/%.*s", WPKG_STR_ARG(request->parts[0]),
				  WPKG_STR_ARG(request->parts[1]));
	if (web_is_other_package(request) || !api_take_query(&query, request, "") ||
	    !api_find_known(&known, request, id))
		return;
	page_begin(
		&h, request,
		&(struct page_head){.title = wpkg_arena_format(&request->arena, "%.*s %.*s",
							       WPKG_STR_ARG(known.record.name),
							       WPKG_STR_ARG(known.record.version)),
				    .about = known.invoice->description});
	if (put_page(&h, request, &known))
		page_end(&h, request);
}
