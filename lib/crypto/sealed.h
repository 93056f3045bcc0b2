/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_SEALED_H
#define WPKG_CRYPTO_SEALED_H

/*
 * A secret under a passphrase: Argon2id (RFC 9106, libsodium's interactive limits) makes the key
 * of a XSalsa20-Poly1305 box. The text form is
 * "argon2id$OPSLIMIT$MEMLIMIT$base64(salt 16)$base64(nonce 24 || box)".
 */

#include "base/buf.h"

WPKG_MUST_CHECK enum wpkg_status wpkg_sealed_write(struct wpkg_buf *out, struct wpkg_str secret,
						   struct wpkg_str passphrase,
						   struct wpkg_err *err);

/*
 * Appends the secret; the caller wipes the buffer. WPKG_EDENIED when the passphrase is wrong or
 * the text was changed, WPKG_EFORMAT when it is none, WPKG_ELIMIT when its limits ask for more
 * than 1 GiB of memory.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_sealed_read(struct wpkg_buf *out, struct wpkg_str text,
						  struct wpkg_str passphrase, struct wpkg_err *err);

#endif
