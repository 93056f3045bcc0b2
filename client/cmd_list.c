/* SPDX-License-Identifier: Apache-2.0 */
/* list: the versions of a package. */
#include "commands.h"

#include <stdlib.h>

#include "describe.h"
#include "matches.h"
#include "report.h"

static int compare_newest_first(const void *a, const void *b)
{
	const struct match *left = a;
	const struct match *right = b;
	return wpkg_version_compare(&right->version, &left->version);
}

static int report_list(struct session *session, const struct matches *matches)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "versions", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < matches->count; i++) {
		const struct wpkg_invoice *invoice = matches->items[i].invoice;
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
	struct matches matches = {.name = wpkg_str_from(invocation->operands[0])};
	const struct wpkg_query query = {.text = matches.name, .yanked = true};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = matches_collect(&matches, &session, &query, &err);
	if (status == WPKG_OK && matches.count == 0)
		status = WPKG_FAIL(&err, WPKG_ENOTFOUND, "there is no package %.*s",
				   WPKG_STR_ARG(matches.name));
	if (matches.count > 0)
		qsort(matches.items, matches.count, sizeof(*matches.items), compare_newest_first);
	int code = status == WPKG_OK ? report_list(&session, &matches) : report_error(&err);
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
