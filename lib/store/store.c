/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/backup_int.h"
#include "store/db_sqlite.h"
#include "store/migration.h"
#include "store/store_int.h"

#define READERS 8
#define ROW_MAX ((size_t)64 << 10)
#define ROW_MAX_MOST ((size_t)1 << 20)
#define FOLDER_MODE 0700
#define FILE_MODE 0600

static struct wpkg_store_options completed(const struct wpkg_store_options *options)
{
	struct wpkg_store_options all = options ? *options : (struct wpkg_store_options){0};
	if (all.readers == 0)
		all.readers = READERS;
	if (all.row_max == 0)
		all.row_max = ROW_MAX;
	if (all.row_max > ROW_MAX_MOST)
		all.row_max = ROW_MAX_MOST;
	return all;
}

static enum wpkg_status open_folder(struct wpkg_store *store, const char *folder,
				    struct wpkg_err *err)
{
	if (store->options.mode == WPKG_STORE_SERVE) {
		enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, folder, FOLDER_MODE, err);
		if (status != WPKG_OK)
			return status;
	}
	store->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool admin = store->options.mode == WPKG_STORE_ADMIN;
	if (admin && (store->folder < 0 ? errno == ENOENT
					: faccessat(store->folder, STORE_INDEX, F_OK, 0) != 0))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s: there is no registry", folder);
	if (store->folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	if (faccessat(store->folder, BACKUP_RESTORING, F_OK, 0) == 0)
		return WPKG_FAIL(
			err, WPKG_EBUSY,
			"%s: a restore into it has not ended: let it end, or restore again",
			folder);
	return WPKG_OK;
}

/* *out is the lock's descriptor, held; WPKG_EBUSY when another process holds it. */
static enum wpkg_status take_lock(int *out, const struct wpkg_store *store, const char *folder,
				  struct wpkg_err *err)
{
	int fd = openat(store->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s/lock", folder);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int code = errno;
		close(fd);
		if (code == EWOULDBLOCK)
			return WPKG_FAIL(err, WPKG_EBUSY, "%s: another process serves it", folder);
		return WPKG_FAIL_ERRNO(err, code, "%s/lock", folder);
	}
	*out = fd;
	return WPKG_OK;
}

/* The database's own path stays right when the program changes its working directory. */
static enum wpkg_status index_path(char **out, const char *folder, struct wpkg_err *err)
{
	char *real = realpath(folder, NULL);
	if (!real)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	char *path = wpkg_path_join(real, STORE_INDEX);
	wpkg_mem_free(real);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	*out = path;
	return WPKG_OK;
}

/* An administrator may bring the schema up to date only where nobody serves the old one. */
static enum wpkg_status migrate(struct wpkg_store *store, const char *folder, struct wpkg_err *err)
{
	size_t pending = 0;
	int lock = -1;
	enum wpkg_status status = migration_pending(&pending, store->writer, err);
	if (status != WPKG_OK || pending == 0)
		return status;
	if (store->lock < 0)
		status = take_lock(&lock, store, folder, err);
	if (status == WPKG_OK)
		status = migration_run(store->writer, err);
	if (lock >= 0)
		close(lock);
	return status;
}

/*
 * SQLite would make the database for everybody to read; its journals have the mode that it has. One
 * that is there must not be opened beside SQLite: closing it would drop SQLite's locks.
 */
static enum wpkg_status make_index(struct wpkg_store *store, const char *folder,
				   struct wpkg_err *err)
{
	int fd = openat(store->folder, STORE_INDEX, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			FILE_MODE);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return WPKG_FAIL_ERRNO(err, errno, "%s/%s", folder, STORE_INDEX);
	return WPKG_OK;
}

static enum wpkg_status open_index(struct wpkg_store *store, const char *folder,
				   struct wpkg_err *err)
{
	char *path = NULL;
	enum wpkg_status status = index_path(&path, folder, err);
	if (status == WPKG_OK)
		status = make_index(store, folder, err);
	if (status == WPKG_OK)
		status = db_sqlite_open(&store->writer, path, DB_WRITE, err);
	if (status == WPKG_OK)
		status = migrate(store, folder, err);
	if (status == WPKG_OK)
		status = readers_new(&store->readers, path, store->options.readers, err);
	wpkg_mem_free(path);
	return status;
}

enum wpkg_status wpkg_store_open(struct wpkg_store **out, const char *folder,
				 const struct wpkg_store_options *options, struct wpkg_err *err)
{
	struct wpkg_store *store = wpkg_mem_calloc(1, sizeof(*store));
	if (!store)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	store->options = completed(options);
	store->folder = store->lock = -1;
	enum wpkg_status status = open_folder(store, folder, err);
	if (status == WPKG_OK && store->options.mode == WPKG_STORE_SERVE)
		status = take_lock(&store->lock, store, folder, err);
	if (status == WPKG_OK)
		status = blob_files_open(&store->blobs, store->folder, err);
	if (status == WPKG_OK)
		status = open_index(store, folder, err);
	if (status == WPKG_OK && store->options.mode == WPKG_STORE_SERVE)
		status = store->blobs->ops->clean(store->blobs, err);
	/* The names of what was just made must survive a crash as surely as what goes into them. */
	if (status == WPKG_OK)
		status = wpkg_file_sync_dir(store->folder, folder, err);
	if (status == WPKG_OK)
		status = committer_new(&store->committer, store->writer, store->blobs, err);
	if (status == WPKG_OK)
		status = sessions_new(&store->sessions, err);
	if (status == WPKG_OK)
		status = quota_book_new(&store->quotas, err);
	if (status == WPKG_OK && store->options.mode == WPKG_STORE_SERVE)
		status = sessions_clean(store, err);
	if (status != WPKG_OK) {
		wpkg_store_close(store);
		return status;
	}
	*out = store;
	return WPKG_OK;
}

void wpkg_store_close(struct wpkg_store *store)
{
	if (!store)
		return;
	sessions_free(store->sessions);
	committer_free(store->committer);
	quota_book_free(store->quotas);
	readers_free(store->readers);
	db_close(store->writer);
	if (store->blobs)
		store->blobs->ops->close(store->blobs);
	if (store->lock >= 0)
		close(store->lock);
	if (store->folder >= 0)
		close(store->folder);
	wpkg_mem_free(store);
}

enum wpkg_status wpkg_store_space(uint64_t *out, struct wpkg_store *store, struct wpkg_err *err)
{
	return store->blobs->ops->space(out, store->blobs, err);
}

bool wpkg_store_moment(struct wpkg_moment *out, const struct wpkg_store *store)
{
	return store->writer->ops->moment(out, store->writer);
}

static enum wpkg_status beat(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	(void)store;
	(void)arguments;
	return db_run(NULL, db, "UPDATE heartbeat SET beats = beats + 1", DB_NO_VALUES, err);
}

enum wpkg_status wpkg_store_check(struct wpkg_store *store, struct wpkg_err *err)
{
	return store_write(store, beat, NULL, err);
}

/* Changes and reads */

struct body_job {
	struct job job;
	struct wpkg_store *store;
	store_body *body;
	void *arguments;
};

static enum wpkg_status run_body(struct job *job, struct db *db, struct wpkg_err *err)
{
	struct body_job *self = (struct body_job *)job;
	return self->body(self->store, db, self->arguments, err);
}

enum wpkg_status store_write(struct wpkg_store *store, store_body *body, void *arguments,
			     struct wpkg_err *err)
{
	struct body_job job = {
		.job.run = run_body, .store = store, .body = body, .arguments = arguments};
	return committer_wait(store->committer, &job.job, err);
}

enum wpkg_status store_read(struct wpkg_store *store, store_body *body, void *arguments,
			    struct wpkg_err *err)
{
	struct db *db = NULL;
	enum wpkg_status status = readers_take(&db, store->readers, err);
	if (status == WPKG_OK)
		status = db_begin(db, DB_READ, err);
	if (status == WPKG_OK)
		status = body(store, db, arguments, err);
	readers_give_back(store->readers, db);
	return status;
}

/* A lock of the system: it holds between processes, and goes with the process that had it. */
enum wpkg_status store_hold_take(int *out, struct wpkg_store *store, enum store_hold hold,
				 struct wpkg_err *err)
{
	int fd = openat(store->folder, "hold", O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "hold");
	int how = hold == STORE_HOLD_KEEP ? LOCK_SH : LOCK_EX | LOCK_NB;
	while (flock(fd, how) != 0) {
		int code = errno;
		if (code == EINTR)
			continue;
		close(fd);
		if (code == EWOULDBLOCK)
			return WPKG_FAIL(err, WPKG_EBUSY,
					 "a backup, import, export, check or another removal is "
					 "under way");
		return WPKG_FAIL_ERRNO(err, code, "hold");
	}
	*out = fd;
	return WPKG_OK;
}

void store_hold_release(int hold)
{
	if (hold >= 0)
		close(hold);
}

struct wpkg_str store_keep_text(struct wpkg_arena *arena, struct db_rows *rows, int column)
{
	struct wpkg_str text = db_rows_bytes(rows, column);
	if (rows->err.status != WPKG_OK || text.len == 0)
		return (struct wpkg_str)WPKG_STR("");
	struct wpkg_str copy = wpkg_arena_dup(arena, text);
	if (!copy.ptr)
		db_rows_fail(rows, WPKG_ENOMEM, "no memory for what the database gave");
	return copy;
}

void *store_grow(struct wpkg_arena *arena, void *items, size_t count, size_t size)
{
	/* Full exactly at the powers of two from 8 on. */
	if (count > 0 && (count < 8 || (count & (count - 1)) != 0))
		return items;
	void *longer = wpkg_arena_alloc(arena, count > 0 ? count * 2 : 8, size);
	if (longer && count > 0)
		memcpy(longer, items, count * size);
	return longer;
}
