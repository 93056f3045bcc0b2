/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.atomic.wait and notify. A waiter stands in its memory's list and sleeps on its engine's
 * semaphore, which notify posts, and wpkg_engine_interrupt, too (from a signal handler, perhaps):
 * so whoever wakes up looks why. The value is compared with the list's lock held, which notify
 * takes: no notification that follows the store of another value is lost.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "exec/instance.h"
#include "exec/shared_int.h"

#define SECOND_NS ((uint64_t)1000000000)
#define SLEEP_MAX (3600 * SECOND_NS) /* then it is looked at the clock again */

enum wait_result { WAIT_OK, WAIT_NOT_EQUAL, WAIT_TIMED_OUT };

static uint64_t slot(const uint64_t *fp, const uint64_t *pc, unsigned k)
{
	return fp[(uint16_t)(pc[1] >> (16 * k))];
}

/* The address of an access. Fields: result, address; pc[2] the memory, pc[3] the offset. */
static enum wpkg_trap locate(uint8_t **out, const uint64_t *fp, const uint64_t *pc, uint32_t size)
{
	const struct wpkg_memory *memory = (const struct wpkg_memory *)pc[2];
	uint64_t address = slot(fp, pc, 1), all = wpkg_memory_size(memory), ea;
	if (!memory->is_64)
		address = (uint32_t)address;
	if (__builtin_add_overflow(address, pc[3], &ea) || ea > all || all - ea < size)
		return WPKG_TRAP_MEMORY_BOUNDS;
	if (ea % size != 0)
		return WPKG_TRAP_UNALIGNED_ATOMIC;
	*out = memory->base + ea;
	return WPKG_TRAP_NONE;
}

static void append(struct wpkg_shared_memory *shared, struct exec_waiter *waiter)
{
	if (shared->last)
		shared->last->next = waiter;
	else
		shared->first = waiter;
	shared->last = waiter;
}

/* Takes the waiter out, whose predecessor is before (NULL: it is the first). */
static void take_out(struct wpkg_shared_memory *shared, struct exec_waiter *before,
		     struct exec_waiter *waiter)
{
	if (before)
		before->next = waiter->next;
	else
		shared->first = waiter->next;
	if (shared->last == waiter)
		shared->last = before;
}

static void give_up(struct wpkg_shared_memory *shared, struct exec_waiter *waiter)
{
	struct exec_waiter *before = NULL;
	for (struct exec_waiter *w = shared->first; w != waiter; w = w->next)
		before = w;
	take_out(shared, before, waiter);
}

static void sleep_until(sem_t *wake, uint64_t end, uint64_t now)
{
	if (end - now > SLEEP_MAX)
		end = now + SLEEP_MAX;
	struct timespec time = {.tv_sec = (time_t)(end / SECOND_NS),
				.tv_nsec = (long)(end % SECOND_NS)};
	sem_clockwait(wake, CLOCK_MONOTONIC, &time);
}

/* Sleeps until the waiter is notified, its time is over, or the guest has to end. */
static enum wpkg_trap sleep_as(struct wpkg_engine *engine, struct wpkg_shared_memory *shared,
			       struct exec_waiter *waiter, uint64_t end, enum wait_result *result)
{
	for (;;) {
		enum wpkg_trap trap = exec_engine_poll(engine);
		uint64_t now = wpkg_clock_monotonic();
		bool over = trap || now >= end;
		pthread_mutex_lock(&shared->lock);
		bool notified = waiter->notified;
		if (!notified && over)
			give_up(shared, waiter);
		pthread_mutex_unlock(&shared->lock);
		if (notified || over) {
			*result = notified ? WAIT_OK : WAIT_TIMED_OUT;
			return trap;
		}
		uint64_t deadline = engine->deadline;
		sleep_until(&engine->wake, deadline && deadline < end ? deadline : end, now);
	}
}

static uint64_t value_at(const uint8_t *address, uint32_t size)
{
	if (size == 4)
		return __atomic_load_n((const uint32_t *)(const void *)address, __ATOMIC_SEQ_CST);
	return __atomic_load_n((const uint64_t *)(const void *)address, __ATOMIC_SEQ_CST);
}

/* When a wait that begins now ends; a negative timeout has no end. */
static uint64_t end_of(int64_t timeout)
{
	uint64_t end;
	if (timeout < 0 || __builtin_add_overflow(wpkg_clock_monotonic(), (uint64_t)timeout, &end))
		return UINT64_MAX;
	return end;
}

static enum wpkg_trap wait(struct vm *vm, uint64_t *fp, const uint64_t *pc, uint32_t size)
{
	const struct wpkg_memory *memory = (const struct wpkg_memory *)pc[2];
	struct wpkg_shared_memory *shared = memory->shared;
	uint64_t expected = size == 4 ? (uint32_t)slot(fp, pc, 2) : slot(fp, pc, 2);
	uint8_t *address;
	enum wpkg_trap trap = locate(&address, fp, pc, size);
	if (trap)
		return trap;
	if (!shared)
		return WPKG_TRAP_UNSHARED_WAIT;
	struct exec_waiter waiter = {.address = address, .wake = &vm->engine->wake};
	uint64_t end = end_of((int64_t)slot(fp, pc, 3));
	enum wait_result result = WAIT_NOT_EQUAL;
	pthread_mutex_lock(&shared->lock);
	bool equal = value_at(address, size) == expected;
	if (equal)
		append(shared, &waiter);
	pthread_mutex_unlock(&shared->lock);
	if (equal)
		trap = sleep_as(vm->engine, shared, &waiter, end, &result);
	fp[(uint16_t)pc[1]] = result;
	return trap;
}

enum wpkg_trap exec_atomic_wait32(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return wait(vm, fp, pc, 4);
}

enum wpkg_trap exec_atomic_wait64(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return wait(vm, fp, pc, 8);
}

/* Wakes up so many of those that wait at the address, and says how many that were. */
static uint32_t notify(struct wpkg_shared_memory *shared, const uint8_t *address, uint32_t count)
{
	uint32_t woken = 0;
	struct exec_waiter *before = NULL, *next;
	pthread_mutex_lock(&shared->lock);
	for (struct exec_waiter *w = shared->first; w && woken < count; w = next) {
		next = w->next;
		if (w->address != address) {
			before = w;
			continue;
		}
		take_out(shared, before, w);
		w->notified = true;
		sem_post(w->wake);
		woken++;
	}
	pthread_mutex_unlock(&shared->lock);
	return woken;
}

enum wpkg_trap exec_atomic_notify(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct wpkg_memory *memory = (const struct wpkg_memory *)pc[2];
	uint8_t *address;
	(void)vm;
	enum wpkg_trap trap = locate(&address, fp, pc, 4);
	if (trap)
		return trap;
	uint32_t count = (uint32_t)slot(fp, pc, 2);
	fp[(uint16_t)pc[1]] = memory->shared ? notify(memory->shared, address, count) : 0;
	return WPKG_TRAP_NONE;
}
