/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_WORKER_H
#define WPKG_ADMIT_WORKER_H

/* A worker: one question, one verdict, the end. */

#include "pkg/admission.h"
#include "sandbox.h"

/* In the new process. Is its exit code (WPKG_ADMISSION_EXIT_...). */
int worker_run(const struct sandbox *sandbox, int channel,
	       const struct wpkg_admission_start *start);

#endif
