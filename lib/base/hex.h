/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_HEX_H
#define WPKG_BASE_HEX_H

/* Lower-case hexadecimal. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Writes 2 * len digits and a NUL to out. */
void wpkg_hex_format(char *out, const uint8_t *bytes, size_t len);

/* Exactly len bytes from 2 * len lower-case digits; false, and out spoilt, for anything else. */
bool wpkg_hex_parse(uint8_t *out, size_t len, struct wpkg_str text);

#endif
