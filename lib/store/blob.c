/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/blob_index.h"
#include "store/record_int.h"
#include "store/store_int.h"

static enum wpkg_status fail_absent(const struct wpkg_digest *digest, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no blob %s", hex);
}

enum wpkg_status blob_content_find(struct blob_content *out, struct db *db, const char *sql,
				   const struct db_value *values, size_t count,
				   struct wpkg_err *err)
{
	struct db_rows rows;
	*out = (struct blob_content){.place = BLOB_ABSENT, .blob.fd = -1};
	db_rows_open(&rows, db, sql, values, count);
	if (db_rows_next(&rows) && db_rows_digest(&out->digest, &rows, 0)) {
		out->place = (enum blob_place)db_rows_integer(&rows, 1);
		out->blob.size = (uint64_t)db_rows_integer(&rows, 2);
		struct wpkg_str bytes = db_rows_bytes(&rows, 3);
		char *copy = NULL;
		if (out->place == BLOB_ROW && rows.err.status == WPKG_OK) {
			copy = wpkg_mem_dup(bytes.ptr, bytes.len);
			if (!copy)
				db_rows_fail(&rows, WPKG_ENOMEM, "blob: no memory");
		}
		out->blob.bytes = wpkg_str_of(copy, copy ? bytes.len : 0);
	}
	return db_rows_close(&rows, err);
}

struct question {
	const struct wpkg_digest *digest;
	int64_t record; /* whose parcel it is */
	struct blob_content found;
};

#define FIND_BLOB                                                                                  \
	"SELECT b.digest, b.place, b.size, c.bytes FROM blobs b "                                  \
	"LEFT JOIN blob_bytes c ON c.blob_id = b.id WHERE b.digest = $1"

static enum wpkg_status find_blob(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct question *question = arguments;
	(void)store;
	return blob_content_find(&question->found, db, FIND_BLOB,
				 DB_VALUES(db_digest(question->digest)), err);
}

static enum wpkg_status find_parcel(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct question *question = arguments;
	(void)store;
	return blob_content_find(
		&question->found, db, FIND_BLOB " AND NOT " RECORD_OWES("$2", "b.id"),
		DB_VALUES(db_digest(question->digest), db_integer(question->record)), err);
}

enum wpkg_status blob_row_answer(struct wpkg_store *store, struct db *db, void *question,
				 struct wpkg_err *err)
{
	struct blob_row_question *asked = question;
	(void)store;
	return blob_index_find(&asked->row, db, asked->digest, err);
}

/* The file can be gone although a row was read: gc removed both in between. */
static enum wpkg_status explain_absence(struct wpkg_store *store, const struct wpkg_digest *digest,
					struct wpkg_err *err)
{
	struct question question = {.digest = digest};
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status = store_read(store, find_blob, &question, err);
	if (status != WPKG_OK)
		return status;
	wpkg_blob_close(&question.found.blob);
	wpkg_digest_format(hex, digest);
	if (question.found.place == BLOB_FILE)
		return WPKG_FAIL(err, WPKG_EIO, "the file of blob %s is absent", hex);
	return fail_absent(digest, err);
}

static enum wpkg_status open_file(struct wpkg_blob *out, struct wpkg_store *store,
				  const struct blob_content *found, struct wpkg_err *err)
{
	int fd = -1;
	uint64_t size = 0;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status =
		store->blobs->ops->open(&fd, &size, store->blobs, &found->digest, err);
	if (status == WPKG_ENOTFOUND)
		return explain_absence(store, &found->digest, err);
	if (status != WPKG_OK)
		return status;
	if (size != found->blob.size) {
		close(fd);
		wpkg_digest_format(hex, &found->digest);
		return WPKG_FAIL(err, WPKG_EIO, "blob %s has %llu bytes, not %llu", hex,
				 (unsigned long long)size, (unsigned long long)found->blob.size);
	}
	*out = (struct wpkg_blob){.size = size, .fd = fd};
	return WPKG_OK;
}

bool blob_content_is_there(const struct blob_content *found)
{
	return found->place == BLOB_ROW || found->place == BLOB_FILE;
}

enum wpkg_status blob_content_open(struct wpkg_blob *out, struct wpkg_store *store,
				   const struct blob_content *found, struct wpkg_err *err)
{
	if (found->place == BLOB_FILE)
		return open_file(out, store, found, err);
	*out = found->blob;
	return WPKG_OK;
}

static enum wpkg_status open_found(struct wpkg_blob *out, struct wpkg_store *store,
				   store_body *find, struct question *question,
				   struct wpkg_err *err)
{
	enum wpkg_status status = store_read(store, find, question, err);
	if (status != WPKG_OK)
		return status;
	if (!blob_content_is_there(&question->found))
		return fail_absent(question->digest, err);
	return blob_content_open(out, store, &question->found, err);
}

enum wpkg_status wpkg_blob_open(struct wpkg_blob *out, struct wpkg_store *store,
				const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct question question = {.digest = digest};
	return open_found(out, store, find_blob, &question, err);
}

enum wpkg_status wpkg_parcel_open(struct wpkg_blob *out, struct wpkg_store *store, int64_t record,
				  const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct question question = {.digest = digest, .record = record};
	return open_found(out, store, find_parcel, &question, err);
}

void wpkg_blob_close(struct wpkg_blob *blob)
{
	if (blob->fd >= 0)
		close(blob->fd);
	wpkg_mem_free((void *)(uintptr_t)blob->bytes.ptr);
	*blob = (struct wpkg_blob){.fd = -1};
}

enum wpkg_status blob_read_whole(struct wpkg_str *out, struct wpkg_arena *arena,
				 const struct wpkg_blob *blob, struct wpkg_err *err)
{
	char *bytes = wpkg_arena_alloc(arena, (size_t)blob->size + 1, 1);
	if (!bytes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "blob: no memory");
	if (blob->fd < 0 && blob->size > 0)
		memcpy(bytes, blob->bytes.ptr, (size_t)blob->size);
	for (size_t at = 0; blob->fd >= 0 && at < blob->size;) {
		ssize_t n = pread(blob->fd, bytes + at, (size_t)blob->size - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return WPKG_FAIL(err, WPKG_EIO, "blob: it ends after %zu bytes", at);
		at += (size_t)n;
	}
	*out = wpkg_str_of(bytes, (size_t)blob->size);
	return WPKG_OK;
}

struct size_question {
	const struct wpkg_digest *digest;
	int64_t record; /* whose parcel it is */
	struct blob_row row;
};

static enum wpkg_status find_size(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct size_question *question = arguments;
	(void)store;
	return blob_index_find(&question->row, db, question->digest, err);
}

static enum wpkg_status find_parcel_size(struct wpkg_store *store, struct db *db, void *arguments,
					 struct wpkg_err *err)
{
	struct size_question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT b.id, b.place, b.size FROM blobs b WHERE b.digest = $1 "
		     "AND NOT " RECORD_OWES("$2", "b.id"),
		     DB_VALUES(db_digest(question->digest), db_integer(question->record)));
	if (db_rows_next(&rows))
		question->row =
			(struct blob_row){.id = db_rows_integer(&rows, 0),
					  .place = (enum blob_place)db_rows_integer(&rows, 1),
					  .size = (uint64_t)db_rows_integer(&rows, 2)};
	return db_rows_close(&rows, err);
}

static enum wpkg_status size_found(uint64_t *out, struct wpkg_store *store, store_body *find,
				   struct size_question *question, struct wpkg_err *err)
{
	enum wpkg_status status = store_read(store, find, question, err);
	if (status != WPKG_OK)
		return status;
	if (!blob_is_present(&question->row))
		return fail_absent(question->digest, err);
	*out = question->row.size;
	return WPKG_OK;
}

enum wpkg_status wpkg_blob_size(uint64_t *out, struct wpkg_store *store,
				const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct size_question question = {.digest = digest};
	return size_found(out, store, find_size, &question, err);
}

enum wpkg_status wpkg_parcel_size(uint64_t *out, struct wpkg_store *store, int64_t record,
				  const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct size_question question = {.digest = digest, .record = record};
	return size_found(out, store, find_parcel_size, &question, err);
}

struct facts_question {
	const struct wpkg_digest *digest;
	struct wpkg_arena *arena;
	bool found;
	struct wpkg_str json;
};

static enum wpkg_status find_facts(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct facts_question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT f.json FROM facts f JOIN blobs b ON b.id = f.blob_id "
		     "WHERE b.digest = $1",
		     DB_VALUES(db_digest(question->digest)));
	question->found = db_rows_next(&rows);
	if (question->found)
		question->json = store_keep_text(question->arena, &rows, 0);
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_facts_find(struct wpkg_str *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, const struct wpkg_digest *digest,
				 struct wpkg_err *err)
{
	struct facts_question question = {.digest = digest, .arena = arena};
	enum wpkg_status status = store_read(store, find_facts, &question, err);
	if (status != WPKG_OK)
		return status;
	if (!question.found) {
		char hex[WPKG_DIGEST_TEXT];
		wpkg_digest_format(hex, digest);
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "nothing is known about %s", hex);
	}
	*out = question.json;
	return WPKG_OK;
}
