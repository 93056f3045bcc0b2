/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "../../../server/html.h"

static struct wpkg_buf out;
static struct html h;

static void begin(void)
{
	wpkg_buf_clear(&out);
	wpkg_buf_init(&out, 65536);
	html_init(&h, &out);
}

static void ck_written(const char *expected)
{
	ck_assert_int_eq(out.failed, WPKG_OK);
	ck_assert_str_eq(wpkg_buf_text(&out), expected);
	wpkg_buf_clear(&out);
}

START_TEST(elements_nest_and_attributes_come_before_content)
{
	begin();
	html_open_class(&h, "p", "note");
	html_attr_number(&h, "data-size", -3);
	html_say(&h, "a");
	html_void(&h, "br");
	html_open(&h, "b");
	html_close(&h);
	html_close(&h);
	html_close(&h); /* nothing is open */
	ck_written("<p class=\"note\" data-size=\"-3\">a<br/><b></b></p>");
}
END_TEST

START_TEST(nothing_of_a_text_becomes_markup)
{
	begin();
	html_open(&h, "a");
	html_attr_text(&h, "title", WPKG_LIT("\"><script>'&amp;"));
	html_text(&h, WPKG_LIT("</a><script>&"));
	html_close(&h);
	ck_written("<a title=\"&quot;&gt;&lt;script&gt;&#39;&amp;amp;\">"
		   "&lt;/a&gt;&lt;script&gt;&amp;</a>");
}
END_TEST

START_TEST(what_hides_or_reorders_text_is_shown)
{
	begin();
	html_label(&h, WPKG_LIT("a\xe2\x80\xae"
				"b\x1b[31m\n\t\x7f\xef\xbb\xbf\xff\xc3(\xed\xa0\x80"));
	ck_written("a\\u{202e}b\\x1b[31m\\x0a\\x09\\x7f\\u{feff}\\xff\\xc3(\\xed\\xa0\\x80");
	begin();
	html_lines(&h, WPKG_LIT("a\r\n\tb\x0b"));
	ck_written("a\n\tb\\x0b");
	begin();
	html_label(&h, wpkg_str_of("a\0b", 3));
	ck_written("a\\x00b");
}
END_TEST

START_TEST(text_that_may_run_the_other_way_is_set_apart)
{
	begin();
	html_text(&h, WPKG_LIT("plain"));
	html_text(&h, WPKG_LIT("\xd7\xa9<"));
	ck_written("plain<bdi>\xd7\xa9&lt;</bdi>");
}
END_TEST

START_TEST(addresses_are_encoded_as_their_place_demands)
{
	begin();
	html_link(&h, "/p/*?q=*&r=*#s", WPKG_LIT("a/b?c#d\"<"), WPKG_LIT("x&y=z/+"),
		  WPKG_LIT("\xc3\xa4"));
	html_close(&h);
	ck_written("<a href=\"/p/a/b%3Fc%23d%22%3C?q=x%26y%3Dz%2F%2B&amp;r=%C3%A4#s\"></a>");
}
END_TEST

START_TEST(numbers_sizes_and_days_are_for_people)
{
	begin();
	html_number(&h, 0);
	html_say(&h, " ");
	html_number(&h, 1234567);
	html_say(&h, " ");
	html_number(&h, UINT64_MAX);
	ck_written("0 1,234,567 18,446,744,073,709,551,615");
	begin();
	html_size(&h, 1);
	html_say(&h, " ");
	html_size(&h, 1023);
	html_say(&h, " ");
	html_size(&h, 1536);
	html_say(&h, " ");
	html_size(&h, 29512);
	html_say(&h, " ");
	html_size(&h, UINT64_MAX);
	ck_written("1 byte 1,023 bytes 1.5 KiB 29 KiB 16 EiB");
	begin();
	html_time(&h, 1764317265);
	html_share(&h, 1, 8);
	ck_written("<time datetime=\"2025-11-28T08:07:45Z\">2025-11-28</time>12.5%");
}
END_TEST

START_TEST(too_many_elements_within_each_other_are_a_failure)
{
	begin();
	for (unsigned i = 0; i < HTML_DEPTH; i++)
		html_open(&h, "b");
	ck_assert_int_eq(out.failed, WPKG_OK);
	html_open(&h, "b");
	ck_assert_int_eq(out.failed, WPKG_ELIMIT);
	for (unsigned i = 0; i < 2 * HTML_DEPTH; i++)
		html_close(&h);
	ck_assert_uint_eq(h.depth, 0);
	wpkg_buf_clear(&out);
}
END_TEST

UNIT_MAIN(elements_nest_and_attributes_come_before_content, nothing_of_a_text_becomes_markup,
	  what_hides_or_reorders_text_is_shown, text_that_may_run_the_other_way_is_set_apart,
	  addresses_are_encoded_as_their_place_demands, numbers_sizes_and_days_are_for_people,
	  too_many_elements_within_each_other_are_a_failure)
