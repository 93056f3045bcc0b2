/* SPDX-License-Identifier: Apache-2.0 */
#include "base/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

struct header {
	uint32_t kind;
	uint32_t length;
};

/* Room for the descriptors, aligned as the system wants it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(WPKG_MESSAGE_FDS * sizeof(int))];
};

enum wpkg_status wpkg_channel_pair(int out[2], struct wpkg_err *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "channel");
	out[0] = pair[0];
	out[1] = pair[1];
	return WPKG_OK;
}

static enum wpkg_status gone(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "channel: the other end is gone");
}

static enum wpkg_status failed(int code, struct wpkg_err *err)
{
	if (code == EPIPE || code == ECONNRESET)
		return gone(err);
	return WPKG_FAIL_ERRNO(err, code, "channel");
}

/* Without a deadline the calls themselves wait. */
static enum wpkg_status wait_for(int channel, short events, uint64_t deadline, struct wpkg_err *err)
{
	struct pollfd fd = {.fd = channel, .events = events};
	while (deadline != 0) {
		uint64_t now = wpkg_clock_monotonic();
		if (now >= deadline)
			return WPKG_FAIL(err, WPKG_EBUSY, "channel: the time is over");
		uint64_t left = (deadline - now) / 1000000 + 1;
		int ready = poll(&fd, 1, left > 60000 ? 60000 : (int)left);
		if (ready > 0)
			break;
		if (ready < 0 && errno != EINTR)
			return failed(errno, err);
	}
	return WPKG_OK;
}

static int flags_for(uint64_t deadline)
{
	return MSG_NOSIGNAL | (deadline != 0 ? MSG_DONTWAIT : 0);
}

static bool try_again(int code)
{
	return code == EINTR || code == EAGAIN || code == EWOULDBLOCK;
}

static void put_fds(struct msghdr *msg, union control *control, const struct wpkg_message *message)
{
	if (message->fd_count == 0)
		return;
	size_t size = message->fd_count * sizeof(int);
	*control = (union control){.header = {.cmsg_len = CMSG_LEN(size),
					      .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS}};
	memcpy(CMSG_DATA(&control->header), message->fds, size);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(size);
}

static void advance(struct msghdr *msg, size_t sent)
{
	while (msg->msg_iovlen > 0 && sent >= msg->msg_iov->iov_len) {
		sent -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen > 0) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + sent;
		msg->msg_iov->iov_len -= sent;
	}
}

enum wpkg_status wpkg_channel_send(int channel, const struct wpkg_message *message,
				   uint64_t deadline, struct wpkg_err *err)
{
	union control control;
	struct header header = {message->kind, (uint32_t)message->bytes.len};
	struct iovec parts[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = (void *)(uintptr_t)message->bytes.ptr, .iov_len = message->bytes.len}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = message->bytes.len > 0 ? 2 : 1};
	if (message->bytes.len > UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "channel: a message of more than 4 GiB");
	put_fds(&msg, &control, message);
	while (msg.msg_iovlen > 0) {
		enum wpkg_status status = wait_for(channel, POLLOUT, deadline, err);
		if (status != WPKG_OK)
			return status;
		ssize_t n = sendmsg(channel, &msg, flags_for(deadline));
		if (n < 0 && !try_again(errno))
			return failed(errno, err);
		if (n <= 0)
			continue;
		advance(&msg, (size_t)n);
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	return WPKG_OK;
}

/* Keeps what was sent along, at most fds_max; false when there was more. */
static bool take_fds(struct wpkg_message *message, struct msghdr *msg, size_t fds_max)
{
	bool all = !(msg->msg_flags & MSG_CTRUNC);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (message->fd_count < fds_max) {
				message->fds[message->fd_count++] = fd;
			} else {
				close(fd);
				all = false;
			}
		}
	}
	return all;
}

/* Exactly size bytes; what rides on the first of them only where a message may take it. */
static enum wpkg_status receive(struct wpkg_message *message, void *to, size_t size, int channel,
				size_t fds_max, uint64_t deadline, struct wpkg_err *err)
{
	union control control;
	struct iovec part = {.iov_base = to, .iov_len = size};
	bool all_fds = true;
	while (part.iov_len > 0) {
		struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
		if (fds_max > 0 && part.iov_len == size) {
			msg.msg_control = &control;
			msg.msg_controllen = sizeof(control);
		}
		enum wpkg_status status = wait_for(channel, POLLIN, deadline, err);
		if (status != WPKG_OK)
			return status;
		ssize_t n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC | flags_for(deadline));
		if (n < 0 && try_again(errno))
			continue;
		if (n < 0)
			return failed(errno, err);
		all_fds = take_fds(message, &msg, fds_max) && all_fds;
		if (n == 0)
			return gone(err);
		part.iov_base = (char *)part.iov_base + n;
		part.iov_len -= (size_t)n;
	}
	if (!all_fds)
		return WPKG_FAIL(err, WPKG_EFORMAT, "channel: descriptors that nobody asked for");
	return WPKG_OK;
}

static enum wpkg_status receive_body(struct wpkg_message *message, struct wpkg_buf *bytes,
				     uint32_t length, int channel, uint64_t deadline,
				     struct wpkg_err *err)
{
	if (length > bytes->max)
		return WPKG_FAIL(err, WPKG_ELIMIT, "channel: a message of %u bytes, more than %zu",
				 (unsigned)length, bytes->max);
	void *to = wpkg_buf_extend(bytes, length);
	if (!to)
		return wpkg_buf_check(bytes, "channel", err);
	return receive(message, to, length, channel, 0, deadline, err);
}

enum wpkg_status wpkg_channel_receive(struct wpkg_message *out, struct wpkg_buf *bytes, int channel,
				      size_t fds_max, uint64_t deadline, struct wpkg_err *err)
{
	struct wpkg_message message = {0};
	struct header header;
	wpkg_buf_reset(bytes);
	enum wpkg_status status =
		receive(&message, &header, sizeof(header), channel, fds_max, deadline, err);
	if (status == WPKG_OK && header.length > 0)
		status = receive_body(&message, bytes, header.length, channel, deadline, err);
	if (status != WPKG_OK) {
		wpkg_message_close(&message);
		return status;
	}
	message.kind = header.kind;
	message.bytes = wpkg_buf_str(bytes);
	*out = message;
	return WPKG_OK;
}

void wpkg_message_close(struct wpkg_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	message->fd_count = 0;
}
