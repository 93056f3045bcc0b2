/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and strings of the text format; floating-point numbers beside the C library's. */
#include "../unit.h"

#include <string.h>

#include "wasm/wat_literal.h"

static uint64_t bits_of(const char *text, unsigned width)
{
	uint64_t bits = 0;
	ck_assert_msg(wat_literal_float(&bits, wpkg_str_from(text), width) == WAT_LITERAL_GOOD,
		      "%s is no number", text);
	return bits;
}

START_TEST(integers_have_signs_bases_and_underscores)
{
	static const struct {
		const char *text;
		unsigned bits;
		enum wat_literal found;
		uint64_t value;
	} cases[] = {
		{"0", 32, WAT_LITERAL_GOOD, 0},
		{"4294967295", 32, WAT_LITERAL_GOOD, 0xffffffff},
		{"4294967296", 32, WAT_LITERAL_RANGE, 0},
		{"-2147483648", 32, WAT_LITERAL_GOOD, 0x80000000},
		{"-2147483649", 32, WAT_LITERAL_RANGE, 0},
		{"+1_000_000", 32, WAT_LITERAL_GOOD, 1000000},
		{"0xffff_ffff", 32, WAT_LITERAL_GOOD, 0xffffffff},
		{"-0x80", 8, WAT_LITERAL_GOOD, 0x80},
		{"256", 8, WAT_LITERAL_RANGE, 0},
		{"18446744073709551615", 64, WAT_LITERAL_GOOD, UINT64_MAX},
		{"18446744073709551616", 64, WAT_LITERAL_RANGE, 0},
		{"-9223372036854775808", 64, WAT_LITERAL_GOOD, UINT64_C(1) << 63},
		{"-9223372036854775809", 64, WAT_LITERAL_RANGE, 0},
		{"99999999999999999999999999999999", 64, WAT_LITERAL_RANGE, 0},
		{"", 32, WAT_LITERAL_MALFORMED, 0},
		{"-", 32, WAT_LITERAL_MALFORMED, 0},
		{"0x", 32, WAT_LITERAL_MALFORMED, 0},
		{"_1", 32, WAT_LITERAL_MALFORMED, 0},
		{"1_", 32, WAT_LITERAL_MALFORMED, 0},
		{"1__0", 32, WAT_LITERAL_MALFORMED, 0},
		{"+-1", 32, WAT_LITERAL_MALFORMED, 0},
		{"1a", 32, WAT_LITERAL_MALFORMED, 0},
		{"0X1", 32, WAT_LITERAL_MALFORMED, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;
		enum wat_literal found =
			wat_literal_integer(&value, wpkg_str_from(cases[i].text), cases[i].bits);
		ck_assert_msg(found == cases[i].found && value == cases[i].value, "%s: %d %llx",
			      cases[i].text, (int)found, (unsigned long long)value);
	}
}
END_TEST

START_TEST(floats_round_to_even_at_every_edge)
{
	static const struct {
		const char *text;
		unsigned width;
		uint64_t bits;
	} cases[] = {
		{"0", 64, 0},
		{"-0", 32, 0x80000000},
		{"0x0p1000000000000000000000", 64, 0},
		{"0e99999999999999999999", 64, 0},
		{"1", 32, 0x3f800000},
		{"1.", 64, 0x3ff0000000000000},
		{"0x1.8p-1", 64, 0x3fe8000000000000},
		/* Half way between two: to the even one, and up by the least bit more. */
		{"0x1.0000010p0", 32, 0x3f800000},
		{"0x1.0000030p0", 32, 0x3f800002},
		{"0x1.00000100000000000000000000000000000000000000001p0", 32, 0x3f800001},
		{"16777217", 32, 0x4b800000},
		{"16777217.00000000000000000000000000000000000000000001", 32, 0x4b800001},
		{"9007199254740993", 64, 0x4340000000000000},
		{"9007199254740993.0000000000000000000000000000000000001", 64, 0x4340000000000001},
		/* The least normal and subnormal numbers, and below. */
		{"0x1p-126", 32, 0x00800000},
		{"0x1p-149", 32, 1},
		{"0x1p-150", 32, 0},
		{"0x1.8p-150", 32, 1},
		{"0x1p-1074", 64, 1},
		{"0x1p-1075", 64, 0},
		{"0x1.0000000000001p-1075", 64, 1},
		{"2.4703282292062327e-324", 64, 0},
		{"2.4703282292062329e-324", 64, 1},
		{"2.2250738585072011e-308", 64, 0x000fffffffffffff},
		{"1e-400", 64, 0},
		{"1e-99999999999999999999", 64, 0},
		/* The greatest ones, and what rounds to them. */
		{"0x1.fffffep127", 32, 0x7f7fffff},
		{"0x1.fffffefffffffffffp127", 32, 0x7f7fffff},
		{"3.4028235677973366e38", 32, 0x7f7fffff},
		{"1.7976931348623158e308", 64, 0x7fefffffffffffff},
		{"nan", 32, 0x7fc00000},
		{"-nan", 64, 0xfff8000000000000},
		{"nan:0x1", 32, 0x7f800001},
		{"nan:0xf_ffff_ffff_ffff", 64, 0x7fffffffffffffff},
		{"-inf", 32, 0xff800000},
		{"+1_0.0_1e+0_1", 64, 0x4059066666666666},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bits = bits_of(cases[i].text, cases[i].width);
		ck_assert_msg(bits == cases[i].bits, "%s: %llx, not %llx", cases[i].text,
			      (unsigned long long)bits, (unsigned long long)cases[i].bits);
	}
}
END_TEST

START_TEST(what_is_no_float_is_told_from_what_is_too_large)
{
	static const struct {
		const char *text;
		unsigned width;
		enum wat_literal found;
	} cases[] = {
		{"3.4028235677973367e38", 32, WAT_LITERAL_RANGE},
		{"0x1.ffffffp127", 32, WAT_LITERAL_RANGE},
		{"1.7976931348623159e308", 64, WAT_LITERAL_RANGE},
		{"1e400", 64, WAT_LITERAL_RANGE},
		{"0x1p99999999999999999999", 64, WAT_LITERAL_RANGE},
		{"nan:0x0", 32, WAT_LITERAL_RANGE},
		{"nan:0x800000", 32, WAT_LITERAL_RANGE},
		{"nan:1", 32, WAT_LITERAL_MALFORMED},
		{"nan:", 32, WAT_LITERAL_MALFORMED},
		{"nan:canonical", 32, WAT_LITERAL_MALFORMED},
		{"infinity", 32, WAT_LITERAL_MALFORMED},
		{"", 32, WAT_LITERAL_MALFORMED},
		{".5", 32, WAT_LITERAL_MALFORMED},
		{"0x.8p0", 32, WAT_LITERAL_MALFORMED},
		{"1e", 32, WAT_LITERAL_MALFORMED},
		{"1e+", 32, WAT_LITERAL_MALFORMED},
		{"1e1.0", 32, WAT_LITERAL_MALFORMED},
		{"1p1", 32, WAT_LITERAL_MALFORMED},
		{"0x1e1p", 32, WAT_LITERAL_MALFORMED},
		{"1_.0", 32, WAT_LITERAL_MALFORMED},
		{"1._0", 32, WAT_LITERAL_MALFORMED},
		{"1.0_", 32, WAT_LITERAL_MALFORMED},
		{"1.0.0", 32, WAT_LITERAL_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bits;
		ck_assert_msg(wat_literal_float(&bits, wpkg_str_from(cases[i].text),
						cases[i].width) == cases[i].found,
			      "%s", cases[i].text);
	}
}
END_TEST

/* xorshift64: the same numbers in each run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void check_beside_c(const char *text)
{
	double number = strtod(text, NULL);
	float single = strtof(text, NULL);
	uint64_t bits;
	uint32_t single_bits;
	memcpy(&bits, &number, sizeof(bits));
	memcpy(&single_bits, &single, sizeof(single_bits));
	bool is_infinite = (bits & INT64_MAX) == UINT64_C(0x7ff) << 52;
	uint64_t found = 0;
	enum wat_literal kind = wat_literal_float(&found, wpkg_str_from(text), 64);
	ck_assert_msg(kind == (is_infinite ? WAT_LITERAL_RANGE : WAT_LITERAL_GOOD), "%s", text);
	ck_assert_msg(is_infinite || found == bits, "%s: %llx, not %llx", text,
		      (unsigned long long)found, (unsigned long long)bits);
	is_infinite = (single_bits & INT32_MAX) == 0x7f800000;
	kind = wat_literal_float(&found, wpkg_str_from(text), 32);
	ck_assert_msg(kind == (is_infinite ? WAT_LITERAL_RANGE : WAT_LITERAL_GOOD), "%s", text);
	ck_assert_msg(is_infinite || found == single_bits, "%s: %llx, not %x", text,
		      (unsigned long long)found, (unsigned)single_bits);
}

START_TEST(random_floats_are_the_c_library_s)
{
	uint64_t state = 88172645463325252;
	char text[1200];
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = next_random(&state);
		double number;
		memcpy(&number, &bits, sizeof(number));
		if (number != number || number > 1e308 || number < -1e308)
			continue;
		snprintf(text, sizeof(text), "%.*e", (int)(next_random(&state) % 20), number);
		check_beside_c(text);
		snprintf(text, sizeof(text), "%a", number);
		check_beside_c(text);
	}
	/* Exact decimal texts, and what is half way between two of binary32. */
	for (int i = 0; i < 300; i++) {
		uint32_t bits = (uint32_t)next_random(&state) & 0x7f7fffff;
		float low;
		double middle;
		memcpy(&low, &bits, sizeof(low));
		bits++;
		float high;
		memcpy(&high, &bits, sizeof(high));
		middle = ((double)low + (double)high) / 2;
		snprintf(text, sizeof(text), "%.1100f", middle);
		check_beside_c(text);
		strcat(text, "1");
		check_beside_c(text);
	}
}
END_TEST

START_TEST(strings_stand_for_bytes)
{
	static const struct {
		const char *token;
		struct wpkg_str bytes;
	} cases[] = {
		{"\"\"", WPKG_STR("")},
		{"\"abc\"", WPKG_STR("abc")},
		{"\"\\t\\n\\r\\\"\\'\\\\\"", WPKG_STR("\t\n\r\"'\\")},
		{"\"\\00\\ff\\aB\"", WPKG_STR("\0\xff\xab")},
		{"\"\\u{0}\\u{3b_b}\\u{10FFFF}\"", WPKG_STR("\0\xce\xbb\xf4\x8f\xbf\xbf")},
		{"\"\xce\xbb\"", WPKG_STR("\xce\xbb")},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_buf out;
		wpkg_buf_init(&out, SIZE_MAX);
		wat_literal_string(&out, wpkg_str_from(cases[i].token));
		ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&out), cases[i].bytes), "%s",
			      cases[i].token);
		wpkg_buf_clear(&out);
	}
}
END_TEST

UNIT_MAIN(integers_have_signs_bases_and_underscores, floats_round_to_even_at_every_edge,
	  what_is_no_float_is_told_from_what_is_too_large, random_floats_are_the_c_library_s,
	  strings_stand_for_bytes)
