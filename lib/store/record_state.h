/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_RECORD_STATE_H
#define WPKG_STORE_RECORD_STATE_H

/* The moves of a record from state to state (record.h says what the states mean). */

#include "store/db.h"
#include "store/record.h"

enum record_move {
	RECORD_COMPLETE, /* incomplete -> checking: the last parcel is here */
	RECORD_PUBLISH,	 /* checking -> published */
	RECORD_REJECT,	 /* checking -> rejected */
	RECORD_YANK,	 /* published -> yanked */
	RECORD_RECALL	 /* checking -> incomplete: a parcel was found damaged */
};

/* *moved is false, and nothing has changed, when the record is in no state that the move starts
 * from. The counts of its name and summary follow. */
WPKG_MUST_CHECK enum wpkg_status record_move(bool *moved, struct db *db, int64_t id,
					     enum record_move move, struct wpkg_err *err);

/* Takes the record out of the counts, before it is removed. */
WPKG_MUST_CHECK enum wpkg_status record_uncount(struct db *db, int64_t id, struct wpkg_err *err);

/* Puts a record that was inserted in a state into the counts. */
WPKG_MUST_CHECK enum wpkg_status record_count(struct db *db, int64_t id, struct wpkg_err *err);

#endif
