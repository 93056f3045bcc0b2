/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's own end. */
#include "exec/wasi_int.h"

#include <sched.h>

/* Signals of preview 1 whose default is not to end the process. */
enum signal_number {
	SIGNAL_NONE = 0,
	SIGNAL_CHLD = 16,
	SIGNAL_CONT = 17,
	SIGNAL_STOP = 18,
	SIGNAL_TTOU = 21,
	SIGNAL_URG = 22,
	SIGNAL_WINCH = 27,
	SIGNAL_LAST = 30
};

/* (code) */
static enum wasi_errno proc_exit(struct wasi_call *call)
{
	call->trap = wpkg_caller_exit(call->caller, (int32_t)wasi_arg(call, 0));
	return WASI_ESUCCESS;
}

/* (signal): as if it came to a process that handles none, with the exit code of a shell. */
static enum wasi_errno proc_raise(struct wasi_call *call)
{
	uint32_t number = wasi_arg(call, 0);
	if (number > SIGNAL_LAST)
		return WASI_EINVAL;
	if (number >= SIGNAL_STOP && number <= SIGNAL_TTOU)
		return WASI_ENOTSUP;
	if (number != SIGNAL_NONE && number != SIGNAL_CHLD && number != SIGNAL_CONT &&
	    number != SIGNAL_URG && number != SIGNAL_WINCH)
		call->trap = wpkg_caller_exit(call->caller, 128 + (int32_t)number);
	return WASI_ESUCCESS;
}

static enum wasi_errno yield(struct wasi_call *call)
{
	/* A deterministic guest makes no system call that it need not. */
	if (call->wasi->options.deterministic)
		return WASI_ESUCCESS;
	pthread_mutex_unlock(&call->wasi->lock);
	sched_yield();
	pthread_mutex_lock(&call->wasi->lock);
	return WASI_ESUCCESS;
}

const struct wasi_entry wpkg_wasi_process_functions[] = {{"proc_exit", "i32 ->", proc_exit},
							 {"proc_raise", "i32 -> i32", proc_raise},
							 {"sched_yield", "-> i32", yield},
							 {0}};
