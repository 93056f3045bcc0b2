/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ADMIT_PROCESS_H
#define WPKG_SERVER_ADMIT_PROCESS_H

/*
 * The process wpkg-admit, which starts a worker for each question (pkg/admission.h). It is started
 * with the admission, and again when it is found dead. Any thread may ask for a worker.
 */

#include <pthread.h>
#include <sys/types.h>

#include "base/err.h"
#include "pkg/admission.h"

struct admit_process {
	pthread_mutex_t mutex;
	char *program; /* path */
	pid_t pid;     /* 0: none runs */
	int channel;
	char missing[WPKG_ADMISSION_READY_MAX + 1]; /* protections, said at its first start */
};

/* path NULL or "": beside this program, or in libexec. WPKG_ENOTFOUND when it is not there. */
WPKG_MUST_CHECK enum wpkg_status admit_process_open(struct admit_process *process, const char *path,
						    struct wpkg_err *err);
void admit_process_close(struct admit_process *process);

/* A worker, from here on: the ends of its channel and its leash, and who watches it. */
struct admit_worker {
	int channel;
	int leash;
	pid_t parent;
};

WPKG_MUST_CHECK enum wpkg_status admit_worker_start(struct admit_worker *out,
						    struct admit_process *process,
						    const struct wpkg_admission_start *start,
						    struct wpkg_err *err);

/*
 * Kills the worker where it still runs, and says how it ended. WPKG_EBUSY when nobody knows: the
 * process that watched it died or does not answer; then it has been ended, and every worker of it.
 */
WPKG_MUST_CHECK enum wpkg_status admit_worker_end(struct wpkg_admission_ended *out,
						  struct admit_worker *worker,
						  struct admit_process *process,
						  struct wpkg_err *err);

#endif
