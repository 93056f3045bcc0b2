/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_KEY_H
#define WPKG_CRYPTO_KEY_H

/*
 * Ed25519 (RFC 8032, pure), by libsodium, which verifies strictly: small-order keys and
 * non-canonical encodings are refused, as the original Bindle does.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wpkg_public_key {
	uint8_t bytes[32];
};

/* Wiped by wpkg_secret_key_clear, which every holder calls. */
struct wpkg_secret_key {
	uint8_t bytes[64]; /* seed, then the public key: Bindle's "keypair" */
};

struct wpkg_signature_bytes {
	uint8_t bytes[64];
};

WPKG_MUST_CHECK enum wpkg_status wpkg_secret_key_generate(struct wpkg_secret_key *out,
							  struct wpkg_err *err);

/* From 64 bytes; WPKG_EFORMAT when the public half does not belong to the seed. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_key_from(struct wpkg_secret_key *out,
						      struct wpkg_str bytes, struct wpkg_err *err);
void wpkg_secret_key_clear(struct wpkg_secret_key *key);

struct wpkg_public_key wpkg_secret_key_public(const struct wpkg_secret_key *key);
bool wpkg_public_key_equal(const struct wpkg_public_key *a, const struct wpkg_public_key *b);

WPKG_MUST_CHECK enum wpkg_status wpkg_key_sign(struct wpkg_signature_bytes *out,
					       const struct wpkg_secret_key *key,
					       struct wpkg_str message, struct wpkg_err *err);
bool wpkg_key_verify(const struct wpkg_public_key *key, struct wpkg_str message,
		     const struct wpkg_signature_bytes *signature);

#endif
