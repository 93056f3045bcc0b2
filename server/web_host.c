/* SPDX-License-Identifier: Apache-2.0 */
/* Where modules run, as admission found it out (host_report.h). */
#include "web.h"

#include "document.h"
#include "pkg/host_profile.h"
#include "server.h"

#define CHIPS_MAX 24
#define ROWS_MAX 300

static const char nowhere[] = "On no host that this registry knows of.";

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

/* What a module's facts say of a host; NULL: not that. */
static const struct wpkg_value *find_answer(const struct wpkg_value *facts, const char *kind,
					    struct wpkg_str id)
{
	const struct wpkg_value *answers = answers_of(facts, kind);
	for (size_t i = 0; i < answers->count; i++)
		if (wpkg_str_equal(document_text(&answers->items[i], "host"), id))
			return &answers->items[i];
	return NULL;
}

bool web_is_program(const struct wpkg_value *facts)
{
	return find_answer(facts, "runs", WPKG_LIT("wasi-p1-command")) != NULL;
}

/* Where a version runs: each of its modules as it is, or with something to mind. */
enum running { RUNS_NOT, RUNS_MIND, RUNS };

static enum running running_on(const struct api_known *known, struct wpkg_str id)
{
	enum running running = RUNS;
	for (size_t i = 0; i < known->modules.count; i++) {
		const struct wpkg_value *runs = find_answer(known->facts[i], "runs", id);
		if (!runs && !find_answer(known->facts[i], "glue", id))
			return RUNS_NOT;
		if (!runs || document_list(runs, "warnings")->count > 0)
			running = RUNS_MIND;
	}
	return running;
}

static void put_chip(struct html *h, struct request *request, struct wpkg_str id)
{
	html_open_class(h, "li", "chip");
	html_attr_text(h, "title", id);
	html_text(h, title_of(request, id));
	html_close(h);
}

struct hosts {
	struct wpkg_str ids[CHIPS_MAX];
	size_t count; /* also of those that have no room */
};

static struct hosts hosts_of(const struct api_known *known, enum running wanted)
{
	static const char *const lists[] = {"runs", "glue"};
	struct hosts hosts = {0};
	for (size_t list = 0; list < 2; list++) {
		const struct wpkg_value *answers = answers_of(known->facts[0], lists[list]);
		for (size_t i = 0; i < answers->count; i++) {
			struct wpkg_str id = document_text(&answers->items[i], "host");
			if (running_on(known, id) != wanted)
				continue;
			if (hosts.count < CHIPS_MAX)
				hosts.ids[hosts.count] = id;
			hosts.count++;
		}
	}
	return hosts;
}

static void put_chips(struct html *h, struct request *request, const struct hosts *hosts)
{
	html_open_class(h, "ul", "chips");
	for (size_t i = 0; i < hosts->count && i < CHIPS_MAX; i++)
		put_chip(h, request, hosts->ids[i]);
	html_close(h);
	page_put_rest(h, hosts->count > CHIPS_MAX ? hosts->count - CHIPS_MAX : 0);
}

/* A page may have to give what a module imports, or a loader: that is no plain yes. */
void web_put_hosts(struct html *h, struct request *request, const struct api_known *known)
{
	if (known->modules.count == 0) {
		html_say(h, "It holds no WebAssembly.");
		return;
	}
	const struct hosts plain = hosts_of(known, RUNS);
	const struct hosts minded = hosts_of(known, RUNS_MIND);
	if (plain.count > 0)
		put_chips(h, request, &plain);
	else if (minded.count == 0)
		html_say(h, nowhere);
	if (minded.count == 0)
		return;
	html_open_class(h, "p", "quiet");
	html_say(h,
		 plain.count > 0
			 ? "And with something to mind, such as imports that JavaScript must give:"
			 : "Only with something to mind, such as imports that JavaScript must "
			   "give:");
	html_close(h);
	put_chips(h, request, &minded);
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
	if (answers_of(facts, runs.list)->count + answers_of(facts, glue.list)->count > 0) {
		page_open_table(h, "Where it runs", "Host|Runs there|What to know");
		put_answers(h, request, facts, &runs);
		put_answers(h, request, facts, &glue);
		page_close_table(h);
	} else {
		html_word(h, "p", nowhere);
	}
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
