/* SPDX-License-Identifier: Apache-2.0 */
/* Why something of a module is in the output of a merge, from what marking wrote down. */
#include "link/explain.h"
#include "link/link_int.h"
#include "wasm/reader.h"

#define EXPLAINED_MAX 20
#define STEPS_MAX 1000
#define HINTS_MAX 5
#define NAME_MAX_BYTES 100000

struct explaining {
	const struct link *link;
	const struct link_root *roots;
	size_t root_count;
	struct wpkg_explanation *out;
	struct wpkg_arena *arena;
	bool failed;
};

static struct wpkg_str space_name(uint8_t space)
{
	static const struct wpkg_str names[] = {
		WPKG_STR("function"),	 WPKG_STR("table"), WPKG_STR("memory"),
		WPKG_STR("global"),	 WPKG_STR("tag"),   WPKG_STR("element segment"),
		WPKG_STR("data segment")};
	return space < sizeof(names) / sizeof(names[0]) ? names[space] : (struct wpkg_str){0};
}

/* The name by an export or the name section, else kind and number. */
static struct wpkg_str label(struct explaining *e, uint8_t space, struct link_item item)
{
	const struct wpkg_module *module = e->link->modules[item.input].module;
	struct wpkg_str name = {0};
	if (space == WPKG_EXTERN_FUNC)
		name = wpkg_module_func_name(module, item.index);
	for (uint32_t i = 0; name.len == 0 && i < module->export_count; i++)
		if (module->exports[i].kind == space && module->exports[i].index == item.index)
			name = module->exports[i].name;
	struct wpkg_str text =
		name.len > 0 ? wpkg_arena_dup(e->arena, name)
			     : wpkg_arena_format(e->arena, "%.*s %u",
						 WPKG_STR_ARG(space_name(space)), item.index);
	e->failed = e->failed || !text.ptr;
	return text;
}

/* Does it put something into a table or memory of the host? */
static bool is_for_host(const struct explaining *e, uint8_t space, struct link_item item)
{
	const struct wpkg_module *module = e->link->modules[item.input].module;
	uint8_t kind = space == LINK_ELEM ? WPKG_EXTERN_TABLE : WPKG_EXTERN_MEMORY;
	uint32_t index = WPKG_INDEX_NONE;
	if (space == LINK_ELEM && module->elems[item.index].mode == WPKG_SEGMENT_ACTIVE)
		index = module->elems[item.index].table;
	if (space == LINK_DATA && module->datas[item.index].mode == WPKG_SEGMENT_ACTIVE)
		index = module->datas[item.index].memory;
	return index != WPKG_INDEX_NONE &&
	       link_is_import(e->link, kind,
			      link_final(e->link, kind, (struct link_item){item.input, index}));
}

static struct wpkg_str root_of(const struct explaining *e, uint8_t space, struct link_item item)
{
	if (is_for_host(e, space, item))
		return WPKG_LIT("put into what the host gives");
	for (size_t i = 0; i < e->root_count; i++)
		if (e->roots[i].kind == space && e->roots[i].item.input == item.input &&
		    e->roots[i].item.index == item.index)
			return WPKG_LIT("exported");
	for (uint32_t i = 0; space == WPKG_EXTERN_FUNC && i < e->link->count; i++) {
		uint32_t start = e->link->modules[i].module->start;
		if (start == WPKG_INDEX_NONE)
			continue;
		struct link_item final = link_final(e->link, space, (struct link_item){i, start});
		if (final.input == item.input && final.index == item.index)
			return WPKG_LIT("a start function");
	}
	return WPKG_LIT("kept because everything is");
}

static size_t follow(struct explaining *e, uint8_t space, struct link_item item,
		     struct wpkg_explained_step *steps, struct wpkg_str *root)
{
	size_t count = 0;
	for (;; count++) {
		struct link_origin from = e->link->modules[item.input].from[space][item.index];
		if (from.space == LINK_NO_SPACE || count == STEPS_MAX)
			break;
		space = from.space;
		item = from.item;
		if (steps)
			steps[count] = (struct wpkg_explained_step){
				label(e, space, item), e->link->inputs->items[item.input].name};
	}
	*root = root_of(e, space, item);
	return count;
}

static void add_item(struct explaining *e, struct wpkg_str name, uint8_t kind, uint32_t input,
		     uint32_t index)
{
	const struct link *link = e->link;
	struct link_item item = link_final(link, kind, (struct link_item){input, index});
	const struct link_module *from = &link->modules[item.input];
	if (e->out->count == EXPLAINED_MAX)
		return;
	struct wpkg_explained *one = &e->out->items[e->out->count++];
	bool is_live = link_is_live(link, kind, item);
	*one = (struct wpkg_explained){.name = wpkg_arena_dup(e->arena, name),
				       .kind = space_name(kind),
				       .state = is_live ? WPKG_EXPLAINED_IN : WPKG_EXPLAINED_UNUSED,
				       .where = link->inputs->items[item.input].name};
	if (link_is_import(link, kind, item)) {
		const struct wpkg_module_import *import =
			&from->module->imports[link_import_of(from->module, kind, item.index)];
		one->state = is_live ? WPKG_EXPLAINED_HOST : WPKG_EXPLAINED_UNUSED;
		one->module = wpkg_arena_dup(e->arena, import->module);
		one->field = wpkg_arena_dup(e->arena, import->field);
	}
	if (!is_live)
		return;
	one->need_count = follow(e, kind, item, NULL, &one->root);
	struct wpkg_explained_step *steps =
		wpkg_arena_alloc(e->arena, one->need_count + 1, sizeof(*steps));
	e->failed = e->failed || !steps;
	if (steps)
		follow(e, kind, item, steps, &one->root);
	one->needs = steps;
}

static bool is_known(const struct explaining *e, uint8_t kind, uint32_t input, uint32_t index,
		     struct link_item *seen, size_t *seen_count)
{
	struct link_item item = link_final(e->link, kind, (struct link_item){input, index});
	for (size_t i = 0; i < *seen_count; i++)
		if (seen[i].input == item.input && seen[i].index == item.index)
			return true;
	if (*seen_count < EXPLAINED_MAX)
		seen[(*seen_count)++] = item;
	return false;
}

/* Functions of that name by the name section. */
static void add_named(struct explaining *e, uint32_t input, struct wpkg_str name,
		      struct link_item *seen, size_t *seen_count)
{
	const struct wpkg_module *module = e->link->modules[input].module;
	struct wpkg_reader r;
	if (!link_find_names(&r, module, LINK_NAMES_FUNCS))
		return;
	for (uint32_t count = wpkg_reader_u32(&r); count > 0; count--) {
		uint32_t index = wpkg_reader_u32(&r);
		struct wpkg_str found = wpkg_reader_name(&r, NAME_MAX_BYTES);
		if (r.status != WPKG_OK)
			return;
		if (index < module->func_count && wpkg_str_equal(found, name) &&
		    !is_known(e, WPKG_EXTERN_FUNC, input, index, seen, seen_count))
			add_item(e, name, WPKG_EXTERN_FUNC, input, index);
	}
}

static void add_from(struct explaining *e, uint32_t input, struct wpkg_str name)
{
	const struct wpkg_module *module = e->link->modules[input].module;
	struct link_item seen[EXPLAINED_MAX];
	size_t seen_count = 0;
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	if (export) {
		if (export->kind == WPKG_EXTERN_FUNC)
			is_known(e, WPKG_EXTERN_FUNC, input, export->index, seen, &seen_count);
		add_item(e, name, export->kind, input, export->index);
	}
	add_named(e, input, name, seen, &seen_count);
}

static void add_hints(struct explaining *e, struct wpkg_str input, struct wpkg_str name)
{
	struct wpkg_buf text;
	unsigned count = 0;
	wpkg_buf_init(&text, 1 << 16);
	for (uint32_t i = 0; i < e->link->count; i++) {
		const struct wpkg_module *module = e->link->modules[i].module;
		struct wpkg_str own = e->link->inputs->items[i].name;
		bool is_near = input.len == 0 || wpkg_str_is_near(own, input);
		for (uint32_t x = 0; is_near && x < module->export_count && count < HINTS_MAX; x++)
			if (wpkg_str_is_near(module->exports[x].name, name))
				wpkg_buf_append_format(&text, "%s'%.*s:%.*s'", count++ ? ", " : "",
						       WPKG_STR_ARG(own),
						       WPKG_STR_ARG(module->exports[x].name));
	}
	e->out->hints = wpkg_arena_dup(e->arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
}

enum wpkg_status link_explain(struct wpkg_explanation *out, const struct link *link,
			      const struct link_root *roots, size_t root_count,
			      struct wpkg_str name, struct wpkg_arena *arena)
{
	struct explaining e = {link, roots, root_count, out, arena, false};
	size_t colon = wpkg_str_find(name, ':');
	struct wpkg_str input = {0}, rest = name;
	if (colon < name.len) {
		input = wpkg_str_slice(name, 0, colon);
		rest = wpkg_str_from_offset(name, colon + 1);
	}
	out->count = 0;
	out->items = wpkg_arena_alloc(arena, EXPLAINED_MAX, sizeof(*out->items));
	e.failed = !out->items;
	for (uint32_t i = 0; !e.failed && i < link->count; i++) {
		if (input.len == 0 || wpkg_str_equal(link->inputs->items[i].name, input))
			add_from(&e, i, rest);
		if (input.len > 0)
			add_from(&e, i, name); /* names may hold a colon */
	}
	if (!e.failed && out->count == 0)
		add_hints(&e, input, rest);
	return e.failed ? WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory") : WPKG_OK;
}
