/* SPDX-License-Identifier: Apache-2.0 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define BACKLOG 1024
#define INHERITED_FD 3 /* the first that systemd hands over */

struct endpoint {
	char host[64];
	char port[8];
};

static bool split(struct endpoint *out, const char *address)
{
	struct wpkg_str text = wpkg_str_from(address);
	uint64_t number;
	size_t colon = wpkg_str_find_last(text, ':');
	struct wpkg_str host = wpkg_str_slice(text, 0, colon);
	struct wpkg_str port = wpkg_str_from_offset(text, colon + 1);
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = wpkg_str_slice(host, 1, host.len - 1);
	/* Of a number that is no port the C library would take what fits. */
	if (colon == text.len || host.len == 0 || host.len >= sizeof(out->host) ||
	    port.len >= sizeof(out->port) || !wpkg_str_parse_u64(port, &number) ||
	    number > UINT16_MAX)
		return false;
	memcpy(out->host, host.ptr, host.len);
	out->host[host.len] = '\0';
	memcpy(out->port, port.ptr, port.len);
	out->port[port.len] = '\0';
	return true;
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)
				     ->sin_addr.s_addr) >>
			       24 ==
		       127;
	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return address->sa_family == AF_UNIX;
}

static enum wpkg_status describe(struct listener *out, int socket, struct wpkg_err *err)
{
	struct sockaddr_storage bound = {0};
	socklen_t size = sizeof(bound);
	if (getsockname(socket, (struct sockaddr *)&bound, &size) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "the socket");
	uint16_t port = 0;
	if (bound.ss_family == AF_INET)
		port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
	else if (bound.ss_family == AF_INET6)
		port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
	*out = (struct listener){socket, port, is_loopback((struct sockaddr *)&bound)};
	return WPKG_OK;
}

/* How many sockets systemd hands over to this process. */
static uint64_t inherited_count(void)
{
	uint64_t pid, count;
	if (!wpkg_str_parse_u64(wpkg_str_from(getenv("LISTEN_PID")), &pid) ||
	    !wpkg_str_parse_u64(wpkg_str_from(getenv("LISTEN_FDS")), &count))
		return 0;
	return pid == (uint64_t)getpid() ? count : 0;
}

/* systemd's socket, so that no other program of ours inherits it in turn. */
static enum wpkg_status take_inherited(struct listener *out, uint64_t count, struct wpkg_err *err)
{
	if (count != 1)
		return WPKG_FAIL(err, WPKG_EINVAL, "%llu sockets are handed over, not one",
				 (unsigned long long)count);
	int flags = fcntl(INHERITED_FD, F_GETFL);
	if (flags < 0 || fcntl(INHERITED_FD, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(INHERITED_FD, F_SETFD, FD_CLOEXEC) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "the socket that is handed over");
	return describe(out, INHERITED_FD, err);
}

static enum wpkg_status bind_one(int *out, const struct addrinfo *info, const char *address,
				 struct wpkg_err *err)
{
	int on = 1;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		enum wpkg_status status = WPKG_FAIL_ERRNO(err, errno, "%s", address);
		close(fd);
		return status;
	}
	*out = fd;
	return WPKG_OK;
}

static enum wpkg_status resolve(struct addrinfo **out, const char *address, struct wpkg_err *err)
{
	struct endpoint endpoint;
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	if (!split(&endpoint, address))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "'%s' is not ADDRESS:PORT, such as 127.0.0.1:8080 or [::]:443",
				 address);
	int code = getaddrinfo(endpoint.host, endpoint.port, &hints, out);
	if (code != 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: %s", address, gai_strerror(code));
	return WPKG_OK;
}

enum wpkg_status listen_check(const char *address, struct wpkg_err *err)
{
	struct addrinfo *info = NULL;
	enum wpkg_status status = resolve(&info, address, err);
	if (status == WPKG_OK)
		freeaddrinfo(info);
	return status;
}

enum wpkg_status listen_bind(struct listener *out, const char *address, struct wpkg_err *err)
{
	struct addrinfo *info = NULL;
	int fd = -1;
	enum wpkg_status status = resolve(&info, address, err);
	if (status != WPKG_OK)
		return status;
	status = bind_one(&fd, info, address, err);
	freeaddrinfo(info);
	if (status != WPKG_OK)
		return status;
	status = describe(out, fd, err);
	if (status != WPKG_OK)
		close(fd);
	return status;
}

enum wpkg_status listen_open(struct listener *out, const char *address, struct wpkg_err *err)
{
	uint64_t inherited = inherited_count();
	return inherited > 0 ? take_inherited(out, inherited, err) : listen_bind(out, address, err);
}

/* Linux takes the unspecified address as loopback's (ip(7)); a time limit for sending is one for
 * connecting, too (socket(7)). */
enum wpkg_status listen_connect(int *out, const char *address, unsigned seconds,
				struct wpkg_err *err)
{
	struct addrinfo *info = NULL;
	const struct timeval limit = {.tv_sec = (time_t)seconds};
	enum wpkg_status status = resolve(&info, address, err);
	if (status != WPKG_OK)
		return status;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    connect(fd, info->ai_addr, info->ai_addrlen) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "connect");
	freeaddrinfo(info);
	if (status == WPKG_OK)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	return status;
}

void listen_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	if (len == 0 || len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	/* '@' stands for the NUL byte of an abstract socket. */
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
