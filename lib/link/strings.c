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

/* What there is room for: sorting goes from one input to another all the time, so the bytes are
 * copied, and the inputs rest. */
struct strings {
	struct string *items;
	char *bytes;
	size_t count, size;
};

static void collect(struct strings *strings, const struct obj_link *o)
{
	strings->count = strings->size = 0;
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		for (uint32_t s = 0; s < file->module->data_count; s++) {
			if (!is_string(file, s))
				continue;
			struct wpkg_str bytes = obj_bytes(file, file->datas[s].range);
			if (strings->items) {
				char *copy = strings->bytes + strings->size;
				memcpy(copy, bytes.ptr, bytes.len);
				strings->items[strings->count] = (struct string){
					wpkg_str_of(copy, bytes.len), &file->datas[s],
					(uint32_t)strings->count, file->segments[s].alignment};
			}
			strings->count++;
			strings->size += bytes.len;
		}
		if (strings->items)
			obj_rest(o, file);
	}
}

static bool collect_all(struct strings *strings, const struct obj_link *o)
{
	collect(strings, o);
	strings->bytes = wpkg_mem_alloc(strings->size + 1);
	strings->items = wpkg_mem_calloc(strings->count + 1, sizeof(*strings->items));
	if (!strings->bytes || !strings->items)
		return false;
	collect(strings, o);
	qsort(strings->items, strings->count, sizeof(*strings->items), compare);
	return true;
}

static void clear(struct strings *strings)
{
	wpkg_mem_free(strings->items);
	wpkg_mem_free(strings->bytes);
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
	struct strings strings = {0};
	size_t host = 0;
	bool whole = collect_all(&strings, o);
	o->hosted = whole ? wpkg_arena_alloc(&o->arena, strings.count, sizeof(*o->hosted)) : NULL;
	for (size_t i = 1; o->hosted && i < strings.count; i++) {
		const struct string *string = &strings.items[i], *longer = &strings.items[host];
		if (!ends_with(longer->bytes, string->bytes) || !fits(longer, string)) {
			host = i;
			continue;
		}
		string->chunk->is_hosted = true;
		o->hosted[o->hosted_count++] =
			(struct obj_hosted){string->chunk, longer->chunk,
					    (uint32_t)(longer->bytes.len - string->bytes.len)};
	}
	clear(&strings);
	return o->hosted ? WPKG_OK : obj_no_memory(o);
}

void obj_place_hosted(struct obj_link *o)
{
	for (uint32_t i = 0; i < o->hosted_count; i++)
		o->hosted[i].chunk->out = o->hosted[i].host->out + o->hosted[i].offset;
}
