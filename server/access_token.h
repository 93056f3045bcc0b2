/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ACCESS_TOKEN_H
#define WPKG_SERVER_ACCESS_TOKEN_H

/*
 * The short-lived tokens of the OCI API: an OCI client shows its credentials once, gets one, and
 * shows that from then on. Nothing is stored: a token carries whom it speaks for and until when,
 * under a key that dies with the process. Whose password or token is revoked keeps access for what
 * is left of the lifetime.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define ACCESS_TOKEN_LIFETIME 300 /* seconds */
#define ACCESS_TOKEN_KEY 32

struct access_token_key {
	uint8_t bytes[ACCESS_TOKEN_KEY];
};

void access_token_key_new(struct access_token_key *out);

/* A token for a user (empty: nobody) and a scope, in the arena; nothing when memory is out. */
struct wpkg_str access_token_make(const struct access_token_key *key, struct wpkg_arena *arena,
				  struct wpkg_str user, struct wpkg_str scope);

/* False when it is none of ours, or its time is over. The texts are in the arena. */
bool access_token_read(struct wpkg_str *user, struct wpkg_str *scope,
		       const struct access_token_key *key, struct wpkg_arena *arena,
		       struct wpkg_str token);

#endif
