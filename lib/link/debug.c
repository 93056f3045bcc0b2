/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custom sections of the output: those of the files, of one name one behind the other (debug
 * information among them), then names, producers and target features.
 */
#include "base/mem.h"
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/writer.h"

static bool is_kept(const struct obj_link *o, struct wpkg_str name)
{
	return !o->options->strip_all &&
	       !(o->options->strip_debug && wpkg_str_starts(name, WPKG_LIT(".debug_")));
}

static enum wpkg_status add_to_part(struct obj_link *o, struct link_names *names,
				    struct obj_file *file, uint32_t section)
{
	bool is_new = true;
	struct obj_chunk *chunk = &file->customs[section];
	struct wpkg_str name = file->module->sections[section].name;
	bool is_alone = o->options->relocatable && chunk->is_grouped;
	uint32_t own = 0;
	uint32_t *number = is_alone ? &own : link_names_put(names, name, &is_new);
	if (!number)
		return obj_no_memory(o);
	if (is_new) {
		*number = o->custom_part_count;
		o->custom_parts[o->custom_part_count++] = (struct obj_part){
			.name = name, .is_strings = obj_strings_may_merge(o, name)};
	}
	struct obj_part *part = &o->custom_parts[*number];
	chunk->is_live = true;
	chunk->part = *number;
	if (part->is_strings)
		return obj_strings_add(o, part, file, chunk);
	chunk->out = (uint32_t)part->size;
	part->size += chunk->range.end - chunk->range.start;
	if (part->size > UINT32_MAX)
		return WPKG_FAIL(o->err, WPKG_ELIMIT, "%.*s of more than 4 GiB",
				 WPKG_STR_ARG(name));
	/* Offsets into bodies are told to debuggers: then bodies keep their form. */
	o->keep_debug = o->keep_debug || chunk->reloc_count > 0;
	return WPKG_OK;
}

enum wpkg_status obj_plan_customs(struct obj_link *o)
{
	struct link_names names = {0};
	size_t most = 1;
	for (uint32_t i = 0; i < o->file_count; i++)
		most += o->files[i].custom_count;
	o->custom_parts = wpkg_arena_alloc(&o->arena, most, sizeof(*o->custom_parts));
	if (!o->custom_parts)
		return obj_no_memory(o);
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; i < o->file_count; i++) {
		struct obj_file *file = &o->files[i];
		bool is_any = false;
		for (uint32_t s = 0; status == WPKG_OK && s < file->custom_count; s++) {
			if (file->customs[s].range.end == 0 || file->customs[s].is_discarded ||
			    !is_kept(o, file->module->sections[s].name))
				continue;
			is_any = true;
			status = add_to_part(o, &names, file, s);
		}
		if (is_any)
			obj_rest(o, file);
	}
	link_names_clear(&names);
	for (uint32_t i = 0; status == WPKG_OK && i < o->custom_part_count; i++)
		if (o->custom_parts[i].is_strings)
			status = obj_strings_place(o, &o->custom_parts[i]);
	return status;
}

/* The sections of the file that are of the part. */
static void put_of_file(struct wpkg_buf *out, const struct obj_link *o, const struct obj_file *file,
			uint32_t part)
{
	bool is_any = false;
	for (uint32_t s = 0; s < file->custom_count; s++) {
		const struct obj_chunk *chunk = &file->customs[s];
		if (!chunk->is_live || chunk->part != part)
			continue;
		is_any = true;
		obj_reloc_apply(out, o, file, chunk, chunk->range.start, o->custom_parts[part].name,
				false);
	}
	if (is_any)
		obj_rest(o, file);
}

static void put_part(struct wpkg_buf *out, const struct obj_link *o, uint32_t number)
{
	const struct obj_part *part = &o->custom_parts[number];
	wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
	size_t start = link_begin_sized(out);
	wpkg_writer_name(out, part->name);
	if (part->is_strings)
		obj_put_strings(out, part);
	for (uint32_t i = 0; !part->is_strings && i < o->file_count; i++)
		put_of_file(out, o, &o->files[i], number);
	link_end_sized(out, start);
}

enum { NAME_FUNCS = 1, NAME_GLOBALS = 7, NAME_DATAS = 9 };

static void put_name(struct wpkg_buf *out, uint32_t index, struct wpkg_str name)
{
	wpkg_writer_u32(out, index);
	wpkg_writer_name(out, name);
}

static void put_made_name(struct wpkg_buf *out, const struct obj_symbol *symbol)
{
	const char *before = symbol->made == OBJ_MADE_TRAP ? "undefined_weak:" : "";
	const char *after = symbol->made == OBJ_MADE_WRAPPER ? ".command_export" : "";
	wpkg_writer_u32(out, symbol->out);
	wpkg_writer_u64(out, strlen(before) + symbol->name.len + strlen(after));
	wpkg_buf_append_text(out, before);
	wpkg_buf_append_str(out, symbol->name);
	wpkg_buf_append_text(out, after);
}

/* Functions without a symbol of their own have no name. */
static uint32_t count_named(const struct obj_link *o)
{
	uint32_t count = o->func_imports.count + o->made_funcs.count;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t f = obj_imports_of(&o->files[i]); f < o->files[i].module->func_count;
		     f++) {
			const struct obj_chunk *chunk =
				&o->files[i].funcs[f - obj_imports_of(&o->files[i])];
			count += chunk->is_live && chunk->symbol != OBJ_NONE;
		}
	return count;
}

static void put_func_names(struct wpkg_buf *out, const struct obj_link *o)
{
	wpkg_writer_u32(out, count_named(o));
	for (uint32_t i = 0; i < o->func_imports.count; i++)
		put_name(out, i, o->symbols[o->func_imports.items[i]].name);
	for (uint32_t i = 0; i < o->made_funcs.count; i++)
		put_made_name(out, &o->symbols[o->made_funcs.items[i]]);
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		uint32_t count = file->module->func_count - obj_imports_of(file);
		for (uint32_t f = 0; f < count; f++)
			if (file->funcs[f].is_live && file->funcs[f].symbol != OBJ_NONE)
				put_name(out, file->funcs[f].out,
					 o->symbols[file->funcs[f].symbol].name);
		obj_rest(o, file);
	}
}

static void put_global_names(struct wpkg_buf *out, const struct obj_link *o)
{
	wpkg_writer_u32(out, o->globals.count + o->address_globals.count);
	for (uint32_t i = 0; i < o->globals.count; i++)
		put_name(out, i, o->symbols[o->globals.items[i]].name);
	for (uint32_t i = 0; i < o->address_globals.count; i++)
		put_name(out, o->globals.count + i, o->symbols[o->address_globals.items[i]].name);
}

static void put_data_names(struct wpkg_buf *out, const struct obj_link *o)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < o->part_count; i++)
		count += o->parts[i].out != OBJ_NONE;
	wpkg_writer_u32(out, count);
	for (uint32_t i = 0; i < o->part_count; i++)
		if (o->parts[i].out != OBJ_NONE)
			put_name(out, o->parts[i].out, o->parts[i].name);
}

static void put_names(struct wpkg_buf *out, const struct obj_link *o)
{
	static const struct {
		uint8_t id;
		void (*put)(struct wpkg_buf *out, const struct obj_link *o);
	} subsections[] = {{NAME_FUNCS, put_func_names},
			   {NAME_GLOBALS, put_global_names},
			   {NAME_DATAS, put_data_names}};
	wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
	size_t start = link_begin_sized(out);
	wpkg_writer_name(out, WPKG_LIT("name"));
	for (size_t i = 0; i < 3; i++) {
		wpkg_buf_append_byte(out, subsections[i].id);
		size_t inner = link_begin_sized(out);
		subsections[i].put(out, o);
		link_end_sized(out, inner);
	}
	link_end_sized(out, start);
}

void obj_put_customs(struct wpkg_buf *out, struct obj_link *o, uint32_t section)
{
	for (uint32_t i = 0; i < o->custom_part_count; i++) {
		o->custom_parts[i].out = section++;
		put_part(out, o, i);
	}
}

enum wpkg_status obj_put_descriptions(struct wpkg_buf *out, struct obj_link *o)
{
	if (o->options->strip_all)
		return WPKG_OK;
	if (!o->options->relocatable)
		put_names(out, o);
	const struct wpkg_module **modules =
		wpkg_mem_calloc((size_t)o->file_count + 1, sizeof(*modules));
	if (!modules)
		return WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
	for (uint32_t i = 0; i < o->file_count; i++)
		modules[i] = o->files[i].module;
	const struct link_sources from = {modules, o->file_count, o->options->rest};
	link_put_producers(out, &from);
	link_put_features(out, &from, o->options->relocatable);
	wpkg_mem_free(modules);
	return WPKG_OK;
}
