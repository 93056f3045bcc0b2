/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/name.h"

START_TEST(good_names_pass)
{
	static const char *const names[] = {"foo",
					    "example.com/tools/greet",
					    "a_b-c.d",
					    "k\u00e4se",
					    "\u65e5\u672c\u3054/\u30ab\u30ca",
					    "_x/9",
					    "\u043f\u0430\u043a\u0435\u0442",
					    "x/\u03b1\u03b2"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wpkg_err err;
		ck_ok(wpkg_name_check(wpkg_str_from(names[i]), &err), err);
	}
}
END_TEST

START_TEST(hostile_names_are_refused)
{
	static const char *const names[] = {
		"",	    "/",	"a/",	"/a",	"a//b",	       "..",
		"a/../b",   ".a",	"-a",	"a b",	"a@b",	       "a\nb",
		"bindle:x", "a\u202eb", "a#b",	"a\\b", "p\u0430ypal", "\xff",
		"a\u200bb", "\u0301a",	"a%2f", "a?b",	"a:b",	       "a+b"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wpkg_err err;
		enum wpkg_status status = wpkg_name_check(wpkg_str_from(names[i]), &err);
		ck_assert_msg(status == WPKG_EINVAL, "'%s'", names[i]);
	}
	char large[300];
	memset(large, 'a', sizeof(large));
	ck_status(wpkg_name_check(wpkg_str_of(large, sizeof(large)), NULL), WPKG_EINVAL);
	ck_status(wpkg_name_check(wpkg_str_of(large, 129), NULL), WPKG_EINVAL);
	ck_status(wpkg_name_check(wpkg_str_of("a\0b", 3), NULL), WPKG_EINVAL);
}
END_TEST

static bool confusable(const char *a, const char *b)
{
	struct wpkg_buf x, y;
	wpkg_buf_init(&x, 2000);
	wpkg_buf_init(&y, 2000);
	wpkg_name_append_skeleton(&x, wpkg_str_from(a));
	wpkg_name_append_skeleton(&y, wpkg_str_from(b));
	ck_assert_int_eq(x.failed, WPKG_OK);
	bool same = wpkg_str_equal(wpkg_buf_str(&x), wpkg_buf_str(&y));
	wpkg_buf_clear(&x);
	wpkg_buf_clear(&y);
	return same;
}

START_TEST(look_alikes_have_one_skeleton)
{
	ck_assert(confusable("Foo-Bar", "foo_bar"));
	ck_assert(confusable("foo.bar", "foo-bar"));
	ck_assert(confusable("tooI", "tool"));
	ck_assert(confusable("g00gle", "google"));
	ck_assert(confusable("\u0440\u0430\u0443", "pay"));
	ck_assert(confusable("k\u00e4se", "ka\u0308se"));
	ck_assert(!confusable("foo", "fooo"));
	ck_assert(!confusable("foobar", "foo-bar"));
	ck_assert(!confusable("k\u00e4se", "kase"));
}
END_TEST

UNIT_MAIN(good_names_pass, hostile_names_are_refused, look_alikes_have_one_skeleton)
