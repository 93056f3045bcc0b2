/* SPDX-License-Identifier: Apache-2.0 */
/* search: by the registry's JSON API, else by Bindle's query. */
#include "commands.h"

#include <stddef.h>

#include "describe.h"
#include "matches.h"
#include "net/registry_search.h"
#include "report.h"

#define LIMIT 50
#define LIMIT_MAX 1000 /* as far as registries page */

struct search_options {
	uint64_t limit;
};

static const struct wpkg_option search_rows[] = {{"limit", 0, WPKG_OPTION_NUMBER, "N",
						  "at most so many packages (50)", NULL,
						  offsetof(struct search_options, limit)},
						 {0}};

struct search {
	struct session *session;
	struct wpkg_str text;
	uint64_t most;
	struct wpkg_found *items; /* most of them, in the session's arena */
	size_t count;
	bool more;
	struct wpkg_str corrected;
};

/* A page that adds nothing ends it, whatever the registry says of a next one. */
static enum wpkg_status ask_api(struct search *search, struct wpkg_err *err)
{
	struct session *session = search->session;
	struct wpkg_found_page page = {0};
	do {
		uint64_t limit = search->most - search->count;
		enum wpkg_status status = wpkg_registry_search(
			&page, &session->arena, session->registry, search->text, page.next,
			limit < WPKG_FOUND_MAX ? limit : WPKG_FOUND_MAX, err);
		if (status != WPKG_OK)
			return status;
		for (size_t i = 0; i < page.count; i++)
			search->items[search->count++] = page.items[i];
		search->corrected = page.corrected;
	} while (page.count > 0 && page.next.len > 0 && search->count < search->most);
	search->more = page.count > 0 && page.next.len > 0;
	return WPKG_OK;
}

static enum wpkg_status ask_bindle(struct search *search, struct wpkg_err *err)
{
	struct matches matches = {.newest = true, .most = search->most};
	const struct wpkg_query query = {.terms = true, .text = search->text};
	enum wpkg_status status = matches_collect(&matches, search->session, &query, err);
	for (size_t i = 0; status == WPKG_OK && i < matches.count; i++) {
		const struct wpkg_invoice *invoice = matches.items[i].invoice;
		search->items[search->count++] =
			(struct wpkg_found){.name = invoice->name,
					    .version = invoice->version,
					    .description = invoice->description,
					    .size = (int64_t)describe_size(invoice),
					    .yanked = invoice->yanked};
	}
	search->more = matches.more;
	return status;
}

/* The API wants to know what for; a list of all is Bindle's. */
static enum wpkg_status find(struct search *search, struct wpkg_err *err)
{
	struct session *session = search->session;
	search->items = wpkg_arena_alloc(&session->arena, search->most, sizeof(*search->items));
	if (!search->items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for packages");
	enum wpkg_status status = session_connect(session, err);
	if (status != WPKG_OK || search->text.len == 0)
		return status == WPKG_OK ? ask_bindle(search, err) : status;
	status = ask_api(search, err);
	if (status != WPKG_ENOTFOUND || search->count > 0)
		return status;
	if (wpkg_str_find(search->text, ':') < search->text.len)
		report_note(session->global,
			    "this registry does not know what modules are: 'exports:' and the "
			    "like are words to it");
	return ask_bindle(search, err);
}

static struct wpkg_str id_of(struct wpkg_arena *arena, const struct wpkg_found *found)
{
	return wpkg_arena_format(arena, "%.*s/%.*s", WPKG_STR_ARG(found->name),
				 WPKG_STR_ARG(found->version));
}

static int report_document(const struct search *search)
{
	struct wpkg_arena *arena = &search->session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "packages", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < search->count; i++) {
		const struct wpkg_found *found = &search->items[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = wpkg_value_add_string(arena, row, "id", id_of(arena, found)) &&
		       wpkg_value_add_string(arena, row, "name", found->name) &&
		       wpkg_value_add_string(arena, row, "version", found->version) &&
		       wpkg_value_add_string(arena, row, "description", found->description) &&
		       wpkg_value_add_boolean(arena, row, "yanked", found->yanked) &&
		       wpkg_value_add_integer(arena, row, "size", found->size);
	}
	good = good && wpkg_value_add_boolean(arena, document, "more", search->more);
	if (good && search->corrected.len > 0)
		good = wpkg_value_add_string(arena, document, "corrected", search->corrected);
	return report_json(good ? document : NULL);
}

static int report(const struct search *search)
{
	const struct global_options *global = search->session->global;
	if (search->corrected.len > 0 && search->count > 0)
		report_note(global, "nothing matches '%.*s'; this is what matches '%.*s'",
			    WPKG_STR_ARG(search->text), WPKG_STR_ARG(search->corrected));
	if (global->json)
		return report_document(search);
	for (size_t i = 0; i < search->count; i++) {
		const struct wpkg_found *found = &search->items[i];
		struct wpkg_str id = id_of(&search->session->arena, found);
		report_line(global, "%-40.*s %.*s%s", WPKG_STR_ARG(id),
			    WPKG_STR_ARG(found->description), found->yanked ? " (yanked)" : "");
	}
	if (search->count == 0)
		report_note(global, "nothing matches%s",
			    wpkg_str_find(search->text, ':') < search->text.len
				    ? " (what modules are is asked for by exports: imports: "
				      "runs-on: feature: producer: kind: keyword: license: needs:)"
				    : "");
	if (search->more)
		report_note(global, "there are more (see --limit)");
	return WPKG_EXIT_DONE;
}

static struct wpkg_str join(struct wpkg_buf *buf, const struct wpkg_invocation *invocation)
{
	for (size_t i = 0; i < invocation->operand_count; i++)
		wpkg_buf_append_format(buf, "%s%s", i > 0 ? " " : "", invocation->operands[i]);
	return wpkg_str_trim(wpkg_buf_str(buf));
}

static int run_search(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_buf text;
	const struct search_options *options = invocation->options;
	uint64_t most = invocation->given[0] ? options->limit : LIMIT;
	if (most < 1 || most > LIMIT_MAX)
		return report_usage("search: --limit is 1 to %d", LIMIT_MAX);
	wpkg_buf_init(&text, 4096);
	struct search search = {.session = &session, .most = most, .text = join(&text, invocation)};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&text, "TEXT", &err);
	if (status == WPKG_OK)
		status = find(&search, &err);
	int code = status == WPKG_OK ? report(&search) : report_error(&err);
	session_close(&session);
	wpkg_buf_clear(&text);
	return code;
}

const struct wpkg_command cmd_search = {
	.name = "search",
	.operands = "[TEXT...]",
	.summary = "find packages by words, and by what their modules are",
	.description =
		"Prints the version that stands for each package that has every word of TEXT in "
		"its name, description, keywords, authors or readme; of all packages without TEXT. "
		"Where nothing matches, the registry looks for words that begin so, and for names "
		"that are near.\n"
		"\n"
		"A word may say what a package has to be: exports:NAME, imports:MODULE, "
		"runs-on:HOST, feature:NAME, producer:NAME, kind:component, keyword:WORD, "
		"license:ID, needs:PACKAGE.\n"
		"\n"
		"A registry that speaks Bindle's protocol alone knows words of names and "
		"descriptions.",
	.example = "wpkg search greet\n"
		   "wpkg search markdown runs-on:wasi-p1 license:MIT",
	.options = search_rows,
	.options_size = sizeof(struct search_options),
	.most_operands = SIZE_MAX,
	.run = run_search,
};
