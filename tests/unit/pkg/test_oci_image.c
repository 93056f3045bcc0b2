/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/oci_image.h"

#define A "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "sha256:abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd"
#define CONFIG "\"config\":{\"mediaType\":\"a/config\",\"digest\":\"" A "\",\"size\":2}"

static struct wpkg_arena arena;
static struct wpkg_err err;
static struct wpkg_oci_image image;
static struct wpkg_oci_index index_;

static enum wpkg_status read_image(const char *text)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
	return wpkg_oci_image_read(&image, &arena, wpkg_str_from(text), &err);
}

static enum wpkg_status read_index(struct wpkg_str text)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
	return wpkg_oci_index_read(&index_, &arena, text, &err);
}

START_TEST(a_manifest_names_its_configuration_and_layers)
{
	ck_ok(read_image("{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"" B
			 "\",\"size\":7},{\"mediaType\":\"c/d\",\"digest\":\"" A
			 "\",\"size\":2,\"urls\":[\"https://h/x\"]}],\"subject\":{\"digest\":\"" B
			 "\"},\"unknown\":1}"),
	      err);
	ck_assert_uint_eq(image.count, 3);
	ck_assert_uint_eq(image.blobs[1].size, 7);
	ck_assert(wpkg_str_equal_text(image.blobs[1].media_type, "a/b"));
	ck_assert(!image.blobs[1].elsewhere && image.blobs[2].elsewhere);
	ck_assert(wpkg_str_equal_text(image.artifact_type, "a/config"));
	ck_assert(image.has_subject && image.subject.bytes[0] == 0xab);
	ck_ok(read_image("{\"artifactType\":\"t\"," CONFIG ",\"layers\":[]}"), err);
	ck_assert(wpkg_str_equal_text(image.artifact_type, "t") && !image.has_subject);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_no_manifest_is_refused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{" CONFIG "}",
		"{\"manifests\":[]}",
		"{" CONFIG ",\"layers\":[{\"digest\":\"sha512:00\",\"size\":1}]}",
		"{" CONFIG ",\"layers\":[{\"digest\":\"" A "\",\"size\":-1}]}",
		"{" CONFIG ",\"layers\":[{\"digest\":\"" A "\"}]}",
		"{" CONFIG ",\"layers\":[3]}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_status(read_image(bad[i]), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

/* Entries as "OS/ARCHITECTURE" or "", the digest's first byte is their number. */
static enum wpkg_status choose(size_t *out, const char *const *platforms)
{
	struct wpkg_buf text;
	struct wpkg_oci_descriptor chosen;
	wpkg_buf_init(&text, 1 << 16);
	wpkg_buf_append_text(&text, "{\"manifests\":[");
	for (size_t i = 0; platforms[i]; i++) {
		struct wpkg_str all = wpkg_str_from(platforms[i]);
		size_t slash = wpkg_str_find(all, '/');
		wpkg_buf_append_format(&text, "%s{\"digest\":\"sha256:%02zx%s\",\"size\":1",
				       i > 0 ? "," : "", i, &A[strlen("sha256:01")]);
		if (all.len > 0)
			wpkg_buf_append_format(
				&text, ",\"platform\":{\"os\":\"%.*s\",\"architecture\":\"%s\"}",
				(int)slash, all.ptr, all.ptr + slash + 1);
		wpkg_buf_append_text(&text, "}");
	}
	wpkg_buf_append_text(&text, "]}");
	ck_ok(read_index(wpkg_buf_str(&text)), err);
	ck_assert(wpkg_oci_is_index(&arena, wpkg_buf_str(&text)));
	enum wpkg_status status = wpkg_oci_index_choose(&chosen, &index_, &err);
	if (status == WPKG_OK)
		*out = chosen.digest.bytes[0];
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(of_an_index_the_manifest_for_wasm_is_meant)
{
	static const struct {
		const char *platforms[4];
		enum wpkg_status status;
		size_t chosen;
	} rows[] = {
		{{"linux/amd64", "wasip1/wasm"}, WPKG_OK, 1},
		{{"wasi/wasm", ""}, WPKG_OK, 0},
		{{"js/wasm32", "linux/arm64", "unknown/unknown"}, WPKG_OK, 0},
		{{""}, WPKG_OK, 0},
		{{"linux/amd64", ""}, WPKG_OK, 1},
		{{"", ""}, WPKG_EINVAL, 0},
		{{"wasip1/wasm", "wasip2/wasm"}, WPKG_EINVAL, 0},
		{{"linux/amd64"}, WPKG_ENOTFOUND, 0},
		{{NULL}, WPKG_ENOTFOUND, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t chosen = 99;
		ck_status(choose(&chosen, rows[i].platforms), rows[i].status);
		ck_assert_uint_eq(chosen, rows[i].status == WPKG_OK ? rows[i].chosen : 99);
	}
	ck_assert(!wpkg_oci_is_index(&arena, WPKG_LIT("{")));
	ck_assert(!wpkg_oci_is_index(&arena, WPKG_LIT("{" CONFIG ",\"layers\":[]}")));
	wpkg_arena_clear(&arena);
}
END_TEST

static struct wpkg_oci_descriptor descriptor(const char *digest, const char *name)
{
	struct wpkg_oci_descriptor made = {.media_type = WPKG_LIT("m/t"), .size = 9};
	ck_assert(wpkg_digest_parse(&made.digest, wpkg_str_from(digest + strlen("sha256:"))));
	made.name = wpkg_str_from(name);
	return made;
}

START_TEST(an_index_grows_and_keeps_what_it_does_not_know)
{
	struct wpkg_buf first, second;
	struct wpkg_oci_descriptor a = descriptor(A, "1.0.0");
	struct wpkg_oci_descriptor b = descriptor(B, "");
	wpkg_buf_init(&first, 1 << 20);
	wpkg_buf_init(&second, 1 << 20);
	b.artifact_type = WPKG_LIT("x/y");
	ck_ok(wpkg_oci_index_add(&first, (struct wpkg_str){0}, &a, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&first),
			 "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+"
			 "json\",\"manifests\":[{\"mediaType\":\"m/t\",\"digest\":\"" A
			 "\",\"size\":9,\"annotations\":{\"org.opencontainers.image.ref.name\":"
			 "\"1.0.0\"}}]}");
	ck_ok(wpkg_oci_index_add(&second, wpkg_buf_str(&first), &b, &err), err);
	ck_ok(read_index(wpkg_buf_str(&second)), err);
	ck_assert_uint_eq(index_.count, 2);
	ck_assert(wpkg_str_equal_text(index_.manifests[0].name, "1.0.0"));
	ck_assert(wpkg_str_equal_text(index_.manifests[1].artifact_type, "x/y"));
	wpkg_buf_reset(&first);
	ck_ok(wpkg_oci_index_add(&first, WPKG_LIT("{\"manifests\":[],\"mine\":[1]}"), &b, &err),
	      err);
	ck_assert_ptr_nonnull(strstr(wpkg_buf_text(&first), "\"mine\":[1]"));
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_name_means_one_manifest_and_nothing_is_listed_twice)
{
	struct wpkg_buf first, second;
	struct wpkg_oci_descriptor a = descriptor(A, "latest");
	struct wpkg_oci_descriptor b = descriptor(B, "latest");
	wpkg_buf_init(&first, 1 << 20);
	wpkg_buf_init(&second, 1 << 20);
	ck_ok(wpkg_oci_index_add(&first, (struct wpkg_str){0}, &a, &err), err);
	ck_ok(wpkg_oci_index_add(&second, wpkg_buf_str(&first), &a, &err), err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&first), wpkg_buf_str(&second)));
	wpkg_buf_reset(&second);
	ck_ok(wpkg_oci_index_add(&second, wpkg_buf_str(&first), &b, &err), err);
	ck_ok(read_index(wpkg_buf_str(&second)), err);
	ck_assert_uint_eq(index_.count, 2);
	ck_assert_uint_eq(index_.manifests[0].name.len, 0);
	ck_assert(wpkg_str_equal_text(index_.manifests[1].name, "latest"));
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status add_once(void)
{
	struct wpkg_buf buf;
	struct wpkg_oci_descriptor a = descriptor(A, "1.0.0");
	wpkg_buf_init(&buf, 1 << 20);
	enum wpkg_status status = wpkg_oci_index_add(&buf, (struct wpkg_str){0}, &a, &err);
	wpkg_buf_clear(&buf);
	return status;
}

static enum wpkg_status read_once(void)
{
	enum wpkg_status status =
		read_image("{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"" B
			   "\",\"size\":7}]}");
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	unit_fail_each_allocation(add_once());
	unit_fail_each_allocation(read_once());
}
END_TEST

UNIT_MAIN(of_an_index_the_manifest_for_wasm_is_meant, a_manifest_names_its_configuration_and_layers,
	  what_is_no_manifest_is_refused, an_index_grows_and_keeps_what_it_does_not_know,
	  a_name_means_one_manifest_and_nothing_is_listed_twice, each_allocation_may_fail)
