/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/lock.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char full[] = "# Written by wpkg lock. Keep it in version control.\n"
			   "version = 1\n"
			   "\n"
			   "[[package]]\n"
			   "name = \"example.com/json\"\n"
			   "version = \"1.4.2\"\n"
			   "registry = \"https://packages.example.com\"\n"
			   "digest = \"sha256:" HEX "\"\n"
			   "dependencies = [\"example.com/text ^1.2, <1.9\"]\n"
			   "\n"
			   "[[package]]\n"
			   "name = \"example.com/text\"\n"
			   "version = \"1.3.0\"\n"
			   "registry = \"https://packages.example.com\"\n"
			   "digest = \"sha256:" HEX "\"\n";

static enum wpkg_status round_trip(struct wpkg_buf *out, const char *text, struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_lock lock;
	wpkg_arena_init(&arena, 1 << 22);
	enum wpkg_status status = wpkg_lock_read(&lock, &arena, wpkg_str_from(text), err);
	if (status == WPKG_OK)
		status = wpkg_lock_write(out, &lock, err);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(what_is_written_is_what_was_read)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	ck_ok(round_trip(&out, full, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&out), full);
	wpkg_buf_reset(&out);
	ck_ok(round_trip(&out, "version = 1\n", &err), err);
	ck_assert_str_eq(wpkg_buf_text(&out),
			 "# Written by wpkg lock. Keep it in version control.\nversion = 1\n");
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(a_package_is_found_by_its_name_whatever_the_order)
{
	struct wpkg_arena arena;
	struct wpkg_lock lock;
	struct wpkg_err err;
	wpkg_arena_init(&arena, 1 << 22);
	ck_ok(wpkg_lock_read(&lock, &arena,
			     WPKG_LIT("version = 1\n"
				      "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n"
				      "registry = \"r\"\ndigest = \"sha256:" HEX "\"\n"
				      "[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n"
				      "registry = \"r\"\ndigest = \"sha256:" HEX "\"\n"),
			     &err),
	      err);
	ck_assert(wpkg_str_equal_text(wpkg_lock_find(&lock, WPKG_LIT("a"))->version, "2.0.0"));
	ck_assert(wpkg_str_equal_text(wpkg_lock_find(&lock, WPKG_LIT("b"))->version, "1.0.0"));
	ck_assert_ptr_null(wpkg_lock_find(&lock, WPKG_LIT("c")));
	wpkg_arena_clear(&arena);
}
END_TEST

#define PACKAGE(name, version, digest, rest)                                                       \
	"version = 1\n[[package]]\nname = \"" name "\"\nversion = \"" version                      \
	"\"\nregistry = \"r\"\ndigest = \"" digest "\"\n" rest

START_TEST(what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "version"},
		{"version = 2\n", "version 2 are unknown"},
		{"version = 1\nfoo = 1\n", "foo"},
		{PACKAGE("a", "1.0", "sha256:" HEX, ""), "package a: version '1.0'"},
		{PACKAGE("a", "1.0.0", "sha256:12", ""), "line 6, column 10: package.digest"},
		{PACKAGE("a", "1.0.0", HEX, ""), "package.digest"},
		{PACKAGE("a", "1.0.0", "sha256:" HEX, "dependencies = [\"b\"]\n"),
		 "package.dependencies"},
		{PACKAGE("a", "1.0.0", "sha256:" HEX, "dependencies = [\"b banana\"]\n"),
		 "'banana' is not a version requirement"},
		{PACKAGE("a", "1.0.0", "sha256:" HEX, "dependencies = [1]\n"),
		 "package.dependencies"},
		{PACKAGE("a", "1.0.0", "sha256:" HEX,
			 "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
			 "registry = \"r\"\ndigest = \"sha256:" HEX "\"\n"),
		 "package a is locked twice"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_err err = {0};
		struct wpkg_buf out;
		wpkg_buf_init(&out, 1 << 20);
		ck_assert(round_trip(&out, cases[i].text, &err) != WPKG_OK);
		ck_assert_msg(strstr(err.msg, cases[i].message) != NULL, "'%s' not in '%s'",
			      cases[i].message, err.msg);
		wpkg_buf_clear(&out);
	}
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	enum wpkg_status status = round_trip(&out, full, &err);
	wpkg_buf_clear(&out);
	return status;
}

START_TEST(every_failed_allocation_is_no_memory)
{
	unit_fail_each_allocation(once());
}
END_TEST

UNIT_MAIN(what_is_written_is_what_was_read, a_package_is_found_by_its_name_whatever_the_order,
	  what_is_wrong_is_said_with_its_place, every_failed_allocation_is_no_memory)
