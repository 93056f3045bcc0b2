/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TOKEN_H
#define WPKG_STORE_TOKEN_H

/* Access tokens. Only the SHA-256 of a token is here; who has the token can prove it. */

#include "store/record.h"

struct wpkg_token {
	int64_t id;
	struct wpkg_digest hash;
	struct wpkg_str user;
	struct wpkg_str scope; /* "push:example.com/" + "*", ...: the server's words; empty: all */
	struct wpkg_str note;  /* what it is for; may be empty */
	int64_t created;       /* UNIX seconds */
	int64_t expires;       /* UNIX seconds; 0: never */
	int64_t revoked;       /* UNIX seconds; 0: not */
};

struct wpkg_token_list {
	struct wpkg_token *items;
	size_t count;
};

/* id, created and revoked of the token are not read; *id is the new one's. */
WPKG_MUST_CHECK enum wpkg_status wpkg_token_add(int64_t *id, struct wpkg_store *store,
						const struct wpkg_token *token,
						const struct wpkg_act *act, struct wpkg_err *err);

/* Also one that is expired or revoked: the caller looks. WPKG_ENOTFOUND when there is none. */
WPKG_MUST_CHECK enum wpkg_status wpkg_token_find(struct wpkg_token *out, struct wpkg_arena *arena,
						 struct wpkg_store *store,
						 const struct wpkg_digest *hash,
						 struct wpkg_err *err);

/* Of a user, or everybody's when user is empty; oldest first. */
WPKG_MUST_CHECK enum wpkg_status wpkg_token_list(struct wpkg_token_list *out,
						 struct wpkg_arena *arena, struct wpkg_store *store,
						 struct wpkg_str user, struct wpkg_err *err);

/* Revoking twice is fine and keeps the first time. WPKG_ENOTFOUND when there is no such id. */
WPKG_MUST_CHECK enum wpkg_status wpkg_token_revoke(struct wpkg_store *store, int64_t id,
						   const struct wpkg_act *act,
						   struct wpkg_err *err);

#endif
