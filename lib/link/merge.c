/* SPDX-License-Identifier: Apache-2.0 */
/* A merge, step by step, and what it exports. */
#include "link/merge_int.h"
#include "link/put.h"

#define OUTPUT_MAX ((size_t)1 << 30)

enum wpkg_status merge_no_memory(struct merge *m)
{
	return WPKG_FAIL(m->err, WPKG_ENOMEM, "link: no memory");
}

static struct wpkg_str name_of(const struct merge *m, uint32_t input)
{
	return m->link.inputs->items[input].name;
}

static enum wpkg_status add_export(struct merge *m, struct wpkg_str name, uint32_t input,
				   const struct wpkg_module_export *export)
{
	bool is_new;
	if (!link_names_put(&m->export_names, name, &is_new))
		return merge_no_memory(m);
	if (!is_new)
		return WPKG_FAIL(m->err, WPKG_EINVAL,
				 "'%.*s' would be exported twice, the second time from '%.*s'",
				 WPKG_STR_ARG(name), WPKG_STR_ARG(name_of(m, input)));
	m->exports[m->export_count++] = (struct merge_export){
		name, export->kind,
		link_final(&m->link, export->kind, (struct link_item){input, export->index})};
	return WPKG_OK;
}

static enum wpkg_status add_wanted_export(struct merge *m, const struct wpkg_link_export *wanted)
{
	for (uint32_t i = 0; i < m->link.count; i++) {
		if (!wpkg_str_equal(name_of(m, i), wanted->input))
			continue;
		const struct wpkg_module_export *export =
			wpkg_module_find_export(m->link.modules[i].module, wanted->field);
		if (export)
			return add_export(m, wanted->name.len > 0 ? wanted->name : wanted->field, i,
					  export);
	}
	return WPKG_FAIL(m->err, WPKG_EINVAL, "no input named '%.*s' exports '%.*s'",
			 WPKG_STR_ARG(wanted->input), WPKG_STR_ARG(wanted->field));
}

/* "INPUT.FIELD"; names may hold any byte, NUL too. ptr NULL when memory is out. */
static struct wpkg_str prefixed(struct merge *m, uint32_t input, struct wpkg_str field)
{
	struct wpkg_str prefix = name_of(m, input);
	size_t len = prefix.len + 1 + field.len;
	char *name = wpkg_arena_alloc(&m->link.arena, len, 1);
	if (!name)
		return (struct wpkg_str){0};
	if (prefix.len > 0)
		memcpy(name, prefix.ptr, prefix.len);
	name[prefix.len] = '.';
	if (field.len > 0)
		memcpy(name + prefix.len + 1, field.ptr, field.len);
	return wpkg_str_of(name, len);
}

/* The root's exports as they are, the others' behind their names. */
static enum wpkg_status add_all_exports(struct merge *m, uint32_t input)
{
	const struct wpkg_module *module = m->link.modules[input].module;
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < module->export_count; i++) {
		const struct wpkg_module_export *export = &module->exports[i];
		struct wpkg_str name = input == 0 ? export->name : prefixed(m, input, export->name);
		status = input > 0 && !name.ptr ? merge_no_memory(m)
						: add_export(m, name, input, export);
	}
	return status;
}

static enum wpkg_status collect_exports(struct merge *m)
{
	size_t most = m->options->export_count + 1;
	for (uint32_t i = 0; i < m->link.count; i++)
		most += m->link.modules[i].module->export_count;
	m->exports = wpkg_arena_alloc(&m->link.arena, most, sizeof(*m->exports));
	if (!m->exports)
		return merge_no_memory(m);
	enum wpkg_status status = add_all_exports(m, 0);
	for (uint32_t i = 1; m->options->prefix && status == WPKG_OK && i < m->link.count; i++)
		status = add_all_exports(m, i);
	for (size_t i = 0; status == WPKG_OK && i < m->options->export_count; i++)
		status = add_wanted_export(m, &m->options->exports[i]);
	return status;
}

/* Room for what made each item live. */
static enum wpkg_status note_origins(struct merge *m)
{
	struct wpkg_arena *arena = &m->link.arena;
	for (uint32_t i = 0; i < m->link.count; i++) {
		struct link_module *from = &m->link.modules[i];
		from->from = wpkg_arena_alloc(arena, LINK_SPACE_COUNT, sizeof(*from->from));
		for (uint8_t space = 0; from->from && space < LINK_SPACE_COUNT; space++) {
			from->from[space] = wpkg_arena_alloc(arena, from->parts[space].count,
							     sizeof(*from->from[space]));
			if (!from->from[space])
				return merge_no_memory(m);
		}
		if (!from->from)
			return merge_no_memory(m);
	}
	return WPKG_OK;
}

static enum wpkg_status mark_live(struct merge *m)
{
	struct link_root *roots =
		wpkg_arena_alloc(&m->link.arena, m->export_count + 1, sizeof(*roots));
	if (!roots)
		return merge_no_memory(m);
	for (size_t i = 0; i < m->export_count; i++)
		roots[i] = (struct link_root){m->exports[i].kind, m->exports[i].item};
	if (!m->options->explanation)
		return link_mark(&m->link, roots, m->export_count, m->options->keep_all);
	enum wpkg_status status = note_origins(m);
	if (status == WPKG_OK)
		status = link_mark(&m->link, roots, m->export_count, m->options->keep_all);
	return status != WPKG_OK
		       ? status
		       : link_explain(m->options->explanation, &m->link, roots, m->export_count,
				      m->options->explain, m->options->arena);
}

static enum wpkg_status plan(struct merge *m, const struct wpkg_link_inputs *inputs)
{
	enum wpkg_status status = link_open(&m->link, inputs, m->err);
	if (status == WPKG_OK)
		status = merge_plan_start(m);
	if (status == WPKG_OK)
		status = link_resolve(&m->link, NULL, &m->link.arena);
	if (status == WPKG_OK)
		status = link_order(&m->link, NULL);
	if (status == WPKG_OK)
		status = merge_note_late(m);
	if (status == WPKG_OK)
		status = collect_exports(m);
	if (status == WPKG_OK)
		status = mark_live(m);
	if (status == WPKG_OK)
		merge_plan_late(m);
	if (status == WPKG_OK && m->makes_start)
		m->link.type_live[m->start_type] = true;
	for (uint32_t i = 0; status == WPKG_OK && i < m->link.count; i++)
		link_rest_input(&m->link, i);
	return status == WPKG_OK ? link_lay_out(&m->link) : status;
}

enum wpkg_status wpkg_link_merge(struct wpkg_buf *out, const struct wpkg_link_inputs *inputs,
				 const struct wpkg_link_options *options, struct wpkg_err *err)
{
	static const struct wpkg_link_options defaults;
	struct merge m = {.options = options ? options : &defaults, .err = err};
	struct wpkg_buf output;
	size_t max = m.options->max_size ? m.options->max_size : OUTPUT_MAX;
	wpkg_buf_init(&output, max);
	wpkg_buf_init(&m.body, max);
	m.out = &output;
	enum wpkg_status status = plan(&m, inputs);
	if (status == WPKG_OK)
		status = merge_write(&m);
	wpkg_buf_clear(&m.body);
	link_names_clear(&m.export_names);
	link_close(&m.link);
	if (status == WPKG_OK)
		return link_give(out, &output, m.options->threads, err);
	wpkg_buf_clear(&output);
	return status;
}
