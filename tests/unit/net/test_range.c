/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "net/range.h"

static const struct {
	const char *header;
	uint64_t size;
	enum wpkg_range_kind kind;
	uint64_t first;
	uint64_t last;
} cases[] = {
	{"bytes=0-0", 10, WPKG_RANGE_PART, 0, 0},
	{"bytes=2-4", 10, WPKG_RANGE_PART, 2, 4},
	{"Bytes = 2-4", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"BYTES=2-4", 10, WPKG_RANGE_PART, 2, 4},
	{"bytes=2-", 10, WPKG_RANGE_PART, 2, 9},
	{"bytes=2-99", 10, WPKG_RANGE_PART, 2, 9},
	{"bytes=9-9", 10, WPKG_RANGE_PART, 9, 9},
	{"bytes=-3", 10, WPKG_RANGE_PART, 7, 9},
	{"bytes=-99", 10, WPKG_RANGE_PART, 0, 9},
	{"bytes=-0", 10, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=10-", 10, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=0-", 0, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-1", 0, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=99999999999999999999999-", 10, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=0-99999999999999999999999", 10, WPKG_RANGE_PART, 0, 9},
	{"bytes=18446744073709551615-", UINT64_MAX, WPKG_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=4-2", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"bytes=1-2,4-5", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"bytes=", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"bytes=-", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"bytes=a-b", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"bytes=+1-2", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"items=1-2", 10, WPKG_RANGE_WHOLE, 0, 0},
	{"", 10, WPKG_RANGE_WHOLE, 0, 0},
};

START_TEST(one_range_is_read_and_the_rest_passed_over)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_range range =
			wpkg_range_parse(wpkg_str_from(cases[i].header), cases[i].size);
		ck_assert_msg(range.kind == cases[i].kind, "%s: kind %d", cases[i].header,
			      (int)range.kind);
		if (range.kind == WPKG_RANGE_PART) {
			ck_assert_uint_eq(range.first, cases[i].first);
			ck_assert_uint_eq(range.last, cases[i].last);
		}
	}
}
END_TEST

UNIT_MAIN(one_range_is_read_and_the_rest_passed_over)
