/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several modules as one, section by section; one without an entry is left out.
 */
#include "link/merge_int.h"
#include "link/put.h"
#include "wasm/writer.h"

/* Begins a section before it is known which one it is, or whether it has anything. */
static void begin_section(struct merge *m)
{
	m->section = m->out->len;
	wpkg_buf_append_byte(m->out, 0);
	m->content = link_begin_sized(m->out);
}

/* Leaves out the section that was begun. */
static void drop_section(struct merge *m)
{
	if (m->out->failed == WPKG_OK)
		wpkg_buf_truncate(m->out, m->section);
}

/* Ends the section if it has anything, and begins the next. */
static void end_section(struct merge *m, uint8_t id)
{
	if (m->out->failed == WPKG_OK && m->out->len > m->content) {
		m->out->ptr[m->section] = (char)id;
		link_end_sized(m->out, m->content);
	} else {
		drop_section(m);
	}
	begin_section(m);
}

static void put_types(struct merge *m)
{
	const struct wpkg_types *types = &m->link.types;
	bool is_any = false;
	for (uint32_t id = 0; id < types->count; id += types->types[id].group_size)
		is_any = is_any || m->link.type_live[id];
	if (is_any)
		link_put_types(m->out, types, m->link.type_live, m->link.type_out);
	end_section(m, WPKG_SECTION_TYPE);
}

static void put_extern_type(struct merge *m, const struct link_extern *type)
{
	switch ((enum wpkg_extern)type->kind) {
	case WPKG_EXTERN_FUNC:
		wpkg_writer_u32(m->out, m->link.type_out[type->type]);
		break;
	case WPKG_EXTERN_TABLE:
		link_put_valtype(m->out, type->value, m->link.type_out);
		link_put_size(m->out, &type->size, 16);
		break;
	case WPKG_EXTERN_MEMORY:
		link_put_size(m->out, &type->size, type->page_log2);
		break;
	case WPKG_EXTERN_GLOBAL:
		link_put_valtype(m->out, type->value, m->link.type_out);
		wpkg_buf_append_byte(m->out, type->is_mutable);
		break;
	case WPKG_EXTERN_TAG:
		wpkg_buf_append_byte(m->out, 0);
		wpkg_writer_u32(m->out, m->link.type_out[type->type]);
		break;
	case WPKG_EXTERN_COUNT:
		break;
	}
}

void merge_turn_to(struct merge *m, uint32_t input)
{
	if (m->input != input)
		link_rest_input(&m->link, m->input);
	m->input = input;
}

static void put_imports(struct merge *m)
{
	uint32_t count = 0;
	for (uint8_t kind = 0; kind < WPKG_EXTERN_COUNT; kind++)
		count += m->link.import_counts[kind];
	if (count > 0)
		wpkg_writer_u32(m->out, count);
	for (uint8_t kind = 0; kind < WPKG_EXTERN_COUNT; kind++)
		for (uint32_t i = 0; i < m->link.import_counts[kind]; i++) {
			struct link_item item = m->link.imports[kind][i];
			merge_turn_to(m, item.input);
			const struct wpkg_module *module = m->link.modules[item.input].module;
			const struct wpkg_module_import *import =
				&module->imports[link_import_of(module, kind, item.index)];
			struct link_extern type =
				link_extern_of(&m->link, item.input, kind, item.index);
			wpkg_writer_name(m->out, import->module);
			wpkg_writer_name(m->out, import->field);
			wpkg_buf_append_byte(m->out, kind);
			put_extern_type(m, &type);
		}
	end_section(m, WPKG_SECTION_IMPORT);
}

static uint32_t count_defined(const struct merge *m, uint8_t space)
{
	return m->link.item_counts[space] - m->link.import_counts[space];
}

/* How far the items of a space were gone through; zero: not yet. */
struct place {
	uint32_t order; /* of inputs */
	uint32_t index; /* in the input's space */
};

/* The items of a space that the output defines, in its order. */
static bool next_defined(struct merge *m, uint8_t space, struct place *at, struct link_item *item)
{
	for (; at->order < m->link.count; at->order++, at->index = 0) {
		uint32_t input = m->link.order[at->order];
		const struct link_part *part = &m->link.modules[input].parts[space];
		if (at->index < part->imported)
			at->index = part->imported;
		while (at->index < part->count) {
			*item = (struct link_item){input, at->index++};
			if (!link_is_live(&m->link, space, *item))
				continue;
			merge_turn_to(m, input);
			return true;
		}
	}
	return false;
}

static void begin_vector(struct merge *m, uint32_t count)
{
	if (count > 0)
		wpkg_writer_u32(m->out, count);
}

static void put_functions(struct merge *m)
{
	struct link_item item;
	begin_vector(m, count_defined(m, WPKG_EXTERN_FUNC) + m->makes_start);
	for (struct place at = {0}; next_defined(m, WPKG_EXTERN_FUNC, &at, &item);) {
		const struct link_module *from = &m->link.modules[item.input];
		wpkg_writer_u32(
			m->out,
			m->link.type_out[from->types[from->module->funcs[item.index].type]]);
	}
	if (m->makes_start)
		wpkg_writer_u32(m->out, m->link.type_out[m->start_type]);
	end_section(m, WPKG_SECTION_FUNCTION);
}

static void put_range(struct merge *m, uint32_t input, struct wpkg_range range)
{
	const uint8_t *at = wpkg_module_at(m->link.modules[input].module, range.start);
	link_put_expression(m->out, &m->link, input, &at);
}

static void put_tables(struct merge *m)
{
	struct link_item item;
	begin_vector(m, count_defined(m, WPKG_EXTERN_TABLE));
	for (struct place at = {0}; next_defined(m, WPKG_EXTERN_TABLE, &at, &item);) {
		const struct wpkg_range init =
			m->link.modules[item.input].module->tables[item.index].init;
		struct link_extern type =
			link_extern_of(&m->link, item.input, WPKG_EXTERN_TABLE, item.index);
		if (init.end > init.start)
			wpkg_buf_append(m->out, "\x40\x00", 2);
		put_extern_type(m, &type);
		if (init.end > init.start)
			put_range(m, item.input, init);
	}
	end_section(m, WPKG_SECTION_TABLE);
}

static void put_plain(struct merge *m, uint8_t kind, uint8_t section)
{
	struct link_item item;
	begin_vector(m, count_defined(m, kind));
	for (struct place at = {0}; next_defined(m, kind, &at, &item);) {
		struct link_extern type = link_extern_of(&m->link, item.input, kind, item.index);
		put_extern_type(m, &type);
		if (kind == WPKG_EXTERN_GLOBAL)
			put_range(m, item.input,
				  m->link.modules[item.input].module->globals[item.index].init);
	}
	end_section(m, section);
}

static void put_exports(struct merge *m)
{
	begin_vector(m, (uint32_t)m->export_count);
	for (size_t i = 0; i < m->export_count; i++) {
		const struct merge_export *export = &m->exports[i];
		merge_turn_to(m, export->item.input);
		wpkg_writer_name(m->out, export->name);
		wpkg_buf_append_byte(m->out, export->kind);
		wpkg_writer_u32(m->out, link_out(&m->link, export->kind, export->item));
	}
	end_section(m, WPKG_SECTION_EXPORT);
}

static void put_start(struct merge *m)
{
	uint32_t start = merge_start_of(m);
	if (start != WPKG_INDEX_NONE)
		wpkg_writer_u32(m->out, start);
	end_section(m, WPKG_SECTION_START);
}

/*
 * Section 5.5.12, in the general forms: bit 0 not active, bit 1 with a table or declarative, bit 2
 * expressions. Function indices have the element kind 0 where the form names one.
 */
static void put_elem(struct merge *m, struct link_item item)
{
	const struct link_module *from = &m->link.modules[item.input];
	const struct wpkg_module_elem *elem = &from->module->elems[item.index];
	const uint8_t *at = wpkg_module_at(from->module, elem->items.start);
	bool active = elem->mode == WPKG_SEGMENT_ACTIVE && !merge_is_late_elem(m, item);
	const uint32_t *out[LINK_SPACE_COUNT];
	link_numbers(out, &m->link, item.input);
	uint32_t table = active ? out[WPKG_EXTERN_TABLE][elem->table] : 0;
	bool plain_function_list = active && table == 0 && !elem->has_expressions;
	uint32_t flags = (active ? 0U : 1U) | (elem->has_expressions ? 4U : 0U);
	if (elem->mode == WPKG_SEGMENT_DECLARATIVE || (active && !plain_function_list))
		flags |= 2;
	wpkg_writer_u32(m->out, flags);
	if (active && (flags & 2))
		wpkg_writer_u32(m->out, table);
	if (active)
		put_range(m, item.input, elem->at);
	if ((flags & 3) && elem->has_expressions)
		link_put_valtype(m->out, wpkg_valtype_map(elem->type, from->canonical),
				 m->link.type_out);
	else if (flags & 3)
		wpkg_buf_append_byte(m->out, 0);
	wpkg_writer_u32(m->out, elem->count);
	for (uint32_t i = 0; i < elem->count; i++) {
		if (elem->has_expressions)
			link_put_expression(m->out, &m->link, item.input, &at);
		else
			wpkg_writer_u32(m->out, out[WPKG_EXTERN_FUNC][link_take_u32(&at)]);
	}
}

/* Functions that bodies make references of must be named outside of bodies, and may not be now:
 * bits by the output's index, NULL when there are none. */
static uint64_t *find_references(struct merge *m)
{
	const uint32_t most = m->link.item_counts[WPKG_EXTERN_FUNC];
	uint64_t *found = NULL;
	for (uint32_t n = 0; n < m->link.count; n++) {
		const struct link_module *from = &m->link.modules[n];
		for (uint32_t i = 0; i < from->parts[WPKG_EXTERN_FUNC].count; i++) {
			if (!link_bit(from->referenced, i))
				continue;
			found = found ? found
				      : wpkg_arena_alloc(&m->link.arena, (size_t)most / 64 + 1,
							 sizeof(*found));
			if (!found) {
				m->out->failed = WPKG_ENOMEM;
				return NULL;
			}
			link_set_bit(found, link_out(&m->link, WPKG_EXTERN_FUNC,
						     (struct link_item){n, i}));
		}
	}
	return found;
}

static void put_elems(struct merge *m)
{
	struct link_item item;
	const uint64_t *referenced = find_references(m);
	uint32_t references = 0;
	for (uint32_t i = 0; referenced && i < m->link.item_counts[WPKG_EXTERN_FUNC]; i++)
		references += link_bit(referenced, i);
	begin_vector(m, m->link.item_counts[LINK_ELEM] + (references > 0));
	for (struct place at = {0}; next_defined(m, LINK_ELEM, &at, &item);)
		put_elem(m, item);
	if (references > 0) {
		wpkg_writer_u32(m->out, 3);
		wpkg_buf_append_byte(m->out, 0);
		wpkg_writer_u32(m->out, references);
		for (uint32_t i = 0; i < m->link.item_counts[WPKG_EXTERN_FUNC]; i++)
			if (link_bit(referenced, i))
				wpkg_writer_u32(m->out, i);
	}
	end_section(m, WPKG_SECTION_ELEMENT);
}

static void put_data_count(struct merge *m)
{
	bool counted = false;
	for (uint32_t i = 0; i < m->link.count; i++)
		counted = counted || m->link.modules[i].module->has_data_count || m->late[i];
	if (counted)
		wpkg_writer_u32(m->out, m->link.item_counts[LINK_DATA]);
	end_section(m, WPKG_SECTION_DATA_COUNT);
}

static void put_sized_body(struct merge *m)
{
	if (m->body.failed != WPKG_OK && m->out->failed == WPKG_OK)
		m->out->failed = m->body.failed;
	wpkg_writer_u64(m->out, m->body.len);
	wpkg_buf_append_str(m->out, wpkg_buf_str(&m->body));
	wpkg_buf_reset(&m->body);
}

static void put_code(struct merge *m)
{
	struct link_item item;
	begin_vector(m, count_defined(m, WPKG_EXTERN_FUNC) + m->makes_start);
	struct link_bodies bodies = {0};
	uint32_t input = WPKG_INDEX_NONE;
	for (struct place at = {0}; next_defined(m, WPKG_EXTERN_FUNC, &at, &item);) {
		if (item.input != input)
			bodies = link_bodies_of(m->link.modules[item.input].module);
		input = item.input;
		link_put_body(&m->body, &m->link, item.input,
			      link_bodies_find(&bodies, item.index));
		put_sized_body(m);
	}
	if (m->makes_start) {
		merge_put_start_body(m);
		put_sized_body(m);
	}
	end_section(m, WPKG_SECTION_CODE);
}

static void put_datas(struct merge *m)
{
	struct link_item item;
	begin_vector(m, m->link.item_counts[LINK_DATA]);
	for (struct place at = {0}; next_defined(m, LINK_DATA, &at, &item);) {
		const struct link_module *from = &m->link.modules[item.input];
		const struct wpkg_module_data *data = &from->module->datas[item.index];
		bool active = data->mode == WPKG_SEGMENT_ACTIVE && !merge_is_late_data(m, item);
		struct link_item target = {item.input, data->memory};
		uint32_t memory = active ? link_out(&m->link, WPKG_EXTERN_MEMORY, target) : 0;
		wpkg_writer_u32(m->out, !active ? 1U : memory > 0 ? 2U : 0U);
		if (memory > 0)
			wpkg_writer_u32(m->out, memory);
		if (active)
			put_range(m, item.input, data->at);
		wpkg_writer_name(m->out, wpkg_module_slice(from->module, data->bytes));
	}
	end_section(m, WPKG_SECTION_DATA);
}

static void put_module(struct merge *m)
{
	wpkg_writer_header(m->out);
	begin_section(m);
	put_types(m);
	put_imports(m);
	put_functions(m);
	put_tables(m);
	put_plain(m, WPKG_EXTERN_MEMORY, WPKG_SECTION_MEMORY);
	put_plain(m, WPKG_EXTERN_TAG, WPKG_SECTION_TAG);
	put_plain(m, WPKG_EXTERN_GLOBAL, WPKG_SECTION_GLOBAL);
	put_exports(m);
	put_start(m);
	put_elems(m);
	put_data_count(m);
	put_code(m);
	put_datas(m);
	drop_section(m);
	link_put_custom_sections(m->out, &m->link, m->options->strip);
}

/* The output is no larger than the inputs, or hardly: a buffer that has grown to it would have been
 * there twice. */
static void reserve(struct merge *m)
{
	size_t size = 4096;
	for (uint32_t i = 0; i < m->link.count; i++)
		size += m->link.modules[i].module->bytes.len;
	if (wpkg_buf_extend(m->out, size < m->out->max ? size : m->out->max))
		wpkg_buf_truncate(m->out, 0);
}

enum wpkg_status merge_write(struct merge *m)
{
	reserve(m);
	put_module(m);
	return wpkg_buf_check(m->out, "linked module", m->err);
}
