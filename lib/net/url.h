/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_URL_H
#define WPKG_NET_URL_H

/*
 * The little of RFC 3986 that a registry's address needs: http or https, a host, perhaps a port
 * and a path. User information, queries and fragments are refused: a secret in a URL ends up in
 * logs, and the others mean nothing as a prefix.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct wpkg_url {
	struct wpkg_str scheme; /* "http" or "https"; all borrowed from the text */
	struct wpkg_str host;	/* without brackets */
	struct wpkg_str port;	/* digits; empty: the scheme's */
	struct wpkg_str origin; /* "https://host:port" as written */
	struct wpkg_str path;	/* with its leading slash; empty: none */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_url_parse(struct wpkg_url *out, struct wpkg_str text,
						struct wpkg_err *err);

/* Does what is sent stay on this machine? "localhost", 127.0.0.0/8 and ::1. */
bool wpkg_url_is_loopback(const struct wpkg_url *url);

/*
 * Appends the URL that a Location header means (RFC 9110 section 10.2.2) in an answer of an origin:
 * a path from the root, or a whole URL of http or https. *same says whether it is of that origin,
 * so that credentials may go there. WPKG_EFORMAT for what is neither, holds user information or
 * characters that no URL has, or would leave TLS.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_url_resolve(struct wpkg_buf *out, bool *same,
						  struct wpkg_str origin, struct wpkg_str location,
						  struct wpkg_err *err);

/* Appends text for a path: letters, digits and "-._~/+@" as they are, other bytes as %XX. */
void wpkg_url_append_path(struct wpkg_buf *buf, struct wpkg_str text);

/* Appends text for the value of a query: letters, digits and "-._~" as they are. */
void wpkg_url_append_value(struct wpkg_buf *buf, struct wpkg_str text);

#endif
