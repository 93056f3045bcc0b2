/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

#define BLOCK_SMALLEST ((size_t)128)
#define BLOCK_LARGEST ((size_t)1024 * 1024)

struct wpkg_arena_block {
	struct wpkg_arena_block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

void wpkg_arena_init(struct wpkg_arena *arena, size_t max)
{
	*arena = (struct wpkg_arena){.max = max};
}

void wpkg_arena_clear(struct wpkg_arena *arena)
{
	struct wpkg_arena_block *block = arena->block;
	while (block) {
		struct wpkg_arena_block *next = block->next;
		wpkg_mem_free(block);
		block = next;
	}
	wpkg_arena_init(arena, arena->max);
}

void wpkg_arena_wipe(struct wpkg_arena *arena)
{
	for (struct wpkg_arena_block *block = arena->block; block; block = block->next)
		wpkg_mem_wipe(block->bytes, block->used);
	wpkg_arena_clear(arena);
}

/* Blocks double, so that a large document costs few allocations. */
static struct wpkg_arena_block *add_block(struct wpkg_arena *arena, size_t need)
{
	size_t size = arena->block ? 2 * arena->block->size : BLOCK_SMALLEST;
	if (size > BLOCK_LARGEST)
		size = BLOCK_LARGEST;
	if (size < need)
		size = need;
	struct wpkg_arena_block *block = wpkg_mem_calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	block->next = arena->block;
	arena->block = block;
	return block;
}

void *wpkg_arena_alloc(struct wpkg_arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX / 2) / size)
		return NULL;
	size_t align = alignof(max_align_t);
	size_t need = (count * size + align - 1) / align * align;
	if (need > arena->max - arena->used)
		return NULL;
	struct wpkg_arena_block *block = arena->block;
	if (!block || block->size - block->used < need)
		block = add_block(arena, need);
	if (!block)
		return NULL;
	void *out = block->bytes + block->used;
	block->used += need;
	arena->used += need;
	return out;
}

struct wpkg_str wpkg_arena_dup(struct wpkg_arena *arena, struct wpkg_str text)
{
	char *copy = wpkg_arena_alloc(arena, text.len + 1, 1);
	if (!copy)
		return (struct wpkg_str){0};
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	return wpkg_str_of(copy, text.len);
}

struct wpkg_str wpkg_arena_format(struct wpkg_arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = n < 0 ? NULL : wpkg_arena_alloc(arena, (size_t)n + 1, 1);
	if (!text)
		return (struct wpkg_str){0};
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return wpkg_str_of(text, (size_t)n);
}
