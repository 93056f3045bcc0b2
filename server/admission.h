/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ADMISSION_H
#define WPKG_SERVER_ADMISSION_H

/*
 * Asking whether a version may be published. Each question starts one worker process (wpkg-admit),
 * hands it the parcels as open descriptors, and waits for its verdict; whatever the worker does,
 * the server goes on. A worker that dies, hangs or answers nonsense has refused the version.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "pkg/invoice.h"
#include "pkg/policy.h"
#include "store/record.h"

/* The zero value is the default. */
struct admission_options {
	const char *worker; /* path of wpkg-admit; NULL or "": beside the server or in libexec */
	int64_t seconds;    /* of wall time for all checks of a version; 0: 60 */
	uint64_t memory;    /* bytes that a worker and its guests may have; 0: 1 GiB */
	uint64_t fuel;	    /* for each check, about an instruction each; 0: 10,000,000,000 */
	uint64_t output;    /* bytes that a check may print; 0: 1 MiB */
	unsigned workers;   /* at once; 0: one for each processor */
	unsigned waiting;   /* questions that may wait for a worker; 0: 256 */
	struct wpkg_policy policy;    /* borrowed texts: they outlive the admission */
	struct wpkg_strings profiles; /* of hosts, beside the known ones; borrowed, too */
};

struct admission;

/* WPKG_ENOTFOUND when the worker's program is not there: the server does not start without it. */
WPKG_MUST_CHECK enum wpkg_status admission_new(struct admission **out,
					       const struct admission_options *options,
					       struct wpkg_err *err);

/* No question gets a worker any more: WPKG_EBUSY for those that wait and those that come. */
void admission_close(struct admission *admission);

/* Nobody may be in admission_run. NULL is fine. */
void admission_free(struct admission *admission);

/*
 * The protections that this system does not give to workers, as one line for the log at the start
 * and for an operator's question; empty when none is missing. Borrowed from the admission.
 */
const char *admission_missing(const struct admission *admission);

/* Versions at this moment, and how many there may be. */
struct admission_reading {
	unsigned running, running_limit;
	unsigned waiting, waiting_limit;
};

void admission_read(struct admission_reading *out, struct admission *admission);

/* Borrowed for the call. */
struct admission_question {
	const struct wpkg_invoice *invoice;
	struct wpkg_store *store; /* has all of its parcels */
	struct wpkg_str user;	  /* who pushed: users take turns. Empty: nobody in particular */
	/* May who pushed know of that package? Others are no dependencies. NULL: of every one. */
	bool (*may_read)(void *state, struct wpkg_str name);
	/* Told what is done now, a line; on the caller's thread. NULL: nobody. */
	void (*progress)(void *state, const char *line);
	void *state;
};

/* All texts in the arena of the question. */
struct admission_result {
	struct wpkg_settlement settlement; /* with a verdict also when the worker died */
	struct wpkg_str reason;		   /* one line; empty when accepted */
};

/*
 * Blocks until there is a verdict; called on a worker thread of the server, several at once. A
 * failure (no verdict either way: a parcel cannot be opened, no process can be started, too many
 * wait) leaves the version where it is: WPKG_EBUSY, WPKG_EIO, WPKG_ENOMEM.
 */
WPKG_MUST_CHECK enum wpkg_status admission_run(struct admission_result *out,
					       struct admission *admission,
					       const struct admission_question *question,
					       struct wpkg_arena *arena, struct wpkg_err *err);

#endif
