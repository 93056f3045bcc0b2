/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_SEARCH_H
#define WPKG_STORE_SEARCH_H

/*
 * Search for packages, by the version that stands for each (package.h): words of its name,
 * description, keywords, authors and readme, and what its modules are ("exports:add", see trait.h),
 * with spaces between. All of it must be there; case counts only in names of exports and imports.
 *
 * Where no package has all the words, they may be the beginnings of words; where that finds nothing
 * either, the nearest words of names stand in for those that were mistyped.
 *
 * What is found in names comes first. Up to a thousand matches are ranked by where the words stand;
 * of more, the packages that came last come first.
 */

#include "store/package.h"

#define WPKG_SEARCH_TERMS_MAX 16
#define WPKG_SEARCH_REACH 1000 /* matches that can be paged through */

struct wpkg_search {
	struct wpkg_str text;
	size_t offset; /* below WPKG_SEARCH_REACH */
	size_t limit;
};

struct wpkg_search_result {
	struct wpkg_package_list packages;
	bool more; /* there are matches behind these, and within reach */
	uint64_t total;
	bool total_is_least;	   /* there are more than total */
	struct wpkg_str corrected; /* what was looked for instead; empty: what was asked */
};

/* Has the text anything that can be looked for? */
bool wpkg_search_asks(struct wpkg_str text);

/* WPKG_EINVAL when the text asks for nothing, WPKG_ELIMIT for more terms than the most. */
WPKG_MUST_CHECK enum wpkg_status wpkg_search_run(struct wpkg_search_result *out,
						 struct wpkg_arena *arena, struct wpkg_store *store,
						 const struct wpkg_search *search,
						 struct wpkg_err *err);

#endif
