/* SPDX-License-Identifier: Apache-2.0 */
/* A folder on disk as the source of a package's files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "pkg/project.h"

#define DEPTH_MAX 32
#define PATH_BYTES_MAX 4096

struct folder {
	int dir;
};

typedef enum wpkg_status visit_file(void *user, struct wpkg_str path, struct wpkg_err *err);

struct walk {
	visit_file *visit;
	void *user;
	struct wpkg_buf path; /* of the entry at hand */
	struct wpkg_err *err;
};

static enum wpkg_status walk_folder(struct walk *walk, int dir, unsigned depth);

/* Takes the descriptor. */
static enum wpkg_status walk_entry(struct walk *walk, int fd, unsigned depth)
{
	struct stat info;
	if (fstat(fd, &info) != 0) {
		int code = errno;
		close(fd);
		return WPKG_FAIL_ERRNO(walk->err, code, "%s", wpkg_buf_text(&walk->path));
	}
	if (S_ISDIR(info.st_mode))
		return walk_folder(walk, fd, depth + 1);
	close(fd);
	return S_ISREG(info.st_mode) ? walk->visit(walk->user, wpkg_buf_str(&walk->path), walk->err)
				     : WPKG_OK;
}

static enum wpkg_status step_into(struct walk *walk, int dir, const char *name, unsigned depth)
{
	size_t length = walk->path.len;
	if (length > 0)
		wpkg_buf_append_byte(&walk->path, '/');
	wpkg_buf_append_text(&walk->path, name);
	enum wpkg_status status = wpkg_buf_check(&walk->path, "path", walk->err);
	if (status != WPKG_OK)
		return status;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		status = walk_entry(walk, fd, depth);
	else if (errno != ELOOP && errno != ENXIO) /* a link or a socket: not ours to pack */
		status = WPKG_FAIL_ERRNO(walk->err, errno, "%s", wpkg_buf_text(&walk->path));
	walk->path.len = length;
	walk->path.ptr[length] = '\0';
	return status;
}

/* Takes the descriptor. */
static enum wpkg_status walk_folder(struct walk *walk, int dir, unsigned depth)
{
	enum wpkg_status status = WPKG_OK;
	DIR *stream = fdopendir(dir);
	if (!stream) {
		int code = errno;
		close(dir);
		return WPKG_FAIL_ERRNO(walk->err, code, "%s", wpkg_buf_text(&walk->path));
	}
	if (depth > DEPTH_MAX)
		status = WPKG_FAIL(walk->err, WPKG_ELIMIT, "%s: more than %d folders deep",
				   wpkg_buf_text(&walk->path), DEPTH_MAX);
	while (status == WPKG_OK) {
		errno = 0;
		const struct dirent *entry = readdir(stream);
		if (!entry && errno != 0)
			status =
				WPKG_FAIL_ERRNO(walk->err, errno, "%s", wpkg_buf_text(&walk->path));
		if (!entry)
			break;
		if (entry->d_name[0] != '.')
			status = step_into(walk, dirfd(stream), entry->d_name, depth);
	}
	closedir(stream);
	return status;
}

static enum wpkg_status list_folder(void *state, visit_file *visit, void *user,
				    struct wpkg_err *err)
{
	const struct folder *folder = state;
	struct walk walk = {.visit = visit, .user = user, .err = err};
	int dir = openat(folder->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return WPKG_FAIL_ERRNO(err, errno, "the package's folder");
	wpkg_buf_init(&walk.path, PATH_BYTES_MAX);
	enum wpkg_status status = walk_folder(&walk, dir, 0);
	wpkg_buf_clear(&walk.path);
	return status;
}

static enum wpkg_status read_file(void *state, struct wpkg_str path,
				  enum wpkg_status (*sink)(void *user, struct wpkg_str bytes,
							   struct wpkg_err *err),
				  void *user, struct wpkg_err *err)
{
	const struct folder *folder = state;
	char block[65536];
	char *name = wpkg_mem_dup_text(path.ptr, path.len);
	int fd = -1;
	if (!name)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%.*s: no memory", WPKG_STR_ARG(path));
	enum wpkg_status status =
		wpkg_file_open_beneath(&fd, folder->dir, name, O_RDONLY | O_CLOEXEC, 0, err);
	while (status == WPKG_OK) {
		ssize_t n = read(fd, block, sizeof(block));
		if (n == 0)
			break;
		if (n > 0)
			status = sink(user, wpkg_str_of(block, (size_t)n), err);
		else if (errno != EINTR)
			status = WPKG_FAIL_ERRNO(err, errno, "%s", name);
	}
	if (fd >= 0)
		close(fd);
	wpkg_mem_free(name);
	return status;
}

enum wpkg_status wpkg_source_open_folder(struct wpkg_source *out, const char *path,
					 struct wpkg_err *err)
{
	struct folder *folder = wpkg_mem_calloc(1, sizeof(*folder));
	if (!folder)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	folder->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->dir < 0) {
		int code = errno;
		wpkg_mem_free(folder);
		return WPKG_FAIL_ERRNO(err, code, "%s", path);
	}
	*out = (struct wpkg_source){.state = folder, .list = list_folder, .read = read_file};
	return WPKG_OK;
}

void wpkg_source_close_folder(struct wpkg_source *source)
{
	struct folder *folder = source->state;
	if (folder)
		close(folder->dir);
	wpkg_mem_free(folder);
	*source = (struct wpkg_source){0};
}
