/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_WORKER_H
#define WPKG_ADMIT_WORKER_H

/* A worker: one question, one verdict, the end. */

#include "pkg/admission.h"
#include "pkg/host_profile.h"
#include "sandbox.h"

/* What the parent has made ready for all workers. */
struct worker_setting {
	const struct sandbox *sandbox;
	struct wpkg_host_profiles profiles; /* those that everybody knows */
};

/* In the new process. Is its exit code (WPKG_ADMISSION_EXIT_...). */
int worker_run(const struct worker_setting *setting, int channel,
	       const struct wpkg_admission_start *start);

#endif
