/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_CHALLENGE_H
#define WPKG_NET_CHALLENGE_H

/*
 * What a server demands to know before it answers: the WWW-Authenticate header (RFC 9110 section
 * 11.6.1), which may hold several challenges, each a scheme with parameters:
 *
 *   Bearer realm="https://auth.example.org/token",service="reg",scope="repository:a/b:pull"
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Texts in the arena; empty: not given. Of other parameters nothing is kept. */
struct wpkg_challenge {
	struct wpkg_str realm;
	struct wpkg_str service;
	struct wpkg_str scope;
};

/*
 * Finds the first challenge of a scheme ("Bearer", in any case) in a header's value.
 * WPKG_ENOTFOUND when there is none, WPKG_EFORMAT when the value is malformed, up to there.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_challenge_find(struct wpkg_challenge *out,
						     struct wpkg_arena *arena,
						     struct wpkg_str header, const char *scheme,
						     struct wpkg_err *err);

#endif
