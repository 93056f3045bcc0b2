/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "base/path.h"

enum wpkg_status wpkg_file_read_fd(struct wpkg_buf *buf, int fd, const char *what,
				   struct wpkg_err *err)
{
	char chunk[16384];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return WPKG_FAIL_ERRNO(err, errno, "%s", what);
		if (n == 0)
			return wpkg_buf_check(buf, what, err);
		wpkg_buf_append(buf, chunk, (size_t)n);
		if (buf->failed != WPKG_OK)
			return wpkg_buf_check(buf, what, err);
	}
}

enum wpkg_status wpkg_file_read(struct wpkg_buf *buf, int dir, const char *path,
				struct wpkg_err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	enum wpkg_status status = wpkg_file_read_fd(buf, fd, path, err);
	close(fd);
	return status;
}

enum wpkg_status wpkg_file_write_fd(int fd, struct wpkg_str bytes, const char *what,
				    struct wpkg_err *err)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return WPKG_FAIL_ERRNO(err, errno, "%s", what);
		bytes = wpkg_str_from_offset(bytes, (size_t)n);
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_file_sync_dir(int dir, const char *what, struct wpkg_err *err)
{
	if (fsync(dir) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", what);
	return WPKG_OK;
}

static enum wpkg_status publish(int dir, const char *temporary, const char *path, int flags,
				struct wpkg_err *err)
{
	if (flags & WPKG_FILE_NEW) {
		/* link refuses an existing target in one step, which a test before rename cannot.
		 */
		int failed = linkat(dir, temporary, dir, path, 0) != 0 ? errno : 0;
		unlinkat(dir, temporary, 0);
		if (failed != 0)
			return WPKG_FAIL_ERRNO(err, failed, "%s", path);
		return WPKG_OK;
	}
	if (renameat(dir, temporary, dir, path) != 0) {
		int failed = errno;
		unlinkat(dir, temporary, 0);
		return WPKG_FAIL_ERRNO(err, failed, "%s", path);
	}
	return WPKG_OK;
}

static enum wpkg_status sync_parent(int dir, const char *parent, struct wpkg_err *err)
{
	int fd = openat(dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", parent);
	enum wpkg_status status = wpkg_file_sync_dir(fd, parent, err);
	close(fd);
	return status;
}

static enum wpkg_status finish(int fd, const char *path, mode_t mode, int flags,
			       struct wpkg_err *err)
{
	if (fchmod(fd, mode) != 0 || ((flags & WPKG_FILE_DURABLE) && fsync(fd) != 0))
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return WPKG_OK;
}

static bool is_kept(int dir, const char *path, int flags)
{
	struct stat info;
	return (flags & WPKG_FILE_RESULT) && fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !S_ISREG(info.st_mode);
}

static enum wpkg_status write_through(int dir, const char *path, wpkg_file_writer *writer,
				      void *user, mode_t mode, struct wpkg_err *err)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, mode);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	enum wpkg_status status = writer(user, fd, path, err);
	if (close(fd) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return status;
}

enum wpkg_status wpkg_file_write_by(int dir, const char *path, wpkg_file_writer *writer, void *user,
				    mode_t mode, int flags, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	uint8_t random[8];
	char suffix[17];
	char temporary[4096];
	if (is_kept(dir, path, flags))
		return write_through(dir, path, writer, user, mode, err);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return WPKG_FAIL_ERRNO(err, errno, "random numbers");
	wpkg_hex_format(suffix, random, sizeof(random));
	char *parent = wpkg_path_parent(path);
	if (!parent)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	int n = snprintf(temporary, sizeof(temporary), "%s/" WPKG_FILE_TEMPORARY "%s", parent,
			 suffix);
	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		status = WPKG_FAIL(err, WPKG_EINVAL, "%s: path too long", path);
		goto out;
	}
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
		goto out;
	}
	status = writer(user, fd, path, err);
	if (status == WPKG_OK)
		status = finish(fd, path, mode, flags, err);
	close(fd);
	if (status != WPKG_OK)
		unlinkat(dir, temporary, 0);
	else
		status = publish(dir, temporary, path, flags, err);
	if (status == WPKG_OK && (flags & WPKG_FILE_DURABLE))
		status = sync_parent(dir, parent, err);
out:
	wpkg_mem_free(parent);
	return status;
}

static enum wpkg_status write_bytes(void *user, int fd, const char *path, struct wpkg_err *err)
{
	const struct wpkg_str *bytes = user;
	return wpkg_file_write_fd(fd, *bytes, path, err);
}

enum wpkg_status wpkg_file_write(int dir, const char *path, struct wpkg_str bytes, mode_t mode,
				 int flags, struct wpkg_err *err)
{
	return wpkg_file_write_by(dir, path, write_bytes, &bytes, mode, flags, err);
}

enum wpkg_status wpkg_file_make_dirs(int dir, const char *path, mode_t mode, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	char *copy = wpkg_mem_dup_text(path, strlen(path));
	if (!copy)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	for (char *p = copy;; p++) {
		if ((*p != '/' && *p != '\0') || p == copy)
			goto next;
		char was = *p;
		*p = '\0';
		if (mkdirat(dir, copy, mode) != 0 && errno != EEXIST) {
			status = WPKG_FAIL_ERRNO(err, errno, "%s", copy);
			break;
		}
		*p = was;
	next:
		if (*p == '\0')
			break;
	}
	wpkg_mem_free(copy);
	struct stat info;
	if (status == WPKG_OK && (fstatat(dir, path, &info, 0) != 0 || !S_ISDIR(info.st_mode)))
		status = WPKG_FAIL(err, WPKG_EEXISTS, "%s: not a directory", path);
	return status;
}

enum wpkg_status wpkg_file_open_beneath(int *out, int dir, const char *path, int flags, mode_t mode,
					struct wpkg_err *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	*out = (int)fd;
	return WPKG_OK;
}

static enum wpkg_status remove_content(int dir, const char *path, struct wpkg_err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		int code = errno;
		if (fd >= 0)
			close(fd);
		return WPKG_FAIL_ERRNO(err, code, "%s", path);
	}
	enum wpkg_status status = WPKG_OK;
	struct dirent *entry;
	while (status == WPKG_OK && (entry = readdir(list)) != NULL) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			status = wpkg_file_remove_tree(dirfd(list), name, err);
	}
	closedir(list);
	return status;
}

enum wpkg_status wpkg_file_remove_tree(int dir, const char *path, struct wpkg_err *err)
{
	if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
		return WPKG_OK;
	if (errno != EISDIR && errno != EPERM)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	enum wpkg_status status = remove_content(dir, path, err);
	if (status == WPKG_OK && unlinkat(dir, path, AT_REMOVEDIR) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return status;
}

static enum wpkg_status map(struct wpkg_file_map *out, int fd, const char *path, uint64_t max,
			    struct wpkg_err *err)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (!S_ISREG(info.st_mode))
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: not a regular file", path);
	if ((uint64_t)info.st_size > max)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%s: %lld bytes, more than %llu", path,
				 (long long)info.st_size, (unsigned long long)max);
	struct wpkg_str bytes = WPKG_STR("");
	if (info.st_size > 0) {
		void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED)
			return WPKG_FAIL_ERRNO(err, errno, "%s", path);
		bytes = wpkg_str_of(at, (size_t)info.st_size);
	}
	out->bytes = bytes;
	return WPKG_OK;
}

enum wpkg_status wpkg_file_map_take(struct wpkg_file_map *out, int fd, const char *path,
				    uint64_t max, struct wpkg_err *err)
{
	enum wpkg_status status = map(out, fd, path, max, err);
	close(fd);
	return status;
}

enum wpkg_status wpkg_file_map_open(struct wpkg_file_map *out, int dir, const char *path,
				    uint64_t max, struct wpkg_err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return wpkg_file_map_take(out, fd, path, max, err);
}

void wpkg_file_map_close(struct wpkg_file_map *map)
{
	if (map->bytes.len > 0)
		munmap((void *)(uintptr_t)map->bytes.ptr, map->bytes.len);
	map->bytes = (struct wpkg_str){0};
}

/* Whole pages, also those at the ends that other bytes share: a mapping has all of both. */
void wpkg_file_map_rest(struct wpkg_str bytes)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)bytes.ptr / page * page;
	uintptr_t end = ((uintptr_t)bytes.ptr + bytes.len + page - 1) / page * page;
	if (bytes.len > 0)
		madvise((void *)start, end - start, MADV_DONTNEED);
}
