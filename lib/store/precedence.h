/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_PRECEDENCE_H
#define WPKG_STORE_PRECEDENCE_H

/*
 * A version as bytes that sort, compared as memcmp does, exactly as wpkg_version_compare orders
 * versions; equal bytes mean equal texts. So an index of the database knows precedence.
 */

#include "base/buf.h"
#include "pkg/requirement.h"
#include "pkg/version.h"

/* Most bytes of a key: each byte of a version's text gives at most three. */
#define PRECEDENCE_MAX (4 * WPKG_VERSION_MAX)

/* Appends the key. */
void precedence_append(struct wpkg_buf *buf, const struct wpkg_version *version);

/* Keys from low on and before high, both by their three numbers alone. */
struct precedence_range {
	uint8_t low[27];
	size_t low_length;
	uint8_t high[27];
	size_t high_length; /* 0: no end */
};

/* Holds every version that the requirement matches, and others. */
struct precedence_range precedence_range_of(const struct wpkg_requirement *requirement);

#endif
