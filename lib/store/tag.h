/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TAG_H
#define WPKG_STORE_TAG_H

/*
 * Tags of a repository: names that mean a manifest, and another one tomorrow. They are set with a
 * manifest (manifest.h). A published version has the tag of its number; a yanked one loses it.
 */

#include "store/record.h"

struct wpkg_tag_list {
	struct wpkg_str *items;
	size_t count;
	bool more; /* there are others after these */
};

/* In byte order, after the tag last (empty: from the first), at most limit (0: all).
 * WPKG_ENOTFOUND when there is no such repository. */
WPKG_MUST_CHECK enum wpkg_status wpkg_tag_list(struct wpkg_tag_list *out, struct wpkg_arena *arena,
					       struct wpkg_store *store, struct wpkg_str name,
					       struct wpkg_str last, size_t limit,
					       struct wpkg_err *err);

/* The manifest stays. WPKG_ENOTFOUND; WPKG_EDENIED when it is the tag of a published version. */
WPKG_MUST_CHECK enum wpkg_status wpkg_tag_delete(struct wpkg_store *store, struct wpkg_str name,
						 struct wpkg_str tag, const struct wpkg_act *act,
						 struct wpkg_err *err);

#endif
