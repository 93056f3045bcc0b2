/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a backup. Order of events:
 *
 *   1  nobody removes blobs from here to the end (store_hold_take)
 *   2  the index is copied as of one moment, to tmp; rows of uploads under way are taken out
 *   3  blobs that the copy names and the folder lacks are linked or copied
 *   4  index and other files get names that say their digest: nothing of before is overwritten
 *   5  all of it is synced, then backup.json replaced
 *   6  what the new backup does not name is removed
 *
 * Killed before the end of 5, the folder is the backup before; after it, the new one, perhaps with
 * files too many, which the next one removes.
 */
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/backup_int.h"
#include "store/store_int.h"

#define FOLDER_MODE 0700
#define COPY "tmp/" BACKUP_INDEX

struct maker {
	struct wpkg_store *store;
	const struct wpkg_backup_options *options;
	const char *path; /* of the folder */
	int folder;
	int lock;
	struct wpkg_arena arena;
	struct backup_list list;
	struct db *index; /* the copy */
	struct wpkg_backup_report report;
};

static enum wpkg_status open_folder(struct maker *maker, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, maker->path, FOLDER_MODE, err);
	if (status != WPKG_OK)
		return status;
	maker->folder = open(maker->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (maker->folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", maker->path);
	/* The data's own folder is no place for its backup. */
	if (faccessat(maker->folder, BACKUP_INDEX, F_OK, 0) == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s holds a registry, not backups", maker->path);
	maker->lock = openat(maker->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (maker->lock < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s/lock", maker->path);
	if (flock(maker->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return WPKG_FAIL(err, WPKG_EBUSY, "%s: another backup is under way",
					 maker->path);
		return WPKG_FAIL_ERRNO(err, errno, "%s/lock", maker->path);
	}
	/* What a backup that was killed left half. */
	status = wpkg_file_remove_tree(maker->folder, "tmp", err);
	return status == WPKG_OK ? wpkg_file_make_dirs(maker->folder, "tmp", FOLDER_MODE, err)
				 : status;
}

/* The index */

/* SQLite would make it for everybody to read, and the folder may have been there, open to all. */
static enum wpkg_status make_copy(struct maker *maker, struct wpkg_err *err)
{
	int fd = openat(maker->folder, COPY, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", COPY);
	close(fd);
	return WPKG_OK;
}

static enum wpkg_status copy_index(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct maker *maker = arguments;
	int64_t one = 0;
	bool found = false;
	(void)store;
	char *path = wpkg_path_join(maker->path, COPY);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "backup: no memory");
	/* The first statement makes the moment; all that the copy reads is of it. */
	enum wpkg_status status =
		db_find_integer(&found, &one, db, "SELECT beats FROM heartbeat", DB_NO_VALUES, err);
	maker->list.made = wpkg_clock_now();
	/* Uploads under way have files of their own, which are not part of a backup. */
	if (status == WPKG_OK)
		status = db->ops->copy(db, path, "DELETE FROM sessions", err);
	wpkg_mem_free(path);
	return status;
}

/* Blobs */

static enum wpkg_status copy_blob(struct maker *maker, const struct wpkg_digest *digest,
				  const char *path, struct wpkg_err *err)
{
	struct blob_engine *blobs = maker->store->blobs;
	struct wpkg_digest copied;
	uint64_t size = 0;
	int fd = -1;
	enum wpkg_status status = blobs->ops->open(&fd, &size, blobs, digest, err);
	if (status != WPKG_OK)
		return status;
	status = backup_copy(&copied, &size, fd, maker->folder, path, digest, err);
	close(fd);
	maker->report.copied += status == WPKG_OK;
	return status;
}

static enum wpkg_status link_blob(struct maker *maker, const struct wpkg_digest *digest,
				  const char *path, struct wpkg_err *err)
{
	struct blob_engine *blobs = maker->store->blobs;
	char folder[BACKUP_BLOB_PATH];
	enum wpkg_status status = blobs->ops->link(blobs, digest, maker->folder, path, err);
	if (status == WPKG_ENOTFOUND) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(sizeof("blobs/xx/yy") - 1), path);
		status = wpkg_file_make_dirs(maker->folder, folder, FOLDER_MODE, err);
		if (status == WPKG_OK)
			status = blobs->ops->link(blobs, digest, maker->folder, path, err);
	}
	maker->report.linked += status == WPKG_OK;
	return status;
}

static enum wpkg_status bring_blob(void *user, const struct wpkg_digest *digest, uint64_t size,
				   struct wpkg_err *err)
{
	struct maker *maker = user;
	struct stat info;
	char path[BACKUP_BLOB_PATH];
	backup_blob_path(path, digest);
	if (fstatat(maker->folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISREG(info.st_mode) && (uint64_t)info.st_size == size)
			return WPKG_OK;
		if (unlinkat(maker->folder, path, 0) != 0)
			return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	}
	enum wpkg_status status =
		maker->options->copies ? WPKG_EINVAL : link_blob(maker, digest, path, err);
	/* Another file system, one without links, or too many of them: then a copy. */
	if (status != WPKG_OK && status != WPKG_ENOMEM)
		status = copy_blob(maker, digest, path, err);
	return status;
}

/* Files by name and digest */

/* NAME.HEX16 */
static enum wpkg_status add_file(struct maker *maker, const char *name,
				 const struct wpkg_digest *digest, uint64_t size, const char *path,
				 struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct backup_file *file = &maker->list.files[maker->list.file_count];
	wpkg_digest_format(hex, digest);
	*file = (struct backup_file){.name = wpkg_str_from(name), .size = size, .digest = *digest};
	file->stored = wpkg_arena_format(&maker->arena, "%s.%.16s", name, hex);
	if (!file->stored.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "backup: no memory");
	if (renameat(maker->folder, path, maker->folder, file->stored.ptr) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", file->stored.ptr);
	maker->list.file_count++;
	return WPKG_OK;
}

static enum wpkg_status take_along(struct maker *maker, const char *name, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	uint64_t size = 0;
	int fd = openat(maker->store->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "%s", name);
	enum wpkg_status status =
		backup_copy(&digest, &size, fd, maker->folder, "tmp/file", NULL, err);
	close(fd);
	return status == WPKG_OK ? add_file(maker, name, &digest, size, "tmp/file", err) : status;
}

static enum wpkg_status add_files(struct maker *maker, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	uint64_t size = 0;
	enum wpkg_status status = backup_hash(&digest, &size, maker->folder, COPY, err);
	if (status == WPKG_OK)
		status = add_file(maker, BACKUP_INDEX, &digest, size, COPY, err);
	for (size_t i = 0; status == WPKG_OK && i < maker->options->file_count; i++)
		status = take_along(maker, maker->options->files[i], err);
	return status;
}

/* What the new backup does not name */

static bool is_named(const struct maker *maker, const char *name)
{
	for (size_t i = 0; i < maker->list.file_count; i++)
		if (wpkg_str_equal_text(maker->list.files[i].stored, name))
			return true;
	return false;
}

/* Only what has the form of a name that we gave, be it while a list was written. */
static bool is_stored(const struct maker *maker, const char *name)
{
	struct wpkg_str text = wpkg_str_from(name);
	size_t dot = wpkg_str_find_last(text, '.');
	struct wpkg_str base = wpkg_str_slice(text, 0, dot);
	if (wpkg_str_starts(text, WPKG_LIT(WPKG_FILE_TEMPORARY)))
		return true;
	if (text.len - dot != 17)
		return false;
	if (wpkg_str_equal_text(base, BACKUP_INDEX))
		return true;
	for (size_t i = 0; i < maker->options->file_count; i++)
		if (wpkg_str_equal_text(base, maker->options->files[i]))
			return true;
	return false;
}

static enum wpkg_status remove_files(struct maker *maker, struct wpkg_err *err)
{
	int fd = openat(maker->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list)
		return WPKG_FAIL_ERRNO(err, errno, "%s", maker->path);
	for (const struct dirent *entry = readdir(list); entry; entry = readdir(list))
		if (is_stored(maker, entry->d_name) && !is_named(maker, entry->d_name))
			unlinkat(maker->folder, entry->d_name, 0);
	closedir(list);
	return WPKG_OK;
}

static enum wpkg_status remove_unnamed(void *user, const struct blob_found *found,
				       struct wpkg_err *err)
{
	struct maker *maker = user;
	char path[BACKUP_BLOB_PATH];
	bool named = false;
	int64_t one = 0;
	if (!found->digest)
		return WPKG_OK;
	enum wpkg_status status = db_find_integer(
		&named, &one, maker->index, "SELECT 1 FROM blobs WHERE digest = $1 AND place = $2",
		DB_VALUES(db_digest(found->digest), db_integer(BLOB_FILE)), err);
	if (status != WPKG_OK || named)
		return status;
	backup_blob_path(path, found->digest);
	maker->report.removed += unlinkat(maker->folder, path, 0) == 0;
	return WPKG_OK;
}

static enum wpkg_status remove_blobs(struct maker *maker, struct wpkg_err *err)
{
	return blob_files_list(maker->folder, remove_unnamed, maker, err);
}

static enum wpkg_status make(struct maker *maker, struct wpkg_err *err)
{
	const struct backup_visitor bring = {.visit = bring_blob, .user = maker};
	enum wpkg_status status = make_copy(maker, err);
	if (status == WPKG_OK)
		status = store_read(maker->store, copy_index, maker, err);
	if (status == WPKG_OK)
		status = backup_index_open(&maker->index, maker->path, WPKG_LIT(COPY), err);
	if (status == WPKG_OK)
		status = backup_index_walk(&maker->list, maker->index, &bring, err);
	if (status == WPKG_OK)
		status = add_files(maker, err);
	if (status == WPKG_OK && syncfs(maker->folder) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", maker->path);
	if (status == WPKG_OK)
		status = backup_list_write(&maker->list, maker->folder, err);
	if (status == WPKG_OK)
		status = remove_files(maker, err);
	return status == WPKG_OK ? remove_blobs(maker, err) : status;
}

enum wpkg_status wpkg_store_backup(struct wpkg_backup_report *out, struct wpkg_store *store,
				   const char *folder, const struct wpkg_backup_options *options,
				   struct wpkg_err *err)
{
	struct maker maker = {
		.store = store, .options = options, .path = folder, .folder = -1, .lock = -1};
	int hold = -1;
	wpkg_arena_init(&maker.arena, (size_t)1 << 20);
	enum wpkg_status status = open_folder(&maker, err);
	if (status == WPKG_OK)
		status = store_hold_take(&hold, store, STORE_HOLD_KEEP, err);
	if (status == WPKG_OK)
		status = make(&maker, err);
	store_hold_release(hold);
	db_close(maker.index);
	if (status == WPKG_OK) {
		*out = maker.report;
		out->made = maker.list.made;
		out->versions = maker.list.versions;
		out->blobs = maker.list.blobs;
		out->bytes = maker.list.bytes;
	}
	if (maker.lock >= 0)
		close(maker.lock);
	if (maker.folder >= 0)
		close(maker.folder);
	wpkg_arena_clear(&maker.arena);
	return status;
}
