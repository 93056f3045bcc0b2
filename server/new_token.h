/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_NEW_TOKEN_H
#define WPKG_SERVER_NEW_TOKEN_H

/* A new access token: its secret, which is shown once, and what it is good for. */

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* "wpkg_" and 64 hex digits, with a NUL: people and scanners for leaked secrets know one by its
 * beginning. */
#define TOKEN_SECRET 70

/* The caller wipes it. */
void new_token_secret(char out[TOKEN_SECRET]);

/*
 * Appends scopes to those that are there, as they are kept: "push:a/" + "*,yank:b". WPKG_EINVAL
 * names one that is no right, colon and pattern.
 */
WPKG_MUST_CHECK enum wpkg_status new_token_add_scopes(struct wpkg_buf *out, struct wpkg_str scopes,
						      struct wpkg_err *err);

#endif
