/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output's index spaces: what stays imported first, identical imports once, then what is
 * defined, input by input in the order of instantiation, so that an initialiser only names globals
 * before it.
 */
#include "link/link_int.h"

static bool is_defined(const struct link *link, uint8_t space, struct link_item item)
{
	return space >= WPKG_EXTERN_COUNT || !link_is_import(link, space, item);
}

static uint32_t add_item(struct link *link, uint8_t space, struct link_item item)
{
	link->items[space][link->item_counts[space]] = item;
	return link->item_counts[space]++;
}

/* The output's import that is the same as this one, which may be this one now. */
static bool share_import(struct link *link, struct link_names *known, uint8_t kind,
			 struct link_item item)
{
	const struct wpkg_module *module = link->modules[item.input].module;
	struct link_extern type = link_extern_of(link, item.input, kind, item.index);
	bool is_new;
	struct wpkg_str key = link_extern_key(
		link, &module->imports[link_import_of(module, kind, item.index)], &type);
	uint32_t *number = key.ptr ? link_names_put(known, key, &is_new) : NULL;
	if (!number)
		return false;
	if (is_new)
		*number = add_item(link, kind, item);
	link->modules[item.input].out[kind][item.index] = *number;
	return true;
}

static bool lay_out_imports(struct link *link, uint8_t kind)
{
	struct link_names known = {0};
	bool whole = true;
	for (uint32_t n = 0; n < link->count; n++) {
		struct link_module *m = &link->modules[n];
		for (uint32_t i = 0; whole && i < m->counts[kind]; i++) {
			struct link_item item = {n, i};
			struct link_item end = link_final(link, kind, item);
			if (m->live[kind][i] && link_is_import(link, kind, item) &&
			    end.input == n && end.index == i)
				whole = share_import(link, &known, kind, item);
		}
	}
	link->import_counts[kind] = link->item_counts[kind];
	link_names_clear(&known);
	return whole;
}

static void lay_out_defined(struct link *link, uint8_t space)
{
	for (uint32_t n = 0; n < link->count; n++) {
		struct link_module *m = &link->modules[link->order[n]];
		for (uint32_t i = 0; i < m->counts[space]; i++) {
			struct link_item item = {link->order[n], i};
			if (m->live[space][i] && is_defined(link, space, item))
				m->out[space][i] = add_item(link, space, item);
		}
	}
}

/* Imports that are bound are what they are bound to. */
static void lay_out_bound(struct link *link, uint8_t kind)
{
	for (uint32_t n = 0; n < link->count; n++)
		for (uint32_t i = 0; i < link->modules[n].counts[kind]; i++) {
			struct link_item end = link_final(link, kind, (struct link_item){n, i});
			link->modules[n].out[kind][i] =
				link->modules[end.input].out[kind][end.index];
		}
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

enum wpkg_status link_lay_out(struct link *link)
{
	for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++) {
		size_t most = 1;
		for (uint32_t n = 0; n < link->count; n++)
			most += link->modules[n].counts[space];
		link->items[space] = wpkg_arena_alloc(&link->arena, most, sizeof(struct link_item));
		if (!link->items[space])
			return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
		if (space < WPKG_EXTERN_COUNT && !lay_out_imports(link, space))
			return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
		lay_out_defined(link, space);
		if (space < WPKG_EXTERN_COUNT)
			lay_out_bound(link, space);
	}
	return lay_out_types(link);
}
