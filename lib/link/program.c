/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of a link of objects, section by section. What is large (code, data) is written in
 * place, and its size in front of it when it is known, so that nothing is in memory twice.
 */
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

struct writing {
	struct obj_link *o;
	struct wpkg_buf *out;
	size_t section; /* where the content of the section begins */
	uint32_t section_count, code_section, data_section; /* of those that were written */
};

static void begin_section(struct writing *w, enum wpkg_section id)
{
	wpkg_buf_append_byte(w->out, (uint8_t)id);
	w->section = link_begin_sized(w->out);
}

static void end_section(struct writing *w)
{
	link_end_sized(w->out, w->section);
	w->section_count++;
}

static void put_types(struct writing *w)
{
	bool is_any = false;
	for (uint32_t i = 0; i < w->o->types.count; i++)
		is_any = is_any || w->o->type_live[i];
	if (!is_any)
		return;
	begin_section(w, WPKG_SECTION_TYPE);
	link_put_types(w->out, &w->o->types, w->o->type_live, w->o->type_out);
	end_section(w);
}

static wpkg_valtype pointer_type(const struct obj_link *o)
{
	return o->is_64 ? WPKG_TYPE_I64 : WPKG_TYPE_I32;
}

static struct wpkg_size memory_size(const struct obj_link *o)
{
	return (struct wpkg_size){.min = o->memory_pages,
				  .max = o->options->max_memory / 65536,
				  .has_max = o->options->max_memory > 0,
				  .is_64 = o->is_64,
				  .is_shared = o->options->shared_memory};
}

/* The first entry of the table stays null: no function has the address 0. */
static struct wpkg_size table_size(const struct obj_link *o)
{
	uint64_t count = o->slots.count + 1;
	return (struct wpkg_size){.min = count,
				  .max = count,
				  .has_max = !o->options->growable_table,
				  .is_64 = o->is_table_64};
}

static const struct wpkg_module *module_of(const struct obj_link *o,
					   const struct obj_symbol *symbol)
{
	return o->files[symbol->file].module;
}

static void put_valtype_of(struct writing *w, const struct obj_symbol *symbol, wpkg_valtype type)
{
	link_put_valtype(w->out, wpkg_valtype_map(type, w->o->files[symbol->file].canonical),
			 w->o->type_out);
}

static void put_table_type(struct writing *w, const struct obj_symbol *symbol)
{
	if (symbol->made == OBJ_MADE_TABLE) {
		struct wpkg_size size = table_size(w->o);
		wpkg_writer_valtype(w->out, WPKG_TYPE_FUNCREF);
		link_put_size(w->out, &size, 16);
		return;
	}
	const struct wpkg_module_table *table = &module_of(w->o, symbol)->tables[symbol->index];
	put_valtype_of(w, symbol, table->element);
	link_put_size(w->out, &table->size, 16);
}

static void put_global_type(struct writing *w, const struct obj_symbol *symbol)
{
	if (symbol->state == OBJ_IS_MADE) {
		bool is_mutable =
			symbol->made == OBJ_MADE_STACK_POINTER ||
			(symbol->made == OBJ_MADE_TLS_BASE && w->o->options->shared_memory);
		wpkg_writer_valtype(w->out, pointer_type(w->o));
		wpkg_buf_append_byte(w->out, is_mutable);
		return;
	}
	const struct wpkg_module_global *global = &module_of(w->o, symbol)->globals[symbol->index];
	put_valtype_of(w, symbol, global->type);
	wpkg_buf_append_byte(w->out, global->is_mutable);
}

static void put_import(struct writing *w, struct wpkg_str module, struct wpkg_str field,
		       enum wpkg_extern kind)
{
	wpkg_writer_name(w->out, module);
	wpkg_writer_name(w->out, field);
	wpkg_buf_append_byte(w->out, (uint8_t)kind);
}

static bool is_imported(const struct obj_link *o, const struct obj_symbol *symbol)
{
	bool is_table_imported = o->options->import_table || o->options->relocatable;
	return symbol->is_import || (symbol->made == OBJ_MADE_TABLE && is_table_imported);
}

static uint32_t count_imported(const struct obj_link *o, const struct obj_number_list *list)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < list->count; i++)
		count += is_imported(o, &o->symbols[list->items[i]]);
	return count;
}

static void put_symbol_imports(struct writing *w, const struct obj_number_list *list,
			       enum wpkg_extern kind)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct obj_symbol *symbol = &w->o->symbols[list->items[i]];
		if (!is_imported(w->o, symbol))
			continue;
		put_import(w, obj_import_module(w->o, symbol), obj_import_field(w->o, symbol),
			   kind);
		if (kind == WPKG_EXTERN_TABLE)
			put_table_type(w, symbol);
		else if (kind == WPKG_EXTERN_GLOBAL)
			put_global_type(w, symbol);
		else if (kind == WPKG_EXTERN_TAG)
			wpkg_buf_append_byte(w->out, 0);
		if (kind == WPKG_EXTERN_TAG || kind == WPKG_EXTERN_FUNC)
			wpkg_writer_u32(w->out, w->o->type_out[symbol->type]);
	}
}

/* In an object the globals that hold addresses are not made yet. */
static void put_address_imports(struct writing *w)
{
	const struct obj_link *o = w->o;
	for (uint32_t i = 0; o->options->relocatable && i < o->address_globals.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->address_globals.items[i]];
		bool is_func = symbol->kind == OBJ_FUNC;
		put_import(w, is_func ? WPKG_LIT("GOT.func") : WPKG_LIT("GOT.mem"), symbol->name,
			   WPKG_EXTERN_GLOBAL);
		wpkg_writer_valtype(w->out, pointer_type(o));
		wpkg_buf_append_byte(w->out, 1);
	}
}

static void put_imports(struct writing *w)
{
	const struct obj_link *o = w->o;
	bool is_object = o->options->relocatable, has_memory = o->options->import_memory;
	uint32_t count = o->func_imports.count + count_imported(o, &o->tables) +
			 count_imported(o, &o->globals) + count_imported(o, &o->tags) +
			 (has_memory || is_object) + (is_object ? o->address_globals.count : 0);
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_IMPORT);
	wpkg_writer_u32(w->out, count);
	put_symbol_imports(w, &o->func_imports, WPKG_EXTERN_FUNC);
	put_symbol_imports(w, &o->tables, WPKG_EXTERN_TABLE);
	if (has_memory || is_object) {
		struct wpkg_size size = memory_size(o);
		put_import(w, WPKG_LIT("env"),
			   is_object ? WPKG_LIT("__linear_memory") : WPKG_LIT("memory"),
			   WPKG_EXTERN_MEMORY);
		link_put_size(w->out, &size, 16);
	}
	put_symbol_imports(w, &o->globals, WPKG_EXTERN_GLOBAL);
	put_address_imports(w);
	put_symbol_imports(w, &o->tags, WPKG_EXTERN_TAG);
	end_section(w);
}

static void put_functions(struct writing *w)
{
	const struct obj_link *o = w->o;
	uint32_t count = o->func_count - o->func_imports.count;
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_FUNCTION);
	wpkg_writer_u32(w->out, count);
	for (uint32_t i = 0; i < o->made_funcs.count; i++)
		wpkg_writer_u32(w->out, o->type_out[o->symbols[o->made_funcs.items[i]].type]);
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		const struct wpkg_module *m = file->module;
		for (uint32_t f = m->func_import_count; f < m->func_count; f++)
			if (file->funcs[f - m->func_import_count].is_live)
				wpkg_writer_u32(w->out, o->type_out[file->types[m->funcs[f].type]]);
	}
	end_section(w);
}

/* The constant expression of a global or table of a file, as it stands: it has no relocations. */
static void put_constant(struct writing *w, const struct obj_symbol *symbol,
			 struct wpkg_range range)
{
	wpkg_buf_append_str(w->out, obj_bytes(&w->o->files[symbol->file], range));
}

static void put_tables(struct writing *w)
{
	const struct obj_link *o = w->o;
	uint32_t count = o->tables.count - count_imported(o, &o->tables);
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_TABLE);
	wpkg_writer_u32(w->out, count);
	for (uint32_t i = 0; i < o->tables.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->tables.items[i]];
		if (!is_imported(o, symbol))
			put_table_type(w, symbol);
	}
	end_section(w);
}

static void put_memory(struct writing *w)
{
	struct wpkg_size size = memory_size(w->o);
	if (w->o->options->import_memory || w->o->options->relocatable)
		return;
	begin_section(w, WPKG_SECTION_MEMORY);
	wpkg_writer_u32(w->out, 1);
	link_put_size(w->out, &size, 16);
	end_section(w);
}

static void put_tags(struct writing *w)
{
	const struct obj_link *o = w->o;
	uint32_t count = o->tags.count - count_imported(o, &o->tags);
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_TAG);
	wpkg_writer_u32(w->out, count);
	for (uint32_t i = 0; i < o->tags.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->tags.items[i]];
		if (is_imported(o, symbol))
			continue;
		wpkg_buf_append_byte(w->out, 0);
		wpkg_writer_u32(w->out, o->type_out[symbol->type]);
	}
	end_section(w);
}

static uint64_t made_value(const struct obj_link *o, const struct obj_symbol *symbol)
{
	switch (symbol->made) {
	case OBJ_MADE_STACK_POINTER:
		return o->stack_top;
	case OBJ_MADE_TLS_BASE: /* each thread of a shared memory sets its own */
		return o->options->shared_memory ? 0 : o->tls_at;
	case OBJ_MADE_TLS_SIZE:
		return o->tls_bytes;
	case OBJ_MADE_TLS_ALIGN:
		return UINT64_C(1) << o->tls_alignment;
	default:
		return 0;
	}
}

static void put_global(struct writing *w, const struct obj_symbol *symbol)
{
	put_global_type(w, symbol);
	if (symbol->state == OBJ_IS_MADE) {
		obj_put_pointer(w->out, w->o, made_value(w->o, symbol));
		wpkg_buf_append_byte(w->out, WPKG_OP_END);
	} else {
		put_constant(w, symbol, module_of(w->o, symbol)->globals[symbol->index].init);
	}
}

/* A symbol's address as a global: for code that is not to know it, and for exports. */
static void put_address_global(struct writing *w, const struct obj_symbol *symbol)
{
	bool is_func = symbol->kind == OBJ_FUNC;
	wpkg_writer_valtype(w->out, pointer_type(w->o));
	wpkg_buf_append_byte(w->out, 0);
	obj_put_pointer(w->out, w->o, is_func ? symbol->slot : obj_data_address(w->o, symbol));
	wpkg_buf_append_byte(w->out, WPKG_OP_END);
}

static void put_globals(struct writing *w)
{
	const struct obj_link *o = w->o;
	uint32_t addresses = o->options->relocatable ? 0 : o->address_globals.count;
	uint32_t count = o->globals.count - count_imported(o, &o->globals) + addresses;
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_GLOBAL);
	wpkg_writer_u32(w->out, count);
	for (uint32_t i = 0; i < o->globals.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->globals.items[i]];
		if (!is_imported(o, symbol))
			put_global(w, symbol);
	}
	for (uint32_t i = 0; i < addresses; i++)
		put_address_global(w, &o->symbols[o->address_globals.items[i]]);
	end_section(w);
}

/* The name that export_name gave to a function, or the symbol's. */
static struct wpkg_str export_name(const struct obj_link *o, const struct obj_symbol *symbol)
{
	const struct obj_symbol *func =
		symbol->made == OBJ_MADE_WRAPPER ? &o->symbols[symbol->index] : symbol;
	if (func->kind != OBJ_FUNC || func->state != OBJ_IS_DEFINED)
		return func->name;
	const struct obj_file *file = &o->files[func->file];
	uint32_t number = file->exports ? file->exports[func->index - obj_imports_of(file)] : 0;
	return number > 0 ? file->module->exports[number - 1].name : func->name;
}

static void put_export(struct writing *w, struct wpkg_str name, enum wpkg_extern kind,
		       uint32_t index)
{
	wpkg_writer_name(w->out, name);
	wpkg_buf_append_byte(w->out, (uint8_t)kind);
	wpkg_writer_u32(w->out, index);
}

static void put_symbol_export(struct writing *w, const struct obj_symbol *symbol)
{
	static const enum wpkg_extern kinds[OBJ_KIND_COUNT] = {
		[OBJ_FUNC] = WPKG_EXTERN_FUNC,	   [OBJ_DATA] = WPKG_EXTERN_GLOBAL,
		[OBJ_GLOBAL] = WPKG_EXTERN_GLOBAL, [OBJ_TAG] = WPKG_EXTERN_TAG,
		[OBJ_TABLE] = WPKG_EXTERN_TABLE,
	};
	uint32_t index = symbol->kind == OBJ_FUNC   ? obj_func_index(w->o, symbol)
			 : symbol->kind == OBJ_DATA ? symbol->address_global - 1
						    : symbol->out;
	put_export(w, export_name(w->o, symbol), kinds[symbol->kind], index);
}

/* An object exports the functions whose source gives the name, and leaves all others to flags. */
static bool is_named_export(const struct obj_file *file, const struct wpkg_module_export *export)
{
	return export->kind == WPKG_EXTERN_FUNC && export->index >= obj_imports_of(file) &&
	       file->funcs[export->index - obj_imports_of(file)].is_live;
}

static uint32_t count_named_exports(const struct obj_link *o)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t e = 0; e < o->files[i].module->export_count; e++)
			count += is_named_export(&o->files[i], &o->files[i].module->exports[e]);
	return count;
}

static void put_named_exports(struct writing *w)
{
	for (uint32_t i = 0; i < w->o->file_count; i++) {
		const struct obj_file *file = &w->o->files[i];
		for (uint32_t e = 0; e < file->module->export_count; e++) {
			const struct wpkg_module_export *export = &file->module->exports[e];
			if (is_named_export(file, export))
				put_export(w, export->name, WPKG_EXTERN_FUNC,
					   file->funcs[export->index - obj_imports_of(file)].out);
		}
	}
}

static bool is_table_exported(const struct obj_link *o)
{
	bool is_there = o->symbols[o->made[OBJ_MADE_TABLE]].is_live;
	return o->options->export_table || (o->options->export_all && is_there);
}

static void put_exports(struct writing *w)
{
	const struct obj_link *o = w->o;
	const struct wpkg_object_options *options = o->options;
	bool is_object = options->relocatable;
	bool has_memory = !is_object && (options->export_memory || !options->import_memory);
	bool has_table = !is_object && is_table_exported(o);
	uint32_t count =
		is_object ? count_named_exports(o) : o->exports.count + has_memory + has_table;
	if (count == 0)
		return;
	begin_section(w, WPKG_SECTION_EXPORT);
	wpkg_writer_u32(w->out, count);
	if (has_memory)
		put_export(w, WPKG_LIT("memory"), WPKG_EXTERN_MEMORY, 0);
	if (is_object)
		put_named_exports(w);
	for (uint32_t i = 0; i < o->exports.count; i++)
		put_symbol_export(w, &o->symbols[o->exports.items[i]]);
	if (has_table)
		put_export(w, WPKG_LIT("__indirect_function_table"), WPKG_EXTERN_TABLE,
			   o->symbols[o->made[OBJ_MADE_TABLE]].out);
	end_section(w);
}

static void put_start(struct writing *w)
{
	if (!w->o->has_init)
		return;
	begin_section(w, WPKG_SECTION_START);
	wpkg_writer_u32(w->out, w->o->symbols[w->o->made[OBJ_MADE_INIT_MEMORY]].out);
	end_section(w);
}

/* All functions that have an address, from index 1 of the table. */
static void put_elements(struct writing *w)
{
	const struct obj_link *o = w->o;
	if (o->slots.count == 0)
		return;
	uint32_t table = o->symbols[o->made[OBJ_MADE_TABLE]].out;
	begin_section(w, WPKG_SECTION_ELEMENT);
	wpkg_writer_u32(w->out, 1);
	wpkg_writer_u32(w->out, table > 0 ? 2 : 0);
	if (table > 0)
		wpkg_writer_u32(w->out, table);
	if (o->is_table_64)
		obj_put_pointer(w->out, o, 1);
	else
		obj_put_i32(w->out, 1);
	wpkg_buf_append_byte(w->out, WPKG_OP_END);
	if (table > 0)
		wpkg_buf_append_byte(w->out, 0);
	wpkg_writer_u32(w->out, o->slots.count);
	for (uint32_t i = 0; i < o->slots.count; i++)
		wpkg_writer_u32(w->out, obj_func_index(o, &o->symbols[o->slots.items[i]]));
	end_section(w);
}

/* The functions that the linker makes speak of segments that are not active. */
static void put_data_count(struct writing *w, uint32_t count)
{
	if (!w->o->options->shared_memory || w->o->options->relocatable || count == 0)
		return;
	begin_section(w, WPKG_SECTION_DATA_COUNT);
	wpkg_writer_u32(w->out, count);
	end_section(w);
}

void obj_rest(const struct obj_link *o, const struct obj_file *file)
{
	if (o->options->rest)
		o->options->rest(file->module->bytes);
}

static void put_code(struct writing *w)
{
	struct obj_link *o = w->o;
	uint32_t count = o->func_count - o->func_imports.count;
	if (count == 0)
		return;
	w->code_section = w->section_count;
	begin_section(w, WPKG_SECTION_CODE);
	wpkg_writer_u32(w->out, count);
	for (uint32_t i = 0; i < o->made_funcs.count; i++) {
		size_t start = link_begin_sized(w->out);
		obj_put_made_body(w->out, o, &o->symbols[o->made_funcs.items[i]]);
		link_end_sized(w->out, start);
	}
	for (uint32_t i = 0; i < o->file_count; i++) {
		struct obj_file *file = &o->files[i];
		uint32_t funcs = file->module->func_count - obj_imports_of(file);
		uint32_t section =
			funcs > 0 ? file->module->sections[file->code_section].body.start : 0;
		for (uint32_t f = 0; f < funcs; f++) {
			struct obj_chunk *chunk = &file->funcs[f];
			if (!chunk->is_live)
				continue;
			size_t start = link_begin_sized(w->out);
			obj_reloc_apply(w->out, o, file, chunk, section, (struct wpkg_str){0},
					!o->keep_debug);
			size_t size = w->out->len - start;
			link_end_sized(w->out, start);
			chunk->code_at = (uint32_t)(w->out->len - size - w->section);
		}
		obj_rest(o, file);
	}
	end_section(w);
}

static enum wpkg_status put_data(struct writing *w, uint32_t count)
{
	if (count == 0)
		return WPKG_OK;
	w->data_section = w->section_count;
	begin_section(w, WPKG_SECTION_DATA);
	enum wpkg_status status = WPKG_OK;
	if (w->o->options->relocatable) {
		obj_put_segments(w->out, w->o);
	} else {
		wpkg_writer_u32(w->out, count);
		status = obj_put_image(w->out, w->o);
	}
	end_section(w);
	return status;
}

/* The output is about as large as what it takes from the files: a buffer that has grown to it would
 * have been there twice. */
static void reserve(struct wpkg_buf *out, const struct obj_link *o)
{
	size_t size = 4096;
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		uint32_t funcs = file->module->func_count - obj_imports_of(file);
		size_t before = size;
		for (uint32_t f = 0; f < funcs; f++)
			if (file->funcs[f].is_live)
				size += file->funcs[f].range.end - file->funcs[f].range.start + 32;
		for (uint32_t s = 0; s < file->module->data_count; s++)
			if (file->datas[s].is_live && !file->datas[s].is_hosted)
				size += file->datas[s].range.end - file->datas[s].range.start + 8;
		for (uint32_t s = 0; size > before && s < file->custom_count; s++)
			if (file->customs[s].is_live)
				size += file->customs[s].range.end - file->customs[s].range.start;
	}
	if (wpkg_buf_extend(out, size < out->max ? size : out->max))
		wpkg_buf_truncate(out, 0);
}

enum wpkg_status obj_write(struct wpkg_buf *out, struct obj_link *o)
{
	struct writing w = {.o = o, .out = out};
	bool is_object = o->options->relocatable;
	link_names_clear(&o->names); /* everything has its symbol */
	reserve(out, o);
	uint32_t segments = is_object ? o->segment_count : obj_number_segments(o);
	wpkg_writer_header(out);
	put_types(&w);
	put_imports(&w);
	put_functions(&w);
	put_tables(&w);
	put_memory(&w);
	put_tags(&w);
	put_globals(&w);
	put_exports(&w);
	put_start(&w);
	put_elements(&w);
	put_data_count(&w, segments);
	put_code(&w);
	enum wpkg_status status = put_data(&w, segments);
	obj_put_customs(out, o, w.section_count);
	if (status == WPKG_OK && is_object)
		status = obj_put_tables(out, o, w.code_section, w.data_section);
	if (status == WPKG_OK)
		status = obj_put_descriptions(out, o);
	return status == WPKG_OK ? wpkg_buf_check(out, "linked module", o->err) : status;
}
