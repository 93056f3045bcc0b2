/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small module as one block. Its arrays were made one by one while sections were read, each with
 * room to grow and a header of the allocator's: of a module of a kilobyte that is as much as all
 * that is known of it.
 */
#include "wasm/decode.h"

#include <string.h>

#include "base/mem.h"

/* Bytes. A large one would be in memory twice for a moment, to save next to nothing. */
#define PACKED_MAX ((size_t)16 << 10)

#define PARTS_MOST 16

/* An array of the module. */
struct part {
	void *place; /* of the pointer to it */
	size_t size;
};

#define PART(member, count)                                                                        \
	{                                                                                          \
		&m->member, (count) * sizeof(*m->member)                                           \
	}

static unsigned list_parts(struct part out[PARTS_MOST], struct wpkg_module *m)
{
	size_t bodies = m->bodies ? m->func_count - m->func_import_count : 0;
	const struct part parts[] = {
		PART(types.types, m->types.count),
		PART(type_ids, m->type_count),
		PART(type_names, m->types.count),
		PART(sections, m->section_count),
		PART(imports, m->import_count),
		PART(funcs, m->func_count),
		PART(func_imports, m->func_import_count),
		PART(bodies, bodies),
		PART(tables, m->table_count),
		PART(memories, m->memory_count),
		PART(globals, m->global_count),
		PART(tags, m->tag_count),
		PART(exports, m->export_count),
		PART(export_buckets, m->export_bucket_count),
		PART(elems, m->elem_count),
		PART(datas, m->data_count),
	};
	memcpy(out, parts, sizeof(parts));
	return sizeof(parts) / sizeof(parts[0]);
}

/* What a type points to. */
static size_t operand_size(const struct wpkg_type *type)
{
	if (type->composite != WPKG_COMPOSITE_FUNC)
		return type->field_count * sizeof(*type->fields);
	return ((size_t)type->param_count + type->result_count) * sizeof(*type->params);
}

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static size_t packed_size(struct wpkg_module *module)
{
	struct part parts[PARTS_MOST];
	size_t size = aligned(sizeof(*module));
	for (unsigned i = 0, count = list_parts(parts, module); i < count; i++)
		size += aligned(parts[i].size);
	for (uint32_t i = 0; i < module->types.count; i++)
		size += aligned(operand_size(&module->types.types[i]));
	return size;
}

/* A copy at *at, which moves behind it. */
static const void *move(uint8_t **at, const void *from, size_t size)
{
	void *to = *at;
	if (size > 0)
		memcpy(to, from, size);
	*at += aligned(size);
	return to;
}

static void move_parts(struct wpkg_module *packed)
{
	struct part parts[PARTS_MOST];
	uint8_t *at = (uint8_t *)packed + aligned(sizeof(*packed));
	for (unsigned i = 0, count = list_parts(parts, packed); i < count; i++) {
		const void *block;
		memcpy(&block, parts[i].place, sizeof(block));
		block = parts[i].size > 0 ? move(&at, block, parts[i].size) : NULL;
		memcpy(parts[i].place, &block, sizeof(block));
	}
	for (uint32_t i = 0; i < packed->types.count; i++) {
		struct wpkg_type *type = &packed->types.types[i];
		const void *operands = move(&at, type->params, operand_size(type));
		if (type->composite == WPKG_COMPOSITE_FUNC)
			type->params = operands;
		else
			type->fields = operands;
	}
}

struct wpkg_module *wasm_module_pack(struct wpkg_module *module)
{
	size_t size = packed_size(module);
	if (size > PACKED_MAX)
		return module;
	struct wpkg_module *packed = wpkg_mem_alloc(size);
	if (!packed)
		return NULL;
	*packed = *module;
	packed->is_packed = true;
	move_parts(packed);
	/* Nothing is added to the types any more. */
	packed->types.cap = packed->types.count;
	packed->types.buckets = packed->types.hashes = NULL;
	packed->types.bucket_count = 0;
	packed->types.arena = (struct wpkg_arena){0};
	wpkg_module_free(module);
	return packed;
}
