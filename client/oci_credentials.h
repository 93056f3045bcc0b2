/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_CREDENTIALS_H
#define WPKG_CLIENT_OCI_CREDENTIALS_H

/*
 * Who the user is at a registry that may not be ours. The first of these that knows it says so:
 *
 *   what 'wpkg login' stored for its URL
 *   $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json, where these are set
 *   $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json
 *
 * and in these files the helper program that they name, before what they hold themselves.
 */

#include "base/buf.h"
#include "base/err.h"
#include "session.h"

struct oci_credentials {
	struct session *session;
	struct wpkg_str origin; /* "https://host:port" */
	struct wpkg_str host;	/* "host:port" */
	struct wpkg_str repository;
};

/*
 * Appends the value of an Authorization header; nothing for nobody. user: a struct oci_credentials.
 * WPKG_EFORMAT names a file that cannot be read, WPKG_EIO a helper that failed.
 */
WPKG_MUST_CHECK enum wpkg_status oci_credentials_find(void *user, struct wpkg_buf *out,
						      struct wpkg_err *err);

/*
 * Asks the program docker-credential-NAME for a host, which it reads from its input: no shell, no
 * argument of outside text. Appends what it prints. WPKG_ENOTFOUND when it knows nothing.
 */
WPKG_MUST_CHECK enum wpkg_status credential_helper_ask(struct wpkg_buf *out, struct wpkg_str name,
						       struct wpkg_str host, struct wpkg_err *err);

#endif
