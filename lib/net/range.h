/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_RANGE_H
#define WPKG_NET_RANGE_H

/* The Range header of RFC 9110 section 14, for one range of bytes. */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum wpkg_range_kind {
	WPKG_RANGE_WHOLE,	 /* none asked for, or one that a server may pass over */
	WPKG_RANGE_PART,	 /* first to last */
	WPKG_RANGE_UNSATISFIABLE /* well-formed, but nothing of it is there */
};

struct wpkg_range {
	enum wpkg_range_kind kind;
	uint64_t first; /* offset of the first and the last byte, when PART */
	uint64_t last;
};

/*
 * What of size bytes a header value asks for. What is malformed, has another unit or several
 * ranges is WHOLE, as the RFC allows.
 */
struct wpkg_range wpkg_range_parse(struct wpkg_str header, uint64_t size);

#endif
