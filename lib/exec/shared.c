/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/shared.h"

#include "base/mem.h"
#include "exec/shared_int.h"
#include "exec/space.h"

#define PAGE_LOG2 16		      /* of a page of 64 KiB */
#define BYTES_MAX ((uint64_t)1 << 32) /* of those that no engine makes */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct wpkg_shared_memory *exec_shared_new(const struct wpkg_size *size, unsigned page_log2,
					   uint64_t ceiling)
{
	struct wpkg_shared_memory *shared = wpkg_mem_calloc(1, sizeof(*shared));
	if (!shared)
		return NULL;
	uint64_t pages = least(size->max, ceiling >> page_log2);
	shared->base =
		exec_space_reserve(&shared->reserved, pages << page_log2, size->min << page_log2);
	if (!shared->base) {
		wpkg_mem_free(shared);
		return NULL;
	}
	shared->max = size->max;
	shared->page_log2 = (uint8_t)page_log2;
	shared->is_64 = size->is_64;
	shared->holders = 1;
	pthread_mutex_init(&shared->lock, NULL);
	return shared;
}

enum wpkg_status wpkg_shared_memory_new(struct wpkg_shared_memory **out,
					const struct wpkg_extent *extent, struct wpkg_err *err)
{
	if (!extent->has_max || extent->min > extent->max)
		return WPKG_FAIL(err, WPKG_EINVAL, "a shared memory has a maximum");
	if (extent->min > BYTES_MAX >> PAGE_LOG2)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a shared memory of %llu pages is too large",
				 (unsigned long long)extent->min);
	struct wpkg_size size = {.min = extent->min, .max = extent->max, .is_64 = extent->is_64};
	uint64_t bytes = extent->min << PAGE_LOG2;
	struct wpkg_shared_memory *shared = exec_shared_new(&size, PAGE_LOG2, BYTES_MAX);
	if (!shared || !exec_space_extend(shared->base, 0, bytes)) {
		wpkg_shared_memory_drop(shared);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a shared memory");
	}
	shared->size = bytes;
	*out = shared;
	return WPKG_OK;
}

struct wpkg_shared_memory *wpkg_shared_memory_hold(struct wpkg_shared_memory *shared)
{
	__atomic_add_fetch(&shared->holders, 1, __ATOMIC_RELAXED);
	return shared;
}

void wpkg_shared_memory_drop(struct wpkg_shared_memory *shared)
{
	if (!shared || __atomic_sub_fetch(&shared->holders, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	exec_space_free(shared->base, shared->reserved);
	if (shared->budget)
		exec_budget_return_memory(shared->budget, shared->taken);
	exec_budget_drop(shared->budget);
	pthread_mutex_destroy(&shared->lock);
	wpkg_mem_free(shared);
}

void exec_shared_took(struct wpkg_shared_memory *shared, struct exec_budget *budget, uint64_t bytes)
{
	if (!shared->budget)
		shared->budget = exec_budget_hold(budget);
	if (shared->budget == budget)
		shared->taken += bytes;
}

struct wpkg_shared_memory *wpkg_memory_shared(const struct wpkg_memory *memory)
{
	return memory->shared;
}

uint64_t exec_shared_size(const struct wpkg_shared_memory *shared)
{
	return __atomic_load_n(&shared->size, __ATOMIC_SEQ_CST);
}
