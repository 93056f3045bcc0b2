/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_PARCEL_H
#define WPKG_ADMIT_PARCEL_H

/* A parcel of the version or of a dependency, as the server handed it over: an open descriptor, and
 * its bytes. */

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct examination;

struct parcel {
	size_t index; /* its number (pkg/admission.h) */
	int fd;	      /* to read; -1: closed */
	struct wpkg_str bytes;
};

/* Asks the server for it. */
WPKG_MUST_CHECK enum wpkg_status parcel_open(struct parcel *out, struct examination *examination,
					     size_t index, struct wpkg_err *err);

/* Makes its bytes readable, and closes the descriptor. */
WPKG_MUST_CHECK enum wpkg_status parcel_map(struct parcel *parcel, struct wpkg_err *err);

/* A closed one is fine. */
void parcel_close(struct parcel *parcel);

#endif
