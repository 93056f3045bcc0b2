/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>
#include <unistd.h>

#include "../../../server/config.h"

static char path[] = "/tmp/wpkg-config-XXXXXX";

/* The settings of a file and nothing else. */
static enum wpkg_status complete(struct config *out, struct wpkg_arena *arena, const char *text,
				 struct wpkg_err *err)
{
	struct config_source source = {.values = {.config = path}};
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	wpkg_arena_init(arena, 1 << 20);
	enum wpkg_status status = config_complete(out, arena, &source, err);
	unlink(path);
	return status;
}

START_TEST(defaults_are_in_force_where_nothing_is_said)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config config;
	ck_ok(complete(&config, &arena, "", &err), err);
	ck_assert_str_eq(config.listen, "127.0.0.1:8080");
	ck_assert_uint_eq(config.max_parcel, UINT64_C(1) << 30);
	ck_assert_int_eq(config.header_timeout, 10);
	ck_assert_str_eq(config.unsigned_, "deny");
	ck_assert_ptr_null(config.htpasswd);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_was_given_beats_the_file_even_when_it_is_zero)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config config;
	struct config_source source = {0};
	size_t row = 0;
	while (strcmp(config_rows[row].name, "keep-free") != 0)
		row++;
	source.given[row] = true;
	wpkg_arena_init(&arena, 1 << 20);
	ck_ok(config_complete(&config, &arena, &source, &err), err);
	ck_assert_uint_eq(config.keep_free, 0);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_printed_reads_the_same)
{
	struct wpkg_err err;
	struct wpkg_arena arena, again;
	struct config config, copy;
	struct wpkg_buf first, second;
	wpkg_buf_init(&first, 65536);
	wpkg_buf_init(&second, 65536);
	ck_ok(complete(&config, &arena,
		       "data = \"a \\\"b\\\" \\\\ c\"\nprivate = true\nmin-rate = 0\n"
		       "[policy]\nneed-check = true\nmodule-size = \"1MiB\"\n",
		       &err),
	      err);
	ck_ok(config_format(&first, &config, &err), err);
	ck_ok(complete(&copy, &again, wpkg_buf_text(&first), &err), err);
	ck_ok(config_format(&second, &copy, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&first), wpkg_buf_text(&second));
	ck_assert_str_eq(copy.data, "a \"b\" \\ c");
	ck_assert(copy.policy.need_check);
	ck_assert_uint_eq(copy.policy.module_size, 1 << 20);
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
	wpkg_arena_clear(&arena);
	wpkg_arena_clear(&again);
}
END_TEST

START_TEST(only_some_changes_need_a_restart)
{
	struct wpkg_err err;
	struct wpkg_arena arena, again;
	struct config config, fresh;
	ck_ok(complete(&config, &arena, "", &err), err);
	ck_ok(complete(&fresh, &again, "max-parcel = 1\nmin-rate = 5\n", &err), err);
	ck_assert_ptr_null(config_needs_restart(&config, &fresh));
	wpkg_arena_clear(&again);
	ck_ok(complete(&fresh, &again, "workers = 3\n", &err), err);
	ck_assert_str_eq(config_needs_restart(&config, &fresh), "workers");
	wpkg_arena_clear(&again);
	ck_ok(complete(&fresh, &again, "[policy]\nneed-check = true\n", &err), err);
	ck_assert_str_eq(config_needs_restart(&config, &fresh), "policy");
	wpkg_arena_clear(&again);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_nul_byte_cannot_cut_a_path)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config config;
	ck_status(complete(&config, &arena, "data = \"/a\\u0000b\"\n", &err), WPKG_EFORMAT);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_no_server_would_start_with_is_refused)
{
	static const char *const bad[] = {
		"listen = \"8080\"",
		"listen = \"127.0.0.1:99999\"",
		"listen = \"127.0.0.1:+1\"",
		"listen = \"localhost:80\"",
		"metrics-listen = \"[::1\"",
		"strategy = \"None\"",
		"public-url = \"wpkg.example.com\"",
		"public-url = \"ftp://wpkg.example.com\"",
		"public-url = \"https://wpkg.example.com/packages\"",
		"public-url = \"https://wpkg.example.com?a\"",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wpkg_err err = {0};
		struct wpkg_arena arena;
		struct config config;
		const char *space = strchr(bad[i], ' ');
		ck_assert_int_eq(complete(&config, &arena, bad[i], &err), WPKG_EINVAL);
		ck_assert_msg(strncmp(err.msg, bad[i], (size_t)(space - bad[i])) == 0, "%s",
			      err.msg);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

START_TEST(a_slash_behind_the_public_url_is_no_part_of_it)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config config;
	ck_ok(complete(&config, &arena, "public-url = \"https://wpkg.example.com:8443/\"", &err),
	      err);
	ck_assert_str_eq(config.public_url, "https://wpkg.example.com:8443");
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status read_and_format(void)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_buf text;
	struct config config;
	wpkg_buf_init(&text, 65536);
	enum wpkg_status status = complete(&config, &arena,
					   "data = \"/a\"\npublic-url = \"http://a/\"\n"
					   "[policy]\nneed-check = true\n",
					   &err);
	if (status == WPKG_OK)
		status = config_format(&text, &config, &err);
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(read_and_format());
}
END_TEST

UNIT_MAIN(defaults_are_in_force_where_nothing_is_said,
	  what_was_given_beats_the_file_even_when_it_is_zero, what_is_printed_reads_the_same,
	  only_some_changes_need_a_restart, a_nul_byte_cannot_cut_a_path,
	  what_no_server_would_start_with_is_refused,
	  a_slash_behind_the_public_url_is_no_part_of_it, every_failed_allocation_is_reported)
