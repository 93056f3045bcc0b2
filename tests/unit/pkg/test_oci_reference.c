/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/oci_reference.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct wpkg_oci_reference reference;
static struct wpkg_err err;

static enum wpkg_status parse(const char *text)
{
	reference = (struct wpkg_oci_reference){0};
	return wpkg_oci_reference_parse(&reference, wpkg_str_from(text), &err);
}

static void expect(const char *host, const char *repository, const char *tag)
{
	ck_assert(wpkg_str_equal_text(reference.host, host));
	ck_assert(wpkg_str_equal_text(reference.repository, repository));
	ck_assert(wpkg_str_equal_text(reference.tag, tag));
}

START_TEST(host_repository_and_tag_are_told_apart)
{
	ck_ok(parse("oci://ghcr.io/jo/greet:1.2.0"), err);
	expect("ghcr.io", "jo/greet", "1.2.0");
	ck_assert_int_eq(reference.transport, WPKG_OCI_AUTO);
	ck_ok(parse("oci://localhost:5000/greet"), err);
	expect("localhost:5000", "greet", "");
	ck_ok(parse("oci+http://[::1]:5000/a/b__c-d.e:latest"), err);
	expect("[::1]:5000", "a/b__c-d.e", "latest");
	ck_assert_int_eq(reference.transport, WPKG_OCI_HTTP);
	ck_ok(parse("oci+https://h/a"), err);
	ck_assert_int_eq(reference.transport, WPKG_OCI_HTTPS);
}
END_TEST

START_TEST(a_manifest_and_a_parcel_are_named_by_digest)
{
	ck_ok(parse("oci://h/a:1.0.0@sha256:" HEX "#sha256:" HEX), err);
	expect("h", "a", "1.0.0");
	ck_assert(reference.has_digest && reference.has_parcel);
	ck_assert_uint_eq(reference.digest.bytes[1], 0x23);
	ck_ok(parse("oci://h/a@sha256:" HEX), err);
	expect("h", "a", "");
	ck_assert(reference.has_digest && !reference.has_parcel);
}
END_TEST

START_TEST(what_no_registry_would_take_is_refused)
{
	static const char *const bad[] = {
		"",
		"h/a",
		"oci:h/a",
		"http://h/a",
		"oci://",
		"oci://h",
		"oci://h/",
		"oci:///a",
		"oci://h/A",
		"oci://h/a//b",
		"oci://h/a/",
		"oci://h/-a",
		"oci://h/a___b",
		"oci://jo:pw@h/a",
		"oci://jo@h/a",
		"oci://h:/a",
		"oci://h:0/a",
		"oci://h:65536/a",
		"oci://h:1x/a",
		"oci://[::1/a",
		"oci://[::1]5/a",
		"oci://h /a",
		"oci://h/a:",
		"oci://h/a:.b",
		"oci://h/a:b+c",
		"oci://h/a:b/c",
		"oci://h/a@",
		"oci://h/a@sha512:00",
		"oci://h/a@sha256:"
		"0",
		"oci://h/a#x",
		"oci://h/a?x=y",
		"oci://h/a@sha256:" HEX ":t",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_status(parse(bad[i]), WPKG_EFORMAT);
		ck_assert(err.msg[0] != '\0');
	}
}
END_TEST

START_TEST(a_tag_has_at_most_128_characters)
{
	char text[160] = "oci://h/a:";
	memset(text + 10, 'x', 128);
	ck_ok(parse(text), err);
	text[138] = 'x';
	ck_status(parse(text), WPKG_EFORMAT);
}
END_TEST

START_TEST(only_its_beginning_makes_it_one)
{
	ck_assert(wpkg_oci_reference_is(wpkg_str_from("oci://nonsense")));
	ck_assert(wpkg_oci_reference_is(wpkg_str_from("oci+http://")));
	ck_assert(!wpkg_oci_reference_is(wpkg_str_from("oci-layout:x")));
	ck_assert(!wpkg_oci_reference_is(wpkg_str_from("example.com/greet")));
}
END_TEST

UNIT_MAIN(host_repository_and_tag_are_told_apart, a_manifest_and_a_parcel_are_named_by_digest,
	  what_no_registry_would_take_is_refused, a_tag_has_at_most_128_characters,
	  only_its_beginning_makes_it_one)
