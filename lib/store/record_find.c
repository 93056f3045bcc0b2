/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record_int.h"
#include "store/store_int.h"

/* In SQL: the viewer ($1 user, $2 whether it sees all) may see records r. */
#define IS_VISIBLE "(r.state IN (2, 4) OR r.pusher = $1 OR $2 <> 0)"

struct question {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	struct wpkg_str precedence;
	const struct wpkg_digest *manifest;
	const struct wpkg_viewer *viewer;
	int64_t id;
	enum wpkg_record_state state;
	size_t limit;
	struct wpkg_record_list found;
};

static enum wpkg_status collect(struct question *question, struct db_rows *rows,
				struct wpkg_err *err)
{
	record_list_rows(&question->found, question->arena, rows);
	return db_rows_close(rows, err);
}

static enum wpkg_status find_version(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
		     " WHERE n.name = $3 AND r.precedence = $4 AND " IS_VISIBLE,
		     DB_VALUES(db_text(question->viewer->user), db_integer(question->viewer->all),
			       db_text(question->name), db_bytes(question->precedence)));
	return collect(question, &rows, err);
}

enum wpkg_status wpkg_record_find(struct wpkg_record *out, struct wpkg_arena *arena,
				  struct wpkg_store *store, struct wpkg_str name,
				  struct wpkg_str version, const struct wpkg_viewer *viewer,
				  struct wpkg_err *err)
{
	struct question question = {.arena = arena, .name = name, .viewer = viewer};
	enum wpkg_status status = record_precedence(&question.precedence, arena, version, err);
	if (status == WPKG_OK)
		status = store_read(store, find_version, &question, err);
	if (status == WPKG_OK && question.found.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s/%.*s", WPKG_STR_ARG(name),
				   WPKG_STR_ARG(version));
	if (status == WPKG_OK)
		*out = question.found.items[0];
	return status;
}

static enum wpkg_status find_id(struct wpkg_store *store, struct db *db, void *arguments,
				struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db, "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES " WHERE r.id = $1",
		     DB_VALUES(db_integer(question->id)));
	return collect(question, &rows, err);
}

enum wpkg_status wpkg_record_find_id(struct wpkg_record *out, struct wpkg_arena *arena,
				     struct wpkg_store *store, int64_t id, struct wpkg_err *err)
{
	struct question question = {.arena = arena, .id = id};
	enum wpkg_status status = store_read(store, find_id, &question, err);
	if (status == WPKG_OK && question.found.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no record %lld", (long long)id);
	if (status == WPKG_OK)
		*out = question.found.items[0];
	return status;
}

static enum wpkg_status find_by_manifest(struct wpkg_store *store, struct db *db, void *arguments,
					 struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
		     " WHERE n.name = $1 AND mb.digest = $2 AND m.name_id = n.id "
		     "ORDER BY r.precedence DESC LIMIT 1",
		     DB_VALUES(db_text(question->name), db_digest(question->manifest)));
	return collect(question, &rows, err);
}

enum wpkg_status wpkg_record_find_manifest(struct wpkg_record *out, struct wpkg_arena *arena,
					   struct wpkg_store *store, struct wpkg_str name,
					   const struct wpkg_digest *manifest, struct wpkg_err *err)
{
	struct question question = {.arena = arena, .name = name, .manifest = manifest};
	enum wpkg_status status = store_read(store, find_by_manifest, &question, err);
	if (status == WPKG_OK && question.found.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "no version of %.*s has this manifest",
				   WPKG_STR_ARG(name));
	if (status == WPKG_OK)
		*out = question.found.items[0];
	return status;
}

static enum wpkg_status list_versions(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
		     " WHERE n.name = $3 AND " IS_VISIBLE " ORDER BY r.precedence DESC",
		     DB_VALUES(db_text(question->viewer->user), db_integer(question->viewer->all),
			       db_text(question->name)));
	return collect(question, &rows, err);
}

enum wpkg_status wpkg_record_versions(struct wpkg_record_list *out, struct wpkg_arena *arena,
				      struct wpkg_store *store, struct wpkg_str name,
				      const struct wpkg_viewer *viewer, struct wpkg_err *err)
{
	struct question question = {.arena = arena, .name = name, .viewer = viewer};
	enum wpkg_status status = store_read(store, list_versions, &question, err);
	if (status == WPKG_OK)
		*out = question.found;
	return status;
}

static enum wpkg_status list_in_state(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
		     " WHERE r.state = $1 ORDER BY r.id LIMIT $2",
		     DB_VALUES(db_integer(question->state), db_size(question->limit)));
	return collect(question, &rows, err);
}

enum wpkg_status wpkg_record_in_state(struct wpkg_record_list *out, struct wpkg_arena *arena,
				      struct wpkg_store *store, enum wpkg_record_state state,
				      size_t limit, struct wpkg_err *err)
{
	struct question question = {.arena = arena, .state = state, .limit = limit};
	enum wpkg_status status = store_read(store, list_in_state, &question, err);
	if (status == WPKG_OK)
		*out = question.found;
	return status;
}

struct missing_question {
	struct wpkg_arena *arena;
	int64_t id;
	struct wpkg_digests missing;
};

static enum wpkg_status list_missing(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct missing_question *question = arguments;
	(void)store;
	return record_list_missing(&question->missing, question->arena, db, question->id, err);
}

enum wpkg_status wpkg_record_missing(struct wpkg_digests *out, struct wpkg_arena *arena,
				     struct wpkg_store *store, int64_t id, struct wpkg_err *err)
{
	struct missing_question question = {.arena = arena, .id = id};
	enum wpkg_status status = store_read(store, list_missing, &question, err);
	if (status == WPKG_OK)
		*out = question.missing;
	return status;
}
