/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/oci_parts.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct wpkg_arena arena;

static enum wpkg_status read_parts(struct wpkg_oci_parts *parts, const char *text,
				   struct wpkg_err *err)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)64 << 20);
	return wpkg_oci_parts_read(parts, &arena, wpkg_str_from(text), err);
}

START_TEST(a_manifest_names_its_config_and_layers)
{
	struct wpkg_err err;
	struct wpkg_oci_parts parts;
	ck_ok(read_parts(&parts,
			 "{\"mediaType\":\"m/t\",\"config\":{\"mediaType\":\"c/t\",\"digest\":\"" A
			 "\"},\"layers\":[{\"digest\":\"" B "\",\"urls\":[\"x\"]},{\"digest\":\"" A
			 "\"},{\"digest\":\"" B "\"}],\"annotations\":{\"k\":\"v\"},\"other\":[1]}",
			 &err),
	      err);
	ck_assert(wpkg_str_equal_text(parts.media_type, "m/t"));
	ck_assert(wpkg_str_equal_text(parts.artifact_type, "c/t"));
	ck_assert(wpkg_str_equal_text(parts.annotations, "{\"k\":\"v\"}"));
	ck_assert(!parts.has_subject);
	ck_assert_uint_eq(parts.count, 2);
	/* Named once as one that may be absent and once as one that must be here. */
	ck_assert(!parts.parts[0].optional && !parts.parts[1].optional);
	ck_assert(!parts.parts[0].is_manifest);
	ck_ok(read_parts(&parts,
			 "{\"artifactType\":\"a/t\",\"layers\":[{\"digest\":\"" A
			 "\",\"mediaType\":\"application/vnd.docker.image.rootfs.foreign."
			 "diff.tar.gzip\"}],\"subject\":{\"digest\":\"" B "\"}}",
			 &err),
	      err);
	ck_assert(parts.parts[0].optional);
	ck_assert(parts.has_subject);
	ck_assert_uint_eq(parts.subject.bytes[0], 0xbb);
	ck_assert(wpkg_str_equal_text(parts.artifact_type, "a/t"));
}
END_TEST

START_TEST(an_index_names_manifests)
{
	struct wpkg_err err;
	struct wpkg_oci_parts parts;
	ck_ok(read_parts(&parts, "{\"manifests\":[{\"digest\":\"" A "\"}],\"subject\":null}", &err),
	      err);
	ck_assert_uint_eq(parts.count, 1);
	ck_assert(parts.parts[0].is_manifest);
	ck_assert_uint_eq(parts.artifact_type.len, 0);
	ck_ok(read_parts(&parts, "{\"manifests\":[]}", &err), err);
	ck_assert_uint_eq(parts.count, 0);
}
END_TEST

START_TEST(what_is_no_manifest_is_refused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"layers\":{}}",
		"{\"config\":[]}",
		"{\"config\":{\"digest\":\"sha256:short\"}}",
		"{\"config\":{\"digest\":\"md5:aa\"}}",
		"{\"config\":{\"digest\":7}}",
		"{\"layers\":[7]}",
		"{\"layers\":[],\"subject\":{}}",
		"{\"layers\":[],\"layers\":[]}",
		"{\"layers\":[]",
	};
	struct wpkg_err err;
	struct wpkg_oci_parts parts;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_parts(&parts, bad[i], &err) == WPKG_EFORMAT, "%s", bad[i]);
}
END_TEST

START_TEST(content_digests_are_strict)
{
	struct wpkg_err err;
	struct wpkg_content_digest digest;
	struct wpkg_content_digest again;
	char text[WPKG_CONTENT_DIGEST_TEXT];
	for (int i = 0; i < 2; i++) {
		ck_ok(wpkg_content_digest_of(&digest, (enum wpkg_digest_algorithm)i,
					     WPKG_LIT("hello"), &err),
		      err);
		wpkg_content_digest_format(text, &digest);
		ck_assert(wpkg_content_digest_parse(&again, wpkg_str_from(text)));
		ck_assert(wpkg_content_digest_equal(&digest, &again));
	}
	/* FIPS 180-4 */
	ck_assert_str_eq(text,
			 "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72"
			 "323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043");
	static const char *const bad[] = {"",	       "sha256:", "sha256",    A " ",
					  "SHA256:aa", "sha1:aa", "sha512:aa", ":aa"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!wpkg_content_digest_parse(&digest, wpkg_str_from(bad[i])));
}
END_TEST

static enum wpkg_status read_for_memory(void)
{
	struct wpkg_err err;
	struct wpkg_oci_parts parts;
	return read_parts(
		&parts, "{\"config\":{\"digest\":\"" A "\"},\"annotations\":{\"k\":\"v\"}}", &err);
}

START_TEST(allocations_may_fail)
{
	unit_fail_each_allocation(read_for_memory());
}
END_TEST

UNIT_MAIN(a_manifest_names_its_config_and_layers, an_index_names_manifests,
	  what_is_no_manifest_is_refused, content_digests_are_strict, allocations_may_fail)
