/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_DB_SQLITE_H
#define WPKG_STORE_DB_SQLITE_H

/*
 * SQLite as the index's database: a file in write-ahead mode, where a commit is durable when it
 * returns. Whatever of SQLite an attacker with a crafted file or statement could use is off:
 * extensions, attached files, views, trust in the schema. Triggers are on: what the schema
 * forbids is forbidden whatever the program does; of a crafted file they can do no more than
 * statements of it can.
 */

#include "store/db.h"

/* DB_WRITE makes the file when there is none. */
WPKG_MUST_CHECK enum wpkg_status db_sqlite_open(struct db **out, const char *path,
						enum db_access access, struct wpkg_err *err);

#endif
