/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custom section "target_features" of objects (tool conventions): "+" a feature that the code
 * uses, "-" one that nothing in the same program may use, since the code was changed to do without.
 */
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/writer.h"

#define NAME_MAX_BYTES 100000

struct features {
	struct link_names used, refused; /* number of the file, plus 1 */
};

static enum wpkg_status collect(struct obj_link *o, struct features *all, uint32_t number)
{
	const struct wpkg_module *module = o->files[number].module;
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("target_features"));
	struct wpkg_reader r;
	if (!section)
		return WPKG_OK;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	for (uint32_t count = wpkg_reader_u32(&r); count > 0; count--) {
		uint8_t prefix = wpkg_reader_byte(&r);
		struct wpkg_str name = wpkg_reader_name(&r, NAME_MAX_BYTES);
		bool is_new;
		if (r.status != WPKG_OK)
			break;
		uint32_t *file =
			link_names_put(prefix == '-' ? &all->refused : &all->used, name, &is_new);
		if (!file)
			return obj_no_memory(o);
		if (is_new)
			*file = number + 1;
	}
	return WPKG_OK;
}

static struct wpkg_str file_name(const struct obj_link *o, const uint32_t *file)
{
	return o->files[*file - 1].name;
}

static void check_shared(struct obj_link *o, const struct features *all)
{
	const uint32_t *refuses = link_names_find(&all->refused, WPKG_LIT("shared-mem"));
	static const struct wpkg_str needed[] = {WPKG_STR("atomics"), WPKG_STR("bulk-memory")};
	if (!o->options->shared_memory)
		return;
	if (refuses) {
		struct wpkg_str name = file_name(o, refuses);
		obj_problem(o,
			    "%.*s was not compiled for threads (-matomics -mbulk-memory), so that "
			    "its memory must not be shared",
			    WPKG_STR_ARG(name));
	}
	for (unsigned i = 0; i < 2; i++)
		if (!link_names_find(&all->used, needed[i]))
			obj_problem(o,
				    "a shared memory needs %.*s, which no input was compiled for",
				    WPKG_STR_ARG(needed[i]));
}

/* Of each file again, so that the order of problems is that of the inputs. */
static void check_file(struct obj_link *o, const struct features *all, uint32_t number)
{
	const struct wpkg_module *module = o->files[number].module;
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("target_features"));
	struct wpkg_reader r;
	if (!section)
		return;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	for (uint32_t count = wpkg_reader_u32(&r); count > 0; count--) {
		uint8_t prefix = wpkg_reader_byte(&r);
		struct wpkg_str feature = wpkg_reader_name(&r, NAME_MAX_BYTES);
		if (r.status != WPKG_OK)
			return;
		const uint32_t *other = link_names_find(&all->refused, feature);
		const uint32_t *first = link_names_find(&all->used, feature);
		if (prefix == '-' || !other || !first || *first != number + 1)
			continue;
		struct wpkg_str refuses = file_name(o, other);
		obj_problem(o, "%.*s uses %.*s, which %.*s must not be together with",
			    WPKG_STR_ARG(o->files[number].name), WPKG_STR_ARG(feature),
			    WPKG_STR_ARG(refuses));
	}
}

enum wpkg_status obj_check_features(struct obj_link *o)
{
	struct features all = {0};
	enum wpkg_status status = WPKG_OK;
	if (o->options->no_check_features)
		return WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < o->file_count; i++)
		status = collect(o, &all, i);
	if (status == WPKG_OK) {
		check_shared(o, &all);
		for (uint32_t i = 0; i < o->file_count; i++)
			check_file(o, &all, i);
	}
	link_names_clear(&all.used);
	link_names_clear(&all.refused);
	return status;
}

/* The entries of the file that no file before it has. */
static void put_entries(struct wpkg_buf *out, struct obj_link *o, struct features *all,
			uint32_t number)
{
	const struct wpkg_module *module = o->files[number].module;
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("target_features"));
	struct wpkg_reader r;
	if (!section)
		return;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	for (uint32_t count = wpkg_reader_u32(&r); count > 0; count--) {
		uint8_t prefix = wpkg_reader_byte(&r);
		struct wpkg_str feature = wpkg_reader_name(&r, NAME_MAX_BYTES);
		const struct link_names *names = prefix == '-' ? &all->refused : &all->used;
		uint32_t *first = link_names_find(names, feature);
		if (r.status != WPKG_OK)
			break;
		if (!first || *first != number + 1)
			continue;
		*first = 0; /* once, however often the file says it */
		wpkg_buf_append_byte(out, prefix == '-' ? '-' : '+');
		wpkg_writer_name(out, feature);
	}
}

enum wpkg_status obj_put_features(struct wpkg_buf *out, struct obj_link *o)
{
	struct features all = {0};
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < o->file_count; i++)
		status = collect(o, &all, i);
	uint32_t count = all.used.count + all.refused.count;
	if (status == WPKG_OK && count > 0) {
		wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
		size_t start = link_begin_sized(out);
		wpkg_writer_name(out, WPKG_LIT("target_features"));
		wpkg_writer_u32(out, count);
		for (uint32_t i = 0; i < o->file_count; i++)
			put_entries(out, o, &all, i);
		link_end_sized(out, start);
	}
	link_names_clear(&all.used);
	link_names_clear(&all.refused);
	return status;
}
