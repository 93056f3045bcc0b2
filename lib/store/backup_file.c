/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a backup: their names, copies and digests, and what an index says of blobs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/backup_int.h"
#include "store/blob_index.h"
#include "store/db_sqlite.h"

#define STEP ((size_t)1 << 20)
#define TEMPORARY "tmp/copy"

void backup_blob_path(char out[BACKUP_BLOB_PATH], const struct wpkg_digest *digest)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	snprintf(out, BACKUP_BLOB_PATH, "blobs/%.2s/%.2s/%s", hex, hex + 2, hex);
}

/* All of a file to the hash and, unless to is below 0, to another file. */
static enum wpkg_status pump(struct wpkg_hasher *hasher, uint64_t *size, int from, int to,
			     const char *path, struct wpkg_err *err)
{
	char *buffer = wpkg_mem_alloc(STEP);
	enum wpkg_status status = WPKG_OK;
	off_t at = 0;
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "backup: no memory");
	while (status == WPKG_OK) {
		ssize_t n = pread(from, buffer, STEP, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
		if (n <= 0)
			break;
		struct wpkg_str bytes = wpkg_str_of(buffer, (size_t)n);
		wpkg_hasher_update(hasher, bytes);
		if (to >= 0)
			status = wpkg_file_write_fd(to, bytes, path, err);
		at += n;
	}
	*size = (uint64_t)at;
	wpkg_mem_free(buffer);
	return status;
}

static enum wpkg_status hash_fd(struct wpkg_digest *digest, uint64_t *size, int from, int to,
				const char *path, struct wpkg_err *err)
{
	struct wpkg_hasher *hasher = NULL;
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	if (status == WPKG_OK)
		status = pump(hasher, size, from, to, path, err);
	if (status == WPKG_OK)
		status = wpkg_hasher_finish(digest, hasher, err);
	wpkg_hasher_free(hasher);
	return status;
}

enum wpkg_status backup_hash(struct wpkg_digest *digest, uint64_t *size, int folder,
			     const char *path, struct wpkg_err *err)
{
	int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	enum wpkg_status status = hash_fd(digest, size, fd, -1, path, err);
	close(fd);
	return status;
}

/* The folder of a path may not be there yet. */
static enum wpkg_status rename_into(int folder, const char *path, struct wpkg_err *err)
{
	if (renameat(folder, TEMPORARY, folder, path) == 0)
		return WPKG_OK;
	if (errno != ENOENT)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	char *parent = wpkg_path_parent(path);
	if (!parent)
		return WPKG_FAIL(err, WPKG_ENOMEM, "backup: no memory");
	enum wpkg_status status = wpkg_file_make_dirs(folder, parent, 0700, err);
	wpkg_mem_free(parent);
	if (status == WPKG_OK && renameat(folder, TEMPORARY, folder, path) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return status;
}

enum wpkg_status backup_copy(struct wpkg_digest *digest, uint64_t *size, int from, int folder,
			     const char *path, const struct wpkg_digest *wanted,
			     struct wpkg_err *err)
{
	int to = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (to < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", TEMPORARY);
	enum wpkg_status status = hash_fd(digest, size, from, to, path, err);
	if (status == WPKG_OK && wanted && !wpkg_digest_equal(digest, wanted))
		status = WPKG_FAIL(err, WPKG_EIO, "%s: the bytes are not what they were", path);
	/* Where the disk is full only the close may say so. */
	if (close(to) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (status == WPKG_OK)
		status = rename_into(folder, path, err);
	if (status != WPKG_OK)
		unlinkat(folder, TEMPORARY, 0);
	return status;
}

enum wpkg_status backup_index_open(struct db **out, const char *path, struct wpkg_str stored,
				   struct wpkg_err *err)
{
	char name[256];
	snprintf(name, sizeof(name), "%.*s", WPKG_STR_ARG(stored));
	char *full = wpkg_path_join(path, name);
	if (!full)
		return WPKG_FAIL(err, WPKG_ENOMEM, "backup: no memory");
	enum wpkg_status status = db_sqlite_open(out, full, DB_READ, err);
	wpkg_mem_free(full);
	return status;
}

static enum wpkg_status walk_blobs(struct backup_list *list, struct db *index,
				   struct wpkg_hasher *hasher, const struct backup_visitor *visitor,
				   struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_err why;
	enum wpkg_status status = WPKG_OK;
	db_rows_open(&rows, index,
		     "SELECT digest, size FROM blobs WHERE place = $1 ORDER BY digest",
		     DB_VALUES(db_integer(BLOB_FILE)));
	while (status == WPKG_OK && db_rows_next(&rows)) {
		struct wpkg_digest digest;
		uint64_t size = (uint64_t)db_rows_integer(&rows, 1);
		if (!db_rows_digest(&digest, &rows, 0))
			break;
		wpkg_hasher_update(hasher, wpkg_str_of(digest.bytes, sizeof(digest.bytes)));
		list->blobs++;
		list->bytes += size;
		if (visitor)
			status = visitor->visit(visitor->user, &digest, size, &why);
	}
	enum wpkg_status closed = db_rows_close(&rows, err);
	if (status != WPKG_OK && err)
		*err = why;
	return status == WPKG_OK ? closed : status;
}

enum wpkg_status backup_index_walk(struct backup_list *list, struct db *index,
				   const struct backup_visitor *visitor, struct wpkg_err *err)
{
	struct wpkg_hasher *hasher = NULL;
	int64_t versions = 0;
	bool found = false;
	list->blobs = list->bytes = 0;
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	if (status == WPKG_OK)
		status = db_find_integer(&found, &versions, index, "SELECT count(*) FROM records",
					 DB_NO_VALUES, err);
	if (status == WPKG_OK)
		status = walk_blobs(list, index, hasher, visitor, err);
	if (status == WPKG_OK)
		status = wpkg_hasher_finish(&list->names, hasher, err);
	wpkg_hasher_free(hasher);
	list->versions = (uint64_t)versions;
	return status;
}
