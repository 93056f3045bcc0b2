/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker that somebody took over can do: each attempt is made by a process of its own inside
 * the sandbox, once with all walls, once without the filter, so that the others are tried, too.
 */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../tools/admit/sandbox.h"
#include "base/channel.h"

#define GOT_THROUGH 10
#define WAS_REFUSED 11
#define NOT_ENTERED 12

static char missing_text[WPKG_ADMISSION_READY_MAX];

static const struct wpkg_admission_start start = {
	.memory = 64 << 20, .address_space = 256 << 20, .cpu_seconds = 1};

/* In a process that may be spoilt. */
static void enter(bool with_filter)
{
	int pair[2];
	struct wpkg_err err;
	struct wpkg_buf missing;
	struct sandbox sandbox;
	wpkg_buf_init(&missing, sizeof(missing_text));
	sandbox_prepare(&sandbox, &missing);
	sandbox.has_filter = sandbox.has_filter && with_filter;
	if (wpkg_channel_pair(pair, &err) != WPKG_OK ||
	    sandbox_enter(&sandbox, pair[0], &start, &err) != WPKG_OK)
		_exit(NOT_ENTERED);
}

/* How the attempt ended: an exit code, or a signal with 128 added. */
static int try_it(bool (*attempt)(void), bool with_filter)
{
	int how;
	pid_t pid = fork();
	if (pid == 0) {
		enter(with_filter);
		_exit(attempt() ? GOT_THROUGH : WAS_REFUSED);
	}
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
}

static bool opens_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool lists_the_root(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	return fd >= 0 && openat(fd, "etc", O_RDONLY) >= 0;
}

static bool makes_a_file(void)
{
	return open("/tmp/wpkg-made-by-a-worker", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool makes_a_folder(void)
{
	return mkdir("/made-by-a-worker", 0700) == 0;
}

static bool opens_a_process(void)
{
	return open("/proc/1/mem", O_RDONLY) >= 0 || open("/proc/self/mem", O_RDWR) >= 0;
}

/* Towards the internet: without a network there is no way to any address. */
static bool connects(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0x7f000001)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send(fd, "x", 1, 0) == 1;
}

static bool forks(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0;
}

static bool executes(void)
{
	char *const argv[] = {NULL};
	return execve("/bin/true", argv, argv) == 0;
}

static bool signals_others(void)
{
	return kill(getppid(), 0) == 0;
}

static bool mounts(void)
{
	return mount("none", "/", "tmpfs", 0, NULL) == 0;
}

static bool becomes_root(void)
{
	return syscall(SYS_setuid, 0) == 0 && geteuid() == 0;
}

static bool raises_a_limit(void)
{
	struct rlimit more = {1 << 20, 1 << 20};
	return setrlimit(RLIMIT_FSIZE, &more) == 0;
}

static bool makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static bool turns_data_to_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool makes_a_ring(void)
{
	struct io_uring_params params = {0};
	return syscall(SYS_io_uring_setup, 4, &params) >= 0;
}

static bool asks_the_kernel_for_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 1, 0, 0) >= 0;
}

static bool leaves_the_namespaces(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool controls_a_device(void)
{
	int number;
	return syscall(SYS_ioctl, 0, 0x541b /* FIONREAD */, &number) == 0;
}

static bool looks_at_a_name(void)
{
	struct stat stat;
	return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &stat, 0) == 0;
}

struct attempt {
	bool (*run)(void);
	const char *name;
	bool filter_only; /* no other wall is against it */
};

#define ATTEMPT(name, filter_only)                                                                 \
	{                                                                                          \
		name, #name, filter_only                                                           \
	}

static const struct attempt attempts[] = {
	ATTEMPT(opens_a_file, false),
	ATTEMPT(lists_the_root, false),
	ATTEMPT(makes_a_file, false),
	ATTEMPT(makes_a_folder, false),
	ATTEMPT(opens_a_process, false),
	ATTEMPT(connects, false),
	ATTEMPT(forks, false),
	ATTEMPT(executes, false),
	ATTEMPT(signals_others, false),
	ATTEMPT(mounts, false),
	ATTEMPT(becomes_root, false),
	ATTEMPT(raises_a_limit, false),
	ATTEMPT(looks_at_a_name, false),
	ATTEMPT(makes_code, true),
	ATTEMPT(turns_data_to_code, true),
	ATTEMPT(traces, true),
	ATTEMPT(makes_a_ring, true),
	ATTEMPT(asks_the_kernel_for_keys, true),
	ATTEMPT(leaves_the_namespaces, true),
	ATTEMPT(controls_a_device, true),
};

/* Protections are a system's to give; a test of what is not there would say nothing. */
static bool has(const char *protection)
{
	if (!strstr(missing_text, protection))
		return true;
	printf("skip: this system does not offer %s\n", protection);
	return false;
}

static void ask_what_is_missing(void)
{
	int out[2];
	ck_assert_int_eq(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct wpkg_buf missing;
		struct sandbox sandbox;
		wpkg_buf_init(&missing, sizeof(missing_text));
		sandbox_prepare(&sandbox, &missing);
		ssize_t n = write(out[1], wpkg_buf_text(&missing), missing.len);
		_exit(n == (ssize_t)missing.len ? 0 : 1);
	}
	close(out[1]);
	ssize_t n = read(out[0], missing_text, sizeof(missing_text) - 1);
	ck_assert_int_ge(n, 0);
	missing_text[n] = '\0';
	close(out[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(the_filter_ends_who_tries)
{
	ask_what_is_missing();
	for (size_t i = 0; has("filter") && i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int how = try_it(attempts[i].run, true);
		ck_assert_msg(how == 128 + SIGSYS, "%s: %d", attempts[i].name, how);
	}
}
END_TEST

START_TEST(the_other_walls_hold_without_the_filter)
{
	ask_what_is_missing();
	if (!has("namespaces") || !has("empty root") || !has("Landlock"))
		return;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (attempts[i].filter_only)
			continue;
		int how = try_it(attempts[i].run, false);
		ck_assert_msg(how == WAS_REFUSED, "%s: %d", attempts[i].name, how);
	}
}
END_TEST

/* The first word that the parent said: the channel is there, and nothing else above it. */
static bool works(void)
{
	struct timespec now;
	char *memory = malloc(1 << 20);
	if (!memory || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return false;
	memset(memory, 1, 1 << 20);
	free(memory);
	return fcntl(WPKG_ADMISSION_CHANNEL, F_GETFD) >= 0 &&
	       fcntl(WPKG_ADMISSION_CHANNEL + 1, F_GETFD) < 0;
}

static bool takes_much_memory(void)
{
	void *at =
		mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at != MAP_FAILED;
}

static bool computes_for_long(void)
{
	for (volatile unsigned i = 1; i != 0; i += 2)
		;
	return true;
}

START_TEST(a_worker_can_work)
{
	ck_assert_int_eq(try_it(works, true), GOT_THROUGH);
}
END_TEST

START_TEST(memory_ends_at_the_limit)
{
	if (SANDBOX_LIMITS_MEMORY)
		ck_assert_int_eq(try_it(takes_much_memory, true), WAS_REFUSED);
}
END_TEST

START_TEST(processor_time_ends_at_the_limit)
{
	ck_assert_int_eq(try_it(computes_for_long, true), 128 + SIGKILL);
}
END_TEST

UNIT_MAIN(the_filter_ends_who_tries, the_other_walls_hold_without_the_filter, a_worker_can_work,
	  memory_ends_at_the_limit, processor_time_ends_at_the_limit)
