/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_CONTENT_DIGEST_H
#define WPKG_CRYPTO_CONTENT_DIGEST_H

/*
 * A digest as OCI writes it, "ALGORITHM:HEX" (image-spec, descriptor.md): sha256, which everything
 * here goes by, or sha512, which is a second name for the same bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

enum wpkg_digest_algorithm { WPKG_SHA256, WPKG_SHA512 };

struct wpkg_content_digest {
	enum wpkg_digest_algorithm algorithm;
	uint8_t bytes[64]; /* of SHA-256 the first 32, the others 0 */
};

#define WPKG_CONTENT_DIGEST_TEXT 136 /* "sha512:", 128 digits and a NUL */

/* "sha256", "sha512". Static text. */
const char *wpkg_digest_algorithm_name(enum wpkg_digest_algorithm algorithm);
bool wpkg_digest_algorithm_parse(enum wpkg_digest_algorithm *out, struct wpkg_str text);

/* Bytes of a digest: 32 or 64. */
size_t wpkg_digest_algorithm_length(enum wpkg_digest_algorithm algorithm);

void wpkg_content_digest_format(char out[WPKG_CONTENT_DIGEST_TEXT],
				const struct wpkg_content_digest *digest);

/* An algorithm of ours, a colon, and exactly as many lower-case hex digits as it has. */
bool wpkg_content_digest_parse(struct wpkg_content_digest *out, struct wpkg_str text);

bool wpkg_content_digest_equal(const struct wpkg_content_digest *a,
			       const struct wpkg_content_digest *b);

struct wpkg_content_digest wpkg_content_digest_of_sha256(const struct wpkg_digest *digest);

/* The digest of some bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_content_digest_of(struct wpkg_content_digest *out,
							enum wpkg_digest_algorithm algorithm,
							struct wpkg_str bytes,
							struct wpkg_err *err);

/* Bytes as they come, for one algorithm: as wpkg_hasher. */
WPKG_MUST_CHECK enum wpkg_status wpkg_hasher_new_for(struct wpkg_hasher **out,
						     enum wpkg_digest_algorithm algorithm,
						     struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_hasher_finish_content(struct wpkg_content_digest *out,
							    struct wpkg_hasher *hasher,
							    struct wpkg_err *err);

#endif
