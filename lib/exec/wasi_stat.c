/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and times of what is open. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SECOND_NS ((uint64_t)1000000000)

/* Times before 1970 have no timestamp in preview 1. */
static uint64_t in_ns(const struct timespec *time)
{
	if (time->tv_sec < 0)
		return 0;
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec;
}

void wpkg_wasi_filestat_of_host(struct wasi_filestat *out, const struct stat *stat)
{
	*out = (struct wasi_filestat){
		.dev = stat->st_dev,
		.ino = stat->st_ino,
		.filetype = wpkg_wasi_filetype(stat->st_mode),
		.nlink = stat->st_nlink,
		.size = (uint64_t)stat->st_size,
		.atim = in_ns(&stat->st_atim),
		.mtim = in_ns(&stat->st_mtim),
		.ctim = in_ns(&stat->st_ctim),
	};
}

enum wasi_errno wpkg_wasi_filestat_write(struct wasi_call *call, uint32_t address,
					 const struct wasi_filestat *stat)
{
	uint64_t size = call->unstable ? WASI_FILESTAT_SIZE_UNSTABLE : WASI_FILESTAT_SIZE;
	uint8_t *out = wasi_memory(call, address, size);
	if (!out)
		return WASI_EFAULT;
	memset(out, 0, size);
	wpkg_wasi_put64(out, stat->dev);
	wpkg_wasi_put64(out + 8, stat->ino);
	out[16] = stat->filetype;
	if (call->unstable) {
		wpkg_wasi_put32(out + 20, (uint32_t)stat->nlink);
		out += 24;
	} else {
		wpkg_wasi_put64(out + 24, stat->nlink);
		out += 32;
	}
	wpkg_wasi_put64(out, stat->size);
	wpkg_wasi_put64(out + 8, stat->atim);
	wpkg_wasi_put64(out + 16, stat->mtim);
	wpkg_wasi_put64(out + 24, stat->ctim);
	return WASI_ESUCCESS;
}

static struct timespec time_of(uint64_t time, uint32_t set, uint32_t now)
{
	if (now)
		return (struct timespec){.tv_nsec = UTIME_NOW};
	if (!set)
		return (struct timespec){.tv_nsec = UTIME_OMIT};
	return (struct timespec){.tv_sec = (time_t)(time / SECOND_NS),
				 .tv_nsec = (long)(time % SECOND_NS)};
}

enum wasi_errno wpkg_wasi_times(struct timespec out[2], uint64_t atim, uint64_t mtim,
				uint32_t flags)
{
	uint32_t both_atim = WASI_FSTFLAG_ATIM | WASI_FSTFLAG_ATIM_NOW;
	uint32_t both_mtim = WASI_FSTFLAG_MTIM | WASI_FSTFLAG_MTIM_NOW;
	if ((flags & ~(uint32_t)WASI_FSTFLAGS_ALL) || (flags & both_atim) == both_atim ||
	    (flags & both_mtim) == both_mtim)
		return WASI_EINVAL;
	out[0] = time_of(atim, flags & WASI_FSTFLAG_ATIM, flags & WASI_FSTFLAG_ATIM_NOW);
	out[1] = time_of(mtim, flags & WASI_FSTFLAG_MTIM, flags & WASI_FSTFLAG_MTIM_NOW);
	return WASI_ESUCCESS;
}

/* (fd, filestat) */
static enum wasi_errno fd_filestat_get(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code =
		wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), WASI_RIGHT_FD_FILESTAT_GET);
	if (code != WASI_ESUCCESS)
		return code;
	struct wasi_filestat filestat = {.filetype = fd->filetype, .nlink = 1};
	if (fd->kind == WASI_FILE || fd->kind == WASI_TREE) {
		code = wpkg_wasi_files_stat(&filestat, call->wasi, fd);
	} else if (fd->kind != WASI_STREAM) {
		struct stat host;
		if (fstat(fd->host, &host) != 0)
			return wpkg_wasi_errno(errno);
		wpkg_wasi_filestat_of_host(&filestat, &host);
	}
	if (code != WASI_ESUCCESS)
		return code;
	return wpkg_wasi_filestat_write(call, wasi_arg(call, 1), &filestat);
}

/* (fd, size) */
static enum wasi_errno fd_filestat_set_size(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0),
						 WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	if (code != WASI_ESUCCESS)
		return code;
	if (fd->read_only)
		return WASI_EROFS;
	while (ftruncate(fd->host, (off_t)wasi_arg64(call, 1)) != 0)
		if (errno != EINTR)
			return wpkg_wasi_errno(errno);
	return WASI_ESUCCESS;
}

/* (fd, atim, mtim, flags) */
static enum wasi_errno fd_filestat_set_times(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0),
						 WASI_RIGHT_FD_FILESTAT_SET_TIMES);
	if (code != WASI_ESUCCESS)
		return code;
	struct timespec times[2];
	code = wpkg_wasi_times(times, wasi_arg64(call, 1), wasi_arg64(call, 2), wasi_arg(call, 3));
	if (code != WASI_ESUCCESS)
		return code;
	if (fd->read_only)
		return WASI_EROFS;
	/* An empty path: works for what is open as a mere path, too. */
	bool done = utimensat(fd->host, "", times, AT_EMPTY_PATH) == 0;
	return done ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
}

const struct wasi_entry wpkg_wasi_stat_functions[] = {
	{"fd_filestat_get", "i32 i32 -> i32", fd_filestat_get},
	{"fd_filestat_set_size", "i32 i64 -> i32", fd_filestat_set_size},
	{"fd_filestat_set_times", "i32 i64 i64 i32 -> i32", fd_filestat_set_times},
	{0}};
