/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several modules as one, section by section; one without an entry is left out.
 */
#include "base/mem.h"
#include "link/link_int.h"
#include "link/put.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

#define OUTPUT_MAX ((size_t)1 << 30)

struct output_export {
	struct wpkg_str name;
	uint8_t kind;
	struct link_item item;
};

struct merge {
	struct link link;
	const struct wpkg_link_options *options;
	struct output_export *exports;
	size_t export_count;
	struct link_names export_names;
	uint32_t start_count; /* inputs with a start function */
	uint32_t start_type;  /* canonical number of the function that calls them all */
	bool makes_start;     /* there is such a function */
	bool *late;	      /* by input: another one's start function runs before it is there */
	bool *referenced;     /* by output function: ref.func in a body makes it */
	struct wpkg_buf *out;
	size_t section, content; /* offsets in the output, of the section being made */
	struct wpkg_buf body;	 /* of the function being made */
	uint32_t input;		 /* whose bytes are read */
	struct wpkg_err *err;
};

static enum wpkg_status no_memory(struct merge *m)
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
		return no_memory(m);
	if (!is_new)
		return WPKG_FAIL(m->err, WPKG_EINVAL,
				 "'%.*s' would be exported twice, the second time from '%.*s'",
				 WPKG_STR_ARG(name), WPKG_STR_ARG(name_of(m, input)));
	m->exports[m->export_count++] = (struct output_export){
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
		status = input > 0 && !name.ptr ? no_memory(m) : add_export(m, name, input, export);
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
		return no_memory(m);
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
	for (uint32_t i = 0; i < m->link.count; i++)
		for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++) {
			struct link_module *from = &m->link.modules[i];
			from->from[space] =
				wpkg_arena_alloc(&m->link.arena, (size_t)from->counts[space] + 1,
						 sizeof(*from->from[space]));
			if (!from->from[space])
				return no_memory(m);
		}
	return WPKG_OK;
}

static enum wpkg_status mark_live(struct merge *m)
{
	struct link_root *roots =
		wpkg_arena_alloc(&m->link.arena, m->export_count + 1, sizeof(*roots));
	if (!roots)
		return no_memory(m);
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

/* One of our own may have to call the start functions; it needs the type (func). */
static enum wpkg_status plan_start(struct merge *m)
{
	for (uint32_t i = 0; i < m->link.count; i++)
		m->start_count += m->link.modules[i].module->start != WPKG_INDEX_NONE;
	return m->start_count == 0
		       ? WPKG_OK
		       : wpkg_types_add_func(&m->start_type, &m->link.types, NULL, 0, 0, m->err);
}

/*
 * A start function sees its memories and tables before inputs that come later put their segments
 * there. Those segments are not active in the output: the function that calls the start functions
 * copies them when it is their input's turn. What no other input can see need not wait.
 */
static enum wpkg_status note_late(struct merge *m)
{
	bool is_started = false;
	m->late = wpkg_arena_alloc(&m->link.arena, m->link.count, sizeof(*m->late));
	if (!m->late)
		return no_memory(m);
	for (uint32_t i = 0; i < m->link.count; i++) {
		m->late[m->link.order[i]] = is_started;
		is_started = is_started ||
			     m->link.modules[m->link.order[i]].module->start != WPKG_INDEX_NONE;
	}
	return WPKG_OK;
}

static bool is_late_elem(const struct merge *m, struct link_item item)
{
	const struct wpkg_module *module = m->link.modules[item.input].module;
	const struct wpkg_module_elem *elem = &module->elems[item.index];
	return m->late[item.input] && elem->mode == WPKG_SEGMENT_ACTIVE &&
	       module->tables[elem->table].import != WPKG_INDEX_NONE;
}

static bool is_late_data(const struct merge *m, struct link_item item)
{
	const struct wpkg_module *module = m->link.modules[item.input].module;
	const struct wpkg_module_data *data = &module->datas[item.index];
	return m->late[item.input] && data->mode == WPKG_SEGMENT_ACTIVE &&
	       module->memories[data->memory].import != WPKG_INDEX_NONE;
}

static void plan_late(struct merge *m)
{
	m->makes_start = m->start_count > 1;
	for (uint32_t n = 0; n < m->link.count; n++) {
		const struct link_module *from = &m->link.modules[n];
		for (uint32_t i = 0; i < from->module->elem_count; i++)
			m->makes_start =
				m->makes_start || (from->live[LINK_ELEM][i] &&
						   is_late_elem(m, (struct link_item){n, i}));
		for (uint32_t i = 0; i < from->module->data_count; i++)
			m->makes_start =
				m->makes_start || (from->live[LINK_DATA][i] &&
						   is_late_data(m, (struct link_item){n, i}));
	}
}

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

/* The last one rests: of a mapped file, at least a page would stay in memory. */
static void turn_to(struct merge *m, uint32_t input)
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
			struct link_item item = m->link.items[kind][i];
			turn_to(m, item.input);
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

/* The items of a space that the output defines, in its order; *at counts them from 0. */
static bool next_defined(struct merge *m, uint8_t space, uint32_t *at, struct link_item *item)
{
	if (*at == count_defined(m, space))
		return false;
	*item = m->link.items[space][m->link.import_counts[space] + (*at)++];
	turn_to(m, item->input);
	return true;
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
	for (uint32_t at = 0; next_defined(m, WPKG_EXTERN_FUNC, &at, &item);) {
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
	for (uint32_t at = 0; next_defined(m, WPKG_EXTERN_TABLE, &at, &item);) {
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
	for (uint32_t at = 0; next_defined(m, kind, &at, &item);) {
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
		const struct output_export *export = &m->exports[i];
		turn_to(m, export->item.input);
		wpkg_writer_name(m->out, export->name);
		wpkg_buf_append_byte(m->out, export->kind);
		wpkg_writer_u32(
			m->out,
			m->link.modules[export->item.input].out[export->kind][export->item.index]);
	}
	end_section(m, WPKG_SECTION_EXPORT);
}

static uint32_t start_of(const struct merge *m, uint32_t input)
{
	return m->link.modules[input].out[WPKG_EXTERN_FUNC][m->link.modules[input].module->start];
}

static bool has_start(const struct merge *m, uint32_t input)
{
	return m->link.modules[input].module->start != WPKG_INDEX_NONE;
}

static void put_start(struct merge *m)
{
	if (m->makes_start)
		wpkg_writer_u32(m->out, m->link.item_counts[WPKG_EXTERN_FUNC]);
	for (uint32_t i = 0; !m->makes_start && i < m->link.count; i++)
		if (has_start(m, i))
			wpkg_writer_u32(m->out, start_of(m, i));
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
	bool active = elem->mode == WPKG_SEGMENT_ACTIVE && !is_late_elem(m, item);
	uint32_t table = active ? from->out[WPKG_EXTERN_TABLE][elem->table] : 0;
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
			wpkg_writer_u32(m->out, from->out[WPKG_EXTERN_FUNC][link_take_u32(&at)]);
	}
}

/* Functions that bodies make references of must be named outside of bodies, and may not be now. */
static uint32_t find_references(struct merge *m)
{
	uint32_t count = 0;
	for (uint32_t n = 0; n < m->link.count; n++) {
		const struct link_module *from = &m->link.modules[n];
		for (uint32_t i = 0; i < from->counts[WPKG_EXTERN_FUNC]; i++)
			if (from->is_referenced[i])
				m->referenced[from->out[WPKG_EXTERN_FUNC][i]] = true;
	}
	for (uint32_t i = 0; i < m->link.item_counts[WPKG_EXTERN_FUNC]; i++)
		count += m->referenced[i];
	return count;
}

static void put_elems(struct merge *m)
{
	struct link_item item;
	uint32_t references = find_references(m);
	begin_vector(m, m->link.item_counts[LINK_ELEM] + (references > 0));
	for (uint32_t at = 0; next_defined(m, LINK_ELEM, &at, &item);)
		put_elem(m, item);
	if (references > 0) {
		wpkg_writer_u32(m->out, 3);
		wpkg_buf_append_byte(m->out, 0);
		wpkg_writer_u32(m->out, references);
		for (uint32_t i = 0; i < m->link.item_counts[WPKG_EXTERN_FUNC]; i++)
			if (m->referenced[i])
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

static void put_op(struct merge *m, unsigned opcode, uint32_t immediate)
{
	wpkg_writer_opcode(&m->body, opcode);
	wpkg_writer_u32(&m->body, immediate);
}

/* Copies a segment to its place, as its input's instantiation would, and drops it. */
static void put_late(struct merge *m, uint32_t input, struct wpkg_range at, uint32_t count,
		     uint32_t segment, uint32_t target, bool is_data)
{
	const uint8_t *expression = wpkg_module_at(m->link.modules[input].module, at.start);
	link_put_expression(&m->body, &m->link, input, &expression);
	if (m->body.len > 0)
		wpkg_buf_truncate(&m->body, m->body.len - 1); /* its end */
	wpkg_buf_append(&m->body, "\x41\0", 2);
	wpkg_buf_append_byte(&m->body, WPKG_OP_I32_CONST);
	wpkg_writer_signed(&m->body, (int32_t)count);
	put_op(m, is_data ? WPKG_OP_MEMORY_INIT : WPKG_OP_TABLE_INIT, segment);
	wpkg_writer_u32(&m->body, target);
	put_op(m, is_data ? WPKG_OP_DATA_DROP : WPKG_OP_ELEM_DROP, segment);
}

static void put_late_segments(struct merge *m, uint32_t input)
{
	const struct link_module *from = &m->link.modules[input];
	turn_to(m, input);
	for (uint32_t i = 0; i < from->module->elem_count; i++) {
		const struct wpkg_module_elem *elem = &from->module->elems[i];
		if (from->live[LINK_ELEM][i] && is_late_elem(m, (struct link_item){input, i}))
			put_late(m, input, elem->at, elem->count, from->out[LINK_ELEM][i],
				 from->out[WPKG_EXTERN_TABLE][elem->table], false);
	}
	for (uint32_t i = 0; i < from->module->data_count; i++) {
		const struct wpkg_module_data *data = &from->module->datas[i];
		if (from->live[LINK_DATA][i] && is_late_data(m, (struct link_item){input, i}))
			put_late(m, input, data->at, data->bytes.end - data->bytes.start,
				 from->out[LINK_DATA][i],
				 from->out[WPKG_EXTERN_MEMORY][data->memory], true);
	}
}

static void put_code(struct merge *m)
{
	struct link_item item;
	begin_vector(m, count_defined(m, WPKG_EXTERN_FUNC) + m->makes_start);
	for (uint32_t at = 0; next_defined(m, WPKG_EXTERN_FUNC, &at, &item);) {
		link_put_body(&m->body, &m->link, item.input,
			      m->link.modules[item.input].module->funcs[item.index].body);
		put_sized_body(m);
	}
	if (m->makes_start) {
		wpkg_buf_append_byte(&m->body, 0);
		for (uint32_t i = 0; i < m->link.count; i++) {
			put_late_segments(m, m->link.order[i]);
			if (has_start(m, m->link.order[i]))
				put_op(m, WPKG_OP_CALL, start_of(m, m->link.order[i]));
		}
		wpkg_buf_append_byte(&m->body, 0x0b); /* end */
		put_sized_body(m);
	}
	end_section(m, WPKG_SECTION_CODE);
}

static void put_datas(struct merge *m)
{
	struct link_item item;
	begin_vector(m, m->link.item_counts[LINK_DATA]);
	for (uint32_t at = 0; next_defined(m, LINK_DATA, &at, &item);) {
		const struct link_module *from = &m->link.modules[item.input];
		const struct wpkg_module_data *data = &from->module->datas[item.index];
		bool active = data->mode == WPKG_SEGMENT_ACTIVE && !is_late_data(m, item);
		uint32_t memory = active ? from->out[WPKG_EXTERN_MEMORY][data->memory] : 0;
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

static enum wpkg_status write_output(struct merge *m)
{
	m->referenced = wpkg_arena_alloc(&m->link.arena, m->link.item_counts[WPKG_EXTERN_FUNC] + 1,
					 sizeof(bool));
	if (!m->referenced)
		return no_memory(m);
	reserve(m);
	put_module(m);
	return wpkg_buf_check(m->out, "linked module", m->err);
}

static enum wpkg_status plan(struct merge *m, const struct wpkg_link_inputs *inputs)
{
	enum wpkg_status status = link_open(&m->link, inputs, m->err);
	if (status == WPKG_OK)
		status = plan_start(m);
	if (status == WPKG_OK)
		status = link_resolve(&m->link, NULL, &m->link.arena);
	if (status == WPKG_OK)
		status = link_order(&m->link, NULL);
	if (status == WPKG_OK)
		status = note_late(m);
	if (status == WPKG_OK)
		status = collect_exports(m);
	if (status == WPKG_OK)
		status = mark_live(m);
	if (status == WPKG_OK)
		plan_late(m);
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
		status = write_output(&m);
	wpkg_buf_clear(&m.body);
	link_names_clear(&m.export_names);
	link_close(&m.link);
	if (status == WPKG_OK)
		return link_give(out, &output, m.options->threads, err);
	wpkg_buf_clear(&output);
	return status;
}
