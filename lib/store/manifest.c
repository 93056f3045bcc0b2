/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests read, listed as referrers, and deleted. How they come is in manifest_put.c. */
#include "store/manifest.h"

#include "store/repository_int.h"
#include "store/store_int.h"

#define HEAD_COLUMNS                                                                               \
	"m.media_type, b.digest, m.algorithm, a.digest, m.artifact_type, m.annotations, "          \
	"m.pushed, b.size, r.version, r.state, r.yank_reason, m.id, b.place, c.bytes"
#define HEAD_TABLES                                                                                \
	"manifests m JOIN blobs b ON b.id = m.blob_id "                                            \
	"LEFT JOIN blob_bytes c ON c.blob_id = b.id "                                              \
	"LEFT JOIN blob_aliases a ON a.blob_id = b.id "                                            \
	"LEFT JOIN records r ON r.manifest_id = m.id "

struct question {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	struct wpkg_str tag;
	const struct wpkg_content_digest *digest; /* NULL: by tag */
	enum wpkg_manifest_want want;
	bool found;
	bool in_file;
	struct wpkg_manifest manifest;
};

static void read_sha512(struct wpkg_content_digest *out, struct db_rows *rows, int column)
{
	struct wpkg_str bytes = db_rows_bytes(rows, column);
	if (bytes.len != sizeof(out->bytes))
		return;
	out->algorithm = WPKG_SHA512;
	memcpy(out->bytes, bytes.ptr, bytes.len);
}

static struct wpkg_manifest head_of_row(struct wpkg_arena *arena, struct db_rows *rows)
{
	struct wpkg_manifest manifest = {
		.media_type = store_keep_text(arena, rows, 0),
		.artifact_type = store_keep_text(arena, rows, 4),
		.annotations = store_keep_text(arena, rows, 5),
		.pushed = db_rows_integer(rows, 6),
		.size = (uint64_t)db_rows_integer(rows, 7),
		.version = store_keep_text(arena, rows, 8),
		.yanked = db_rows_integer(rows, 9) == WPKG_RECORD_YANKED,
		.yank_reason = store_keep_text(arena, rows, 10),
	};
	if (db_rows_digest(&manifest.sha256, rows, 1))
		manifest.digest = wpkg_content_digest_of_sha256(&manifest.sha256);
	if (db_rows_integer(rows, 2) == WPKG_SHA512)
		read_sha512(&manifest.digest, rows, 3);
	return manifest;
}

static void open_rows(struct db_rows *rows, struct db *db, const struct question *question)
{
	static const char by_tag[] =
		"SELECT " HEAD_COLUMNS " FROM names n JOIN tags t ON t.name_id = n.id "
		"AND t.tag = $2 JOIN " HEAD_TABLES "WHERE n.name = $1 AND m.id = t.manifest_id";
	static const char by_sha256[] = "SELECT " HEAD_COLUMNS " FROM names n JOIN " HEAD_TABLES
					"WHERE n.name = $1 AND m.name_id = n.id AND b.digest = $2";
	static const char by_sha512[] = "SELECT " HEAD_COLUMNS " FROM names n JOIN " HEAD_TABLES
					"WHERE n.name = $1 AND m.name_id = n.id AND a.digest = $2";
	const char *sql = by_tag;
	struct db_value key = db_text(question->tag);
	if (question->digest) {
		sql = question->digest->algorithm == WPKG_SHA256 ? by_sha256 : by_sha512;
		key = db_content_digest(question->digest);
	}
	db_rows_open(rows, db, sql, DB_VALUES(db_text(question->name), key));
}

static enum wpkg_status find_manifest(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	open_rows(&rows, db, question);
	question->found = db_rows_next(&rows);
	if (question->found) {
		question->manifest = head_of_row(question->arena, &rows);
		question->in_file = db_rows_integer(&rows, 12) == BLOB_FILE;
		if (question->want == WPKG_MANIFEST_WHOLE && !question->in_file)
			question->manifest.bytes = store_keep_text(question->arena, &rows, 13);
	}
	return db_rows_close(&rows, err);
}

/* Somebody uploaded the same bytes as a blob before they came as a manifest. */
static enum wpkg_status read_file(struct question *question, struct wpkg_store *store,
				  struct wpkg_err *err)
{
	struct wpkg_blob blob;
	enum wpkg_status status = wpkg_blob_open(&blob, store, &question->manifest.sha256, err);
	if (status != WPKG_OK)
		return status;
	status = blob_read_whole(&question->manifest.bytes, question->arena, &blob, err);
	wpkg_blob_close(&blob);
	return status;
}

static enum wpkg_status find(struct wpkg_manifest *out, struct wpkg_store *store,
			     struct question *question, struct wpkg_err *err)
{
	enum wpkg_status status = store_read(store, find_manifest, question, err);
	if (status == WPKG_OK && !question->found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s has no such manifest",
				   WPKG_STR_ARG(question->name));
	if (status == WPKG_OK && question->digest)
		question->manifest.digest = *question->digest;
	if (status == WPKG_OK && question->want == WPKG_MANIFEST_WHOLE && question->in_file)
		status = read_file(question, store, err);
	if (status == WPKG_OK)
		*out = question->manifest;
	return status;
}

enum wpkg_status wpkg_manifest_find(struct wpkg_manifest *out, struct wpkg_arena *arena,
				    struct wpkg_store *store, struct wpkg_str name,
				    const struct wpkg_content_digest *digest,
				    enum wpkg_manifest_want want, struct wpkg_err *err)
{
	struct question question = {.arena = arena, .name = name, .digest = digest, .want = want};
	return find(out, store, &question, err);
}

enum wpkg_status wpkg_manifest_find_tag(struct wpkg_manifest *out, struct wpkg_arena *arena,
					struct wpkg_store *store, struct wpkg_str name,
					struct wpkg_str tag, enum wpkg_manifest_want want,
					struct wpkg_err *err)
{
	struct question question = {.arena = arena, .name = name, .tag = tag, .want = want};
	return find(out, store, &question, err);
}

/* Referrers */

struct referrers {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	const struct wpkg_content_digest *subject;
	struct wpkg_str artifact_type;
	int64_t from;
	size_t limit;
	struct wpkg_manifest_list list;
};

/* One more than the page holds tells where the next begins. */
static enum wpkg_status list_referrers(struct wpkg_store *store, struct db *db, void *arguments,
				       struct wpkg_err *err)
{
	struct referrers *referrers = arguments;
	struct wpkg_manifest_list *list = &referrers->list;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " HEAD_COLUMNS " FROM names n JOIN " HEAD_TABLES
		     "WHERE n.name = $1 AND m.name_id = n.id AND m.subject = $2 "
		     "AND m.subject <> x'' AND ($3 = '' OR m.artifact_type = $3) AND m.id >= $4 "
		     "ORDER BY m.id LIMIT $5",
		     DB_VALUES(db_text(referrers->name), db_content_digest(referrers->subject),
			       db_text(referrers->artifact_type), db_integer(referrers->from),
			       db_size(referrers->limit + 1)));
	while (db_rows_next(&rows)) {
		if (list->count == referrers->limit) {
			list->next = db_rows_integer(&rows, 11);
			break;
		}
		list->items = store_grow(referrers->arena, list->items, list->count,
					 sizeof(*list->items));
		if (!list->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of referrers");
			break;
		}
		list->items[list->count++] = head_of_row(referrers->arena, &rows);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_manifest_referrers(struct wpkg_manifest_list *out, struct wpkg_arena *arena,
					 struct wpkg_store *store, struct wpkg_str name,
					 const struct wpkg_content_digest *subject,
					 struct wpkg_str artifact_type, int64_t from, size_t limit,
					 struct wpkg_err *err)
{
	struct referrers referrers = {.arena = arena,
				      .name = name,
				      .subject = subject,
				      .artifact_type = artifact_type,
				      .from = from,
				      .limit = limit};
	enum wpkg_status status = store_read(store, list_referrers, &referrers, err);
	if (status == WPKG_OK)
		*out = referrers.list;
	return status;
}

/* Deletion */

enum wpkg_status manifest_remove(struct db *db, int64_t id, struct wpkg_err *err)
{
	return db_run(NULL, db, "DELETE FROM manifests WHERE id = $1", DB_VALUES(db_integer(id)),
		      err);
}

struct deletion {
	struct wpkg_str name;
	const struct wpkg_content_digest *digest;
	const struct wpkg_act *act;
};

static enum wpkg_status check_free(struct db *db, int64_t id, struct wpkg_err *err)
{
	bool bound = false;
	int64_t one = 0;
	enum wpkg_status status = db_find_integer(
		&bound, &one, db,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM records WHERE manifest_id = $1) "
		"OR EXISTS (SELECT 1 FROM records WHERE referrer_id = $1)",
		DB_VALUES(db_integer(id)), err);
	if (status == WPKG_OK && bound)
		status = WPKG_FAIL(err, WPKG_EDENIED, "the manifest is a package version's");
	return status;
}

static enum wpkg_status delete_manifest(struct wpkg_store *store, struct db *db, void *arguments,
					struct wpkg_err *err)
{
	const struct deletion *deletion = arguments;
	char text[WPKG_CONTENT_DIGEST_TEXT];
	struct blob_row blob;
	int64_t id = 0;
	bool found = false;
	(void)store;
	enum wpkg_status status = blob_index_find_content(&blob, db, deletion->digest, err);
	if (status == WPKG_OK)
		status = db_find_integer(&found, &id, db,
					 "SELECT m.id FROM manifests m "
					 "JOIN names n ON n.id = m.name_id "
					 "WHERE n.name = $1 AND m.blob_id = $2",
					 DB_VALUES(db_text(deletion->name), db_integer(blob.id)),
					 err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s has no such manifest",
				   WPKG_STR_ARG(deletion->name));
	if (status == WPKG_OK)
		status = check_free(db, id, err);
	if (status == WPKG_OK)
		status = manifest_remove(db, id, err);
	wpkg_content_digest_format(text, deletion->digest);
	if (status == WPKG_OK)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = WPKG_LIT("manifest-delete"),
							      .name = deletion->name,
							      .actor = deletion->act->actor,
							      .address = deletion->act->address,
							      .detail = wpkg_str_from(text)},
					 err);
	return status;
}

enum wpkg_status wpkg_manifest_delete(struct wpkg_store *store, struct wpkg_str name,
				      const struct wpkg_content_digest *digest,
				      const struct wpkg_act *act, struct wpkg_err *err)
{
	struct deletion deletion = {.name = name, .digest = digest, .act = act};
	return store_write(store, delete_manifest, &deletion, err);
}
