/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_PROGRESS_H
#define WPKG_CLIENT_PROGRESS_H

/*
 * How far a long step is, on standard error: a bar that is redrawn on a terminal, a plain line now
 * and then elsewhere (or with --no-progress). What takes less than half a second shows nothing, and
 * so does everything with --quiet.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "global.h"

struct progress {
	const char *verb; /* "sending"; borrowed */
	uint64_t total;	  /* bytes; 0: nobody knows, and no bar is drawn for it */
	uint64_t done;	  /* bytes; more than total when something is sent again */
	uint64_t begun;	  /* both on the clock that never goes back, in nanoseconds */
	uint64_t next;	  /* nothing is shown before */
	uint64_t pause;	  /* between two plain lines; 0: a bar is drawn */
	bool silent;
	bool drawn; /* a bar is on the terminal's line */
};

void progress_begin(struct progress *progress, const struct global_options *global,
		    const char *verb, uint64_t total);
void progress_add(struct progress *progress, uint64_t bytes);

/*
 * Says what is waited for when no more bytes will come: "checking: check greets". what may be a
 * stranger's words, or empty.
 */
void progress_wait(struct progress *progress, const char *verb, struct wpkg_str what);

/* Takes the bar away, so that other lines may be printed. May be called more than once. */
void progress_end(struct progress *progress);

#endif
