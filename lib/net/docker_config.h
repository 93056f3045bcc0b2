/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_DOCKER_CONFIG_H
#define WPKG_NET_DOCKER_CONFIG_H

/*
 * Credentials as other tools keep them: Docker's config.json and the auth.json of podman, skopeo
 * and buildah, which have the same form.
 *
 *   {"auths": {"host:port": {"auth": "base64 of user:password"}, "host/name": ...},
 *    "credHelpers": {"host:port": "NAME"}, "credsStore": "NAME"}
 *
 * A helper is a program docker-credential-NAME that tells what it keeps for a host.
 *
 * All texts are secrets in the caller's arena, which is to be wiped.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct wpkg_docker_credentials {
	struct wpkg_str helper; /* to ask first; empty: none. Letters, digits and "-._" */
	struct wpkg_str user;	/* empty with the password: none */
	struct wpkg_str password;
	struct wpkg_str token; /* a "registrytoken", to be sent as it is; empty: none */
};

/*
 * What a file says of a repository ("a/b") of a host ("example.org", "localhost:5000"): the most
 * particular entry, or a helper. WPKG_ENOTFOUND when it says nothing, WPKG_EFORMAT when it is no
 * such file or the entry is malformed, WPKG_EINVAL for an identity token, which is not spoken here.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_docker_config_find(struct wpkg_docker_credentials *out,
							 struct wpkg_arena *arena,
							 struct wpkg_str text, struct wpkg_str host,
							 struct wpkg_str repository,
							 struct wpkg_err *err);

/* What a helper printed: {"Username": ..., "Secret": ...}. */
WPKG_MUST_CHECK enum wpkg_status wpkg_docker_helper_read(struct wpkg_docker_credentials *out,
							 struct wpkg_arena *arena,
							 struct wpkg_str text,
							 struct wpkg_err *err);

#endif
