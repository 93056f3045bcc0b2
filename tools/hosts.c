/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg hosts: where a module runs, and why not elsewhere. */
#include "commands.h"

#include <fcntl.h>
#include <stddef.h>

#include "../client/global.h"
#include "base/utf8.h"
#include "data/json.h"
#include "output.h"
#include "pkg/host_report.h"
#include "wasm/facts.h"

#define PROFILE_MAX ((size_t)1 << 20)

struct hosts_options {
	struct wpkg_option_list hosts;
	struct wpkg_option_list profiles;
};

static const struct wpkg_option hosts_rows[] = {
	{"host", 0, WPKG_OPTION_TEXTS, "ID", "ask about this host only, and tell every reason",
	 NULL, offsetof(struct hosts_options, hosts)},
	{"profile", 0, WPKG_OPTION_TEXTS, "FILE", "add a profile of your own", NULL,
	 offsetof(struct hosts_options, profiles)},
	{0}};

struct question {
	const struct hosts_options *options;
	struct wpkg_arena arena;
	struct wpkg_host_profiles profiles;
	struct wpkg_file_map file;
	struct wpkg_module *module;
	struct wpkg_component component;
	struct wpkg_host_subject subject;
	struct wpkg_buf out;
};

static enum wpkg_status add_file(struct question *question, const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, PROFILE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		status = wpkg_host_profiles_add(&question->profiles, &question->arena,
						wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", path);
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status load_profiles(struct question *question, struct wpkg_err *err)
{
	const struct wpkg_option_list *own = &question->options->profiles;
	enum wpkg_status status =
		wpkg_host_profiles_add_known(&question->profiles, &question->arena, err);
	for (size_t i = 0; i < own->count && status == WPKG_OK; i++)
		status = add_file(question, own->items[i], err);
	if (status == WPKG_OK)
		status = wpkg_host_profiles_check(&question->profiles, err);
	return status;
}

/* Only what was asked for stays, and what that needs. */
static enum wpkg_status check_asked(const struct question *question, struct wpkg_err *err)
{
	const struct wpkg_option_list *hosts = &question->options->hosts;
	for (size_t i = 0; i < hosts->count; i++) {
		const struct wpkg_host_profile *found = wpkg_host_profiles_find(
			&question->profiles, wpkg_str_from(hosts->items[i]));
		if (!found || found->kind == WPKG_HOST_PART)
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "there is no host '%s' ('wpkg hosts' lists them)",
					 hosts->items[i]);
	}
	return WPKG_OK;
}

static void put(struct question *question, struct wpkg_str text)
{
	wpkg_utf8_append_escaped(&question->out, text);
}

static void put_row(struct question *question, struct wpkg_str id, struct wpkg_str text)
{
	wpkg_buf_append_format(&question->out, "  %-20.*s ", WPKG_STR_ARG(id));
	put(question, text);
}

/* Puts a document into the output, which is printed. The exit code. */
static int print_document(struct question *question, const struct wpkg_value *document)
{
	wpkg_json_write(&question->out, document, WPKG_JSON_INDENTED);
	return tool_print(&question->out);
}

static int no_memory(void)
{
	return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "hosts: no memory"});
}

/* {"hosts": [{"host", "title", "glue"?: true}]} */
static int list_profiles_json(struct question *question)
{
	struct wpkg_arena *arena = &question->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "hosts", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < question->profiles.count; i++) {
		const struct wpkg_host_profile *profile = &question->profiles.items[i];
		if (profile->kind == WPKG_HOST_PART)
			continue;
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = row && wpkg_value_add_string(arena, row, "host", profile->id) &&
		       wpkg_value_add_string(arena, row, "title", profile->title) &&
		       (profile->kind != WPKG_HOST_GLUE ||
			wpkg_value_add_boolean(arena, row, "glue", true));
	}
	return good ? print_document(question, document) : no_memory();
}

/* Without a module: what there is. */
static int list_profiles(struct question *question, bool json)
{
	if (json)
		return list_profiles_json(question);
	for (size_t i = 0; i < question->profiles.count; i++) {
		const struct wpkg_host_profile *profile = &question->profiles.items[i];
		if (profile->kind == WPKG_HOST_PART)
			continue;
		put_row(question, profile->id, profile->title);
		wpkg_buf_append_byte(&question->out, '\n');
	}
	return tool_print(&question->out);
}

static enum wpkg_status read_subject(struct question *question, struct wpkg_err *err)
{
	struct wpkg_str bytes = question->file.bytes;
	enum wpkg_status status;
	if (wpkg_wasm_kind_of(bytes) == WPKG_WASM_COMPONENT)
		status = wpkg_component_read(&question->component, &question->arena, bytes, err);
	else
		status = wpkg_module_read(&question->module, bytes, NULL, err);
	question->subject = (struct wpkg_host_subject){
		.module = question->module,
		.component = question->module ? NULL : &question->component,
		.size = bytes.len,
	};
	return status;
}

/* Text. */

static struct wpkg_str text_of(const struct wpkg_value *entry, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(entry, key);
	return value ? value->string : (struct wpkg_str){0};
}

static void put_list(struct question *question, const struct wpkg_value *list, const char *heading)
{
	if (list->count > 0)
		wpkg_buf_append_format(&question->out, "%s\n", heading);
	for (size_t i = 0; i < list->count; i++) {
		const struct wpkg_value *entry = &list->items[i];
		struct wpkg_str id = text_of(entry, "host");
		const struct wpkg_host_profile *profile =
			wpkg_host_profiles_find(&question->profiles, id);
		const struct wpkg_value *reasons = wpkg_value_find(entry, "reasons");
		const struct wpkg_value *warnings = wpkg_value_find(entry, "warnings");
		put_row(question, id, reasons ? reasons->items[0].string : profile->title);
		for (size_t k = 0; warnings && k < warnings->count; k++) {
			wpkg_buf_append_text(&question->out, "; ");
			put(question, warnings->items[k].string);
		}
		if (wpkg_value_find(entry, "more"))
			wpkg_buf_append_text(&question->out, "; and more (--host)");
		wpkg_buf_append_byte(&question->out, '\n');
	}
}

/* Every reason, a line each. */
static void put_asked(struct question *question, const struct wpkg_host_profile *profile,
		      const struct wpkg_host_report *report)
{
	wpkg_buf_append_format(&question->out, "%.*s: %s\n", WPKG_STR_ARG(profile->id),
			       report->matches ? "yes" : "no");
	const struct wpkg_str *lines = report->matches ? report->warnings : report->problems;
	size_t count = report->matches ? report->warning_count : report->problem_count;
	for (size_t i = 0; i < count; i++) {
		wpkg_buf_append_text(&question->out, "  ");
		put(question, lines[i]);
		wpkg_buf_append_byte(&question->out, '\n');
	}
	if (report->more)
		wpkg_buf_append_text(&question->out, "  ...\n");
}

/* WPKG_EXIT_REFUSED when one of the hosts that were asked for does not run it. */
static int answer_asked(struct question *question, bool json, struct wpkg_err *err)
{
	const struct wpkg_option_list *hosts = &question->options->hosts;
	struct wpkg_value *table = wpkg_value_new_table(&question->arena);
	int code = WPKG_EXIT_DONE;
	for (size_t i = 0; i < hosts->count; i++) {
		struct wpkg_host_report report;
		const struct wpkg_host_profile *profile = wpkg_host_profiles_find(
			&question->profiles, wpkg_str_from(hosts->items[i]));
		if (wpkg_host_match(&report, &question->arena, &question->profiles, profile,
				    &question->subject, err) != WPKG_OK)
			return tool_error(err);
		if (!json)
			put_asked(question, profile, &report);
		else if (!table || !wpkg_host_report_add(&question->arena, table, profile, &report))
			return no_memory();
		if (!report.matches)
			code = WPKG_EXIT_REFUSED;
	}
	int printed = json ? print_document(question, table) : tool_print(&question->out);
	return printed == WPKG_EXIT_DONE ? code : printed;
}

static int answer_all(struct question *question, bool json, struct wpkg_err *err)
{
	struct wpkg_value *table = wpkg_value_new_table(&question->arena);
	size_t reasons = json ? WPKG_HOST_PROBLEMS_MAX : 1;
	if (!table)
		return no_memory();
	if (wpkg_host_report_all(&question->arena, table, &question->profiles, &question->subject,
				 reasons, err) != WPKG_OK)
		return tool_error(err);
	if (json)
		return print_document(question, table);
	put_list(question, wpkg_value_find(table, "runs"), "runs on:");
	put_list(question, wpkg_value_find(table, "glue"), "needs its own loader:");
	put_list(question, wpkg_value_find(table, "not"), "does not run on:");
	return tool_print(&question->out);
}

static int answer(struct question *question, const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	const struct global_options *global = invocation->global;
	if (load_profiles(question, &err) != WPKG_OK)
		return tool_error(&err);
	if (check_asked(question, &err) != WPKG_OK)
		return tool_usage("hosts: %s", err.msg);
	if (invocation->operand_count == 0)
		return list_profiles(question, global->json);
	const char *name = invocation->operands[0];
	if (tool_module_open(&question->file, invocation, name, &err) != WPKG_OK)
		return tool_error(&err);
	if (read_subject(question, &err) != WPKG_OK) {
		wpkg_err_prepend(&err, "%s", name);
		return tool_refusal(&err);
	}
	if (question->options->hosts.count > 0)
		return answer_asked(question, global->json, &err);
	return answer_all(question, global->json, &err);
}

static int run_hosts(const struct wpkg_invocation *invocation)
{
	struct question question = {.options = invocation->options};
	wpkg_arena_init(&question.arena, SIZE_MAX);
	wpkg_buf_init(&question.out, SIZE_MAX);
	int code = answer(&question, invocation);
	wpkg_buf_clear(&question.out);
	wpkg_module_free(question.module);
	wpkg_file_map_close(&question.file);
	wpkg_arena_clear(&question.arena);
	return code;
}

const struct wpkg_command tool_hosts = {
	.name = "hosts",
	.operands = "[FILE|REF]",
	.summary = "say where a module runs, and why not elsewhere",
	.description =
		"Compares the module with the profile of every host: functions that it imports, by "
		"their types, exports that the host wants, features and limits. For each host that "
		"does not take it, the first reason is shown; --host shows all of them, and exits "
		"with 3 when the module does not run there.\n"
		"\n"
		"Some modules need JavaScript that their compiler made beside them; those are "
		"named "
		"as what they are. Without a module the known hosts are listed. A profile of your "
		"own is a TOML file like those of the source's schema/hosts.",
	.example = "wpkg hosts filter.wasm\n"
		   "wpkg hosts --host envoy-2024 filter.wasm\n"
		   "wpkg hosts --profile our-gateway.toml --host our-gateway filter.wasm",
	.options = hosts_rows,
	.options_size = sizeof(struct hosts_options),
	.least_operands = 0,
	.most_operands = 1,
	.run = run_hosts,
};
