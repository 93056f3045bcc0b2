/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_CLOCK_H
#define WPKG_BASE_CLOCK_H

/* Time: the calendar's in UNIX seconds (UTC), durations in seconds or nanoseconds. */

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Now, in UNIX seconds. SOURCE_DATE_EPOCH does not change it. */
int64_t wpkg_clock_now(void);

/* Nanoseconds of a clock that never goes back; only differences mean something. */
uint64_t wpkg_clock_monotonic(void);

#define WPKG_CLOCK_TEXT 21 /* "2026-11-24T13:00:00Z" and a NUL */

/* RFC 3339 in UTC, to the second; zeros for a year that four digits do not hold. */
void wpkg_clock_format(char out[WPKG_CLOCK_TEXT], int64_t seconds);

/* "2026-11-24" or "2026-11-24T13:00:00Z" as UNIX seconds. */
WPKG_MUST_CHECK enum wpkg_status wpkg_clock_parse(int64_t *out, struct wpkg_str text,
						  struct wpkg_err *err);

/* A duration such as "90d", "12h", "15m", "30s" as seconds, less than 293 years; a bare number is
 * seconds. */
WPKG_MUST_CHECK enum wpkg_status wpkg_duration_parse(int64_t *out, struct wpkg_str text,
						     struct wpkg_err *err);

/* A size such as "64KiB", "10MB", "1GiB" as bytes; a bare number is bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_size_parse(uint64_t *out, struct wpkg_str text,
						 struct wpkg_err *err);

#endif
