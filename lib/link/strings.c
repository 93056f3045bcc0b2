/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal strings are in the output once, and one that another ends with is its end. A segment that
 * is marked as strings is taken as a whole: what is the same up to its last byte may be one,
 * whatever the width of its characters is and wherever references into it point.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "link/object_int.h"

struct string {
	struct wpkg_str bytes;
	struct obj_chunk *chunk;
	uint32_t order; /* of appearance */
	uint8_t alignment;
};

static bool is_string(const struct obj_file *file, uint32_t segment)
{
	const struct obj_chunk *chunk = &file->datas[segment];
	return chunk->is_live && chunk->reloc_count == 0 &&
	       (file->segments[segment].flags & (OBJ_SEGMENT_STRINGS | OBJ_SEGMENT_TLS)) ==
		       OBJ_SEGMENT_STRINGS &&
	       chunk->range.end > chunk->range.start;
}

static bool ends_with(struct wpkg_str longer, struct wpkg_str end)
{
	return longer.len >= end.len &&
	       memcmp(longer.ptr + longer.len - end.len, end.ptr, end.len) == 0;
}

/*
 * By part, then from the last byte to the first, a longer one before its own end: so what can be
 * the end of another comes right behind one that it is the end of.
 */
static int compare(const void *a, const void *b)
{
	const struct string *one = a, *other = b;
	if (one->chunk->part != other->chunk->part)
		return one->chunk->part < other->chunk->part ? -1 : 1;
	size_t least = one->bytes.len < other->bytes.len ? one->bytes.len : other->bytes.len;
	for (size_t i = 1; i <= least; i++) {
		uint8_t left = (uint8_t)one->bytes.ptr[one->bytes.len - i];
		uint8_t right = (uint8_t)other->bytes.ptr[other->bytes.len - i];
		if (left != right)
			return left > right ? -1 : 1;
	}
	if (one->bytes.len != other->bytes.len)
		return one->bytes.len > other->bytes.len ? -1 : 1;
	return (one->order > other->order) - (one->order < other->order);
}

static size_t collect(struct string *strings, const struct obj_link *o)
{
	size_t count = 0;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++) {
			const struct obj_file *file = &o->files[i];
			if (!is_string(file, s))
				continue;
			if (strings)
				strings[count] = (struct string){
					obj_bytes(file, file->datas[s].range), &file->datas[s],
					(uint32_t)count, file->segments[s].alignment};
			count++;
		}
	return count;
}

/* The end may begin at any multiple of its alignment that the longer one's place has, too. */
static bool fits(const struct string *host, const struct string *end)
{
	size_t before = host->bytes.len - end->bytes.len;
	return host->chunk->part == end->chunk->part && host->alignment >= end->alignment &&
	       (before & (((size_t)1 << end->alignment) - 1)) == 0;
}

enum wpkg_status obj_merge_strings(struct obj_link *o)
{
	size_t count = collect(NULL, o), host = 0;
	struct string *strings = wpkg_mem_calloc(count + 1, sizeof(*strings));
	if (!strings)
		return obj_no_memory(o);
	collect(strings, o);
	qsort(strings, count, sizeof(*strings), compare);
	for (size_t i = 1; i < count; i++) {
		struct string *string = &strings[i];
		if (!ends_with(strings[host].bytes, string->bytes) ||
		    !fits(&strings[host], string)) {
			host = i;
			continue;
		}
		string->chunk->host = strings[host].chunk;
		string->chunk->out = strings[host].bytes.len - string->bytes.len;
	}
	wpkg_mem_free(strings);
	return WPKG_OK;
}
