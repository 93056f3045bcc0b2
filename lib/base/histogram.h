/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_HISTOGRAM_H
#define WPKG_BASE_HISTOGRAM_H

/*
 * How often a value was how large: a count for each of a few fixed ranges, and the sum of all. Any
 * thread adds at any time, without a lock. Whoever reads meanwhile may see a value in its range and
 * not yet in the sum.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WPKG_HISTOGRAM_MAX 16 /* ranges with an upper bound */

/* Upper bounds, inclusive and rising; above the last is one more range. Static. */
struct wpkg_histogram_bounds {
	size_t count;
	uint64_t upper[WPKG_HISTOGRAM_MAX];
};

/* The zero value is empty. */
struct wpkg_histogram {
	atomic_uint_fast64_t counts[WPKG_HISTOGRAM_MAX + 1];
	atomic_uint_fast64_t sum;
};

/* One histogram is always added to with the same bounds. */
void wpkg_histogram_add(struct wpkg_histogram *histogram,
			const struct wpkg_histogram_bounds *bounds, uint64_t value);

/* What was added up to now. */
struct wpkg_histogram_reading {
	uint64_t upto[WPKG_HISTOGRAM_MAX + 1]; /* values in this range or a lower one */
	uint64_t count;			       /* of all */
	uint64_t sum;
};

void wpkg_histogram_read(struct wpkg_histogram_reading *out, const struct wpkg_histogram *histogram,
			 const struct wpkg_histogram_bounds *bounds);

#endif
