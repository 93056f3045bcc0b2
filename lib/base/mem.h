/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_MEM_H
#define WPKG_BASE_MEM_H

/*
 * Allocation, in one place, so that a test can make the n-th call fail and so that secrets have
 * one way to be wiped. Thread-safe.
 */

#include <stddef.h>

/* Memory for size bytes (at least one), not initialised; NULL when there is none. */
void *wpkg_mem_alloc(size_t size);

/* Zeroed memory for count items; NULL when there is none or the product overflows. */
void *wpkg_mem_calloc(size_t count, size_t size);

/* As realloc for count items of size bytes: NULL leaves the old block as it was. */
void *wpkg_mem_resize(void *block, size_t count, size_t size);

/* A copy of size bytes; NULL when there is no memory. */
void *wpkg_mem_dup(const void *bytes, size_t size);

/* A NUL-terminated copy of length bytes; NULL when there is no memory. */
char *wpkg_mem_dup_text(const char *text, size_t length);

/* Frees a block, also one that a library made with malloc and gave away; NULL is fine. */
void wpkg_mem_free(void *block);

/* Overwrites size bytes in a way that the compiler keeps. */
void wpkg_mem_wipe(void *bytes, size_t size);

/*
 * For tests: the n-th allocation from now on fails (0: the next one), and all later ones, until
 * wpkg_mem_fail_never. wpkg_mem_fail_reached says whether one did.
 */
void wpkg_mem_fail_at(size_t n);
void wpkg_mem_fail_never(void);
int wpkg_mem_fail_reached(void);

#endif
