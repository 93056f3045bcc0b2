/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a backup, and making a data folder of it: blobs and other files first, then the index,
 * whose name is what makes a folder a registry; a mark says so long that it is not whole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "store/backup_int.h"

#define FOLDER_MODE 0700

/* A backup that is read. */
struct reader {
	const char *path;
	int folder;
	int target; /* of a restore; -1: none */
	struct wpkg_arena arena;
	struct backup_list list;
	struct backup_list found; /* what the index says itself */
	const struct wpkg_backup_finding *finding;
	struct wpkg_backup_report report;
};

static enum wpkg_status open_backup(struct reader *reader, struct wpkg_err *err)
{
	reader->folder = open(reader->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", reader->path);
	enum wpkg_status status =
		backup_list_read(&reader->list, &reader->arena, reader->folder, err);
	if (status == WPKG_ENOTFOUND)
		return WPKG_FAIL(err, status, "%s: there is no backup", reader->path);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", reader->path);
	return status;
}

static void close_backup(struct reader *reader)
{
	if (reader->folder >= 0)
		close(reader->folder);
	if (reader->target >= 0)
		close(reader->target);
	wpkg_arena_clear(&reader->arena);
}

static void publish_report(struct wpkg_backup_report *out, const struct reader *reader)
{
	*out = reader->report;
	out->made = reader->list.made;
	out->versions = reader->list.versions;
	out->blobs = reader->list.blobs;
	out->bytes = reader->list.bytes;
}

/* Checking */

static void report_problem(struct reader *reader, struct wpkg_str subject, const char *problem)
{
	reader->report.damage++;
	if (reader->finding && reader->finding->found)
		reader->finding->found(reader->finding->user, subject, wpkg_str_from(problem));
}

/* Failures of the disk are findings, too: the rest is looked at all the same. */
static enum wpkg_status check_file(struct reader *reader, const char *path, uint64_t size,
				   const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct wpkg_err why;
	struct wpkg_digest is;
	uint64_t has = 0;
	enum wpkg_status status = backup_hash(&is, &has, reader->folder, path, &why);
	if (status == WPKG_ENOMEM)
		return WPKG_FAIL(err, status, "%s", why.msg);
	if (status != WPKG_OK)
		report_problem(reader, wpkg_str_from(path), why.msg);
	else if (has != size)
		report_problem(reader, wpkg_str_from(path), "another size");
	else if (!wpkg_digest_equal(&is, digest))
		report_problem(reader, wpkg_str_from(path), "the bytes are not what they were");
	return WPKG_OK;
}

static enum wpkg_status check_blob(void *user, const struct wpkg_digest *digest, uint64_t size,
				   struct wpkg_err *err)
{
	char path[BACKUP_BLOB_PATH];
	backup_blob_path(path, digest);
	return check_file(user, path, size, digest, err);
}

static void note_database(void *user, struct wpkg_str problem)
{
	report_problem(user, problem, "database damaged");
}

static enum wpkg_status check_index(struct reader *reader, struct db *index, struct wpkg_err *err)
{
	const struct backup_visitor check = {.visit = check_blob, .user = reader};
	enum wpkg_status status = index->ops->check(index, note_database, reader, err);
	if (status == WPKG_OK)
		status = backup_index_walk(&reader->found, index, &check, err);
	if (status == WPKG_OK && (!wpkg_digest_equal(&reader->found.names, &reader->list.names) ||
				  reader->found.versions != reader->list.versions))
		report_problem(reader, reader->list.files[0].stored,
			       "it does not list what the backup had");
	return status;
}

enum wpkg_status wpkg_backup_verify(struct wpkg_backup_report *out, const char *folder,
				    const struct wpkg_backup_finding *finding, struct wpkg_err *err)
{
	struct reader reader = {.path = folder, .folder = -1, .target = -1, .finding = finding};
	struct db *index = NULL;
	struct wpkg_err why;
	wpkg_arena_init(&reader.arena, (size_t)8 << 20);
	enum wpkg_status status = open_backup(&reader, err);
	for (size_t i = 0; status == WPKG_OK && i < reader.list.file_count; i++) {
		const struct backup_file *file = &reader.list.files[i];
		status = check_file(&reader, file->stored.ptr, file->size, &file->digest, err);
	}
	/* An index that cannot even be read is a finding, and the end of the check. */
	if (status == WPKG_OK) {
		struct wpkg_str stored = reader.list.files[0].stored;
		status = backup_index_open(&index, folder, stored, &why);
		if (status == WPKG_OK)
			status = check_index(&reader, index, &why);
		if (status == WPKG_ENOMEM)
			wpkg_err_set(err, status, "%s", why.msg);
		else if (status != WPKG_OK)
			report_problem(&reader, stored, why.msg);
		status = status == WPKG_ENOMEM ? status : WPKG_OK;
	}
	db_close(index);
	if (status == WPKG_OK)
		publish_report(out, &reader);
	close_backup(&reader);
	return status;
}

/* Restoring */

/* New, empty, or with the mark of a restore that was killed. */
static enum wpkg_status open_target(struct reader *reader, const char *target, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, target, FOLDER_MODE, err);
	size_t entries = 0;
	if (status != WPKG_OK)
		return status;
	reader->target = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = reader->target >= 0 ? opendir(target) : NULL;
	if (!list)
		return WPKG_FAIL_ERRNO(err, errno, "%s", target);
	while (entries < 3 && readdir(list))
		entries++;
	closedir(list);
	bool begun = faccessat(reader->target, BACKUP_RESTORING, F_OK, 0) == 0;
	if (entries > 2 && !begun) /* "." and ".." */
		return WPKG_FAIL(err, WPKG_EEXISTS, "%s is not empty", target);
	status = wpkg_file_write(reader->target, BACKUP_RESTORING, WPKG_LIT(""), 0600,
				 WPKG_FILE_DURABLE, err);
	return status == WPKG_OK ? wpkg_file_make_dirs(reader->target, "tmp", FOLDER_MODE, err)
				 : status;
}

static enum wpkg_status restore_file(struct reader *reader, const char *from, const char *to,
				     const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct wpkg_digest copied;
	uint64_t size = 0;
	int fd = openat(reader->folder, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s/%s", reader->path, from);
	enum wpkg_status status = backup_copy(&copied, &size, fd, reader->target, to, digest, err);
	close(fd);
	reader->report.copied += status == WPKG_OK;
	return status;
}

static enum wpkg_status restore_blob(void *user, const struct wpkg_digest *digest, uint64_t size,
				     struct wpkg_err *err)
{
	char path[BACKUP_BLOB_PATH];
	(void)size;
	backup_blob_path(path, digest);
	return restore_file(user, path, path, digest, err);
}

/* What a damaged index would say is worth nothing: its bytes are looked at before it is asked. */
static enum wpkg_status open_whole_index(struct db **out, struct reader *reader,
					 struct wpkg_err *err)
{
	const struct backup_file *file = &reader->list.files[0];
	struct wpkg_digest is;
	uint64_t size = 0;
	enum wpkg_status status = backup_hash(&is, &size, reader->folder, file->stored.ptr, err);
	if (status == WPKG_OK && !wpkg_digest_equal(&is, &file->digest))
		status = WPKG_FAIL(err, WPKG_EIO, "%s: the bytes are not what they were",
				   file->stored.ptr);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%s", reader->path);
		return status;
	}
	return backup_index_open(out, reader->path, file->stored, err);
}

static enum wpkg_status restore_blobs(struct reader *reader, struct wpkg_err *err)
{
	const struct backup_visitor restore = {.visit = restore_blob, .user = reader};
	struct db *index = NULL;
	enum wpkg_status status = open_whole_index(&index, reader, err);
	if (status == WPKG_OK)
		status = backup_index_walk(&reader->found, index, &restore, err);
	db_close(index);
	return status;
}

/* The index last. */
static enum wpkg_status restore_files(struct reader *reader, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = reader->list.file_count; status == WPKG_OK && i > 0; i--) {
		const struct backup_file *file = &reader->list.files[i - 1];
		status = restore_file(reader, file->stored.ptr, file->name.ptr, &file->digest, err);
		/* Blobs alone are counted. */
		reader->report.copied -= status == WPKG_OK;
	}
	return status;
}

enum wpkg_status wpkg_backup_restore(struct wpkg_backup_report *out, const char *folder,
				     const char *target, struct wpkg_err *err)
{
	struct reader reader = {.path = folder, .folder = -1, .target = -1};
	wpkg_arena_init(&reader.arena, (size_t)8 << 20);
	enum wpkg_status status = open_backup(&reader, err);
	if (status == WPKG_OK)
		status = open_target(&reader, target, err);
	if (status == WPKG_OK)
		status = restore_blobs(&reader, err);
	if (status == WPKG_OK)
		status = restore_files(&reader, err);
	if (status == WPKG_OK && syncfs(reader.target) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", target);
	if (status == WPKG_OK && unlinkat(reader.target, BACKUP_RESTORING, 0) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", target);
	if (status == WPKG_OK)
		status = wpkg_file_sync_dir(reader.target, target, err);
	if (status == WPKG_OK)
		publish_report(out, &reader);
	close_backup(&reader);
	return status;
}
