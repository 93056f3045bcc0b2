/* SPDX-License-Identifier: Apache-2.0 */
/* A link of objects from its inputs to its output. */
#include "base/mem.h"
#include "base/utf8.h"
#include "link/object_int.h"
#include "link/put.h"

#define OUTPUT_MAX ((size_t)1 << 30)
#define MEMORY_MAX ((size_t)4 << 30) /* bytes of a link's own tables */
#define MESSAGE_MAX 4096

enum wpkg_status obj_no_memory(struct obj_link *o)
{
	return WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
}

bool obj_list_add(struct obj_link *o, struct obj_number_list *list, uint32_t number)
{
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity > 0 ? list->capacity * 2 : 32;
		uint32_t *more = wpkg_mem_resize(list->items, capacity, sizeof(*more));
		if (!more) {
			obj_no_memory(o);
			return false;
		}
		list->items = more;
		list->capacity = capacity;
	}
	list->items[list->count++] = number;
	return true;
}

void obj_problem(struct obj_link *o, const char *format, ...)
{
	struct wpkg_buf text;
	va_list args;
	wpkg_buf_init(&text, MESSAGE_MAX);
	va_start(args, format);
	wpkg_utf8_append_vformat(&text, format, args);
	va_end(args);
	if (o->problem_count++ == 0)
		wpkg_err_set(&o->problem, WPKG_EINVAL, "%s", wpkg_buf_text(&text));
	if (text.failed == WPKG_ENOMEM && text.len == 0)
		o->problem.status = WPKG_ENOMEM;
	if (o->report->problems) {
		wpkg_buf_append_str(o->report->problems, wpkg_buf_str(&text));
		wpkg_buf_append_byte(o->report->problems, '\n');
	}
	wpkg_buf_clear(&text);
}

/* The first problem is the error. */
static enum wpkg_status answer(struct obj_link *o)
{
	if (o->problem_count == 0)
		return WPKG_OK;
	wpkg_err_set(o->err, o->problem.status, "%s", o->problem.msg);
	return o->problem.status;
}

static enum wpkg_status explain(struct obj_link *o)
{
	const struct wpkg_object_report *report = o->report;
	return report->explanation ? obj_explain(report->explanation, o, report->arena) : WPKG_OK;
}

typedef enum wpkg_status step(struct obj_link *o);

static enum wpkg_status run(struct wpkg_buf *out, struct obj_link *o)
{
	static step *const program[] = {
		obj_load,    obj_check_features, obj_make_own, obj_mark, explain, answer,
		obj_lay_out, obj_plan_customs,	 obj_number,   answer,	 NULL};
	static step *const object[] = {
		obj_load, obj_check_features, obj_plan_customs, obj_join, explain, answer, NULL};
	step *const *steps = o->options->relocatable ? object : program;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && steps[i]; i++)
		status = steps[i](o);
	if (status == WPKG_OK && o->report->map)
		status = obj_put_map(o->report->map, o);
	if (status != WPKG_OK)
		return status;
	if (o->report->removed)
		obj_put_removed(o->report->removed, o);
	return obj_write(out, o);
}

static void clear(struct obj_link *o)
{
	struct obj_number_list *lists[] = {&o->wanted,	   &o->lazies,	&o->func_imports,
					   &o->made_funcs, &o->globals, &o->address_globals,
					   &o->tags,	   &o->tables,	&o->slots,
					   &o->exports,	   &o->inits};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		wpkg_mem_free(lists[i]->items);
	for (uint32_t i = 0; i < o->file_count; i++)
		obj_file_clear(&o->files[i]);
	for (size_t i = 0; o->archives && i < o->options->input_count; i++)
		link_archive_clear(&o->archives[i].content);
	for (uint32_t i = 0; i < o->custom_part_count; i++)
		link_names_clear(&o->custom_parts[i].strings);
	wpkg_mem_free(o->files);
	wpkg_mem_free(o->symbols);
	wpkg_mem_free(o->parts);
	link_names_clear(&o->names);
	link_names_clear(&o->comdats);
	wpkg_types_clear(&o->types);
	wpkg_arena_clear(&o->arena);
}

enum wpkg_status wpkg_object_link(struct wpkg_buf *out, const struct wpkg_object_options *options,
				  const struct wpkg_object_report *report, struct wpkg_err *err)
{
	static const struct wpkg_object_report nothing;
	struct obj_link o = {.options = options, .report = report ? report : &nothing, .err = err};
	struct wpkg_buf output;
	wpkg_buf_init(&output, options->max_size ? options->max_size : OUTPUT_MAX);
	wpkg_arena_init(&o.arena, MEMORY_MAX);
	wpkg_types_init(&o.types, MEMORY_MAX);
	enum wpkg_status status = run(&output, &o);
	clear(&o);
	if (status == WPKG_OK)
		return link_give(out, &output, options->threads, err);
	wpkg_buf_clear(&output);
	return status;
}
