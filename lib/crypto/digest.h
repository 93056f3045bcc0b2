/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_DIGEST_H
#define WPKG_CRYPTO_DIGEST_H

/*
 * SHA-256 (FIPS 180-4), the name of every blob. By OpenSSL's EVP, fetched once: libsodium's does
 * not use the CPU's instructions and is four times slower. libcrypto is loaded with the first use:
 * WPKG_ENOTFOUND when it is not there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wpkg_digest {
	uint8_t bytes[32];
};

#define WPKG_DIGEST_TEXT 65 /* 64 lower-case hex digits and a NUL */

/* The digest of some bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_digest_of(struct wpkg_digest *out, struct wpkg_str bytes,
						struct wpkg_err *err);

void wpkg_digest_format(char out[WPKG_DIGEST_TEXT], const struct wpkg_digest *digest);

/* Exactly 64 lower-case hex digits; a leading "sha256:" is taken off when prefix is true. */
bool wpkg_digest_parse(struct wpkg_digest *out, struct wpkg_str text);

bool wpkg_digest_equal(const struct wpkg_digest *a, const struct wpkg_digest *b);

/* Bytes as they come. new/free; one thread at a time; finish may be called once. */
struct wpkg_hasher;

WPKG_MUST_CHECK enum wpkg_status wpkg_hasher_new(struct wpkg_hasher **out, struct wpkg_err *err);
void wpkg_hasher_update(struct wpkg_hasher *hasher, struct wpkg_str bytes);
WPKG_MUST_CHECK enum wpkg_status
wpkg_hasher_finish(struct wpkg_digest *out, struct wpkg_hasher *hasher, struct wpkg_err *err);
void wpkg_hasher_free(struct wpkg_hasher *hasher);

#endif
