/* SPDX-License-Identifier: Apache-2.0 */
#include "parent.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/command.h"

/* At once; the server asks for fewer. */
#define CHILDREN_MAX 256

struct child {
	pid_t pid;
	int pidfd; /* readable once it is gone */
	int leash;
	bool killed;
};

struct parent {
	const struct worker_setting *setting;
	int channel;
	struct child children[CHILDREN_MAX];
	size_t count;
};

/* A fork. With namespaces the child is process 1 of one of its own, and sees no other. */
static pid_t fork_child(const struct sandbox *sandbox, int *pidfd)
{
	if (!sandbox->has_namespaces) {
		pid_t pid = fork();
		if (pid > 0)
			*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		return pid;
	}
	struct clone_args args = {.flags = CLONE_PIDFD | CLONE_NEWPID,
				  .pidfd = (uint64_t)(uintptr_t)pidfd,
				  .exit_signal = SIGCHLD};
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void send_ended(int leash, const struct wpkg_admission_ended *ended)
{
	struct wpkg_err err;
	struct wpkg_message message = {.kind = WPKG_ADMISSION_ENDED,
				       .bytes = wpkg_str_of(ended, sizeof(*ended))};
	/* A server that no longer listens does not want to know. */
	if (wpkg_channel_send(leash, &message, 0, &err) != WPKG_OK)
		return;
}

static void start_child(struct parent *parent, int channel, int leash,
			const struct wpkg_admission_start *start)
{
	struct child child = {.pidfd = -1, .leash = leash};
	child.pid = parent->count < CHILDREN_MAX
			    ? fork_child(parent->setting->sandbox, &child.pidfd)
			    : -1;
	if (child.pid == 0)
		_exit(worker_run(parent->setting, channel, start));
	int code = parent->count < CHILDREN_MAX ? errno : EAGAIN;
	close(channel);
	if (child.pid > 0 && child.pidfd >= 0) {
		parent->children[parent->count++] = child;
		return;
	}
	if (child.pid > 0) {
		kill(child.pid, SIGKILL);
		waitpid(child.pid, NULL, 0);
	}
	send_ended(leash, &(struct wpkg_admission_ended){.failure = code});
	close(leash);
}

static void reap_child(struct parent *parent, size_t i)
{
	struct child *child = &parent->children[i];
	struct wpkg_admission_ended ended = {.exit_code = -1};
	struct rusage usage;
	int how = 0;
	pid_t reaped;
	do
		reaped = wait4(child->pid, &how, 0, &usage);
	while (reaped < 0 && errno == EINTR);
	if (reaped == child->pid) {
		if (WIFEXITED(how))
			ended.exit_code = WEXITSTATUS(how);
		if (WIFSIGNALED(how))
			ended.signal = WTERMSIG(how);
		ended.cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
			       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
		ended.memory_peak = (uint64_t)usage.ru_maxrss * 1024;
	} else {
		ended.failure = errno;
	}
	send_ended(child->leash, &ended);
	close(child->leash);
	close(child->pidfd);
	*child = parent->children[--parent->count];
}

static void kill_child(struct child *child)
{
	child->killed = true;
	syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

/* False when the server is gone. */
static bool take_message(struct parent *parent)
{
	struct wpkg_err err;
	struct wpkg_buf bytes;
	struct wpkg_message message;
	struct wpkg_admission_start start;
	wpkg_buf_init(&bytes, sizeof(start));
	enum wpkg_status status =
		wpkg_channel_receive(&message, &bytes, parent->channel, 2, 0, &err);
	if (status == WPKG_OK && message.kind == WPKG_ADMISSION_START && message.fd_count == 2 &&
	    message.bytes.len == sizeof(start)) {
		memcpy(&start, message.bytes.ptr, sizeof(start));
		start_child(parent, message.fds[0], message.fds[1], &start);
	} else if (status == WPKG_OK) {
		wpkg_message_close(&message);
	}
	wpkg_buf_clear(&bytes);
	return status == WPKG_OK;
}

static void wait_for_events(struct parent *parent, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = parent->channel, .events = POLLIN};
	for (size_t i = 0; i < parent->count; i++) {
		const struct child *child = &parent->children[i];
		fds[1 + 2 * i] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
		/* Once it was let go, a leash is for the last word only. */
		fds[2 + 2 * i] =
			(struct pollfd){.fd = child->killed ? -1 : child->leash, .events = POLLIN};
	}
	while (poll(fds, 1 + 2 * parent->count, -1) < 0 && errno == EINTR)
		;
}

int parent_run(const struct worker_setting *setting, int channel)
{
	static struct parent parent;
	static struct pollfd fds[1 + 2 * CHILDREN_MAX];
	parent.setting = setting;
	parent.channel = channel;
	for (bool served = true; served;) {
		wait_for_events(&parent, fds);
		/* Backwards: a child that is reaped gives its place to the last one. */
		for (size_t i = parent.count; i-- > 0;) {
			if (fds[2 + 2 * i].revents)
				kill_child(&parent.children[i]);
			if (fds[1 + 2 * i].revents)
				reap_child(&parent, i);
		}
		if (fds[0].revents)
			served = take_message(&parent);
	}
	while (parent.count > 0) {
		kill_child(&parent.children[0]);
		reap_child(&parent, 0);
	}
	return WPKG_EXIT_DONE;
}
