/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_ARENA_H
#define WPKG_BASE_ARENA_H

/*
 * Memory with one lifetime: a request's, a module's, a document's. Nothing inside is freed singly;
 * clear frees all of it. An arena has a maximum, so that outside data cannot make it grow without
 * bound. One thread at a time.
 */

#include <stddef.h>

#include "base/str.h"

struct wpkg_arena_block;

struct wpkg_arena {
	struct wpkg_arena_block *block; /* newest first */
	size_t used;			/* bytes handed out, with padding */
	size_t max;			/* bytes that may be handed out */
};

/* An empty arena that hands out at most max bytes. Allocates nothing yet. */
void wpkg_arena_init(struct wpkg_arena *arena, size_t max);

/* Frees everything; the arena is as after init. */
void wpkg_arena_clear(struct wpkg_arena *arena);

/* The same, wiping it first: for what held secrets. */
void wpkg_arena_wipe(struct wpkg_arena *arena);

/* Zeroed memory for count items, aligned for any type; NULL when memory or the bound is out. */
void *wpkg_arena_alloc(struct wpkg_arena *arena, size_t count, size_t size);

/* A copy of the text, NUL-terminated beyond its length. ptr is NULL when memory is out. */
struct wpkg_str wpkg_arena_dup(struct wpkg_arena *arena, struct wpkg_str text);

/* A formatted text. ptr is NULL when memory is out. */
struct wpkg_str wpkg_arena_format(struct wpkg_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
