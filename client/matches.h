/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_MATCHES_H
#define WPKG_CLIENT_MATCHES_H

/* Versions that a registry's query found: all of a package, or the newest of each. */

#include "pkg/version.h"
#include "query.h"

struct match {
	struct wpkg_invoice *invoice; /* not verified */
	struct wpkg_version version;
};

/* The caller fills in what it wants; the rest is in the session's arena. */
struct matches {
	struct wpkg_str name; /* only this package; empty: any */
	bool newest;	      /* only the newest version of each name */
	uint64_t most;	      /* 0: no bound */
	struct match *items;
	size_t count;
	size_t capacity;
	bool more; /* the bound was reached */
};

/* Names whose version is none are passed over. */
WPKG_MUST_CHECK enum wpkg_status matches_collect(struct matches *matches, struct session *session,
						 const struct wpkg_query *query,
						 struct wpkg_err *err);

#endif
