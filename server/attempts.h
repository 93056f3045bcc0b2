/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ATTEMPTS_H
#define WPKG_SERVER_ATTEMPTS_H

/*
 * What is remembered of passwords. Their hash is slow on purpose, so credentials that were right
 * count as right for a few minutes; they are kept under a keyed hash, with a key of this process
 * alone. Wrong ones slow down: so many are free; then a network waits longer with each, and a
 * user's logins come one a second, so that nobody can lock somebody else out by guessing.
 *
 * A network is an address or what counts for one (address.h). Any thread.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct attempts;

WPKG_MUST_CHECK enum wpkg_status attempts_new(struct attempts **out, struct wpkg_err *err);
void attempts_free(struct attempts *attempts);

/* Were these credentials right lately? A failure to hash them is a no. */
bool attempts_is_known(struct attempts *attempts, struct wpkg_str credentials);
/*
 * They are right, by a password file that was read in this generation: attempts_generation() from
 * before it was looked at. When passwords have changed since, nothing is remembered.
 */
void attempts_remember(struct attempts *attempts, struct wpkg_str credentials, unsigned generation);
unsigned attempts_generation(struct attempts *attempts);
/* No credentials are known any more: passwords have changed. */
void attempts_forget(struct attempts *attempts);

/* Before a password is looked at: WPKG_ELIMIT when it is too early for this user or network. */
WPKG_MUST_CHECK enum wpkg_status attempts_begin(struct attempts *attempts, struct wpkg_str user,
						struct wpkg_str network, struct wpkg_err *err);
void attempts_fail(struct attempts *attempts, struct wpkg_str user, struct wpkg_str network);

#endif
