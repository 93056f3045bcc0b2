/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_REGISTRY_INT_H
#define WPKG_NET_REGISTRY_INT_H

/* What the calls (registry.c) and the parcels' transfers (parcel_transfer.c) share. */

#include "net/registry.h"

struct wpkg_registry {
	struct wpkg_http *http;
	char *url;	     /* heap; normal form */
	char *authorization; /* heap, wiped; NULL: anonymous */
};

/* Appends "URL/v1/_i/NAME/VERSION". */
void registry_append_id_url(struct wpkg_buf *buf, const struct wpkg_registry *registry,
			    struct wpkg_str name, struct wpkg_str version);

/* The status that an HTTP status is. pushed: 400 is a refusal of content. */
enum wpkg_status registry_status_of(unsigned code, bool pushed);

/* Is the answer that the version is being checked? */
bool registry_is_checking(const struct wpkg_http_exchange *exchange);

/* Prefer: respond-async, wait=N. For more_headers. */
extern const char *const registry_prefer[];

/*
 * For a failure that is the server's own, where only its log can say more: " (request ID)", else
 * nothing. Returns out.
 */
#define REGISTRY_HINT (WPKG_HTTP_REQUEST_ID_MAX + 16)
const char *registry_request_hint(char out[REGISTRY_HINT],
				  const struct wpkg_http_exchange *exchange);

/*
 * What a finished exchange means: WPKG_OK for 2xx, else the failure as registry.h says. pushed:
 * 400 is a refusal of content.
 */
WPKG_MUST_CHECK enum wpkg_status registry_judge(const struct wpkg_http_exchange *exchange,
						bool pushed, struct wpkg_err *err);

#endif
