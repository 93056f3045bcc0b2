/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_FETCH_H
#define WPKG_CLIENT_FETCH_H

/*
 * Brings parcels of a version into the cache. What is there is hashed, what is not comes from where
 * the version was found and is hashed on the way; a parcel whose bytes are not those of its label
 * never gets there. A connection that breaks is tried again, for the rest of what was on its way.
 */

#include <stdbool.h>

#include "reference.h"
#include "session.h"

struct fetch_outcome {
	enum wpkg_status status; /* WPKG_OK: in the cache, and whole */
	struct wpkg_err err;	 /* when it is not */
	bool was_cached;
	size_t same_as; /* the first chosen parcel with its digest and size; often itself */
};

struct fetch {
	const struct found *found;
	const bool *chosen;		/* one for each parcel */
	bool keep_going;		/* a parcel's failure is kept in its outcome alone */
	struct fetch_outcome *outcomes; /* filled: one for each parcel; in the session's arena */
};

/*
 * The first parcel's failure is the call's, unless keep_going is set: WPKG_EDENIED for wrong bytes,
 * WPKG_ENOTFOUND for what is not there (with --offline: not in the cache).
 */
WPKG_MUST_CHECK enum wpkg_status fetch_parcels(struct fetch *fetch, struct session *session,
					       struct wpkg_err *err);

#endif
