/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "net/docker_config.h"

#define ARENA_MAX ((size_t)1024 * 1024)

static struct wpkg_arena arena;
static struct wpkg_docker_credentials found;
static struct wpkg_err err;

static enum wpkg_status find(const char *text, const char *host, const char *repository)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, ARENA_MAX);
	found = (struct wpkg_docker_credentials){0};
	return wpkg_docker_config_find(&found, &arena, wpkg_str_from(text), wpkg_str_from(host),
				       wpkg_str_from(repository), &err);
}

static void expect(const char *user, const char *password)
{
	ck_assert(wpkg_str_equal_text(found.user, user));
	ck_assert(wpkg_str_equal_text(found.password, password));
}

START_TEST(a_password_may_hold_colons)
{
	ck_ok(find("{\"auths\":{\"localhost:5000\":{\"auth\":\"am86YTpi\"}},\"other\":[1]}",
		   "localhost:5000", "a/b"),
	      err);
	expect("jo", "a:b");
	ck_status(
		find("{\"auths\":{\"localhost:5000\":{\"auth\":\"am86YTpi\"}}}", "localhost", "a"),
		WPKG_ENOTFOUND);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(padding_and_old_keys_are_read)
{
	/* "jo:pw" and two NULs, as Docker's own encoder writes it. */
	ck_ok(find("{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"am86cHcAAA==\"}}}",
		   "index.docker.io", "a"),
	      err);
	expect("jo", "pw");
	ck_ok(find("{\"auths\":{\"h\":{\"username\":\"u\",\"password\":\"p\"}}}", "H", "a"), err);
	expect("u", "p");
	ck_ok(find("{\"auths\":{\"h\":{\"registrytoken\":\"t\"}}}", "h", "a"), err);
	ck_assert(wpkg_str_equal_text(found.token, "t"));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(the_most_particular_entry_counts)
{
	static const char text[] = "{\"auths\":{\"h/team\":{\"username\":\"t\",\"password\":\"1\"},"
				   "\"h\":{\"username\":\"h\",\"password\":\"2\"},"
				   "\"h/team/a\":{\"username\":\"a\",\"password\":\"3\"}}}";
	ck_ok(find(text, "h", "team/a"), err);
	expect("a", "3");
	ck_ok(find(text, "h", "team/ab"), err);
	expect("t", "1");
	ck_ok(find(text, "h", "teams/a"), err);
	expect("h", "2");
	ck_status(find(text, "hh", "team/a"), WPKG_ENOTFOUND);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_helper_goes_before_what_is_stored)
{
	static const char text[] = "{\"credsStore\":\"all\",\"credHelpers\":{\"h:1\":\"one\"},"
				   "\"auths\":{\"h:1\":{},\"i\":{\"auth\":\"am86cHc=\"}}}";
	ck_ok(find(text, "h:1", "a"), err);
	ck_assert(wpkg_str_equal_text(found.helper, "one"));
	ck_assert_uint_eq(found.user.len, 0);
	ck_ok(find(text, "i", "a"), err);
	ck_assert(wpkg_str_equal_text(found.helper, "all"));
	expect("jo", "pw");
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_helper_s_name_leads_to_no_other_folder)
{
	ck_status(find("{\"credsStore\":\"../../evil\"}", "h", "a"), WPKG_EFORMAT);
	ck_status(find("{\"credHelpers\":{\"h\":\"a b\"}}", "h", "a"), WPKG_EFORMAT);
	ck_status(find("{\"credHelpers\":{\"h\":\"a;b\"}}", "h", "a"), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_no_such_file_is_refused_and_shows_no_secret)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"auths\":{\"h\":{\"auth\":\"c2VzYW1l\"}}",
		"{\"auths\":{\"h\":{\"auth\":\"c2VzYW1l\"}}}", /* no colon in it */
		"{\"auths\":{\"h\":{\"auth\":\"%sesame%\"}}}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_status(find(bad[i], "h", "a"), WPKG_EFORMAT);
		ck_assert_ptr_null(strstr(err.msg, "esame"));
		ck_assert_ptr_null(strstr(err.msg, "c2Vz"));
	}
	ck_status(find("{\"auths\":{\"h\":{\"identitytoken\":\"x\"}}}", "h", "a"), WPKG_EINVAL);
	ck_status(find("{\"auths\":{\"h\":3},\"credsStore\":7}", "h", "a"), WPKG_ENOTFOUND);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status read_helper(const char *text)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, ARENA_MAX);
	return wpkg_docker_helper_read(&found, &arena, wpkg_str_from(text), &err);
}

START_TEST(a_helper_s_answer_is_read)
{
	ck_ok(read_helper("{\"ServerURL\":\"h\",\"Username\":\"u\",\"Secret\":\"s\"}\n"), err);
	expect("u", "s");
	ck_status(read_helper("credentials not found"), WPKG_EFORMAT);
	ck_status(read_helper("{\"Username\":\"u\"}"), WPKG_EFORMAT);
	ck_status(read_helper("{\"Username\":\"<token>\",\"Secret\":\"s\"}"), WPKG_EINVAL);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status find_once(void)
{
	enum wpkg_status status = find("{\"auths\":{\"h\":{\"auth\":\"am86cHc=\"}}}", "h", "a");
	wpkg_arena_clear(&arena);
	return status;
}

static enum wpkg_status read_once(void)
{
	enum wpkg_status status = read_helper("{\"Username\":\"u\",\"Secret\":\"s\"}");
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	unit_fail_each_allocation(find_once());
	unit_fail_each_allocation(read_once());
}
END_TEST

UNIT_MAIN(a_password_may_hold_colons, padding_and_old_keys_are_read,
	  the_most_particular_entry_counts, a_helper_goes_before_what_is_stored,
	  a_helper_s_name_leads_to_no_other_folder,
	  what_is_no_such_file_is_refused_and_shows_no_secret, a_helper_s_answer_is_read,
	  each_allocation_may_fail)
