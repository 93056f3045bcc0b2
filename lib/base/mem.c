/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Allocations left before failing; below zero: never fail, which is the only state of production.
 */
static _Atomic long long countdown = -1;
static atomic_int reached;

static int must_fail(void)
{
	long long left = atomic_load_explicit(&countdown, memory_order_relaxed);
	if (left < 0)
		return 0;
	if (left > 0) {
		atomic_fetch_sub(&countdown, 1);
		return 0;
	}
	atomic_store(&reached, 1);
	return 1;
}

void *wpkg_mem_alloc(size_t size)
{
	return must_fail() ? NULL : malloc(size > 0 ? size : 1);
}

void *wpkg_mem_calloc(size_t count, size_t size)
{
	if (count == 0 || size == 0) {
		count = 1;
		size = 1;
	}
	return must_fail() ? NULL : calloc(count, size);
}

void *wpkg_mem_resize(void *block, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	size_t bytes = count * size;
	return must_fail() ? NULL : realloc(block, bytes > 0 ? bytes : 1);
}

void *wpkg_mem_dup(const void *bytes, size_t size)
{
	void *copy = wpkg_mem_alloc(size);
	if (copy && size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *wpkg_mem_dup_text(const char *text, size_t length)
{
	if (length == SIZE_MAX)
		return NULL;
	char *copy = wpkg_mem_alloc(length + 1);
	if (!copy)
		return NULL;
	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void wpkg_mem_free(void *block)
{
	free(block);
}

void wpkg_mem_wipe(void *bytes, size_t size)
{
	if (size > 0)
		explicit_bzero(bytes, size);
}

void wpkg_mem_fail_at(size_t n)
{
	atomic_store(&reached, 0);
	atomic_store(&countdown, (long long)n);
}

void wpkg_mem_fail_never(void)
{
	atomic_store(&countdown, -1);
}

int wpkg_mem_fail_reached(void)
{
	return atomic_load(&reached);
}
