/* SPDX-License-Identifier: Apache-2.0 */
/* The module from its sections: what was read, in the order of the binary format. */
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

/* Sections as they follow each other, and their words in "(before ...)" and "(after ...)". */
static const struct {
	enum wpkg_section id;
	const char *word;
} order[] = {
	{WPKG_SECTION_TYPE, "type"},
	{WPKG_SECTION_IMPORT, "import"},
	{WPKG_SECTION_FUNCTION, "func"},
	{WPKG_SECTION_TABLE, "table"},
	{WPKG_SECTION_MEMORY, "memory"},
	{WPKG_SECTION_TAG, "tag"},
	{WPKG_SECTION_GLOBAL, "global"},
	{WPKG_SECTION_EXPORT, "export"},
	{WPKG_SECTION_START, "start"},
	{WPKG_SECTION_ELEMENT, "elem"},
	{WPKG_SECTION_DATA_COUNT, "datacount"},
	{WPKG_SECTION_CODE, "code"},
	{WPKG_SECTION_DATA, "data"},
};

#define SECTIONS (sizeof(order) / sizeof(order[0]))

bool wat_place(unsigned *out, struct wpkg_str direction, struct wpkg_str section)
{
	bool is_after = wpkg_str_equal_text(direction, "after");
	if (!is_after && !wpkg_str_equal_text(direction, "before"))
		return false;
	if (wpkg_str_equal_text(section, is_after ? "last" : "first")) {
		*out = is_after ? 2 * SECTIONS - 1 : 0;
		return true;
	}
	for (unsigned i = 0; i < SECTIONS; i++) {
		if (!wpkg_str_equal_text(section, order[i].word))
			continue;
		*out = 2 * i + is_after;
		return true;
	}
	return false;
}

const char *wat_place_word(enum wpkg_section section)
{
	for (unsigned i = 0; i < SECTIONS; i++)
		if (order[i].id == section)
			return order[i].word;
	return "custom";
}

/* The custom sections of a place, in the order of the text. */
static void put_customs(const struct wat_parser *p, struct wpkg_buf *out, unsigned place)
{
	const struct wat_custom *customs = (const struct wat_custom *)(const void *)p->customs.ptr;
	for (size_t i = 0; i < p->customs.len / sizeof(*customs); i++)
		if (customs[i].place == place)
			wpkg_writer_custom(out, customs[i].name, customs[i].content);
}

static bool has_custom(const struct wat_parser *p, const char *name)
{
	const struct wat_custom *customs = (const struct wat_custom *)(const void *)p->customs.ptr;
	for (size_t i = 0; i < p->customs.len / sizeof(*customs); i++)
		if (wpkg_str_equal_text(customs[i].name, name))
			return true;
	return false;
}

/* Items behind their number. */
static void put_vector(struct wpkg_buf *out, const struct wat_vector *vector)
{
	wpkg_writer_u32(out, vector->count);
	wpkg_buf_append_str(out, wpkg_buf_str(&vector->bytes));
}

/* The custom section "name" (appendix, "Name Section"), when anything has a name. */
static void put_names(struct wat_parser *p, struct wpkg_buf *out)
{
	struct wpkg_buf *content = &p->parts[0], *map = &p->parts[1];
	wpkg_buf_reset(content);
	if (p->module_name.ptr) {
		wpkg_buf_reset(map);
		wpkg_writer_name(map, p->module_name);
		wpkg_buf_append_byte(content, 0);
		wpkg_writer_name(content, wpkg_buf_str(map));
	}
	for (unsigned i = WAT_NAME_FUNC; i < WAT_NAME_COUNT; i++) {
		if (p->names[i].count == 0)
			continue;
		wpkg_buf_reset(map);
		put_vector(map, &p->names[i]);
		wpkg_buf_append_byte(content, (uint8_t)i);
		wpkg_writer_name(content, wpkg_buf_str(map));
		if (map->failed != WPKG_OK)
			wat_no_memory(p);
	}
	if (content->failed != WPKG_OK || map->failed != WPKG_OK)
		wat_no_memory(p);
	else if (content->len > 0)
		wpkg_writer_custom(out, WPKG_LIT("name"), wpkg_buf_str(content));
}

static void put_hints(struct wat_parser *p, struct wpkg_buf *out)
{
	struct wpkg_buf *content = &p->parts[0];
	if (p->hint_functions.count == 0 || has_custom(p, "metadata.code.branch_hint"))
		return;
	wpkg_buf_reset(content);
	put_vector(content, &p->hint_functions);
	if (content->failed != WPKG_OK)
		wat_no_memory(p);
	wpkg_writer_custom(out, WPKG_LIT("metadata.code.branch_hint"), wpkg_buf_str(content));
}

/* A section that is there; start has one index and no number before it. */
static void put_section(struct wat_parser *p, struct wpkg_buf *out, enum wpkg_section id)
{
	struct wat_vector *section = &p->sections[id];
	struct wpkg_buf *content = &p->parts[0];
	wpkg_buf_reset(content);
	if (id == WPKG_SECTION_DATA_COUNT && p->has_data_index)
		wpkg_writer_u32(content, p->sections[WPKG_SECTION_DATA].count);
	else if (id == WPKG_SECTION_START)
		wpkg_buf_append_str(content, wpkg_buf_str(&section->bytes));
	else if (section->count > 0)
		put_vector(content, section);
	if (content->failed != WPKG_OK || section->bytes.failed != WPKG_OK)
		wat_no_memory(p);
	if (content->len > 0)
		wpkg_writer_section(out, id, wpkg_buf_str(content));
}

void wat_assemble(struct wat_parser *p, struct wpkg_buf *out, bool strip_names)
{
	wpkg_writer_header(out);
	for (unsigned i = 0; i < SECTIONS; i++) {
		put_customs(p, out, 2 * i);
		if (order[i].id == WPKG_SECTION_CODE)
			put_hints(p, out);
		put_section(p, out, order[i].id);
		if (order[i].id == WPKG_SECTION_DATA && !strip_names && !has_custom(p, "name"))
			put_names(p, out);
		put_customs(p, out, 2 * i + 1);
	}
}
