/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_REGISTRY_SEARCH_H
#define WPKG_NET_REGISTRY_SEARCH_H

/*
 * Search of a registry's JSON API (schema/openapi.json, /api/v1/search): words, and what modules
 * are ("exports:add"). Nothing that is found is verified. Status as in registry.h; WPKG_ENOTFOUND
 * is a registry without this API, such as Bindle's own.
 */

#include "net/registry.h"

#define WPKG_FOUND_MAX 200 /* packages of a page */

/* A package by the version that stands for it. */
struct wpkg_found {
	struct wpkg_str name; /* one that packages may have */
	struct wpkg_str version;
	struct wpkg_str description;
	int64_t size; /* bytes */
	bool yanked;
};

/* In the arena given to the call that fills it. */
struct wpkg_found_page {
	struct wpkg_found *items;
	size_t count;
	struct wpkg_str next;	   /* cursor of the page behind this one; empty: it was the last */
	struct wpkg_str corrected; /* what was looked for, since nothing matched; empty: the text */
};

/* text: not empty. cursor: empty for the first page. limit: 1 to WPKG_FOUND_MAX. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_search(struct wpkg_found_page *out,
						      struct wpkg_arena *arena,
						      struct wpkg_registry *registry,
						      struct wpkg_str text, struct wpkg_str cursor,
						      uint64_t limit, struct wpkg_err *err);

#endif
