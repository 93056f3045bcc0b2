/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_QUOTA_INT_H
#define WPKG_STORE_QUOTA_INT_H

/* Quotas inside of transactions. */

#include "store/db.h"
#include "store/quota.h"

struct quota_book;

WPKG_MUST_CHECK enum wpkg_status quota_book_new(struct quota_book **out, struct wpkg_err *err);
void quota_book_free(struct quota_book *book); /* NULL is fine */

/* What a transaction has just brought. */
struct quota_change {
	int64_t name_id;
	struct wpkg_str user;
	struct wpkg_str name;
	uint64_t bytes, versions;
};

/* Is all still within the quotas, the change included? A name under which nothing was published
 * counts as a package that came with it. WPKG_EQUOTA otherwise. */
WPKG_MUST_CHECK enum wpkg_status quota_judge(struct wpkg_store *store, struct db *db,
					     const struct quota_change *change,
					     struct wpkg_err *err);

#endif
