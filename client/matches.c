/* SPDX-License-Identifier: Apache-2.0 */
#include "matches.h"

struct collecting {
	struct session *session;
	struct matches *matches;
};

static enum wpkg_status add(struct collecting *collecting, const struct match *match,
			    struct wpkg_err *err)
{
	struct matches *matches = collecting->matches;
	if (matches->count == matches->capacity) {
		size_t capacity = matches->capacity ? 2 * matches->capacity : 64;
		struct match *items =
			wpkg_arena_alloc(&collecting->session->arena, capacity, sizeof(*items));
		if (!items)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for versions");
		if (matches->count > 0)
			memcpy(items, matches->items, matches->count * sizeof(*items));
		matches->items = items;
		matches->capacity = capacity;
	}
	matches->items[matches->count++] = *match;
	return WPKG_OK;
}

/* A registry answers in the order of names, so a name that was seen is most often the last one. */
static struct match *find_name(const struct matches *matches, struct wpkg_str name)
{
	for (size_t i = matches->count; i > 0; i--)
		if (wpkg_str_equal(matches->items[i - 1].invoice->name, name))
			return &matches->items[i - 1];
	return NULL;
}

/* Releases come before prereleases, newer before older ones. */
static bool is_better(const struct wpkg_version *a, const struct wpkg_version *b)
{
	if ((a->prerelease.len > 0) != (b->prerelease.len > 0))
		return a->prerelease.len == 0;
	return wpkg_version_compare(a, b) > 0;
}

static enum wpkg_status visit(void *user, struct wpkg_invoice *invoice, bool *enough,
			      struct wpkg_err *err)
{
	struct collecting *collecting = user;
	struct matches *matches = collecting->matches;
	struct match match = {.invoice = invoice};
	if ((matches->name.len > 0 && !wpkg_str_equal(invoice->name, matches->name)) ||
	    wpkg_version_parse(&match.version, invoice->version, NULL) != WPKG_OK)
		return WPKG_OK;
	struct match *known = matches->newest ? find_name(matches, invoice->name) : NULL;
	if (known) {
		if (is_better(&match.version, &known->version))
			*known = match;
		return WPKG_OK;
	}
	if (matches->most > 0 && matches->count == matches->most) {
		matches->more = true;
		*enough = true;
		return WPKG_OK;
	}
	return add(collecting, &match, err);
}

enum wpkg_status matches_collect(struct matches *matches, struct session *session,
				 const struct wpkg_query *query, struct wpkg_err *err)
{
	struct collecting collecting = {session, matches};
	return query_each(session, *query, visit, &collecting, err);
}
