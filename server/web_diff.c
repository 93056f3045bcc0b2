/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two versions: the JSON API's answer (api_diff.c) as tables, or as a line. */
#include "web.h"

#include "document.h"
#include "server.h"

#define ROWS_MAX 500
#define VERSIONS_MAX 200 /* to choose from */

enum { LIST_EXPORTS, LIST_IMPORTS, LIST_FEATURES, LIST_HOSTS, LIST_COUNT };

static const struct list_words {
	const char *key, *title, *one, *many;
	bool has_types;
} lists[LIST_COUNT] = {
	{"exports", "Exports", "export", "exports", true},
	{"imports", "Imports", "import", "imports", true},
	{"features", "Features", "feature", "features", false},
	{"hosts", "Where it runs", "host", "hosts", false},
};

/* What somebody who relies on the module must look at is bad, or at least to be noted. */
static const struct change_words {
	const char *key, *tag;
	const char *kinds[LIST_COUNT];
} changes[] = {{"removed", "removed", {"bad", "good", "plain", "bad"}},
	       {"changed", "changed", {"bad", "note", "note", "note"}},
	       {"added", "new", {"good", "note", "note", "good"}}};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static const struct wpkg_value *change_of(const struct wpkg_value *module, unsigned list,
					  size_t change)
{
	return document_list(wpkg_value_find(module, lists[list].key), changes[change].key);
}

/* As a line */

static size_t count_change(const struct wpkg_value *modules, unsigned list, size_t change)
{
	size_t count = 0;
	for (size_t i = 0; i < modules->count; i++)
		count += change_of(&modules->items[i], list, change)->count;
	return count;
}

static bool is_same(const struct wpkg_value *module)
{
	return wpkg_str_equal(document_text(module, "digest_before"),
			      document_text(module, "digest"));
}

static bool are_same(const struct wpkg_value *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		if (!is_same(&modules->items[i]))
			return false;
	return modules->count > 0;
}

static void put_counts(struct html *h, const struct wpkg_value *modules)
{
	bool any = false;
	for (unsigned list = 0; list < LIST_COUNT; list++)
		for (size_t change = 0; change < CHANGES; change++) {
			size_t count = count_change(modules, list, change);
			if (count == 0)
				continue;
			html_say(h, any ? ", " : ": ");
			html_count(h, count, lists[list].one, lists[list].many);
			html_say(h, " ");
			html_say(h, changes[change].tag);
			any = true;
		}
	if (any)
		return;
	html_say(h, are_same(modules) ? ": its modules are byte for byte the same"
				      : ": imports, exports and hosts are the same");
}

static void put_diff_link(struct html *h, struct wpkg_str name, struct wpkg_str from,
			  struct wpkg_str to)
{
	html_link(h, "/packages/*/diff?from=*&to=*", name, from, to);
	html_say(h, "Since ");
	html_text(h, from);
	html_close(h);
}

bool web_put_changes(struct html *h, struct request *request, const struct api_known *known)
{
	struct api_known old;
	struct wpkg_str from;
	const struct wpkg_record *record = &known->record;
	if (!api_find_previous(&from, request, record))
		return false;
	if (from.len == 0) {
		html_say(h, "It is the first version.");
		return true;
	}
	struct wpkg_str id = wpkg_arena_format(&request->arena, "%.*s/%.*s",
					       WPKG_STR_ARG(record->name), WPKG_STR_ARG(from));
	if (!api_find_known(&old, request, id))
		return false;
	struct api_answer answer = api_answer_begin(request);
	api_put_diff(&answer, &old, known);
	put_diff_link(h, record->name, from, record->version);
	put_counts(h, document_list(answer.root, "modules"));
	return true;
}

/* As tables */

static void put_name(struct html *h, const struct wpkg_value *item)
{
	struct wpkg_str module = document_text(item, "module");
	struct wpkg_str host = document_text(item, "host");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	if (item->kind == WPKG_VALUE_STRING) {
		html_code(h, item->string);
	} else {
		html_open(h, "code");
		html_label(h, module);
		html_say(h, module.len > 0 ? " " : "");
		html_label(h, host.len > 0 ? host : document_text(item, "name"));
		html_close(h);
	}
	html_close(h);
}

static void put_type(struct html *h, const struct wpkg_value *item)
{
	html_open(h, "td");
	if (wpkg_value_find(item, "from")) {
		html_open(h, "del");
		html_code(h, document_text(item, "from"));
		html_close(h);
		html_say(h, " ");
		html_open(h, "ins");
		html_code(h, document_text(item, "to"));
		html_close(h);
	} else if (document_text(item, "type").len > 0) {
		html_code(h, document_text(item, "type"));
	}
	html_close(h);
}

static size_t put_rows(struct html *h, const struct wpkg_value *items,
		       const struct change_words *words, unsigned list, size_t room)
{
	size_t count = items->count < room ? items->count : room;
	for (size_t i = 0; i < count; i++) {
		html_open(h, "tr");
		html_open(h, "td");
		page_put_tag(h, words->kinds[list], words->tag);
		html_close(h);
		put_name(h, &items->items[i]);
		if (lists[list].has_types)
			put_type(h, &items->items[i]);
		html_close(h);
	}
	return count;
}

static size_t count_all(const struct wpkg_value *module, unsigned list)
{
	size_t count = 0;
	for (size_t change = 0; change < CHANGES; change++)
		count += change_of(module, list, change)->count;
	return count;
}

static void put_list(struct html *h, const struct wpkg_value *module, unsigned list)
{
	size_t shown = 0;
	if (count_all(module, list) == 0)
		return;
	html_word(h, "h3", lists[list].title);
	page_open_table(h, lists[list].title,
			lists[list].has_types ? "Change|Name|Type" : "Change|Name");
	for (size_t change = 0; change < CHANGES; change++)
		shown += put_rows(h, change_of(module, list, change), &changes[change], list,
				  ROWS_MAX - shown);
	page_close_table(h);
	page_put_rest(h, count_all(module, list) - shown);
}

static void put_unchanged(struct html *h, const struct wpkg_value *module)
{
	bool any = false;
	html_open(h, "p");
	for (unsigned list = 0; list < LIST_COUNT; list++) {
		if (count_all(module, list) > 0)
			continue;
		html_say(h, any ? ", " : "The same as before: ");
		html_say(h, lists[list].many);
		any = true;
	}
	html_close(h);
}

static void put_module(struct html *h, const struct wpkg_value *module)
{
	struct wpkg_str change = document_text(module, "change");
	html_open(h, "section");
	html_open(h, "h2");
	html_text(h, document_text(module, "parcel"));
	html_close(h);
	html_open_class(h, "p", "lead");
	if (wpkg_str_equal_text(change, "added")) {
		html_say(h, "This module is new, ");
		html_size(h, document_number(module, "size"));
	} else if (wpkg_str_equal_text(change, "removed")) {
		html_say(h, "This module is there no more.");
	} else {
		html_size(h, document_number(module, "size_before"));
		html_say(h, " before, ");
		html_size(h, document_number(module, "size"));
		html_say(h, is_same(module) ? " now, byte for byte the same" : " now");
	}
	html_close(h);
	for (unsigned list = 0; list < LIST_COUNT; list++)
		put_list(h, module, list);
	put_unchanged(h, module);
	html_close(h);
}

static void put_option(struct html *h, struct wpkg_str version, bool is_chosen)
{
	html_open(h, "option");
	html_attr_text(h, "value", version);
	if (is_chosen)
		html_attr(h, "selected", "selected");
	html_label(h, version);
	html_close(h);
}

/* The versions are the latest; what is chosen may be an older one, and stands behind them. */
static void put_choice(struct html *h, const char *name, const char *words,
		       const struct wpkg_package_version_list *versions, struct wpkg_str chosen)
{
	bool is_listed = chosen.len == 0;
	html_open(h, "label");
	html_attr(h, "for", name);
	html_say(h, words);
	html_close(h);
	html_open(h, "select");
	html_attr(h, "id", name);
	html_attr(h, "name", name);
	for (size_t i = 0; i < versions->count; i++) {
		bool is_chosen = wpkg_str_equal(versions->items[i].version, chosen);
		put_option(h, versions->items[i].version, is_chosen);
		is_listed = is_listed || is_chosen;
	}
	if (!is_listed)
		put_option(h, chosen, true);
	html_close(h);
}

static void put_form(struct html *h, struct wpkg_str name,
		     const struct wpkg_package_version_list *versions, struct wpkg_str from,
		     struct wpkg_str to)
{
	html_open_class(h, "form", "row");
	html_address(h, "action", "/packages/*/diff", name);
	put_choice(h, "from", "From", versions, from);
	put_choice(h, "to", "to", versions, to);
	html_word(h, "button", "Compare");
	html_close(h);
}

bool web_put_diff_form(struct html *h, struct request *request, struct wpkg_str name,
		       struct wpkg_str from, struct wpkg_str to)
{
	struct wpkg_err err;
	struct wpkg_package_version_list versions;
	const struct wpkg_package_versions_page page = {
		.name = name, .viewer = {.user = request->user}, .limit = VERSIONS_MAX};
	if (wpkg_package_versions(&versions, &request->arena, request->server->store, &page,
				  &err) != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	if (versions.count > 1)
		put_form(h, name, &versions, from, to);
	else
		html_word(h, "p", "There is no other version yet.");
	return true;
}

static bool find_side(struct api_known *out, struct request *request, struct wpkg_str name,
		      struct wpkg_str version)
{
	struct wpkg_str id = wpkg_arena_format(&request->arena, "%.*s/%.*s", WPKG_STR_ARG(name),
					       WPKG_STR_ARG(version));
	return api_find_known(out, request, id);
}

static void put_difference(struct html *h, struct request *request, const struct api_known *old,
			   const struct api_known *fresh)
{
	struct api_answer answer = api_answer_begin(request);
	api_put_diff(&answer, old, fresh);
	const struct wpkg_value *modules = document_list(answer.root, "modules");
	for (size_t i = 0; i < modules->count; i++)
		put_module(h, &modules->items[i]);
	if (modules->count == 0)
		html_word(h, "p", "Neither version holds a module.");
}

/* Which two versions? Missing ones are the newest, and the one below. */
static bool take_sides(struct wpkg_str *from, struct wpkg_str *to, struct api_known *fresh,
		       struct request *request, struct wpkg_str name)
{
	struct wpkg_err err;
	struct wpkg_package package;
	if (to->len == 0) {
		if (wpkg_package_find(&package, &request->arena, request->server->store, name,
				      &err) != WPKG_OK) {
			respond_error(request, &err);
			return false;
		}
		*to = package.version;
	}
	return find_side(fresh, request, name, *to) &&
	       (from->len > 0 || api_find_previous(from, request, &fresh->record));
}

void web_diff(struct request *request)
{
	struct html h;
	struct api_query query;
	struct api_known old;
	struct api_known fresh;
	struct wpkg_str name = request->parts[0];
	if (web_is_other_package(request) || !api_take_query(&query, request, "from to"))
		return;
	struct wpkg_str from = api_parameter(&query, "from");
	struct wpkg_str to = api_parameter(&query, "to");
	if (!api_may_read(request, name)) {
		respond_refusal(request, 404, "there is no package %.*s", WPKG_STR_ARG(name));
		return;
	}
	if (!take_sides(&from, &to, &fresh, request, name) ||
	    (from.len > 0 && !find_side(&old, request, name, from)))
		return;
	page_begin(&h, request,
		   &(struct page_head){.title = wpkg_arena_format(&request->arena,
								  "What changed in %.*s",
								  WPKG_STR_ARG(name))});
	page_put_path(&h, name, (struct wpkg_str){0});
	html_word(&h, "h1", "What changed");
	if (!web_put_diff_form(&h, request, name, from, to))
		return;
	if (from.len > 0)
		put_difference(&h, request, &old, &fresh);
	else
		html_word(&h, "p", "There is no version below it to compare with.");
	page_end(&h, request);
}
