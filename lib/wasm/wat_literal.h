/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_LITERAL_H
#define WPKG_WASM_WAT_LITERAL_H

/* Numbers and strings of the text format, as values (text format, "Values"). Internal. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum wat_literal {
	WAT_LITERAL_GOOD,
	WAT_LITERAL_MALFORMED, /* no number of that kind */
	WAT_LITERAL_RANGE      /* one that the type does not hold */
};

/* 10, 0xff, 1_000: without a sign, at most max. */
enum wat_literal wat_literal_unsigned(uint64_t *out, struct wpkg_str text, uint64_t max);

/* With a sign or without, of that many bits, up to 64: from -2^(bits-1) to 2^bits-1. *out has the
 * low bits of the two's complement; the others are 0. */
enum wat_literal wat_literal_integer(uint64_t *out, struct wpkg_str text, unsigned bits);

/* The IEEE 754 bits of a binary32 (32 bits) or binary64 (64): the nearest number, ties to even. */
enum wat_literal wat_literal_float(uint64_t *out, struct wpkg_str text, unsigned bits);

/* The bytes that a string token (with its quotes) stands for; the lexer has checked it. */
void wat_literal_string(struct wpkg_buf *out, struct wpkg_str token);

static inline uint32_t wat_hex_digit(char digit)
{
	if (digit <= '9')
		return (uint32_t)(digit - '0');
	return (uint32_t)((digit | 0x20) - 'a' + 10);
}

#endif
