/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_EXPOSITION_H
#define WPKG_SERVER_EXPOSITION_H

/*
 * Numbers as text for Prometheus: its own format (0.0.4), or OpenMetrics (1.0.0), which differ in
 * the name that stands above a counter, in how a bound is written, and in the last line.
 *
 *   # HELP wpkgd_uploads Bodies that ...
 *   # TYPE wpkgd_uploads gauge
 *   wpkgd_uploads 3
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/histogram.h"

struct exposition {
	struct wpkg_buf *out;
	bool is_open_metrics;
	const char *name; /* of the family that is being written */
	bool is_counter;
};

enum exposition_kind { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

/*
 * The numbers that follow are of this family: all of a family stand together, and a family comes
 * once. name of a counter: without its "_total". Names and texts need no escapes.
 */
void exposition_family(struct exposition *exposition, const char *name, enum exposition_kind kind,
		       const char *help);

/* labels: 'route="query",status="200"', with values that need no escapes; NULL: none. */
void exposition_integer(struct exposition *exposition, const char *labels, uint64_t value);
void exposition_real(struct exposition *exposition, const char *labels, double value);

/* values are divided by unit: 1e9 makes seconds of nanoseconds. */
void exposition_histogram(struct exposition *exposition, const char *labels,
			  const struct wpkg_histogram_reading *reading,
			  const struct wpkg_histogram_bounds *bounds, double unit);

/* A family of one number. */
void exposition_counter(struct exposition *exposition, const char *name, const char *help,
			uint64_t value);
void exposition_gauge(struct exposition *exposition, const char *name, const char *help,
		      uint64_t value);

void exposition_end(struct exposition *exposition);

#endif
