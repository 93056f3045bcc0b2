/* SPDX-License-Identifier: Apache-2.0 */
#include "net/traceparent.h"

#include <string.h>

#include "../unit.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define ZEROS "00000000000000000000000000000000"

START_TEST(what_is_one_and_what_is_none)
{
	static const char *const good[] = {"00-" TRACE "-" SPAN "-00",
					   "00-" TRACE "-" SPAN "-01",
					   "00-" TRACE "-" SPAN "-ff",
					   "01-" TRACE "-" SPAN "-01",
					   "cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like",
					   "fe-" TRACE "-" SPAN "-01-"};
	static const char *const bad[] = {"",
					  "00",
					  "00-" TRACE "-" SPAN,
					  "00-" TRACE "-" SPAN "-0",
					  "00-" TRACE "-" SPAN "-0g",
					  "00-" TRACE "-" SPAN "-01-more",
					  "00-" TRACE "-" SPAN "-01 ",
					  "ff-" TRACE "-" SPAN "-01",
					  "0-" TRACE "-" SPAN "-001",
					  "0x-" TRACE "-" SPAN "-01",
					  "01-" TRACE "-" SPAN "-01.x",
					  "00-" ZEROS "-" SPAN "-01",
					  "00-" TRACE "-0000000000000000-01",
					  "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
					  "00-" TRACE "-B7AD6B7169203331-01",
					  "00_" TRACE "-" SPAN "-01",
					  "00-" TRACE "_" SPAN "-01",
					  "00-" TRACE "-" SPAN "_01",
					  "00-zaf7651916cd43dd8448eb211c80319c-" SPAN "-01"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(wpkg_traceparent_check(wpkg_str_from(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!wpkg_traceparent_check(wpkg_str_from(bad[i])), "%s", bad[i]);
	ck_assert(!wpkg_traceparent_check((struct wpkg_str){0}));
}
END_TEST

START_TEST(a_trace_goes_on_with_a_span_of_our_own)
{
	char text[WPKG_TRACEPARENT];
	wpkg_traceparent_continue(text, WPKG_LIT("00-" TRACE "-" SPAN "-01"));
	ck_assert(wpkg_traceparent_check(wpkg_str_from(text)));
	ck_assert_int_eq(strncmp(text, "00-" TRACE "-", 36), 0);
	ck_assert_int_ne(strncmp(text + WPKG_SPAN_AT, SPAN, WPKG_SPAN_LEN), 0);
	ck_assert_str_eq(text + 52, "-01");
	wpkg_traceparent_continue(text, WPKG_LIT("00-" TRACE "-" SPAN "-00"));
	ck_assert_str_eq(text + 52, "-00");
	/* Flags that this version does not know are not passed on, nor is a later version's rest.
	 */
	wpkg_traceparent_continue(text, WPKG_LIT("05-" TRACE "-" SPAN "-ff-more"));
	ck_assert_int_eq(strncmp(text, "00-" TRACE "-", 36), 0);
	ck_assert_str_eq(text + 52, "-01");
	wpkg_traceparent_continue(text, WPKG_LIT("00-" TRACE "-" SPAN "-0a"));
	ck_assert_str_eq(text + 52, "-00");
}
END_TEST

START_TEST(what_is_none_begins_a_trace)
{
	char one[WPKG_TRACEPARENT], other[WPKG_TRACEPARENT];
	wpkg_traceparent_continue(one, WPKG_LIT("00-" ZEROS "-" SPAN "-01"));
	wpkg_traceparent_continue(other, (struct wpkg_str){0});
	ck_assert(wpkg_traceparent_check(wpkg_str_from(one)));
	ck_assert(wpkg_traceparent_check(wpkg_str_from(other)));
	ck_assert_int_ne(strncmp(one, other, 35), 0);
	ck_assert_str_eq(one + 52, "-00");
}
END_TEST

UNIT_MAIN(what_is_one_and_what_is_none, a_trace_goes_on_with_a_span_of_our_own,
	  what_is_none_begins_a_trace)
