/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the fields of a struct stand: one after the other, each aligned to its own size. So a
 * field's place follows from the fields before it, and is the same in every subtype.
 */
#include "exec/engine_int.h"

#include "base/mem.h"
#include "exec/compile.h"
#include "exec/type.h"

uint32_t exec_storage_size(wpkg_valtype type)
{
	switch (type) {
	case WPKG_TYPE_I8:
		return 1;
	case WPKG_TYPE_I16:
		return 2;
	case WPKG_TYPE_I32:
	case WPKG_TYPE_F32:
		return 4;
	case WPKG_TYPE_V128:
		return 16;
	default:
		return 8;
	}
}

static bool add_fields(struct exec_layout *layout, struct wpkg_arena *arena)
{
	uint32_t *offsets = wpkg_arena_alloc(arena, layout->field_count, sizeof(*offsets));
	uint32_t *refs = wpkg_arena_alloc(arena, layout->field_count, sizeof(*refs));
	if (!offsets || !refs)
		return false;
	uint32_t at = 0;
	for (uint32_t i = 0; i < layout->field_count; i++) {
		uint32_t size = exec_storage_size(layout->fields[i].type);
		at = (at + size - 1) / size * size;
		offsets[i] = at;
		if (wpkg_valtype_is_ref(layout->fields[i].type))
			refs[layout->ref_count++] = at;
		at += size;
	}
	layout->size = at;
	layout->offsets = offsets;
	layout->refs = refs;
	return true;
}

static bool add_supers(struct exec_layout *layout, struct wpkg_arena *arena,
		       const struct wpkg_types *types)
{
	uint32_t id = layout->type, depth = types->types[id].depth;
	uint32_t *supers = wpkg_arena_alloc(arena, depth + 1, sizeof(*supers));
	if (!supers)
		return false;
	for (uint32_t i = depth + 1; i > 0; i--) {
		supers[i - 1] = id;
		id = types->types[id].super;
	}
	layout->depth = depth;
	layout->supers = supers;
	return true;
}

static bool add_layout(struct wpkg_engine *engine, uint32_t id)
{
	const struct wpkg_type *type = &engine->types.types[id];
	struct wpkg_arena *arena = &engine->arena;
	if (type->composite == WPKG_COMPOSITE_FUNC)
		return true;
	struct exec_layout *layout = wpkg_arena_alloc(arena, 1, sizeof(*layout));
	if (!layout)
		return false;
	layout->type = id;
	layout->is_array = type->composite == WPKG_COMPOSITE_ARRAY;
	layout->fields = type->fields;
	layout->field_count = type->field_count;
	for (uint32_t i = 0; i < type->field_count; i++)
		layout->slots += exec_width(exec_kind_of(type->fields[i].type));
	if (layout->is_array) {
		layout->has_refs = wpkg_valtype_is_ref(type->fields[0].type);
		layout->size = exec_storage_size(type->fields[0].type);
	} else if (!add_fields(layout, arena)) {
		return false;
	}
	if (!add_supers(layout, arena, &engine->types))
		return false;
	engine->layouts[id] = layout;
	return true;
}

bool exec_layouts_extend(struct wpkg_engine *engine)
{
	uint32_t count = engine->types.count;
	if (count > engine->layout_cap) {
		uint32_t cap = count < 2 * engine->layout_cap ? 2 * engine->layout_cap : count;
		const struct exec_layout **grown =
			wpkg_mem_resize(engine->layouts, cap, sizeof(*grown));
		if (!grown)
			return false;
		engine->layouts = grown;
		engine->layout_cap = cap;
	}
	for (; engine->layout_count < count; engine->layout_count++) {
		engine->layouts[engine->layout_count] = NULL;
		if (!add_layout(engine, engine->layout_count))
			return false;
	}
	return true;
}
