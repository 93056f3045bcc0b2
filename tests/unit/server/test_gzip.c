/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>
#include <zlib.h>

#include "../../../server/gzip.h"
#include "base/mem.h"

#define TEXT_SIZE ((size_t)100000)

static char text[TEXT_SIZE];

/* Bytes that pack a little: words of a small generator. */
static struct wpkg_str some_text(size_t len)
{
	unsigned state = 1;
	for (size_t i = 0; i < len; i++) {
		state = state * 1103515245 + 12345;
		text[i] = (char)('a' + (state >> 28));
	}
	return wpkg_str_of(text, len);
}

static void assert_unpacks(struct wpkg_str packed, struct wpkg_str wanted)
{
	static char out[TEXT_SIZE + 1];
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.ptr,
			   .avail_in = (uInt)packed.len,
			   .next_out = (Bytef *)out,
			   .avail_out = sizeof(out)};
	ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(stream.avail_in, 0);
	ck_assert_uint_eq(sizeof(out) - stream.avail_out, wanted.len);
	ck_assert_int_eq(memcmp(out, wanted.ptr ? wanted.ptr : "", wanted.len), 0);
	inflateEnd(&stream);
}

START_TEST(what_was_packed_comes_back)
{
	struct wpkg_err err;
	const size_t sizes[] = {0, 1, 100, TEXT_SIZE};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct wpkg_buf out;
		struct wpkg_str in = some_text(sizes[i]);
		wpkg_buf_init(&out, 2 * TEXT_SIZE);
		wpkg_buf_append_text(&out, "before");
		ck_assert_int_eq(gzip_pack(&out, in, i % 2 ? GZIP_QUICK : GZIP_SMALL, &err),
				 WPKG_OK);
		assert_unpacks(wpkg_str_from_offset(wpkg_buf_str(&out), 6), in);
		wpkg_buf_clear(&out);
	}
}
END_TEST

START_TEST(a_full_buffer_and_each_lost_allocation_are_failures)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	struct wpkg_str in = some_text(TEXT_SIZE);
	wpkg_buf_init(&out, 100);
	ck_assert_int_eq(gzip_pack(&out, in, GZIP_SMALL, &err), WPKG_ELIMIT);
	wpkg_buf_clear(&out);
	size_t n = 0;
	bool reached = true;
	while (reached) {
		wpkg_buf_init(&out, 2 * TEXT_SIZE);
		wpkg_mem_fail_at(++n);
		enum wpkg_status status = gzip_pack(&out, in, GZIP_SMALL, &err);
		reached = wpkg_mem_fail_reached();
		wpkg_mem_fail_never();
		ck_assert_int_eq(status, reached ? WPKG_ENOMEM : WPKG_OK);
		wpkg_buf_clear(&out);
	}
	ck_assert_uint_gt(n, 2);
}
END_TEST

START_TEST(who_says_what_of_gzip)
{
	ck_assert(gzip_is_accepted(WPKG_LIT("br;q=1, gzip;q=0.8, *;q=0.1")));
	ck_assert(gzip_is_accepted(WPKG_LIT("*;q=0,gzip")));
	ck_assert(!gzip_is_accepted(WPKG_LIT("")));
	ck_assert(!gzip_is_accepted(WPKG_LIT("gzip;q=0, *")));
	ck_assert(!gzip_is_accepted(WPKG_LIT("gzip;Q=0.0")));
	ck_assert(!gzip_is_accepted(WPKG_LIT(";q=0, ,,;")));
}
END_TEST

UNIT_MAIN(what_was_packed_comes_back, a_full_buffer_and_each_lost_allocation_are_failures,
	  who_says_what_of_gzip)
