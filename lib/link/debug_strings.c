/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strings of debug information, each of which the output has once, if not as the end of a
 * longer one: sections that are nothing but strings with a NUL behind each, and of which others
 * speak by relocations only. They are in the order in which they appear first, and whoever asks for
 * one is answered by what it says. The names of the table are copies, so that sorting and looking
 * up do not go to the inputs.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "link/object_int.h"

static bool is_strings(struct wpkg_str name)
{
	return wpkg_str_equal_text(name, ".debug_str") ||
	       wpkg_str_equal_text(name, ".debug_line_str");
}

/* Bytes that are to be filled in are not yet strings. */
static bool is_plain(const struct obj_link *o, struct wpkg_str name)
{
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		for (uint32_t s = 0; s < file->custom_count; s++)
			if (file->customs[s].reloc_count > 0 &&
			    wpkg_str_equal(file->module->sections[s].name, name))
				return false;
	}
	return true;
}

bool obj_strings_may_merge(const struct obj_link *o, struct wpkg_str name)
{
	return !o->options->relocatable && is_strings(name) && is_plain(o, name);
}

/* Takes the next string from what is left of a section. */
static bool take_string(struct wpkg_str *out, struct wpkg_str *rest)
{
	if (rest->len == 0)
		return false;
	*out = wpkg_str_slice(*rest, 0, wpkg_str_find(*rest, '\0'));
	*rest = wpkg_str_from_offset(*rest, out->len < rest->len ? out->len + 1 : out->len);
	return true;
}

enum wpkg_status obj_strings_add(struct obj_link *o, struct obj_part *part,
				 const struct obj_file *file, const struct obj_chunk *chunk)
{
	struct wpkg_str rest = obj_bytes(file, chunk->range), string;
	while (take_string(&string, &rest)) {
		bool is_new;
		if (link_names_find(&part->strings, string))
			continue;
		struct wpkg_str copy = wpkg_arena_dup(&o->arena, string);
		if (!copy.ptr || !link_names_put(&part->strings, copy, &is_new))
			return obj_no_memory(o);
	}
	return WPKG_OK;
}

struct string {
	struct wpkg_str bytes;
	uint32_t number; /* in the table */
	uint32_t host;	 /* the same of the one that it is the end of; OBJ_NONE */
};

/* From the last byte to the first, a longer one before its own ends. No two are equal. */
static int compare(const void *a, const void *b)
{
	const struct string *one = a, *other = b;
	size_t i = one->bytes.len, k = other->bytes.len;
	while (i > 0 && k > 0 && one->bytes.ptr[i - 1] == other->bytes.ptr[k - 1])
		i--, k--;
	if (i == 0 || k == 0)
		return (i == 0) - (k == 0);
	return (uint8_t)one->bytes.ptr[i - 1] < (uint8_t)other->bytes.ptr[k - 1] ? 1 : -1;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct string *one = a, *other = b;
	return (one->number > other->number) - (one->number < other->number);
}

/* Which ones are ends; in the order of numbers. NULL without memory. */
static struct string *find_ends(const struct link_names *names)
{
	uint32_t count = names->count, longer = 0;
	struct string *strings = wpkg_mem_calloc((size_t)count + 1, sizeof(*strings));
	for (uint32_t i = 0; strings && i < count; i++)
		strings[i] = (struct string){link_names_at(names, i)->name, i, OBJ_NONE};
	if (!strings || count == 0)
		return strings;
	qsort(strings, count, sizeof(*strings), compare);
	for (uint32_t i = 1; i < count; i++) {
		if (wpkg_str_ends(strings[longer].bytes, strings[i].bytes))
			strings[i].host = strings[longer].number;
		else
			longer = i;
	}
	qsort(strings, count, sizeof(*strings), compare_numbers);
	return strings;
}

enum wpkg_status obj_strings_place(struct obj_link *o, struct obj_part *part)
{
	const struct link_names *names = &part->strings;
	struct string *strings = find_ends(names);
	if (!strings)
		return obj_no_memory(o);
	for (uint32_t i = 0; i < names->count; i++) {
		if (strings[i].host != OBJ_NONE)
			continue;
		link_names_at(names, i)->value = (uint32_t)part->size;
		part->size += strings[i].bytes.len + 1;
	}
	for (uint32_t i = 0; i < names->count; i++) {
		if (strings[i].host == OBJ_NONE)
			continue;
		const struct link_name *host = link_names_at(names, strings[i].host);
		link_names_at(names, i)->value =
			host->value + (uint32_t)(host->name.len - strings[i].bytes.len);
	}
	wpkg_mem_free(strings);
	if (part->size > UINT32_MAX)
		return WPKG_FAIL(o->err, WPKG_ELIMIT, "%.*s of more than 4 GiB",
				 WPKG_STR_ARG(part->name));
	return WPKG_OK;
}

/* One that is an end is before where it would come, or behind it. */
void obj_put_strings(struct wpkg_buf *out, const struct obj_part *part)
{
	size_t start = out->len;
	for (uint32_t i = 0; i < part->strings.count; i++) {
		const struct link_name *string = link_names_at(&part->strings, i);
		if (string->value != out->len - start)
			continue;
		wpkg_buf_append_str(out, string->name);
		wpkg_buf_append_byte(out, 0);
	}
}

uint64_t obj_strings_find(const struct obj_part *part, const struct obj_file *file,
			  const struct obj_chunk *chunk, int64_t offset)
{
	struct wpkg_str section = obj_bytes(file, chunk->range);
	if (offset < 0 || (uint64_t)offset >= section.len)
		return part->size;
	/* From the beginning of the string that it points into. */
	size_t begin = (size_t)offset;
	while (begin > 0 && section.ptr[begin - 1] != '\0')
		begin--;
	struct wpkg_str rest = wpkg_str_from_offset(section, begin), string;
	const uint32_t *place =
		take_string(&string, &rest) ? link_names_find(&part->strings, string) : NULL;
	return place ? *place + ((uint64_t)offset - begin) : part->size;
}
