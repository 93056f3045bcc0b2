/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link --check: what was found, as lines or as a document. */
#include "base/utf8.h"
#include "data/json.h"
#include "link.h"
#include "output.h"

/* Text. */

static void put_quoted(struct wpkg_buf *out, struct wpkg_str text)
{
	wpkg_buf_append_text(out, " '");
	wpkg_utf8_append_escaped(out, text);
	wpkg_buf_append_byte(out, '\'');
}

static const struct wpkg_module_import *import_of(const struct link_findings *findings,
						  uint32_t input, uint32_t number)
{
	return &findings->inputs->items[input].module->imports[number];
}

static void put_report(struct wpkg_buf *out, const struct link_findings *findings)
{
	const struct wpkg_link_report *report = &findings->report;
	for (size_t i = 0; i < report->problem_count; i++) {
		wpkg_link_problem_format(out, &report->problems[i], findings->inputs);
		wpkg_buf_append_byte(out, '\n');
	}
	for (size_t i = 0; i < report->host_count; i++) {
		const struct wpkg_link_host_import *host = &report->host[i];
		const struct wpkg_module_import *import =
			import_of(findings, host->importer, host->import);
		wpkg_buf_append_text(out, "host:");
		put_quoted(out, import->module);
		put_quoted(out, import->field);
		wpkg_buf_append_format(out, " %.*s\n", WPKG_STR_ARG(host->type));
	}
}

/* JSON: {"problems": [{"message", ...}], "host": [{"module", "field", "type", "importer"}]} */

static bool add_text(struct wpkg_arena *arena, struct wpkg_value *row, const char *key,
		     struct wpkg_str text)
{
	return text.len == 0 || wpkg_value_add_string(arena, row, key, text);
}

static struct wpkg_str origin_of(const struct link_findings *findings, uint32_t input)
{
	const struct wpkg_link_input *from = &findings->inputs->items[input];
	return from->origin.len > 0 ? from->origin : from->name;
}

static bool add_import(struct wpkg_arena *arena, struct wpkg_value *row,
		       const struct link_findings *findings, uint32_t input, uint32_t number)
{
	const struct wpkg_module_import *import = import_of(findings, input, number);
	return wpkg_value_add_string(arena, row, "importer", origin_of(findings, input)) &&
	       wpkg_value_add_integer(arena, row, "offset", import->offset) &&
	       wpkg_value_add_string(arena, row, "module", import->module) &&
	       wpkg_value_add_string(arena, row, "field", import->field);
}

static bool add_message(struct wpkg_arena *arena, struct wpkg_value **row, struct wpkg_value *list,
			struct wpkg_str message)
{
	*row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	return *row && wpkg_value_add_string(arena, *row, "message", message);
}

static bool add_problem(struct wpkg_arena *arena, struct wpkg_value *list,
			const struct link_findings *findings,
			const struct wpkg_link_problem *problem)
{
	struct wpkg_buf text;
	struct wpkg_value *row;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_link_problem_format(&text, problem, findings->inputs);
	struct wpkg_str message = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	bool good = message.ptr && add_message(arena, &row, list, message);
	wpkg_buf_clear(&text);
	if (!good || problem->import == WPKG_INDEX_NONE)
		return good;
	return add_import(arena, row, findings, problem->importer, problem->import) &&
	       wpkg_value_add_string(arena, row, "provider",
				     origin_of(findings, problem->provider)) &&
	       add_text(arena, row, "wanted", problem->wanted) &&
	       add_text(arena, row, "found", problem->found) &&
	       add_text(arena, row, "near", problem->hints);
}

static bool add_host(struct wpkg_arena *arena, struct wpkg_value *document,
		     const struct link_findings *findings)
{
	const struct wpkg_link_report *report = &findings->report;
	struct wpkg_value *list = wpkg_value_add(arena, document, "host", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < report->host_count; i++) {
		const struct wpkg_link_host_import *host = &report->host[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = row && add_import(arena, row, findings, host->importer, host->import) &&
		       wpkg_value_add_string(arena, row, "type", host->type);
	}
	return good;
}

static bool make_document(struct wpkg_arena *arena, struct wpkg_value *document,
			  const struct link_findings *findings)
{
	struct wpkg_value *list = wpkg_value_add(arena, document, "problems", WPKG_VALUE_ARRAY);
	struct wpkg_value *row;
	struct wpkg_str rest = findings->lines, line;
	bool good = list != NULL;
	while (good && wpkg_str_split(&rest, '\n', &line))
		good = line.len == 0 || add_message(arena, &row, list, line);
	for (size_t i = 0; good && i < findings->report.problem_count; i++)
		good = add_problem(arena, list, findings, &findings->report.problems[i]);
	return good && (!findings->inputs || add_host(arena, document, findings));
}

int link_print_findings(struct wpkg_arena *arena, const struct link_findings *findings, bool json)
{
	struct wpkg_buf out;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool is_refused = findings->lines.len > 0 || findings->report.problem_count > 0;
	int code = WPKG_EXIT_FAILED;
	wpkg_buf_init(&out, SIZE_MAX);
	if (!json) {
		wpkg_buf_append_str(&out, findings->lines);
		put_report(&out, findings);
		code = tool_print(&out);
	} else if (document && make_document(arena, document, findings)) {
		wpkg_json_write(&out, document, WPKG_JSON_INDENTED);
		code = tool_print(&out);
	} else {
		code = tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	}
	wpkg_buf_clear(&out);
	return code == WPKG_EXIT_DONE && is_refused ? WPKG_EXIT_REFUSED : code;
}

int link_print_lines(const struct wpkg_buf *lines, bool json)
{
	struct wpkg_arena arena;
	const struct link_findings findings = {.lines = wpkg_buf_str(lines)};
	wpkg_arena_init(&arena, (size_t)1 << 30);
	int code = link_print_findings(&arena, &findings, json);
	wpkg_arena_clear(&arena);
	return code;
}
