/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTPASSWD_H
#define WPKG_SERVER_HTPASSWD_H

/*
 * The file of users: a line "USER:HASH" each, the hash bcrypt's, as Apache's htpasswd writes it.
 * Lines that are none of that (comments, empty ones) stay as they are.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define HTPASSWD_MAX ((size_t)4 << 20) /* bytes of the file */

/* Waits until nobody else changes the file or one beside it; from reading to writing. */
WPKG_MUST_CHECK enum wpkg_status htpasswd_lock(int *out, const char *path, struct wpkg_err *err);
void htpasswd_unlock(int lock);

/* Reads the file into buf; one that is not there is empty when may_be_absent. The caller wipes. */
WPKG_MUST_CHECK enum wpkg_status htpasswd_read(struct wpkg_buf *buf, const char *path,
					       bool may_be_absent, struct wpkg_err *err);

/* Writes it over the old one, durably and for its owner alone. */
WPKG_MUST_CHECK enum wpkg_status htpasswd_write(const char *path, const struct wpkg_buf *buf,
						struct wpkg_err *err);

/* The next user's name off *rest; false when there is none. */
bool htpasswd_next(struct wpkg_str *rest, struct wpkg_str *user);

/*
 * Copies the lines of in to out, without those of the user; *found says whether there were any.
 * With a password, a line with its hash takes their place, or comes last.
 */
WPKG_MUST_CHECK enum wpkg_status htpasswd_replace(struct wpkg_buf *out, bool *found,
						  struct wpkg_str in, struct wpkg_str user,
						  const char *password, struct wpkg_err *err);

#endif
