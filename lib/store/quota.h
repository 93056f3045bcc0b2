/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_QUOTA_H
#define WPKG_STORE_QUOTA_H

/*
 * How much there may be: of what a user pushed, or of what lies under a pattern of names, whoever
 * pushed it. Counted is
 *
 *   bytes      of parcels, by each version that is not rejected, and of blobs and images that came
 *              over OCI and are no version's; the same bytes in two versions count twice
 *   versions   that are not rejected, incomplete ones included
 *   packages   names that the user owns, or that there are
 *
 * A change is judged in its own transaction, with all that was committed before it, so that no two
 * pushes together pass a quota that neither passes alone. What was there before a quota became
 * smaller stays, and nothing more comes.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "store/repository.h"
#include "store/store.h"

/* 0: no limit of that kind. Texts are borrowed, and copied by whoever keeps them. */
struct wpkg_quota {
	struct wpkg_str user;	 /* whose; "*": each user's own; empty: whoever's */
	struct wpkg_str pattern; /* of names (access.h); empty: all */
	uint64_t bytes, versions, packages;
};

struct wpkg_quotas {
	const struct wpkg_quota *items;
	size_t count;
};

/* Those that changes are judged by from now on, in this process. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_quotas_set(struct wpkg_store *store, const struct wpkg_quotas *quotas, struct wpkg_err *err);

struct wpkg_usage {
	uint64_t bytes, versions, packages;
};

/* What a quota counts, for that user where it is each user's own. */
WPKG_MUST_CHECK enum wpkg_status wpkg_quota_usage(struct wpkg_usage *out, struct wpkg_store *store,
						  const struct wpkg_quota *quota,
						  struct wpkg_str user, struct wpkg_err *err);

/* What messages call a quota: "jo", "example.com/" + "*", or "jo on example.com/" + "*". */
#define WPKG_QUOTA_TEXT 128
void wpkg_quota_format(char out[WPKG_QUOTA_TEXT], const struct wpkg_quota *quota,
		       struct wpkg_str user);

/* Who has pushed anything that counts, by name. In the arena. */
WPKG_MUST_CHECK enum wpkg_status wpkg_quota_users(struct wpkg_names *out, struct wpkg_arena *arena,
						  struct wpkg_store *store, struct wpkg_err *err);

/* May a limit (0: none) take more? Nothing more is always fine. */
bool wpkg_quota_fits(uint64_t limit, uint64_t used, uint64_t more);

/* What somebody is about to bring. */
struct wpkg_quota_question {
	struct wpkg_str user;
	struct wpkg_str name;
	uint64_t bytes; /* more */
};

/* Would it fit, as things are now? For an early answer: the change itself is judged again.
 * WPKG_EQUOTA names the quota, what is used of it and what was asked for. */
WPKG_MUST_CHECK enum wpkg_status wpkg_quota_check(struct wpkg_store *store,
						  const struct wpkg_quota_question *question,
						  struct wpkg_err *err);

#endif
