/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_QUOTA_RULES_H
#define WPKG_SERVER_QUOTA_RULES_H

/*
 * Quotas as the configuration file has them; each limit may be left out, and a reload brings them
 * into force:
 *
 *   [[quota]]
 *   user = "jo"                   "*": each user's own; absent: whoever pushes
 *   names = "example.com/" + "*"  a pattern; absent: all names
 *   bytes = "10GiB"
 *   versions = 1000
 *   packages = 50
 */

#include "base/arena.h"
#include "base/err.h"
#include "data/value.h"
#include "store/quota.h"

/* Takes an array of tables. Texts go to the arena. */
WPKG_MUST_CHECK enum wpkg_status quota_rules_take(struct wpkg_quotas *out, struct wpkg_arena *arena,
						  const struct wpkg_value *array,
						  struct wpkg_err *err);

/* Adds them to a table, as they are taken; false when memory is out. */
bool quota_rules_add(struct wpkg_arena *arena, struct wpkg_value *table,
		     const struct wpkg_quotas *quotas);

#endif
