/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the guest, resolved by the kernel and never by us: openat2 with RESOLVE_BENEATH refuses
 * absolute paths, ".." above the directory and links that lead out, at each step and whatever
 * somebody renames meanwhile.
 *
 * What makes or removes an entry has no such call. There the directory above is opened beneath, and
 * the system's own call gets one name in it, which is neither "." nor ".." and whose link, if it is
 * one, that call does not follow.
 */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Tries when a rename on the way made the kernel unsure whether ".." stayed beneath. */
#define TRIES 64

enum wasi_errno wpkg_wasi_open_beneath(int *out, int dir, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int code = EAGAIN;
	for (int i = 0; i < TRIES && (code == EAGAIN || code == EINTR); i++) {
		long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0) {
			*out = (int)fd;
			return WASI_ESUCCESS;
		}
		code = errno;
	}
	return code == EXDEV ? WASI_ENOTCAPABLE : wpkg_wasi_errno(code);
}

static enum wasi_errno check_beneath(int dir, const char *path, enum wasi_errno answer)
{
	int fd = -1;
	enum wasi_errno code = wpkg_wasi_open_beneath(&fd, dir, path, O_PATH, 0);
	if (code != WASI_ESUCCESS)
		return code;
	close(fd);
	return answer;
}

enum wasi_errno wpkg_wasi_place_open(struct wasi_place *out, int dir, char *path,
				     enum wasi_errno dots)
{
	if (path[0] == '/')
		return WASI_ENOTCAPABLE;
	size_t end = strlen(path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	if (end == 0)
		return WASI_ENOENT;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	struct wpkg_str last = wpkg_str_of(path + start, end - start);
	if (wpkg_str_equal_text(last, ".") || wpkg_str_equal_text(last, ".."))
		return check_beneath(dir, path, dots);
	if (start > 0)
		path[start - 1] = '\0';
	int above;
	enum wasi_errno code = wpkg_wasi_open_beneath(&above, dir, start > 0 ? path : ".",
						      O_PATH | O_DIRECTORY, 0);
	if (code == WASI_ESUCCESS)
		*out = (struct wasi_place){.dir = above, .name = path + start};
	return code;
}
