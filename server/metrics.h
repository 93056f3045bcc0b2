/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_METRICS_H
#define WPKG_SERVER_METRICS_H

/*
 * What the server counts. Any thread counts at any time, without a lock; whoever reads meanwhile
 * sees each number as it is, and not all of them of one moment.
 *
 * Nothing here has a row for what comes from outside: routes are those of the table, statuses,
 * methods and reasons are those named below, and everything else is one row of others.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"

/* Statuses that answers have; [0] of a count is "none was sent", its last "another one". */
#define METRICS_STATUSES(X)                                                                        \
	X(200)                                                                                     \
	X(201)                                                                                     \
	X(202)                                                                                     \
	X(204)                                                                                     \
	X(206)                                                                                     \
	X(304)                                                                                     \
	X(400)                                                                                     \
	X(401)                                                                                     \
	X(403)                                                                                     \
	X(404)                                                                                     \
	X(405)                                                                                     \
	X(409)                                                                                     \
	X(413)                                                                                     \
	X(414)                                                                                     \
	X(416)                                                                                     \
	X(417)                                                                                     \
	X(422)                                                                                     \
	X(429)                                                                                     \
	X(431)                                                                                     \
	X(500)                                                                                     \
	X(501)                                                                                     \
	X(503)                                                                                     \
	X(505)                                                                                     \
	X(507)
#define METRICS_STATUS_ROW(number) METRICS_STATUS_##number,
enum metrics_status {
	METRICS_STATUS_NONE,
	METRICS_STATUSES(METRICS_STATUS_ROW) METRICS_STATUS_OTHER,
	METRICS_STATUS_COUNT
};
#undef METRICS_STATUS_ROW

#define METRICS_METHODS 8  /* those of enum method */
#define METRICS_ROUTES 128 /* room for those of route.c; [0]: no route */
#define METRICS_REASONS 32 /* room for metrics_reasons */

struct route_metrics {
	atomic_uint_fast64_t requests[METRICS_METHODS][METRICS_STATUS_COUNT];
	struct wpkg_histogram nanoseconds; /* from head to answer's end */
	atomic_uint_fast64_t received;	   /* bytes of bodies */
	atomic_uint_fast64_t sent;	   /* bytes of bodies that were handed over to be sent */
};

struct metrics {
	struct route_metrics routes[METRICS_ROUTES];
	atomic_uint_fast64_t refusals[METRICS_REASONS];
	atomic_int_fast64_t connections;
	atomic_uint_fast64_t accepted; /* connections, ever */
	atomic_int_fast64_t uploads;   /* bodies that are coming into the store */
	atomic_uint_fast64_t published, rejected, undecided; /* verdicts */
	struct wpkg_histogram admission;		     /* nanoseconds, waiting included */
	atomic_int_fast64_t certificate_expiry;		     /* UNIX seconds; 0: plain HTTP */
	atomic_uint_fast64_t cache_hits, cache_misses;	     /* of answers that may be kept */
};

extern const struct wpkg_histogram_bounds metrics_request_bounds;
extern const struct wpkg_histogram_bounds metrics_admission_bounds;

/* Names of the rows: of a status "200", "none", "other"; NULL behind the last. */
const char *metrics_status_name(enum metrics_status status);

/*
 * Why requests are refused: a few words, ended by NULL, which the log, this and alerts rely on. A
 * word that is none of them counts as the last, "other".
 */
extern const char *const metrics_reasons[];

struct request;

/* A request is over. nanoseconds: since its head. */
void metrics_count_request(struct metrics *metrics, const struct request *request,
			   uint64_t nanoseconds);

/* Something that was refused beside an answer: a connection, what it was doing. */
void metrics_count_refusal(struct metrics *metrics, const char *reason);

#endif
