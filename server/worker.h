/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WORKER_H
#define WPKG_SERVER_WORKER_H

/*
 * Threads for what waits: the disk, a password's hash, admission. A task is queued and run once, in
 * the order of queueing. Threads come as they are needed, and go when there is nothing to do.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct workers;

struct task {
	void (*run)(void *user);
	void *user;
	struct task *next; /* the queue's */
};

/* most: threads at once. */
WPKG_MUST_CHECK enum wpkg_status workers_new(struct workers **out, size_t most,
					     struct wpkg_err *err);

/* False when the workers were closed, or no thread can be had; else the task must live until it was
 * run. */
WPKG_MUST_CHECK bool workers_add(struct workers *workers, struct task *task);

struct workers_reading {
	size_t busy;   /* threads that run a task */
	size_t most;   /* threads that there may be */
	size_t queued; /* tasks that wait */
};

void workers_read(struct workers_reading *out, struct workers *workers);

/* Takes no more tasks, runs what is queued and returns when all threads are gone. NULL is fine. */
void workers_close(struct workers *workers);

/* Closes; afterwards nobody may add. NULL is fine. */
void workers_free(struct workers *workers);

#endif
