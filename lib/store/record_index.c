/* SPDX-License-Identifier: Apache-2.0 */
/* Records in the index: rows in and out. When and why is the business of the callers. */
#include "base/clock.h"
#include "store/blob_index.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"
#include "store/summary.h"

struct wpkg_record record_of_row(struct wpkg_arena *arena, struct db_rows *rows)
{
	struct wpkg_record record = {
		.id = db_rows_integer(rows, 0),
		.name = store_keep_text(arena, rows, 1),
		.version = store_keep_text(arena, rows, 2),
		.state = (enum wpkg_record_state)db_rows_integer(rows, 3),
		.invoice = store_keep_text(arena, rows, 4),
		.description = store_keep_text(arena, rows, 6),
		.pusher = store_keep_text(arena, rows, 7),
		.created = db_rows_integer(rows, 8),
		.published = db_rows_integer(rows, 9),
		.verdict = store_keep_text(arena, rows, 10),
		.yanked = db_rows_integer(rows, 11),
		.yanked_by = store_keep_text(arena, rows, 12),
		.yank_reason = store_keep_text(arena, rows, 13),
		.size = (uint64_t)db_rows_integer(rows, 14),
		.parcel_count = (size_t)db_rows_integer(rows, 15),
	};
	if (db_rows_bytes(rows, 16).len > 0)
		record.has_manifest = db_rows_digest(&record.manifest, rows, 16);
	db_rows_digest(&record.invoice_digest, rows, 5);
	return record;
}

void record_list_rows(struct wpkg_record_list *out, struct wpkg_arena *arena, struct db_rows *rows)
{
	while (db_rows_next(rows)) {
		out->items = store_grow(arena, out->items, out->count, sizeof(*out->items));
		if (!out->items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for a list of versions");
			return;
		}
		out->items[out->count++] = record_of_row(arena, rows);
	}
}

#define HEAD_SELECT                                                                                \
	"SELECT r.id, r.name_id, r.summary_id, r.state, n.name, r.version, r.pusher, r.content, "  \
	"r.invoice_digest, r.address FROM records r JOIN names n ON n.id = r.name_id "

static enum wpkg_status read_head(struct record_head *out, struct wpkg_arena *arena,
				  struct db_rows *rows, struct wpkg_err *err)
{
	struct record_head head = {0};
	if (db_rows_next(rows)) {
		head = (struct record_head){
			.id = db_rows_integer(rows, 0),
			.name_id = db_rows_integer(rows, 1),
			.summary_id = db_rows_integer(rows, 2),
			.state = (enum wpkg_record_state)db_rows_integer(rows, 3),
			.name = store_keep_text(arena, rows, 4),
			.version = store_keep_text(arena, rows, 5),
			.pusher = store_keep_text(arena, rows, 6),
			.address = store_keep_text(arena, rows, 9),
		};
		db_rows_digest(&head.content, rows, 7);
		db_rows_digest(&head.invoice_digest, rows, 8);
	}
	enum wpkg_status status = db_rows_close(rows, err);
	if (status == WPKG_OK)
		*out = head;
	return status;
}

enum wpkg_status record_head_find(struct record_head *out, struct wpkg_arena *arena, struct db *db,
				  int64_t id, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db, HEAD_SELECT "WHERE r.id = $1", DB_VALUES(db_integer(id)));
	return read_head(out, arena, &rows, err);
}

enum wpkg_status record_head_find_version(struct record_head *out, struct wpkg_arena *arena,
					  struct db *db, int64_t name_id,
					  struct wpkg_str precedence, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db, HEAD_SELECT "WHERE r.name_id = $1 AND r.precedence = $2",
		     DB_VALUES(db_integer(name_id), db_bytes(precedence)));
	return read_head(out, arena, &rows, err);
}

/* An imported name may be one that we would not accept, or that looks like another: it gets no
 * skeleton, so that it stands in nobody's way. */
enum wpkg_status record_claim_name(int64_t *id, bool *made, struct db *db,
				   const struct record_draft *draft, struct wpkg_err *err)
{
	bool found = false;
	enum wpkg_status status =
		db_find_integer(&found, id, db, "SELECT id FROM names WHERE name = $1",
				DB_VALUES(db_text(draft->name)), err);
	*made = false;
	if (status != WPKG_OK || found)
		return status;
	*made = true;
	return db_find_integer(
		&found, id, db,
		"INSERT INTO names (name, skeleton, owner) VALUES ($1, "
		"CASE WHEN EXISTS (SELECT 1 FROM names WHERE skeleton = $2) THEN NULL ELSE $2 END, "
		"$3) RETURNING id",
		DB_VALUES(db_text(draft->name),
			  draft->skeleton.ptr ? db_text(draft->skeleton) : db_null(),
			  db_text(draft->pusher)),
		err);
}

enum wpkg_status record_use_name(struct db *db, int64_t name_id, struct wpkg_err *err)
{
	return db_run(NULL, db, "UPDATE names SET used = 1 WHERE id = $1 AND used = 0",
		      DB_VALUES(db_integer(name_id)), err);
}

enum wpkg_status record_release_name(struct db *db, int64_t name_id, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "DELETE FROM names WHERE id = $1 AND given = 0 AND used = 0 "
		      "AND NOT EXISTS (SELECT 1 FROM records WHERE name_id = $1) "
		      "AND NOT EXISTS (SELECT 1 FROM removed_versions WHERE name_id = $1) "
		      "AND NOT EXISTS (SELECT 1 FROM manifests WHERE name_id = $1) "
		      "AND NOT EXISTS (SELECT 1 FROM repository_blobs WHERE name_id = $1)",
		      DB_VALUES(db_integer(name_id)), err);
}

static enum wpkg_status insert_parcels(struct db *db, int64_t id, const struct record_draft *draft,
				       struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < draft->parcel_count; i++) {
		const struct record_parcel *parcel = &draft->parcels[i];
		int64_t blob = 0;
		status = blob_index_claim(&blob, db, &parcel->digest, parcel->size, err);
		if (status == WPKG_OK)
			status = db_run(NULL, db,
					"INSERT INTO record_parcels VALUES ($1, $2, $3, $4)",
					DB_VALUES(db_integer(id), db_size(i), db_integer(blob),
						  db_size(parcel->size)),
					err);
		if (status == WPKG_OK && parcel->owed)
			status = db_run(NULL, db,
					"INSERT INTO waiting (blob_id, record_id, owed) "
					"VALUES ($1, $2, 1)",
					DB_VALUES(db_integer(blob), db_integer(id)), err);
	}
	return status;
}

enum wpkg_status record_insert(int64_t *id, struct db *db, int64_t name_id,
			       const struct record_draft *draft, struct wpkg_err *err)
{
	bool found = false;
	int64_t summary = 0;
	enum wpkg_status status =
		summary_claim(&summary, db, name_id, draft->name, draft->description, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&found, id, db,
			"INSERT INTO records (name_id, summary_id, version, precedence, state, "
			"content, invoice_digest, pusher, created, changed, size, parcel_count, "
			"address) "
			"VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $8, $9, $10, $11) RETURNING id",
			DB_VALUES(db_integer(name_id), db_integer(summary), db_text(draft->version),
				  db_bytes(draft->precedence), db_digest(&draft->content),
				  db_digest(&draft->invoice_digest), db_text(draft->pusher),
				  db_integer(wpkg_clock_now()), db_size(draft->size),
				  db_size(draft->parcel_count), db_text(draft->address)),
			err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"INSERT INTO record_texts (record_id, invoice) VALUES ($1, $2)",
				DB_VALUES(db_integer(*id), db_text(draft->text)), err);
	return status == WPKG_OK ? insert_parcels(db, *id, draft, err) : status;
}

enum wpkg_status record_set_text(struct db *db, int64_t id, struct wpkg_str text,
				 const struct wpkg_digest *digest, struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db, "UPDATE record_texts SET invoice = $2 WHERE record_id = $1",
		       DB_VALUES(db_integer(id), db_text(text)), err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "UPDATE records SET invoice_digest = $2 WHERE id = $1",
				DB_VALUES(db_integer(id), db_digest(digest)), err);
	return status;
}

enum wpkg_status record_remove(struct db *db, int64_t id, int64_t summary_id, struct wpkg_err *err)
{
	enum wpkg_status status = record_uncount(db, id, err);
	if (status == WPKG_OK)
		status = package_manifest_remove(db, id, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM records WHERE id = $1",
				DB_VALUES(db_integer(id)), err);
	return status == WPKG_OK ? summary_release(db, summary_id, err) : status;
}

static enum wpkg_status list_digests(struct wpkg_digests *out, struct wpkg_arena *arena,
				     struct db_rows *rows, struct wpkg_err *err)
{
	struct wpkg_digests list = {0};
	while (db_rows_next(rows)) {
		list.items = store_grow(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for a list of parcels");
			break;
		}
		db_rows_digest(&list.items[list.count++], rows, 0);
	}
	enum wpkg_status status = db_rows_close(rows, err);
	if (status == WPKG_OK)
		*out = list;
	return status;
}

enum wpkg_status record_list_parcels(struct wpkg_digests *out, struct wpkg_arena *arena,
				     struct db *db, int64_t id, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT b.digest FROM record_parcels p JOIN blobs b ON b.id = p.blob_id "
		     "WHERE p.record_id = $1 ORDER BY p.position",
		     DB_VALUES(db_integer(id)));
	return list_digests(out, arena, &rows, err);
}

/* In SQL: parcel p, whose blob is b, is there for its version. */
#define PARCEL_IS_THERE                                                                            \
	"(" BLOB_IS_PRESENT                                                                        \
	" AND b.size = p.size AND NOT " RECORD_OWES("p.record_id", "p.blob_id") ")"

enum wpkg_status record_list_missing(struct wpkg_digests *out, struct wpkg_arena *arena,
				     struct db *db, int64_t id, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT b.digest FROM record_parcels p JOIN blobs b ON b.id = p.blob_id "
		     "WHERE p.record_id = $1 AND NOT " PARCEL_IS_THERE " ORDER BY p.position",
		     DB_VALUES(db_integer(id)));
	return list_digests(out, arena, &rows, err);
}

enum wpkg_status record_add_event(struct db *db, const char *kind, const struct record_head *head,
				  const struct wpkg_act *act, struct wpkg_err *err)
{
	const struct wpkg_event event = {
		.kind = wpkg_str_from(kind),
		.name = head->name,
		.version = head->version,
		.actor = act->actor,
		.address = act->address,
		.detail = act->reason,
	};
	return store_add_event(db, &event, err);
}

/* In SQL: a wait that ends as blob $1 comes for record $2. */
#define WAIT_ENDS "w.blob_id = $1 AND (w.owed = 0 OR w.record_id = $2)"

/* Those that wait for the blob and for nothing else. */
static enum wpkg_status list_complete(struct wpkg_record_ref **out, size_t *count,
				      struct wpkg_arena *arena, struct db *db, int64_t blob_id,
				      int64_t record_id, struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_record_ref *refs = NULL;
	size_t n = 0;
	db_rows_open(&rows, db,
		     "SELECT r.id, n.name, r.version FROM waiting w "
		     "JOIN records r ON r.id = w.record_id JOIN names n ON n.id = r.name_id "
		     "WHERE " WAIT_ENDS " AND r.state = 0 AND NOT EXISTS ("
		     "SELECT 1 FROM record_parcels p JOIN blobs b ON b.id = p.blob_id "
		     "WHERE p.record_id = r.id AND NOT " PARCEL_IS_THERE
		     " AND NOT (p.blob_id = $1 AND " BLOB_IS_PRESENT " AND b.size = p.size)) "
		     "ORDER BY r.id",
		     DB_VALUES(db_integer(blob_id), db_integer(record_id)));
	while (db_rows_next(&rows)) {
		refs = store_grow(arena, refs, n, sizeof(*refs));
		if (!refs) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of versions");
			break;
		}
		refs[n++] = (struct wpkg_record_ref){.id = db_rows_integer(&rows, 0),
						     .name = store_keep_text(arena, &rows, 1),
						     .version = store_keep_text(arena, &rows, 2)};
	}
	*out = refs;
	*count = n;
	return db_rows_close(&rows, err);
}

enum wpkg_status record_complete(struct db *db, const struct record_head *head,
				 struct wpkg_err *err)
{
	bool moved = false;
	enum wpkg_status status = record_move(&moved, db, head->id, RECORD_COMPLETE, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM waiting WHERE record_id = $1",
				DB_VALUES(db_integer(head->id)), err);
	if (status == WPKG_OK && moved)
		status = record_add_event(db, "complete", head, &(struct wpkg_act){0}, err);
	return status;
}

enum wpkg_status record_wait(struct db *db, int64_t id, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "INSERT INTO waiting (blob_id, record_id) "
		      "SELECT p.blob_id, p.record_id FROM record_parcels p "
		      "JOIN blobs b ON b.id = p.blob_id WHERE p.record_id = $1 "
		      "AND NOT " PARCEL_IS_THERE " ON CONFLICT DO NOTHING",
		      DB_VALUES(db_integer(id)), err);
}

enum wpkg_status record_forgive(struct db *db, int64_t id, const struct wpkg_digests *parcels,
				struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < parcels->count; i++)
		status = db_run(NULL, db,
				"DELETE FROM waiting WHERE record_id = $1 AND blob_id = "
				"(SELECT id FROM blobs WHERE digest = $2)",
				DB_VALUES(db_integer(id), db_digest(&parcels->items[i])), err);
	return status;
}

enum wpkg_status record_forgive_held(struct db *db, int64_t id, int64_t name_id,
				     struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "DELETE FROM waiting WHERE record_id = $1 AND (EXISTS "
		      "(SELECT 1 FROM repository_blobs r WHERE r.name_id = $2 "
		      "AND r.blob_id = waiting.blob_id) OR EXISTS (SELECT 1 FROM manifest_parts m "
		      "WHERE m.blob_id = waiting.blob_id AND m.name_id = $2))",
		      DB_VALUES(db_integer(id), db_integer(name_id)), err);
}

enum wpkg_status record_complete_by_blob(struct wpkg_uploaded *uploaded, struct wpkg_arena *arena,
					 struct db *db, int64_t blob_id, int64_t record_id,
					 struct wpkg_err *err)
{
	struct wpkg_record_ref *refs = NULL;
	size_t count = 0;
	enum wpkg_status status = list_complete(&refs, &count, arena, db, blob_id, record_id, err);
	for (size_t i = 0; status == WPKG_OK && i < count; i++) {
		const struct record_head head = {
			.id = refs[i].id, .name = refs[i].name, .version = refs[i].version};
		status = record_complete(db, &head, err);
	}
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM waiting AS w WHERE " WAIT_ENDS,
				DB_VALUES(db_integer(blob_id), db_integer(record_id)), err);
	uploaded->completed = refs;
	uploaded->completed_count = count;
	return status;
}
