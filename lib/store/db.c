/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

struct db_value db_null(void)
{
	return (struct db_value){.kind = DB_NULL};
}

struct db_value db_integer(int64_t integer)
{
	return (struct db_value){.kind = DB_INTEGER, .integer = integer};
}

struct db_value db_size(uint64_t size)
{
	return db_integer(size > INT64_MAX ? INT64_MAX : (int64_t)size);
}

struct db_value db_text(struct wpkg_str text)
{
	return (struct db_value){.kind = DB_TEXT, .bytes = text};
}

struct db_value db_bytes(struct wpkg_str bytes)
{
	return (struct db_value){.kind = DB_BYTES, .bytes = bytes};
}

struct db_value db_digest(const struct wpkg_digest *digest)
{
	return db_bytes(wpkg_str_of(digest->bytes, sizeof(digest->bytes)));
}

struct db_value db_content_digest(const struct wpkg_content_digest *digest)
{
	return db_bytes(
		wpkg_str_of(digest->bytes, wpkg_digest_algorithm_length(digest->algorithm)));
}

void db_close(struct db *db)
{
	if (db)
		db->ops->close(db);
}

enum wpkg_status db_begin(struct db *db, enum db_access access, struct wpkg_err *err)
{
	return db->ops->begin(db, access, err);
}

enum wpkg_status db_commit(struct db *db, struct wpkg_err *err)
{
	return db->ops->commit(db, err);
}

void db_rollback(struct db *db)
{
	if (db->ops->in_transaction(db))
		db->ops->rollback(db);
}

void db_rows_open(struct db_rows *rows, struct db *db, const char *sql,
		  const struct db_value *values, size_t count)
{
	*rows = (struct db_rows){.db = db};
	enum wpkg_status status = db->ops->open(rows, sql, values, count, &rows->err);
	rows->err.status = status;
}

bool db_rows_next(struct db_rows *rows)
{
	bool row = false;
	if (rows->err.status != WPKG_OK)
		return false;
	enum wpkg_status status = rows->db->ops->next(rows, &row, &rows->err);
	rows->err.status = status;
	return status == WPKG_OK && row;
}

int64_t db_rows_integer(const struct db_rows *rows, int column)
{
	return rows->db->ops->integer(rows, column);
}

struct wpkg_str db_rows_bytes(struct db_rows *rows, int column)
{
	return rows->db->ops->bytes(rows, column);
}

bool db_rows_digest(struct wpkg_digest *out, struct db_rows *rows, int column)
{
	struct wpkg_str bytes = db_rows_bytes(rows, column);
	if (bytes.len != sizeof(out->bytes)) {
		db_rows_fail(rows, WPKG_EIO, "database: a digest has another length");
		return false;
	}
	memcpy(out->bytes, bytes.ptr, sizeof(out->bytes));
	return true;
}

void db_rows_fail(struct db_rows *rows, enum wpkg_status status, const char *text)
{
	if (rows->err.status == WPKG_OK)
		wpkg_err_set(&rows->err, status, "%s", text);
}

enum wpkg_status db_rows_close(struct db_rows *rows, struct wpkg_err *err)
{
	if (rows->statement)
		rows->db->ops->end(rows);
	rows->statement = NULL;
	if (rows->err.status != WPKG_OK && err)
		*err = rows->err;
	return rows->err.status;
}

enum wpkg_status db_run(uint64_t *changed, struct db *db, const char *sql,
			const struct db_value *values, size_t count, struct wpkg_err *err)
{
	struct db_rows rows;
	uint64_t total = 0;
	db_rows_open(&rows, db, sql, values, count);
	while (db_rows_next(&rows))
		continue;
	if (rows.err.status == WPKG_OK)
		total = db->ops->changed(&rows);
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK && changed)
		*changed = total;
	return status;
}

enum wpkg_status db_find_integer(bool *found, int64_t *out, struct db *db, const char *sql,
				 const struct db_value *values, size_t count, struct wpkg_err *err)
{
	struct db_rows rows;
	int64_t value = 0;
	db_rows_open(&rows, db, sql, values, count);
	bool row = db_rows_next(&rows);
	if (row)
		value = db_rows_integer(&rows, 0);
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status != WPKG_OK)
		return status;
	*found = row;
	if (row)
		*out = value;
	return WPKG_OK;
}
