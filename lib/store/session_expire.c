/* SPDX-License-Identifier: Apache-2.0 */
/* The end of uploads that nobody goes on with: rows, files, and what memory has. */
#include "base/mem.h"
#include "store/session_int.h"
#include "store/store_int.h"

#define EXPIRE_CHUNK 100

struct expiry {
	int64_t before;
	char ids[EXPIRE_CHUNK][WPKG_SESSION_ID];
	size_t count;
	int64_t total;
};

static enum wpkg_status list_expired(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct expiry *expiry = arguments;
	struct db_rows rows;
	(void)store;
	expiry->count = 0;
	db_rows_open(&rows, db,
		     "SELECT id FROM sessions WHERE touched < $1 ORDER BY touched LIMIT $2",
		     DB_VALUES(db_integer(expiry->before), db_integer(EXPIRE_CHUNK)));
	while (db_rows_next(&rows)) {
		if (session_id_parse(expiry->ids[expiry->count], db_rows_bytes(&rows, 0)))
			expiry->count++;
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status count_expired(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct expiry *expiry = arguments;
	bool found = false;
	(void)store;
	return db_find_integer(&found, &expiry->total, db,
			       "SELECT count(*) FROM sessions WHERE touched < $1",
			       DB_VALUES(db_integer(expiry->before)), err);
}

static enum wpkg_status delete_expired(struct wpkg_store *store, struct db *db, void *arguments,
				       struct wpkg_err *err)
{
	struct expiry *expiry = arguments;
	enum wpkg_status status = WPKG_OK;
	(void)store;
	for (size_t i = 0; status == WPKG_OK && i < expiry->count; i++) {
		uint64_t changed = 0;
		status = db_run(&changed, db, "DELETE FROM sessions WHERE id = $1 AND touched < $2",
				DB_VALUES(db_text(wpkg_str_from(expiry->ids[i])),
					  db_integer(expiry->before)),
				err);
		expiry->total += (int64_t)changed;
	}
	return status;
}

struct row_search {
	const char *id;
	bool found;
};

static enum wpkg_status find_row(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct row_search *search = arguments;
	int64_t one = 0;
	(void)store;
	return db_find_integer(&search->found, &one, db, "SELECT 1 FROM sessions WHERE id = $1",
			       DB_VALUES(db_text(wpkg_str_from(search->id))), err);
}

/* A file that nobody has open and that no row knows. */
static enum wpkg_status visit_kept(void *user, const char *keep, struct wpkg_err *err)
{
	struct wpkg_store *store = user;
	struct row_search search = {.id = keep};
	enum wpkg_status status = store_read(store, find_row, &search, err);
	if (status != WPKG_OK || search.found)
		return status;
	struct wpkg_err problem;
	status = store->blobs->ops->forget(store->blobs, keep, &problem);
	if (status == WPKG_OK || status == WPKG_EBUSY || status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (err)
		*err = problem;
	return status;
}

enum wpkg_status sessions_clean(struct wpkg_store *store, struct wpkg_err *err)
{
	return store->blobs->ops->list_kept(store->blobs, visit_kept, store, err);
}

enum wpkg_status sessions_expire(uint64_t *count, struct wpkg_store *store, int64_t before,
				 bool dry_run, struct wpkg_err *err)
{
	struct expiry *expiry = wpkg_mem_calloc(1, sizeof(*expiry));
	uint64_t unsaved = 0;
	if (!expiry)
		return WPKG_FAIL(err, WPKG_ENOMEM, "gc: no memory");
	expiry->before = before;
	enum wpkg_status status = WPKG_OK;
	if (dry_run) {
		status = store_read(store, count_expired, expiry, err);
	} else {
		unsaved = sessions_drop_idle(store->sessions, before);
		do {
			status = store_read(store, list_expired, expiry, err);
			if (status == WPKG_OK && expiry->count > 0)
				status = store_write(store, delete_expired, expiry, err);
		} while (status == WPKG_OK && expiry->count == EXPIRE_CHUNK);
		if (status == WPKG_OK)
			status = sessions_clean(store, err);
	}
	if (status == WPKG_OK)
		*count = unsaved + (uint64_t)expiry->total;
	wpkg_mem_free(expiry);
	return status;
}

enum wpkg_status wpkg_session_expire(uint64_t *count, struct wpkg_store *store, int64_t before,
				     struct wpkg_err *err)
{
	return sessions_expire(count, store, before, false, err);
}
