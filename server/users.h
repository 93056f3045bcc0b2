/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_USERS_H
#define WPKG_SERVER_USERS_H

/*
 * Who a request comes from, and what that user may do.
 *
 * Credentials are "Basic" with a user of the htpasswd file (bcrypt) or with a token as password, or
 * "Bearer" with a token. A password's hash is slow on purpose: what was right is remembered for a
 * few minutes under a keyed hash, and wrong ones slow down their user and network.
 *
 * Rights (store/access.h) are on names. The owner of a name, and whoever owns a prefix of it, may
 * do everything. Anybody who logged in may push a name that there is not, outside what is reserved,
 * and owns it then. Reading is free, unless the server is private: then what is reserved is
 * readable for those who have any right on it, all else for everybody who logged in. A token's
 * scope narrows what its user may.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "config.h"
#include "store/access.h"

struct wpkg_store;
struct users;

WPKG_MUST_CHECK enum wpkg_status users_new(struct users **out, const struct config *config,
					   struct wpkg_store *store, struct wpkg_err *err);
void users_free(struct users *users);

/* Reads the htpasswd file again; a failure leaves what was there. */
WPKG_MUST_CHECK enum wpkg_status users_reload(struct users *users, const struct config *config,
					      struct wpkg_err *err);

struct identity {
	struct wpkg_str user;  /* empty: nobody logged in */
	struct wpkg_str scope; /* of a token; empty: all that the user may */
};

/*
 * Who an Authorization header speaks for; an empty one, and "Basic" with neither user nor password
 * (which some clients send), is nobody. network: that wrong passwords count for. Waits when wait is
 * true; else WPKG_EBUSY says that it would have to. WPKG_EDENIED: the credentials are wrong;
 * WPKG_ELIMIT: nobody looked at them, too many were wrong lately.
 */
WPKG_MUST_CHECK enum wpkg_status users_identify(struct identity *out, struct users *users,
						struct wpkg_arena *arena,
						struct wpkg_str authorization, const char *network,
						bool wait, struct wpkg_err *err);

/* A token for that identity that ends soon (access_token.h); nothing when memory is out. */
struct wpkg_str users_access_token(const struct users *users, struct wpkg_arena *arena,
				   const struct identity *identity);

/* May this identity do that to a package? WPKG_EDENIED says what is missing. */
WPKG_MUST_CHECK enum wpkg_status users_allow(struct users *users, struct wpkg_arena *arena,
					     const struct identity *identity, enum wpkg_right right,
					     struct wpkg_str name, struct wpkg_err *err);

#endif
