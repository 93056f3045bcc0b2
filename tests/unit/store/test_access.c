/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

static const struct wpkg_act act = {.actor = WPKG_STR("admin"), .reason = WPKG_STR("because")};

START_TEST(patterns_cover_what_they_say)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool covers;
	} rows[] = {
		{"*", "a", true},	{"*", "a/b", true},	  {"a", "a", true},
		{"a", "a/b", false},	{"a/*", "a/b", true},	  {"a/*", "a/b/c", true},
		{"a/*", "a", false},	{"a/*", "a/", false},	  {"a/*", "ab", false},
		{"a/*", "aa/b", false}, {"a/b/*", "a/bc", false}, {"a.b/*", "a.b/c", true},
		{"a*", "ab", false},
	};
	struct wpkg_err err;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(wpkg_pattern_covers(wpkg_str_from(rows[i].pattern),
						  wpkg_str_from(rows[i].name)) == rows[i].covers,
			      "%s %s", rows[i].pattern, rows[i].name);
	ck_ok(wpkg_pattern_check(WPKG_LIT("*"), &err), err);
	ck_ok(wpkg_pattern_check(WPKG_LIT("a/*"), &err), err);
	ck_ok(wpkg_pattern_check(WPKG_LIT("a/b"), &err), err);
	static const char *const bad[] = {"", "/*", "a*", "*/a", "a/*/b", "../*", "a//*", "a/**"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_status(wpkg_pattern_check(wpkg_str_from(bad[i]), &err), WPKG_EINVAL);
}
END_TEST

START_TEST(rights_have_names)
{
	enum wpkg_right right;
	static const enum wpkg_right all[] = {WPKG_RIGHT_READ, WPKG_RIGHT_PUSH, WPKG_RIGHT_YANK,
					      WPKG_RIGHT_OWN};
	for (size_t i = 0; i < 4; i++) {
		ck_assert(wpkg_right_parse(&right, wpkg_str_from(wpkg_right_name(all[i]))));
		ck_assert_int_eq(right, all[i]);
	}
	ck_assert(!wpkg_right_parse(&right, WPKG_LIT("Push")));
	ck_assert(!wpkg_right_parse(&right, WPKG_LIT("")));
}
END_TEST

static struct wpkg_access access_of(const char *user, const char *name)
{
	struct wpkg_err err;
	struct wpkg_access access;
	ck_ok(wpkg_access_find(&access, &arena, store, wpkg_str_from(user), wpkg_str_from(name),
			       &err),
	      err);
	return access;
}

static void grant(const char *user, enum wpkg_right right, const char *pattern)
{
	struct wpkg_err err;
	const struct wpkg_grant granted = {
		.user = wpkg_str_from(user), .right = right, .pattern = wpkg_str_from(pattern)};
	ck_ok(wpkg_grant_add(store, &granted, &act, &err), err);
}

START_TEST(rights_add_up_over_all_patterns_that_cover)
{
	struct wpkg_err err;
	struct wpkg_grant_list grants;
	setup();
	grant("jo", WPKG_RIGHT_READ, "*");
	grant("jo", WPKG_RIGHT_PUSH, "a/*");
	grant("jo", WPKG_RIGHT_PUSH, "a/*");
	grant("jo", WPKG_RIGHT_YANK, "a/b/c");
	grant("ann", WPKG_RIGHT_OWN, "a/b/*");
	ck_assert_uint_eq(access_of("jo", "a/b/c").rights,
			  WPKG_RIGHT_READ | WPKG_RIGHT_PUSH | WPKG_RIGHT_YANK);
	ck_assert_uint_eq(access_of("jo", "a/b/cc").rights, WPKG_RIGHT_READ | WPKG_RIGHT_PUSH);
	ck_assert_uint_eq(access_of("jo", "ab/c").rights, WPKG_RIGHT_READ);
	ck_assert_uint_eq(access_of("eve", "a/b/c").rights, 0);
	ck_assert(access_of("eve", "a/b/c").reserved);
	ck_assert(access_of("ann", "a/b/x").reserved);
	ck_assert_uint_eq(access_of("ann", "a/b/x").rights, WPKG_RIGHT_OWN);
	ck_assert(!access_of("eve", "a/c").reserved);
	ck_ok(wpkg_grant_list(&grants, &arena, store, WPKG_LIT(""), &err), err);
	ck_assert_uint_eq(grants.count, 4);
	ck_assert(wpkg_str_equal_text(grants.items[0].pattern, "*"));
	ck_assert(wpkg_str_equal_text(grants.items[1].by, "admin"));
	ck_ok(wpkg_grant_list(&grants, &arena, store, WPKG_LIT("ann"), &err), err);
	ck_assert_uint_eq(grants.count, 1);
	const struct wpkg_grant push = {
		.user = WPKG_STR("jo"), .right = WPKG_RIGHT_PUSH, .pattern = WPKG_STR("a/*")};
	ck_ok(wpkg_grant_revoke(store, &push, &act, &err), err);
	ck_status(wpkg_grant_revoke(store, &push, &act, &err), WPKG_ENOTFOUND);
	ck_assert_uint_eq(access_of("jo", "a/x").rights, WPKG_RIGHT_READ);
	struct wpkg_grant bad = {.right = WPKG_RIGHT_READ, .pattern = WPKG_STR("a")};
	ck_status(wpkg_grant_add(store, &bad, &act, &err), WPKG_EINVAL);
	teardown();
}
END_TEST

START_TEST(the_first_to_push_owns_a_name_until_an_operator_says_otherwise)
{
	struct wpkg_err err;
	setup();
	ck_assert(!access_of("jo", "a").exists);
	publish(&(struct package){.name = "a", .version = "1.0.0", .user = "jo"});
	ck_assert(access_of("ann", "a").exists);
	ck_assert(wpkg_str_equal_text(access_of("ann", "a").owner, "jo"));
	publish(&(struct package){.name = "a", .version = "1.0.1", .user = "ann"});
	ck_assert(wpkg_str_equal_text(access_of("ann", "a").owner, "jo"));
	ck_ok(wpkg_owner_set(store, WPKG_LIT("a"), WPKG_LIT("ann"), &act, &err), err);
	ck_assert(wpkg_str_equal_text(access_of("jo", "a").owner, "ann"));
	/* A name may be given away before there is anything of it. */
	ck_ok(wpkg_owner_set(store, WPKG_LIT("b"), WPKG_LIT("eve"), &act, &err), err);
	ck_assert(!access_of("jo", "b").exists);
	ck_assert(wpkg_str_equal_text(access_of("jo", "b").owner, "eve"));
	ck_status(wpkg_owner_set(store, WPKG_LIT("../x"), WPKG_LIT("ann"), &act, &err),
		  WPKG_EINVAL);
	/* Nobody had to log in: the name is nobody's. */
	publish(&(struct package){.name = "c", .version = "1.0.0"});
	ck_assert_uint_eq(access_of("jo", "c").owner.len, 0);
	teardown();
}
END_TEST

START_TEST(tokens_are_found_by_their_hash_alone)
{
	struct wpkg_err err;
	struct wpkg_token found;
	struct wpkg_token_list tokens;
	int64_t first = 0;
	int64_t second = 0;
	setup();
	struct wpkg_token token = {.hash = digest_of(WPKG_LIT("secret")),
				   .user = WPKG_STR("jo"),
				   .scope = WPKG_STR("push:a/*"),
				   .note = WPKG_STR("ci"),
				   .expires = 12345};
	ck_ok(wpkg_token_add(&first, store, &token, &act, &err), err);
	ck_status(wpkg_token_add(&second, store, &token, &act, &err), WPKG_EEXISTS);
	ck_ok(wpkg_token_find(&found, &arena, store, &token.hash, &err), err);
	ck_assert_int_eq(found.id, first);
	ck_assert(wpkg_str_equal_text(found.user, "jo"));
	ck_assert(wpkg_str_equal_text(found.scope, "push:a/*"));
	ck_assert(wpkg_str_equal_text(found.note, "ci"));
	ck_assert_int_eq(found.expires, 12345);
	ck_assert_int_eq(found.revoked, 0);
	ck_assert_int_gt(found.created, 0);
	token.hash = digest_of(WPKG_LIT("other"));
	ck_status(wpkg_token_find(&found, &arena, store, &token.hash, &err), WPKG_ENOTFOUND);
	token.user = WPKG_LIT("ann");
	ck_ok(wpkg_token_add(&second, store, &token, &act, &err), err);
	ck_ok(wpkg_token_list(&tokens, &arena, store, WPKG_LIT(""), &err), err);
	ck_assert_uint_eq(tokens.count, 2);
	ck_assert_int_eq(tokens.items[0].id, first);
	ck_ok(wpkg_token_revoke(store, second, &act, &err), err);
	ck_ok(wpkg_token_list(&tokens, &arena, store, WPKG_LIT("ann"), &err), err);
	ck_assert_uint_eq(tokens.count, 1);
	ck_assert_int_gt(tokens.items[0].revoked, 0);
	ck_ok(wpkg_token_revoke(store, second, &act, &err), err);
	ck_status(wpkg_token_revoke(store, 99, &act, &err), WPKG_ENOTFOUND);
	teardown();
}
END_TEST

UNIT_MAIN(patterns_cover_what_they_say, rights_have_names,
	  rights_add_up_over_all_patterns_that_cover,
	  the_first_to_push_owns_a_name_until_an_operator_says_otherwise,
	  tokens_are_found_by_their_hash_alone)
