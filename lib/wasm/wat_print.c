/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_print.h"

#include "base/utf8.h"

/* Deeper ones stand below each other, so that the text stays linear in the module's size. */
#define DEPTH_MAX 40
#define LINE_BYTES 64 /* of a data segment in a line */
#define LINE_ITEMS 16 /* of an element segment */
#define PIECE_BYTES (64 * 1024)

/* Gives away what is there. What is printed after a failure goes nowhere. */
static void give(struct wat_printer *p)
{
	const struct wpkg_wat_print_options *options = p->options;
	if (p->out->failed != WPKG_OK)
		return;
	p->taken = options->take(options->user, wpkg_buf_str(p->out), p->err);
	wpkg_buf_reset(p->out);
	p->out->failed = p->taken;
}

void wat_put_line(struct wat_printer *p)
{
	bool is_first = !p->has_line && !p->is_module;
	p->has_line = true;
	if (is_first)
		return;
	unsigned depth = p->depth < DEPTH_MAX ? p->depth : DEPTH_MAX;
	if (p->options->take && p->out->len >= PIECE_BYTES)
		give(p);
	wpkg_buf_append_byte(p->out, '\n');
	for (unsigned i = 0; i < depth; i++)
		wpkg_buf_append(p->out, "  ", 2);
}

void wat_put_offset(struct wat_printer *p, uint32_t offset)
{
	if (p->options->offsets)
		wpkg_buf_append_format(p->out, "(;%#x;) ", (unsigned)offset);
}

/* Strings and names. */

static void put_escaped(struct wpkg_buf *out, struct wpkg_str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		wpkg_buf_append_format(out, "\\%02x", (unsigned)(uint8_t)bytes.ptr[i]);
}

void wat_put_string(struct wat_printer *p, struct wpkg_str bytes)
{
	struct wpkg_str rest = bytes;
	wpkg_buf_append_byte(p->out, '"');
	while (rest.len > 0) {
		struct wpkg_str at = rest;
		uint32_t character;
		bool is_shown = wpkg_utf8_next(&rest, &character) &&
				wpkg_utf8_printable(character) && character != '"' &&
				character != '\\';
		if (rest.len == at.len)
			rest = wpkg_str_from_offset(at, 1);
		at = wpkg_str_slice(at, 0, at.len - rest.len);
		if (is_shown)
			wpkg_buf_append_str(p->out, at);
		else
			put_escaped(p->out, at);
	}
	wpkg_buf_append_byte(p->out, '"');
}

void wat_put_index(struct wat_printer *p, enum wat_name_id map, uint32_t outer, uint32_t index)
{
	const struct wat_name *name = wat_names_find(&p->names, map, outer, index);
	if (name && name->id.ptr)
		wpkg_buf_append_format(p->out, " $%.*s", WPKG_STR_ARG(name->id));
	else
		wpkg_buf_append_format(p->out, " %u", (unsigned)index);
}

static void put_name_annotation(struct wat_printer *p, struct wpkg_str text)
{
	wpkg_buf_append_text(p->out, " (@name ");
	wat_put_string(p, text);
	wpkg_buf_append_byte(p->out, ')');
}

void wat_put_binding(struct wat_printer *p, enum wat_name_id map, uint32_t outer, uint32_t index)
{
	const struct wat_name *name = wat_names_find(&p->names, map, outer, index);
	if (name && name->id.ptr)
		wpkg_buf_append_format(p->out, " $%.*s", WPKG_STR_ARG(name->id));
	if (map != WAT_NAME_LABEL)
		wpkg_buf_append_format(p->out, " (;%u;)", (unsigned)index);
	if (name && (!name->id.ptr || !wpkg_str_equal(name->id, name->text)))
		put_name_annotation(p, name->text);
}

static const enum wat_name_id extern_maps[] = {WAT_NAME_FUNC, WAT_NAME_TABLE, WAT_NAME_MEMORY,
					       WAT_NAME_GLOBAL, WAT_NAME_TAG};

/* Imports, exports, and what both are of. */

static void put_size(struct wat_printer *p, const struct wpkg_size *size)
{
	if (size->is_64)
		wpkg_buf_append_text(p->out, " i64");
	wpkg_buf_append_format(p->out, " %llu", (unsigned long long)size->min);
	if (size->has_max)
		wpkg_buf_append_format(p->out, " %llu", (unsigned long long)size->max);
	if (size->is_shared)
		wpkg_buf_append_text(p->out, " shared");
}

static void put_table_type(struct wat_printer *p, const struct wpkg_module_table *table)
{
	put_size(p, &table->size);
	wpkg_buf_append_byte(p->out, ' ');
	wat_put_valtype(p, wat_indexed(p, table->element));
}

static void put_memory_type(struct wat_printer *p, const struct wpkg_module_memory *memory)
{
	put_size(p, &memory->size);
	if (memory->page_log2 != 16)
		wpkg_buf_append_format(p->out, " (pagesize %u)", 1U << memory->page_log2);
}

static void put_global_type(struct wat_printer *p, const struct wpkg_module_global *global)
{
	wpkg_buf_append_text(p->out, global->is_mutable ? " (mut " : " ");
	wat_put_valtype(p, wat_indexed(p, global->type));
	if (global->is_mutable)
		wpkg_buf_append_byte(p->out, ')');
}

/* "kind $id (;0;) type", without parentheses. */
static void put_extern(struct wat_printer *p, enum wpkg_extern kind, uint32_t index)
{
	const struct wpkg_module *module = p->module;
	wpkg_buf_append_text(p->out, wpkg_extern_name(kind));
	wat_put_binding(p, extern_maps[kind], 0, index);
	switch (kind) {
	case WPKG_EXTERN_FUNC:
		wat_put_type_use(p, module->funcs[index].type, WPKG_INDEX_NONE);
		break;
	case WPKG_EXTERN_TABLE:
		put_table_type(p, &module->tables[index]);
		break;
	case WPKG_EXTERN_MEMORY:
		put_memory_type(p, &module->memories[index]);
		break;
	case WPKG_EXTERN_GLOBAL:
		put_global_type(p, &module->globals[index]);
		break;
	default:
		wat_put_type_use(p, module->tags[index].type, WPKG_INDEX_NONE);
		break;
	}
}

static void put_import(struct wat_printer *p, const struct wpkg_module_import *import)
{
	wat_put_line(p);
	wat_put_offset(p, import->offset);
	wpkg_buf_append_text(p->out, "(import ");
	wat_put_string(p, import->module);
	wpkg_buf_append_byte(p->out, ' ');
	wat_put_string(p, import->field);
	wpkg_buf_append_text(p->out, " (");
	put_extern(p, (enum wpkg_extern)import->kind, import->index);
	wpkg_buf_append_text(p->out, "))");
}

static void put_imports(struct wat_printer *p)
{
	for (uint32_t i = 0; i < p->module->import_count; i++)
		put_import(p, &p->module->imports[i]);
}

static void put_exports(struct wat_printer *p)
{
	for (uint32_t i = 0; i < p->module->export_count; i++) {
		const struct wpkg_module_export *export = &p->module->exports[i];
		wat_put_line(p);
		wat_put_offset(p, export->offset);
		wpkg_buf_append_text(p->out, "(export ");
		wat_put_string(p, export->name);
		wpkg_buf_append_format(p->out, " (%s",
				       wpkg_extern_name((enum wpkg_extern) export->kind));
		wat_put_index(p, extern_maps[export->kind], 0, export->index);
		wpkg_buf_append_text(p->out, "))");
	}
}

/* Definitions without bodies. */

static bool is_there(struct wpkg_range range)
{
	return range.end > range.start;
}

static void put_tables(struct wat_printer *p)
{
	const struct wpkg_module *module = p->module;
	for (uint32_t i = module->table_import_count; i < module->table_count; i++) {
		wat_put_line(p);
		wpkg_buf_append_byte(p->out, '(');
		put_extern(p, WPKG_EXTERN_TABLE, i);
		if (is_there(module->tables[i].init))
			wat_put_constant(p, module->tables[i].init, NULL);
		wpkg_buf_append_byte(p->out, ')');
	}
}

static void put_memories(struct wat_printer *p)
{
	for (uint32_t i = p->module->memory_import_count; i < p->module->memory_count; i++) {
		wat_put_line(p);
		wpkg_buf_append_byte(p->out, '(');
		put_extern(p, WPKG_EXTERN_MEMORY, i);
		wpkg_buf_append_byte(p->out, ')');
	}
}

static void put_tags(struct wat_printer *p)
{
	for (uint32_t i = p->module->tag_import_count; i < p->module->tag_count; i++) {
		wat_put_line(p);
		wpkg_buf_append_byte(p->out, '(');
		put_extern(p, WPKG_EXTERN_TAG, i);
		wpkg_buf_append_byte(p->out, ')');
	}
}

static void put_globals(struct wat_printer *p)
{
	for (uint32_t i = p->module->global_import_count; i < p->module->global_count; i++) {
		wat_put_line(p);
		wat_put_offset(p, p->module->globals[i].init.start);
		wpkg_buf_append_byte(p->out, '(');
		put_extern(p, WPKG_EXTERN_GLOBAL, i);
		wat_put_constant(p, p->module->globals[i].init, NULL);
		wpkg_buf_append_byte(p->out, ')');
	}
}

static void put_start(struct wat_printer *p)
{
	if (p->module->start == WPKG_INDEX_NONE)
		return;
	wat_put_line(p);
	wpkg_buf_append_text(p->out, "(start");
	wat_put_index(p, WAT_NAME_FUNC, 0, p->module->start);
	wpkg_buf_append_byte(p->out, ')');
}

/* Segments. */

/* A line is begun before the first of each so many items, when there are more than that. */
static void put_item_line(struct wat_printer *p, uint32_t index, uint32_t count)
{
	if (count > LINE_ITEMS && index % LINE_ITEMS == 0)
		wat_put_line(p);
}

static void put_functions(struct wat_printer *p, const struct wpkg_module_elem *elem)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, wpkg_module_slice(p->module, elem->items), elem->items.start, NULL);
	wpkg_buf_append_text(p->out, " func");
	p->depth++;
	for (uint32_t i = 0; i < elem->count; i++) {
		put_item_line(p, i, elem->count);
		wat_put_index(p, WAT_NAME_FUNC, 0, wpkg_reader_u32(&r));
	}
	p->depth--;
}

/* The range of the expression at the cursor, its end included. */
static struct wpkg_range take_expression(struct wpkg_reader *r)
{
	struct wpkg_range range = {.start = wpkg_reader_offset(r)};
	struct wasm_instruction instruction;
	do {
		wasm_instruction_read(&instruction, r);
	} while (instruction.op != WPKG_OP_END && r->status == WPKG_OK);
	range.end = wpkg_reader_offset(r);
	return range;
}

static void put_expressions(struct wat_printer *p, const struct wpkg_module_elem *elem)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, wpkg_module_slice(p->module, elem->items), elem->items.start, NULL);
	wpkg_buf_append_byte(p->out, ' ');
	wat_put_valtype(p, wat_indexed(p, elem->type));
	p->depth++;
	for (uint32_t i = 0; i < elem->count; i++) {
		put_item_line(p, i, elem->count);
		wat_put_constant(p, take_expression(&r), "item");
	}
	p->depth--;
}

static void put_elems(struct wat_printer *p)
{
	for (uint32_t i = 0; i < p->module->elem_count; i++) {
		const struct wpkg_module_elem *elem = &p->module->elems[i];
		wat_put_line(p);
		wat_put_offset(p, elem->items.start);
		wpkg_buf_append_text(p->out, "(elem");
		wat_put_binding(p, WAT_NAME_ELEM, 0, i);
		if (elem->mode == WPKG_SEGMENT_DECLARATIVE) {
			wpkg_buf_append_text(p->out, " declare");
		} else if (elem->mode == WPKG_SEGMENT_ACTIVE) {
			if (elem->table > 0) {
				wpkg_buf_append_text(p->out, " (table");
				wat_put_index(p, WAT_NAME_TABLE, 0, elem->table);
				wpkg_buf_append_byte(p->out, ')');
			}
			wat_put_constant(p, elem->at, "offset");
		}
		if (elem->has_expressions)
			put_expressions(p, elem);
		else
			put_functions(p, elem);
		wpkg_buf_append_byte(p->out, ')');
	}
}

void wat_put_bytes(struct wat_printer *p, struct wpkg_str bytes)
{
	if (bytes.len <= LINE_BYTES) {
		wpkg_buf_append_byte(p->out, ' ');
		wat_put_string(p, bytes);
		return;
	}
	p->depth++;
	for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
		wat_put_line(p);
		wat_put_string(p, wpkg_str_slice(bytes, at, at + LINE_BYTES));
	}
	p->depth--;
}

static void put_datas(struct wat_printer *p)
{
	for (uint32_t i = 0; i < p->module->data_count; i++) {
		const struct wpkg_module_data *data = &p->module->datas[i];
		wat_put_line(p);
		wat_put_offset(p, data->bytes.start);
		wpkg_buf_append_text(p->out, "(data");
		wat_put_binding(p, WAT_NAME_DATA, 0, i);
		if (data->mode == WPKG_SEGMENT_ACTIVE) {
			if (data->memory > 0) {
				wpkg_buf_append_text(p->out, " (memory");
				wat_put_index(p, WAT_NAME_MEMORY, 0, data->memory);
				wpkg_buf_append_byte(p->out, ')');
			}
			wat_put_constant(p, data->at, "offset");
		}
		wat_put_bytes(p, wpkg_module_slice(p->module, data->bytes));
		wpkg_buf_append_byte(p->out, ')');
	}
}

/* Functions. */

static void put_func(struct wat_printer *p, uint32_t index)
{
	uint32_t import = wpkg_module_func_import(p->module, index);
	if (import != WPKG_INDEX_NONE) {
		put_import(p, &p->module->imports[import]);
		return;
	}
	wat_put_line(p);
	wat_put_offset(p, wpkg_module_body(p->module, index).start);
	wpkg_buf_append_text(p->out, "(func");
	wat_put_binding(p, WAT_NAME_FUNC, 0, index);
	wat_put_type_use(p, p->module->funcs[index].type, index);
	p->depth++;
	wat_put_body(p, index);
	p->depth--;
	wpkg_buf_append_byte(p->out, ')');
}

static void put_funcs(struct wat_printer *p)
{
	for (uint32_t i = p->module->func_import_count;
	     !p->is_out_of_memory && p->out->failed == WPKG_OK && i < p->module->func_count; i++)
		put_func(p, i);
}

/* The module. */

static void put_module(struct wat_printer *p)
{
	p->is_module = true;
	wpkg_buf_append_text(p->out, "(module");
	if (p->names.has_module) {
		if (wat_is_plain_id(p->names.module))
			wpkg_buf_append_format(p->out, " $%.*s", WPKG_STR_ARG(p->names.module));
		else
			put_name_annotation(p, p->names.module);
	}
	p->depth++;
	wat_put_types(p);
	put_imports(p);
	put_tables(p);
	put_memories(p);
	put_tags(p);
	put_globals(p);
	put_exports(p);
	put_start(p);
	put_elems(p);
	put_funcs(p);
	put_datas(p);
	wat_put_customs(p);
	p->depth--;
	wpkg_buf_append_text(p->out, p->has_line ? "\n)\n" : ")\n");
	if (p->options->take)
		give(p);
}

/* Lifetime. */

static void printer_init(struct wat_printer *p, struct wpkg_buf *out,
			 const struct wpkg_module *module,
			 const struct wpkg_wat_print_options *options, struct wpkg_err *err)
{
	static const struct wpkg_wat_print_options defaults;
	memset(p, 0, sizeof(*p));
	p->out = out;
	p->err = err;
	p->module = module;
	p->options = options ? options : &defaults;
	p->func = WPKG_INDEX_NONE;
	wpkg_buf_init(&p->hints, SIZE_MAX);
	wpkg_buf_init(&p->labels, SIZE_MAX);
}

static void read_customs(struct wat_printer *p)
{
	p->is_out_of_memory = !wat_names_read(&p->names, p->module) || !wat_read_hints(p);
}

static enum wpkg_status printer_finish(struct wat_printer *p, struct wpkg_err *err)
{
	bool is_complete = !p->is_out_of_memory && p->labels.failed == WPKG_OK;
	wat_names_clear(&p->names);
	wpkg_buf_clear(&p->hints);
	wpkg_buf_clear(&p->labels);
	if (p->taken != WPKG_OK) {
		wpkg_buf_reset(p->out);
		return p->taken;
	}
	if (!is_complete)
		return WPKG_FAIL(err, WPKG_ENOMEM, "text of a module: no memory");
	return wpkg_buf_check(p->out, "text of a module", err);
}

enum wpkg_status wpkg_wat_print(struct wpkg_buf *out, const struct wpkg_module *module,
				const struct wpkg_wat_print_options *options, struct wpkg_err *err)
{
	struct wat_printer printer;
	printer_init(&printer, out, module, options, err);
	read_customs(&printer);
	if (!printer.is_out_of_memory)
		put_module(&printer);
	return printer_finish(&printer, err);
}

enum wpkg_status wpkg_wat_print_func(struct wpkg_buf *out, const struct wpkg_module *module,
				     uint32_t index, const struct wpkg_wat_print_options *options,
				     struct wpkg_err *err)
{
	struct wat_printer printer;
	printer_init(&printer, out, module, options, err);
	read_customs(&printer);
	if (!printer.is_out_of_memory)
		put_func(&printer, index);
	wpkg_buf_append_byte(out, '\n');
	return printer_finish(&printer, err);
}

void wpkg_wat_print_constant(struct wpkg_buf *out, const struct wpkg_module *module,
			     struct wpkg_range range)
{
	struct wat_printer printer;
	printer_init(&printer, out, module, NULL, NULL);
	wat_put_constant(&printer, range, NULL);
}
