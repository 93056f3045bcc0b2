/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_MIGRATION_H
#define WPKG_STORE_MIGRATION_H

/*
 * The index's schema, step by step: schema/migrations/NNNN-name.sql, compiled in. A step is one
 * transaction and leaves a row in the table migrations, so that a database knows how far it is.
 */

#include "store/db.h"

/* How many steps of ours the database lacks. WPKG_EINVAL when it has steps that we do not know. */
WPKG_MUST_CHECK enum wpkg_status migration_pending(size_t *out, struct db *db,
						   struct wpkg_err *err);

/* Takes them. */
WPKG_MUST_CHECK enum wpkg_status migration_run(struct db *db, struct wpkg_err *err);

#endif
