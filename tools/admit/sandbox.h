/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_SANDBOX_H
#define WPKG_ADMIT_SANDBOX_H

/*
 * What a worker is kept in. The parent prepares it once, for itself and all workers; each worker
 * enters it before it reads a byte that a stranger wrote. main.c says against what.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "pkg/admission.h"

/* A sanitizer's shadow memory alone is terabytes: with one there is no limit of memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_LIMITS_MEMORY false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_LIMITS_MEMORY false
#endif
#endif
#ifndef SANDBOX_LIMITS_MEMORY
#define SANDBOX_LIMITS_MEMORY true
#endif

struct sandbox {
	bool has_namespaces; /* the parent has its own, and may give each worker one for processes
			      */
	bool has_filter;
	int landlock; /* its version; 0: there is none */
};

/*
 * In the parent, before it does anything else: another user where it was root, namespaces, an empty
 * root folder. What the system does not give is appended to *missing, a line.
 */
void sandbox_prepare(struct sandbox *sandbox, struct wpkg_buf *missing);

/*
 * In a worker: everything closed but the channel, which becomes WPKG_ADMISSION_CHANNEL; limits of
 * the system, no capabilities, Landlock, the filter of system calls. A worker that could not enter
 * must end.
 */
WPKG_MUST_CHECK enum wpkg_status sandbox_enter(const struct sandbox *sandbox, int channel,
					       const struct wpkg_admission_start *start,
					       struct wpkg_err *err);

#endif
