/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WORKER_H
#define WPKG_SERVER_WORKER_H

/*
 * Threads for what waits: the disk, a password's hash, admission. A task is queued and run once, in
 * the order of queueing.
 */

#include <stddef.h>

#include "base/err.h"

struct workers;

struct task {
	void (*run)(void *user);
	void *user;
	struct task *next; /* the queue's */
};

WPKG_MUST_CHECK enum wpkg_status workers_new(struct workers **out, size_t count,
					     struct wpkg_err *err);

/* Runs what is queued and ends the threads. NULL is fine. */
void workers_free(struct workers *workers);

/* The task must live until it was run. */
void workers_add(struct workers *workers, struct task *task);

#endif
