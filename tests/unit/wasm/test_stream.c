/* SPDX-License-Identifier: Apache-2.0 */
/* Streams beyond what test_spec.c compares for each module of the suite. */
#include "builder.h"

static void build(struct wpkg_buf *out)
{
	put_header(out);
	put_custom(out, "first", WPKG_LIT("some bytes"));
	put_bytes(out, WPKG_SECTION_TYPE, "\1\x60\1\x7f\0");
	put_bytes(out, WPKG_SECTION_IMPORT, "\1\3env\3log\0\0");
	put_bytes(out, WPKG_SECTION_FUNCTION, "\2\0\0");
	put_bytes(out, WPKG_SECTION_MEMORY, "\1\0\1");
	put_bytes(out, WPKG_SECTION_EXPORT, "\1\3run\0\1");
	put_bytes(out, WPKG_SECTION_CODE, "\2\6\0\x20\0\x10\0\x0b\2\0\x0b");
	put_bytes(out, WPKG_SECTION_DATA, "\2\0\x41\0\x0b\5bytes\1\3end");
	put_custom(out, "name", WPKG_LIT("\1\6\1\1\3run"));
}

START_TEST(a_file_that_ends_early_fails_where_it_ends)
{
	struct wpkg_buf bytes;
	build(&bytes);
	for (size_t length = 0; length <= bytes.len; length++) {
		struct wpkg_str cut = wpkg_str_slice(wpkg_buf_str(&bytes), 0, length);
		struct wpkg_module_fault fault = {0}, stream_fault = {0};
		struct wpkg_module_options options = {.fault = &fault};
		struct wpkg_err err = {.msg = ""}, stream_err = {.msg = ""};
		struct wpkg_module *module = NULL;
		enum wpkg_status status = wpkg_module_read(&module, cut, &options, &err);
		wpkg_module_free(module);
		for (size_t piece = 1; piece < 6; piece++) {
			ck_status(read_stream(cut, piece, &stream_fault, &stream_err), status);
			ck_assert_str_eq(stream_err.msg, err.msg);
			ck_assert_uint_eq(stream_fault.offset, fault.offset);
		}
	}
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(the_module_of_a_stream_has_names_and_features)
{
	struct wpkg_module_stream *stream = NULL;
	struct wpkg_buf bytes;
	struct wpkg_err err;
	build(&bytes);
	ck_ok(wpkg_module_stream_new(&stream, NULL, &err), err);
	ck_ok(wpkg_module_stream_feed(stream, wpkg_buf_str(&bytes), &err), err);
	ck_ok(wpkg_module_stream_finish(stream, &err), err);
	wpkg_buf_clear(&bytes);
	const struct wpkg_module *module = wpkg_module_stream_module(stream);
	ck_assert(wpkg_str_equal_text(module->imports[0].field, "log"));
	ck_assert_ptr_eq(wpkg_module_find_export(module, WPKG_LIT("run")), &module->exports[0]);
	ck_assert_ptr_nonnull(wpkg_module_find_custom(module, WPKG_LIT("first")));
	ck_assert_uint_eq(module->features, WPKG_FEATURE_BIT(BULK_MEMORY));
	ck_assert_uint_eq(module->section_count, 9);
	ck_assert_uint_eq(wpkg_module_body(module, 2).end - wpkg_module_body(module, 2).start, 2);
	wpkg_module_stream_free(stream);
}
END_TEST

START_TEST(a_failure_sticks)
{
	struct wpkg_module_stream *stream = NULL;
	struct wpkg_err err;
	ck_ok(wpkg_module_stream_new(&stream, NULL, &err), err);
	ck_status(wpkg_module_stream_feed(stream, WPKG_LIT("MZ"), &err), WPKG_EFORMAT);
	ck_status(wpkg_module_stream_feed(stream, WPKG_LIT("\0asm"), &err), WPKG_EFORMAT);
	ck_status(wpkg_module_stream_finish(stream, &err), WPKG_EFORMAT);
	ck_assert_str_eq(err.msg, "0x0: magic header not detected");
	wpkg_module_stream_free(stream);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes;
	build(&bytes);
	unit_fail_each_allocation(read_stream(wpkg_buf_str(&bytes), 10, NULL, NULL));
	wpkg_buf_clear(&bytes);
}
END_TEST

UNIT_MAIN(a_file_that_ends_early_fails_where_it_ends, the_module_of_a_stream_has_names_and_features,
	  a_failure_sticks, every_failed_allocation_is_reported)
