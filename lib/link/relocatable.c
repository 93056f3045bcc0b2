/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object has beside a module (-r): segments one by one, "linking" and "reloc.NAME"
 * (object.c has their bytes). Symbols are in the order in which they were met.
 */
#include "base/mem.h"
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

struct tables {
	struct wpkg_buf *out;
	const struct obj_link *o;
	uint32_t *entries; /* in the symbol table, by symbol; OBJ_NONE */
	uint32_t count;
	uint32_t *parts; /* the same by custom part: its section symbol */
};

void obj_put_segments(struct wpkg_buf *out, const struct obj_link *o)
{
	size_t start = out->len;
	wpkg_writer_u32(out, o->segment_count);
	for (uint32_t i = 0; i < o->file_count; i++) {
		struct obj_file *file = &o->files[i];
		for (uint32_t s = 0; s < file->module->data_count; s++) {
			struct obj_chunk *chunk = &file->datas[s];
			if (!chunk->is_live)
				continue;
			wpkg_buf_append_byte(out, 0);
			obj_put_pointer(out, o, chunk->out);
			wpkg_buf_append_byte(out, WPKG_OP_END);
			wpkg_writer_u32(out, chunk->range.end - chunk->range.start);
			chunk->code_at = (uint32_t)(out->len - start);
			obj_reloc_apply(out, o, file, chunk,
					file->module->sections[file->data_section].body.start,
					(struct wpkg_str){0}, false);
		}
	}
}

static size_t begin_custom(struct wpkg_buf *out, struct wpkg_str name)
{
	wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
	size_t start = link_begin_sized(out);
	wpkg_writer_name(out, name);
	return start;
}

static bool is_undefined(const struct obj_symbol *symbol)
{
	return symbol->state == OBJ_IS_UNDEFINED || symbol->state == OBJ_IS_LAZY ||
	       symbol->state == OBJ_IS_MADE;
}

static uint32_t flags_of(const struct obj_link *o, const struct obj_symbol *symbol)
{
	uint32_t flags = symbol->flags;
	if (!is_undefined(symbol))
		return flags & ~(uint32_t)OBJ_UNDEFINED;
	flags = (flags & ~(uint32_t)OBJ_WEAK) | OBJ_UNDEFINED;
	if (!symbol->is_strong && symbol->state != OBJ_IS_MADE)
		flags |= OBJ_WEAK;
	if (symbol->kind != OBJ_DATA && !wpkg_str_equal(obj_import_field(o, symbol), symbol->name))
		flags |= OBJ_EXPLICIT_NAME;
	return flags;
}

static void put_data_symbol(struct tables *t, const struct obj_symbol *symbol)
{
	const struct obj_chunk *chunk = obj_symbol_chunk(t->o, symbol);
	wpkg_writer_name(t->out, symbol->name);
	if (is_undefined(symbol))
		return;
	wpkg_writer_u32(t->out, chunk ? chunk->part : 0);
	wpkg_writer_u64(t->out, symbol->offset);
	wpkg_writer_u32(t->out, symbol->size);
}

static void put_symbol(struct tables *t, const struct obj_symbol *symbol)
{
	uint32_t flags = flags_of(t->o, symbol);
	wpkg_buf_append_byte(t->out, symbol->kind);
	wpkg_writer_u32(t->out, flags);
	if (symbol->kind == OBJ_DATA) {
		put_data_symbol(t, symbol);
		return;
	}
	wpkg_writer_u32(t->out,
			symbol->kind == OBJ_FUNC ? obj_func_index(t->o, symbol) : symbol->out);
	if (!(flags & OBJ_UNDEFINED) || flags & OBJ_EXPLICIT_NAME)
		wpkg_writer_name(t->out, symbol->name);
}

/* Entries of the symbols, and of the sections that relocations may point into. */
static void number_symbols(struct tables *t)
{
	const struct obj_link *o = t->o;
	for (uint32_t i = 0; i < o->symbol_count; i++) {
		const struct obj_symbol *symbol = &o->symbols[i];
		bool is_entry =
			symbol->is_live && symbol->kind != OBJ_SECTION && !obj_is_gone(o, symbol);
		t->entries[i] = is_entry ? t->count++ : OBJ_NONE;
	}
	for (uint32_t i = 0; i < o->custom_part_count; i++)
		t->parts[i] = t->count++;
}

static void put_symbols(struct tables *t)
{
	const struct obj_link *o = t->o;
	wpkg_writer_u32(t->out, t->count);
	for (uint32_t i = 0; i < o->symbol_count; i++)
		if (t->entries[i] != OBJ_NONE)
			put_symbol(t, &o->symbols[i]);
	for (uint32_t i = 0; i < o->custom_part_count; i++) {
		wpkg_buf_append_byte(t->out, OBJ_SECTION);
		wpkg_writer_u32(t->out, OBJ_LOCAL);
		wpkg_writer_u32(t->out, o->custom_parts[i].out);
	}
}

static void put_segment_info(struct tables *t)
{
	const struct obj_link *o = t->o;
	wpkg_writer_u32(t->out, o->segment_count);
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++) {
			const struct obj_segment *segment = &o->files[i].segments[s];
			if (!o->files[i].datas[s].is_live)
				continue;
			wpkg_writer_name(t->out, segment->name);
			wpkg_writer_u32(t->out, segment->alignment);
			wpkg_writer_u32(t->out, segment->flags);
		}
}

static uint32_t entry_of_init(const struct tables *t, const struct obj_file *file, uint32_t i)
{
	uint32_t symbol = file->refs[file->inits[i].symbol].symbol;
	return is_undefined(&t->o->symbols[symbol]) ? OBJ_NONE : t->entries[symbol];
}

static void put_inits(struct tables *t)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->o->file_count; i++)
		for (uint32_t n = 0; n < t->o->files[i].init_count; n++)
			count += entry_of_init(t, &t->o->files[i], n) != OBJ_NONE;
	wpkg_writer_u32(t->out, count);
	for (uint32_t i = 0; i < t->o->file_count; i++)
		for (uint32_t n = 0; n < t->o->files[i].init_count; n++) {
			const struct obj_file *file = &t->o->files[i];
			uint32_t entry = entry_of_init(t, file, n);
			if (entry == OBJ_NONE)
				continue;
			wpkg_writer_u32(t->out, file->inits[n].priority);
			wpkg_writer_u32(t->out, entry);
		}
}

static void put_group_member(struct tables *t, const struct obj_file *file,
			     const struct obj_group_member *member)
{
	uint32_t index;
	if (member->kind == OBJ_GROUP_DATA)
		index = file->datas[member->index].part;
	else if (member->kind == OBJ_GROUP_FUNC)
		index = file->funcs[member->index - obj_imports_of(file)].out;
	else
		index = t->o->custom_parts[file->customs[member->index].part].out;
	wpkg_writer_u32(t->out, member->kind);
	wpkg_writer_u32(t->out, index);
}

/* A section that an option leaves out is no member any more. */
static bool is_kept_member(const struct obj_file *file, const struct obj_group_member *member)
{
	return member->kind != OBJ_GROUP_SECTION || file->customs[member->index].is_live;
}

static void put_file_groups(struct tables *t, uint32_t number, uint32_t *count)
{
	const struct obj_file *file = &t->o->files[number];
	struct wpkg_reader r = obj_groups_of(file);
	struct obj_group group;
	while (obj_group_take(&group, &r)) {
		const uint32_t *owner = link_names_find(&t->o->comdats, group.name);
		bool is_ours = owner && *owner == number;
		uint32_t kept = 0;
		struct obj_group_member member;
		struct wpkg_reader members = r;
		for (uint32_t i = 0; i < group.count; i++) {
			obj_group_member_take(&member, &r);
			kept += is_kept_member(file, &member);
		}
		*count += is_ours;
		if (!is_ours || !t->out)
			continue;
		wpkg_writer_name(t->out, group.name);
		wpkg_writer_u32(t->out, group.flags);
		wpkg_writer_u32(t->out, kept);
		for (uint32_t i = 0; i < group.count; i++) {
			obj_group_member_take(&member, &members);
			if (is_kept_member(file, &member))
				put_group_member(t, file, &member);
		}
	}
}

static void put_groups(struct tables *t)
{
	struct tables counting = *t;
	uint32_t count = 0, again = 0;
	counting.out = NULL;
	for (uint32_t i = 0; i < t->o->file_count; i++)
		put_file_groups(&counting, i, &count);
	wpkg_writer_u32(t->out, count);
	for (uint32_t i = 0; i < t->o->file_count; i++)
		put_file_groups(t, i, &again);
}

/* Symbols come first: what follows refers to them. */
static void put_linking(struct tables *t)
{
	static const struct {
		uint8_t id;
		void (*put)(struct tables *t);
	} subsections[] = {{OBJ_SUB_SYMBOLS, put_symbols},
			   {OBJ_SUB_SEGMENTS, put_segment_info},
			   {OBJ_SUB_INITS, put_inits},
			   {OBJ_SUB_GROUPS, put_groups}};
	size_t start = begin_custom(t->out, WPKG_LIT("linking"));
	wpkg_writer_u32(t->out, OBJ_LINKING_VERSION);
	for (size_t i = 0; i < sizeof(subsections) / sizeof(subsections[0]); i++) {
		wpkg_buf_append_byte(t->out, subsections[i].id);
		size_t inner = link_begin_sized(t->out);
		subsections[i].put(t);
		link_end_sized(t->out, inner);
	}
	link_end_sized(t->out, start);
}

/* The chunks of a section of the output, in their order there. */
struct run {
	const struct obj_file *file;
	const struct obj_chunk *chunks;
	uint32_t count;
	uint32_t section_start; /* of their section in the file */
};

static uint32_t target_of(const struct tables *t, const struct obj_file *file,
			  const struct obj_reloc *reloc, int64_t *addend)
{
	if (obj_reloc_kind(reloc->type) == OBJ_NONE)
		return t->o->type_out[file->types[reloc->index]];
	const struct obj_ref *ref = &file->refs[reloc->index];
	if (t->o->symbols[ref->symbol].kind != OBJ_SECTION)
		return t->entries[ref->symbol];
	if (ref->index >= file->custom_count)
		return OBJ_NONE;
	const struct obj_chunk *section = &file->customs[ref->index];
	*addend += (int64_t)section->out;
	return section->is_live ? t->parts[section->part] : OBJ_NONE;
}

/* Relocations of the chunk that have a target, which are written when there is an output. */
static uint32_t put_chunk_relocs(struct tables *t, const struct run *run,
				 const struct obj_chunk *chunk, struct wpkg_buf *out)
{
	uint32_t count = 0;
	uint32_t first = chunk->range.start - run->section_start;
	const uint8_t *at = obj_relocs_of(run->file, chunk);
	for (uint32_t i = 0; i < chunk->reloc_count; i++) {
		struct obj_reloc reloc = obj_reloc_take(&at);
		int64_t addend = reloc.addend;
		uint32_t target = target_of(t, run->file, &reloc, &addend);
		if (target == OBJ_NONE)
			continue;
		count++;
		if (!out)
			continue;
		wpkg_buf_append_byte(out, reloc.type);
		wpkg_writer_u32(out, chunk->code_at + reloc.offset - first);
		wpkg_writer_u32(out, target);
		if (obj_reloc_has_addend(reloc.type))
			wpkg_writer_signed(out, addend);
	}
	return count;
}

static struct run run_of(const struct obj_file *file, int which)
{
	const struct wpkg_module *m = file->module;
	struct run run = {.file = file};
	if (which == WPKG_SECTION_CODE) {
		run.chunks = file->funcs;
		run.count = m->func_count - m->func_import_count;
		run.section_start = run.count ? m->sections[file->code_section].body.start : 0;
	} else {
		run.chunks = file->datas;
		run.count = m->data_count;
		run.section_start = run.count ? m->sections[file->data_section].body.start : 0;
	}
	return run;
}

static uint32_t put_relocs_of(struct tables *t, int which, struct wpkg_buf *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->o->file_count; i++) {
		struct run run = run_of(&t->o->files[i], which);
		for (uint32_t c = 0; c < run.count; c++)
			if (run.chunks[c].is_live)
				count += put_chunk_relocs(t, &run, &run.chunks[c], out);
	}
	return count;
}

static void put_relocs(struct tables *t, int which, struct wpkg_str name, uint32_t section)
{
	uint32_t count = put_relocs_of(t, which, NULL);
	if (count == 0)
		return;
	size_t start = begin_custom(t->out, name);
	wpkg_writer_u32(t->out, section);
	wpkg_writer_u32(t->out, count);
	put_relocs_of(t, which, t->out);
	link_end_sized(t->out, start);
}

static uint32_t put_part_relocs_of(struct tables *t, uint32_t part, struct wpkg_buf *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->o->file_count; i++) {
		const struct obj_file *file = &t->o->files[i];
		for (uint32_t s = 0; s < file->custom_count; s++) {
			struct obj_chunk *chunk = &file->customs[s];
			if (!chunk->is_live || chunk->part != part)
				continue;
			chunk->code_at = chunk->out;
			struct run run = {.file = file, .section_start = chunk->range.start};
			count += put_chunk_relocs(t, &run, chunk, out);
		}
	}
	return count;
}

static void put_part_relocs(struct tables *t, uint32_t part)
{
	const struct obj_part *custom = &t->o->custom_parts[part];
	uint32_t count = put_part_relocs_of(t, part, NULL);
	if (count == 0)
		return;
	wpkg_buf_append_byte(t->out, WPKG_SECTION_CUSTOM);
	size_t start = link_begin_sized(t->out);
	wpkg_writer_u64(t->out, strlen("reloc.") + custom->name.len);
	wpkg_buf_append_text(t->out, "reloc.");
	wpkg_buf_append_str(t->out, custom->name);
	wpkg_writer_u32(t->out, custom->out);
	wpkg_writer_u32(t->out, count);
	put_part_relocs_of(t, part, t->out);
	link_end_sized(t->out, start);
}

enum wpkg_status obj_put_tables(struct wpkg_buf *out, const struct obj_link *o,
				uint32_t code_section, uint32_t data_section)
{
	struct tables t = {
		.out = out,
		.o = o,
		.entries = wpkg_mem_calloc((size_t)o->symbol_count + 1, sizeof(uint32_t)),
		.parts = wpkg_mem_calloc((size_t)o->custom_part_count + 1, sizeof(uint32_t))};
	enum wpkg_status status = WPKG_OK;
	if (t.entries && t.parts) {
		number_symbols(&t);
		put_linking(&t);
		put_relocs(&t, WPKG_SECTION_CODE, WPKG_LIT("reloc.CODE"), code_section);
		put_relocs(&t, WPKG_SECTION_DATA, WPKG_LIT("reloc.DATA"), data_section);
		for (uint32_t i = 0; i < o->custom_part_count; i++)
			put_part_relocs(&t, i);
	} else {
		status = WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
	}
	wpkg_mem_free(t.entries);
	wpkg_mem_free(t.parts);
	return status;
}
