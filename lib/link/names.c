/* SPDX-License-Identifier: Apache-2.0 */
#include "link/names.h"

#include "base/hash.h"
#include "base/mem.h"

void link_names_clear(struct link_names *names)
{
	wpkg_mem_free(names->items);
	wpkg_mem_free(names->slots);
	*names = (struct link_names){0};
}

static uint32_t hash_of(struct wpkg_str name)
{
	return (uint32_t)wpkg_hash(name);
}

/* The name's slot, or the free one where it would be. The capacity is a power of two. */
static uint32_t *probe(const struct link_names *names, struct wpkg_str name, uint32_t hash)
{
	uint32_t mask = names->capacity - 1;
	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &names->slots[i];
		if (*slot == 0)
			return slot;
		const struct link_name *item = &names->items[*slot - 1];
		if (item->hash == hash && wpkg_str_equal(item->name, name))
			return slot;
	}
}

/* All names are in it, and no two are the same. */
static void fill_slots(struct link_names *names)
{
	uint32_t mask = names->capacity - 1;
	for (uint32_t number = 0; number < names->count; number++) {
		uint32_t i = names->items[number].hash & mask;
		while (names->slots[i] != 0)
			i = (i + 1) & mask;
		names->slots[i] = number + 1;
	}
}

/* Room for three quarters of the slots. */
static bool grow(struct link_names *names)
{
	uint32_t capacity = names->capacity > 0 ? names->capacity * 2 : 64;
	if (capacity == 0)
		return false;
	struct link_name *items =
		wpkg_mem_resize(names->items, capacity / 4 * 3, sizeof(*names->items));
	if (!items)
		return false;
	names->items = items;
	uint32_t *slots = wpkg_mem_calloc(capacity, sizeof(*slots));
	if (!slots)
		return false;
	wpkg_mem_free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
	fill_slots(names);
	return true;
}

uint32_t *link_names_put(struct link_names *names, struct wpkg_str name, bool *is_new)
{
	if (names->count >= names->capacity / 4 * 3 && !grow(names))
		return NULL;
	uint32_t hash = hash_of(name);
	uint32_t *slot = probe(names, name, hash);
	*is_new = *slot == 0;
	if (*is_new) {
		names->items[names->count] = (struct link_name){.name = name, .hash = hash};
		*slot = ++names->count;
	}
	return &names->items[*slot - 1].value;
}

uint32_t *link_names_find(const struct link_names *names, struct wpkg_str name)
{
	if (names->capacity == 0)
		return NULL;
	const uint32_t *slot = probe(names, name, hash_of(name));
	return *slot > 0 ? &names->items[*slot - 1].value : NULL;
}

static char *put_bytes(char *at, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(at, bytes, size);
	return at + size;
}

struct wpkg_str link_import_key(struct wpkg_arena *arena, struct wpkg_str module,
				struct wpkg_str field, const uint64_t *words, size_t count)
{
	uint64_t boundary = module.len;
	size_t size = sizeof(boundary) + module.len + field.len + count * sizeof(*words);
	char *key = wpkg_arena_alloc(arena, size, 1);
	if (!key)
		return (struct wpkg_str){0};
	char *at = put_bytes(key, &boundary, sizeof(boundary));
	at = put_bytes(at, words, count * sizeof(*words));
	at = put_bytes(at, module.ptr, module.len);
	put_bytes(at, field.ptr, field.len);
	return wpkg_str_of(key, size);
}
