/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, waiting and randomness: what differs between two runs. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>

#define SECOND_NS ((uint64_t)1000000000)
#define STEP_NS ((uint64_t)1000) /* that a deterministic clock goes on by when it is read */

/* Longest sleep between two looks at whether the guest was interrupted. */
#define SLICE_NS ((uint64_t)50000000)

#define RANDOM_PIECE ((size_t)1 << 20) /* a few milliseconds; and a multiple of 8 */

static const clockid_t host_clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
					CLOCK_THREAD_CPUTIME_ID};
#define CLOCKS (sizeof(host_clocks) / sizeof(host_clocks[0]))

static uint64_t in_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec;
}

/* The deterministic clock stands still at the end of time. */
static void go_on(struct wpkg_wasi *wasi, uint64_t ns)
{
	uint64_t most = UINT64_MAX - WPKG_WASI_EPOCH_NS;
	wasi->clock = ns < most - wasi->clock ? wasi->clock + ns : most;
}

enum wasi_errno wpkg_wasi_clock_now(uint64_t *out, struct wpkg_wasi *wasi, uint32_t id)
{
	if (id >= CLOCKS)
		return WASI_EINVAL;
	if (wasi->options.deterministic) {
		*out = WPKG_WASI_EPOCH_NS + wasi->clock;
		go_on(wasi, STEP_NS);
		return WASI_ESUCCESS;
	}
	struct timespec now;
	if (clock_gettime(host_clocks[id], &now) != 0)
		return wpkg_wasi_errno(errno);
	*out = in_ns(&now);
	return WASI_ESUCCESS;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_MONOTONIC, &now);
	return in_ns(&now);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long to sleep now: what is left of the wait, of the guest's time, and of a slice. */
static struct timespec slice_of(const struct wasi_call *call, uint64_t left)
{
	uint64_t guest_ms = wpkg_caller_time_left_ms(call->caller);
	uint64_t ns = least(left, SLICE_NS);
	if (guest_ms < SLICE_NS / 1000000)
		ns = least(ns, (guest_ms + 1) * 1000000);
	return (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS),
				 .tv_nsec = (long)(ns % SECOND_NS)};
}

enum wasi_errno wpkg_wasi_wait(struct wasi_call *call, struct pollfd *fds, size_t count,
			       uint64_t nanoseconds)
{
	bool jumps = call->wasi->options.deterministic && nanoseconds != UINT64_MAX;
	uint64_t wanted = jumps ? 0 : nanoseconds;
	uint64_t start = wanted > 0 ? monotonic_ns() : 0;
	for (;;) {
		uint64_t past = wanted > 0 ? monotonic_ns() - start : 0;
		uint64_t left = past < wanted ? wanted - past : 0;
		call->trap = wpkg_caller_poll(call->caller);
		if (call->trap != WPKG_TRAP_NONE)
			return WASI_EINTR;
		struct timespec slice = slice_of(call, left);
		/* Where nothing can be awaited and nothing slept, no system call is needed. */
		int ready = 0, code = 0;
		if (count > 0 || left > 0) {
			pthread_mutex_unlock(&call->wasi->lock);
			ready = ppoll(fds, count, &slice, NULL);
			code = errno;
			pthread_mutex_lock(&call->wasi->lock);
		}
		if (ready > 0)
			return WASI_ESUCCESS;
		if (ready < 0 && code != EINTR)
			return wpkg_wasi_errno(code);
		if (left == 0)
			break;
	}
	if (jumps)
		go_on(call->wasi, nanoseconds);
	return WASI_ESUCCESS;
}

enum wasi_errno wpkg_wasi_fd_wait(struct wasi_call *call, const struct wasi_fd *fd, short events)
{
	if (fd->filetype == WASI_FILETYPE_REGULAR_FILE)
		return WASI_ESUCCESS;
	struct pollfd one = {.fd = fd->host, .events = events};
	if (fd->flags & WASI_FDFLAG_NONBLOCK)
		return poll(&one, 1, 0) == 0 ? WASI_EAGAIN : WASI_ESUCCESS;
	uint64_t changes = call->wasi->changes;
	do {
		enum wasi_errno code = wpkg_wasi_wait(call, &one, 1, UINT64_MAX);
		if (code != WASI_ESUCCESS)
			return code;
		call->again = call->wasi->changes != changes;
		if (call->again)
			return WASI_EINTR;
		/* Another thread may have been quicker while the lock was free. */
	} while (call->wasi->threaded && poll(&one, 1, 0) == 0);
	return WASI_ESUCCESS;
}

/* (id, resolution) */
static enum wasi_errno clock_res_get(struct wasi_call *call)
{
	uint32_t id = wasi_arg(call, 0);
	if (id >= CLOCKS)
		return WASI_EINVAL;
	struct timespec resolution = {.tv_nsec = (long)STEP_NS};
	if (!call->wasi->options.deterministic && clock_getres(host_clocks[id], &resolution) != 0)
		return wpkg_wasi_errno(errno);
	bool inside = wpkg_caller_write_u64(call->caller, wasi_arg(call, 1), in_ns(&resolution));
	return inside ? WASI_ESUCCESS : WASI_EFAULT;
}

/* (id, precision, time) */
static enum wasi_errno clock_time_get(struct wasi_call *call)
{
	uint64_t now = 0;
	enum wasi_errno code = wpkg_wasi_clock_now(&now, call->wasi, wasi_arg(call, 0));
	if (code != WASI_ESUCCESS)
		return code;
	bool inside = wpkg_caller_write_u64(call->caller, wasi_arg(call, 2), now);
	return inside ? WASI_ESUCCESS : WASI_EFAULT;
}

/* SplitMix64: no promise but that the same seed gives the same bytes. */
static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15;
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void fill_deterministic(uint64_t *state, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint64_t word = next_random(state);
		for (size_t j = 0; j < sizeof(word) && i < size; j++, i++)
			bytes[i] = (uint8_t)(word >> (8 * j));
	}
}

/* (bytes, size): in pieces, between which the guest may be ended. */
static enum wasi_errno random_get(struct wasi_call *call)
{
	size_t size = wasi_arg(call, 1);
	uint8_t *bytes = wasi_memory(call, wasi_arg(call, 0), size);
	if (!bytes)
		return WASI_EFAULT;
	while (size > 0 && call->trap == WPKG_TRAP_NONE) {
		size_t got = size < RANDOM_PIECE ? size : RANDOM_PIECE;
		if (call->wasi->options.deterministic) {
			fill_deterministic(&call->wasi->random, bytes, got);
		} else {
			ssize_t n = getrandom(bytes, got, 0);
			if (n < 0 && errno != EINTR)
				return wpkg_wasi_errno(errno);
			got = n > 0 ? (size_t)n : 0;
		}
		bytes += got;
		size -= got;
		call->trap = wpkg_caller_poll(call->caller);
	}
	return WASI_ESUCCESS;
}

const struct wasi_entry wpkg_wasi_clock_functions[] = {
	{"clock_res_get", "i32 i32 -> i32", clock_res_get},
	{"clock_time_get", "i32 i64 i32 -> i32", clock_time_get},
	{"random_get", "i32 i32 -> i32", random_get},
	{0}};
