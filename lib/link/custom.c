/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custom sections of a merge: names (specification, appendix "Name Section", with the extended
 * subsections), producers and target features. Any other custom section speaks of offsets or
 * indices that are gone.
 */
#include "base/mem.h"
#include "link/link_int.h"
#include "link/put.h"
#include "wasm/reader.h"
#include "wasm/writer.h"

enum { NAME_MODULE, NAME_FUNCS, NAME_LOCALS, NAME_LABELS, NAME_TYPES, NAME_COUNT = 12 };

/* The space that a subsection of plain names is about; none for the others. */
static int space_of(uint8_t subsection)
{
	switch (subsection) {
	case NAME_FUNCS:
		return WPKG_EXTERN_FUNC;
	case 5:
		return WPKG_EXTERN_TABLE;
	case 6:
		return WPKG_EXTERN_MEMORY;
	case 7:
		return WPKG_EXTERN_GLOBAL;
	case 8:
		return LINK_ELEM;
	case 9:
		return LINK_DATA;
	case 11:
		return WPKG_EXTERN_TAG;
	default:
		return -1;
	}
}

/* What the inputs' name sections say of each item of the output: a name, or a list in bytes. */
struct names {
	struct wpkg_str *items; /* by index in the output; ptr NULL: no name */
	uint32_t count;
};

bool link_find_names(struct wpkg_reader *out, const struct wpkg_module *module, uint8_t id)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	struct wpkg_reader r;
	if (!section)
		return false;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	while (wpkg_reader_more(&r)) {
		uint8_t found = wpkg_reader_byte(&r);
		uint32_t size = wpkg_reader_u32(&r);
		struct wpkg_reader sub = wpkg_reader_sub(&r, size);
		if (found == id && r.status == WPKG_OK) {
			*out = sub;
			return true;
		}
	}
	return false;
}

/* Skips a list of index and name pairs: what stands for a function's locals or labels. */
static void skip_name_map(struct wpkg_reader *r)
{
	for (uint32_t count = wpkg_reader_u32(r); count > 0 && r->status == WPKG_OK; count--) {
		wpkg_reader_u32(r);
		wpkg_reader_skip(r, wpkg_reader_u32(r));
	}
}

/* Takes the next name, or list of names, as bytes. */
static struct wpkg_str take_entry(struct wpkg_reader *r, bool is_list)
{
	const uint8_t *start = r->at;
	if (is_list)
		skip_name_map(r);
	else
		wpkg_reader_skip(r, wpkg_reader_u32(r));
	return wpkg_str_of(start, (size_t)(r->at - start));
}

static bool is_own(const struct link *link, uint32_t input, uint8_t space, uint32_t index)
{
	const struct link_module *m = &link->modules[input];
	if (index >= m->parts[space].count)
		return false;
	struct link_item end = {input, index};
	if (space < WPKG_EXTERN_COUNT)
		end = link_final(link, space, end);
	return end.input == input && end.index == index && link_is_live(link, space, end);
}

/* A broken name section names nothing from where it breaks. */
static void collect(struct names *names, const struct link *link, uint32_t input,
		    uint8_t subsection, uint8_t space, bool is_list)
{
	struct wpkg_reader r;
	if (!link_find_names(&r, link->modules[input].module, subsection))
		return;
	for (uint32_t count = wpkg_reader_u32(&r); count > 0; count--) {
		uint32_t index = wpkg_reader_u32(&r);
		struct wpkg_str entry = take_entry(&r, is_list);
		if (r.status != WPKG_OK)
			return;
		if (!is_own(link, input, space, index))
			continue;
		uint32_t out = link_out(link, space, (struct link_item){input, index});
		if (out < names->count && !names->items[out].ptr)
			names->items[out] = entry;
	}
}

static void put_subsection(struct wpkg_buf *out, uint8_t id, const struct names *names)
{
	struct wpkg_buf body;
	uint32_t count = 0;
	for (uint32_t i = 0; i < names->count; i++)
		count += names->items[i].ptr != NULL;
	if (count == 0)
		return;
	wpkg_buf_init(&body, out->max);
	wpkg_writer_u32(&body, count);
	for (uint32_t i = 0; i < names->count; i++) {
		if (!names->items[i].ptr)
			continue;
		wpkg_writer_u32(&body, i);
		wpkg_buf_append_str(&body, names->items[i]);
	}
	if (body.failed != WPKG_OK)
		out->failed = body.failed;
	wpkg_buf_append_byte(out, id);
	wpkg_writer_name(out, wpkg_buf_str(&body));
	wpkg_buf_clear(&body);
}

static bool is_named(const struct link *link, uint8_t subsection)
{
	struct wpkg_reader r;
	for (uint32_t i = 0; i < link->count; i++)
		if (link_find_names(&r, link->modules[i].module, subsection))
			return true;
	return false;
}

static void merge_names(struct wpkg_buf *out, const struct link *link, uint8_t subsection,
			uint8_t space, bool is_list)
{
	struct names names = {.count = link->item_counts[space]};
	if (!is_named(link, subsection))
		return;
	names.items = wpkg_mem_calloc(names.count + 1, sizeof(*names.items));
	if (!names.items) {
		out->failed = WPKG_ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < link->count; i++)
		collect(&names, link, i, subsection, space, is_list);
	put_subsection(out, subsection, &names);
	wpkg_mem_free(names.items);
}

static void put_names(struct wpkg_buf *out, const struct link *link)
{
	struct wpkg_buf content;
	wpkg_buf_init(&content, out->max);
	merge_names(&content, link, NAME_FUNCS, WPKG_EXTERN_FUNC, false);
	merge_names(&content, link, NAME_LOCALS, WPKG_EXTERN_FUNC, true);
	merge_names(&content, link, NAME_LABELS, WPKG_EXTERN_FUNC, true);
	for (uint8_t id = NAME_TYPES; id < NAME_COUNT; id++)
		if (space_of(id) >= 0)
			merge_names(&content, link, id, (uint8_t)space_of(id), false);
	if (content.failed != WPKG_OK)
		out->failed = content.failed;
	if (content.len > 0)
		wpkg_writer_custom(out, WPKG_LIT("name"), wpkg_buf_str(&content));
	wpkg_buf_clear(&content);
}

void link_put_custom_sections(struct wpkg_buf *out, const struct link *link, bool strip)
{
	if (!strip)
		put_names(out, link);
	const struct wpkg_module **modules = wpkg_mem_calloc(link->count, sizeof(*modules));
	if (!modules) {
		out->failed = WPKG_ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < link->count; i++)
		modules[i] = link->modules[i].module;
	const struct link_sources from = {modules, link->count, NULL};
	link_put_producers(out, &from);
	link_put_features(out, &from, false);
	wpkg_mem_free(modules);
}
