/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "../unit.h"

#include "base/command.h"

struct global_options {
	const char *registry;
	bool quiet;
};

struct push_options {
	bool dry_run;
	uint64_t limit;
	int64_t wait;
	struct wpkg_option_list groups;
};

static const struct wpkg_option global_rows[] = {
	{"registry", 'r', WPKG_OPTION_TEXT, "URL", "where packages live", "TEST_REGISTRY",
	 offsetof(struct global_options, registry)},
	{"quiet", 'q', WPKG_OPTION_FLAG, NULL, "say nothing", "TEST_QUIET",
	 offsetof(struct global_options, quiet)},
	{0}};

static const struct wpkg_option push_rows[] = {
	{"dry-run", 'n', WPKG_OPTION_FLAG, NULL, "only say what would be done", NULL,
	 offsetof(struct push_options, dry_run)},
	{"limit", 0, WPKG_OPTION_SIZE, "SIZE", "at most so much", "TEST_LIMIT",
	 offsetof(struct push_options, limit)},
	{"wait", 0, WPKG_OPTION_DURATION, "TIME", "wait so long", NULL,
	 offsetof(struct push_options, wait)},
	{"group", 'g', WPKG_OPTION_TEXTS, "NAME", "a group", NULL,
	 offsetof(struct push_options, groups)},
	{0}};

static struct global_options seen_global;
static struct push_options seen;
static bool seen_given[4];
static char seen_operands[64];
static char seen_groups[64];

static void join(char *to, const char *const *texts, size_t count)
{
	to[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(to, texts[i]);
		strcat(to, ";");
	}
}

static int run_push(const struct wpkg_invocation *invocation)
{
	seen_global = *(const struct global_options *)invocation->global;
	seen = *(const struct push_options *)invocation->options;
	memcpy(seen_given, invocation->given, sizeof(seen_given));
	join(seen_operands, (const char *const *)invocation->operands, invocation->operand_count);
	join(seen_groups, seen.groups.items, seen.groups.count);
	return 42;
}

static const struct wpkg_command push = {.name = "push",
					 .operands = "[DIR...]",
					 .summary = "send a package",
					 .description = "First paragraph.\n\nSecond.",
					 .example = "toy push --dry-run .",
					 .options = push_rows,
					 .options_size = sizeof(struct push_options),
					 .most_operands = SIZE_MAX,
					 .run = run_push};

static const struct wpkg_command key_create = {.name = "key create",
					       .operands = "LABEL",
					       .summary = "make a key",
					       .options = push_rows,
					       .options_size = sizeof(struct push_options),
					       .least_operands = 1,
					       .most_operands = 1,
					       .run = run_push};

static const struct wpkg_command *const commands[] = {&push, &key_create, NULL};

static const struct wpkg_program toy = {.name = "toy",
					.section = 1,
					.summary = "a program",
					.global = global_rows,
					.global_size = sizeof(struct global_options),
					.commands = commands};

static int run(const char *line)
{
	static char copy[256]; /* what options borrow from */
	char *argv[32];
	int argc = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return wpkg_program_run(&toy, argc, argv);
}

START_TEST(options_of_both_kinds_stand_before_and_after_the_name)
{
	ck_assert_int_eq(run("toy -q push --registry http://x a --limit 2KiB b -g one -g two"), 42);
	ck_assert(seen_global.quiet);
	ck_assert_str_eq(seen_global.registry, "http://x");
	ck_assert_uint_eq(seen.limit, 2048);
	ck_assert_str_eq(seen_groups, "one;two;");
	ck_assert_str_eq(seen_operands, "a;b;");
	ck_assert_int_eq(run("toy push --wait 2m -- -x"), 42);
	ck_assert_int_eq(seen.wait, 120);
	ck_assert_str_eq(seen_operands, "-x;");
}
END_TEST

START_TEST(a_name_of_two_words_is_one_command)
{
	ck_assert_int_eq(run("toy key create me"), 42);
	ck_assert_str_eq(seen_operands, "me;");
	ck_assert_int_eq(run("toy key"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy key create"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy key create a b"), WPKG_EXIT_USAGE);
}
END_TEST

START_TEST(the_environment_gives_defaults_that_options_replace)
{
	setenv("TEST_REGISTRY", "http://env", 1);
	ck_assert_int_eq(run("toy push"), 42);
	ck_assert_str_eq(seen_global.registry, "http://env");
	ck_assert_int_eq(run("toy push -r http://y"), 42);
	ck_assert_str_eq(seen_global.registry, "http://y");
	unsetenv("TEST_REGISTRY");
}
END_TEST

START_TEST(a_flags_variable_says_yes_or_no)
{
	static const char *const on[] = {"1", "true", "YES", "on"};
	static const char *const off[] = {"0", "False", "no", "off", ""};
	for (size_t i = 0; i < 4; i++) {
		setenv("TEST_QUIET", on[i], 1);
		ck_assert_int_eq(run("toy push"), 42);
		ck_assert(seen_global.quiet);
	}
	for (size_t i = 0; i < 5; i++) {
		setenv("TEST_QUIET", off[i], 1);
		ck_assert_int_eq(run("toy push"), 42);
		ck_assert(!seen_global.quiet);
	}
	setenv("TEST_QUIET", "never", 1);
	ck_assert_int_eq(run("toy push"), WPKG_EXIT_USAGE);
	unsetenv("TEST_QUIET");
}
END_TEST

START_TEST(a_zero_that_was_given_differs_from_none)
{
	ck_assert_int_eq(run("toy push --wait 0"), 42);
	ck_assert(seen_given[2]);
	ck_assert(!seen_given[0] && !seen_given[1] && !seen_given[3]);
	setenv("TEST_LIMIT", "0", 1);
	ck_assert_int_eq(run("toy -r http://y push"), 42);
	ck_assert(seen_given[1]);
	ck_assert(!seen_given[0] && !seen_given[2] && !seen_given[3]);
	setenv("TEST_LIMIT", "", 1);
	ck_assert_int_eq(run("toy push"), 42);
	ck_assert(!seen_given[1]);
	unsetenv("TEST_LIMIT");
}
END_TEST

START_TEST(wrong_usage_is_exit_2)
{
	ck_assert_int_eq(run("toy pusj"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy push --dry-rum"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy push --limit"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy push --limit many"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy push --dry-run=yes"), WPKG_EXIT_USAGE);
	ck_assert_int_eq(run("toy push -z"), WPKG_EXIT_USAGE);
}
END_TEST

START_TEST(help_and_version_are_answered_here)
{
	ck_assert_int_eq(run("toy --help"), 0);
	ck_assert_int_eq(run("toy --version"), 0);
	ck_assert_int_eq(run("toy push --help"), 0);
}
END_TEST

static void ck_contains(const struct wpkg_buf *buf, const char *text)
{
	ck_assert_msg(strstr(wpkg_buf_text(buf), text) != NULL, "no '%s' in:\n%s", text,
		      wpkg_buf_text(buf));
}

START_TEST(help_man_and_completions_come_from_the_table)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, 65536);
	wpkg_program_write_help(&buf, &toy, &push);
	ck_contains(&buf, "usage: toy push [options] [DIR...]");
	ck_contains(&buf, "-n, --dry-run");
	ck_contains(&buf, "(TEST_REGISTRY)");
	wpkg_buf_reset(&buf);
	wpkg_program_write_man(&buf, &toy);
	ck_contains(&buf, ".Dt TOY 1");
	ck_contains(&buf, ".It Fl g , Fl \\-group Ar NAME");
	struct wpkg_err err;
	const char *shells[] = {"bash", "zsh", "fish"};
	for (size_t i = 0; i < 3; i++) {
		wpkg_buf_reset(&buf);
		ck_ok(wpkg_program_write_completion(&buf, &toy, shells[i], &err), err);
		ck_contains(&buf, "dry-run");
		ck_contains(&buf, "create");
	}
	ck_status(wpkg_program_write_completion(&buf, &toy, "tcsh", &err), WPKG_EINVAL);
	wpkg_buf_clear(&buf);
}
END_TEST

UNIT_MAIN(options_of_both_kinds_stand_before_and_after_the_name, a_name_of_two_words_is_one_command,
	  the_environment_gives_defaults_that_options_replace, a_flags_variable_says_yes_or_no,
	  a_zero_that_was_given_differs_from_none, wrong_usage_is_exit_2,
	  help_and_version_are_answered_here, help_man_and_completions_come_from_the_table)
