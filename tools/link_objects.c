/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link, of objects and archives. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "link.h"
#include "link/object.h"
#include "output.h"

#define INPUT_MAX ((uint64_t)1 << 32)
#define LIST_MAX ((size_t)64 << 20)

/* A file that the options name, or that they lead to. */
struct extra {
	char *path;
	struct wpkg_file_map map;
};

struct job {
	const struct link_options *options;
	const struct link_files *files;
	struct wpkg_object_input *inputs;
	size_t input_count;
	struct extra *extras; /* room for all that the options name */
	size_t extra_count;
	struct link_thin *thin;
	char *wasi; /* folder of its C library; NULL */
	struct wpkg_object_options link;
	struct wpkg_str *names; /* of symbols, that the options give */
	size_t name_count;
	struct wpkg_buf lists; /* content of the files of allowed symbols */
	struct wpkg_str *allowed;
	struct wpkg_err err;
};

static int fail(struct job *job)
{
	return tool_error(&job->err);
}

/* Opens the file and puts it behind the other inputs. Takes the path. */
static int add_extra(struct job *job, char *path, bool whole)
{
	struct extra *extra = &job->extras[job->extra_count];
	if (!path) {
		job->err = (struct wpkg_err){WPKG_ENOMEM, "link: no memory"};
		return fail(job);
	}
	if (wpkg_file_map_open(&extra->map, AT_FDCWD, path, INPUT_MAX, &job->err) != WPKG_OK) {
		wpkg_mem_free(path);
		return fail(job);
	}
	extra->path = path;
	job->extra_count++;
	job->inputs[job->input_count++] = (struct wpkg_object_input){
		.name = wpkg_str_from(path), .bytes = extra->map.bytes, .whole = whole};
	return WPKG_EXIT_DONE;
}

/* "DIR/libNAME.a" when it is there; NULL. */
static char *library_in(const char *folder, const char *name)
{
	struct wpkg_buf path;
	wpkg_buf_init(&path, SIZE_MAX);
	wpkg_buf_append_format(&path, "%s/lib%s.a", folder, name);
	if (access(wpkg_buf_text(&path), R_OK) == 0)
		return wpkg_buf_detach(&path);
	wpkg_buf_clear(&path);
	return NULL;
}

static int add_library(struct job *job, const char *name)
{
	char *path = NULL;
	for (size_t i = 0; !path && i < job->options->folders.count; i++)
		path = library_in(job->options->folders.items[i], name);
	if (!path && job->wasi)
		path = library_in(job->wasi, name);
	if (path)
		return add_extra(job, path, false);
	wpkg_err_set(&job->err, WPKG_ENOTFOUND,
		     "library %s: there is no lib%s.a in the %zu folders of -L%s%s", name, name,
		     job->options->folders.count, job->wasi ? " and in " : "",
		     job->wasi ? job->wasi : "");
	return fail(job);
}

/* The start file comes first, so that what it defines is what counts. */
static int add_start(struct job *job)
{
	if (!job->options->wasi)
		return WPKG_EXIT_DONE;
	if (link_find_wasi(&job->wasi, job->options->sysroot, &job->err) != WPKG_OK)
		return fail(job);
	const char *start = job->options->reactor ? "crt1-reactor.o" : "crt1-command.o";
	return add_extra(job, wpkg_path_join(job->wasi, start), false);
}

static int add_libraries(struct job *job)
{
	int code = WPKG_EXIT_DONE;
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < job->options->whole.count; i++)
		code = add_extra(job,
				 wpkg_mem_dup_text(job->options->whole.items[i],
						   strlen(job->options->whole.items[i])),
				 true);
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < job->options->libraries.count; i++)
		code = add_library(job, job->options->libraries.items[i]);
	if (code != WPKG_EXIT_DONE || !job->options->wasi)
		return code;
	code = add_library(job, "c");
	char *builtins = NULL;
	if (code == WPKG_EXIT_DONE && link_find_builtins(&builtins, &job->err) != WPKG_OK)
		code = fail(job);
	return code == WPKG_EXIT_DONE ? add_extra(job, builtins, false) : code;
}

/* The start file, the C library and the compiler's own are what --wasi adds. */
#define WASI_EXTRAS 3

static int make_room(struct job *job)
{
	const struct link_options *options = job->options;
	size_t extras = options->whole.count + options->libraries.count + WASI_EXTRAS;
	size_t names = options->exports.count + options->exports_if_defined.count +
		       options->undefined.count;
	job->inputs = wpkg_mem_calloc(job->files->count + extras, sizeof(*job->inputs));
	job->extras = wpkg_mem_calloc(extras, sizeof(*job->extras));
	job->names = wpkg_mem_calloc(names + 1, sizeof(*job->names));
	if (job->inputs && job->extras && job->names)
		return WPKG_EXIT_DONE;
	job->err = (struct wpkg_err){WPKG_ENOMEM, "link: no memory"};
	return fail(job);
}

static int add_inputs(struct job *job)
{
	int code = add_start(job);
	for (size_t i = 0; i < job->files->count; i++)
		job->inputs[job->input_count++] = (struct wpkg_object_input){
			.name = job->files->items[i].path, .bytes = job->files->items[i].map.bytes};
	if (code == WPKG_EXIT_DONE)
		code = add_libraries(job);
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < job->input_count; i++)
		if (link_thin_open(&job->thin, &job->inputs[i], &job->err) != WPKG_OK)
			code = link_refuse(&job->err);
	return code;
}

static struct wpkg_object_names names_of(struct job *job, const struct wpkg_option_list *list)
{
	const struct wpkg_str *names = &job->names[job->name_count];
	for (size_t i = 0; i < list->count; i++)
		job->names[job->name_count++] = wpkg_str_from(list->items[i]);
	return (struct wpkg_object_names){names, list->count};
}

/* Symbols a line each; empty lines and those with a '#' in front are none. */
static int read_allowed(struct job *job)
{
	const struct wpkg_option_list *files = &job->options->allowed_files;
	size_t count = 0;
	for (size_t i = 0; i < files->count; i++) {
		if (wpkg_file_read(&job->lists, AT_FDCWD, files->items[i], &job->err) != WPKG_OK)
			return fail(job);
		wpkg_buf_append_byte(&job->lists, '\n');
	}
	struct wpkg_str rest = wpkg_buf_str(&job->lists), line;
	job->allowed = wpkg_mem_calloc(rest.len / 2 + 1, sizeof(*job->allowed));
	if (!job->allowed) {
		job->err = (struct wpkg_err){WPKG_ENOMEM, "link: no memory"};
		return fail(job);
	}
	while (wpkg_str_split(&rest, '\n', &line)) {
		line = wpkg_str_trim(line);
		if (line.len > 0 && line.ptr[0] != '#')
			job->allowed[count++] = line;
	}
	job->link.allowed = (struct wpkg_object_names){job->allowed, count};
	return WPKG_EXIT_DONE;
}

static int read_keywords(struct job *job)
{
	for (size_t i = 0; i < job->options->keywords.count; i++) {
		struct wpkg_str text = wpkg_str_from(job->options->keywords.items[i]);
		static const struct wpkg_str key = WPKG_STR("stack-size=");
		if (!wpkg_str_starts(text, key) ||
		    !wpkg_str_parse_u64(wpkg_str_from_offset(text, key.len), &job->link.stack_size))
			return tool_usage("link: -z '%s' is not stack-size=BYTES",
					  job->options->keywords.items[i]);
	}
	return WPKG_EXIT_DONE;
}

static int read_options(struct job *job)
{
	const struct link_options *options = job->options;
	job->link = (struct wpkg_object_options){
		.rest = wpkg_file_map_rest,
		.threads = link_threads(),
		.inputs = job->inputs,
		.input_count = job->input_count,
		.entry = wpkg_str_from(options->entry	  ? options->entry
				       : options->reactor ? "_initialize"
							  : ""),
		.no_entry = options->no_entry,
		.exports = names_of(job, &options->exports),
		.exports_if_defined = names_of(job, &options->exports_if_defined),
		.undefined = names_of(job, &options->undefined),
		.allow_undefined = options->allow_undefined,
		.export_all = options->export_all,
		.export_dynamic = options->export_dynamic,
		.no_check_features = options->no_check_features,
		.relocatable = options->relocatable,
		.no_gc = options->no_gc || options->keep_all,
		.strip_all = options->strip_all || options->strip,
		.strip_debug = options->strip_debug,
		.import_memory = options->import_memory,
		.export_memory = options->export_memory,
		.shared_memory = options->shared_memory,
		.import_table = options->import_table,
		.export_table = options->export_table,
		.growable_table = options->growable_table,
		.stack_last = options->no_stack_first && !options->stack_first,
		.stack_size = options->stack_size,
		.global_base = options->global_base,
		.initial_memory = options->initial_memory,
		.max_memory = options->max_memory,
		.explain = wpkg_str_from(options->explain)};
	int code = read_keywords(job);
	return code == WPKG_EXIT_DONE ? read_allowed(job) : code;
}

static int write_file(struct job *job, const char *path, const struct wpkg_buf *content)
{
	if (wpkg_buf_check(content, path, &job->err) != WPKG_OK ||
	    wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(content), 0644, WPKG_FILE_RESULT,
			    &job->err) != WPKG_OK)
		return fail(job);
	return WPKG_EXIT_DONE;
}

static int link_job(struct job *job)
{
	struct wpkg_buf out, problems, map, removed;
	struct wpkg_arena arena;
	struct wpkg_explanation explanation = {0};
	const char *explain = job->options->explain;
	wpkg_arena_init(&arena, LIST_MAX);
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_init(&problems, LIST_MAX);
	wpkg_buf_init(&map, SIZE_MAX);
	wpkg_buf_init(&removed, SIZE_MAX);
	const struct wpkg_object_report report = {.problems = &problems,
						  .map = job->options->map ? &map : NULL,
						  .removed =
							  job->options->print_gc ? &removed : NULL,
						  .explanation = explain ? &explanation : NULL,
						  .arena = &arena};
	int code = WPKG_EXIT_DONE;
	bool is_linked = wpkg_object_link(&out, &job->link, &report, &job->err) == WPKG_OK;
	if (explain && (is_linked || explanation.count > 0))
		code = link_print_explanation(&arena, explain, &explanation, job->options->json);
	if (!is_linked)
		code = link_show_problems(&problems, job->options, &job->err);
	else if (job->options->check && !explain)
		code = link_print_lines(&problems, job->options->json);
	if (code == WPKG_EXIT_DONE && job->options->print_gc)
		code = tool_print(&removed);
	if (code == WPKG_EXIT_DONE && job->options->map)
		code = write_file(job, job->options->map, &map);
	if (code == WPKG_EXIT_DONE && job->options->output && !job->options->check)
		code = write_file(job, job->options->output, &out);
	wpkg_arena_clear(&arena);
	wpkg_buf_clear(&removed);
	wpkg_buf_clear(&map);
	wpkg_buf_clear(&problems);
	wpkg_buf_clear(&out);
	return code;
}

/* An option that says something about a program, which an object is not yet; NULL. */
static const char *programs_option(const struct link_options *options)
{
	const struct {
		const char *name;
		bool is_given;
	} rows[] = {{"--wasi", options->wasi},
		    {"--reactor", options->reactor},
		    {"--entry", options->entry != NULL},
		    {"--export-all", options->export_all},
		    {"--export-dynamic", options->export_dynamic},
		    {"--allow-undefined", options->allow_undefined},
		    {"--allow-undefined-file", options->allowed_files.count > 0},
		    {"--print-gc-sections", options->print_gc},
		    {"--map", options->map != NULL},
		    {"--strip", options->strip},
		    {"--strip-all", options->strip_all},
		    {"--import-memory", options->import_memory},
		    {"--export-memory", options->export_memory},
		    {"--shared-memory", options->shared_memory},
		    {"--initial-memory", options->initial_memory > 0},
		    {"--max-memory", options->max_memory > 0},
		    {"--stack-size", options->stack_size > 0},
		    {"-z", options->keywords.count > 0},
		    {"--stack-first", options->stack_first},
		    {"--no-stack-first", options->no_stack_first},
		    {"--global-base", options->global_base > 0},
		    {"--import-table", options->import_table},
		    {"--export-table", options->export_table},
		    {"--growable-table", options->growable_table}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_given)
			return rows[i].name;
	return NULL;
}

int link_objects(const struct link_files *files, const struct link_options *options)
{
	const char *other = options->relocatable ? programs_option(options) : NULL;
	if (other)
		return tool_usage("link: %s is for a program, and -r makes an object", other);
	struct job *job = wpkg_mem_calloc(1, sizeof(*job));
	if (!job)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	job->options = options;
	job->files = files;
	wpkg_buf_init(&job->lists, LIST_MAX);
	int code = make_room(job);
	if (code == WPKG_EXIT_DONE)
		code = add_inputs(job);
	if (code == WPKG_EXIT_DONE)
		code = read_options(job);
	if (code == WPKG_EXIT_DONE)
		code = link_job(job);
	for (size_t i = 0; i < job->extra_count; i++) {
		wpkg_file_map_close(&job->extras[i].map);
		wpkg_mem_free(job->extras[i].path);
	}
	link_thin_close(job->thin);
	wpkg_buf_clear(&job->lists);
	wpkg_mem_free(job->allowed);
	wpkg_mem_free(job->inputs);
	wpkg_mem_free(job->extras);
	wpkg_mem_free(job->names);
	wpkg_mem_free(job->wasi);
	wpkg_mem_free(job);
	return code;
}
