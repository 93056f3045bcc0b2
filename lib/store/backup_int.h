/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_BACKUP_INT_H
#define WPKG_STORE_BACKUP_INT_H

/* What making, checking and restoring backups share. */

#include "base/arena.h"
#include "store/backup.h"
#include "store/db.h"

#define BACKUP_INDEX "registry.db"
#define BACKUP_FILES_MAX 16
#define BACKUP_RESTORING "restoring" /* in a target: it is not whole yet */

/* A file of a backup that is not a blob. */
struct backup_file {
	struct wpkg_str name;	/* in the data's folder */
	struct wpkg_str stored; /* in the backup's */
	uint64_t size;
	struct wpkg_digest digest;
};

/* backup.json. Texts in an arena. */
struct backup_list {
	int64_t made;
	uint64_t versions;
	uint64_t blobs;
	uint64_t bytes;		  /* of the blobs */
	struct wpkg_digest names; /* of the blobs' digests, one behind the other in their order */
	struct backup_file files[BACKUP_FILES_MAX];
	size_t file_count; /* the first is the index */
};

/* WPKG_ENOTFOUND when the folder has none; WPKG_EFORMAT when it is none of ours. */
WPKG_MUST_CHECK enum wpkg_status backup_list_read(struct backup_list *out, struct wpkg_arena *arena,
						  int folder, struct wpkg_err *err);
/* Durable, and at once. */
WPKG_MUST_CHECK enum wpkg_status backup_list_write(const struct backup_list *list, int folder,
						   struct wpkg_err *err);

/* "blobs/xx/yy/HEX" */
#define BACKUP_BLOB_PATH (sizeof("blobs/xx/yy/") + WPKG_DIGEST_TEXT)
void backup_blob_path(char out[BACKUP_BLOB_PATH], const struct wpkg_digest *digest);

/*
 * Copies an open file to a path below a folder, through a temporary file in its tmp. What was there
 * is replaced. *digest and *size are what was copied; when wanted is not NULL and the bytes have
 * another digest, nothing is left and it is WPKG_EIO.
 */
WPKG_MUST_CHECK enum wpkg_status backup_copy(struct wpkg_digest *digest, uint64_t *size, int from,
					     int folder, const char *path,
					     const struct wpkg_digest *wanted,
					     struct wpkg_err *err);

/* Digest and size of a file below a folder. */
WPKG_MUST_CHECK enum wpkg_status backup_hash(struct wpkg_digest *digest, uint64_t *size, int folder,
					     const char *path, struct wpkg_err *err);

/* Visits the blobs of an index that are files, in the order of their digests. */
struct backup_visitor {
	enum wpkg_status (*visit)(void *user, const struct wpkg_digest *digest, uint64_t size,
				  struct wpkg_err *err);
	void *user;
};

/* Fills versions, blobs, bytes and names of *list, as the index says. */
WPKG_MUST_CHECK enum wpkg_status backup_index_walk(struct backup_list *list, struct db *index,
						   const struct backup_visitor *visitor,
						   struct wpkg_err *err);

/* The index of a backup, opened for reading; path is the backup's own. */
WPKG_MUST_CHECK enum wpkg_status backup_index_open(struct db **out, const char *path,
						   struct wpkg_str stored, struct wpkg_err *err);

#endif
