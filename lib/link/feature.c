/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custom section "target_features" (tool conventions): a count, then each with a prefix and a
 * name: "+" a feature that the code uses; of objects also "-" one that nothing in the same program
 * may use, since the code was changed to do without.
 */
#include "link/object_int.h"
#include "link/put.h"
#include "wasm/writer.h"

#define NAME_MAX_BYTES 100000

/* The entries of a module; of a section that is broken, those before. */
struct entries {
	struct wpkg_reader r;
	uint32_t left;
};

struct entry {
	uint8_t prefix;
	struct wpkg_str name;
};

static struct entries entries_of(const struct wpkg_module *module)
{
	struct entries all = {.left = 0};
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("target_features"));
	if (!section)
		return all;
	wpkg_reader_init(&all.r, wpkg_module_slice(module, section->body), section->body.start,
			 NULL);
	all.left = wpkg_reader_u32(&all.r);
	return all;
}

static bool take_entry(struct entry *out, struct entries *from)
{
	if (from->left == 0)
		return false;
	from->left--;
	out->prefix = wpkg_reader_byte(&from->r);
	out->name = wpkg_reader_name(&from->r, NAME_MAX_BYTES);
	return from->r.status == WPKG_OK;
}

/* By what the prefix says; the number is that of the file that says it first. */
struct features {
	struct link_names used, refused;
};

static void clear(struct features *features)
{
	link_names_clear(&features->used);
	link_names_clear(&features->refused);
}

static struct link_names *names_of(struct features *features, const struct entry *entry)
{
	return entry->prefix == '-' ? &features->refused : &features->used;
}

static enum wpkg_status collect(struct obj_link *o, struct features *all, uint32_t number)
{
	struct entries entries = entries_of(o->files[number].module);
	struct entry entry;
	while (take_entry(&entry, &entries)) {
		bool is_new;
		uint32_t *file = link_names_put(names_of(all, &entry), entry.name, &is_new);
		if (!file)
			return obj_no_memory(o);
		if (is_new)
			*file = number;
	}
	obj_rest(o, &o->files[number]);
	return WPKG_OK;
}

static struct wpkg_str file_name(const struct obj_link *o, const uint32_t *file)
{
	return o->files[*file].name;
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
	struct entries entries = entries_of(o->files[number].module);
	struct entry entry;
	while (take_entry(&entry, &entries)) {
		const uint32_t *other = link_names_find(&all->refused, entry.name);
		const uint32_t *first = link_names_find(&all->used, entry.name);
		if (entry.prefix == '-' || !other || !first || *first != number)
			continue;
		struct wpkg_str refuses = file_name(o, other);
		obj_problem(o, "%.*s uses %.*s, which %.*s must not be together with",
			    WPKG_STR_ARG(o->files[number].name), WPKG_STR_ARG(entry.name),
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
	if (status == WPKG_OK)
		check_shared(o, &all);
	for (uint32_t i = 0; status == WPKG_OK && all.refused.count > 0 && i < o->file_count; i++)
		check_file(o, &all, i);
	clear(&all);
	return status;
}

void link_put_features(struct wpkg_buf *out, const struct link_sources *from, bool with_refusals)
{
	struct features known = {0};
	struct wpkg_buf content;
	struct entry entry;
	uint32_t count = 0;
	wpkg_buf_init(&content, out->max);
	for (size_t i = 0; i < from->count; i++) {
		struct entries entries = entries_of(from->modules[i]);
		while (take_entry(&entry, &entries)) {
			bool is_new = false;
			if (entry.prefix == '-' && !with_refusals)
				continue;
			if (!link_names_put(names_of(&known, &entry), entry.name, &is_new))
				content.failed = WPKG_ENOMEM;
			if (!is_new)
				continue;
			count++;
			wpkg_buf_append_byte(&content, entry.prefix == '-' ? '-' : '+');
			wpkg_writer_name(&content, entry.name);
		}
		link_rest(from, i);
	}
	link_put_counted(out, WPKG_LIT("target_features"), count, &content);
	wpkg_buf_clear(&content);
	clear(&known);
}
