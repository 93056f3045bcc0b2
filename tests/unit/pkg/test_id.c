/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/id.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct wpkg_reference reference;
static struct wpkg_err err;

static enum wpkg_status parse(const char *text)
{
	reference = (struct wpkg_reference){.has_digest = false};
	return wpkg_reference_parse(&reference, wpkg_str_from(text), &err);
}

static void expect(const char *name, const char *version, const char *requirement)
{
	ck_assert(wpkg_str_equal_text(reference.name, name));
	ck_assert(wpkg_str_equal_text(reference.version, version));
	ck_assert(wpkg_str_equal_text(reference.requirement, requirement));
}

START_TEST(a_name_may_have_a_version_or_a_requirement)
{
	ck_ok(parse("a.b/c"), err);
	expect("a.b/c", "", "");
	ck_ok(parse("a.b/c/1.2.3"), err);
	expect("a.b/c", "1.2.3", "");
	ck_ok(parse("a.b/c@1.2.3"), err);
	expect("a.b/c", "1.2.3", "");
	ck_ok(parse("a.b/c@^1.2"), err);
	expect("a.b/c", "", "^1.2");
	ck_ok(parse("a.b/1.0.0@^1.2"), err);
	expect("a.b/1.0.0", "", "^1.2");
	ck_assert(!reference.has_digest && !reference.has_parcel);
}
END_TEST

START_TEST(a_digest_is_that_of_the_manifest_or_of_a_parcel)
{
	ck_ok(parse("a.b/c@sha256:" HEX), err);
	expect("a.b/c", "", "");
	ck_assert(reference.has_digest && reference.digest.bytes[1] == 0x23);
	ck_ok(parse("a.b/c/1.2.3@sha256:" HEX "#sha256:" HEX), err);
	expect("a.b/c", "1.2.3", "");
	ck_assert(reference.has_digest && reference.has_parcel);
	ck_ok(parse("a.b/c#sha256:" HEX), err);
	ck_assert(!reference.has_digest && reference.has_parcel);
}
END_TEST

START_TEST(half_a_reference_is_refused)
{
	static const char *const bad[] = {"",		"@1.0.0", "a@",		  "a@sha256:",
					  "a@sha256:0", "a#x",	  "@sha256:" HEX, "#sha256:" HEX};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_status(parse(bad[i]), WPKG_EFORMAT);
}
END_TEST

UNIT_MAIN(a_name_may_have_a_version_or_a_requirement,
	  a_digest_is_that_of_the_manifest_or_of_a_parcel, half_a_reference_is_refused)
