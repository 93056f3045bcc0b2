/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a short program costs from its start to its end: start_cost RUNS COMMAND... Prints the
 * processor time that its process took (median), page faults, and its memory when it ends: all that
 * is mapped in (resident), and what of it no other process has (private), which is pages of files
 * that only this program uses, and those that it wrote (written).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS_MAX 10000

static void fail(const char *what)
{
	fprintf(stderr, "start_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Output is thrown away; 0 when it cannot be started. */
static pid_t start(char **command)
{
	pid_t pid;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	return errno ? 0 : pid;
}

static void check(int status, const char *name)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	fprintf(stderr, "start_cost: %s ended with status 0x%x\n", name, (unsigned)status);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static double milliseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

/* The median of the processor time, and of the last run the page faults. */
static double time_of(char **command, long runs, long *faults)
{
	static double times[RUNS_MAX];
	for (long i = 0; i < runs; i++) {
		struct rusage usage;
		int status = 0;
		pid_t pid = start(command);
		if (!pid || wait4(pid, &status, 0, &usage) < 0)
			fail(command[0]);
		check(status, command[0]);
		times[i] = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
		*faults = usage.ru_minflt;
	}
	qsort(times, (size_t)runs, sizeof(times[0]), compare);
	return times[runs / 2];
}

/* Adds what the line says, when it is about that. */
static void take(long *kib, const char *line, const char *about)
{
	size_t length = strlen(about);
	if (strncmp(line, about, length) == 0)
		*kib += strtol(line + length, NULL, 10);
}

static void print_memory(pid_t pid)
{
	char path[64], line[256];
	long resident = 0, clean = 0, written = 0;
	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		fail(path);
	while (fgets(line, sizeof(line), file)) {
		take(&resident, line, "Rss:");
		take(&clean, line, "Private_Clean:");
		take(&written, line, "Private_Dirty:");
	}
	fclose(file);
	printf("%ld KiB resident, %ld private, %ld of them written", resident, clean + written,
	       written);
}

/* Stops it where it ends, while its memory is still there. */
static void memory_of(char **command)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(nowhere, STDOUT_FILENO);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		fail(command[0]);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	if (waitpid(pid, &status, 0) < 0 || status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
		fail(command[0]);
	print_memory(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	waitpid(pid, &status, 0);
}

int main(int argc, char **argv)
{
	long faults = 0;
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	if (runs < 1 || runs > RUNS_MAX) {
		fputs("usage: start_cost RUNS COMMAND...\n", stderr);
		return 2;
	}
	double time = time_of(argv + 2, runs, &faults);
	printf("%.2f ms, %ld page faults, ", time, faults);
	memory_of(argv + 2);
	putchar('\n');
	return 0;
}
