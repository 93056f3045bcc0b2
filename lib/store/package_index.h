/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_PACKAGE_INDEX_H
#define WPKG_STORE_PACKAGE_INDEX_H

/*
 * What is derived from a package's versions: which of them stands for it, and what that one says.
 * Whatever changes a version marks its package, and renews it before it commits, so that lists and
 * searches never show what is no more. Inside a transaction of the caller's.
 */

#include "store/db.h"
#include "store/package.h"
#include "store/store_int.h"

/* A version of the package has changed, come or gone. */
WPKG_MUST_CHECK enum wpkg_status package_mark(struct db *db, int64_t record_id,
					      struct wpkg_err *err);

/* Times of its versions have changed, too. */
WPKG_MUST_CHECK enum wpkg_status package_mark_times(struct db *db, int64_t name_id,
						    struct wpkg_err *err);

/* Makes what is derived anew, where it was marked. */
WPKG_MUST_CHECK enum wpkg_status package_renew(struct wpkg_store *store, struct db *db,
					       int64_t name_id, struct wpkg_err *err);

/* As wpkg_record_modules. */
WPKG_MUST_CHECK enum wpkg_status package_list_modules(struct wpkg_module_facts_list *out,
						      struct wpkg_arena *arena, struct db *db,
						      int64_t record_id, struct wpkg_err *err);

/* Packages by their names' ids, in that order; one that is none any more is left out. */
WPKG_MUST_CHECK enum wpkg_status package_list_ids(struct wpkg_package_list *out,
						  struct wpkg_arena *arena, struct db *db,
						  const int64_t *ids, size_t count,
						  struct wpkg_err *err);

#endif
