/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_METRICS_H
#define WPKG_SERVER_METRICS_H

/* Counters, in the text format of Prometheus (0.0.4). Any thread. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define METRICS_ROUTES 64
#define METRICS_BUCKETS 12

struct route;

struct route_metrics {
	_Atomic(const char *) name;	  /* of the route; NULL: a free row */
	atomic_uint_fast64_t statuses[6]; /* by hundreds; [0]: none was sent */
	atomic_uint_fast64_t buckets[METRICS_BUCKETS];
	atomic_uint_fast64_t nanoseconds;
};

struct metrics {
	struct route_metrics routes[METRICS_ROUTES];
	atomic_uint_fast64_t received, sent; /* bytes of bodies */
	atomic_int_fast64_t connections;
	atomic_int_fast64_t uploads;
	atomic_uint_fast64_t accepted, refused; /* verdicts */
	atomic_uint_fast64_t logins_failed;
};

void metrics_count_request(struct metrics *metrics, const char *route, unsigned status,
			   uint64_t nanoseconds);
void metrics_count_verdict(struct metrics *metrics, bool accepted);
void metrics_format(struct wpkg_buf *out, const struct metrics *metrics);

#endif
