/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_EXAMINATION_H
#define WPKG_ADMIT_EXAMINATION_H

/*
 * A version under examination: the question, and the verdict as it grows. Each stage adds what it
 * found; the first thing that is wrong is the reason of the refusal, and the other stages still
 * look, so that one push shows all that is wrong. A stage fails only where there can be no verdict:
 * the server is gone, or there is no memory for the verdict itself.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "pkg/admission.h"
#include "hosts.h"
#include "links.h"
#include "rules.h"

struct examination {
	int channel;
	const struct wpkg_question *question;
	struct wpkg_arena *arena;
	struct wpkg_value *verdict; /* a table */
	uint64_t deadline;	    /* monotonic nanoseconds, for all stages */
	size_t facts_left;	    /* bytes of facts that the verdict may still hold */
	struct wpkg_str reason;	    /* empty: nothing is wrong so far */
	struct rules rules;
	struct hosts hosts;
	struct links links;
	bool has_modules; /* there is WebAssembly among the parcels */
	bool has_invalid; /* and some of it is not valid: nothing is run */
	bool no_memory;	  /* for a line that belongs to the verdict */
	/* Of the stage at hand. */
	size_t looked_at;	     /* items */
	bool is_skipped;	     /* it did not look, after what an earlier one found */
	struct wpkg_value *problems; /* lines */
	size_t problem_count;	     /* also those that the list has no room for */
};

/* Tells the server what comes next, a line such as "check greets". */
WPKG_MUST_CHECK enum wpkg_status examination_progress(struct examination *examination,
						      struct wpkg_err *err, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* A line for the stage at hand: it has failed. The first one of all is the reason of the refusal.
 */
void examination_problem(struct examination *examination, const char *format, ...)
	WPKG_PRINTF(2, 3);

/* All stages, until the verdict is whole. */
WPKG_MUST_CHECK enum wpkg_status examination_run(struct examination *examination,
						 struct wpkg_err *err);

/* The stages, in this order. Each adds its list to the verdict. */
WPKG_MUST_CHECK enum wpkg_status examine_modules(struct examination *examination,
						 struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status examine_rules(struct examination *examination,
					       struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status examine_links(struct examination *examination,
					       struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status examine_hosts(struct examination *examination,
					       struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status examine_checks(struct examination *examination,
						struct wpkg_err *err);

#endif
