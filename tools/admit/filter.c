/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

static scmp_filter_ctx filter;

/*
 * All of them work on memory of the process itself or on what it has open already. None opens,
 * makes, names, signals or traces anything, and there is no ioctl and no other socket call.
 */
static const int allowed[] = {
	/* memory; mmap and mprotect have a rule below */
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	/* the channel, and the parcels that came through it */
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	/* words of libraries to nobody: 1 and 2 are /dev/null */
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* what the C library asks on its own */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sigaltstack), /* of sanitizers */
	SCMP_SYS(sysinfo),
	/* the end */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* The call, when the bits of an argument that the mask has are those of the value. */
static bool allow_when(int call, unsigned argument, uint64_t mask, uint64_t value)
{
	const struct scmp_arg_cmp condition = {
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition) == 0;
}

/* Memory that can be executed is never made: the interpreter needs none. */
static bool allow_memory(int call)
{
	return allow_when(call, 2, PROT_EXEC, 0);
}

/* fstat as the C library may write it: a name that is empty, of an open descriptor. */
static bool allow_stat(void)
{
	return allow_when(SCMP_SYS(newfstatat), 3, UINT32_MAX, AT_EMPTY_PATH);
}

/* Looking at a descriptor's flags, not at more. */
static bool allow_flags(void)
{
	return allow_when(SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL) &&
	       allow_when(SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD);
}

static bool add_rules(void)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			return false;
	return allow_memory(SCMP_SYS(mmap)) && allow_memory(SCMP_SYS(mprotect)) && allow_stat() &&
	       allow_flags();
}

bool filter_prepare(void)
{
	/* Version 3 of the interface knows SCMP_ACT_KILL_PROCESS; 0 means no seccomp at all. */
	if (seccomp_api_get() < 3)
		return false;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter && add_rules())
		return true;
	seccomp_release(filter);
	filter = NULL;
	return false;
}

bool filter_enter(void)
{
	return seccomp_load(filter) == 0;
}
