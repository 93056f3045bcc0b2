/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_oneoff: waits until the first of some clocks and descriptors is ready, and answers an event
 * for each that is by then. What is wrong with one subscription is the error of its event, not of
 * the call.
 */
#include "exec/wasi_int.h"

#include <poll.h>
#include <sys/ioctl.h>

#include "base/mem.h"

#define SUBSCRIPTIONS_MAX 16384

struct subscription {
	uint64_t userdata;
	uint8_t type;
	uint32_t id; /* the clock's, or the descriptor */
	uint64_t timeout;
	uint16_t flags;
	enum wasi_errno error;
	uint64_t due; /* nanoseconds from the call on; of a clock */
	bool ready;   /* at once */
	int host;     /* to wait for; -1: none */
	uint64_t bytes;
	uint16_t rwflags;
};

static void parse(struct subscription *out, const uint8_t *bytes, bool unstable)
{
	*out = (struct subscription){
		.userdata = wpkg_wasi_get64(bytes), .type = bytes[8], .host = -1};
	const uint8_t *u = bytes + 16;
	if (out->type == WASI_EVENT_CLOCK) {
		u += unstable ? 8 : 0;
		out->timeout = wpkg_wasi_get64(u + 8);
		out->flags = wpkg_wasi_get16(u + 24);
	}
	out->id = wpkg_wasi_get32(u);
}

static void prepare_clock(struct subscription *sub, struct wpkg_wasi *wasi)
{
	if (sub->id != WASI_CLOCK_REALTIME && sub->id != WASI_CLOCK_MONOTONIC) {
		sub->error = sub->id <= WASI_CLOCK_THREAD_CPUTIME ? WASI_ENOTSUP : WASI_EINVAL;
		return;
	}
	sub->due = sub->timeout;
	if (!(sub->flags & WASI_SUBCLOCK_ABSTIME))
		return;
	uint64_t now = 0;
	sub->error = wpkg_wasi_clock_now(&now, wasi, sub->id);
	if (sub->error == WASI_ESUCCESS)
		sub->due = sub->timeout > now ? sub->timeout - now : 0;
}

static uint64_t stream_left(const struct wasi_fd *fd)
{
	if (fd->stream->kind != WPKG_WASI_BUFFER || !(fd->base & WASI_RIGHT_FD_READ))
		return 0;
	return fd->stream->input.len - fd->position;
}

static void prepare_fd(struct subscription *sub, struct wpkg_wasi *wasi)
{
	struct wasi_fd *fd;
	uint64_t right = sub->type == WASI_EVENT_FD_READ ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;
	sub->error = wpkg_wasi_fd_find(&fd, wasi, sub->id, right | WASI_RIGHT_POLL_FD_READWRITE);
	if (sub->error != WASI_ESUCCESS)
		return;
	if (fd->kind == WASI_HOST) {
		sub->host = fd->host;
		return;
	}
	sub->ready = true;
	if (fd->kind == WASI_STREAM) {
		sub->bytes = stream_left(fd);
		return;
	}
	struct wasi_filestat stat;
	sub->error = wpkg_wasi_files_stat(&stat, wasi, fd);
	if (sub->error == WASI_ESUCCESS && stat.size > fd->position)
		sub->bytes = stat.size - fd->position;
}

static void prepare(struct subscription *sub, struct wpkg_wasi *wasi)
{
	if (sub->type == WASI_EVENT_CLOCK)
		prepare_clock(sub, wasi);
	else if (sub->type == WASI_EVENT_FD_READ || sub->type == WASI_EVENT_FD_WRITE)
		prepare_fd(sub, wasi);
	else
		sub->error = WASI_EINVAL;
	if (sub->error != WASI_ESUCCESS)
		sub->ready = true;
}

/* How long to wait, and for which descriptors of the host. */
static uint64_t collect(struct pollfd *fds, size_t *fd_count, const struct subscription *subs,
			size_t count)
{
	uint64_t wait = UINT64_MAX;
	*fd_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (subs[i].ready)
			wait = 0;
		else if (subs[i].host >= 0)
			fds[(*fd_count)++] = (struct pollfd){
				.fd = subs[i].host,
				.events = subs[i].type == WASI_EVENT_FD_READ ? POLLIN : POLLOUT};
		else if (subs[i].due < wait)
			wait = subs[i].due;
	}
	return wait;
}

/* What poll said of the descriptors, and the clocks that are due after waiting so long. */
static void mark(struct subscription *subs, size_t count, const struct pollfd *fds, uint64_t waited)
{
	for (size_t i = 0; i < count; i++) {
		struct subscription *sub = &subs[i];
		if (!sub->ready && sub->host >= 0) {
			short got = (fds++)->revents;
			int bytes = 0;
			sub->ready = got != 0;
			if (got & POLLHUP)
				sub->rwflags = WASI_EVENT_HANGUP;
			if (sub->ready && sub->type == WASI_EVENT_FD_READ &&
			    ioctl(sub->host, FIONREAD, &bytes) == 0 && bytes > 0)
				sub->bytes = (uint64_t)bytes;
		} else if (!sub->ready) {
			sub->ready = sub->due <= waited;
		}
	}
}

static uint32_t write_events(uint8_t *out, const struct subscription *subs, size_t count)
{
	uint32_t written = 0;
	for (size_t i = 0; i < count; i++) {
		if (!subs[i].ready)
			continue;
		uint8_t *event = out + (size_t)written * WASI_EVENT_SIZE;
		memset(event, 0, WASI_EVENT_SIZE);
		wpkg_wasi_put64(event, subs[i].userdata);
		wpkg_wasi_put16(event + 8, (uint16_t)subs[i].error);
		event[10] = subs[i].type;
		wpkg_wasi_put64(event + 16, subs[i].bytes);
		wpkg_wasi_put16(event + 24, subs[i].rwflags);
		written++;
	}
	return written;
}

/* Waits. Time goes by the guest's clock, which may be a deterministic one. */
static enum wasi_errno wait_for(struct wasi_call *call, struct subscription *subs, size_t count,
				struct pollfd *fds)
{
	size_t fd_count;
	uint64_t wait = collect(fds, &fd_count, subs, count);
	enum wasi_errno code = wpkg_wasi_wait(call, fds, fd_count, wait);
	if (code != WASI_ESUCCESS)
		return code;
	/* When no descriptor became ready, the whole wait is over. */
	bool fd_ready = false;
	for (size_t i = 0; i < fd_count; i++)
		fd_ready = fd_ready || fds[i].revents != 0;
	mark(subs, count, fds, fd_ready ? 0 : wait);
	return WASI_ESUCCESS;
}

/* (subscriptions, events, count, written) */
static enum wasi_errno poll_oneoff(struct wasi_call *call)
{
	size_t count = wasi_arg(call, 2);
	if (count == 0 || count > SUBSCRIPTIONS_MAX)
		return WASI_EINVAL;
	size_t size = call->unstable ? WASI_SUBSCRIPTION_SIZE_UNSTABLE : WASI_SUBSCRIPTION_SIZE;
	const uint8_t *in = wasi_memory(call, wasi_arg(call, 0), count * size);
	uint8_t *events = wasi_memory(call, wasi_arg(call, 1), count * WASI_EVENT_SIZE);
	uint8_t *written = wasi_memory(call, wasi_arg(call, 3), 4);
	if (!in || !events || !written)
		return WASI_EFAULT;
	struct subscription *subs = wpkg_mem_calloc(count, sizeof(*subs));
	struct pollfd *fds = wpkg_mem_calloc(count, sizeof(*fds));
	enum wasi_errno code = subs && fds ? WASI_ESUCCESS : WASI_ENOMEM;
	for (size_t i = 0; code == WASI_ESUCCESS && i < count; i++) {
		parse(&subs[i], in + i * size, call->unstable);
		prepare(&subs[i], call->wasi);
	}
	if (code == WASI_ESUCCESS)
		code = wait_for(call, subs, count, fds);
	if (code == WASI_ESUCCESS)
		wpkg_wasi_put32(written, write_events(events, subs, count));
	wpkg_mem_free(subs);
	wpkg_mem_free(fds);
	return code;
}

const struct wasi_entry wpkg_wasi_poll_functions[] = {
	{"poll_oneoff", "i32 i32 i32 i32 -> i32", poll_oneoff}, {0}};
