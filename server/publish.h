/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_PUBLISH_H
#define WPKG_SERVER_PUBLISH_H

/*
 * From checking to published or rejected. Whoever asks, a version is judged once at a time: who
 * comes second waits for the same verdict.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct server;
struct publisher;

WPKG_MUST_CHECK enum wpkg_status publisher_new(struct publisher **out, struct wpkg_err *err);
/* Nobody may be in publish, and no task be queued. NULL is fine. */
void publisher_free(struct publisher *publisher);

/* Nobody waits for a verdict of others any more. */
void publisher_close(struct publisher *publisher);

/*
 * Asks admission about a version that has all its parcels, and writes down the verdict. *reason
 * says why it was refused (in the arena; empty: published). Waits: for the checks'
 * workers only.
 * After a failure the version stays in checking: WPKG_EBUSY, WPKG_EIO, ...
 */
WPKG_MUST_CHECK enum wpkg_status publish(struct wpkg_str *reason, struct server *server,
					 struct wpkg_arena *arena, int64_t id,
					 struct wpkg_err *err);

/* The same on a worker, with the outcome in the log. */
void publish_later(struct server *server, int64_t id);

/* The moment until which a client waits who would for so many seconds: a minute at most. */
uint64_t publish_deadline(uint64_t seconds);

/* Until nobody is at that version any more, or the deadline (of wpkg_clock_monotonic). */
void publish_await(struct server *server, int64_t id, uint64_t deadline);

#define PUBLISH_PROGRESS 256

/* Where admission is with it: "check greets", or what it waits for. */
void publish_progress(char line[PUBLISH_PROGRESS], struct server *server, int64_t id);

/* Takes up what is in checking and nobody is at: after a start, and after failures. */
void publish_resume(struct server *server);

#endif
