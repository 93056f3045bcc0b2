/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_READERS_H
#define WPKG_STORE_READERS_H

/*
 * Read-only connections, opened when they are first needed and kept. Whoever takes one has it
 * alone until giving it back; when all are taken, taking waits.
 */

#include "store/db.h"

struct readers;

/* The path is copied. */
WPKG_MUST_CHECK enum wpkg_status readers_new(struct readers **out, const char *path, unsigned count,
					     struct wpkg_err *err);
void readers_free(struct readers *readers); /* nobody may have one; NULL is fine */

WPKG_MUST_CHECK enum wpkg_status readers_take(struct db **out, struct readers *readers,
					      struct wpkg_err *err);

/* Ends a transaction if one is open. NULL is fine. */
void readers_give_back(struct readers *readers, struct db *db);

#endif
