/* SPDX-License-Identifier: Apache-2.0 */
#include "store/repository.h"

#include "base/clock.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

/* Inside a transaction */

enum wpkg_status repository_find(int64_t *id, struct db *db, struct wpkg_str name,
				 struct wpkg_err *err)
{
	bool found = false;
	*id = 0;
	return db_find_integer(&found, id, db, "SELECT id FROM names WHERE name = $1",
			       DB_VALUES(db_text(name)), err);
}

enum wpkg_status repository_enter(int64_t *id, struct db *db, struct wpkg_str name,
				  const struct wpkg_act *act, struct wpkg_err *err)
{
	struct record_draft draft = {.name = name, .pusher = act->actor, .address = act->address};
	struct wpkg_arena arena;
	enum wpkg_status status = repository_find(id, db, name, err);
	if (status != WPKG_OK || *id != 0)
		return status;
	wpkg_arena_init(&arena, 65536);
	status = record_draft_name(&draft, &arena, err);
	if (status == WPKG_OK)
		status = record_enter_name(id, db, &draft, err);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status repository_link(struct db *db, int64_t name_id, int64_t blob_id,
				 struct wpkg_str pusher, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "INSERT INTO repository_blobs (name_id, blob_id, touched, pusher) "
		      "VALUES ($1, $2, $3, $4) ON CONFLICT (name_id, blob_id) "
		      "DO UPDATE SET touched = excluded.touched",
		      DB_VALUES(db_integer(name_id), db_integer(blob_id),
				db_integer(wpkg_clock_now()), db_text(pusher)),
		      err);
}

enum wpkg_status repository_find_blob(struct blob_row *out, struct db *db, int64_t name_id,
				      const struct wpkg_content_digest *digest,
				      struct wpkg_err *err)
{
	struct blob_row row;
	bool found = false;
	int64_t one = 0;
	enum wpkg_status status = blob_index_find_content(&row, db, digest, err);
	if (status != WPKG_OK)
		return status;
	if (row.place == BLOB_ROW || row.place == BLOB_FILE)
		status = db_find_integer(&found, &one, db,
					 "SELECT 1 WHERE EXISTS (SELECT 1 FROM repository_blobs "
					 "WHERE name_id = $1 AND blob_id = $2) OR EXISTS (SELECT 1 "
					 "FROM manifest_parts WHERE blob_id = $2 AND name_id = $1)",
					 DB_VALUES(db_integer(name_id), db_integer(row.id)), err);
	if (status == WPKG_OK)
		*out = found ? row : (struct blob_row){0};
	return status;
}

/* One blob in one repository: what most functions here are about */

struct question {
	struct wpkg_str name;
	struct wpkg_str from;
	const struct wpkg_content_digest *digest;
	const struct wpkg_act *act; /* of a mount */
	uint64_t size;
	struct blob_content found;
};

static enum wpkg_status fail_absent(const struct question *question, struct wpkg_err *err)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, question->digest);
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s has no blob %s", WPKG_STR_ARG(question->name),
			 text);
}

static enum wpkg_status find_held(struct blob_row *out, int64_t *name_id, struct db *db,
				  struct wpkg_str name, const struct question *question,
				  struct wpkg_err *err)
{
	struct blob_row row = {0};
	enum wpkg_status status = repository_find(name_id, db, name, err);
	if (status == WPKG_OK && *name_id != 0)
		status = repository_find_blob(&row, db, *name_id, question->digest, err);
	if (status == WPKG_OK && row.id == 0)
		status = fail_absent(question, err);
	*out = row;
	return status;
}

static enum wpkg_status find_size(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct question *question = arguments;
	struct blob_row row;
	int64_t name_id = 0;
	(void)store;
	enum wpkg_status status = find_held(&row, &name_id, db, question->name, question, err);
	if (status == WPKG_OK)
		question->size = row.size;
	return status;
}

enum wpkg_status wpkg_repository_blob_size(uint64_t *out, struct wpkg_store *store,
					   struct wpkg_str name,
					   const struct wpkg_content_digest *digest,
					   struct wpkg_err *err)
{
	struct question question = {.name = name, .digest = digest};
	enum wpkg_status status = store_read(store, find_size, &question, err);
	if (status == WPKG_OK)
		*out = question.size;
	return status;
}

/* All in one question: it is the one that is asked most. */
static enum wpkg_status find_whole(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
#define COLUMNS "SELECT b.digest, b.place, b.size, c.bytes FROM names n "
#define HELD                                                                                       \
	" LEFT JOIN blob_bytes c ON c.blob_id = b.id WHERE n.name = $1 AND (EXISTS "               \
	"(SELECT 1 FROM repository_blobs r WHERE r.name_id = n.id AND r.blob_id = b.id) OR "       \
	"EXISTS (SELECT 1 FROM manifest_parts p WHERE p.blob_id = b.id AND p.name_id = n.id))"
	static const char by_sha256[] = COLUMNS "JOIN blobs b ON b.digest = $2" HELD;
	static const char by_sha512[] = COLUMNS
		"JOIN blob_aliases a ON a.digest = $2 JOIN blobs b ON b.id = a.blob_id" HELD;
#undef COLUMNS
#undef HELD
	struct question *question = arguments;
	(void)store;
	return blob_content_find(
		&question->found, db,
		question->digest->algorithm == WPKG_SHA256 ? by_sha256 : by_sha512,
		DB_VALUES(db_text(question->name), db_content_digest(question->digest)), err);
}

enum wpkg_status wpkg_repository_blob_open(struct wpkg_blob *out, struct wpkg_store *store,
					   struct wpkg_str name,
					   const struct wpkg_content_digest *digest,
					   struct wpkg_err *err)
{
	struct question question = {.name = name, .digest = digest};
	enum wpkg_status status = store_read(store, find_whole, &question, err);
	if (status != WPKG_OK)
		return status;
	if (!blob_content_is_there(&question.found))
		return fail_absent(&question, err);
	return blob_content_open(out, store, &question.found, err);
}

static enum wpkg_status mount(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	struct question *question = arguments;
	struct blob_row row;
	int64_t from_id = 0;
	int64_t name_id = 0;
	enum wpkg_status status = find_held(&row, &from_id, db, question->from, question, err);
	if (status == WPKG_OK)
		status = repository_find(&name_id, db, question->name, err);
	if (status == WPKG_OK && name_id == 0)
		status = repository_enter(&name_id, db, question->name, question->act, err);
	if (status == WPKG_OK)
		status = repository_link(db, name_id, row.id, question->act->actor, err);
	const struct quota_change change = {.name_id = name_id,
					    .user = question->act->actor,
					    .name = question->name,
					    .bytes = row.size};
	return status == WPKG_OK ? quota_judge(store, db, &change, err) : status;
}

enum wpkg_status wpkg_repository_mount(struct wpkg_store *store, struct wpkg_str name,
				       struct wpkg_str from,
				       const struct wpkg_content_digest *digest,
				       const struct wpkg_act *act, struct wpkg_err *err)
{
	struct question question = {.name = name, .from = from, .digest = digest, .act = act};
	return store_write(store, mount, &question, err);
}

static enum wpkg_status delete_blob(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct question *question = arguments;
	struct blob_row row;
	int64_t name_id = 0;
	int64_t one = 0;
	bool named = false;
	(void)store;
	enum wpkg_status status = find_held(&row, &name_id, db, question->name, question, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&named, &one, db,
			"SELECT 1 WHERE $2 IN (" NAMES_IN_CHECKING ") OR EXISTS "
			"(SELECT 1 FROM manifest_parts WHERE blob_id = $1 AND name_id = $2)",
			DB_VALUES(db_integer(row.id), db_integer(name_id)), err);
	if (status == WPKG_OK && named)
		return WPKG_FAIL(err, WPKG_EDENIED, "a manifest of %.*s needs the blob",
				 WPKG_STR_ARG(question->name));
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"DELETE FROM repository_blobs WHERE name_id = $1 AND blob_id = $2",
				DB_VALUES(db_integer(name_id), db_integer(row.id)), err);
	return status;
}

enum wpkg_status wpkg_repository_blob_delete(struct wpkg_store *store, struct wpkg_str name,
					     const struct wpkg_content_digest *digest,
					     struct wpkg_err *err)
{
	struct question question = {.name = name, .digest = digest};
	return store_write(store, delete_blob, &question, err);
}

/* Lists of names */

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	const struct wpkg_content_digest *digest;
	size_t limit;
	struct wpkg_names names;
	bool exists;
};

static enum wpkg_status collect(struct listing *listing, struct db_rows *rows, struct wpkg_err *err)
{
	struct wpkg_names *names = &listing->names;
	while (db_rows_next(rows)) {
		names->items = store_grow(listing->arena, names->items, names->count,
					  sizeof(*names->items));
		if (!names->items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for a list of repositories");
			break;
		}
		names->items[names->count++] = store_keep_text(listing->arena, rows, 0);
	}
	return db_rows_close(rows, err);
}

static enum wpkg_status list_holders(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct blob_row row;
	struct db_rows rows;
	(void)store;
	enum wpkg_status status = blob_index_find_content(&row, db, listing->digest, err);
	if (status != WPKG_OK || (row.place != BLOB_ROW && row.place != BLOB_FILE))
		return status;
	db_rows_open(&rows, db,
		     "SELECT n.name FROM names n JOIN (SELECT name_id FROM repository_blobs "
		     "WHERE blob_id = $1 UNION SELECT name_id FROM manifest_parts "
		     "WHERE blob_id = $1 LIMIT $2) h ON h.name_id = n.id",
		     DB_VALUES(db_integer(row.id), db_size(listing->limit)));
	return collect(listing, &rows, err);
}

enum wpkg_status wpkg_repository_holders(struct wpkg_names *out, struct wpkg_arena *arena,
					 struct wpkg_store *store,
					 const struct wpkg_content_digest *digest, size_t limit,
					 struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .digest = digest, .limit = limit};
	enum wpkg_status status = store_read(store, list_holders, &listing, err);
	if (status == WPKG_OK)
		*out = listing.names;
	return status;
}

static enum wpkg_status find_any(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct listing *listing = arguments;
	int64_t one = 0;
	(void)store;
	return db_find_integer(&listing->exists, &one, db,
			       "SELECT 1 FROM names n WHERE n.name = $1 AND (EXISTS "
			       "(SELECT 1 FROM manifests WHERE name_id = n.id) OR EXISTS "
			       "(SELECT 1 FROM repository_blobs WHERE name_id = n.id))",
			       DB_VALUES(db_text(listing->name)), err);
}

enum wpkg_status wpkg_repository_exists(bool *out, struct wpkg_store *store, struct wpkg_str name,
					struct wpkg_err *err)
{
	struct listing listing = {.name = name};
	enum wpkg_status status = store_read(store, find_any, &listing, err);
	if (status == WPKG_OK)
		*out = listing.exists;
	return status;
}

static enum wpkg_status list_repositories(struct wpkg_store *store, struct db *db, void *arguments,
					  struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT n.name FROM names n WHERE n.name > $1 AND EXISTS "
		     "(SELECT 1 FROM manifests WHERE name_id = n.id) ORDER BY n.name LIMIT $2",
		     DB_VALUES(db_text(listing->name), db_size(listing->limit)));
	return collect(listing, &rows, err);
}

enum wpkg_status wpkg_repository_list(struct wpkg_names *out, struct wpkg_arena *arena,
				      struct wpkg_store *store, struct wpkg_str last, size_t limit,
				      struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .name = last, .limit = limit};
	enum wpkg_status status = store_read(store, list_repositories, &listing, err);
	if (status == WPKG_OK)
		*out = listing.names;
	return status;
}
