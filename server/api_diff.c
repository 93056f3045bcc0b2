/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two versions of a package for who uses its modules: what was exported and is
 * no more, what is imported that was not, where it runs no longer.
 */
#include "api.h"

#include "data/json.h"
#include "document.h"
#include "server.h"
#include "store/package.h"

static bool read_facts(struct api_known *known, struct request *request)
{
	struct wpkg_err err;
	struct wpkg_arena *arena = &request->arena;
	if (wpkg_record_modules(&known->modules, arena, request->server->store, known->record.id,
				&err) != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	known->facts =
		wpkg_arena_alloc(arena, known->modules.count + 1, sizeof(struct wpkg_value *));
	if (!known->facts) {
		respond_refusal(request, 503, "no memory");
		return false;
	}
	for (size_t i = 0; i < known->modules.count; i++)
		if (wpkg_json_read(&known->facts[i], arena, known->modules.items[i].json, NULL) !=
		    WPKG_OK)
			known->facts[i] = NULL;
	return true;
}

bool api_find_known(struct api_known *known, struct request *request, struct wpkg_str id)
{
	return api_find_record(&known->record, request, id) &&
	       api_read_invoice(&known->invoice, request, &known->record) &&
	       read_facts(known, request);
}

bool api_find_previous(struct wpkg_str *out, struct request *request,
		       const struct wpkg_record *record)
{
	struct wpkg_err err;
	struct wpkg_package_version_list list;
	const struct wpkg_package_versions_page page = {.name = record->name,
							.viewer = {.user = request->user},
							.after = record->version,
							.limit = 1};
	if (wpkg_package_versions(&list, &request->arena, request->server->store, &page, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	*out = list.count > 0 ? list.items[0].version : (struct wpkg_str){0};
	return true;
}

/* Lists of facts */

/* What an item is known by: "NAME" or "MODULE\0NAME"; a text is its own name. */
static bool is_same(const struct wpkg_value *a, const struct wpkg_value *b)
{
	if (a->kind == WPKG_VALUE_STRING || b->kind == WPKG_VALUE_STRING)
		return a->kind == b->kind && wpkg_str_equal(a->string, b->string);
	return wpkg_str_equal(document_text(a, "module"), document_text(b, "module")) &&
	       wpkg_str_equal(document_text(a, "name"), document_text(b, "name")) &&
	       wpkg_str_equal(document_text(a, "host"), document_text(b, "host"));
}

/*
 * Two lists that mostly agree are walked side by side: the search goes on where the last one was
 * found, so that equal orders cost no more than one look each.
 */
static const struct wpkg_value *find_same(const struct wpkg_value *list,
					  const struct wpkg_value *item, size_t *from)
{
	for (size_t i = 0; i < list->count; i++) {
		size_t at = (*from + i) % list->count;
		if (is_same(&list->items[at], item)) {
			*from = at + 1;
			return &list->items[at];
		}
	}
	return NULL;
}

#define DIFF_MAX 4000 /* items of a list that are compared */

static struct wpkg_value cut_list(const struct wpkg_value *list)
{
	struct wpkg_value cut = *list;
	cut.count = list->count < DIFF_MAX ? list->count : DIFF_MAX;
	return cut;
}

static void put_item(struct api_answer *answer, struct wpkg_value *array,
		     const struct wpkg_value *item)
{
	struct wpkg_value *copy = api_put_table(answer, array, NULL);
	if (copy)
		*copy = *item;
}

/* Items of one list that the other has not. */
static void put_missing(struct api_answer *answer, struct wpkg_value *to, const char *key,
			const struct wpkg_value *list, const struct wpkg_value *other)
{
	struct wpkg_value *array = api_put_array(answer, to, key);
	size_t from = 0;
	for (size_t i = 0; array && i < list->count; i++)
		if (!find_same(other, &list->items[i], &from))
			put_item(answer, array, &list->items[i]);
}

/* Of the same name, but another kind or type. */
static void put_changed(struct api_answer *answer, struct wpkg_value *to,
			const struct wpkg_value *old, const struct wpkg_value *fresh)
{
	struct wpkg_value *array = api_put_array(answer, to, "changed");
	size_t from = 0;
	for (size_t i = 0; array && i < fresh->count; i++) {
		const struct wpkg_value *now = &fresh->items[i];
		const struct wpkg_value *before = find_same(old, now, &from);
		if (!before ||
		    (wpkg_str_equal(document_text(before, "kind"), document_text(now, "kind")) &&
		     wpkg_str_equal(document_text(before, "type"), document_text(now, "type"))))
			continue;
		struct wpkg_value *item = api_put_table(answer, array, NULL);
		api_put_optional(answer, item, "module", document_text(now, "module"));
		api_put_text(answer, item, "name", document_text(now, "name"));
		api_put_text(answer, item, "from", document_text(before, "type"));
		api_put_text(answer, item, "to", document_text(now, "type"));
	}
}

static void put_lists(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      const struct wpkg_value *old, const struct wpkg_value *fresh)
{
	struct wpkg_value before = cut_list(old);
	struct wpkg_value now = cut_list(fresh);
	struct wpkg_value *table = api_put_table(answer, to, key);
	put_missing(answer, table, "added", &now, &before);
	put_missing(answer, table, "removed", &before, &now);
	put_changed(answer, table, &before, &now);
}

static void put_size(struct api_answer *answer, struct wpkg_value *to, const char *key,
		     const struct wpkg_value *facts)
{
	const struct wpkg_value *size = wpkg_value_find(facts, "size");
	if (size && size->kind == WPKG_VALUE_INTEGER && size->integer >= 0)
		api_put_number(answer, to, key, (uint64_t)size->integer);
}

/* A module of one of the versions; no digest: it has none of that name. */
struct side {
	const struct wpkg_digest *digest;
	const struct wpkg_value *facts;
};

static void put_side(struct api_answer *answer, struct wpkg_value *to, const struct side *side,
		     const char *size, const char *digest)
{
	if (!side->digest)
		return;
	put_size(answer, to, size, side->facts);
	api_put_digest(answer, to, digest, side->digest);
}

/* A component's own names come beside those of a core module. */
static void put_module(struct api_answer *answer, struct wpkg_value *to, struct wpkg_str parcel,
		       const struct side *old, const struct side *fresh)
{
	const struct wpkg_value *old_names = wpkg_value_find(old->facts, "component");
	const struct wpkg_value *new_names = wpkg_value_find(fresh->facts, "component");
	bool is_component = old_names || new_names;
	const struct wpkg_value *before = is_component ? old_names : old->facts;
	const struct wpkg_value *now = is_component ? new_names : fresh->facts;
	api_put_text(answer, to, "parcel", parcel);
	api_put_text(answer, to, "change",
		     !old->digest     ? WPKG_LIT("added")
		     : !fresh->digest ? WPKG_LIT("removed")
				      : WPKG_LIT("kept"));
	put_side(answer, to, old, "size_before", "digest_before");
	put_side(answer, to, fresh, "size", "digest");
	put_lists(answer, to, "exports", document_list(before, "exports"),
		  document_list(now, "exports"));
	put_lists(answer, to, "imports", document_list(before, "imports"),
		  document_list(now, "imports"));
	put_lists(answer, to, "features", document_list(old->facts, "features"),
		  document_list(fresh->facts, "features"));
	put_lists(answer, to, "hosts", document_list(wpkg_value_find(old->facts, "hosts"), "runs"),
		  document_list(wpkg_value_find(fresh->facts, "hosts"), "runs"));
}

static struct side side_of(const struct api_known *known, size_t at)
{
	return (struct side){.digest = &known->modules.items[at].digest, .facts = known->facts[at]};
}

static struct wpkg_str parcel_of(const struct api_known *known, size_t at)
{
	return api_parcel_name(known->invoice, &known->modules.items[at].digest);
}

/* The module of the same file name; of two packages with one module each, that one. */
static struct side counterpart(const struct api_known *known, struct wpkg_str parcel, size_t count)
{
	if (known->modules.count == 1 && count == 1)
		return side_of(known, 0);
	for (size_t i = 0; i < known->modules.count; i++)
		if (wpkg_str_equal(parcel_of(known, i), parcel))
			return side_of(known, i);
	return (struct side){0};
}

void api_put_diff(struct api_answer *answer, const struct api_known *old,
		  const struct api_known *fresh)
{
	struct wpkg_value *array = api_put_array(answer, answer->root, "modules");
	for (size_t i = 0; i < fresh->modules.count; i++) {
		struct wpkg_str parcel = parcel_of(fresh, i);
		const struct side before = counterpart(old, parcel, fresh->modules.count);
		const struct side now = side_of(fresh, i);
		put_module(answer, api_put_table(answer, array, NULL), parcel, &before, &now);
	}
	for (size_t i = 0; i < old->modules.count; i++) {
		struct wpkg_str parcel = parcel_of(old, i);
		const struct side before = side_of(old, i);
		const struct side now = counterpart(fresh, parcel, old->modules.count);
		if (!now.digest)
			put_module(answer, api_put_table(answer, array, NULL), parcel, &before,
				   &now);
	}
}

void api_diff(struct request *request)
{
	struct api_query query;
	struct api_known old = {0};
	struct api_known fresh = {0};
	if (!api_take_query(&query, request, "from") ||
	    !api_find_known(&fresh, request, request->parts[0]))
		return;
	struct wpkg_str from = api_parameter(&query, "from");
	if (from.len == 0 && !api_find_previous(&from, request, &fresh.record))
		return;
	if (from.len == 0) {
		respond_refusal(request, 404, "there is no version below %.*s/%.*s",
				WPKG_STR_ARG(fresh.record.name),
				WPKG_STR_ARG(fresh.record.version));
		return;
	}
	struct wpkg_str id = wpkg_arena_format(&request->arena, "%.*s/%.*s",
					       WPKG_STR_ARG(fresh.record.name), WPKG_STR_ARG(from));
	if (!api_find_known(&old, request, id))
		return;
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "name", fresh.record.name);
	api_put_text(&answer, answer.root, "from", old.record.version);
	api_put_text(&answer, answer.root, "to", fresh.record.version);
	api_put_diff(&answer, &old, &fresh);
	api_answer_end(&answer, &query);
}
