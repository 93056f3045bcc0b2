/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_FIGURES_H
#define WPKG_STORE_FIGURES_H

/* What an operator wants to see of a store at a glance: how much it holds, and how busy it is. */

#include "base/histogram.h"
#include "store/store.h"

struct wpkg_store_figures {
	/* As the index has it, changes of other processes included. */
	uint64_t packages; /* names with a version that is published or yanked */
	uint64_t incomplete, checking, published, rejected, yanked; /* versions in that state */
	uint64_t blobs, blob_bytes; /* that are whole; each once, whoever refers to it */
	uint64_t damaged;	    /* blobs that fsck set aside */
	uint64_t manifests, tags;
	uint64_t sessions; /* uploads in several requests that are durable and not at their end */
	/* Of the disk. */
	uint64_t free_bytes;  /* that are left for us */
	uint64_t index_bytes; /* of the database and its journal */
};

/* Counts nothing and waits for no change: the figures are kept as things change. */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_figures(struct wpkg_store_figures *out,
						    struct wpkg_store *store, struct wpkg_err *err);

/* What the committer did since the store was opened. */
struct wpkg_store_activity {
	uint64_t waiting;			   /* changes that are not committed yet */
	uint64_t failed;			   /* commits that failed, and all in them */
	struct wpkg_histogram_reading sizes;	   /* of commits that were tried, in changes */
	struct wpkg_histogram_reading nanoseconds; /* that each took */
};

extern const struct wpkg_histogram_bounds wpkg_commit_sizes;
extern const struct wpkg_histogram_bounds wpkg_commit_nanoseconds;

void wpkg_store_activity(struct wpkg_store_activity *out, const struct wpkg_store *store);

#endif
