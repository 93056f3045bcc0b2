/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/type.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void wpkg_types_init(struct wpkg_types *types, size_t max_bytes)
{
	memset(types, 0, sizeof(*types));
	wpkg_arena_init(&types->arena, max_bytes);
}

void wpkg_types_clear(struct wpkg_types *types)
{
	wpkg_mem_free(types->types);
	wpkg_mem_free(types->buckets);
	wpkg_mem_free(types->hashes);
	size_t max = types->arena.max;
	wpkg_arena_clear(&types->arena);
	wpkg_types_init(types, max);
}

/* Canonical groups. */

static uint32_t value_count(const struct wpkg_type *type)
{
	return type->composite == WPKG_COMPOSITE_FUNC ? type->param_count + type->result_count
						      : type->field_count;
}

/* Keyed: whoever makes a module cannot make its groups collide. */
static uint32_t hash_group(const struct wpkg_type *group, uint32_t size)
{
	struct wpkg_hash_state hash;
	wpkg_hash_init(&hash);
	for (const struct wpkg_type *type = group; type < group + size; type++) {
		uint32_t count = value_count(type);
		wpkg_hash_add(&hash, type->composite | (uint64_t)type->is_final << 8 |
					     (uint64_t)type->super << 32);
		wpkg_hash_add(&hash, type->param_count | (uint64_t)count << 32);
		for (uint32_t i = 0; i < count; i++)
			if (type->composite == WPKG_COMPOSITE_FUNC)
				wpkg_hash_add(&hash, type->params[i]);
			else
				wpkg_hash_add(&hash,
					      type->fields[i].type |
						      (uint64_t)type->fields[i].is_mutable << 32);
	}
	return (uint32_t)wpkg_hash_finish(&hash);
}

/* What a relative reference of a group whose first type has that number means. */
static wpkg_valtype absolute(wpkg_valtype type, uint32_t first)
{
	if (!(type & WPKG_TYPE_RELATIVE))
		return type;
	return (type & ~(WPKG_TYPE_RELATIVE | WPKG_TYPE_INDEX)) |
	       ((type & WPKG_TYPE_INDEX) + first);
}

static uint32_t absolute_id(uint32_t id, uint32_t first)
{
	return id == WPKG_TYPE_ID_NONE || !(id & WPKG_TYPE_RELATIVE)
		       ? id
		       : (id & WPKG_TYPE_INDEX) + first;
}

/*
 * A reference to the group itself must be relative in the new one: an absolute reference to an
 * equal, older group is another type.
 */
static bool value_equal(wpkg_valtype old, wpkg_valtype new, const struct wpkg_type *group)
{
	if (absolute(new, group->group) != old)
		return false;
	uint32_t id = wpkg_valtype_id(old);
	bool inside = id != WPKG_TYPE_ID_NONE && id - group->group < group->group_size;
	return inside == ((new &WPKG_TYPE_RELATIVE) != 0);
}

static bool type_equal(const struct wpkg_type *old, const struct wpkg_type *new)
{
	if (old->composite != new->composite || old->is_final != new->is_final ||
	    old->param_count != new->param_count || value_count(old) != value_count(new) ||
	    absolute_id(new->super, old->group) != old->super)
		return false;
	if (new->super != WPKG_TYPE_ID_NONE &&
	    (old->super - old->group < old->group_size) != ((new->super &WPKG_TYPE_RELATIVE) != 0))
		return false;
	for (uint32_t i = 0; i < value_count(old); i++) {
		if (old->composite == WPKG_COMPOSITE_FUNC) {
			if (!value_equal(old->params[i], new->params[i], old))
				return false;
		} else if (old->fields[i].is_mutable != new->fields[i].is_mutable ||
			   !value_equal(old->fields[i].type, new->fields[i].type, old)) {
			return false;
		}
	}
	return true;
}

static bool group_equal(const struct wpkg_types *types, uint32_t first,
			const struct wpkg_type *group, uint32_t size)
{
	if (types->types[first].group_size != size)
		return false;
	for (uint32_t i = 0; i < size; i++)
		if (!type_equal(&types->types[first + i], &group[i]))
			return false;
	return true;
}

/* The bucket of the group, or the free one where it would go. */
static uint32_t find_bucket(const struct wpkg_types *types, uint32_t hash,
			    const struct wpkg_type *group, uint32_t size)
{
	uint32_t mask = types->bucket_count - 1;
	uint32_t i = hash & mask;
	while (types->buckets[i] && (types->hashes[i] != hash ||
				     !group_equal(types, types->buckets[i] - 1, group, size)))
		i = (i + 1) & mask;
	return i;
}

static enum wpkg_status fail_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for types");
}

/* Keeps a third of the buckets free, so that a search ends soon. */
static enum wpkg_status room_for_bucket(struct wpkg_types *types, struct wpkg_err *err)
{
	if (types->bucket_count && types->group_count + 1 <= types->bucket_count / 3 * 2)
		return WPKG_OK;
	uint32_t count = types->bucket_count ? types->bucket_count * 2 : 8;
	uint32_t *buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	uint32_t *hashes = wpkg_mem_calloc(count, sizeof(*hashes));
	if (!buckets || !hashes) {
		wpkg_mem_free(buckets);
		wpkg_mem_free(hashes);
		return fail_memory(err);
	}
	for (uint32_t i = 0; i < types->bucket_count; i++) {
		if (!types->buckets[i])
			continue;
		uint32_t to = types->hashes[i] & (count - 1);
		while (buckets[to])
			to = (to + 1) & (count - 1);
		buckets[to] = types->buckets[i];
		hashes[to] = types->hashes[i];
	}
	wpkg_mem_free(types->buckets);
	wpkg_mem_free(types->hashes);
	types->buckets = buckets;
	types->hashes = hashes;
	types->bucket_count = count;
	return WPKG_OK;
}

static enum wpkg_status room_for_types(struct wpkg_types *types, uint32_t size,
				       struct wpkg_err *err)
{
	if (size > WPKG_TYPE_INDEX / 2 - types->count)
		return fail_memory(err);
	if (types->count + size <= types->cap)
		return WPKG_OK;
	uint32_t cap = types->cap ? types->cap * 2 : 4;
	if (cap < types->count + size)
		cap = types->count + size;
	struct wpkg_type *block = wpkg_mem_resize(types->types, cap, sizeof(*block));
	if (!block)
		return fail_memory(err);
	types->types = block;
	types->cap = cap;
	return WPKG_OK;
}

/* Copies what a type points to, with absolute numbers. */
static bool copy_type(struct wpkg_type *out, struct wpkg_types *types, const struct wpkg_type *type,
		      uint32_t first, uint32_t size)
{
	uint32_t count = value_count(type);
	*out = *type;
	out->group = first;
	out->group_size = size;
	out->super = absolute_id(type->super, first);
	if (type->composite == WPKG_COMPOSITE_FUNC) {
		wpkg_valtype *values = wpkg_arena_alloc(&types->arena, count, sizeof(*values));
		for (uint32_t i = 0; values && i < count; i++)
			values[i] = absolute(type->params[i], first);
		out->params = values;
		return values != NULL;
	}
	struct wpkg_field *fields = wpkg_arena_alloc(&types->arena, count, sizeof(*fields));
	for (uint32_t i = 0; fields && i < count; i++) {
		fields[i].type = absolute(type->fields[i].type, first);
		fields[i].is_mutable = type->fields[i].is_mutable;
	}
	out->fields = fields;
	return fields != NULL;
}

enum wpkg_status wpkg_types_add(uint32_t *out, struct wpkg_types *types,
				const struct wpkg_type *group, uint32_t size, struct wpkg_err *err)
{
	enum wpkg_status status = room_for_bucket(types, err);
	if (status != WPKG_OK)
		return status;
	uint32_t hash = hash_group(group, size);
	uint32_t bucket = find_bucket(types, hash, group, size);
	if (types->buckets[bucket]) {
		*out = types->buckets[bucket] - 1;
		return WPKG_OK;
	}
	status = room_for_types(types, size, err);
	if (status != WPKG_OK)
		return status;
	uint32_t first = types->count;
	for (uint32_t i = 0; i < size; i++)
		if (!copy_type(&types->types[first + i], types, &group[i], first, size))
			return fail_memory(err);
	types->count += size;
	types->group_count++;
	types->buckets[bucket] = first + 1;
	types->hashes[bucket] = hash;
	*out = first;
	return WPKG_OK;
}

enum wpkg_status wpkg_types_add_func(uint32_t *out, struct wpkg_types *types,
				     const wpkg_valtype *params, uint32_t param_count,
				     uint32_t result_count, struct wpkg_err *err)
{
	struct wpkg_type type = {.composite = WPKG_COMPOSITE_FUNC,
				 .is_final = true,
				 .super = WPKG_TYPE_ID_NONE,
				 .param_count = param_count,
				 .result_count = result_count,
				 .params = params};
	return wpkg_types_add(out, types, &type, 1, err);
}

/* Adopting another table. */

/* Numbers inside the group become relative, others are those of the new table. */
static wpkg_valtype map_value(wpkg_valtype type, const struct wpkg_type *old, const uint32_t *map)
{
	uint32_t id = wpkg_valtype_id(type);
	if (id == WPKG_TYPE_ID_NONE || id - old->group >= old->group_size)
		return wpkg_valtype_map(type, map);
	return (type & ~WPKG_TYPE_INDEX) | WPKG_TYPE_RELATIVE | (id - old->group);
}

static bool map_type(struct wpkg_type *out, struct wpkg_arena *arena, const struct wpkg_type *old,
		     const uint32_t *map)
{
	uint32_t count = value_count(old);
	*out = *old;
	if (old->super != WPKG_TYPE_ID_NONE)
		out->super = old->super - old->group < old->group_size
				     ? WPKG_TYPE_RELATIVE | (old->super - old->group)
				     : map[old->super];
	if (old->composite == WPKG_COMPOSITE_FUNC) {
		wpkg_valtype *values = wpkg_arena_alloc(arena, count, sizeof(*values));
		for (uint32_t i = 0; values && i < count; i++)
			values[i] = map_value(old->params[i], old, map);
		out->params = values;
		return values != NULL;
	}
	struct wpkg_field *fields = wpkg_arena_alloc(arena, count, sizeof(*fields));
	for (uint32_t i = 0; fields && i < count; i++) {
		fields[i].type = map_value(old->fields[i].type, old, map);
		fields[i].is_mutable = old->fields[i].is_mutable;
	}
	out->fields = fields;
	return fields != NULL;
}

static enum wpkg_status adopt_group(uint32_t *map, struct wpkg_types *types,
				    const struct wpkg_types *from, uint32_t first,
				    struct wpkg_arena *scratch, struct wpkg_err *err)
{
	uint32_t size = from->types[first].group_size;
	struct wpkg_type *group = wpkg_arena_alloc(scratch, size, sizeof(*group));
	if (!group)
		return fail_memory(err);
	for (uint32_t i = 0; i < size; i++)
		if (!map_type(&group[i], scratch, &from->types[first + i], map))
			return fail_memory(err);
	uint32_t id;
	enum wpkg_status status = wpkg_types_add(&id, types, group, size, err);
	for (uint32_t i = 0; status == WPKG_OK && i < size; i++)
		map[first + i] = id + i;
	return status;
}

enum wpkg_status wpkg_types_adopt(uint32_t *map, struct wpkg_types *types,
				  const struct wpkg_types *from, struct wpkg_err *err)
{
	struct wpkg_arena scratch;
	enum wpkg_status status = WPKG_OK;
	wpkg_arena_init(&scratch, SIZE_MAX);
	for (uint32_t i = 0; status == WPKG_OK && i < from->count; i += from->types[i].group_size) {
		status = adopt_group(map, types, from, i, &scratch, err);
		wpkg_arena_clear(&scratch);
	}
	return status;
}

/* Subtyping. */

#define BIT(heap) (1U << WPKG_HEAP_##heap)

/* The abstract heap types that each one is at or below (matching, "Heap Types"). */
static const uint16_t above[WPKG_HEAP_COUNT] = {
	[WPKG_HEAP_ANY] = BIT(ANY),
	[WPKG_HEAP_EQ] = BIT(EQ) | BIT(ANY),
	[WPKG_HEAP_I31] = BIT(I31) | BIT(EQ) | BIT(ANY),
	[WPKG_HEAP_STRUCT] = BIT(STRUCT) | BIT(EQ) | BIT(ANY),
	[WPKG_HEAP_ARRAY] = BIT(ARRAY) | BIT(EQ) | BIT(ANY),
	[WPKG_HEAP_NONE] = BIT(NONE) | BIT(I31) | BIT(STRUCT) | BIT(ARRAY) | BIT(EQ) | BIT(ANY),
	[WPKG_HEAP_FUNC] = BIT(FUNC),
	[WPKG_HEAP_NOFUNC] = BIT(NOFUNC) | BIT(FUNC),
	[WPKG_HEAP_EXTERN] = BIT(EXTERN),
	[WPKG_HEAP_NOEXTERN] = BIT(NOEXTERN) | BIT(EXTERN),
	[WPKG_HEAP_EXN] = BIT(EXN),
	[WPKG_HEAP_NOEXN] = BIT(NOEXN) | BIT(EXN),
	[WPKG_HEAP_BOTTOM] = UINT16_MAX,
};

/* The abstract heap type right above a defined type, and the one at the bottom below it. */
static enum wpkg_heap heap_above(const struct wpkg_type *type)
{
	return type->composite == WPKG_COMPOSITE_FUNC	  ? WPKG_HEAP_FUNC
	       : type->composite == WPKG_COMPOSITE_STRUCT ? WPKG_HEAP_STRUCT
							  : WPKG_HEAP_ARRAY;
}

static enum wpkg_heap heap_below(const struct wpkg_type *type)
{
	return type->composite == WPKG_COMPOSITE_FUNC ? WPKG_HEAP_NOFUNC : WPKG_HEAP_NONE;
}

bool wpkg_types_id_matches(const struct wpkg_types *types, uint32_t a, uint32_t b)
{
	uint8_t depth = types->types[b].depth;
	while (types->types[a].depth > depth)
		a = types->types[a].super;
	return a == b;
}

static bool heap_matches(const struct wpkg_types *types, wpkg_valtype a, wpkg_valtype b)
{
	uint32_t from = a & WPKG_TYPE_INDEX, to = b & WPKG_TYPE_INDEX;
	if (a & WPKG_TYPE_CONCRETE) {
		if (b & WPKG_TYPE_CONCRETE)
			return wpkg_types_id_matches(types, from, to);
		return above[heap_above(&types->types[from])] >> to & 1;
	}
	if (b & WPKG_TYPE_CONCRETE)
		return from == WPKG_HEAP_BOTTOM || from == heap_below(&types->types[to]);
	return above[from] >> to & 1;
}

bool wpkg_types_matches(const struct wpkg_types *types, wpkg_valtype a, wpkg_valtype b)
{
	if (a == b || a == WPKG_TYPE_BOTTOM)
		return true;
	if (!wpkg_valtype_is_ref(a) || !wpkg_valtype_is_ref(b))
		return false;
	if (wpkg_valtype_is_nullable(a) && !wpkg_valtype_is_nullable(b))
		return false;
	return heap_matches(types, a, b);
}

enum wpkg_heap wpkg_types_top(const struct wpkg_types *types, wpkg_valtype ref)
{
	static const enum wpkg_heap tops[] = {WPKG_HEAP_ANY, WPKG_HEAP_FUNC, WPKG_HEAP_EXTERN};
	enum wpkg_heap heap = ref & WPKG_TYPE_CONCRETE
				      ? heap_above(&types->types[ref & WPKG_TYPE_INDEX])
				      : (enum wpkg_heap)(ref & WPKG_TYPE_INDEX);
	for (unsigned i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (above[heap] >> tops[i] & 1)
			return tops[i];
	return WPKG_HEAP_EXN;
}
