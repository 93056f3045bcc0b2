/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_index.h"

#include "base/clock.h"

static struct blob_row blob_of_row(const struct db_rows *rows)
{
	return (struct blob_row){
		.id = db_rows_integer(rows, 0),
		.place = (enum blob_place)db_rows_integer(rows, 1),
		.size = (uint64_t)db_rows_integer(rows, 2),
	};
}

enum wpkg_status blob_index_find(struct blob_row *out, struct db *db,
				 const struct wpkg_digest *digest, struct wpkg_err *err)
{
	const struct wpkg_content_digest content = wpkg_content_digest_of_sha256(digest);
	return blob_index_find_content(out, db, &content, err);
}

enum wpkg_status blob_index_claim(int64_t *id, struct db *db, const struct wpkg_digest *digest,
				  uint64_t size, struct wpkg_err *err)
{
	bool found = false;
	enum wpkg_status status = db_find_integer(
		&found, id, db,
		"INSERT INTO blobs (digest, size, place, touched) VALUES ($1, $2, 0, $3) "
		"ON CONFLICT (digest) DO UPDATE SET touched = excluded.touched RETURNING id",
		DB_VALUES(db_digest(digest), db_size(size), db_integer(wpkg_clock_now())), err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_EIO, "database: a blob's row was not made");
	return status;
}

enum wpkg_status blob_index_place(struct db *db, int64_t id, enum blob_place place, uint64_t size,
				  struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db, "UPDATE blobs SET place = $2, size = $3 WHERE id = $1",
		       DB_VALUES(db_integer(id), db_integer(place), db_size(size)), err);
	if (status == WPKG_OK && place != BLOB_ROW)
		status = db_run(NULL, db, "DELETE FROM blob_bytes WHERE blob_id = $1",
				DB_VALUES(db_integer(id)), err);
	return status;
}

enum wpkg_status blob_index_add_bytes(struct db *db, int64_t id, struct wpkg_str bytes,
				      struct wpkg_err *err)
{
	return db_run(NULL, db, "INSERT INTO blob_bytes (blob_id, bytes) VALUES ($1, $2)",
		      DB_VALUES(db_integer(id), db_bytes(bytes)), err);
}

enum wpkg_status blob_index_find_content(struct blob_row *out, struct db *db,
					 const struct wpkg_content_digest *digest,
					 struct wpkg_err *err)
{
	struct db_rows rows;
	struct blob_row blob = {0};
	const struct db_value values[] = {db_content_digest(digest)};
	if (digest->algorithm == WPKG_SHA256)
		db_rows_open(&rows, db, "SELECT id, place, size FROM blobs WHERE digest = $1",
			     values, 1);
	else
		db_rows_open(&rows, db,
			     "SELECT b.id, b.place, b.size FROM blob_aliases a "
			     "JOIN blobs b ON b.id = a.blob_id WHERE a.digest = $1",
			     values, 1);
	if (db_rows_next(&rows))
		blob = blob_of_row(&rows);
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK)
		*out = blob;
	return status;
}

enum wpkg_status blob_index_add_alias(struct db *db, int64_t id,
				      const struct wpkg_content_digest *digest,
				      struct wpkg_err *err)
{
	if (digest->algorithm == WPKG_SHA256)
		return WPKG_OK;
	return db_run(NULL, db,
		      "INSERT INTO blob_aliases (digest, blob_id) VALUES ($1, $2) "
		      "ON CONFLICT DO NOTHING",
		      DB_VALUES(db_content_digest(digest), db_integer(id)), err);
}

static enum wpkg_status insert_blob(int64_t *id, struct db *db, const struct blob_entry *entry,
				    struct wpkg_err *err)
{
	bool found = false;
	enum wpkg_status status = db_find_integer(
		&found, id, db,
		"INSERT INTO blobs (digest, size, place, touched) VALUES ($1, $2, $3, $4) "
		"RETURNING id",
		DB_VALUES(db_digest(entry->digest), db_size(entry->size), db_integer(entry->place),
			  db_integer(wpkg_clock_now())),
		err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_EIO, "database: a blob's row was not made");
	return status;
}

enum wpkg_status blob_index_enter(struct blob_row *before, int64_t *id, struct db *db,
				  const struct blob_entry *entry, struct wpkg_err *err)
{
	enum wpkg_status status = blob_index_find(before, db, entry->digest, err);
	if (status != WPKG_OK)
		return status;
	if (before->id == 0)
		return insert_blob(id, db, entry, err);
	status = blob_index_claim(id, db, entry->digest, entry->size, err);
	if (status == WPKG_OK && !blob_is_present(before))
		status = blob_index_place(db, *id, entry->place, entry->size, err);
	return status;
}

enum wpkg_status blob_index_keep_bytes(int64_t *id, struct db *db, const struct wpkg_digest *digest,
				       struct wpkg_str bytes, struct wpkg_err *err)
{
	struct blob_row before;
	const struct blob_entry entry = {digest, bytes.len, BLOB_ROW};
	enum wpkg_status status = blob_index_enter(&before, id, db, &entry, err);
	if (status == WPKG_OK && !blob_is_present(&before))
		status = blob_index_add_bytes(db, *id, bytes, err);
	return status;
}

enum wpkg_status blob_index_remove_stray(bool *removed, struct db *db, struct blob_engine *blobs,
					 const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct blob_row row;
	struct wpkg_err absent;
	enum wpkg_status status = blob_index_find(&row, db, digest, err);
	if (status != WPKG_OK)
		return status;
	*removed = false;
	if (row.place == BLOB_FILE)
		return WPKG_OK;
	status = blobs->ops->remove(blobs, digest, &absent);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	*removed = status == WPKG_OK;
	if (status != WPKG_OK && err)
		*err = absent;
	return status;
}
