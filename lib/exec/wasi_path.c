/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that take a path. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define WRITE_RIGHTS                                                                               \
	((uint64_t)WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE)

static enum wasi_errno of_result(int result)
{
	return result == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
}

/* A path of the guest's, copied: what it changes meanwhile in its memory does not matter. */
static enum wasi_errno copy_path(char out[PATH_MAX], struct wasi_call *call, uint32_t address,
				 uint32_t length)
{
	const uint8_t *bytes = wasi_memory(call, address, length);
	if (!bytes)
		return WASI_EFAULT;
	if (length >= PATH_MAX)
		return WASI_ENAMETOOLONG;
	if (memchr(bytes, '\0', length))
		return WASI_EINVAL;
	memcpy(out, bytes, length);
	out[length] = '\0';
	return WASI_ESUCCESS;
}

/* A directory and a path below it. */
struct target {
	struct wasi_fd *dir;
	char path[PATH_MAX];
};

/* The descriptor in args[fd], and the path whose address and length stand in args[path]. */
static enum wasi_errno target_get(struct target *out, struct wasi_call *call, size_t fd,
				  size_t path, uint64_t rights)
{
	enum wasi_errno code = wpkg_wasi_fd_find(&out->dir, call->wasi, wasi_arg(call, fd), rights);
	if (code != WASI_ESUCCESS)
		return code;
	return copy_path(out->path, call, wasi_arg(call, path), wasi_arg(call, path + 1));
}

/* The same for what changes the directory, which granted files never allow. */
static enum wasi_errno target_get_writable(struct target *out, struct wasi_call *call, size_t fd,
					   size_t path, uint64_t rights)
{
	enum wasi_errno code = target_get(out, call, fd, path, rights);
	if (code == WASI_ESUCCESS && out->dir->read_only)
		code = WASI_EROFS;
	return code;
}

static bool ends_in_slash(const char *path)
{
	size_t length = strlen(path);
	return length > 0 && path[length - 1] == '/';
}

/* What a call that wants a link or a file says of a path that ends in a slash: it must at least be
 * a directory. The kernel would follow a link before the slash, so it is not asked. */
static enum wasi_errno check_directory(const struct target *target, enum wasi_errno answer)
{
	int fd;
	enum wasi_errno code = wpkg_wasi_open_beneath(&fd, target->dir->host, target->path,
						      O_PATH | O_DIRECTORY, 0);
	if (code != WASI_ESUCCESS)
		return code;
	close(fd);
	return answer;
}

/* path_open */

struct opening {
	uint32_t oflags;
	uint32_t fdflags;
	bool follow;
	uint64_t base;
	uint64_t inheriting;
};

static int open_flags(const struct opening *opening)
{
	int flags = O_NOCTTY | O_NONBLOCK; /* a pipe or a device must not hold us */
	bool reads = (opening->base & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR)) != 0;
	if (opening->base & WRITE_RIGHTS)
		flags |= reads ? O_RDWR : O_WRONLY;
	if (!opening->follow)
		flags |= O_NOFOLLOW;
	if (opening->oflags & WASI_OFLAG_CREAT)
		flags |= opening->oflags & WASI_OFLAG_EXCL ? O_CREAT | O_EXCL : O_CREAT;
	if (opening->oflags & WASI_OFLAG_DIRECTORY)
		flags |= O_DIRECTORY;
	if (opening->oflags & WASI_OFLAG_TRUNC)
		flags |= O_TRUNC;
	if (opening->fdflags & WASI_FDFLAG_APPEND)
		flags |= O_APPEND;
	if (opening->fdflags & WASI_FDFLAG_DSYNC)
		flags |= O_DSYNC;
	if (opening->fdflags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC))
		flags |= O_SYNC;
	return flags;
}

static enum wasi_errno open_host(struct wasi_fd *out, const struct target *target,
				 const struct opening *opening)
{
	int host;
	enum wasi_errno code = wpkg_wasi_open_beneath(&host, target->dir->host, target->path,
						      open_flags(opening), 0666);
	if (code != WASI_ESUCCESS)
		return code;
	code = wpkg_wasi_fd_of_host(out, host);
	if (code != WASI_ESUCCESS) {
		close(host);
		return code;
	}
	out->owned = true;
	if (out->kind == WASI_HOST)
		out->flags = (uint16_t)opening->fdflags;
	return WASI_ESUCCESS;
}

static enum wasi_errno open_granted(struct wasi_fd *out, struct wasi_call *call,
				    const struct target *target, const struct opening *opening)
{
	enum wasi_errno code =
		wpkg_wasi_files_open(out, call->wasi, target->dir, wpkg_str_from(target->path));
	if (code != WASI_ESUCCESS)
		return code;
	if (out->kind == WASI_FILE && (opening->oflags & WASI_OFLAG_DIRECTORY))
		return WASI_ENOTDIR;
	return WASI_ESUCCESS;
}

/* Below a read-only directory: what opens without changing anything may. */
static enum wasi_errno open_read_only(struct wasi_fd *out, struct wasi_call *call,
				      const struct target *target, struct opening opening)
{
	if ((opening.oflags & WASI_OFLAG_TRUNC) || (opening.base & WRITE_RIGHTS))
		return WASI_EROFS;
	bool creates = (opening.oflags & WASI_OFLAG_CREAT) != 0;
	bool is_new = creates && (opening.oflags & WASI_OFLAG_EXCL);
	opening.oflags &= (uint32_t)WASI_OFLAG_DIRECTORY;
	enum wasi_errno code = target->dir->kind == WASI_TREE
				       ? open_granted(out, call, target, &opening)
				       : open_host(out, target, &opening);
	if (code == WASI_ENOENT && creates)
		return WASI_EROFS;
	if (code != WASI_ESUCCESS || !is_new)
		return code;
	wpkg_wasi_fd_close(out);
	return WASI_EEXIST;
}

/* The rights that a descriptor must be able to inherit to be opened so. */
static uint64_t rights_wanted(const struct opening *opening)
{
	uint64_t rights = opening->base | opening->inheriting;
	if (opening->fdflags & WASI_FDFLAG_DSYNC)
		rights |= WASI_RIGHT_FD_DATASYNC;
	if (opening->fdflags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC))
		rights |= WASI_RIGHT_FD_SYNC;
	return rights;
}

static enum wasi_errno check_opening(const struct opening *opening, const struct wasi_fd *dir)
{
	uint32_t both = WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY;
	if ((opening->oflags & ~(uint32_t)WASI_OFLAGS_ALL) ||
	    (opening->fdflags & ~(uint32_t)WASI_FDFLAGS_ALL) || (opening->oflags & both) == both)
		return WASI_EINVAL;
	return rights_wanted(opening) & ~dir->inheriting ? WASI_ENOTCAPABLE : WASI_ESUCCESS;
}

/* (fd, lookup, path, length, oflags, base, inheriting, fdflags, opened) */
static enum wasi_errno path_open(struct wasi_call *call)
{
	struct opening opening = {.oflags = wasi_arg(call, 4),
				  .fdflags = wasi_arg(call, 7),
				  .follow = wasi_arg(call, 1) & WASI_LOOKUP_SYMLINK_FOLLOW,
				  .base = wasi_arg64(call, 5),
				  .inheriting = wasi_arg64(call, 6)};
	uint64_t rights = WASI_RIGHT_PATH_OPEN;
	if (opening.oflags & WASI_OFLAG_CREAT)
		rights |= WASI_RIGHT_PATH_CREATE_FILE;
	if (opening.oflags & WASI_OFLAG_TRUNC)
		rights |= WASI_RIGHT_PATH_FILESTAT_SET_SIZE;
	struct target target;
	enum wasi_errno code = target_get(&target, call, 0, 2, rights);
	if (code == WASI_ESUCCESS)
		code = check_opening(&opening, target.dir);
	if (code != WASI_ESUCCESS)
		return code;
	uint8_t *opened = wasi_memory(call, wasi_arg(call, 8), 4);
	if (!opened)
		return WASI_EFAULT;
	struct wasi_fd fd;
	code = target.dir->read_only ? open_read_only(&fd, call, &target, opening)
				     : open_host(&fd, &target, &opening);
	if (code != WASI_ESUCCESS)
		return code;
	fd.base &= opening.base;
	fd.inheriting = opening.inheriting;
	fd.read_only = target.dir->read_only;
	uint32_t number;
	code = wpkg_wasi_fd_add(&number, call->wasi, &fd);
	if (code == WASI_ESUCCESS)
		wpkg_wasi_put32(opened, number);
	else
		wpkg_wasi_fd_close(&fd);
	return code;
}

/* Times and sizes */

/* (fd, lookup, path, length, filestat) */
static enum wasi_errno path_filestat_get(struct wasi_call *call)
{
	struct target target;
	enum wasi_errno code = target_get(&target, call, 0, 2, WASI_RIGHT_PATH_FILESTAT_GET);
	if (code != WASI_ESUCCESS)
		return code;
	struct wasi_filestat filestat;
	if (target.dir->kind == WASI_TREE) {
		struct wasi_fd fd;
		code = wpkg_wasi_files_open(&fd, call->wasi, target.dir,
					    wpkg_str_from(target.path));
		if (code == WASI_ESUCCESS)
			code = wpkg_wasi_files_stat(&filestat, call->wasi, &fd);
	} else {
		bool follow = wasi_arg(call, 1) & WASI_LOOKUP_SYMLINK_FOLLOW;
		int fd;
		code = wpkg_wasi_open_beneath(&fd, target.dir->host, target.path,
					      follow ? O_PATH : O_PATH | O_NOFOLLOW, 0);
		if (code != WASI_ESUCCESS)
			return code;
		struct stat host;
		code = of_result(fstat(fd, &host));
		close(fd);
		if (code == WASI_ESUCCESS)
			wpkg_wasi_filestat_of_host(&filestat, &host);
	}
	if (code != WASI_ESUCCESS)
		return code;
	return wpkg_wasi_filestat_write(call, wasi_arg(call, 4), &filestat);
}

/* (fd, lookup, path, length, atim, mtim, flags) */
static enum wasi_errno path_filestat_set_times(struct wasi_call *call)
{
	struct timespec times[2];
	struct target target;
	enum wasi_errno code =
		target_get_writable(&target, call, 0, 2, WASI_RIGHT_PATH_FILESTAT_SET_TIMES);
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_times(times, wasi_arg64(call, 4), wasi_arg64(call, 5),
				       wasi_arg(call, 6));
	if (code != WASI_ESUCCESS)
		return code;
	bool follow = wasi_arg(call, 1) & WASI_LOOKUP_SYMLINK_FOLLOW;
	int fd;
	code = wpkg_wasi_open_beneath(&fd, target.dir->host, target.path,
				      follow ? O_PATH : O_PATH | O_NOFOLLOW, 0);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(utimensat(fd, "", times, AT_EMPTY_PATH));
	close(fd);
	return code;
}

/* Entries made and removed */

/* (fd, path, length) */
static enum wasi_errno path_create_directory(struct wasi_call *call)
{
	struct target target;
	enum wasi_errno code =
		target_get_writable(&target, call, 0, 1, WASI_RIGHT_PATH_CREATE_DIRECTORY);
	struct wasi_place place;
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_place_open(&place, target.dir->host, target.path, WASI_EEXIST);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(mkdirat(place.dir, place.name, 0777));
	close(place.dir);
	return code;
}

/* (fd, path, length) */
static enum wasi_errno path_remove_directory(struct wasi_call *call)
{
	struct target target;
	enum wasi_errno code =
		target_get_writable(&target, call, 0, 1, WASI_RIGHT_PATH_REMOVE_DIRECTORY);
	struct wasi_place place;
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_place_open(&place, target.dir->host, target.path, WASI_EINVAL);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(unlinkat(place.dir, place.name, AT_REMOVEDIR));
	close(place.dir);
	return code;
}

/* (fd, path, length) */
static enum wasi_errno path_unlink_file(struct wasi_call *call)
{
	struct target target;
	enum wasi_errno code =
		target_get_writable(&target, call, 0, 1, WASI_RIGHT_PATH_UNLINK_FILE);
	struct wasi_place place;
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_place_open(&place, target.dir->host, target.path, WASI_EISDIR);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(unlinkat(place.dir, place.name, 0));
	close(place.dir);
	return code;
}

/* Entries under another name */

static enum wasi_errno open_places(struct wasi_place places[2], struct target *from,
				   struct target *to, enum wasi_errno from_dots,
				   enum wasi_errno to_dots)
{
	enum wasi_errno code =
		wpkg_wasi_place_open(&places[0], from->dir->host, from->path, from_dots);
	if (code != WASI_ESUCCESS)
		return code;
	code = wpkg_wasi_place_open(&places[1], to->dir->host, to->path, to_dots);
	if (code != WASI_ESUCCESS)
		close(places[0].dir);
	return code;
}

static void close_places(const struct wasi_place places[2])
{
	close(places[0].dir);
	close(places[1].dir);
}

/* (fd, path, length, new fd, new path, length) */
static enum wasi_errno path_rename(struct wasi_call *call)
{
	struct target from;
	struct target to;
	enum wasi_errno code =
		target_get_writable(&from, call, 0, 1, WASI_RIGHT_PATH_RENAME_SOURCE);
	if (code == WASI_ESUCCESS)
		code = target_get_writable(&to, call, 3, 4, WASI_RIGHT_PATH_RENAME_TARGET);
	struct wasi_place places[2];
	if (code == WASI_ESUCCESS)
		code = open_places(places, &from, &to, WASI_EBUSY, WASI_EBUSY);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(renameat(places[0].dir, places[0].name, places[1].dir, places[1].name));
	close_places(places);
	return code;
}

/*
 * (fd, lookup, path, length, new fd, new path, length). The source must be writable, too: a second
 * name elsewhere would be a way around its being read-only.
 */
static enum wasi_errno path_link(struct wasi_call *call)
{
	struct target from;
	struct target to;
	enum wasi_errno code = target_get_writable(&from, call, 0, 2, WASI_RIGHT_PATH_LINK_SOURCE);
	if (code == WASI_ESUCCESS)
		code = target_get_writable(&to, call, 4, 5, WASI_RIGHT_PATH_LINK_TARGET);
	if (code != WASI_ESUCCESS)
		return code;
	if (wasi_arg(call, 1) & WASI_LOOKUP_SYMLINK_FOLLOW)
		return WASI_EINVAL;
	if (ends_in_slash(from.path))
		return check_directory(&from, WASI_EPERM);
	struct wasi_place places[2];
	code = open_places(places, &from, &to, WASI_EPERM, WASI_EEXIST);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(linkat(places[0].dir, places[0].name, places[1].dir, places[1].name, 0));
	close_places(places);
	return code;
}

/*
 * (text, length, fd, path, length). An absolute link could only ever lead somebody outside of the
 * guest, so none is made.
 */
static enum wasi_errno path_symlink(struct wasi_call *call)
{
	char text[PATH_MAX];
	struct target target;
	enum wasi_errno code = copy_path(text, call, wasi_arg(call, 0), wasi_arg(call, 1));
	if (code == WASI_ESUCCESS)
		code = target_get_writable(&target, call, 2, 3, WASI_RIGHT_PATH_SYMLINK);
	if (code == WASI_ESUCCESS && text[0] == '/')
		code = WASI_ENOTCAPABLE;
	struct wasi_place place;
	if (code == WASI_ESUCCESS)
		code = wpkg_wasi_place_open(&place, target.dir->host, target.path, WASI_EEXIST);
	if (code != WASI_ESUCCESS)
		return code;
	code = of_result(symlinkat(text, place.dir, place.name));
	close(place.dir);
	return code;
}

static enum wasi_errno read_link(char out[PATH_MAX], size_t *length, struct target *target)
{
	if (ends_in_slash(target->path))
		return check_directory(target, WASI_EINVAL);
	struct wasi_place place;
	enum wasi_errno code =
		wpkg_wasi_place_open(&place, target->dir->host, target->path, WASI_EINVAL);
	if (code != WASI_ESUCCESS)
		return code;
	ssize_t n = readlinkat(place.dir, place.name, out, PATH_MAX);
	code = n < 0 ? wpkg_wasi_errno(errno) : WASI_ESUCCESS;
	close(place.dir);
	if (code != WASI_ESUCCESS)
		return code;
	/* An absolute link speaks of the host's tree, which is not the guest's to know. */
	if (n > 0 && out[0] == '/')
		return WASI_ENOTCAPABLE;
	*length = (size_t)n;
	return WASI_ESUCCESS;
}

/* (fd, path, length, bytes, size, used) */
static enum wasi_errno path_readlink(struct wasi_call *call)
{
	struct target target;
	enum wasi_errno code = target_get(&target, call, 0, 1, WASI_RIGHT_PATH_READLINK);
	if (code != WASI_ESUCCESS)
		return code;
	if (target.dir->kind == WASI_TREE) {
		struct wasi_fd fd;
		code = wpkg_wasi_files_open(&fd, call->wasi, target.dir,
					    wpkg_str_from(target.path));
		return code == WASI_ESUCCESS ? WASI_EINVAL : code;
	}
	char text[PATH_MAX];
	size_t length = 0;
	code = read_link(text, &length, &target);
	if (code != WASI_ESUCCESS)
		return code;
	uint32_t size = wasi_arg(call, 4);
	uint8_t *bytes = wasi_memory(call, wasi_arg(call, 3), size);
	uint8_t *used = wasi_memory(call, wasi_arg(call, 5), 4);
	if (!bytes || !used)
		return WASI_EFAULT;
	if (length > size)
		length = size;
	memcpy(bytes, text, length);
	wpkg_wasi_put32(used, (uint32_t)length);
	return WASI_ESUCCESS;
}

const struct wasi_entry wpkg_wasi_path_functions[] = {
	{"path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32 -> i32", path_open},
	{"path_filestat_get", "i32 i32 i32 i32 i32 -> i32", path_filestat_get},
	{"path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32 -> i32", path_filestat_set_times},
	{"path_create_directory", "i32 i32 i32 -> i32", path_create_directory},
	{"path_remove_directory", "i32 i32 i32 -> i32", path_remove_directory},
	{"path_unlink_file", "i32 i32 i32 -> i32", path_unlink_file},
	{"path_rename", "i32 i32 i32 i32 i32 i32 -> i32", path_rename},
	{"path_link", "i32 i32 i32 i32 i32 i32 i32 -> i32", path_link},
	{"path_symlink", "i32 i32 i32 i32 i32 -> i32", path_symlink},
	{"path_readlink", "i32 i32 i32 i32 i32 i32 -> i32", path_readlink},
	{0}};
