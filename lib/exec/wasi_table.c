/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's table of descriptors. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"

enum wasi_errno wpkg_wasi_fd_find(struct wasi_fd **out, struct wpkg_wasi *wasi, uint32_t fd,
				  uint64_t rights)
{
	if (fd >= wasi->fd_count || wasi->fds[fd].kind == WASI_FREE)
		return WASI_EBADF;
	struct wasi_fd *found = &wasi->fds[fd];
	bool is_dir = found->kind == WASI_DIR || found->kind == WASI_TREE;
	/* What no descriptor of this kind can have is the kind's fault, not the rights'. */
	if (!is_dir && (rights & WASI_RIGHTS_DIRECTORY_ONLY))
		return WASI_ENOTDIR;
	if (is_dir && (rights & WASI_RIGHTS_FILE_ONLY))
		return WASI_EISDIR;
	if (rights & ~found->base)
		return WASI_ENOTCAPABLE;
	*out = found;
	return WASI_ESUCCESS;
}

static enum wasi_errno grow(struct wpkg_wasi *wasi)
{
	uint32_t count = wasi->fd_count < 8 ? 8 : wasi->fd_count * 2;
	if (count > wasi->fd_max)
		count = wasi->fd_max;
	if (count <= wasi->fd_count)
		return WASI_EMFILE;
	struct wasi_fd *fds = wpkg_mem_resize(wasi->fds, count, sizeof(*fds));
	if (!fds)
		return WASI_ENOMEM;
	memset(fds + wasi->fd_count, 0, (count - wasi->fd_count) * sizeof(*fds));
	wasi->fds = fds;
	wasi->fd_count = count;
	wasi->changes++;
	return WASI_ESUCCESS;
}

enum wasi_errno wpkg_wasi_fd_add(uint32_t *out, struct wpkg_wasi *wasi, const struct wasi_fd *fd)
{
	uint32_t i = 0;
	while (i < wasi->fd_count && wasi->fds[i].kind != WASI_FREE)
		i++;
	if (i == wasi->fd_count) {
		enum wasi_errno code = grow(wasi);
		if (code != WASI_ESUCCESS)
			return code;
	}
	wasi->fds[i] = *fd;
	*out = i;
	return WASI_ESUCCESS;
}

void wpkg_wasi_fd_close(struct wasi_fd *fd)
{
	if (fd->owned)
		close(fd->host);
	*fd = (struct wasi_fd){.kind = WASI_FREE, .host = -1};
}

uint8_t wpkg_wasi_filetype(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return WASI_FILETYPE_REGULAR_FILE;
	case S_IFDIR:
		return WASI_FILETYPE_DIRECTORY;
	case S_IFLNK:
		return WASI_FILETYPE_SYMBOLIC_LINK;
	case S_IFCHR:
		return WASI_FILETYPE_CHARACTER_DEVICE;
	case S_IFBLK:
		return WASI_FILETYPE_BLOCK_DEVICE;
	case S_IFSOCK:
		return WASI_FILETYPE_SOCKET_STREAM;
	default:
		return WASI_FILETYPE_UNKNOWN; /* preview 1 has no type for pipes */
	}
}

uint64_t wpkg_wasi_rights_of(uint8_t filetype)
{
	switch (filetype) {
	case WASI_FILETYPE_DIRECTORY:
		return WASI_RIGHTS_DIRECTORY;
	case WASI_FILETYPE_REGULAR_FILE:
	case WASI_FILETYPE_BLOCK_DEVICE:
	case WASI_FILETYPE_CHARACTER_DEVICE:
		return WASI_RIGHTS_FILE;
	case WASI_FILETYPE_SOCKET_DGRAM:
	case WASI_FILETYPE_SOCKET_STREAM:
		return WASI_RIGHTS_SOCKET;
	default:
		return WASI_RIGHTS_STREAM;
	}
}

enum wasi_errno wpkg_wasi_fd_of_host(struct wasi_fd *out, int host)
{
	struct stat stat;
	if (fstat(host, &stat) != 0)
		return wpkg_wasi_errno(errno);
	struct wasi_fd fd = {.kind = WASI_HOST, .host = host};
	fd.filetype = wpkg_wasi_filetype(stat.st_mode);
	fd.base = wpkg_wasi_rights_of(fd.filetype);
	/* A terminal is known by having neither right: that is how libc's isatty finds out. */
	if (fd.filetype == WASI_FILETYPE_CHARACTER_DEVICE && isatty(host))
		fd.base &= ~(uint64_t)(WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL);
	if (fd.filetype == WASI_FILETYPE_DIRECTORY) {
		fd.kind = WASI_DIR;
		fd.inheriting = WASI_RIGHTS_BELOW;
	}
	*out = fd;
	return WASI_ESUCCESS;
}
