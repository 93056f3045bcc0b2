/* SPDX-License-Identifier: Apache-2.0 */
#include "link/names.h"

#include "base/hash.h"
#include "base/mem.h"

struct link_name {
	struct wpkg_str name;
	uint32_t hash;
	uint32_t value;
	bool is_used;
};

void link_names_clear(struct link_names *names)
{
	wpkg_mem_free(names->slots);
	*names = (struct link_names){0};
}

static uint32_t hash_of(struct wpkg_str name)
{
	return (uint32_t)wpkg_hash(name);
}

/* The name's slot, or the free one where it would be. The capacity is a power of two. */
static struct link_name *probe(const struct link_names *names, struct wpkg_str name, uint32_t hash)
{
	uint32_t mask = names->capacity - 1;
	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		struct link_name *slot = &names->slots[i];
		if (!slot->is_used || (slot->hash == hash && wpkg_str_equal(slot->name, name)))
			return slot;
	}
}

static bool grow(struct link_names *names)
{
	struct link_names more = {.capacity = names->capacity > 0 ? names->capacity * 2 : 64};
	if (more.capacity == 0)
		return false;
	more.slots = wpkg_mem_calloc(more.capacity, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (uint32_t i = 0; i < names->capacity; i++)
		if (names->slots[i].is_used)
			*probe(&more, names->slots[i].name, names->slots[i].hash) = names->slots[i];
	wpkg_mem_free(names->slots);
	names->slots = more.slots;
	names->capacity = more.capacity;
	return true;
}

uint32_t *link_names_put(struct link_names *names, struct wpkg_str name, bool *is_new)
{
	if (names->count >= names->capacity / 4 * 3 && !grow(names))
		return NULL;
	uint32_t hash = hash_of(name);
	struct link_name *slot = probe(names, name, hash);
	*is_new = !slot->is_used;
	if (*is_new) {
		*slot = (struct link_name){.name = name, .hash = hash, .is_used = true};
		names->count++;
	}
	return &slot->value;
}

uint32_t *link_names_find(const struct link_names *names, struct wpkg_str name)
{
	if (names->capacity == 0)
		return NULL;
	struct link_name *slot = probe(names, name, hash_of(name));
	return slot->is_used ? &slot->value : NULL;
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
