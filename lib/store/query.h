/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_QUERY_H
#define WPKG_STORE_QUERY_H

/*
 * Search over what is published. The order is stable: by name in byte order, then by precedence of
 * Semantic Versioning, highest first.
 */

#include "store/record.h"

enum wpkg_query_match {
	WPKG_QUERY_SUBSTRING, /* the whole text stands somewhere in the name */
	WPKG_QUERY_TERMS,     /* each term (split at spaces) stands in the name or description */
	WPKG_QUERY_PREFIX,    /* the name begins with the text */
	WPKG_QUERY_EXACT      /* the name is the text */
};

/* The zero value finds all that is published and not yanked. */
struct wpkg_query {
	enum wpkg_query_match match;
	struct wpkg_str text;	 /* case counts; empty: every name (not for EXACT) */
	struct wpkg_str version; /* a filter of requirement.h; empty: every version. One that
				  * cannot be parsed finds nothing: Bindle's rule */
	bool yanked;		 /* yanked versions too */
	uint64_t offset;
	uint64_t limit; /* 0: no bound but the arena's */
};

struct wpkg_query_result {
	struct wpkg_record *records;
	size_t count;
	uint64_t total;	     /* all that match; with many, at least one more than the page */
	bool total_is_least; /* there may be more than total */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_query_run(struct wpkg_query_result *out,
						struct wpkg_arena *arena, struct wpkg_store *store,
						const struct wpkg_query *query,
						struct wpkg_err *err);

#endif
