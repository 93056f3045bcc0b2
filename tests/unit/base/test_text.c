/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/str.h"
#include "base/utf8.h"

START_TEST(a_split_text_has_one_part_more_than_separators)
{
	struct wpkg_str rest = WPKG_LIT("a//b/");
	struct wpkg_str part;
	const char *expected[] = {"a", "", "b", ""};
	size_t n = 0;
	while (wpkg_str_split(&rest, '/', &part)) {
		ck_assert(n < 4 && wpkg_str_equal_text(part, expected[n]));
		n++;
	}
	ck_assert_uint_eq(n, 4);
	rest = WPKG_LIT("");
	ck_assert(wpkg_str_split(&rest, '/', &part));
	ck_assert(!wpkg_str_split(&rest, '/', &part));
}
END_TEST

START_TEST(numbers_are_decimal_whole_and_without_overflow)
{
	uint64_t n = 7;
	ck_assert(wpkg_str_parse_u64(WPKG_LIT("18446744073709551615"), &n));
	ck_assert(n == UINT64_MAX);
	ck_assert(wpkg_str_parse_u64(WPKG_LIT("0"), &n) && n == 0);
	n = 7;
	const char *bad[] = {"",   "18446744073709551616", "01", "+1", "-1", " 1", "1 ", "0x1",
			     "1e3"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!wpkg_str_parse_u64(wpkg_str_from(bad[i]), &n), "'%s'", bad[i]);
	ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(a_distance_counts_edits_and_swaps)
{
	ck_assert_uint_eq(wpkg_str_distance(WPKG_LIT("push"), WPKG_LIT("push")), 0);
	ck_assert_uint_eq(wpkg_str_distance(WPKG_LIT("push"), WPKG_LIT("psuh")), 1);
	ck_assert_uint_eq(wpkg_str_distance(WPKG_LIT("push"), WPKG_LIT("pull")), 2);
	ck_assert_uint_eq(wpkg_str_distance(WPKG_LIT(""), WPKG_LIT("abc")), 3);
	ck_assert(wpkg_str_is_near(WPKG_LIT("ad"), WPKG_LIT("add")));
	ck_assert(wpkg_str_is_near(WPKG_LIT("malloc"), WPKG_LIT("mallco")));
	ck_assert(!wpkg_str_is_near(WPKG_LIT("g"), WPKG_LIT("t")));
	ck_assert(!wpkg_str_is_near(WPKG_LIT("main"), WPKG_LIT("mean2")));
}
END_TEST

START_TEST(a_star_stands_for_any_bytes)
{
	static const char *const good[][2] = {
		{"", ""},
		{"", "*"},
		{"abc", "abc"},
		{"abc", "*"},
		{"abc", "a*"},
		{"abc", "*c"},
		{"abc", "a*c"},
		{"abc", "**"},
		{"abcbc", "*bc"},
		{"aXbXc", "a*X*c"},
		{"a*c", "a*c"},
		{"aaab", "*ab"},
		{"./x_bg.js", "./*_bg.js"},
	};
	static const char *const bad[][2] = {
		{"", "a"},	{"a", ""},	 {"abc", "ab"},
		{"abc", "a*b"}, {"ab", "a*b*c"}, {"abc", "?bc"},
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(
			wpkg_str_matches(wpkg_str_from(good[i][0]), wpkg_str_from(good[i][1])),
			"%s is as %s", good[i][0], good[i][1]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!wpkg_str_matches(wpkg_str_from(bad[i][0]), wpkg_str_from(bad[i][1])),
			      "%s is not as %s", bad[i][0], bad[i][1]);
}
END_TEST

START_TEST(finding_looks_from_either_end)
{
	struct wpkg_str s = WPKG_LIT("a/b/c");
	ck_assert_uint_eq(wpkg_str_find(s, '/'), 1);
	ck_assert_uint_eq(wpkg_str_find_last(s, '/'), 3);
	ck_assert_uint_eq(wpkg_str_find(s, 'x'), s.len);
	ck_assert(wpkg_str_contains(s, WPKG_LIT("b/c")) && !wpkg_str_contains(s, WPKG_LIT("cb")));
	ck_assert(wpkg_str_equal_text(wpkg_str_trim(WPKG_LIT(" \t a b\r\n")), "a b"));
	ck_assert_int_lt(wpkg_str_compare(WPKG_LIT("ab"), WPKG_LIT("abc")), 0);
}
END_TEST

START_TEST(broken_utf8_is_found_where_it_breaks)
{
	struct {
		const char *text;
		size_t at;
	} cases[] = {
		{"plain ascii text", 16},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
		{"a\x80", 1},
		{"\xc0\xaf", 0},
		{"\xe0\x80\xaf", 0},
		{"\xed\xa0\x80", 0},
		{"\xf4\x90\x80\x80", 0},
		{"12345678\xc3", 8},
		{"\xf5\x80\x80\x80", 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_uint_eq(wpkg_utf8_invalid(wpkg_str_from(cases[i].text)), cases[i].at);
}
END_TEST

START_TEST(utf8_is_written_as_it_is_read)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 64);
	const uint32_t characters[] = {0x41, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};
	for (size_t i = 0; i < 6; i++)
		wpkg_utf8_append(&buf, characters[i]);
	struct wpkg_str rest = wpkg_buf_str(&buf);
	uint32_t c;
	for (size_t i = 0; i < 6; i++) {
		ck_assert(wpkg_utf8_next(&rest, &c));
		ck_assert_uint_eq(c, characters[i]);
	}
	ck_assert_uint_eq(rest.len, 0);
	wpkg_buf_reset(&buf);
	wpkg_utf8_append_escaped(&buf, WPKG_LIT("a\x1b\xff\xe2\x80\x8b"));
	ck_assert_str_eq(wpkg_buf_text(&buf), "a\\x1b\\xff\\u{200b}");
	wpkg_buf_clear(&buf);
}
END_TEST

START_TEST(a_cut_is_between_two_characters)
{
	const struct wpkg_str text = WPKG_LIT("a\xc3\xa9\xf0\x9f\x98\x80z");
	const size_t kept[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
	for (size_t most = 0; most < sizeof(kept) / sizeof(kept[0]); most++)
		ck_assert_uint_eq(wpkg_utf8_cut(text, most).len, kept[most]);
	ck_assert_uint_eq(wpkg_utf8_cut(WPKG_LIT("\x80\x80\x80"), 2).len, 0);
}
END_TEST

START_TEST(hex_is_lower_case_and_exact)
{
	uint8_t bytes[2] = {0};
	char text[5];
	ck_assert(wpkg_hex_parse(bytes, 2, WPKG_LIT("0aff")));
	ck_assert_uint_eq(bytes[0], 10);
	wpkg_hex_format(text, bytes, 2);
	ck_assert_str_eq(text, "0aff");
	ck_assert(!wpkg_hex_parse(bytes, 2, WPKG_LIT("0AFF")));
	ck_assert(!wpkg_hex_parse(bytes, 2, WPKG_LIT("0af")));
	ck_assert(!wpkg_hex_parse(bytes, 2, WPKG_LIT("0afg")));
}
END_TEST

START_TEST(base64_has_one_text_for_each_value)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 64);
	/* RFC 4648, section 10. */
	const char *vectors[][2] = {{"", ""},
				    {"f", "Zg=="},
				    {"fo", "Zm8="},
				    {"foo", "Zm9v"},
				    {"foob", "Zm9vYg=="},
				    {"fooba", "Zm9vYmE="},
				    {"foobar", "Zm9vYmFy"}};
	for (size_t i = 0; i < 7; i++) {
		char out[8];
		size_t len;
		wpkg_buf_reset(&buf);
		wpkg_base64_append(&buf, vectors[i][0], strlen(vectors[i][0]));
		ck_assert_str_eq(wpkg_buf_text(&buf), vectors[i][1]);
		ck_assert(wpkg_base64_parse(out, sizeof(out), &len, wpkg_str_from(vectors[i][1])));
		ck_assert(wpkg_str_equal_text(wpkg_str_of(out, len), vectors[i][0]));
	}
	char out[8];
	size_t len;
	const char *bad[] = {
		"Zg=", "Zg", "Zh==", "Zm9=", "====", "Zg==Zg==", "Z g=", "Zm9vYmFyZm9v"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!wpkg_base64_parse(out, sizeof(out), &len, wpkg_str_from(bad[i])),
			      "'%s'", bad[i]);
	wpkg_buf_clear(&buf);
}
END_TEST

UNIT_MAIN(a_split_text_has_one_part_more_than_separators,
	  numbers_are_decimal_whole_and_without_overflow, a_distance_counts_edits_and_swaps,
	  a_star_stands_for_any_bytes, finding_looks_from_either_end,
	  broken_utf8_is_found_where_it_breaks, utf8_is_written_as_it_is_read,
	  a_cut_is_between_two_characters, hex_is_lower_case_and_exact,
	  base64_has_one_text_for_each_value)
