/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_OCI_INT_H
#define WPKG_NET_OCI_INT_H

/* What documents (oci_registry.c), blobs (oci_blobs.c) and access (oci_access.c) share. */

#include "net/oci_registry.h"
#include "registry_int.h"

#define OCI_URL_MAX ((size_t)16 * 1024)
#define OCI_TOKENS_MAX 8 /* scopes that a token is kept for */

/* What the registry wants to see: the scheme of its last challenge. */
enum oci_scheme { OCI_OPEN, OCI_BASIC, OCI_BEARER };

/* All heap. */
struct oci_token {
	char *scope;
	char *authorization; /* "Bearer ...", wiped */
	int64_t ends;	     /* seconds of the steady clock */
};

struct wpkg_oci_registry {
	struct wpkg_http *http;
	struct wpkg_http *tokens; /* a client of its own: tokens are fetched amid other requests */
	char *origin;		  /* heap */
	char *fixed;		  /* heap, wiped: options.authorization; NULL */
	struct wpkg_oci_registry_options options;

	enum oci_scheme scheme;
	char *realm;	       /* heap: of Bearer */
	char *service;	       /* heap: of Bearer; NULL: none was named */
	bool asked;	       /* credentials were asked for */
	struct wpkg_buf known; /* the header they make; empty: nobody */
	struct oci_token cache[OCI_TOKENS_MAX];
	size_t cached;
};

/*
 * The header to send for a repository, fetching a token when one is due; *out is NULL for none and
 * else stays until the next call.
 */
WPKG_MUST_CHECK enum wpkg_status
oci_authorize(const char **out, const struct wpkg_oci_repository *repository, struct wpkg_err *err);

/*
 * Learns from an answer with 401. WPKG_OK: ask again, with what oci_authorize gives now; else there
 * is nothing more to show, and the answer is to be judged.
 */
WPKG_MUST_CHECK enum wpkg_status oci_challenged(const struct wpkg_oci_repository *repository,
						const struct wpkg_http_exchange *exchange,
						struct wpkg_err *err);

void oci_access_clear(struct wpkg_oci_registry *registry);

/* What a finished exchange means, with the registry's words. pushed: 400 refuses content. */
WPKG_MUST_CHECK enum wpkg_status oci_judge(const struct wpkg_http_exchange *exchange, bool pushed,
					   struct wpkg_err *err);

/* Appends "ORIGIN/v2/NAME/KIND/". */
void oci_append_url(struct wpkg_buf *url, const struct wpkg_oci_repository *repository,
		    const char *kind);

#endif
