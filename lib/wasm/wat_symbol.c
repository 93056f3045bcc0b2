/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_symbol.h"

#include "base/hash.h"
#include "base/mem.h"

void wat_symbols_init(struct wat_symbols *symbols)
{
	memset(symbols, 0, sizeof(*symbols));
	wpkg_arena_init(&symbols->names, SIZE_MAX);
}

void wat_symbols_clear(struct wat_symbols *symbols)
{
	wpkg_mem_free(symbols->items);
	wpkg_mem_free(symbols->fields);
	wpkg_mem_free(symbols->buckets);
	wpkg_mem_free(symbols->field_buckets);
	wpkg_arena_clear(&symbols->names);
	wat_symbols_init(symbols);
}

/* A block with room for one more item behind count used ones; NULL, and the old one as it was. */
static void *room(void *block, uint32_t count, uint32_t *cap, size_t size)
{
	if (count < *cap)
		return block;
	if (count >= UINT32_MAX / 4)
		return NULL;
	uint32_t next = *cap ? *cap * 2 : 16;
	void *grown = wpkg_mem_resize(block, next, size);
	if (grown)
		*cap = next;
	return grown;
}

/* Symbols by name. */

static uint32_t *bucket_of(const struct wat_symbols *symbols, struct wpkg_str name)
{
	uint32_t mask = symbols->bucket_count - 1;
	for (uint32_t i = (uint32_t)wpkg_hash(name);; i++) {
		uint32_t *bucket = &symbols->buckets[i & mask];
		if (*bucket == 0 || wpkg_str_equal(symbols->items[*bucket - 1].name, name))
			return bucket;
	}
}

uint32_t wat_symbols_find(const struct wat_symbols *symbols, struct wpkg_str name)
{
	if (symbols->bucket_count == 0)
		return WAT_SYMBOL_NONE;
	uint32_t found = *bucket_of(symbols, name);
	return found ? found - 1 : WAT_SYMBOL_NONE;
}

/* At most half of the buckets are used, so that a search ends soon. */
static bool room_for_bucket(struct wat_symbols *symbols)
{
	if (symbols->count < symbols->bucket_count / 2)
		return true;
	uint32_t count = symbols->bucket_count ? symbols->bucket_count * 2 : 64;
	uint32_t *buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	if (!buckets)
		return false;
	wpkg_mem_free(symbols->buckets);
	symbols->buckets = buckets;
	symbols->bucket_count = count;
	for (uint32_t i = 0; i < symbols->count; i++)
		*bucket_of(symbols, symbols->items[i].name) = i + 1;
	return true;
}

uint32_t wat_symbols_add(struct wat_symbols *symbols, struct wpkg_str name)
{
	uint32_t found = wat_symbols_find(symbols, name);
	if (found != WAT_SYMBOL_NONE)
		return found;
	if (!room_for_bucket(symbols))
		return WAT_SYMBOL_NONE;
	struct wat_symbol *items =
		room(symbols->items, symbols->count, &symbols->cap, sizeof(*items));
	if (!items)
		return WAT_SYMBOL_NONE;
	symbols->items = items;
	struct wpkg_str copy = wpkg_arena_dup(&symbols->names, name);
	if (!copy.ptr)
		return WAT_SYMBOL_NONE;
	items[symbols->count] = (struct wat_symbol){.name = copy};
	*bucket_of(symbols, copy) = symbols->count + 1;
	return symbols->count++;
}

/* Field names by type and symbol. */

static uint32_t *field_bucket_of(const struct wat_symbols *symbols, uint32_t type, uint32_t symbol)
{
	uint32_t mask = symbols->field_bucket_count - 1;
	struct wpkg_hash_state state;
	wpkg_hash_init(&state);
	wpkg_hash_add(&state, (uint64_t)type << 32 | symbol);
	for (uint32_t i = (uint32_t)wpkg_hash_finish(&state);; i++) {
		uint32_t *bucket = &symbols->field_buckets[i & mask];
		if (*bucket == 0)
			return bucket;
		const struct wat_field_name *have = &symbols->fields[*bucket - 1];
		if (have->type == type && have->symbol == symbol)
			return bucket;
	}
}

uint32_t wat_symbols_find_field(const struct wat_symbols *symbols, uint32_t type, uint32_t symbol)
{
	if (symbols->field_bucket_count == 0)
		return WPKG_INDEX_NONE;
	uint32_t found = *field_bucket_of(symbols, type, symbol);
	return found ? symbols->fields[found - 1].field : WPKG_INDEX_NONE;
}

static bool room_for_field_bucket(struct wat_symbols *symbols)
{
	if (symbols->field_count < symbols->field_bucket_count / 2)
		return true;
	uint32_t count = symbols->field_bucket_count ? symbols->field_bucket_count * 2 : 64;
	uint32_t *buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	if (!buckets)
		return false;
	wpkg_mem_free(symbols->field_buckets);
	symbols->field_buckets = buckets;
	symbols->field_bucket_count = count;
	for (uint32_t i = 0; i < symbols->field_count; i++) {
		const struct wat_field_name *field = &symbols->fields[i];
		*field_bucket_of(symbols, field->type, field->symbol) = i + 1;
	}
	return true;
}

bool wat_symbols_add_field(struct wat_symbols *symbols, const struct wat_field_name *field)
{
	if (!room_for_field_bucket(symbols))
		return false;
	struct wat_field_name *fields =
		room(symbols->fields, symbols->field_count, &symbols->field_cap, sizeof(*fields));
	if (!fields)
		return false;
	symbols->fields = fields;
	fields[symbols->field_count] = *field;
	*field_bucket_of(symbols, field->type, field->symbol) = ++symbols->field_count;
	return true;
}
