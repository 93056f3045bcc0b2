/* SPDX-License-Identifier: Apache-2.0 */
/* Texts about a link: where everything is in the output, and what was left out of it. */
#include "base/mem.h"
#include "base/utf8.h"
#include "link/object_int.h"

/* Behind numbers, to the line's end: a name is what an object says, whatever that is. */
static void put_name(struct wpkg_buf *out, struct wpkg_str name, const struct obj_file *file)
{
	wpkg_buf_append_text(out, "  ");
	wpkg_utf8_append_escaped(out, name);
	if (file) {
		wpkg_buf_append_text(out, "  (");
		wpkg_utf8_append_escaped(out, file->name);
		wpkg_buf_append_byte(out, ')');
	}
	wpkg_buf_append_byte(out, '\n');
}

static void put_place(struct wpkg_buf *out, uint64_t at, uint64_t size, struct wpkg_str name,
		      const struct obj_file *file)
{
	wpkg_buf_append_format(out, "%10llx %8llx", (unsigned long long)at,
			       (unsigned long long)size);
	put_name(out, name, file);
}

static struct wpkg_str chunk_name(const struct obj_link *o, const struct obj_chunk *chunk,
				  struct wpkg_str other)
{
	return chunk->symbol != OBJ_NONE ? o->symbols[chunk->symbol].name : other;
}

static void put_funcs(struct wpkg_buf *out, const struct obj_link *o)
{
	wpkg_buf_append_text(out, "\nfunctions: index, bytes\n");
	for (uint32_t i = 0; i < o->func_imports.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->func_imports.items[i]];
		wpkg_buf_append_format(out, "%10u   import", i);
		put_name(out, symbol->name, NULL);
	}
	for (uint32_t i = 0; i < o->made_funcs.count; i++) {
		const struct obj_symbol *symbol = &o->symbols[o->made_funcs.items[i]];
		wpkg_buf_append_format(out, "%10u   linker", symbol->out);
		put_name(out, symbol->name, NULL);
	}
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		uint32_t count = file->module->func_count - obj_imports_of(file);
		for (uint32_t f = 0; f < count; f++) {
			const struct obj_chunk *chunk = &file->funcs[f];
			struct wpkg_str name = chunk_name(o, chunk, WPKG_LIT("(no name)"));
			if (!chunk->is_live)
				continue;
			wpkg_buf_append_format(out, "%10u %8u", chunk->out,
					       chunk->range.end - chunk->range.start);
			put_name(out, name, file);
		}
	}
}

static enum wpkg_status put_memory(struct wpkg_buf *out, const struct obj_link *o)
{
	size_t count, next = 0;
	struct obj_piece *pieces = obj_collect_pieces(&count, o, false);
	if (!pieces)
		return WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
	wpkg_buf_append_format(out, "memory: address, bytes (%llu pages, stack from %llx down)\n",
			       (unsigned long long)o->memory_pages,
			       (unsigned long long)o->stack_top);
	for (uint32_t p = 0; p < o->part_count; p++) {
		put_place(out, o->parts[p].address, o->parts[p].size, o->parts[p].name, NULL);
		for (; next < count && pieces[next].chunk->part == p; next++) {
			const struct obj_piece *piece = &pieces[next];
			struct wpkg_str name = piece->file->segments[piece->segment].name;
			wpkg_buf_append_text(out, "  ");
			put_place(out, obj_chunk_address(o, piece->chunk),
				  piece->chunk->range.end - piece->chunk->range.start,
				  chunk_name(o, piece->chunk, name), piece->file);
		}
	}
	wpkg_mem_free(pieces);
	return WPKG_OK;
}

enum wpkg_status obj_put_map(struct wpkg_buf *out, const struct obj_link *o)
{
	enum wpkg_status status = put_memory(out, o);
	if (status == WPKG_OK)
		put_funcs(out, o);
	return status;
}

static void put_removed(struct wpkg_buf *out, const struct obj_file *file, const char *kind,
			struct wpkg_str name)
{
	wpkg_buf_append_text(out, "removed: ");
	wpkg_utf8_append_escaped(out, file->name);
	wpkg_buf_append_format(out, ": %s ", kind);
	wpkg_utf8_append_escaped(out, name);
	wpkg_buf_append_byte(out, '\n');
}

void obj_put_removed(struct wpkg_buf *out, const struct obj_link *o)
{
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		uint32_t count = file->module->func_count - obj_imports_of(file);
		for (uint32_t f = 0; f < count; f++)
			if (!file->funcs[f].is_live)
				put_removed(out, file, "function",
					    chunk_name(o, &file->funcs[f], WPKG_LIT("(no name)")));
		for (uint32_t s = 0; s < file->module->data_count; s++)
			if (!file->datas[s].is_live)
				put_removed(out, file, "segment", file->segments[s].name);
	}
}
