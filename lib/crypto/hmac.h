/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_HMAC_H
#define WPKG_CRYPTO_HMAC_H

/* HMAC-SHA-256 (RFC 2104): who has the key made this of these bytes. Keys of any length. */

#include "crypto/digest.h"

/* Of the parts, one behind the other. */
void wpkg_hmac(struct wpkg_digest *out, struct wpkg_str key, const struct wpkg_str *parts,
	       size_t count);

#endif
