/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd's threads and who tells them to accept no more (MHD_quiesce_daemon) may both take
 * the listening socket out of the same epoll set. Whoever comes second hears ENOENT, or EBADF when
 * the socket was closed by then, and the library (0.9.75) ends the process for it: a server that is
 * told to stop while it answers would now and then abort. So the library finds this function in
 * place of the C library's: to remove what is not there any more is no failure.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
	long result = syscall(SYS_epoll_ctl, set, operation, fd, event);
	if (result != 0 && operation == EPOLL_CTL_DEL && (errno == ENOENT || errno == EBADF))
		return 0;
	return (int)result;
}
