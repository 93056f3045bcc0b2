/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's protocol for programs that keep credentials: "docker-credential-NAME get", the host on
 * its input, {"Username", "Secret"} or a reason on its output. Its errors go where ours go: it may
 * ask the user for something.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "oci_credentials.h"

#define NAME_MAX_LEN 64

extern char **environ;

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static int spawn(pid_t *pid, char *program, int input, int output)
{
	char verb[] = "get";
	char *argv[] = {program, verb, NULL};
	sigset_t ignored; /* by us (main.c) */
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int code = posix_spawn_file_actions_init(&actions);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (code == 0)
		code = posix_spawnp(pid, program, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static enum wpkg_status judge(const struct wpkg_buf *out, const char *program, int code,
			      struct wpkg_err *err)
{
	struct wpkg_str text = wpkg_str_trim(wpkg_buf_str(out));
	if (WIFEXITED(code) && WEXITSTATUS(code) == 0)
		return WPKG_OK;
	/* Docker's library for helpers has exactly these words for it. */
	if (wpkg_str_equal_text(text, "credentials not found in native keychain"))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s knows no such host", program);
	return WPKG_FAIL(err, WPKG_EIO, "%s: %.*s", program,
			 WPKG_STR_ARG(wpkg_str_slice(text, 0, wpkg_str_find(text, '\n'))));
}

static enum wpkg_status converse(struct wpkg_buf *out, char *program, int input[2], int output[2],
				 struct wpkg_str host, struct wpkg_err *err)
{
	pid_t pid = 0;
	int code = spawn(&pid, program, input[0], output[1]);
	if (code == ENOENT)
		return WPKG_FAIL(err, WPKG_EIO, "%s is not installed", program);
	if (code != 0)
		return WPKG_FAIL_ERRNO(err, code, "%s", program);
	close(input[0]);
	close(output[1]);
	input[0] = output[1] = -1;
	/* It need not read that. */
	(void)!wpkg_file_write_fd(input[1], host, program, NULL);
	close(input[1]);
	input[1] = -1;
	enum wpkg_status status = wpkg_file_read_fd(out, output[0], program, err);
	close(output[0]);
	output[0] = -1;
	while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
		;
	return status == WPKG_OK ? judge(out, program, code, err) : status;
}

enum wpkg_status credential_helper_ask(struct wpkg_buf *out, struct wpkg_str name,
				       struct wpkg_str host, struct wpkg_err *err)
{
	char program[sizeof("docker-credential-") + NAME_MAX_LEN];
	int input[2] = {-1, -1};
	int output[2] = {-1, -1};
	snprintf(program, sizeof(program), "docker-credential-%.*s", WPKG_STR_ARG(name));
	enum wpkg_status status = WPKG_OK;
	if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "pipe");
	if (status == WPKG_OK)
		status = converse(out, program, input, output, host, err);
	close_pair(input);
	close_pair(output);
	return status;
}
