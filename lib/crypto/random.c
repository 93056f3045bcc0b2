/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include <sodium.h>

void wpkg_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

bool wpkg_bytes_equal_secret(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
