/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing what nothing refers to, while others push.
 *
 * Candidates are listed from a reader's view, which may be out of date at once; each is judged
 * again inside the writer's transaction that removes it, where nobody else can write. What a new
 * version names is referred to by the transaction that created it, so between the two there is no
 * moment for a mistake.
 *
 * A file goes in two transactions: the first removes the row and is committed; the second, where no
 * new upload can have made a row meanwhile without being seen, removes the file if there is still
 * no row. A crash between them leaves a file without a row, which the next gc finds.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "store/blob_index.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"
#include "store/upkeep.h"

#define GRACE ((int64_t)86400)
#define INCOMPLETE_AGE ((int64_t)7 * 86400)
#define SESSION_AGE ((int64_t)86400)
#define CHUNK 200 /* removals in one transaction: others wait for it */

struct chunk {
	struct collector *collector;
	size_t count;
	int64_t ids[CHUNK];
	struct wpkg_digest digests[CHUNK];
	bool is_file[CHUNK];
};

struct collector {
	struct wpkg_store *store;
	struct wpkg_gc_options options;
	int64_t blobs_before;	/* what was touched since stays */
	int64_t records_before; /* what is younger stays */
	int64_t untagged_before;
	struct wpkg_gc_report report;
	/* Of files without a row: read from the folder, judged in chunks. */
	struct chunk strays;
};

/* Nothing that lasts needs blobs b; what was refused needs it for the grace ($1). */
#define IS_UNUSED                                                                                  \
	"b.touched < $1 AND NOT EXISTS (SELECT 1 FROM record_parcels p "                           \
	"JOIN records r ON r.id = p.record_id WHERE p.blob_id = b.id "                             \
	"AND (r.state <> 3 OR r.changed >= $1)) "                                                  \
	"AND NOT EXISTS (SELECT 1 FROM manifest_parts WHERE blob_id = b.id) "                      \
	"AND NOT EXISTS (SELECT 1 FROM manifests WHERE blob_id = b.id) "                           \
	"AND NOT EXISTS (SELECT 1 FROM repository_blobs WHERE blob_id = b.id)"

/* Versions that were never completed */

static enum wpkg_status expire_one(struct chunk *chunk, struct db *db, int64_t id,
				   struct wpkg_err *err)
{
	struct collector *collector = chunk->collector;
	struct record_head head;
	struct wpkg_arena arena;
	bool old = false;
	int64_t created = 0;
	wpkg_arena_init(&arena, 65536);
	enum wpkg_status status = record_head_find(&head, &arena, db, id, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&old, &created, db,
			"SELECT created FROM records WHERE id = $1 AND state = 0 "
			"AND changed < $2",
			DB_VALUES(db_integer(id), db_integer(collector->records_before)), err);
	if (status == WPKG_OK && old) {
		status = record_remove(db, id, head.summary_id, err);
		if (status == WPKG_OK)
			status = record_add_event(db, "expire", &head, &(struct wpkg_act){0}, err);
		/* A name that was only ever tried is free again. */
		if (status == WPKG_OK)
			status = record_release_name(db, head.name_id, err);
		collector->report.expired += status == WPKG_OK;
	}
	wpkg_arena_clear(&arena);
	return status;
}

static enum wpkg_status expire_chunk(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	enum wpkg_status status = WPKG_OK;
	(void)store;
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++)
		status = expire_one(chunk, db, chunk->ids[i], err);
	return status;
}

static enum wpkg_status list_incomplete(struct wpkg_store *store, struct db *db, void *arguments,
					struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	struct db_rows rows;
	(void)store;
	chunk->count = 0;
	db_rows_open(&rows, db,
		     "SELECT id FROM records WHERE state = 0 AND changed < $1 ORDER BY id LIMIT $2",
		     DB_VALUES(db_integer(chunk->collector->records_before), db_integer(CHUNK)));
	while (db_rows_next(&rows))
		chunk->ids[chunk->count++] = db_rows_integer(&rows, 0);
	return db_rows_close(&rows, err);
}

static enum wpkg_status count_incomplete(struct wpkg_store *store, struct db *db, void *arguments,
					 struct wpkg_err *err)
{
	struct collector *collector = arguments;
	bool found = false;
	int64_t count = 0;
	(void)store;
	enum wpkg_status status = db_find_integer(
		&found, &count, db, "SELECT count(*) FROM records WHERE state = 0 AND changed < $1",
		DB_VALUES(db_integer(collector->records_before)), err);
	collector->report.expired = (uint64_t)count;
	return status;
}

static enum wpkg_status expire_records(struct collector *collector, struct chunk *chunk,
				       struct wpkg_err *err)
{
	struct wpkg_store *store = collector->store;
	enum wpkg_status status = WPKG_OK;
	if (collector->options.dry_run)
		return store_read(store, count_incomplete, collector, err);
	do {
		status = store_read(store, list_incomplete, chunk, err);
		if (status == WPKG_OK && chunk->count > 0)
			status = store_write(store, expire_chunk, chunk, err);
	} while (status == WPKG_OK && chunk->count == CHUNK);
	return status;
}

/* Manifests and repositories */

/* Nothing means manifest m: no tag, no index, no version, and it means no other itself. */
#define IS_UNTAGGED                                                                                \
	"m.pushed < $1 AND m.made = 0 AND m.subject = x'' "                                        \
	"AND NOT EXISTS (SELECT 1 FROM tags WHERE manifest_id = m.id) "                            \
	"AND NOT EXISTS (SELECT 1 FROM records WHERE manifest_id = m.id) "                         \
	"AND NOT EXISTS (SELECT 1 FROM manifest_parts p WHERE p.blob_id = m.blob_id "              \
	"AND p.name_id = m.name_id)"

static enum wpkg_status list_untagged(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	int64_t after = chunk->count > 0 ? chunk->ids[chunk->count - 1] : 0;
	struct db_rows rows;
	(void)store;
	chunk->count = 0;
	db_rows_open(&rows, db,
		     "SELECT m.id FROM manifests m WHERE m.id > $2 AND " IS_UNTAGGED
		     " ORDER BY m.id LIMIT $3",
		     DB_VALUES(db_integer(chunk->collector->untagged_before), db_integer(after),
			       db_integer(CHUNK)));
	while (db_rows_next(&rows))
		chunk->ids[chunk->count++] = db_rows_integer(&rows, 0);
	return db_rows_close(&rows, err);
}

static enum wpkg_status remove_untagged(struct wpkg_store *store, struct db *db, void *arguments,
					struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	enum wpkg_status status = WPKG_OK;
	(void)store;
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++) {
		uint64_t changed = 0;
		status = db_run(&changed, db,
				"DELETE FROM manifests WHERE id IN (SELECT m.id FROM manifests m "
				"WHERE m.id = $2 AND " IS_UNTAGGED ")",
				DB_VALUES(db_integer(chunk->collector->untagged_before),
					  db_integer(chunk->ids[i])),
				err);
		chunk->collector->report.manifests += changed;
	}
	return status;
}

static enum wpkg_status collect_round(struct collector *collector, struct chunk *chunk,
				      struct wpkg_err *err)
{
	struct wpkg_store *store = collector->store;
	enum wpkg_status status = WPKG_OK;
	chunk->count = 0;
	do {
		status = store_read(store, list_untagged, chunk, err);
		if (collector->options.dry_run)
			collector->report.manifests += chunk->count;
		else if (status == WPKG_OK && chunk->count > 0)
			status = store_write(store, remove_untagged, chunk, err);
	} while (status == WPKG_OK && chunk->count == CHUNK);
	return status;
}

/* An index that goes sets its manifests free: until a round finds none. */
static enum wpkg_status collect_manifests(struct collector *collector, struct chunk *chunk,
					  struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	uint64_t before = 0;
	if (collector->options.untagged == 0)
		return WPKG_OK;
	do {
		before = collector->report.manifests;
		status = collect_round(collector, chunk, err);
	} while (status == WPKG_OK && !collector->options.dry_run &&
		 collector->report.manifests > before);
	return status;
}

/* What came to a repository long ago is there by its manifests, or not at all. */
static enum wpkg_status unlink_chunk(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	struct db_rows rows;
	(void)store;
	chunk->count = 0;
	db_rows_open(&rows, db,
		     "DELETE FROM repository_blobs WHERE (name_id, blob_id) IN "
		     "(SELECT name_id, blob_id FROM repository_blobs WHERE touched < $1 "
		     "AND name_id NOT IN (" NAMES_IN_CHECKING ") "
		     "ORDER BY touched LIMIT $2) RETURNING name_id",
		     DB_VALUES(db_integer(chunk->collector->blobs_before), db_integer(CHUNK)));
	while (db_rows_next(&rows))
		chunk->ids[chunk->count++] = db_rows_integer(&rows, 0);
	enum wpkg_status status = db_rows_close(&rows, err);
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++)
		status = record_release_name(db, chunk->ids[i], err);
	return status;
}

static enum wpkg_status unlink_blobs(struct collector *collector, struct chunk *chunk,
				     struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	if (collector->options.dry_run)
		return WPKG_OK;
	do {
		status = store_write(collector->store, unlink_chunk, chunk, err);
	} while (status == WPKG_OK && chunk->count == CHUNK);
	return status;
}

/* Blobs */

/* place and size stand in two columns from first on. A row that only waited was no blob. */
static void count_blob(struct wpkg_gc_report *report, const struct db_rows *rows, int first)
{
	int64_t place = db_rows_integer(rows, first);
	if (place != BLOB_ROW && place != BLOB_FILE)
		return;
	report->blobs++;
	report->bytes += (uint64_t)db_rows_integer(rows, first + 1);
}

/* Whether the blob may go, by the writer's own view; and counts it. */
static enum wpkg_status judge(bool *unused, struct chunk *chunk, size_t i, struct db *db,
			      struct wpkg_err *err)
{
	struct wpkg_gc_report *report = &chunk->collector->report;
	struct db_rows rows;
	db_rows_open(
		&rows, db, "SELECT b.place, b.size FROM blobs b WHERE b.id = $2 AND " IS_UNUSED,
		DB_VALUES(db_integer(chunk->collector->blobs_before), db_integer(chunk->ids[i])));
	*unused = db_rows_next(&rows);
	chunk->is_file[i] = *unused && db_rows_integer(&rows, 0) == BLOB_FILE;
	if (*unused)
		count_blob(report, &rows, 0);
	return db_rows_close(&rows, err);
}

/* A refused version still tells what it was made of: then the row stays, without bytes. */
static enum wpkg_status remove_row(struct db *db, int64_t id, struct wpkg_err *err)
{
	bool referred = false;
	int64_t size = 0;
	enum wpkg_status status = db_find_integer(
		&referred, &size, db, "SELECT size FROM record_parcels WHERE blob_id = $1 LIMIT 1",
		DB_VALUES(db_integer(id)), err);
	if (status != WPKG_OK)
		return status;
	if (referred)
		return blob_index_place(db, id, BLOB_ABSENT, (uint64_t)size, err);
	return db_run(NULL, db, "DELETE FROM blobs WHERE id = $1", DB_VALUES(db_integer(id)), err);
}

static enum wpkg_status remove_rows(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	enum wpkg_status status = WPKG_OK;
	(void)store;
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++) {
		bool unused = false;
		status = judge(&unused, chunk, i, db, err);
		if (status == WPKG_OK && unused)
			status = remove_row(db, chunk->ids[i], err);
	}
	return status;
}

static enum wpkg_status remove_files(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++) {
		if (!chunk->is_file[i])
			continue;
		status = blob_index_remove_stray(&chunk->is_file[i], db, store->blobs,
						 &chunk->digests[i], err);
	}
	return status;
}

static enum wpkg_status list_unused(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct chunk *chunk = arguments;
	int64_t after = chunk->count > 0 ? chunk->ids[chunk->count - 1] : 0;
	struct wpkg_gc_report *report = &chunk->collector->report;
	struct db_rows rows;
	(void)store;
	chunk->count = 0;
	db_rows_open(&rows, db,
		     "SELECT b.id, b.digest, b.place, b.size FROM blobs b WHERE b.id > $2 "
		     "AND (b.place <> 0 OR NOT EXISTS "
		     "(SELECT 1 FROM record_parcels WHERE blob_id = b.id)) AND " IS_UNUSED
		     " ORDER BY b.id LIMIT $3",
		     DB_VALUES(db_integer(chunk->collector->blobs_before), db_integer(after),
			       db_integer(CHUNK)));
	while (db_rows_next(&rows)) {
		chunk->ids[chunk->count] = db_rows_integer(&rows, 0);
		if (!db_rows_digest(&chunk->digests[chunk->count], &rows, 1))
			break;
		chunk->count++;
		if (chunk->collector->options.dry_run)
			count_blob(report, &rows, 2);
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status collect_blobs(struct collector *collector, struct chunk *chunk,
				      struct wpkg_err *err)
{
	struct wpkg_store *store = collector->store;
	enum wpkg_status status = WPKG_OK;
	chunk->count = 0;
	do {
		status = store_read(store, list_unused, chunk, err);
		if (collector->options.dry_run || status != WPKG_OK || chunk->count == 0)
			continue;
		status = store_write(store, remove_rows, chunk, err);
		if (status == WPKG_OK)
			status = store_write(store, remove_files, chunk, err);
	} while (status == WPKG_OK && chunk->count == CHUNK);
	return status;
}

/* Files without a row */

static enum wpkg_status flush_strays(struct collector *collector, struct wpkg_err *err)
{
	struct chunk *chunk = &collector->strays;
	enum wpkg_status status = store_write(collector->store, remove_files, chunk, err);
	for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++)
		collector->report.files += chunk->is_file[i];
	chunk->count = 0;
	return status;
}

static enum wpkg_status visit_file(void *user, const struct blob_found *found, struct wpkg_err *err)
{
	struct collector *collector = user;
	struct chunk *chunk = &collector->strays;
	struct blob_row_question question = {.digest = found->digest};
	if (!found->digest)
		return WPKG_OK;
	enum wpkg_status status = store_read(collector->store, blob_row_answer, &question, err);
	if (status != WPKG_OK || question.row.place == BLOB_FILE)
		return status;
	if (collector->options.dry_run) {
		collector->report.files++;
		return WPKG_OK;
	}
	chunk->digests[chunk->count] = *found->digest;
	chunk->is_file[chunk->count++] = true;
	return chunk->count == CHUNK ? flush_strays(collector, err) : WPKG_OK;
}

static enum wpkg_status collect_strays(struct collector *collector, struct wpkg_err *err)
{
	struct blob_engine *blobs = collector->store->blobs;
	collector->strays.collector = collector;
	enum wpkg_status status = blobs->ops->list(blobs, visit_file, collector, err);
	if (status == WPKG_OK && collector->strays.count > 0)
		status = flush_strays(collector, err);
	return status;
}

/* Before which moment is old? age: 0 the default, below 0 none. The seconds are whole, so "none"
 * reaches into the next. */
static int64_t moment(int64_t age, int64_t usual)
{
	int64_t now = wpkg_clock_now();
	if (age < 0)
		return now + 1;
	return now - (age > 0 ? age : usual);
}

enum wpkg_status wpkg_store_gc(struct wpkg_gc_report *out, struct wpkg_store *store,
			       const struct wpkg_gc_options *options, struct wpkg_err *err)
{
	int hold = -1;
	struct collector *collector = wpkg_mem_calloc(1, sizeof(*collector));
	struct chunk *chunk = wpkg_mem_calloc(1, sizeof(*chunk));
	enum wpkg_status status = WPKG_OK;
	if (!collector || !chunk) {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "gc: no memory");
		goto out;
	}
	collector->store = store;
	if (options)
		collector->options = *options;
	collector->blobs_before = moment(collector->options.grace, GRACE);
	collector->untagged_before = moment(collector->options.untagged, 0);
	collector->records_before = moment(collector->options.incomplete, INCOMPLETE_AGE);
	chunk->collector = collector;
	status = store_hold_take(&hold, store, STORE_HOLD_REMOVE, err);
	if (status == WPKG_OK)
		status = expire_records(collector, chunk, err);
	if (status == WPKG_OK)
		status = sessions_expire(&collector->report.sessions, store,
					 moment(collector->options.sessions, SESSION_AGE),
					 collector->options.dry_run, err);
	if (status == WPKG_OK)
		status = collect_manifests(collector, chunk, err);
	if (status == WPKG_OK)
		status = unlink_blobs(collector, chunk, err);
	if (status == WPKG_OK)
		status = collect_blobs(collector, chunk, err);
	if (status == WPKG_OK)
		status = collect_strays(collector, err);
	if (status == WPKG_OK)
		*out = collector->report;
out:
	store_hold_release(hold);
	wpkg_mem_free(chunk);
	wpkg_mem_free(collector);
	return status;
}
