/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/invoice.h"

/* The place of the key, or where it belongs. */
static size_t place_of(const struct wpkg_map *map, struct wpkg_str key, bool *found)
{
	size_t low = 0;
	size_t high = map->count;
	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = wpkg_str_compare(map->pairs[middle].key, key);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct wpkg_str wpkg_map_find(const struct wpkg_map *map, const char *key)
{
	bool found;
	size_t at = place_of(map, wpkg_str_from(key), &found);
	return found ? map->pairs[at].value : (struct wpkg_str){0};
}

bool wpkg_map_set(struct wpkg_arena *arena, struct wpkg_map *map, struct wpkg_str key,
		  struct wpkg_str value)
{
	bool found;
	size_t at = place_of(map, key, &found);
	struct wpkg_str value_copy = wpkg_arena_dup(arena, value);
	if (!value_copy.ptr)
		return false;
	if (found) {
		map->pairs[at].value = value_copy;
		return true;
	}
	struct wpkg_str key_copy = wpkg_arena_dup(arena, key);
	struct wpkg_pair *pairs = wpkg_arena_alloc(arena, map->count + 1, sizeof(*pairs));
	if (!key_copy.ptr || !pairs)
		return false;
	if (map->count > 0) {
		memcpy(pairs, map->pairs, at * sizeof(*pairs));
		memcpy(pairs + at + 1, map->pairs + at, (map->count - at) * sizeof(*pairs));
	}
	pairs[at] = (struct wpkg_pair){.key = key_copy, .value = value_copy};
	map->pairs = pairs;
	map->count++;
	return true;
}
