/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link, of finished modules: checked against each other, or merged into one. */
#include <fcntl.h>

#include "base/mem.h"
#include "base/path.h"
#include "link.h"
#include "link/dylink.h"
#include "link/link.h"
#include "output.h"

/* The operands as modules: a name without "NAME=" is the file's without its extension. */
struct inputs {
	struct wpkg_link_input *items;
	struct wpkg_module **modules;
	size_t count;
};

static void inputs_close(struct inputs *inputs)
{
	for (size_t i = 0; inputs->modules && i < inputs->count; i++)
		wpkg_module_free(inputs->modules[i]);
	wpkg_mem_free(inputs->items);
	wpkg_mem_free(inputs->modules);
}

static struct wpkg_str name_of_file(struct wpkg_str file)
{
	struct wpkg_str base = wpkg_path_base(file);
	size_t dot = wpkg_str_find_last(base, '.');
	return dot > 0 ? wpkg_str_slice(base, 0, dot) : base;
}

static int read_inputs(struct inputs *inputs, const struct link_files *files)
{
	struct wpkg_err err;
	const struct wpkg_module_options how = {.no_bodies = true};
	inputs->count = files->count;
	inputs->items = wpkg_mem_calloc(inputs->count, sizeof(*inputs->items));
	inputs->modules = wpkg_mem_calloc(inputs->count, sizeof(struct wpkg_module *));
	if (!inputs->items || !inputs->modules)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	for (size_t i = 0; i < inputs->count; i++) {
		const struct link_file *file = &files->items[i];
		struct wpkg_link_input *input = &inputs->items[i];
		input->name = file->name.len > 0 ? file->name : name_of_file(file->path);
		input->origin = file->path;
		input->rest = wpkg_file_map_rest;
		if (wpkg_module_read(&inputs->modules[i], file->map.bytes, &how, &err) != WPKG_OK) {
			wpkg_err_prepend(&err, "%.*s", WPKG_STR_ARG(file->path));
			return tool_refusal(&err);
		}
		input->module = inputs->modules[i];
		wpkg_file_map_rest(file->map.bytes);
	}
	return WPKG_EXIT_DONE;
}

static bool is_dynamic(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (wpkg_dylink_is(inputs->items[i].module))
			return true;
	return false;
}

/* Everything at once: each problem, then what stays for the host. */
static int check(const struct inputs *inputs, const struct link_options *options)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	const struct wpkg_link_inputs all = {inputs->items, inputs->count};
	struct link_findings findings = {.inputs = &all};
	wpkg_arena_init(&arena, (size_t)1 << 30);
	int code = wpkg_link_check(&findings.report, &arena, &all, &err) == WPKG_OK
			   ? link_print_findings(&arena, &findings, options->json)
			   : link_refuse(&err);
	wpkg_arena_clear(&arena);
	return code;
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

static int write_linked(const struct inputs *inputs, const struct link_options *options,
			const struct wpkg_link_export *exports)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	const struct wpkg_link_inputs all = {inputs->items, inputs->count};
	struct wpkg_arena arena;
	struct wpkg_explanation explanation = {0};
	struct wpkg_buf problems;
	const struct wpkg_dylink_options dynamic = {.stack_size = options->stack_size,
						    .allow_undefined = options->allow_undefined};
	const struct wpkg_link_options how = {.exports = exports,
					      .export_count = options->exports.count,
					      .prefix = options->prefix,
					      .keep_all = options->keep_all,
					      .strip = options->strip || options->strip_all,
					      .threads = link_threads(),
					      .explain = wpkg_str_from(options->explain),
					      .explanation = options->explain ? &explanation : NULL,
					      .arena = &arena};
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_init(&problems, SIZE_MAX);
	wpkg_arena_init(&arena, (size_t)64 << 20);
	int code = WPKG_EXIT_DONE;
	enum wpkg_status status =
		is_dynamic(inputs) ? wpkg_dylink_join(&out, &all, &how, &dynamic, &problems, &err)
				   : wpkg_link_merge(&out, &all, &how, &err);
	if (status != WPKG_OK)
		code = link_show_problems(&problems, options, &err);
	else if (options->explain)
		code = link_print_explanation(&arena, options->explain, &explanation,
					      options->json);
	else if (options->check)
		code = link_print_lines(&problems, options->json);
	if (code == WPKG_EXIT_DONE && options->output && !options->check &&
	    wpkg_file_write(AT_FDCWD, options->output, wpkg_buf_str(&out), 0644, WPKG_FILE_RESULT,
			    &err) != WPKG_OK)
		code = tool_error(&err);
	wpkg_arena_clear(&arena);
	wpkg_buf_clear(&problems);
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

int link_modules(const struct link_files *files, const struct link_options *options)
{
	struct inputs inputs = {0};
	int code = read_inputs(&inputs, files);
	if (code == WPKG_EXIT_DONE)
		code = options->check && !is_dynamic(&inputs) ? check(&inputs, options)
							      : merge(&inputs, options);
	inputs_close(&inputs);
	return code;
}
