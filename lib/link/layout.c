/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output's index spaces: what stays imported first, identical imports once, then what is
 * defined, input by input in the order of instantiation, so that an initialiser only names globals
 * before it.
 */
#include "link/link_int.h"

/* The output's import that is the same as this one, which may be this one now. */
static bool share_import(struct link *link, struct link_names *known, uint32_t input,
			 uint32_t number)
{
	const struct wpkg_module_import *import = &link->modules[input].module->imports[number];
	struct link_extern type = link_extern_of(link, input, import->kind, import->index);
	bool is_new;
	struct wpkg_str key = link_extern_key(link, import, &type);
	uint32_t *out = key.ptr ? link_names_put(known, key, &is_new) : NULL;
	if (!out)
		return false;
	if (is_new) {
		*out = link->import_counts[import->kind]++;
		link->imports[import->kind][*out] = (struct link_item){input, import->index};
	}
	link->modules[input].targets[number].index = *out;
	return true;
}

/* Does the output import what this one does? */
static bool stays(const struct link *link, uint32_t input, uint32_t number)
{
	const struct link_module *m = &link->modules[input];
	const struct wpkg_module_import *import = &m->module->imports[number];
	return m->targets[number].input == WPKG_INDEX_NONE &&
	       link_is_live(link, import->kind, (struct link_item){input, import->index});
}

static bool make_room_for_imports(struct link *link)
{
	size_t most[WPKG_EXTERN_COUNT] = {0};
	bool whole = true;
	for (uint32_t n = 0; n < link->count; n++)
		for (uint32_t i = 0; i < link->modules[n].module->import_count; i++)
			most[link->modules[n].module->imports[i].kind] += stays(link, n, i);
	for (unsigned kind = 0; whole && kind < WPKG_EXTERN_COUNT; kind++) {
		link->imports[kind] =
			wpkg_arena_alloc(&link->arena, most[kind], sizeof(struct link_item));
		whole = link->imports[kind] != NULL;
	}
	return whole;
}

static bool lay_out_imports(struct link *link)
{
	struct link_names known = {0};
	bool whole = make_room_for_imports(link);
	for (uint32_t n = 0; whole && n < link->count; n++) {
		for (uint32_t i = 0; whole && i < link->modules[n].module->import_count; i++)
			whole = !stays(link, n, i) || share_import(link, &known, n, i);
		if (link->modules[n].module->import_count > 0)
			link_rest_input(link, n);
	}
	link_names_clear(&known);
	return whole;
}

/* Of its own the input has in the output, which has next so far. Imports that stay are among the
 * live ones, but numbered apart: base is that much smaller. */
static uint32_t lay_out_part(struct link_module *m, uint8_t space, uint32_t next)
{
	struct link_part *part = &m->parts[space];
	uint32_t live = 0, imports = 0;
	for (uint32_t i = 0; i < part->imported; i++)
		imports += link_bit(m->live + part->word, i);
	for (uint32_t word = part->word; word < part->word + link_words(part->count); word++) {
		m->live_below[word] = live;
		live += (uint32_t)__builtin_popcountll(m->live[word]);
	}
	part->base = next - imports;
	return next - imports + live;
}

uint32_t link_out(const struct link *link, uint8_t space, struct link_item item)
{
	const struct link_module *m = &link->modules[item.input];
	/* What an import is bound to may be one of the host's. */
	while (item.index < m->parts[space].imported) {
		const struct wpkg_link_target *target =
			&m->targets[link_import_of(m->module, space, item.index)];
		if (target->input == WPKG_INDEX_NONE)
			return target->index;
		item = (struct link_item){target->input, target->index};
		m = &link->modules[item.input];
	}
	uint32_t word = m->parts[space].word + item.index / 64;
	uint64_t below = m->live[word] & (((uint64_t)1 << item.index % 64) - 1);
	return m->parts[space].base + m->live_below[word] + (uint32_t)__builtin_popcountll(below);
}

static void number_part(uint32_t *out, const struct link *link, uint32_t input, uint8_t space)
{
	const struct link_module *m = &link->modules[input];
	const struct link_part *part = &m->parts[space];
	uint32_t next = part->base;
	for (uint32_t i = 0; i < part->count; i++) {
		out[i] = i < part->imported ? link_out(link, space, (struct link_item){input, i})
					    : next;
		next += link_bit(m->live + part->word, i);
	}
}

void link_numbers(const uint32_t *out[LINK_SPACE_COUNT], struct link *link, uint32_t input)
{
	uint32_t *at = link->numbers;
	for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++) {
		if (link->numbered != input)
			number_part(at, link, input, space);
		out[space] = at;
		at += link->modules[input].parts[space].count;
	}
	link->numbered = input;
}

static enum wpkg_status lay_out_types(struct link *link)
{
	uint32_t next = 0;
	link->type_out = wpkg_arena_alloc(&link->arena, link->types.count + 1, sizeof(uint32_t));
	if (!link->type_out)
		return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
	for (uint32_t id = 0; id < link->types.count; id++)
		if (link->type_live[id])
			link->type_out[id] = next++;
	return WPKG_OK;
}

static bool make_room_for_numbers(struct link *link)
{
	size_t most = 0;
	for (uint32_t n = 0; n < link->count; n++) {
		size_t count = 0;
		for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++)
			count += link->modules[n].parts[space].count;
		most = count > most ? count : most;
	}
	link->numbers = wpkg_arena_alloc(&link->arena, most, sizeof(*link->numbers));
	link->numbered = WPKG_INDEX_NONE;
	return link->numbers != NULL;
}

enum wpkg_status link_lay_out(struct link *link)
{
	if (!lay_out_imports(link) || !make_room_for_numbers(link))
		return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
	for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++) {
		uint32_t next = link->import_counts[space];
		for (uint32_t n = 0; n < link->count; n++)
			next = lay_out_part(&link->modules[link->order[n]], space, next);
		link->item_counts[space] = next;
	}
	return lay_out_types(link);
}
