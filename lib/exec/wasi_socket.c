/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: only one that the guest got as a standard stream, or accepts from it. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum receive_flags { RECEIVE_PEEK = 1, RECEIVE_WAITALL = 2, RECEIVE_FLAGS = 3 };

#define RECEIVED_TRUNCATED 1

static enum wasi_errno find_socket(struct wasi_fd **out, struct wasi_call *call, uint64_t right)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), 0);
	if (code != WASI_ESUCCESS)
		return code;
	if (fd->filetype != WASI_FILETYPE_SOCKET_STREAM)
		return WASI_ENOTSOCK;
	return wpkg_wasi_fd_find(out, call->wasi, wasi_arg(call, 0), right);
}

/* (fd, flags, accepted) */
static enum wasi_errno sock_accept(struct wasi_call *call)
{
	struct wasi_fd *fd;
	uint32_t flags = wasi_arg(call, 1);
	enum wasi_errno code = find_socket(&fd, call, WASI_RIGHT_SOCK_ACCEPT);
	if (code != WASI_ESUCCESS)
		return code;
	if (flags & ~(uint32_t)WASI_FDFLAG_NONBLOCK)
		return WASI_EINVAL;
	uint8_t *accepted = wasi_memory(call, wasi_arg(call, 2), 4);
	if (!accepted)
		return WASI_EFAULT;
	code = wpkg_wasi_fd_wait(call, fd, POLLIN);
	if (code != WASI_ESUCCESS)
		return code;
	int host = accept4(fd->host, NULL, NULL, SOCK_CLOEXEC);
	if (host < 0)
		return wpkg_wasi_errno(errno);
	struct wasi_fd item;
	uint32_t number = 0;
	code = wpkg_wasi_fd_of_host(&item, host);
	if (code == WASI_ESUCCESS) {
		item.owned = true;
		item.flags = (uint16_t)flags;
		code = wpkg_wasi_fd_add(&number, call->wasi, &item);
	}
	if (code == WASI_ESUCCESS)
		wpkg_wasi_put32(accepted, number);
	else
		close(host);
	return code;
}

/* (fd, iovecs, length, flags, size, flags received) */
static enum wasi_errno sock_recv(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = find_socket(&fd, call, WASI_RIGHT_FD_READ);
	if (code != WASI_ESUCCESS)
		return code;
	uint32_t flags = wasi_arg(call, 3);
	uint8_t *size = wasi_memory(call, wasi_arg(call, 4), 4);
	uint8_t *received = wasi_memory(call, wasi_arg(call, 5), 2);
	if (flags & ~(uint32_t)RECEIVE_FLAGS)
		return WASI_EINVAL;
	if (!size || !received)
		return WASI_EFAULT;
	struct iovec vectors[WASI_IOVECS];
	struct msghdr message = {.msg_iov = vectors};
	code = wpkg_wasi_iovecs(vectors, &message.msg_iovlen, call, wasi_arg(call, 1),
				wasi_arg(call, 2));
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_fd_wait(call, fd, POLLIN);
	if (code != WASI_ESUCCESS)
		return code;
	/* WAITALL is a wish that a short answer may leave open, and waiting in the kernel would not
	 * see the guest's time. */
	ssize_t n =
		recvmsg(fd->host, &message, MSG_DONTWAIT | (flags & RECEIVE_PEEK ? MSG_PEEK : 0));
	if (n < 0)
		return wpkg_wasi_errno(errno);
	wpkg_wasi_put32(size, (uint32_t)n);
	wpkg_wasi_put16(received, message.msg_flags & MSG_TRUNC ? RECEIVED_TRUNCATED : 0);
	return WASI_ESUCCESS;
}

/* (fd, iovecs, length, flags, size) */
static enum wasi_errno sock_send(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = find_socket(&fd, call, WASI_RIGHT_FD_WRITE);
	if (code != WASI_ESUCCESS)
		return code;
	uint8_t *size = wasi_memory(call, wasi_arg(call, 4), 4);
	if (wasi_arg(call, 3) != 0)
		return WASI_EINVAL;
	if (!size)
		return WASI_EFAULT;
	struct iovec vectors[WASI_IOVECS];
	struct msghdr message = {.msg_iov = vectors};
	code = wpkg_wasi_iovecs(vectors, &message.msg_iovlen, call, wasi_arg(call, 1),
				wasi_arg(call, 2));
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_fd_wait(call, fd, POLLOUT);
	if (code != WASI_ESUCCESS)
		return code;
	ssize_t n = sendmsg(fd->host, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return wpkg_wasi_errno(errno);
	wpkg_wasi_put32(size, (uint32_t)n);
	return WASI_ESUCCESS;
}

/* (fd, how): 1 reading, 2 writing, 3 both */
static enum wasi_errno sock_shutdown(struct wasi_call *call)
{
	static const int hows[] = {0, SHUT_RD, SHUT_WR, SHUT_RDWR};
	struct wasi_fd *fd;
	enum wasi_errno code = find_socket(&fd, call, WASI_RIGHT_SOCK_SHUTDOWN);
	if (code != WASI_ESUCCESS)
		return code;
	uint32_t how = wasi_arg(call, 1);
	if (how == 0 || how > 3)
		return WASI_EINVAL;
	return shutdown(fd->host, hows[how]) == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
}

const struct wasi_entry wpkg_wasi_socket_functions[] = {
	{"sock_accept", "i32 i32 i32 -> i32", sock_accept},
	{"sock_recv", "i32 i32 i32 i32 i32 i32 -> i32", sock_recv},
	{"sock_send", "i32 i32 i32 i32 i32 -> i32", sock_send},
	{"sock_shutdown", "i32 i32 -> i32", sock_shutdown},
	{0}};
