/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_names.h"

#include "base/utf8.h"
#include "wasm/instruction.h"
#include "wasm/writer.h"

#define MODULE_NAME 0 /* the subsection before all maps */

static bool is_inner(unsigned id)
{
	return id == WAT_NAME_LOCAL || id == WAT_NAME_LABEL || id == WAT_NAME_FIELD;
}

/* Reading. */

/* Index and name pairs of one outer index; indices rise. */
static void read_pairs(struct wat_name_map *map, uint32_t outer, struct wpkg_reader *r)
{
	uint32_t first = map->count;
	for (uint32_t left = wpkg_reader_u32(r); left > 0; left--) {
		struct wat_name name = {.outer = outer, .index = wpkg_reader_u32(r)};
		name.text = wpkg_reader_name(r, UINT32_MAX);
		bool rises = map->count == first || map->items[map->count - 1].index < name.index;
		if (r->status != WPKG_OK || !rises)
			return;
		map->items[map->count++] = name;
	}
}

/* How many pairs there are, so that no announced count takes memory for nothing. */
static size_t count_pairs(struct wpkg_reader r, bool is_inner)
{
	size_t count = 0;
	for (uint32_t outer = is_inner ? wpkg_reader_u32(&r) : 1; outer > 0; outer--) {
		if (is_inner)
			wpkg_reader_u32(&r);
		for (uint32_t left = wpkg_reader_u32(&r); left > 0; left--) {
			wpkg_reader_u32(&r);
			wpkg_reader_skip(&r, wpkg_reader_u32(&r));
			if (r.status != WPKG_OK)
				return count;
			count++;
		}
		if (r.status != WPKG_OK)
			return count;
	}
	return count;
}

static bool read_map(struct wat_names *names, unsigned id, struct wpkg_reader *r)
{
	struct wat_name_map *map = &names->maps[id];
	size_t room = count_pairs(*r, is_inner(id));
	if (map->items)
		return true; /* a second one */
	map->items = wpkg_arena_alloc(&names->arena, room + 1, sizeof(*map->items));
	if (!map->items)
		return false;
	if (!is_inner(id)) {
		read_pairs(map, 0, r);
		return true;
	}
	uint32_t last = 0;
	uint32_t left = wpkg_reader_u32(r);
	for (bool is_first = true; left > 0 && r->status == WPKG_OK; left--, is_first = false) {
		uint32_t outer = wpkg_reader_u32(r);
		if (!is_first && outer <= last)
			break;
		read_pairs(map, outer, r);
		last = outer;
	}
	return true;
}

static bool read_section(struct wat_names *names, struct wpkg_str section)
{
	struct wpkg_reader r;
	bool has_memory = true;
	wpkg_reader_init(&r, section, 0, NULL);
	while (has_memory && wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader sub = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (r.status != WPKG_OK)
			break;
		if (id == MODULE_NAME && !names->has_module) {
			names->module = wpkg_reader_name(&sub, UINT32_MAX);
			names->has_module = sub.status == WPKG_OK;
		} else if (id != MODULE_NAME && id < WAT_NAME_COUNT) {
			has_memory = read_map(names, id, &sub);
		}
	}
	return has_memory;
}

/* Identifiers. */

/* Takes the identifier for the group of names, unless one of them has it. */
static bool claim(struct wat_symbols *symbols, struct wat_name *name, struct wpkg_str id,
		  uint32_t group)
{
	uint32_t symbol = wat_symbols_add(symbols, id);
	if (symbol == WAT_SYMBOL_NONE)
		return false;
	uint32_t *taken = &symbols->items[symbol].bound[0];
	if (*taken != group) {
		*taken = group;
		name->id = id;
	}
	return true;
}

static bool claim_derived(struct wat_names *names, struct wat_symbols *symbols,
			  struct wat_name *name, uint32_t group)
{
	struct wpkg_str id = wpkg_arena_format(&names->arena, "%.*s#%u", WPKG_STR_ARG(name->text),
					       (unsigned)name->index);
	if (!id.ptr)
		return false;
	char *bytes = (char *)(uintptr_t)id.ptr; /* ours */
	for (size_t i = 0; i < id.len; i++)
		if (!wat_is_name_byte(bytes[i]))
			bytes[i] = '_';
	return claim(symbols, name, id, group);
}

/* The names of one outer index: those that are identifiers come first to theirs. */
static bool name_group(struct wat_names *names, struct wat_symbols *symbols, struct wat_name *items,
		       uint32_t count, uint32_t group)
{
	for (uint32_t i = 0; i < count; i++)
		if (wat_is_plain_id(items[i].text) &&
		    !claim(symbols, &items[i], items[i].text, group))
			return false;
	for (uint32_t i = 0; i < count; i++)
		if (!items[i].id.ptr && items[i].text.len > 0 &&
		    !claim_derived(names, symbols, &items[i], group))
			return false;
	return true;
}

static bool make_ids(struct wat_names *names)
{
	struct wat_symbols symbols;
	uint32_t group = 0;
	bool has_memory = true;
	wat_symbols_init(&symbols);
	for (unsigned id = WAT_NAME_FUNC; id < WAT_NAME_COUNT; id++) {
		struct wat_name_map *map = &names->maps[id];
		uint32_t end;
		for (uint32_t i = 0; has_memory && i < map->count; i = end) {
			end = i + 1;
			while (end < map->count && map->items[end].outer == map->items[i].outer)
				end++;
			has_memory = name_group(names, &symbols, map->items + i, end - i, ++group);
		}
	}
	wat_symbols_clear(&symbols);
	return has_memory;
}

const struct wat_name *wat_names_find(const struct wat_names *names, enum wat_name_id map,
				      uint32_t outer, uint32_t index)
{
	const struct wat_name *items = names->maps[map].items;
	uint32_t low = 0, high = names->maps[map].count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct wat_name *item = &items[middle];
		if (item->outer < outer || (item->outer == outer && item->index < index))
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < names->maps[map].count && items[low].outer == outer &&
		     items[low].index == index;
	return found ? &items[low] : NULL;
}

/* Would a text of the module bring back the section? */

static uint32_t local_count(const struct wpkg_module *module, uint32_t func)
{
	struct wpkg_reader r;
	struct wpkg_range body = wpkg_module_body(module, func);
	wpkg_reader_init(&r, wpkg_module_slice(module, body), body.start, NULL);
	uint32_t count = wpkg_module_func_type(module, func)->param_count;
	for (uint32_t groups = wpkg_reader_u32(&r); groups > 0; groups--) {
		count += wpkg_reader_u32(&r);
		wasm_raw_valtype(&r);
	}
	return count;
}

static uint32_t label_count(const struct wpkg_module *module, uint32_t func)
{
	struct wpkg_reader r;
	struct wasm_instruction instruction;
	struct wpkg_range body = wpkg_module_body(module, func);
	uint32_t count = 0;
	wpkg_reader_init(&r, wpkg_module_slice(module, body), body.start, NULL);
	wasm_skip_locals(&r);
	while (wpkg_reader_more(&r)) {
		wasm_instruction_read(&instruction, &r);
		count += wasm_opens_block(instruction.op);
	}
	return count;
}

/* How many inner indices an outer one has; 0 when it can have none in a text. */
static uint32_t inner_count(const struct wpkg_module *module, unsigned id, uint32_t outer)
{
	if (id == WAT_NAME_FIELD) {
		if (outer >= module->type_count)
			return 0;
		const struct wpkg_type *type = wpkg_module_type(module, outer);
		return type->composite == WPKG_COMPOSITE_STRUCT ? type->field_count : 0;
	}
	if (outer >= module->func_count || outer < module->func_import_count)
		return 0;
	return id == WAT_NAME_LOCAL ? local_count(module, outer) : label_count(module, outer);
}

static bool are_all_there(const struct wat_names *names, const struct wpkg_module *module)
{
	const uint32_t counts[WAT_NAME_COUNT] = {
		[WAT_NAME_FUNC] = module->func_count,	  [WAT_NAME_TYPE] = module->type_count,
		[WAT_NAME_TABLE] = module->table_count,	  [WAT_NAME_MEMORY] = module->memory_count,
		[WAT_NAME_GLOBAL] = module->global_count, [WAT_NAME_ELEM] = module->elem_count,
		[WAT_NAME_DATA] = module->data_count,	  [WAT_NAME_TAG] = module->tag_count,
	};
	for (unsigned id = WAT_NAME_FUNC; id < WAT_NAME_COUNT; id++) {
		const struct wat_name_map *map = &names->maps[id];
		for (uint32_t i = 0; i < map->count; i++) {
			const struct wat_name *name = &map->items[i];
			bool is_last = i + 1 == map->count || name[1].outer != name->outer;
			if (!is_inner(id) ? name->index >= counts[id]
					  : is_last && name->index >=
							       inner_count(module, id, name->outer))
				return false;
		}
	}
	return true;
}

static void write_pairs(struct wpkg_buf *out, const struct wat_name *items, uint32_t count)
{
	wpkg_writer_u32(out, count);
	for (uint32_t i = 0; i < count; i++) {
		wpkg_writer_u32(out, items[i].index);
		wpkg_writer_name(out, items[i].text);
	}
}

static void write_map(struct wpkg_buf *out, struct wpkg_buf *groups, unsigned id,
		      const struct wat_name_map *map)
{
	if (!is_inner(id)) {
		write_pairs(out, map->items, map->count);
		return;
	}
	uint32_t count = 0, end;
	wpkg_buf_reset(groups);
	for (uint32_t i = 0; i < map->count; i = end, count++) {
		end = i + 1;
		while (end < map->count && map->items[end].outer == map->items[i].outer)
			end++;
		wpkg_writer_u32(groups, map->items[i].outer);
		write_pairs(groups, map->items + i, end - i);
	}
	wpkg_writer_u32(out, count);
	wpkg_buf_append_str(out, wpkg_buf_str(groups));
}

/* The section as wat_assemble.c writes it. */
static bool is_rewritten(const struct wat_names *names, struct wpkg_str section, bool *has_memory)
{
	struct wpkg_buf out, map, groups;
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_init(&map, SIZE_MAX);
	wpkg_buf_init(&groups, SIZE_MAX);
	if (names->has_module) {
		wpkg_writer_name(&map, names->module);
		wpkg_buf_append_byte(&out, MODULE_NAME);
		wpkg_writer_name(&out, wpkg_buf_str(&map));
	}
	for (unsigned id = WAT_NAME_FUNC; id < WAT_NAME_COUNT; id++) {
		if (names->maps[id].count == 0)
			continue;
		wpkg_buf_truncate(&map, 0);
		write_map(&map, &groups, id, &names->maps[id]);
		wpkg_buf_append_byte(&out, (uint8_t)id);
		wpkg_writer_name(&out, wpkg_buf_str(&map));
	}
	*has_memory = out.failed == WPKG_OK && map.failed == WPKG_OK && groups.failed == WPKG_OK;
	bool is_same = wpkg_str_equal(wpkg_buf_str(&out), section);
	wpkg_buf_clear(&out);
	wpkg_buf_clear(&map);
	wpkg_buf_clear(&groups);
	return is_same;
}

/* It is the only one of its name, and the first section behind those that are not custom. */
static bool is_in_place(const struct wpkg_module *module, const struct wpkg_module_section *section)
{
	const struct wpkg_module_section *end = module->sections + module->section_count;
	if (section > module->sections && section[-1].id == WPKG_SECTION_CUSTOM)
		return false;
	for (const struct wpkg_module_section *other = section + 1; other < end; other++)
		if (other->id != WPKG_SECTION_CUSTOM || wpkg_str_equal_text(other->name, "name"))
			return false;
	return true;
}

bool wat_names_read(struct wat_names *names, const struct wpkg_module *module)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	memset(names, 0, sizeof(*names));
	wpkg_arena_init(&names->arena, SIZE_MAX);
	if (!section)
		return true;
	struct wpkg_str content = wpkg_module_slice(module, section->body);
	bool has_memory = read_section(names, content) && make_ids(names);
	if (has_memory && is_in_place(module, section) && are_all_there(names, module))
		names->is_exact = is_rewritten(names, content, &has_memory);
	return has_memory;
}

void wat_names_clear(struct wat_names *names)
{
	wpkg_arena_clear(&names->arena);
}
