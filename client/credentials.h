/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_CREDENTIALS_H
#define WPKG_CLIENT_CREDENTIALS_H

/*
 * Who the user is at which registry: credentials.toml in the configuration folder, mode 0600, a
 * table for each registry's URL. A token, or a user and a password.
 *
 *   [registry."https://packages.example.org"]
 *   token = "..."
 *
 * WPKG_TOKEN and WPKG_TOKEN_FILE stand in for it in CI: the token of the one registry that is
 * talked to. Credentials are looked up by the registry's URL and go nowhere else.
 */

#include "base/buf.h"
#include "base/err.h"

struct session;

#define CREDENTIALS_MAX ((size_t)16 * 1024) /* bytes of a token or header */

struct credentials {
	struct wpkg_str token; /* empty: user and password */
	struct wpkg_str user;  /* empty: the token alone */
	struct wpkg_str password;
};

/* Appends the value of the Authorization header; nothing when there are no credentials. */
WPKG_MUST_CHECK enum wpkg_status credentials_find(struct wpkg_buf *out, struct session *session,
						  struct wpkg_err *err);

/* What is stored for a URL, whatever the environment says. */
WPKG_MUST_CHECK enum wpkg_status credentials_find_stored(struct wpkg_buf *out,
							 struct session *session,
							 struct wpkg_str url, struct wpkg_err *err);

/* The same for credentials in the hand. WPKG_EINVAL for what no header can hold. */
WPKG_MUST_CHECK enum wpkg_status credentials_append(struct wpkg_buf *out,
						    const struct credentials *credentials,
						    struct wpkg_err *err);

/* Stores them for the session's registry, in place of those before; NULL: forgets them. */
WPKG_MUST_CHECK enum wpkg_status credentials_store(struct session *session,
						   const struct credentials *credentials,
						   struct wpkg_err *err);

#endif
