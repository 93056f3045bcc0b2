/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_BLOB_INDEX_H
#define WPKG_STORE_BLOB_INDEX_H

/*
 * What the index says of blobs. A row says where a blob's bytes are; it is there before the bytes
 * when a version waits for them. All of it happens inside a transaction of the caller's.
 */

#include "crypto/content_digest.h"
#include "store/blob_engine.h"
#include "store/db.h"

/* The column blobs.place. */
enum blob_place { BLOB_ABSENT = 0, BLOB_ROW = 1, BLOB_FILE = 2, BLOB_ASIDE = 3 };

/* In SQL: the bytes of blobs b are there. */
#define BLOB_IS_PRESENT "b.place IN (1, 2)"

struct blob_row {
	int64_t id; /* 0: there is no row */
	enum blob_place place;
	uint64_t size;
};

WPKG_MUST_CHECK enum wpkg_status blob_index_find(struct blob_row *out, struct db *db,
						 const struct wpkg_digest *digest,
						 struct wpkg_err *err);

/* The same by any of its digests. */
WPKG_MUST_CHECK enum wpkg_status blob_index_find_content(struct blob_row *out, struct db *db,
							 const struct wpkg_content_digest *digest,
							 struct wpkg_err *err);

/* The row's id, of a new row (absent, of that size) if there is none. Its grace begins anew. */
WPKG_MUST_CHECK enum wpkg_status blob_index_claim(int64_t *id, struct db *db,
						  const struct wpkg_digest *digest, uint64_t size,
						  struct wpkg_err *err);

/* Bytes that came in whole, and where they go. */
struct blob_entry {
	const struct wpkg_digest *digest;
	uint64_t size;
	enum blob_place place; /* BLOB_ROW: blob_index_add_bytes brings them there */
};

/* Enters a blob: where its bytes are already, they stay, and its grace begins anew. *before is the
 * row as it was. */
WPKG_MUST_CHECK enum wpkg_status blob_index_enter(struct blob_row *before, int64_t *id,
						  struct db *db, const struct blob_entry *entry,
						  struct wpkg_err *err);

static inline bool blob_is_present(const struct blob_row *row)
{
	return row->place == BLOB_ROW || row->place == BLOB_FILE;
}

/* A second name; nothing for a SHA-256. */
WPKG_MUST_CHECK enum wpkg_status blob_index_add_alias(struct db *db, int64_t id,
						      const struct wpkg_content_digest *digest,
						      struct wpkg_err *err);

/*
 * A blob of a few bytes that we made or took in whole, as a row. Versions that wait for it are not
 * told: whoever starts their admission would have to be.
 */
WPKG_MUST_CHECK enum wpkg_status blob_index_keep_bytes(int64_t *id, struct db *db,
						       const struct wpkg_digest *digest,
						       struct wpkg_str bytes, struct wpkg_err *err);

/* Its bytes are elsewhere now, or gone: what was in a row is removed from there. */
WPKG_MUST_CHECK enum wpkg_status blob_index_place(struct db *db, int64_t id, enum blob_place place,
						  uint64_t size, struct wpkg_err *err);

WPKG_MUST_CHECK enum wpkg_status blob_index_add_bytes(struct db *db, int64_t id,
						      struct wpkg_str bytes, struct wpkg_err *err);

/* Removes the file under the digest unless the index says that the blob is one. Without any row a
 * file is nothing. *removed says whether there was one. */
WPKG_MUST_CHECK enum wpkg_status blob_index_remove_stray(bool *removed, struct db *db,
							 struct blob_engine *blobs,
							 const struct wpkg_digest *digest,
							 struct wpkg_err *err);

#endif
