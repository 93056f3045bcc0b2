/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_PLACE_H
#define WPKG_CLIENT_PLACE_H

/*
 * Writes parcels as files under their label names, below one folder and nowhere else: a name that
 * could lead out is refused before anything is written, and no link is followed on the way. Each
 * file is hashed while it is copied and appears whole by one rename.
 */

#include <stdbool.h>

#include "pkg/invoice.h"
#include "session.h"

struct place {
	const struct wpkg_invoice *invoice;
	const bool *chosen; /* one for each parcel */
	const char *folder; /* made when absent */
	bool force;	    /* replace files that have other content; else WPKG_EEXISTS */
	/* Opens a parcel's bytes. */
	enum wpkg_status (*open)(int *out, void *user, size_t parcel, struct wpkg_err *err);
	void *user;
};

/* Are all names good, and no two parcels one file? WPKG_EDENIED names one that is not. */
WPKG_MUST_CHECK enum wpkg_status place_check(const struct place *place, struct wpkg_arena *arena,
					     struct wpkg_err *err);

/* Checks, then places. Nothing is written when a file is there with other content. */
WPKG_MUST_CHECK enum wpkg_status place_parcels(const struct place *place, struct wpkg_arena *arena,
					       struct wpkg_err *err);

#endif
