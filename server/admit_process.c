/* SPDX-License-Identifier: Apache-2.0 */
#include "admit_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/mem.h"

#define SECONDS ((uint64_t)1000000000)

/* The process answers at once: nothing that a stranger wrote can hold it up. */
#define START_TIME (10 * SECONDS)
#define END_TIME (10 * SECONDS)

static const char *const places[] = {"wpkg-admit", "../libexec/wpkg/wpkg-admit"};

/* The program's path by where this one lies. */
static enum wpkg_status find_program(char **out, struct wpkg_err *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return WPKG_FAIL_ERRNO(err, errno, "/proc/self/exe");
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[4096 + 64];
		snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		if (access(path, X_OK) != 0)
			continue;
		*out = wpkg_mem_dup_text(path, strlen(path));
		return *out ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "wpkg-admit: no memory");
	}
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no wpkg-admit in %s or %s/../libexec/wpkg",
			 self, self);
}

static enum wpkg_status take_program(char **out, const char *path, struct wpkg_err *err)
{
	if (!path || path[0] == '\0')
		return find_program(out, err);
	if (access(path, X_OK) != 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s: %s", path, strerror(errno));
	*out = wpkg_mem_dup_text(path, strlen(path));
	return *out ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "wpkg-admit: no memory");
}

/* Without our environment, signal handlers and mask, and with no descriptor but these. */
static int spawn(pid_t *pid, const char *program, int channel)
{
	char name[] = "wpkg-admit";
	char *argv[] = {name, NULL};
	char *envp[] = {NULL};
	sigset_t all, none;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	int code = posix_spawn_file_actions_init(&actions);
	if (code == 0)
		code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (code == 0)
		code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, channel, WPKG_ADMISSION_CHANNEL);
	if (code == 0)
		code = posix_spawn(pid, program, &actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static enum wpkg_status await_ready(struct admit_process *process, struct wpkg_err *err)
{
	struct wpkg_buf line;
	struct wpkg_message message;
	wpkg_buf_init(&line, WPKG_ADMISSION_READY_MAX);
	enum wpkg_status status = wpkg_channel_receive(&message, &line, process->channel, 0,
						       wpkg_clock_monotonic() + START_TIME, err);
	if (status == WPKG_OK && message.kind != WPKG_ADMISSION_READY)
		status = WPKG_FAIL(err, WPKG_EIO, "it is no wpkg-admit");
	if (status == WPKG_OK)
		snprintf(process->missing, sizeof(process->missing), "%s", wpkg_buf_text(&line));
	else
		wpkg_err_prepend(err, "%s", process->program);
	wpkg_buf_clear(&line);
	return status == WPKG_OK ? WPKG_OK : WPKG_EIO;
}

/* Ends it if need be. The mutex is held, or nobody else is here. */
static void stop(struct admit_process *process)
{
	if (process->pid == 0)
		return;
	close(process->channel);
	/* It ends its workers and itself when the channel closes; but it may be stopped. */
	kill(process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	process->pid = 0;
	process->channel = -1;
}

static enum wpkg_status start(struct admit_process *process, struct wpkg_err *err)
{
	int pair[2];
	enum wpkg_status status = wpkg_channel_pair(pair, err);
	if (status != WPKG_OK)
		return status;
	int code = spawn(&process->pid, process->program, pair[1]);
	close(pair[1]);
	if (code != 0) {
		close(pair[0]);
		process->pid = 0;
		return WPKG_FAIL_ERRNO(err, code, "%s", process->program);
	}
	process->channel = pair[0];
	status = await_ready(process, err);
	if (status != WPKG_OK)
		stop(process);
	return status;
}

enum wpkg_status admit_process_open(struct admit_process *process, const char *path,
				    struct wpkg_err *err)
{
	*process = (struct admit_process){.channel = -1};
	enum wpkg_status status = take_program(&process->program, path, err);
	if (status != WPKG_OK)
		return status;
	int code = pthread_mutex_init(&process->mutex, NULL);
	if (code != 0) {
		wpkg_mem_free(process->program);
		return WPKG_FAIL_ERRNO(err, code, "wpkg-admit");
	}
	status = start(process, err);
	if (status != WPKG_OK)
		admit_process_close(process);
	return status;
}

void admit_process_close(struct admit_process *process)
{
	stop(process);
	pthread_mutex_destroy(&process->mutex);
	wpkg_mem_free(process->program);
}

static enum wpkg_status ask(struct admit_process *process, const struct wpkg_message *message,
			    struct wpkg_err *err)
{
	return wpkg_channel_send(process->channel, message, wpkg_clock_monotonic() + START_TIME,
				 err);
}

/* One that is found dead is replaced, once. *pid is whom the message reached. */
static enum wpkg_status ask_living(pid_t *pid, struct admit_process *process,
				   const struct wpkg_message *message, struct wpkg_err *err)
{
	pthread_mutex_lock(&process->mutex);
	enum wpkg_status status = WPKG_EIO;
	if (process->pid != 0)
		status = ask(process, message, err);
	if (status != WPKG_OK) {
		stop(process);
		status = start(process, err);
		if (status == WPKG_OK)
			status = ask(process, message, err);
	}
	*pid = process->pid;
	pthread_mutex_unlock(&process->mutex);
	return status;
}

enum wpkg_status admit_worker_start(struct admit_worker *out, struct admit_process *process,
				    const struct wpkg_admission_start *start_with,
				    struct wpkg_err *err)
{
	int channel[2], leash[2];
	pid_t parent;
	enum wpkg_status status = wpkg_channel_pair(channel, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_channel_pair(leash, err);
	if (status != WPKG_OK) {
		close(channel[0]);
		close(channel[1]);
		return status;
	}
	struct wpkg_message message = {.kind = WPKG_ADMISSION_START,
				       .bytes = wpkg_str_of(start_with, sizeof(*start_with)),
				       .fds = {channel[1], leash[1]},
				       .fd_count = 2};
	status = ask_living(&parent, process, &message, err);
	close(channel[1]);
	close(leash[1]);
	if (status != WPKG_OK) {
		close(channel[0]);
		close(leash[0]);
		return status;
	}
	*out = (struct admit_worker){channel[0], leash[0], parent};
	return WPKG_OK;
}

/* A process that does not watch its workers is of no use, and may hide one that still runs. */
static void stop_stuck(struct admit_process *process, pid_t pid)
{
	pthread_mutex_lock(&process->mutex);
	if (process->pid == pid)
		stop(process);
	pthread_mutex_unlock(&process->mutex);
}

enum wpkg_status admit_worker_end(struct wpkg_admission_ended *out, struct admit_worker *worker,
				  struct admit_process *process, struct wpkg_err *err)
{
	struct wpkg_buf bytes;
	struct wpkg_message message;
	wpkg_buf_init(&bytes, sizeof(*out));
	shutdown(worker->leash, SHUT_WR);
	enum wpkg_status status = wpkg_channel_receive(&message, &bytes, worker->leash, 0,
						       wpkg_clock_monotonic() + END_TIME, err);
	if (status == WPKG_EBUSY)
		stop_stuck(process, worker->parent);
	if (status == WPKG_OK && message.kind == WPKG_ADMISSION_ENDED &&
	    message.bytes.len == sizeof(*out))
		memcpy(out, message.bytes.ptr, sizeof(*out));
	else
		status = WPKG_FAIL(err, WPKG_EBUSY, "wpkg-admit died, try again later");
	wpkg_buf_clear(&bytes);
	close(worker->channel);
	close(worker->leash);
	return status;
}
