/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

START_TEST(foreign_text_comes_out_printable)
{
	struct wpkg_err err;
	wpkg_err_set(&err, WPKG_EINVAL, "name '%s'",
		     "a\x1b[31mb\nc\xff\xe2\x80\xae"
		     "d\xc3\xa4");
	ck_assert_str_eq(err.msg, "name 'a\\x1b[31mb\\x0ac\\xff\\u{202e}d\xc3\xa4'");
	ck_assert_int_eq(err.status, WPKG_EINVAL);
}
END_TEST

START_TEST(a_long_message_is_cut_between_characters)
{
	struct wpkg_err err;
	char text[600];
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	wpkg_err_set(&err, WPKG_EINVAL, "x%s", text);
	size_t len = strlen(err.msg);
	ck_assert_uint_lt(len, sizeof(err.msg));
	ck_assert_str_eq(err.msg + len - 3, "...");
	ck_assert_uint_eq((len - 3 - 1) % 2, 0);
}
END_TEST

START_TEST(what_a_caller_knows_is_put_before)
{
	struct wpkg_err err;
	wpkg_err_set(&err, WPKG_EFORMAT, "0x1f: bad opcode");
	wpkg_err_prepend(&err, "parcel %s", "app.wasm");
	ck_assert_str_eq(err.msg, "parcel app.wasm: 0x1f: bad opcode");
	ck_assert_int_eq(err.status, WPKG_EFORMAT);
	wpkg_err_prepend(NULL, "nothing");
}
END_TEST

START_TEST(a_system_error_has_a_status_and_the_systems_words)
{
	struct wpkg_err err;
	ck_assert_int_eq(WPKG_FAIL_ERRNO(&err, ENOENT, "%s", "/no"), WPKG_ENOTFOUND);
	ck_assert_str_eq(err.msg, "/no: No such file or directory");
	ck_assert_int_eq(wpkg_status_of_errno(ENOSPC), WPKG_EFULL);
	ck_assert_str_eq(wpkg_status_name(WPKG_EDENIED), "denied");
}
END_TEST

UNIT_MAIN(foreign_text_comes_out_printable, a_long_message_is_cut_between_characters,
	  what_a_caller_knows_is_put_before, a_system_error_has_a_status_and_the_systems_words)
