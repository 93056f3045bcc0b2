/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_SUMMARY_H
#define WPKG_STORE_SUMMARY_H

/*
 * What versions of a name say of themselves, shared by those that say the same, so that a search
 * looks at each text once and not at each version.
 */

#include "store/db.h"

/* The summary of a name with this description, made when there is none. */
WPKG_MUST_CHECK enum wpkg_status summary_claim(int64_t *id, struct db *db, int64_t name_id,
					       struct wpkg_str name, struct wpkg_str description,
					       struct wpkg_err *err);

/* Removes the summary if no version has it any more. */
WPKG_MUST_CHECK enum wpkg_status summary_release(struct db *db, int64_t id, struct wpkg_err *err);

#endif
