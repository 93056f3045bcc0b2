/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_BLOB_H
#define WPKG_STORE_BLOB_H

/*
 * Blobs: bytes named by their SHA-256. They never change; a blob exists wholly or not at all.
 *
 * An upload hashes while bytes come. What stays within the store's row_max is kept in memory and
 * becomes a row of the database; more goes to a file in tmp, which is synced and then renamed into
 * place. Either way the blob appears only when size and digest are right, and in one commit.
 * Several uploads of the same blob may run at once: all of them succeed, one copy is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "store/record.h"
#include "store/store.h"

#define WPKG_SIZE_UNKNOWN UINT64_MAX

struct wpkg_upload_options {
	const struct wpkg_digest *digest; /* what it must be; NULL: whatever it turns out to be */
	uint64_t size;			  /* bytes it must have, or WPKG_SIZE_UNKNOWN */
	uint64_t limit;			  /* bytes it may have; 0: only size limits it */
	int64_t record; /* the version that it is for, which may owe it (record.h); 0: none */
};

/* What became of an upload. Borrowed: valid until the completion returns. */
struct wpkg_uploaded {
	struct wpkg_digest digest;
	uint64_t size;
	bool existed; /* it was there before; the bytes sent were right all the same */
	/* The versions that this blob completed: they are WPKG_RECORD_CHECKING now, and whoever
	 * receives this starts their admission. */
	const struct wpkg_record_ref *completed;
	size_t completed_count;
};

/* One upload; one thread at a time. */
struct wpkg_upload;

/*
 * Called once. With WPKG_OK the blob is durable and *result says more; otherwise result is NULL and
 * err says what is wrong. Runs on the committer's thread: be short, and call no function of the
 * store that waits (any that writes).
 */
struct wpkg_upload_done {
	void (*call)(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
		     const struct wpkg_err *err);
	void *user;
};

/* WPKG_ELIMIT when the size is above the limit, WPKG_EFULL when the disk has no room for it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_upload_begin(struct wpkg_upload **out,
						   struct wpkg_store *store,
						   const struct wpkg_upload_options *options,
						   struct wpkg_err *err);

/*
 * The next bytes. WPKG_EINVAL when they are more than the size, WPKG_ELIMIT more than the limit:
 * at once, not at the end. After a failure only abort is left.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_upload_write(struct wpkg_upload *upload,
						   struct wpkg_str bytes, struct wpkg_err *err);

/*
 * Takes the upload (it is gone, whatever comes), and returns at once: syncing and committing happen
 * elsewhere, and so does every failure: WPKG_EINVAL for a wrong size or digest. The completion
 * may run before finish returns.
 */
void wpkg_upload_finish(struct wpkg_upload *upload, struct wpkg_upload_done done);

/* Ends an upload and leaves nothing of it. NULL is fine. */
void wpkg_upload_abort(struct wpkg_upload *upload);

/* The whole of it, waiting for the commit: for tests and the command line. *out, which may be NULL,
 * is filled without the list of completed versions. */
WPKG_MUST_CHECK enum wpkg_status wpkg_blob_put(struct wpkg_uploaded *out, struct wpkg_store *store,
					       const struct wpkg_digest *digest,
					       struct wpkg_str bytes, struct wpkg_err *err);

/*
 * A blob opened for reading: either all its bytes (fd is -1) or a file from offset 0. It stays
 * readable until close, whatever happens to the blob in the store.
 */
struct wpkg_blob {
	uint64_t size;
	struct wpkg_str bytes; /* of a row; owned by the blob */
	int fd;		       /* of a file, for sendfile or pread; -1: a row. Owned by the blob,
				* but a caller may take it and set it to -1 */
};

/* WPKG_ENOTFOUND when there is none, or fsck set it aside as damaged. */
WPKG_MUST_CHECK enum wpkg_status wpkg_blob_open(struct wpkg_blob *out, struct wpkg_store *store,
						const struct wpkg_digest *digest,
						struct wpkg_err *err);
void wpkg_blob_close(struct wpkg_blob *blob);

/* Its size; WPKG_ENOTFOUND when there is none. Opens nothing. */
WPKG_MUST_CHECK enum wpkg_status wpkg_blob_size(uint64_t *out, struct wpkg_store *store,
						const struct wpkg_digest *digest,
						struct wpkg_err *err);

/* The same as a parcel of a version, which has none of what it owes (record.h). */
WPKG_MUST_CHECK enum wpkg_status wpkg_parcel_open(struct wpkg_blob *out, struct wpkg_store *store,
						  int64_t record, const struct wpkg_digest *digest,
						  struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_parcel_size(uint64_t *out, struct wpkg_store *store,
						  int64_t record, const struct wpkg_digest *digest,
						  struct wpkg_err *err);

/*
 * What admission found out about a module (verdict.h, "facts"), as JSON in the arena.
 * WPKG_ENOTFOUND when nothing is known. They are written with a verdict (record.h).
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_facts_find(struct wpkg_str *out, struct wpkg_arena *arena,
						 struct wpkg_store *store,
						 const struct wpkg_digest *digest,
						 struct wpkg_err *err);

#endif
