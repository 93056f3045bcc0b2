/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_UTF8_H
#define WPKG_BASE_UTF8_H

/* UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Offset of the first byte that does not belong to a whole character; s.len when all is well. */
size_t wpkg_utf8_invalid(struct wpkg_str s);
bool wpkg_utf8_valid(struct wpkg_str s);

/* Takes one character off *s. At the end, or at a broken one, false and *s is as before. */
bool wpkg_utf8_next(struct wpkg_str *s, uint32_t *character);

/* The beginning of at most so many bytes that ends between two characters. */
struct wpkg_str wpkg_utf8_cut(struct wpkg_str s, size_t most);

void wpkg_utf8_append(struct wpkg_buf *buf, uint32_t character);

/* May it be shown? Not controls, bidirectional overrides, line separators, noncharacters. */
bool wpkg_utf8_printable(uint32_t character);

/* The text for a terminal or a log: what is not printable becomes \xNN or \u{NNNN}. */
void wpkg_utf8_append_escaped(struct wpkg_buf *buf, struct wpkg_str s);

/* A formatted text in that form. */
void wpkg_utf8_append_vformat(struct wpkg_buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
