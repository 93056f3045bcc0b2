/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <sodium.h>

_Static_assert(crypto_auth_hmacsha256_BYTES == sizeof(struct wpkg_digest), "HMAC-SHA-256");

void wpkg_hmac(struct wpkg_digest *out, struct wpkg_str key, const struct wpkg_str *parts,
	       size_t count)
{
	crypto_auth_hmacsha256_state state;
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
	for (size_t i = 0; i < count; i++)
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i].ptr,
					      parts[i].len);
	crypto_auth_hmacsha256_final(&state, out->bytes);
	sodium_memzero(&state, sizeof(state));
}
