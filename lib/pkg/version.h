/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_VERSION_H
#define WPKG_PKG_VERSION_H

/* Versions of Semantic Versioning 2.0.0, strict: three numbers, no "v", no leading zeros. */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define WPKG_VERSION_MAX 255 /* bytes of a version's text */

struct wpkg_version {
	uint64_t major;
	uint64_t minor;
	uint64_t patch;
	struct wpkg_str prerelease; /* borrowed from the parsed text; empty: a release */
	struct wpkg_str build;	    /* borrowed from the parsed text; empty: none */
};

/* The version borrows its parts from the text. WPKG_EFORMAT says what is wrong with which part. */
WPKG_MUST_CHECK enum wpkg_status wpkg_version_parse(struct wpkg_version *out, struct wpkg_str text,
						    struct wpkg_err *err);

/* Precedence (section 11), then build metadata in the same way, so that the order is total. */
int wpkg_version_compare(const struct wpkg_version *a, const struct wpkg_version *b);

#endif
