/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/content_digest.h"

#include <stdio.h>

#include "base/hex.h"

static const struct {
	const char *name;
	size_t length;
} algorithms[] = {
	[WPKG_SHA256] = {"sha256", 32},
	[WPKG_SHA512] = {"sha512", 64},
};

const char *wpkg_digest_algorithm_name(enum wpkg_digest_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

bool wpkg_digest_algorithm_parse(enum wpkg_digest_algorithm *out, struct wpkg_str text)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (wpkg_str_equal_text(text, algorithms[i].name)) {
			*out = (enum wpkg_digest_algorithm)i;
			return true;
		}
	}
	return false;
}

size_t wpkg_digest_algorithm_length(enum wpkg_digest_algorithm algorithm)
{
	return algorithms[algorithm].length;
}

void wpkg_content_digest_format(char out[WPKG_CONTENT_DIGEST_TEXT],
				const struct wpkg_content_digest *digest)
{
	int prefix = snprintf(out, WPKG_CONTENT_DIGEST_TEXT,
			      "%s:", wpkg_digest_algorithm_name(digest->algorithm));
	wpkg_hex_format(out + prefix, digest->bytes,
			wpkg_digest_algorithm_length(digest->algorithm));
}

bool wpkg_content_digest_parse(struct wpkg_content_digest *out, struct wpkg_str text)
{
	struct wpkg_content_digest digest = {0};
	size_t colon = wpkg_str_find(text, ':');
	if (!wpkg_digest_algorithm_parse(&digest.algorithm, wpkg_str_slice(text, 0, colon)) ||
	    !wpkg_hex_parse(digest.bytes, wpkg_digest_algorithm_length(digest.algorithm),
			    wpkg_str_from_offset(text, colon + 1)))
		return false;
	*out = digest;
	return true;
}

bool wpkg_content_digest_equal(const struct wpkg_content_digest *a,
			       const struct wpkg_content_digest *b)
{
	return a->algorithm == b->algorithm &&
	       memcmp(a->bytes, b->bytes, wpkg_digest_algorithm_length(a->algorithm)) == 0;
}

struct wpkg_content_digest wpkg_content_digest_of_sha256(const struct wpkg_digest *digest)
{
	struct wpkg_content_digest content = {.algorithm = WPKG_SHA256};
	memcpy(content.bytes, digest->bytes, sizeof(digest->bytes));
	return content;
}
