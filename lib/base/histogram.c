/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

void wpkg_histogram_add(struct wpkg_histogram *histogram,
			const struct wpkg_histogram_bounds *bounds, uint64_t value)
{
	size_t i = 0;
	while (i < bounds->count && value > bounds->upper[i])
		i++;
	/* Nothing else is ordered by these. */
	atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

void wpkg_histogram_read(struct wpkg_histogram_reading *out, const struct wpkg_histogram *histogram,
			 const struct wpkg_histogram_bounds *bounds)
{
	*out = (struct wpkg_histogram_reading){0};
	for (size_t i = 0; i <= bounds->count; i++) {
		out->count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
		out->upto[i] = out->count;
	}
	out->sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
}
