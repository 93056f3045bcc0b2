/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_READER_H
#define WPKG_WASM_READER_H

/*
 * A cursor over a module's bytes. The first failure sticks: from then on the cursor stands at its
 * end, reads give 0, and later failures change nothing. So a decoder is a sequence of plain reads
 * and asks for the status where it would act on what it read.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wpkg_reader {
	const uint8_t *base; /* the byte at the offset origin of the file */
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t
		*limit; /* behind the last byte that may be read: end, or in a part, further on */
	uint32_t origin;
	struct wpkg_err *err; /* may be NULL */
	enum wpkg_status status;
	uint32_t failed_at; /* offset in the file, when it has failed */
	bool is_short;	    /* it has failed because there were no more bytes */
};

/* A cursor over bytes that stand at that offset of the file. */
void wpkg_reader_init(struct wpkg_reader *r, struct wpkg_str bytes, uint32_t origin,
		      struct wpkg_err *err);

/* Fails at a byte: the message gets its offset in front. Always false, for "return ...". */
bool wpkg_reader_fail(struct wpkg_reader *r, const uint8_t *where, enum wpkg_status status,
		      const char *format, ...) WPKG_PRINTF(4, 5) __attribute__((cold));

/* Fails because there should be more bytes. Always false. */
bool wpkg_reader_short(struct wpkg_reader *r) __attribute__((cold));

/* The slow paths of the readers below: numbers of more than a byte, and what is wrong with them. */
uint64_t wpkg_reader_long_u(struct wpkg_reader *r, unsigned bits) __attribute__((noinline));
int64_t wpkg_reader_long_s(struct wpkg_reader *r, unsigned bits) __attribute__((noinline));

static inline bool wpkg_reader_more(const struct wpkg_reader *r)
{
	return r->at < r->end;
}

/* The offset in the file of a byte that the cursor goes over, and of the next one. */
static inline uint32_t wpkg_reader_offset_of(const struct wpkg_reader *r, const uint8_t *where)
{
	return r->origin + (uint32_t)(where - r->base);
}

static inline uint32_t wpkg_reader_offset(const struct wpkg_reader *r)
{
	return wpkg_reader_offset_of(r, r->at);
}

static inline size_t wpkg_reader_left(const struct wpkg_reader *r)
{
	return (size_t)(r->end - r->at);
}

/* LEB128 numbers of at most that many bits. */
static inline uint32_t wpkg_reader_u32(struct wpkg_reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return (uint32_t)wpkg_reader_long_u(r, 32);
}

static inline uint64_t wpkg_reader_u64(struct wpkg_reader *r)
{
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return wpkg_reader_long_u(r, 64);
}

static inline int64_t wpkg_reader_signed(struct wpkg_reader *r, unsigned bits)
{
	if (r->at < r->end && *r->at < 0x80)
		return (int64_t)(*r->at++ ^ 0x40) - 0x40;
	return wpkg_reader_long_s(r, bits);
}

uint8_t wpkg_reader_byte(struct wpkg_reader *r);

/* Goes on by that many bytes and returns where they begin; NULL when there are fewer. */
const uint8_t *wpkg_reader_skip(struct wpkg_reader *r, uint32_t count);

/* A length and that many bytes of UTF-8. */
struct wpkg_str wpkg_reader_name(struct wpkg_reader *r, uint32_t max);

/* The number of items that follow, each of at least a byte; more than max pass a limit. */
uint32_t wpkg_reader_count(struct wpkg_reader *r, uint32_t max, const char *what);

/* A cursor over the next size bytes, which the outer one skips. */
struct wpkg_reader wpkg_reader_sub(struct wpkg_reader *r, uint32_t size);

/* The outer cursor fails when the one over a part of its bytes has. */
void wpkg_reader_join(struct wpkg_reader *outer, const struct wpkg_reader *sub);

#endif
