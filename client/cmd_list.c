/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry has: the versions of a package, the packages that match a text. */
#include "commands.h"

#include <stddef.h>
#include <stdlib.h>

#include "describe.h"
#include "pkg/version.h"
#include "query.h"
#include "report.h"

/* A package and the versions of it that were found; those that are no versions are passed over. */
struct row {
	struct wpkg_invoice *invoice;
	struct wpkg_version version;
};

struct rows {
	struct session *session;
	struct wpkg_str name; /* only this one; empty: any */
	bool newest;	      /* only the newest version of each name */
	uint64_t most;	      /* 0: no bound */
	struct row *items;    /* in the session's arena */
	size_t count;
	size_t capacity;
	bool more; /* the bound was reached */
};

static enum wpkg_status add_row(struct rows *rows, const struct row *row, struct wpkg_err *err)
{
	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
		struct row *items =
			wpkg_arena_alloc(&rows->session->arena, capacity, sizeof(*items));
		if (!items)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for versions");
		if (rows->count > 0)
			memcpy(items, rows->items, rows->count * sizeof(*items));
		rows->items = items;
		rows->capacity = capacity;
	}
	rows->items[rows->count++] = *row;
	return WPKG_OK;
}

/* A registry answers in the order of names, so a name that was seen is most often the last one. */
static struct row *find_name(const struct rows *rows, struct wpkg_str name)
{
	for (size_t i = rows->count; i > 0; i--)
		if (wpkg_str_equal(rows->items[i - 1].invoice->name, name))
			return &rows->items[i - 1];
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
	struct rows *rows = user;
	struct row row = {.invoice = invoice};
	if ((rows->name.len > 0 && !wpkg_str_equal(invoice->name, rows->name)) ||
	    wpkg_version_parse(&row.version, invoice->version, NULL) != WPKG_OK)
		return WPKG_OK;
	struct row *known = rows->newest ? find_name(rows, invoice->name) : NULL;
	if (known) {
		if (is_better(&row.version, &known->version))
			*known = row;
		return WPKG_OK;
	}
	if (rows->most > 0 && rows->count == rows->most) {
		rows->more = true;
		*enough = true;
		return WPKG_OK;
	}
	return add_row(rows, &row, err);
}

/* list */

static int compare_newest_first(const void *a, const void *b)
{
	const struct row *left = a;
	const struct row *right = b;
	return wpkg_version_compare(&right->version, &left->version);
}

static int report_list(const struct rows *rows)
{
	struct session *session = rows->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "versions", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < rows->count; i++) {
		const struct wpkg_invoice *invoice = rows->items[i].invoice;
		report_line(session->global, "%-20.*s %s%s", WPKG_STR_ARG(invoice->version),
			    report_size(arena, describe_size(invoice)),
			    invoice->yanked ? ", yanked" : "");
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = describe_add_summary(arena, row, invoice);
	}
	return session->global->json ? report_json(good ? document : NULL) : WPKG_EXIT_DONE;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct rows rows = {.session = &session, .name = wpkg_str_from(invocation->operands[0])};
	struct wpkg_query query = {.text = rows.name, .yanked = true};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = query_each(&session, query, visit, &rows, &err);
	if (status == WPKG_OK && rows.count == 0)
		status = WPKG_FAIL(&err, WPKG_ENOTFOUND, "there is no package %.*s",
				   WPKG_STR_ARG(rows.name));
	if (rows.count > 0)
		qsort(rows.items, rows.count, sizeof(*rows.items), compare_newest_first);
	int code = status == WPKG_OK ? report_list(&rows) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_list = {
	.name = "list",
	.operands = "NAME",
	.summary = "list the versions of a package, newest first",
	.description = "Prereleases and yanked versions are listed, too.",
	.example = "wpkg list example.com/greet",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_list,
};

/* search */

struct search_options {
	uint64_t limit;
};

static const struct wpkg_option search_rows[] = {{"limit", 0, WPKG_OPTION_NUMBER, "N",
						  "at most so many packages (50)", NULL,
						  offsetof(struct search_options, limit)},
						 {0}};

static int report_search(const struct rows *rows)
{
	struct session *session = rows->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "packages", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < rows->count; i++) {
		const struct wpkg_invoice *invoice = rows->items[i].invoice;
		report_line(session->global, "%-40s %.*s", describe_id(arena, invoice),
			    WPKG_STR_ARG(invoice->description));
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = describe_add_summary(arena, row, invoice);
	}
	if (session->global->json)
		return report_json(
			good && wpkg_value_add_boolean(arena, document, "more", rows->more)
				? document
				: NULL);
	if (rows->count == 0)
		report_note(session->global, "nothing matches");
	if (rows->more)
		report_note(session->global, "there are more (see --limit)");
	return WPKG_EXIT_DONE;
}

static int run_search(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	const struct search_options *options = invocation->options;
	struct rows rows = {
		.session = &session, .newest = true, .most = options->limit ? options->limit : 50};
	struct wpkg_query query = {.terms = true};
	if (invocation->operand_count > 0)
		query.text = wpkg_str_from(invocation->operands[0]);
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = query_each(&session, query, visit, &rows, &err);
	int code = status == WPKG_OK ? report_search(&rows) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_search = {
	.name = "search",
	.operands = "[TEXT]",
	.summary = "find packages by their name or description",
	.description = "Prints the newest version of each package that has every word of TEXT in "
		       "its name or description; of all packages without TEXT.",
	.example = "wpkg search greet",
	.options = search_rows,
	.options_size = sizeof(struct search_options),
	.most_operands = 1,
	.run = run_search,
};
