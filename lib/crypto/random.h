/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CRYPTO_RANDOM_H
#define WPKG_CRYPTO_RANDOM_H

/* Random bytes that nobody can guess, and comparison that takes the same time for any content. */

#include <stdbool.h>
#include <stddef.h>

void wpkg_random(void *out, size_t len);

bool wpkg_bytes_equal_secret(const void *a, const void *b, size_t len);

#endif
