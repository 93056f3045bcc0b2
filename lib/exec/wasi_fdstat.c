/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors themselves: flags, rights, names of preopened ones, closing and renumbering. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>

/* Flags that the system changes on an open file, and those that it only takes at opening. */
#define CHANGEABLE (WASI_FDFLAG_APPEND | WASI_FDFLAG_NONBLOCK)

/* (fd, fdstat) */
static enum wasi_errno fd_fdstat_get(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), 0);
	if (code != WASI_ESUCCESS)
		return code;
	uint8_t *out = wasi_memory(call, wasi_arg(call, 1), WASI_FDSTAT_SIZE);
	if (!out)
		return WASI_EFAULT;
	memset(out, 0, WASI_FDSTAT_SIZE);
	out[0] = fd->filetype;
	wpkg_wasi_put16(out + 2, fd->flags);
	wpkg_wasi_put64(out + 8, fd->base);
	wpkg_wasi_put64(out + 16, fd->inheriting);
	return WASI_ESUCCESS;
}

/*
 * NONBLOCK is the guest's own: a description that it may share with other processes is left alone.
 * So APPEND changes only on what the guest itself opened.
 */
static enum wasi_errno set_append(const struct wasi_fd *fd, bool append)
{
	bool appends = (fd->flags & WASI_FDFLAG_APPEND) != 0;
	if (appends == append)
		return WASI_ESUCCESS;
	if (!fd->owned || fd->kind != WASI_HOST)
		return WASI_ENOTSUP;
	int flags = fcntl(fd->host, F_GETFL);
	if (flags < 0)
		return wpkg_wasi_errno(errno);
	flags = append ? flags | O_APPEND : flags & ~O_APPEND;
	return fcntl(fd->host, F_SETFL, flags) == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
}

/* (fd, flags) */
static enum wasi_errno fd_fdstat_set_flags(struct wasi_call *call)
{
	struct wasi_fd *fd;
	uint32_t flags = wasi_arg(call, 1);
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0),
						 WASI_RIGHT_FD_FDSTAT_SET_FLAGS);
	if (code != WASI_ESUCCESS)
		return code;
	if (flags & ~(uint32_t)WASI_FDFLAGS_ALL)
		return WASI_EINVAL;
	if ((flags ^ fd->flags) & ~(uint32_t)CHANGEABLE)
		return WASI_ENOTSUP;
	code = set_append(fd, (flags & WASI_FDFLAG_APPEND) != 0);
	if (code == WASI_ESUCCESS)
		fd->flags = (uint16_t)flags;
	return code;
}

/* (fd, base, inheriting): rights only ever go away. */
static enum wasi_errno fd_fdstat_set_rights(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), 0);
	if (code != WASI_ESUCCESS)
		return code;
	uint64_t base = wasi_arg64(call, 1);
	uint64_t inheriting = wasi_arg64(call, 2);
	if ((base & ~fd->base) || (inheriting & ~fd->inheriting))
		return WASI_ENOTCAPABLE;
	fd->base = base;
	fd->inheriting = inheriting;
	return WASI_ESUCCESS;
}

static enum wasi_errno find_preopen(struct wasi_fd **out, struct wasi_call *call)
{
	enum wasi_errno code = wpkg_wasi_fd_find(out, call->wasi, wasi_arg(call, 0), 0);
	if (code == WASI_ESUCCESS && !(*out)->preopen)
		code = WASI_EBADF;
	return code;
}

/* The directory above granted files has no name of its own: it is the root. */
static struct wpkg_str preopen_name(const struct wasi_fd *fd)
{
	return fd->kind == WASI_TREE ? WPKG_LIT("/") : fd->name;
}

/* (fd, prestat) */
static enum wasi_errno fd_prestat_get(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = find_preopen(&fd, call);
	if (code != WASI_ESUCCESS)
		return code;
	uint8_t *out = wasi_memory(call, wasi_arg(call, 1), WASI_PRESTAT_SIZE);
	if (!out)
		return WASI_EFAULT;
	wpkg_wasi_put32(out, 0);
	wpkg_wasi_put32(out + 4, (uint32_t)preopen_name(fd).len);
	return WASI_ESUCCESS;
}

/* (fd, bytes, size) */
static enum wasi_errno fd_prestat_dir_name(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = find_preopen(&fd, call);
	if (code != WASI_ESUCCESS)
		return code;
	struct wpkg_str name = preopen_name(fd);
	if (wasi_arg(call, 2) < name.len)
		return WASI_ENAMETOOLONG;
	uint8_t *out = wasi_memory(call, wasi_arg(call, 1), name.len);
	if (!out)
		return WASI_EFAULT;
	if (name.len > 0)
		memcpy(out, name.ptr, name.len);
	return WASI_ESUCCESS;
}

static enum wasi_errno fd_close(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), 0);
	if (code != WASI_ESUCCESS)
		return code;
	wpkg_wasi_fd_close(fd);
	call->wasi->changes++;
	return WASI_ESUCCESS;
}

/* (from, to): both are open; from takes the place of to. */
static enum wasi_errno fd_renumber(struct wasi_call *call)
{
	struct wasi_fd *from = NULL;
	struct wasi_fd *to = NULL;
	enum wasi_errno code = wpkg_wasi_fd_find(&from, call->wasi, wasi_arg(call, 0), 0);
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_fd_find(&to, call->wasi, wasi_arg(call, 1), 0);
	if (code != WASI_ESUCCESS || from == to)
		return code;
	wpkg_wasi_fd_close(to);
	*to = *from;
	*from = (struct wasi_fd){.kind = WASI_FREE, .host = -1};
	call->wasi->changes++;
	return WASI_ESUCCESS;
}

const struct wasi_entry wpkg_wasi_fdstat_functions[] = {
	{"fd_fdstat_get", "i32 i32 -> i32", fd_fdstat_get},
	{"fd_fdstat_set_flags", "i32 i32 -> i32", fd_fdstat_set_flags},
	{"fd_fdstat_set_rights", "i32 i64 i64 -> i32", fd_fdstat_set_rights},
	{"fd_prestat_get", "i32 i32 -> i32", fd_prestat_get},
	{"fd_prestat_dir_name", "i32 i32 i32 -> i32", fd_prestat_dir_name},
	{"fd_close", "i32 -> i32", fd_close},
	{"fd_renumber", "i32 i32 -> i32", fd_renumber},
	{0}};
