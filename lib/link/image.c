/* SPDX-License-Identifier: Apache-2.0 */
/* What memory holds at the start: the segments of the output, written in the order of addresses. */
#include <stdlib.h>

#include "base/mem.h"
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

uint32_t obj_number_segments(struct obj_link *o)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < o->part_count; i++)
		if (!o->parts[i].is_zero && o->parts[i].size > 0)
			o->parts[i].out = count++;
	return count;
}

static bool is_there(const struct obj_link *o, const struct obj_chunk *chunk, bool is_written)
{
	return chunk->is_live &&
	       (!is_written || (!chunk->is_hosted && chunk->range.end > chunk->range.start &&
				o->parts[chunk->part].out != OBJ_NONE));
}

static int compare_pieces(const void *a, const void *b)
{
	const struct obj_piece *one = a, *other = b;
	if (one->chunk->part != other->chunk->part)
		return one->chunk->part < other->chunk->part ? -1 : 1;
	if (one->chunk->out != other->chunk->out)
		return one->chunk->out < other->chunk->out ? -1 : 1;
	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return (one->segment > other->segment) - (one->segment < other->segment);
}

struct obj_piece *obj_collect_pieces(size_t *count, const struct obj_link *o, bool is_written)
{
	size_t most = 1;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++)
			most += is_there(o, &o->files[i].datas[s], is_written);
	struct obj_piece *pieces = wpkg_mem_calloc(most, sizeof(*pieces));
	*count = 0;
	for (uint32_t i = 0; pieces && i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++)
			if (is_there(o, &o->files[i].datas[s], is_written))
				pieces[(*count)++] =
					(struct obj_piece){&o->files[i], &o->files[i].datas[s], s};
	if (pieces)
		qsort(pieces, *count, sizeof(*pieces), compare_pieces);
	return pieces;
}

static void put_zeros(struct wpkg_buf *out, uint64_t count)
{
	void *room = wpkg_buf_extend(out, (size_t)count);
	if (room)
		memset(room, 0, (size_t)count);
}

static void begin_part(struct wpkg_buf *out, const struct obj_link *o, const struct obj_part *part)
{
	bool is_passive = o->options->shared_memory;
	wpkg_writer_u32(out, is_passive);
	if (!is_passive) {
		obj_put_pointer(out, o, part->address);
		wpkg_buf_append_byte(out, WPKG_OP_END);
	}
	wpkg_writer_u64(out, part->size);
}

enum wpkg_status obj_put_image(struct wpkg_buf *out, const struct obj_link *o)
{
	size_t count;
	struct obj_piece *pieces = obj_collect_pieces(&count, o, true);
	if (!pieces)
		return WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
	uint64_t at = 0;
	for (size_t i = 0; i < count; i++) {
		const struct obj_chunk *chunk = pieces[i].chunk;
		const struct obj_file *file = pieces[i].file;
		const struct obj_part *part = &o->parts[chunk->part];
		bool is_last = i + 1 == count || pieces[i + 1].chunk->part != chunk->part;
		if (i > 0 && pieces[i - 1].file != file)
			obj_rest(o, pieces[i - 1].file);
		if (i == 0 || pieces[i - 1].chunk->part != chunk->part) {
			begin_part(out, o, part);
			at = 0;
		}
		put_zeros(out, chunk->out - at);
		obj_reloc_apply(out, o, file, chunk,
				file->module->sections[file->data_section].body.start,
				(struct wpkg_str){0}, false);
		at = chunk->out + chunk->range.end - chunk->range.start;
		/* An aligned segment without bytes may come last. */
		if (is_last)
			put_zeros(out, part->size - at);
	}
	wpkg_mem_free(pieces);
	return WPKG_OK;
}
