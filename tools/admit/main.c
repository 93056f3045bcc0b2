/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wpkg-admit: where the registry touches what strangers wrote.
 *
 * Modules are decoded, validated and run here and nowhere else. The threat: a version that somebody
 * pushes is made to take over the process that looks at it, by a defect in the decoder, the
 * validator, the interpreter, WASI, the reader of JSON or the C library. We assume that this can
 * happen. What the attacker has then, and what it is good for:
 *
 *   - A worker knows one question: a public invoice, the parcels of the pusher's own version, and
 * the modules of the packages that it depends on, all of which the pusher may read. No key, no
 *     token, no other package, no configuration is in its memory: the parent never had them
 *     (it is a program of its own, started with an empty environment), and the worker is not a copy
 *     of the server.
 *   - It lives for one question and is gone. Nothing of it is used for the next one.
 *   - It has the channel to the server, parcels opened for reading, and /dev/null. It cannot open,
 *     make or name a file: its root folder is empty (mount namespace), Landlock forbids all paths,
 *     and the filter of system calls has no call that takes one. It has no network (namespace,
 *     filter), sees no process but itself (namespace), can make none (filter, limit), cannot be
 *     traced or trace (not dumpable, filter), and has no way back up: no_new_privs, no
 *     capabilities, a user who owns nothing.
 *   - It cannot use up the machine: processor time, memory, address space, descriptors and file
 *     size are limited by the system, its life by the server, the number of workers by the queue.
 *   - It can lie: its verdict is that of the attacker. So it can have its own version published
 *     unchecked, with facts that are not true, which is what a module that passes honestly can do
 *     nearly as well. The server reads the verdict as a stranger's text (pkg/verdict.h), and asks
 *     the worker for nothing else: it hands over the parcels of this version and of its
 *     dependencies, and takes lines of bounded length and number.
 *   - It can spend its time on measuring caches and branch predictors. The machine's mitigations
 *     and the absence of secrets in this process tree are what there is against that.
 *
 * Each of these walls is meant to hold when another one falls, and none needs root. Where the
 * system does not offer one (an old kernel, a container that forbids user namespaces), the parent
 * says so at its start and the server tells the operator; the filter and the limits remain.
 *
 * The parent is trusted: it reads messages of the server, starts and ends workers, and never sees
 * a byte of theirs. Whoever kills it ends all workers; the server starts another one.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/channel.h"
#include "base/command.h"
#include "data/json.h"
#include "parent.h"
#include "program.h"

/* Bytes of the host profiles in memory. */
#define PROFILES_MAX ((size_t)16 << 20)

/* Every worker has the C library as the parent left it: what opens files at its first use does so
 * here. jansson reads /dev/urandom for the seed of its tables. */
static void warm_up(void)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_value *value;
	wpkg_arena_init(&arena, 4096);
	if (wpkg_json_read(&value, &arena, WPKG_LIT("{\"a\":1}"), &err) != WPKG_OK)
		fprintf(stderr, "wpkg-admit: %s\n", err.msg);
	wpkg_arena_clear(&arena);
}

/* 0, 1 and 2 lead nowhere, so that no later descriptor gets their numbers. */
static bool silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return false;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return false;
	return null <= 2 || close(null) == 0;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static enum wpkg_status say_ready(const struct wpkg_buf *missing, struct wpkg_err *err)
{
	struct wpkg_message message = {.kind = WPKG_ADMISSION_READY,
				       .bytes = wpkg_buf_str(missing)};
	return wpkg_channel_send(WPKG_ADMISSION_CHANNEL, &message, 0, err);
}

static int serve(void)
{
	struct wpkg_err err;
	struct sandbox sandbox;
	struct wpkg_buf missing;
	struct wpkg_arena arena;
	struct worker_setting setting = {.sandbox = &sandbox};
	if (!is_socket(WPKG_ADMISSION_CHANNEL)) {
		fputs("wpkg-admit: wpkgd starts this program; it has no use by itself\n", stderr);
		return WPKG_EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	clearenv();
	if (close_range(WPKG_ADMISSION_CHANNEL + 1, ~0U, 0) != 0 || !silence()) {
		perror("wpkg-admit");
		return WPKG_EXIT_FAILED;
	}
	warm_up();
	wpkg_arena_init(&arena, PROFILES_MAX);
	if (wpkg_host_profiles_add_known(&setting.profiles, &arena, &err) != WPKG_OK)
		return WPKG_EXIT_FAILED;
	wpkg_buf_init(&missing, WPKG_ADMISSION_READY_MAX);
	sandbox_prepare(&sandbox, &missing);
	if (say_ready(&missing, &err) != WPKG_OK)
		return WPKG_EXIT_FAILED;
	wpkg_buf_clear(&missing);
	return parent_run(&setting, WPKG_ADMISSION_CHANNEL);
}

/* The server gives no words. Whoever types some gets an answer before any wall is built. */
int main(int argc, char **argv)
{
	return argc > 1 ? wpkg_program_run(&admit_program, argc, argv) : serve();
}
