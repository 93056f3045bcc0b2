/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_DIALOGUE_H
#define WPKG_SERVER_DIALOGUE_H

/* What is said between the server and a worker about one question: pkg/admission.h. */

#include "admission.h"
#include "admit_process.h"
#include "base/buf.h"

/* One question at a worker. */
struct dialogue {
	const struct admission_options *options; /* every limit set */
	const struct admission_question *question;
	struct wpkg_question_closure closure;
	struct admit_worker worker;
	uint64_t deadline;
	struct wpkg_str reason;	  /* why there is no verdict; empty: the worker ended */
	char progress[256];	  /* what it looked at last, escaped; "" at first */
	struct wpkg_buf received; /* the last message's bytes */
};

/*
 * Until the verdict is in received, unread: *answered. Without one the worker is at fault; a
 * failure is our own.
 */
WPKG_MUST_CHECK enum wpkg_status dialogue_hold(struct dialogue *dialogue, bool *answered,
					       struct wpkg_err *err);

#endif
