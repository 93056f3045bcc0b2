/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>

#include "base/buf.h"

START_TEST(a_failure_sticks_and_is_reported_once_at_the_end)
{
	struct wpkg_err err;
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 5);
	wpkg_buf_append_text(&buf, "abc");
	wpkg_buf_append_text(&buf, "def");
	wpkg_buf_append_text(&buf, "g");
	ck_assert_uint_eq(buf.len, 3);
	ck_status(wpkg_buf_check(&buf, "a name", &err), WPKG_ELIMIT);
	ck_assert_str_eq(err.msg, "a name: longer than 5 bytes");
	wpkg_buf_reset(&buf);
	wpkg_buf_append_text(&buf, "abcde");
	ck_ok(wpkg_buf_check(&buf, "a name", &err), err);
	ck_assert_str_eq(wpkg_buf_text(&buf), "abcde");
	wpkg_buf_clear(&buf);
}
END_TEST

START_TEST(content_grows_and_stays_terminated)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 1 << 20);
	ck_assert_str_eq(wpkg_buf_text(&buf), "");
	for (int i = 0; i < 10000; i++)
		wpkg_buf_append_format(&buf, "%d,", i % 10);
	ck_assert_uint_eq(buf.len, 20000);
	ck_assert_uint_eq(strlen(wpkg_buf_text(&buf)), 20000);
	char *text = wpkg_buf_detach(&buf);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(strncmp(text, "0,1,2,", 6), 0);
	ck_assert_uint_eq(buf.len, 0);
	wpkg_mem_free(text);
}
END_TEST

static enum wpkg_status fill(void)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 1 << 20);
	for (int i = 0; i < 100; i++)
		wpkg_buf_append_text(&buf, "a text that is longer than nothing; ");
	enum wpkg_status status = wpkg_buf_check(&buf, "text", NULL);
	wpkg_buf_clear(&buf);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(fill());
}
END_TEST

UNIT_MAIN(a_failure_sticks_and_is_reported_once_at_the_end, content_grows_and_stays_terminated,
	  every_failed_allocation_is_reported)
