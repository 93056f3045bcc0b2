/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_SHARED_INT_H
#define WPKG_EXEC_SHARED_INT_H

#include <pthread.h>
#include <semaphore.h>

#include "exec/engine_int.h"
#include "exec/shared.h"

/* A thread that waits at an address (memory.atomic.wait), on the stack of who waits. */
struct exec_waiter {
	const uint8_t *address;
	sem_t *wake; /* of its engine; posted for other reasons, too */
	bool notified;
	struct exec_waiter *next;
};

struct wpkg_shared_memory {
	uint8_t *base;
	uint64_t reserved;
	uint64_t size; /* bytes (atomic); changed with the lock held */
	uint64_t max;  /* pages */
	uint8_t page_log2;
	bool is_64;
	uint32_t holders; /* (atomic) */
	pthread_mutex_t lock;
	struct exec_budget *budget;	  /* of the guest that first made it grow (held), or NULL */
	uint64_t taken;			  /* bytes, from that one */
	struct exec_waiter *first, *last; /* in the order in which they came; with the lock */
};

/* A new one of no bytes that may become as many as ceiling, and that the caller holds; NULL. */
struct wpkg_shared_memory *exec_shared_new(const struct wpkg_size *size, unsigned page_log2,
					   uint64_t ceiling);

/*
 * With the lock: so many bytes more of it were taken from the budget, where they go back when
 * nobody holds the memory any more. Where a second guest makes it grow, what that one took stays
 * taken.
 */
void exec_shared_took(struct wpkg_shared_memory *shared, struct exec_budget *budget,
		      uint64_t bytes);

uint64_t exec_shared_size(const struct wpkg_shared_memory *shared);

#endif
