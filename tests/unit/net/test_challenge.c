/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/buf.h"
#include "net/challenge.h"

#define ARENA_MAX ((size_t)1024 * 1024)

static struct wpkg_arena arena;
static struct wpkg_challenge found;
static struct wpkg_err err;

static enum wpkg_status find(const char *header, const char *scheme)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, ARENA_MAX);
	found = (struct wpkg_challenge){0};
	return wpkg_challenge_find(&found, &arena, wpkg_str_from(header), scheme, &err);
}

START_TEST(a_bearer_challenge_has_realm_service_and_scope)
{
	ck_ok(find("Bearer realm=\"https://auth.example.org/token\",service=\"reg.example.org\","
		   "scope=\"repository:a/b:pull,push\"",
		   "Bearer"),
	      err);
	ck_assert(wpkg_str_equal_text(found.realm, "https://auth.example.org/token"));
	ck_assert(wpkg_str_equal_text(found.service, "reg.example.org"));
	ck_assert(wpkg_str_equal_text(found.scope, "repository:a/b:pull,push"));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(spaces_cases_and_tokens_are_as_the_rfc_has_them)
{
	ck_ok(find("  bEARER   REALM = \"a b\" , service=plain ,, error=\"x\"", "Bearer"), err);
	ck_assert(wpkg_str_equal_text(found.realm, "a b"));
	ck_assert(wpkg_str_equal_text(found.service, "plain"));
	ck_assert_uint_eq(found.scope.len, 0);
	ck_ok(find("Basic realm=\"say \\\"hi\\\" \\\\\"", "basic"), err);
	ck_assert(wpkg_str_equal_text(found.realm, "say \"hi\" \\"));
	ck_ok(find("Basic", "Basic"), err);
	ck_assert_uint_eq(found.realm.len, 0);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(one_of_several_challenges_is_found)
{
	static const char header[] = "Negotiate YWJj==, Basic realm=\"b\", charset=\"UTF-8\", "
				     "Digest realm=\"d\", nonce=x, Bearer realm=\"r\"";
	ck_ok(find(header, "Basic"), err);
	ck_assert(wpkg_str_equal_text(found.realm, "b"));
	ck_ok(find(header, "Bearer"), err);
	ck_assert(wpkg_str_equal_text(found.realm, "r"));
	ck_ok(find(header, "Negotiate"), err);
	ck_status(find(header, "Hawk"), WPKG_ENOTFOUND);
	ck_status(find("", "Basic"), WPKG_ENOTFOUND);
	ck_ok(find("Negotiate, Basic realm=\"b\"", "Basic"), err);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const bad[] = {
		"\"Bearer\"",
		"Bearer realm=\"open",
		"Bearer realm=\"a\" service=\"b\"",
		"Bearer realm=\"a\\",
		"Bearer a=b, realm=,",
		"= \"x\"",
		"Bearer realm=\"a\rb\"",
		"Bearer (comment)",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_status(find(bad[i], "Bearer"), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_long_header_takes_no_longer_than_its_length)
{
	struct wpkg_buf header;
	wpkg_buf_init(&header, ARENA_MAX);
	for (int i = 0; i < 20000; i++)
		wpkg_buf_append_text(&header, "Basic a=b,");
	ck_status(find(wpkg_buf_text(&header), "Bearer"), WPKG_ENOTFOUND);
	wpkg_buf_clear(&header);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status find_once(void)
{
	enum wpkg_status status =
		find("Basic realm=x, Bearer realm=\"r\",service=s,scope=\"t\"", "Bearer");
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	unit_fail_each_allocation(find_once());
}
END_TEST

UNIT_MAIN(a_bearer_challenge_has_realm_service_and_scope,
	  spaces_cases_and_tokens_are_as_the_rfc_has_them, one_of_several_challenges_is_found,
	  nonsense_is_refused, a_long_header_takes_no_longer_than_its_length,
	  each_allocation_may_fail)
