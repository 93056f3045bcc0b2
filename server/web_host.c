/* SPDX-License-Identifier: Apache-2.0 */
/* Where modules run, as admission found it out (host_report.h). */
#include "web.h"

#include "document.h"
#include "pkg/host_profile.h"
#include "server.h"

#define CHIPS_MAX 24
#define ROWS_MAX 300

/* Profiles of a later start may be there that this one has not read. */
static struct wpkg_str title_of(const struct request *request, struct wpkg_str id)
{
	const struct wpkg_host_profile *profile =
		wpkg_host_profiles_find(request->server->hosts, id);
	return profile && profile->title.len > 0 ? profile->title : id;
}

static const struct wpkg_value *answers_of(const struct wpkg_value *facts, const char *kind)
{
	return document_list(facts ? wpkg_value_find(facts, "hosts") : NULL, kind);
}

static bool lists(const struct wpkg_value *answers, struct wpkg_str id)
{
	for (size_t i = 0; i < answers->count; i++)
		if (wpkg_str_equal(document_text(&answers->items[i], "host"), id))
			return true;
	return false;
}

bool web_is_program(const struct wpkg_value *facts)
{
	return lists(answers_of(facts, "runs"), WPKG_LIT("wasi-p1-command"));
}

static bool all_run_on(const struct api_known *known, struct wpkg_str id)
{
	for (size_t i = 0; i < known->modules.count; i++)
		if (!lists(answers_of(known->facts[i], "runs"), id))
			return false;
	return true;
}

static void put_chip(struct html *h, struct request *request, struct wpkg_str id)
{
	html_open_class(h, "li", "chip");
	html_attr_text(h, "title", id);
	html_text(h, title_of(request, id));
	html_close(h);
}

/* Where each module of the version runs. */
void web_put_hosts(struct html *h, struct request *request, const struct api_known *known)
{
	size_t shown = 0;
	size_t rest = 0;
	if (known->modules.count == 0) {
		html_say(h, "It holds no WebAssembly.");
		return;
	}
	const struct wpkg_value *runs = answers_of(known->facts[0], "runs");
	html_open_class(h, "ul", "chips");
	for (size_t i = 0; i < runs->count; i++) {
		struct wpkg_str id = document_text(&runs->items[i], "host");
		if (!all_run_on(known, id))
			continue;
		if (shown < CHIPS_MAX)
			put_chip(h, request, id);
		else
			rest++;
		shown++;
	}
	if (shown == 0)
		html_word(h, "li", "No host that this registry knows of.");
	html_close(h);
	page_put_rest(h, rest);
}

/* All answers for one module */

static void put_texts(struct html *h, const struct wpkg_value *texts, bool more)
{
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < texts->count; i++) {
		if (texts->items[i].kind != WPKG_VALUE_STRING)
			continue;
		html_open(h, "li");
		html_text(h, texts->items[i].string);
		html_close(h);
	}
	if (more)
		html_word(h, "li", "and more");
	html_close(h);
}

struct answer_kind {
	const char *list, *tag, *words;
	const char *texts; /* the member with what is to be said */
};

static void put_answer(struct html *h, struct request *request, const struct answer_kind *kind,
		       const struct wpkg_value *answer)
{
	struct wpkg_str id = document_text(answer, "host");
	html_open(h, "tr");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_text(h, title_of(request, id));
	html_say(h, " ");
	html_code(h, id);
	html_close(h);
	html_open(h, "td");
	page_put_tag(h, kind->tag, kind->words);
	html_close(h);
	html_open(h, "td");
	if (document_list(answer, kind->texts)->count > 0)
		put_texts(h, document_list(answer, kind->texts), document_flag(answer, "more"));
	html_close(h);
	html_close(h);
}

static void put_answers(struct html *h, struct request *request, const struct wpkg_value *facts,
			const struct answer_kind *kind)
{
	const struct wpkg_value *answers = answers_of(facts, kind->list);
	for (size_t i = 0; i < answers->count && i < ROWS_MAX; i++)
		put_answer(h, request, kind, &answers->items[i]);
}

void web_put_host_answers(struct html *h, struct request *request, const struct wpkg_value *facts)
{
	static const struct answer_kind runs = {"runs", "good", "runs", "warnings"};
	static const struct answer_kind glue = {"glue", "note", "with its loader", "warnings"};
	static const struct answer_kind none = {"not", "plain", "no", "reasons"};
	page_open_table(h, "Where it runs", "Host|Runs there|What to know");
	put_answers(h, request, facts, &runs);
	put_answers(h, request, facts, &glue);
	page_close_table(h);
	if (answers_of(facts, "not")->count == 0)
		return;
	html_open(h, "details");
	html_open(h, "summary");
	html_say(h, "Where it does not run, and why: ");
	html_count(h, answers_of(facts, "not")->count, "host", "hosts");
	html_close(h);
	page_open_table(h, "Where it does not run", "Host|Runs there|Why not");
	put_answers(h, request, facts, &none);
	page_close_table(h);
	html_close(h);
}
