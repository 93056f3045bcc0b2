/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

static char folder[64];

static int open_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/wpkg-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_folder(int dir)
{
	struct wpkg_err err;
	close(dir);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
	ck_assert_int_ne(access(folder, F_OK), 0);
}

static size_t count_entries(int dir)
{
	DIR *list = fdopendir(dup(dir));
	size_t n = 0;
	rewinddir(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n - 2;
}

START_TEST(a_result_goes_into_a_pipe_or_through_a_link_and_replaces_only_files)
{
	struct wpkg_err err;
	struct stat info;
	char read_back[8] = "";
	int dir = open_folder();
	ck_assert_int_eq(mkfifoat(dir, "pipe", 0600), 0);
	ck_assert_int_eq(symlinkat("target", dir, "link"), 0);
	int pipe = openat(dir, "pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(pipe, 0);
	ck_ok(wpkg_file_write(dir, "pipe", WPKG_LIT("one"), 0644, WPKG_FILE_RESULT, &err), err);
	ck_assert_int_eq(read(pipe, read_back, sizeof(read_back)), 3);
	ck_assert_str_eq(read_back, "one");
	close(pipe);
	ck_ok(wpkg_file_write(dir, "link", WPKG_LIT("two"), 0644, WPKG_FILE_RESULT, &err), err);
	ck_assert_int_eq(fstatat(dir, "link", &info, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISLNK(info.st_mode));
	ck_ok(wpkg_file_write(dir, "target", WPKG_LIT("three"), 0644, WPKG_FILE_RESULT, &err), err);
	ck_assert_int_eq(fstatat(dir, "link", &info, 0), 0);
	ck_assert_int_eq(info.st_size, 5);
	ck_status(wpkg_file_write(dir, ".", WPKG_LIT("x"), 0644, WPKG_FILE_RESULT, &err),
		  WPKG_EINVAL);
	ck_assert_uint_eq(count_entries(dir), 3);
	close_folder(dir);
}
END_TEST

START_TEST(a_written_file_is_whole_and_leaves_nothing_beside_it)
{
	struct wpkg_err err;
	struct wpkg_buf buf;
	int dir = open_folder();
	ck_ok(wpkg_file_write(dir, "a", WPKG_LIT("old"), 0600, WPKG_FILE_DURABLE, &err), err);
	ck_ok(wpkg_file_write(dir, "a", WPKG_LIT("new"), 0640, 0, &err), err);
	wpkg_buf_init(&buf, 3);
	ck_ok(wpkg_file_read(&buf, dir, "a", &err), err);
	ck_assert_str_eq(wpkg_buf_text(&buf), "new");
	struct stat info;
	ck_assert_int_eq(fstatat(dir, "a", &info, 0), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0640);
	ck_status(wpkg_file_write(dir, "a", WPKG_LIT("x"), 0600, WPKG_FILE_NEW, &err),
		  WPKG_EEXISTS);
	ck_status(wpkg_file_write(dir, "no/a", WPKG_LIT("x"), 0600, 0, &err), WPKG_ENOTFOUND);
	ck_assert_uint_eq(count_entries(dir), 1);
	wpkg_buf_clear(&buf);
	wpkg_buf_init(&buf, 2);
	ck_status(wpkg_file_read(&buf, dir, "a", &err), WPKG_ELIMIT);
	wpkg_buf_clear(&buf);
	close_folder(dir);
}
END_TEST

START_TEST(opening_beneath_follows_no_link_and_leaves_no_folder)
{
	struct wpkg_err err;
	int fd = -1;
	int dir = open_folder();
	ck_ok(wpkg_file_make_dirs(dir, "a/b/c", 0755, &err), err);
	ck_ok(wpkg_file_make_dirs(dir, "a/b", 0755, &err), err);
	ck_assert_int_eq(symlinkat("/etc", dir, "a/link"), 0);
	ck_status(wpkg_file_open_beneath(&fd, dir, "a/link/passwd", O_RDONLY, 0, &err),
		  WPKG_EDENIED);
	ck_status(wpkg_file_open_beneath(&fd, dir, "../x", O_RDONLY, 0, &err), WPKG_EDENIED);
	ck_status(wpkg_file_open_beneath(&fd, dir, "/etc/passwd", O_RDONLY, 0, &err), WPKG_EDENIED);
	ck_ok(wpkg_file_open_beneath(&fd, dir, "a/b/f", O_WRONLY | O_CREAT, 0644, &err), err);
	close(fd);
	ck_status(wpkg_file_make_dirs(dir, "a/b/f", 0755, &err), WPKG_EEXISTS);
	close_folder(dir);
	ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
}
END_TEST

START_TEST(a_map_is_bounded_and_empty_files_have_one)
{
	struct wpkg_err err;
	struct wpkg_file_map map = {0};
	int dir = open_folder();
	ck_ok(wpkg_file_write(dir, "e", WPKG_LIT(""), 0600, 0, &err), err);
	ck_ok(wpkg_file_write(dir, "f", WPKG_LIT("12345"), 0600, 0, &err), err);
	ck_ok(wpkg_file_map_open(&map, dir, "e", 10, &err), err);
	ck_assert_uint_eq(map.bytes.len, 0);
	wpkg_file_map_close(&map);
	ck_ok(wpkg_file_map_open(&map, dir, "f", 5, &err), err);
	ck_assert(wpkg_str_equal_text(map.bytes, "12345"));
	wpkg_file_map_close(&map);
	ck_status(wpkg_file_map_open(&map, dir, "f", 4, &err), WPKG_ELIMIT);
	ck_status(wpkg_file_map_open(&map, dir, ".", 4, &err), WPKG_EINVAL);
	close_folder(dir);
}
END_TEST

START_TEST(only_paths_that_stay_below_are_portable)
{
	struct wpkg_err err;
	const char *good[] = {"a", "a/b.c", "\xc3\xa4/x y", ".hidden", "a..b"};
	const char *bad[] = {"",     "/a",    "a//b", "a/",    "./a",	"a/../b", "..",
			     "a\\b", "C:\\x", "a\nb", "a\x7f", "a\xff", "a./b",	  "a /b"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_ok(wpkg_path_check_portable(wpkg_str_from(good[i]), &err), err);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(wpkg_path_check_portable(wpkg_str_from(bad[i]), &err) == WPKG_EINVAL,
			      "'%s'", bad[i]);
}
END_TEST

START_TEST(globs_match_within_and_over_parts)
{
	struct {
		const char *pattern;
		const char *path;
		bool match;
	} cases[] = {
		{"*.wasm", "a.wasm", true},
		{"*.wasm", "b/a.wasm", false},
		{"**/*.wasm", "b/c/a.wasm", true},
		{"**/*.wasm", "a.wasm", true},
		{"static/**", "static/x/y", true},
		{"static/**", "statics/x", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"a*b*c", "aXXbYYbZc", true},
		{"a*b*c", "aXXbYYbZd", false},
		{"**/b/**/d", "a/b/c/d", true},
		{"**/b/**/d", "b/d", true},
		{"*", "", true},
		{"", "a", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(wpkg_path_glob(wpkg_str_from(cases[i].pattern),
					     wpkg_str_from(cases[i].path)) == cases[i].match,
			      "%s on %s", cases[i].pattern, cases[i].path);
}
END_TEST

START_TEST(times_durations_and_sizes_are_read_strictly)
{
	struct wpkg_err err;
	int64_t seconds;
	uint64_t bytes;
	char text[WPKG_CLOCK_TEXT];
	ck_ok(wpkg_clock_parse(&seconds, WPKG_LIT("2026-11-24T13:00:00Z"), &err), err);
	wpkg_clock_format(text, seconds);
	ck_assert_str_eq(text, "2026-11-24T13:00:00Z");
	ck_ok(wpkg_clock_parse(&seconds, WPKG_LIT("0586-01-02T03:04:05Z"), &err), err);
	wpkg_clock_format(text, seconds);
	ck_assert_str_eq(text, "0586-01-02T03:04:05Z");
	ck_ok(wpkg_clock_parse(&seconds, WPKG_LIT("1970-01-02"), &err), err);
	ck_assert_int_eq(seconds, 86400);
	const char *bad[] = {"2026-02-30", "2026-13-01", "2026-1-1", "2026-11-24T25:00:00Z", ""};
	for (size_t i = 0; i < 5; i++)
		ck_status(wpkg_clock_parse(&seconds, wpkg_str_from(bad[i]), &err), WPKG_EFORMAT);
	ck_ok(wpkg_duration_parse(&seconds, WPKG_LIT("90d"), &err), err);
	ck_assert_int_eq(seconds, 90 * 86400);
	ck_status(wpkg_duration_parse(&seconds, WPKG_LIT("90 d"), &err), WPKG_EFORMAT);
	ck_ok(wpkg_duration_parse(&seconds, WPKG_LIT("9223372036"), &err), err);
	ck_status(wpkg_duration_parse(&seconds, WPKG_LIT("9223372037"), &err), WPKG_EFORMAT);
	ck_ok(wpkg_size_parse(&bytes, WPKG_LIT("64KiB"), &err), err);
	ck_assert_uint_eq(bytes, 65536);
	ck_status(wpkg_size_parse(&bytes, WPKG_LIT("99999999TiB"), &err), WPKG_EFORMAT);
}
END_TEST

UNIT_MAIN(a_written_file_is_whole_and_leaves_nothing_beside_it,
	  a_result_goes_into_a_pipe_or_through_a_link_and_replaces_only_files,
	  opening_beneath_follows_no_link_and_leaves_no_folder,
	  a_map_is_bounded_and_empty_files_have_one, only_paths_that_stay_below_are_portable,
	  globs_match_within_and_over_parts, times_durations_and_sizes_are_read_strictly)
