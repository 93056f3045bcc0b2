/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/buf.h"
#include "net/form.h"

#define ARENA_MAX ((size_t)1024 * 1024)

static struct wpkg_arena arena;
static struct wpkg_form form;
static struct wpkg_err err;

static enum wpkg_status parse(const char *text)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, ARENA_MAX);
	return wpkg_form_parse(&form, &arena, wpkg_str_from(text), &err);
}

static void expect_pair(size_t at, const char *key, const char *value)
{
	ck_assert(wpkg_str_equal_text(form.pairs[at].key, key));
	ck_assert(wpkg_str_equal_text(form.pairs[at].value, value));
}

START_TEST(a_query_is_pairs_in_order)
{
	ck_ok(parse("q=sem/ver&v=%5E1.0.0&l=2"), err);
	ck_assert_uint_eq(form.count, 3);
	expect_pair(0, "q", "sem/ver");
	expect_pair(1, "v", "^1.0.0");
	expect_pair(2, "l", "2");
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(plus_and_percent_20_are_spaces)
{
	ck_ok(parse("q=a+b%20c%2Bd"), err);
	expect_pair(0, "q", "a b c+d");
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(empty_parts_and_values_are_fine)
{
	ck_ok(parse(""), err);
	ck_assert_uint_eq(form.count, 0);
	ck_ok(parse("&&a&b=&"), err);
	ck_assert_uint_eq(form.count, 2);
	expect_pair(0, "a", "");
	expect_pair(1, "b", "");
	ck_ok(parse("a=b=c"), err);
	expect_pair(0, "a", "b=c");
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
	static const char *const bad[] = {"a=%",    "a=%4",  "a=%zz", "%00=a", "a=%0a",
					  "a=%1b[", "a=%7f", "a=%C3", "a=%ff"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_status(parse(bad[i]), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(too_many_pairs_are_refused)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 4096);
	for (int i = 0; i < WPKG_FORM_MAX; i++)
		wpkg_buf_append_text(&buf, "a=1&");
	ck_ok(parse(wpkg_buf_text(&buf)), err);
	wpkg_buf_append_text(&buf, "a=1");
	ck_status(parse(wpkg_buf_text(&buf)), WPKG_ELIMIT);
	wpkg_buf_clear(&buf);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status decode(struct wpkg_str *out, const char *text)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, ARENA_MAX);
	return wpkg_path_decode(out, &arena, wpkg_str_from(text), &err);
}

START_TEST(a_path_is_decoded_and_keeps_its_plus)
{
	struct wpkg_str path;
	ck_ok(decode(&path, "/v1/_i/k%C3%A4se/1.0.0+b%2B1"), err);
	ck_assert(wpkg_str_equal_text(path, "/v1/_i/k\xc3\xa4se/1.0.0+b+1"));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(an_encoded_slash_or_nul_in_a_path_is_refused)
{
	struct wpkg_str path;
	ck_status(decode(&path, "/a%2Fb"), WPKG_EFORMAT);
	ck_status(decode(&path, "/a%2f..%2fb"), WPKG_EFORMAT);
	ck_status(decode(&path, "/good%00evil"), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status parse_once(void)
{
	enum wpkg_status status = parse("a=1&b=%20x");
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	unit_fail_each_allocation(parse_once());
}
END_TEST

UNIT_MAIN(a_query_is_pairs_in_order, plus_and_percent_20_are_spaces,
	  empty_parts_and_values_are_fine, what_is_no_text_is_refused, too_many_pairs_are_refused,
	  a_path_is_decoded_and_keeps_its_plus, an_encoded_slash_or_nul_in_a_path_is_refused,
	  each_allocation_may_fail)
