/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link: finished modules checked against each other, or merged into one. */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/path.h"
#include "commands.h"
#include "link/link.h"
#include "output.h"

struct link_options {
	const char *output;
	struct wpkg_option_list exports;
	bool check;
	bool prefix;
	bool keep_all;
	bool strip;
};

#define OPTION(member) offsetof(struct link_options, member)

static const struct wpkg_option link_rows[] = {
	{"output", 'o', WPKG_OPTION_TEXT, "FILE", "write the linked module here", NULL,
	 OPTION(output)},
	{"check", 0, WPKG_OPTION_FLAG, NULL, "write nothing: say whether the modules fit", NULL,
	 OPTION(check)},
	{"export", 0, WPKG_OPTION_TEXTS, "MODULE:NAME[=AS]",
	 "export this of another module than the first, too", NULL, OPTION(exports)},
	{"prefix", 0, WPKG_OPTION_FLAG, NULL, "export all of the other modules, as MODULE.NAME",
	 NULL, OPTION(prefix)},
	{"keep-all", 0, WPKG_OPTION_FLAG, NULL, "leave in what nothing uses", NULL,
	 OPTION(keep_all)},
	{"strip", 0, WPKG_OPTION_FLAG, NULL, "no name section", NULL, OPTION(strip)},
	{0}};

/* The operands, read: "NAME=FILE", or a file whose name without extension is its name. */
struct inputs {
	struct wpkg_link_input *items;
	struct wpkg_file_map *files;
	struct wpkg_module **modules;
	size_t count;
};

static void inputs_close(struct inputs *inputs)
{
	for (size_t i = 0; inputs->modules && i < inputs->count; i++) {
		wpkg_module_free(inputs->modules[i]);
		wpkg_file_map_close(&inputs->files[i]);
	}
	wpkg_mem_free(inputs->items);
	wpkg_mem_free(inputs->files);
	wpkg_mem_free(inputs->modules);
}

static struct wpkg_str name_of_file(const char *file)
{
	struct wpkg_str base = wpkg_path_base(wpkg_str_from(file));
	size_t dot = wpkg_str_find_last(base, '.');
	return dot > 0 ? wpkg_str_slice(base, 0, dot) : base;
}

static int open_input(struct inputs *inputs, size_t i, const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	const char *operand = invocation->operands[i];
	struct wpkg_str text = wpkg_str_from(operand);
	size_t equals = wpkg_str_find(text, '=');
	const char *file = equals < text.len ? operand + equals + 1 : operand;
	struct wpkg_link_input *input = &inputs->items[i];
	input->name = equals < text.len ? wpkg_str_slice(text, 0, equals) : name_of_file(file);
	input->origin = wpkg_str_from(file);
	if (tool_module_open(&inputs->files[i], invocation, file, &err) != WPKG_OK)
		return tool_error(&err);
	if (wpkg_module_read(&inputs->modules[i], inputs->files[i].bytes, NULL, &err) != WPKG_OK) {
		wpkg_err_prepend(&err, "%s", file);
		return tool_refusal(&err);
	}
	input->module = inputs->modules[i];
	return WPKG_EXIT_DONE;
}

static int open_inputs(struct inputs *inputs, const struct wpkg_invocation *invocation)
{
	inputs->count = invocation->operand_count;
	inputs->items = wpkg_mem_calloc(inputs->count, sizeof(*inputs->items));
	inputs->files = wpkg_mem_calloc(inputs->count, sizeof(*inputs->files));
	inputs->modules = wpkg_mem_calloc(inputs->count, sizeof(struct wpkg_module *));
	if (!inputs->items || !inputs->files || !inputs->modules)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	int code = WPKG_EXIT_DONE;
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < inputs->count; i++)
		code = open_input(inputs, i, invocation);
	return code;
}

static void print_host_import(struct wpkg_buf *out, const struct inputs *inputs,
			      const struct wpkg_link_host_import *host)
{
	const struct wpkg_module_import *import =
		&inputs->items[host->importer].module->imports[host->import];
	wpkg_buf_append_format(out, "host: '%.*s' '%.*s' %.*s\n", WPKG_STR_ARG(import->module),
			       WPKG_STR_ARG(import->field), WPKG_STR_ARG(host->type));
}

/* Everything at once: each problem on standard output, then what stays for the host. */
static int check(const struct inputs *inputs)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_buf out;
	struct wpkg_link_report report = {0};
	const struct wpkg_link_inputs all = {inputs->items, inputs->count};
	wpkg_arena_init(&arena, (size_t)1 << 30);
	wpkg_buf_init(&out, SIZE_MAX);
	int code = WPKG_EXIT_DONE;
	if (wpkg_link_check(&report, &arena, &all, &err) != WPKG_OK)
		code = tool_error(&err);
	for (size_t i = 0; i < report.problem_count; i++) {
		wpkg_link_problem_format(&out, &report.problems[i], &all);
		wpkg_buf_append_byte(&out, '\n');
	}
	for (size_t i = 0; i < report.host_count; i++)
		print_host_import(&out, inputs, &report.host[i]);
	int printed = tool_print(&out);
	wpkg_arena_clear(&arena);
	if (code == WPKG_EXIT_DONE && report.problem_count > 0)
		code = WPKG_EXIT_REFUSED;
	return code != WPKG_EXIT_DONE ? code : printed;
}

/* "MODULE:NAME=AS"; the last part may be absent. */
static bool parse_export(struct wpkg_link_export *out, const char *text)
{
	struct wpkg_str rest = wpkg_str_from(text);
	size_t colon = wpkg_str_find(rest, ':');
	if (colon == rest.len)
		return false;
	out->input = wpkg_str_slice(rest, 0, colon);
	rest = wpkg_str_from_offset(rest, colon + 1);
	size_t equals = wpkg_str_find(rest, '=');
	out->field = wpkg_str_slice(rest, 0, equals);
	out->name =
		equals < rest.len ? wpkg_str_from_offset(rest, equals + 1) : (struct wpkg_str){0};
	return out->field.len > 0;
}

/* Modules that do not fit are to blame themselves. */
static int refuse(const struct wpkg_err *err)
{
	int code = tool_refusal(err);
	return err->status == WPKG_EINVAL ? WPKG_EXIT_REFUSED : code;
}

static int write_linked(const struct inputs *inputs, const struct link_options *options,
			const struct wpkg_link_export *exports)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	const struct wpkg_link_inputs all = {inputs->items, inputs->count};
	const struct wpkg_link_options how = {.exports = exports,
					      .export_count = options->exports.count,
					      .prefix = options->prefix,
					      .keep_all = options->keep_all,
					      .strip = options->strip};
	wpkg_buf_init(&out, SIZE_MAX);
	int code = WPKG_EXIT_DONE;
	enum wpkg_status status = wpkg_link_merge(&out, &all, &how, &err);
	if (status != WPKG_OK)
		code = refuse(&err);
	else if (wpkg_file_write(AT_FDCWD, options->output, wpkg_buf_str(&out), 0644, 0, &err) !=
		 WPKG_OK)
		code = tool_error(&err);
	wpkg_buf_clear(&out);
	return code;
}

static int merge(const struct inputs *inputs, const struct link_options *options)
{
	struct wpkg_link_export *exports =
		wpkg_mem_calloc(options->exports.count + 1, sizeof(*exports));
	if (!exports)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	int code = WPKG_EXIT_DONE;
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < options->exports.count; i++)
		if (!parse_export(&exports[i], options->exports.items[i]))
			code = tool_usage("link: --export '%s' is not MODULE:NAME",
					  options->exports.items[i]);
	if (code == WPKG_EXIT_DONE)
		code = write_linked(inputs, options, exports);
	wpkg_mem_free(exports);
	return code;
}

static int run_link(const struct wpkg_invocation *invocation)
{
	const struct link_options *options = invocation->options;
	struct inputs inputs = {0};
	if (!options->check && !options->output)
		return tool_usage("link: where to? -o FILE says it, --check writes nothing");
	int code = open_inputs(&inputs, invocation);
	if (code == WPKG_EXIT_DONE)
		code = options->check ? check(&inputs) : merge(&inputs, options);
	inputs_close(&inputs);
	return code;
}

const struct wpkg_command tool_link = {
	.name = "link",
	.operands = "[NAME=]MODULE...",
	.summary = "check that modules fit together, or merge them into one",
	.description =
		"Each MODULE is a file or a package reference. NAME is what the others import it "
		"as; without one it is the file's name without its extension. The first module is "
		"the root: its exports are the result's.\n"
		"\n"
		"An import whose module name is one of the NAMEs must be one of that module's "
		"exports, of a type that the specification lets stand for the imported one; all "
		"other imports stay for the host. What does not fit is an error that shows both "
		"types, and near misses.\n"
		"\n"
		"In the result calls between the modules are direct, memories and tables stay "
		"apart, identical imports appear once, start functions run in the order of "
		"dependency, and what nothing uses is gone. The result is valid, and the same "
		"bytes each time. Debug information is left out.\n"
		"\n"
		"With --check nothing is written: every problem is a line, then each import that "
		"stays for the host; the exit code is 3 when there is a problem.",
	.example = "wpkg link --check app.wasm json=deps/json.wasm\n"
		   "wpkg link app.wasm json=deps/json.wasm -o linked.wasm",
	.options = link_rows,
	.options_size = sizeof(struct link_options),
	.least_operands = 1,
	.most_operands = SIZE_MAX,
	.run = run_link,
};
