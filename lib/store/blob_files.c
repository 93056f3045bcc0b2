/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs as files: blobs/xx/yy/HEX, where xx and yy are the digest's first bytes.
 *
 * A stage is a file in tmp that its writer holds locked, so that whoever cleans up can tell an
 * upload of another process from what a crash left: a lock does not outlive its process.
 *
 * A stage that may be taken up again is a file in sessions instead, under its name.
 *
 * publish renames a stage into place and notes which folders changed; settle syncs each of them
 * once, however many files came.
 */
#include "store/blob_engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/random.h"

#define STAGE_NAME 33	  /* 32 digits and a NUL */
#define SESSIONS 0x20000U /* the folder of stages with a name */
#define FILE_MODE 0600
#define READ_STEP ((size_t)256 << 10)
#define FOLDER_MODE 0700

struct files {
	struct blob_engine engine;
	int folder; /* the store's; borrowed */
	int blobs;
	int tmp;
	int sessions;
	/* Folders below blobs that have entries to sync: 1 + xx for a folder of the first level,
	 * 0x10000 + xxyy for one of the second, 0 for blobs itself; SESSIONS. Only the
	 * committer's thread. */
	uint32_t *changed;
	size_t changed_count;
	size_t changed_cap;
};

struct file_stage {
	struct blob_stage stage;
	int folder; /* tmp or sessions; borrowed */
	int fd;
	bool published;
	char name[STAGE_NAME];
};

struct blob_path {
	char text[sizeof("xx/yy/") + WPKG_DIGEST_TEXT];
};

static struct files *of(struct blob_engine *engine)
{
	return (struct files *)engine;
}

static struct blob_path path_of(const struct wpkg_digest *digest)
{
	struct blob_path path;
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	snprintf(path.text, sizeof(path.text), "%.2s/%.2s/%s", hex, hex + 2, hex);
	return path;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void files_close(struct blob_engine *engine)
{
	struct files *self = of(engine);
	close_fd(self->blobs);
	close_fd(self->tmp);
	close_fd(self->sessions);
	wpkg_mem_free(self->changed);
	wpkg_mem_free(self);
}

static enum wpkg_status files_space(uint64_t *out, struct blob_engine *engine, struct wpkg_err *err)
{
	struct statvfs info;
	if (fstatvfs(of(engine)->tmp, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "the store's disk");
	*out = (uint64_t)info.f_bavail * info.f_frsize;
	return WPKG_OK;
}

/* Stages */

/* An entry of tmp that nobody has, locked until it is closed; -1 and errno: somebody has it, or it
 * cannot be opened. */
static int lock_abandoned(int tmp, const char *name)
{
	int fd = openat(tmp, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A fresh walk over an open folder; NULL and errno when there is none. */
static DIR *walk(int parent, const char *path)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list && fd >= 0) {
		int code = errno;
		close(fd);
		errno = code;
	}
	return list;
}

/* The next name that is not "." or ".."; NULL at the end. */
static const char *next_name(DIR *list)
{
	for (;;) {
		const struct dirent *entry = readdir(list);
		if (!entry)
			return NULL;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
}

static enum wpkg_status files_clean(struct blob_engine *engine, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	DIR *list = walk(of(engine)->folder, "tmp");
	if (!list)
		return WPKG_FAIL_ERRNO(err, errno, "tmp");
	for (const char *name = next_name(list); status == WPKG_OK && name;
	     name = next_name(list)) {
		int fd = lock_abandoned(dirfd(list), name);
		if (fd < 0 && errno != ELOOP)
			continue;
		status = wpkg_file_remove_tree(dirfd(list), name, err);
		close_fd(fd);
	}
	closedir(list);
	return status;
}

static bool lock_waiting(int fd)
{
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

/*
 * A file of our own, locked; -1 and errno. Whoever cleans up may come between its birth and its
 * lock, and has it for a moment: he is waited for, and what he took for abandoned is made again.
 */
static int make_stage(int folder, const char *name)
{
	struct stat info;
	for (;;) {
		int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				FILE_MODE);
		if (fd < 0)
			return -1;
		if (!lock_waiting(fd) || fstat(fd, &info) != 0) {
			int code = errno;
			unlinkat(folder, name, 0);
			close(fd);
			errno = code;
			return -1;
		}
		if (info.st_nlink > 0)
			return fd;
		close(fd);
	}
}

static int open_kept(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int code = errno;
		close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

/* open: make_stage or open_kept. */
static enum wpkg_status stage_new(struct blob_stage **out, struct files *self, int folder,
				  const char *name, int (*open)(int folder, const char *name),
				  struct wpkg_err *err)
{
	struct file_stage *stage = wpkg_mem_calloc(1, sizeof(*stage));
	if (!stage)
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	memcpy(stage->name, name, STAGE_NAME);
	stage->stage.engine = &self->engine;
	stage->folder = folder;
	stage->fd = open(folder, name);
	if (stage->fd < 0) {
		enum wpkg_status status = WPKG_FAIL_ERRNO(err, errno, "upload");
		wpkg_mem_free(stage);
		return status;
	}
	*out = &stage->stage;
	return WPKG_OK;
}

static enum wpkg_status files_stage(struct blob_stage **out, struct blob_engine *engine,
				    const char *keep, struct wpkg_err *err)
{
	struct files *self = of(engine);
	uint8_t random[STAGE_NAME / 2];
	char name[STAGE_NAME];
	if (keep)
		return stage_new(out, self, self->sessions, keep, make_stage, err);
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(name, random, sizeof(random));
	return stage_new(out, self, self->tmp, name, make_stage, err);
}

static enum wpkg_status files_append(struct blob_stage *stage, struct wpkg_str bytes,
				     struct wpkg_err *err)
{
	return wpkg_file_write_fd(((struct file_stage *)stage)->fd, bytes, "upload", err);
}

static enum wpkg_status files_sync(struct blob_stage *stage, struct wpkg_err *err)
{
	if (fdatasync(((struct file_stage *)stage)->fd) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "upload");
	return WPKG_OK;
}

static void files_drop(struct blob_stage *stage)
{
	struct file_stage *self = (struct file_stage *)stage;
	/* No errno is success: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (!self->published)
		unlinkat(self->folder, self->name, 0);
	close(self->fd);
	wpkg_mem_free(self);
}

static enum wpkg_status files_rehash(struct blob_stage *stage, struct wpkg_hasher *hasher,
				     struct wpkg_err *err)
{
	int fd = ((struct file_stage *)stage)->fd;
	char *buffer = wpkg_mem_alloc(READ_STEP);
	enum wpkg_status status = WPKG_OK;
	off_t at = 0;
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	while (status == WPKG_OK) {
		ssize_t n = pread(fd, buffer, READ_STEP, at);
		if (n == 0)
			break;
		if (n > 0) {
			wpkg_hasher_update(hasher, wpkg_str_of(buffer, (size_t)n));
			at += n;
		} else if (errno != EINTR) {
			status = WPKG_FAIL_ERRNO(err, errno, "upload");
		}
	}
	wpkg_mem_free(buffer);
	return status;
}

/* Stages with a name */

static void files_leave(struct blob_stage *stage)
{
	struct file_stage *self = (struct file_stage *)stage;
	close(self->fd);
	wpkg_mem_free(self);
}

/* What lies beyond size was written after the last time that anybody was told of it. */
static enum wpkg_status cut_stage(int fd, uint64_t size, struct wpkg_err *err)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "upload");
	if ((uint64_t)info.st_size < size)
		return WPKG_FAIL(err, WPKG_EIO, "upload: %lld bytes, not %llu",
				 (long long)info.st_size, (unsigned long long)size);
	if (ftruncate(fd, (off_t)size) != 0 || lseek(fd, (off_t)size, SEEK_SET) < 0)
		return WPKG_FAIL_ERRNO(err, errno, "upload");
	return WPKG_OK;
}

static enum wpkg_status files_resume(struct blob_stage **out, struct blob_engine *engine,
				     const char *keep, uint64_t size, struct wpkg_err *err)
{
	struct files *self = of(engine);
	struct blob_stage *stage = NULL;
	enum wpkg_status status = stage_new(&stage, self, self->sessions, keep, open_kept, err);
	if (status != WPKG_OK)
		return status;
	/* No errno is success: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	status = cut_stage(((struct file_stage *)stage)->fd, size, err);
	if (status == WPKG_OK)
		*out = stage;
	else
		files_leave(stage);
	return status;
}

static enum wpkg_status files_forget(struct blob_engine *engine, const char *keep,
				     struct wpkg_err *err)
{
	struct files *self = of(engine);
	struct blob_stage *stage = NULL;
	enum wpkg_status status = stage_new(&stage, self, self->sessions, keep, open_kept, err);
	if (status == WPKG_OK)
		files_drop(stage);
	return status;
}

static enum wpkg_status files_list_kept(struct blob_engine *engine,
					enum wpkg_status (*visit)(void *user, const char *keep,
								  struct wpkg_err *err),
					void *user, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	DIR *list = walk(of(engine)->folder, "sessions");
	if (!list)
		return WPKG_FAIL_ERRNO(err, errno, "sessions");
	for (const char *name = next_name(list); status == WPKG_OK && name; name = next_name(list))
		if (strlen(name) == STAGE_NAME - 1)
			status = visit(user, name, err);
	closedir(list);
	return status;
}

/* Publishing */

/* Once is enough: a batch brings few folders. */
static bool note_changed(struct files *self, uint32_t folder)
{
	for (size_t i = 0; i < self->changed_count; i++)
		if (self->changed[i] == folder)
			return true;
	if (self->changed_count == self->changed_cap) {
		size_t cap = self->changed_cap > 0 ? self->changed_cap * 2 : 16;
		uint32_t *longer = wpkg_mem_resize(self->changed, cap, sizeof(*longer));
		if (!longer)
			return false;
		self->changed = longer;
		self->changed_cap = cap;
	}
	self->changed[self->changed_count++] = folder;
	return true;
}

static enum wpkg_status make_folder(struct files *self, const char *path, uint32_t parent,
				    struct wpkg_err *err)
{
	if (mkdirat(self->blobs, path, FOLDER_MODE) != 0)
		return errno == EEXIST ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path);
	return note_changed(self, parent) ? WPKG_OK
					  : WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
}

static enum wpkg_status make_folders(struct files *self, const struct wpkg_digest *digest,
				     struct wpkg_err *err)
{
	struct blob_path path = path_of(digest);
	path.text[2] = '\0';
	enum wpkg_status status = make_folder(self, path.text, 0, err);
	path.text[2] = '/';
	path.text[5] = '\0';
	if (status == WPKG_OK)
		status = make_folder(self, path.text, 1U + digest->bytes[0], err);
	return status;
}

static enum wpkg_status files_publish(struct blob_stage *stage, const struct wpkg_digest *digest,
				      struct wpkg_err *err)
{
	struct file_stage *self = (struct file_stage *)stage;
	struct files *files = of(stage->engine);
	struct blob_path path = path_of(digest);
	uint32_t folder = 0x10000U + digest->bytes[0] * 256U + digest->bytes[1];
	if (!note_changed(files, folder))
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	if (renameat(self->folder, self->name, files->blobs, path.text) == 0) {
		self->published = true;
		return WPKG_OK;
	}
	if (errno != ENOENT)
		return WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
	enum wpkg_status status = make_folders(files, digest, err);
	if (status != WPKG_OK)
		return status;
	if (renameat(self->folder, self->name, files->blobs, path.text) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
	self->published = true;
	return WPKG_OK;
}

static enum wpkg_status files_keep(struct blob_stage *stage, struct wpkg_err *err)
{
	return note_changed(of(stage->engine), SESSIONS)
		       ? WPKG_OK
		       : WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
}

static enum wpkg_status sync_folder(struct files *self, uint32_t folder, struct wpkg_err *err)
{
	char path[8] = ".";
	if (folder == SESSIONS)
		return wpkg_file_sync_dir(self->sessions, "sessions", err);
	if (folder >= 0x10000U)
		snprintf(path, sizeof(path), "%02x/%02x", (folder >> 8) & 0xffU, folder & 0xffU);
	else if (folder > 0)
		snprintf(path, sizeof(path), "%02x", folder - 1U);
	int fd = openat(self->blobs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) /* never made: the publish that noted it failed */
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path);
	enum wpkg_status status = wpkg_file_sync_dir(fd, "blobs", err);
	close(fd);
	return status;
}

/* What failed to sync stays noted: the next batch must not be answered before it is durable. */
static enum wpkg_status files_settle(struct blob_engine *engine, struct wpkg_err *err)
{
	struct files *self = of(engine);
	for (size_t i = 0; i < self->changed_count; i++) {
		enum wpkg_status status = sync_folder(self, self->changed[i], err);
		if (status != WPKG_OK)
			return status;
	}
	self->changed_count = 0;
	return WPKG_OK;
}

/* Blobs */

static enum wpkg_status files_open(int *fd, uint64_t *size, struct blob_engine *engine,
				   const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct stat info;
	struct blob_path path = path_of(digest);
	int file = openat(of(engine)->blobs, path.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
	if (fstat(file, &info) != 0) {
		enum wpkg_status status = WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
		close(file);
		return status;
	}
	*fd = file;
	*size = (uint64_t)info.st_size;
	return WPKG_OK;
}

static enum wpkg_status files_link(struct blob_engine *engine, const struct wpkg_digest *digest,
				   int folder, const char *path, struct wpkg_err *err)
{
	struct blob_path from = path_of(digest);
	if (linkat(of(engine)->blobs, from.text, folder, path, 0) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return WPKG_OK;
}

static enum wpkg_status files_remove(struct blob_engine *engine, const struct wpkg_digest *digest,
				     struct wpkg_err *err)
{
	struct blob_path path = path_of(digest);
	if (unlinkat(of(engine)->blobs, path.text, 0) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
	return WPKG_OK;
}

static enum wpkg_status files_set_aside(struct blob_engine *engine,
					const struct wpkg_digest *digest,
					const struct wpkg_str *bytes, struct wpkg_err *err)
{
	struct files *self = of(engine);
	char hex[WPKG_DIGEST_TEXT];
	char target[sizeof("damaged/") + WPKG_DIGEST_TEXT];
	struct blob_path path = path_of(digest);
	wpkg_digest_format(hex, digest);
	snprintf(target, sizeof(target), "damaged/%s", hex);
	enum wpkg_status status = wpkg_file_make_dirs(self->folder, "damaged", FOLDER_MODE, err);
	if (status != WPKG_OK)
		return status;
	if (bytes)
		return wpkg_file_write(self->folder, target, *bytes, FILE_MODE, WPKG_FILE_DURABLE,
				       err);
	if (renameat(self->blobs, path.text, self->folder, target) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path.text);
	return WPKG_OK;
}

/* Listing: three levels, each entry as it is named. */

struct listing {
	enum wpkg_status (*visit)(void *user, const struct blob_found *found, struct wpkg_err *err);
	void *user;
};

static bool is_fan_out(const char *name)
{
	uint8_t byte;
	return wpkg_hex_parse(&byte, 1, wpkg_str_from(name));
}

static enum wpkg_status visit_file(const struct listing *listing, int dir, const char *path,
				   const char *name, struct wpkg_err *err)
{
	struct stat info = {0};
	struct wpkg_digest digest;
	struct blob_found found = {.path = path};
	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "blobs/%s", path);
	if (S_ISREG(info.st_mode) && wpkg_digest_parse(&digest, wpkg_str_from(name)) &&
	    strcmp(path_of(&digest).text, path) == 0)
		found.digest = &digest;
	found.size = (uint64_t)info.st_size;
	return listing->visit(listing->user, &found, err);
}

static enum wpkg_status list_level(const struct listing *listing, int parent, const char *below,
				   int level, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	DIR *list = walk(parent, level == 0 ? "." : below);
	if (!list) /* gone meanwhile */
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "blobs/%s", below);
	for (const char *name = next_name(list); status == WPKG_OK && name;
	     name = next_name(list)) {
		char path[300];
		snprintf(path, sizeof(path), "%s%s%s", below, level > 0 ? "/" : "", name);
		if (level < 2 && is_fan_out(name))
			status = list_level(listing, parent, path, level + 1, err);
		else
			status = visit_file(listing, dirfd(list), path, name, err);
	}
	closedir(list);
	return status;
}

static enum wpkg_status files_list(struct blob_engine *engine,
				   enum wpkg_status (*visit)(void *user,
							     const struct blob_found *found,
							     struct wpkg_err *err),
				   void *user, struct wpkg_err *err)
{
	struct listing listing = {.visit = visit, .user = user};
	return list_level(&listing, of(engine)->blobs, "", 0, err);
}

enum wpkg_status blob_files_list(int folder,
				 enum wpkg_status (*visit)(void *user,
							   const struct blob_found *found,
							   struct wpkg_err *err),
				 void *user, struct wpkg_err *err)
{
	struct listing listing = {.visit = visit, .user = user};
	int blobs = openat(folder, "blobs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (blobs < 0)
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "blobs");
	enum wpkg_status status = list_level(&listing, blobs, "", 0, err);
	close(blobs);
	return status;
}

static const struct blob_engine_ops ops = {
	.close = files_close,
	.clean = files_clean,
	.space = files_space,
	.stage = files_stage,
	.append = files_append,
	.sync = files_sync,
	.publish = files_publish,
	.drop = files_drop,
	.rehash = files_rehash,
	.keep = files_keep,
	.leave = files_leave,
	.resume = files_resume,
	.forget = files_forget,
	.list_kept = files_list_kept,
	.settle = files_settle,
	.open = files_open,
	.link = files_link,
	.remove = files_remove,
	.set_aside = files_set_aside,
	.list = files_list,
};

static enum wpkg_status open_folder(int *out, int folder, const char *path, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_file_make_dirs(folder, path, FOLDER_MODE, err);
	if (status != WPKG_OK)
		return status;
	*out = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *out >= 0 ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "%s", path);
}

enum wpkg_status blob_files_open(struct blob_engine **out, int folder, struct wpkg_err *err)
{
	struct files *self = wpkg_mem_calloc(1, sizeof(*self));
	if (!self)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	*self = (struct files){
		.engine.ops = &ops, .folder = folder, .blobs = -1, .tmp = -1, .sessions = -1};
	enum wpkg_status status = open_folder(&self->blobs, folder, "blobs", err);
	if (status == WPKG_OK)
		status = open_folder(&self->tmp, folder, "tmp", err);
	if (status == WPKG_OK)
		status = open_folder(&self->sessions, folder, "sessions", err);
	if (status != WPKG_OK) {
		files_close(&self->engine);
		return status;
	}
	*out = &self->engine;
	return WPKG_OK;
}
