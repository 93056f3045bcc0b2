/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/space.h"

#include <stddef.h>
#include <sys/mman.h>

#define REGION ((uint64_t)65536) /* memory of the system comes in multiples of this */

static uint64_t whole_regions(uint64_t bytes)
{
	return (bytes + REGION - 1) / REGION * REGION;
}

uint8_t *exec_space_reserve(uint64_t *reserved, uint64_t want, uint64_t need)
{
	want = whole_regions(want);
	need = whole_regions(need);
	if (want < REGION)
		want = REGION; /* even an empty memory has a base of its own */
	for (;;) {
		void *base = mmap(NULL, want, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (base != MAP_FAILED) {
			*reserved = want;
			return base;
		}
		if (want <= need || want <= REGION)
			return NULL;
		want = whole_regions(want / 2 > need ? want / 2 : need);
	}
}

void exec_space_free(uint8_t *base, uint64_t reserved)
{
	if (base)
		munmap(base, reserved);
}

/* The part of the last region that was not used so far has never been written: it is zero. */
bool exec_space_extend(uint8_t *base, uint64_t size, uint64_t bytes)
{
	uint64_t from = whole_regions(size), to = whole_regions(size + bytes);
	return from == to || mprotect(base + from, to - from, PROT_READ | PROT_WRITE) == 0;
}
