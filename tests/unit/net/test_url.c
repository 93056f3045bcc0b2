/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "net/registry.h"
#include "net/url.h"

/* The normal form of a registry's URL; "" when it is refused. */
static const char *normal(const char *text)
{
	static char out[512];
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, sizeof(out) - 1);
	out[0] = '\0';
	if (wpkg_registry_normalise(&buf, wpkg_str_from(text), NULL) == WPKG_OK)
		memcpy(out, wpkg_buf_text(&buf), buf.len + 1);
	wpkg_buf_clear(&buf);
	return out;
}

START_TEST(a_registry_has_one_normal_form)
{
	ck_assert_str_eq(normal("https://example.com"), "https://example.com");
	ck_assert_str_eq(normal("https://example.com/"), "https://example.com");
	ck_assert_str_eq(normal("https://example.com/v1/"), "https://example.com");
	ck_assert_str_eq(normal("http://127.0.0.1:8080/team/v1"), "http://127.0.0.1:8080/team");
	ck_assert_str_eq(normal("http://[::1]:80/"), "http://[::1]:80");
}
END_TEST

START_TEST(what_is_no_registry_is_refused)
{
	static const char *const texts[] = {
		"",
		"example.com",
		"ftp://example.com",
		"file:///etc/passwd",
		"http://",
		"http:///path",
		"http://jo:secret@example.com",
		"http://example.com?token=secret",
		"http://example.com#x",
		"http://example.com/a b",
		"http://example.com/\n",
		"http://exa\x01mple.com",
		"http://[::1",
		"http://example.com:port",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(normal(texts[i])[0] == '\0', "'%s' is taken", texts[i]);
}
END_TEST

START_TEST(only_what_stays_on_the_machine_is_loopback)
{
	static const struct {
		const char *url;
		bool loopback;
	} rows[] = {
		{"http://localhost:1", true},	      {"http://127.0.0.1", true},
		{"http://127.9.9.9:80/x", true},      {"http://[::1]:5", true},
		{"http://127.0.0.1.evil.com", false}, {"http://localhost.evil.com", false},
		{"http://128.0.0.1", false},	      {"http://[::2]", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wpkg_err err;
		struct wpkg_url url;
		ck_ok(wpkg_url_parse(&url, wpkg_str_from(rows[i].url), &err), err);
		ck_assert_msg(wpkg_url_is_loopback(&url) == rows[i].loopback, "%s", rows[i].url);
	}
}
END_TEST

START_TEST(text_is_encoded_for_where_it_stands)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 256);
	wpkg_url_append_path(&buf, WPKG_LIT("a/b c%\xc3\xa4?#1.0.0+x"));
	ck_assert_str_eq(wpkg_buf_text(&buf), "a/b%20c%25%C3%A4%3F%231.0.0+x");
	wpkg_buf_reset(&buf);
	wpkg_url_append_value(&buf, WPKG_LIT("^1.2, <2 &x=y+z"));
	ck_assert_str_eq(wpkg_buf_text(&buf), "%5E1.2%2C%20%3C2%20%26x%3Dy%2Bz");
	wpkg_buf_clear(&buf);
}
END_TEST

static enum wpkg_status normalise(void)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 256);
	enum wpkg_status status =
		wpkg_registry_normalise(&buf, WPKG_LIT("https://example.com/v1/"), NULL);
	wpkg_buf_clear(&buf);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(normalise());
}
END_TEST

/* Where a location leads from http(s)://h:1; "" when it is refused, "!" before another origin. */
static const char *resolved(const char *origin, const char *location)
{
	static char out[512];
	struct wpkg_buf buf;
	struct wpkg_err err;
	bool same = false;
	out[0] = '\0';
	wpkg_buf_init(&buf, sizeof(out) - 2);
	if (wpkg_url_resolve(&buf, &same, wpkg_str_from(origin), wpkg_str_from(location), &err) ==
	    WPKG_OK)
		snprintf(out, sizeof(out), "%s%s", same ? "" : "!", wpkg_buf_text(&buf));
	wpkg_buf_clear(&buf);
	return out;
}

START_TEST(a_location_is_a_path_or_a_whole_url)
{
	ck_assert_str_eq(resolved("http://h:1", "/v2/a?b=c%3D&d=e:f"),
			 "http://h:1/v2/a?b=c%3D&d=e:f");
	ck_assert_str_eq(resolved("http://h:1", "http://H:1/x"), "http://H:1/x");
	ck_assert_str_eq(resolved("http://h:1", "http://h:2/x"), "!http://h:2/x");
	ck_assert_str_eq(resolved("http://h:1", "https://h:1/x?y"), "!https://h:1/x?y");
	ck_assert_str_eq(resolved("https://h", "https://h?x#part"), "https://h?x");
	ck_assert_str_eq(resolved("https://h", "https://h.evil/x"), "!https://h.evil/x");
}
END_TEST

START_TEST(a_location_that_leads_astray_is_refused)
{
	static const char *const bad[] = {"",
					  "x",
					  "//evil/x",
					  "ftp://h/x",
					  "http://h/x",
					  "/a b",
					  "/a\rb",
					  "https://u:p@h/x",
					  "https://h@evil/x",
					  "https:///x",
					  "file:///etc/passwd",
					  "https://h\\@evil/"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_str_eq(resolved("https://h", bad[i]), "");
}
END_TEST

UNIT_MAIN(a_location_is_a_path_or_a_whole_url, a_location_that_leads_astray_is_refused,
	  a_registry_has_one_normal_form, what_is_no_registry_is_refused,
	  only_what_stays_on_the_machine_is_loopback, text_is_encoded_for_where_it_stands,
	  each_failed_allocation_is_reported)
