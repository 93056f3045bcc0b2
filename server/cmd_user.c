/* SPDX-License-Identifier: Apache-2.0 */
/* user add, remove, list: the file of users and their passwords. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "htpasswd.h"
#include "operator.h"

#define SECRET_MAX 1024 /* bytes of a password's file */

struct user_options {
	const char *htpasswd;
	const char *password_file;
};

#define HTPASSWD_ROW                                                                               \
	{                                                                                          \
		"htpasswd", 0, WPKG_OPTION_TEXT, "FILE",                                           \
			"the file of users, as the server reads it", "WPKGD_HTPASSWD",             \
			offsetof(struct user_options, htpasswd)                                    \
	}

static int fail(const struct wpkg_err *err)
{
	operator_note("%s", err->msg);
	return (int)wpkg_exit_of(err->status);
}

/* Passwords: from a file, or from the terminal with its echo off, or else the first line of
 * standard input. Never from the command line, which every process may read. */

static enum wpkg_status read_line(struct wpkg_buf *out, struct wpkg_err *err)
{
	for (;;) {
		char byte;
		ssize_t n = read(STDIN_FILENO, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return WPKG_FAIL_ERRNO(err, errno, "standard input");
		if (n == 0 || byte == '\n')
			return wpkg_buf_check(out, "password", err);
		wpkg_buf_append(out, &byte, 1);
	}
}

static enum wpkg_status ask(struct wpkg_buf *out, const char *prompt, struct wpkg_err *err)
{
	struct termios before;
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "terminal");
	struct termios silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", prompt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	enum wpkg_status status = read_line(out, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return status;
}

static enum wpkg_status ask_twice(struct wpkg_buf *out, struct wpkg_err *err)
{
	struct wpkg_buf again;
	wpkg_buf_init(&again, SECRET_MAX);
	enum wpkg_status status = ask(out, "password", err);
	if (status == WPKG_OK)
		status = ask(&again, "password again", err);
	if (status == WPKG_OK && !wpkg_str_equal(wpkg_buf_str(out), wpkg_buf_str(&again)))
		status = WPKG_FAIL(err, WPKG_EINVAL, "the two passwords differ");
	wpkg_buf_wipe(&again);
	return status;
}

static enum wpkg_status read_password(struct wpkg_buf *out, const struct user_options *options,
				      struct wpkg_err *err)
{
	if (!options->password_file)
		return isatty(STDIN_FILENO) ? ask_twice(out, err) : read_line(out, err);
	enum wpkg_status status = wpkg_file_read(out, AT_FDCWD, options->password_file, err);
	while (out->len > 0 && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
		out->ptr[--out->len] = '\0';
	return status;
}

/* Reads the file, replaces or removes the user, writes it. */
static enum wpkg_status change_locked(const char *path, const char *user, const char *password,
				      bool *found, struct wpkg_err *err)
{
	struct wpkg_buf before;
	struct wpkg_buf after;
	wpkg_buf_init(&before, HTPASSWD_MAX);
	wpkg_buf_init(&after, HTPASSWD_MAX);
	enum wpkg_status status = htpasswd_read(&before, path, password != NULL, err);
	if (status == WPKG_OK)
		status = htpasswd_replace(&after, found, wpkg_buf_str(&before), wpkg_str_from(user),
					  password, err);
	if (status == WPKG_OK && !*found && !password)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "%s: there is no user '%s'", path, user);
	if (status == WPKG_OK)
		status = htpasswd_write(path, &after, err);
	wpkg_buf_wipe(&before);
	wpkg_buf_wipe(&after);
	return status;
}

static enum wpkg_status change(const char *path, const char *user, const char *password,
			       bool *found, struct wpkg_err *err)
{
	int lock;
	enum wpkg_status status = htpasswd_lock(&lock, path, err);
	if (status != WPKG_OK)
		return status;
	status = change_locked(path, user, password, found, err);
	htpasswd_unlock(lock);
	return status;
}

static int refuse_no_file(void)
{
	operator_note("which file? give --htpasswd FILE");
	return WPKG_EXIT_USAGE;
}

static const struct wpkg_option add_rows[] = {HTPASSWD_ROW,
					      {"password-file", 0, WPKG_OPTION_TEXT, "FILE",
					       "read the password from a file", NULL,
					       offsetof(struct user_options, password_file)},
					      {0}};

static int run_add(const struct wpkg_invocation *invocation)
{
	const struct user_options *options = invocation->options;
	const char *user = invocation->operands[0];
	struct wpkg_buf password;
	struct wpkg_err err;
	bool found = false;
	if (!options->htpasswd)
		return refuse_no_file();
	wpkg_buf_init(&password, SECRET_MAX);
	enum wpkg_status status = read_password(&password, options, &err);
	if (status == WPKG_OK && strlen(wpkg_buf_text(&password)) != password.len)
		status = WPKG_FAIL(&err, WPKG_EINVAL, "the password holds a NUL");
	if (status == WPKG_OK)
		status = change(options->htpasswd, user, wpkg_buf_text(&password), &found, &err);
	wpkg_buf_wipe(&password);
	if (status != WPKG_OK)
		return fail(&err);
	printf("%s %s; a running server knows at its next SIGHUP\n",
	       found ? "new password for" : "added", user);
	return WPKG_EXIT_DONE;
}

const struct wpkg_command cmd_user_add = {
	.name = "user add",
	.operands = "USER",
	.summary = "add a user, or give one a new password",
	.description =
		"The password is asked for twice on a terminal, and read from standard input or a "
		"file otherwise. Its bcrypt hash goes into the file, which is made when there is "
		"none.",
	.example = "wpkgd user add --htpasswd /etc/wpkgd/users jo",
	.options = add_rows,
	.options_size = sizeof(struct user_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_add,
};

static const struct wpkg_option other_rows[] = {HTPASSWD_ROW, {0}};

static int run_remove(const struct wpkg_invocation *invocation)
{
	const struct user_options *options = invocation->options;
	struct wpkg_err err;
	bool found = false;
	if (!options->htpasswd)
		return refuse_no_file();
	if (change(options->htpasswd, invocation->operands[0], NULL, &found, &err) != WPKG_OK)
		return fail(&err);
	printf("removed %s; a running server knows at its next SIGHUP\n", invocation->operands[0]);
	return WPKG_EXIT_DONE;
}

const struct wpkg_command cmd_user_remove = {
	.name = "user remove",
	.operands = "USER",
	.summary = "remove a user's password",
	.description = "Tokens of the user stay: see 'wpkgd token revoke'.",
	.example = "wpkgd user remove --htpasswd /etc/wpkgd/users jo",
	.options = other_rows,
	.options_size = sizeof(struct user_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_remove,
};

static int run_list(const struct wpkg_invocation *invocation)
{
	const struct user_options *options = invocation->options;
	struct wpkg_buf text;
	struct wpkg_err err;
	struct wpkg_str user;
	if (!options->htpasswd)
		return refuse_no_file();
	wpkg_buf_init(&text, HTPASSWD_MAX);
	enum wpkg_status status = htpasswd_read(&text, options->htpasswd, false, &err);
	struct wpkg_str rest = wpkg_buf_str(&text);
	while (status == WPKG_OK && htpasswd_next(&rest, &user))
		printf("%.*s\n", WPKG_STR_ARG(user));
	wpkg_buf_wipe(&text);
	return status == WPKG_OK ? WPKG_EXIT_DONE : fail(&err);
}

const struct wpkg_command cmd_user_list = {
	.name = "user list",
	.operands = "",
	.summary = "list the users that have a password",
	.example = "wpkgd user list --htpasswd /etc/wpkgd/users",
	.options = other_rows,
	.options_size = sizeof(struct user_options),
	.run = run_list,
};
