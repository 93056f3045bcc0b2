/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custom section "producers" (tool conventions): a count of fields, each with its name and a
 * count of values, each with a name and a version.
 */
#include "link/names.h"
#include "link/put.h"
#include "wasm/reader.h"
#include "wasm/writer.h"

#define NAME_MAX_BYTES 100000

static const struct wpkg_str field_names[] = {WPKG_STR("language"), WPKG_STR("processed-by"),
					      WPKG_STR("sdk")};
enum { FIELD_COUNT = sizeof(field_names) / sizeof(field_names[0]) };

struct producers {
	struct link_names known[FIELD_COUNT]; /* of the values; the version is the first's */
	struct wpkg_buf values[FIELD_COUNT];  /* as the section has them */
};

static unsigned field_of(struct wpkg_str name)
{
	unsigned field = 0;
	while (field < FIELD_COUNT && !wpkg_str_equal(field_names[field], name))
		field++;
	return field;
}

static void take_value(struct producers *all, unsigned field, struct wpkg_reader *r)
{
	bool is_new = false;
	struct wpkg_str name = wpkg_reader_name(r, NAME_MAX_BYTES);
	struct wpkg_str version = wpkg_reader_name(r, NAME_MAX_BYTES);
	if (r->status != WPKG_OK || field == FIELD_COUNT)
		return;
	if (!link_names_put(&all->known[field], name, &is_new))
		all->values[field].failed = WPKG_ENOMEM;
	if (!is_new)
		return;
	wpkg_writer_name(&all->values[field], name);
	wpkg_writer_name(&all->values[field], version);
}

static void collect(struct producers *all, const struct wpkg_module *module)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("producers"));
	struct wpkg_reader r;
	if (!section)
		return;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	for (uint32_t fields = wpkg_reader_u32(&r); fields > 0 && r.status == WPKG_OK; fields--) {
		unsigned field = field_of(wpkg_reader_name(&r, NAME_MAX_BYTES));
		for (uint32_t left = wpkg_reader_u32(&r); left > 0 && r.status == WPKG_OK; left--)
			take_value(all, field, &r);
	}
}

static void put(struct wpkg_buf *out, const struct producers *all)
{
	struct wpkg_buf content;
	uint32_t used = 0;
	wpkg_buf_init(&content, out->max);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (all->values[f].failed != WPKG_OK)
			content.failed = all->values[f].failed;
		if (all->known[f].count == 0)
			continue;
		used++;
		wpkg_writer_name(&content, field_names[f]);
		wpkg_writer_u32(&content, all->known[f].count);
		wpkg_buf_append_str(&content, wpkg_buf_str(&all->values[f]));
	}
	link_put_counted(out, WPKG_LIT("producers"), used, &content);
	wpkg_buf_clear(&content);
}

void link_put_producers(struct wpkg_buf *out, const struct link_sources *from)
{
	struct producers all = {0};
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		wpkg_buf_init(&all.values[f], out->max);
	for (size_t i = 0; i < from->count; i++) {
		collect(&all, from->modules[i]);
		link_rest(from, i);
	}
	put(out, &all);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		link_names_clear(&all.known[f]);
		wpkg_buf_clear(&all.values[f]);
	}
}
