/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WEB_H
#define WPKG_SERVER_WEB_H

/*
 * The web page: HTML that is whole without a script. A page reads what the JSON API reads (api.h,
 * lib/store) and writes it with html.h. Whoever may not read a package by the API does not see it
 * here either: the same 404.
 *
 * What web/ holds, style and scripts, is served beside it (web_asset.h). Scripts find their places
 * by the ids and attributes that web/README.md lists.
 */

#include "api.h"
#include "html.h"

void web_home(struct request *request);	   /* / */
void web_search(struct request *request);  /* /search?q=&order=&cursor= */
void web_package(struct request *request); /* /packages/NAME */
void web_version(struct request *request); /* /packages/NAME/versions/VERSION */
/* /packages/NAME/versions/VERSION/modules/SHA256?function=NUMBER or ?export=NAME */
void web_module(struct request *request);
void web_diff(struct request *request);	   /* /packages/NAME/diff?from=&to= */
void web_badge(struct request *request);   /* /badge/NAME.svg */
void web_account(struct request *request); /* /account */

/* A refusal as a page; the text is for a person. */
void web_refuse(struct request *request, unsigned status, struct wpkg_str text);

/* Would a refusal for that request be read by a person at a browser? */
bool web_is_browser(const struct request *request);

/* The frame (web_page.c). */
struct page_head {
	struct wpkg_str title; /* empty: the registry's own */
	struct wpkg_str about; /* for previews; may be empty */
	struct wpkg_str query; /* what the field for searches holds */
	bool is_home;	       /* has that field in its middle */
};

void page_begin(struct html *h, struct request *request, const struct page_head *head);

/* Closes what is open and sends it with its entity tag, or 304. */
void page_end(struct html *h, struct request *request);

/* The form for searches. */
void page_put_search(struct html *h, struct wpkg_str query, const char *class_);

/* "h2" with an id, by which others link to it, in a section that is left open. */
void page_open_section(struct html *h, const char *id, const char *title);

/* A term and what is said of it, left open: two closes, or page_close_term. */
void page_open_term(struct html *h, const char *term);
void page_close_term(struct html *h);

/* A table in a frame of its own that scrolls, left open in its body: page_close_table. The columns
 * have '|' between them. */
void page_open_table(struct html *h, const char *caption, const char *columns);
void page_close_table(struct html *h);

/* "... and 12 more": nothing for 0. */
void page_put_rest(struct html *h, size_t count);

/* Where a page is: links to the package and, unless it is empty, to the version. */
void page_put_path(struct html *h, struct wpkg_str name, struct wpkg_str version);

/* A word in a rounded frame, for states: kind is "good", "bad", "note" or "plain". */
void page_put_tag(struct html *h, const char *kind, const char *words);

/* "https://host:port" as whoever asks knows this server; in the arena. */
struct wpkg_str page_base_url(struct request *request);

/* Parts of pages, a file each. */

/* The readme of a version, with its heading; nothing when it has none. */
void web_put_readme(struct html *h, struct request *request, const struct api_known *known);

/* Lines to type, for each client (web_install.c). */
void web_put_install(struct html *h, struct request *request, const struct api_known *known);

/* Dependencies and dependents: lists, and drawn (web_graph.c). */
void web_put_relations(struct html *h, struct request *request, const struct api_known *known);

/* Who says what of a version, and whether that is proven (web_signature.c): a line, or a table. */
void web_put_proof(struct html *h, struct request *request, const struct wpkg_invoice *invoice);
void web_put_signatures(struct html *h, struct request *request,
			const struct wpkg_invoice *invoice);

/* By its facts, a program of WASI preview 1? */
bool web_is_program(const struct wpkg_value *facts);

/* Where modules run (web_host.c): a line for all of a version's, or all answers for one. */
void web_put_hosts(struct html *h, struct request *request, const struct api_known *known);
void web_put_host_answers(struct html *h, struct request *request, const struct wpkg_value *facts);

/* What stands in a module's facts (web_facts.c): figures and features; then what it imports and
 * exports, and its sections drawn by their size. */
void web_put_summary(struct html *h, const struct wpkg_value *facts);
struct module_place {
	const struct api_known *known;
	struct wpkg_str digest; /* hex */
	const struct wpkg_value *facts;
};
void web_put_facts(struct html *h, const struct module_place *module);

/* What a module is, in a line: "module, 28.8 KiB, 3 imports, 2 exports". */
void web_put_kind(struct html *h, const struct wpkg_value *facts);

/* A place for the script that runs programs (web_try.c). */
void web_put_try(struct html *h, const struct api_known *known);

/* What an invoice says of its package: description, authors, license, ... (web_about.c). */
void web_put_about(struct html *h, const struct wpkg_invoice *invoice);

/* The first questions about a version, answered in a line each (web_glance.c). False, and the
 * answer is made, on failure. */
bool web_put_glance(struct html *h, struct request *request, const struct api_known *known);

/* What a version that is yanked or not published must say first (web_glance.c). */
void web_put_state(struct html *h, const struct wpkg_record *record);

/* What changed since the version below, as a line; or a form that asks for it (web_diff.c). False,
 * and the answer is made, on failure. */
bool web_put_changes(struct html *h, struct request *request, const struct api_known *known);
bool web_put_diff_form(struct html *h, struct request *request, struct wpkg_str name,
		       struct wpkg_str from, struct wpkg_str to);

/*
 * A package may be called as the addresses of another one's parts are: "NAME/diff". Where there is
 * one of the whole name, its page is the answer, and true comes back.
 */
bool web_is_other_package(struct request *request);

/* A list of packages (web_search.c). */
void web_put_packages(struct html *h, const struct wpkg_package_list *list);

/* A function of a module as text (web_function.c): which, by number or by the name of its export.
 */
struct function_choice {
	struct wpkg_str number, export;
};
void web_put_function(struct html *h, struct request *request, const struct api_known *known,
		      const struct wpkg_digest *digest, const struct function_choice *choice);

#endif
