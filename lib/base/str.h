/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_STR_H
#define WPKG_BASE_STR_H

/*
 * A borrowed run of bytes, usually text: whoever made it owns them. May hold NUL bytes and has no
 * terminator of its own. The zero value is the empty string.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wpkg_str {
	const char *ptr; /* may be NULL when len is 0 */
	size_t len;	 /* bytes */
};

struct wpkg_strings {
	struct wpkg_str *items;
	size_t count;
};

/* A string literal as a str, also in static initialisers. */
#define WPKG_STR(literal)                                                                          \
	{                                                                                          \
		.ptr = "" literal, .len = sizeof(literal) - 1                                      \
	}
#define WPKG_LIT(literal) ((struct wpkg_str)WPKG_STR(literal))

/* For printf: "%.*s", WPKG_STR_ARG(s). Longer strings than INT_MAX are cut. */
#define WPKG_STR_ARG(s) wpkg_str_precision(s), (s).ptr ? (s).ptr : ""

int wpkg_str_precision(struct wpkg_str s);

/* The text of a C string; NULL is the empty string. */
struct wpkg_str wpkg_str_from(const char *text);
struct wpkg_str wpkg_str_of(const void *bytes, size_t len);

bool wpkg_str_equal(struct wpkg_str a, struct wpkg_str b);
bool wpkg_str_equal_text(struct wpkg_str a, const char *b);
bool wpkg_str_equal_nocase(struct wpkg_str a, struct wpkg_str b); /* ASCII case only */

/* Byte order, as memcmp: below, equal to or above 0. */
int wpkg_str_compare(struct wpkg_str a, struct wpkg_str b);

bool wpkg_str_starts(struct wpkg_str s, struct wpkg_str prefix);
bool wpkg_str_ends(struct wpkg_str s, struct wpkg_str suffix);
bool wpkg_str_contains(struct wpkg_str s, struct wpkg_str part);

/* Is it as the pattern says, in which each '*' stands for any bytes, or none? */
bool wpkg_str_matches(struct wpkg_str s, struct wpkg_str pattern);

/* Offset of the first or last such byte; s.len when there is none. */
size_t wpkg_str_find(struct wpkg_str s, char byte);
size_t wpkg_str_find_last(struct wpkg_str s, char byte);

/* From offset start to before offset end; both are cut to the length. */
struct wpkg_str wpkg_str_slice(struct wpkg_str s, size_t start, size_t end);
struct wpkg_str wpkg_str_from_offset(struct wpkg_str s, size_t start);

/* Without spaces, tabs, CR and LF at both ends. */
struct wpkg_str wpkg_str_trim(struct wpkg_str s);

/* Takes the part before the separator off *rest into *part; false when *rest is used up. */
bool wpkg_str_split(struct wpkg_str *rest, char separator, struct wpkg_str *part);

/* A whole decimal number without sign, spaces or leading zeros ("0" itself is fine). */
bool wpkg_str_parse_u64(struct wpkg_str s, uint64_t *out);

/* Damerau-Levenshtein distance of two short texts, for "did you mean"; 255 above 63 bytes. */
unsigned wpkg_str_distance(struct wpkg_str a, struct wpkg_str b);

/* May one, by its letters, have been meant by the other? Names of one letter are near to none. */
bool wpkg_str_is_near(struct wpkg_str a, struct wpkg_str b);

#endif
