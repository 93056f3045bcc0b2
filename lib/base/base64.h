/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_BASE64_H
#define WPKG_BASE_BASE64_H

/* Base64 of RFC 4648 section 4: standard alphabet, padded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

void wpkg_base64_append(struct wpkg_buf *buf, const void *bytes, size_t len);

/*
 * Reads text into out, which has room for size bytes, and says how many in *len. False for
 * characters outside the alphabet, wrong or missing padding, set bits beyond the data (so that
 * each value has one text), or too little room.
 */
bool wpkg_base64_parse(void *out, size_t size, size_t *len, struct wpkg_str text);

#endif
