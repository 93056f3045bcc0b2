/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof that all is whole: the database by its own check, every blob by its digest, every invoice
 * by its digest and against its row, and that every file belongs to a row.
 *
 * It reads in pieces, each from one moment, so that a check of hours holds up nobody; what looks
 * wrong because it changed meanwhile is looked at once more before it is reported.
 */
#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/blob_index.h"
#include "store/record_int.h"
#include "store/store_int.h"
#include "store/upkeep.h"

#define CHUNK 200	/* blobs looked at in one moment */
#define RECORD_CHUNK 20 /* their invoices are in memory together */
#define ARENA_MAX ((size_t)256 << 20)

bool wpkg_finding_is_damage(enum wpkg_finding_kind kind)
{
	return kind != WPKG_FINDING_FILE_UNKNOWN && kind != WPKG_FINDING_FILE_STRANGE;
}

struct checker {
	struct wpkg_store *store;
	const struct wpkg_fsck_options *options;
	struct wpkg_arena arena;  /* of one chunk */
	struct wpkg_arena record; /* of one record */
	int64_t after;		  /* id of the last row looked at */
	struct wpkg_fsck_report report;
};

static void report_finding(struct checker *checker, enum wpkg_finding_kind kind,
			   struct wpkg_str subject, struct wpkg_str detail, bool repaired)
{
	struct wpkg_finding finding = {
		.kind = kind, .subject = subject, .detail = detail, .repaired = repaired};
	if (wpkg_finding_is_damage(kind))
		checker->report.damage++;
	else
		checker->report.harmless++;
	checker->report.repaired += repaired;
	if (checker->options->found)
		checker->options->found(checker->options->user, &finding);
}

/* The database */

static void found_problem(void *user, struct wpkg_str problem)
{
	report_finding(user, WPKG_FINDING_DATABASE, WPKG_LIT("registry.db"), problem, false);
}

static enum wpkg_status check_database(struct wpkg_store *store, struct db *db, void *arguments,
				       struct wpkg_err *err)
{
	(void)store;
	return db->ops->check(db, found_problem, arguments, err);
}

struct database_check {
	void (*found)(void *user, struct wpkg_str problem);
	void *user;
};

static enum wpkg_status check_alone(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	const struct database_check *check = arguments;
	(void)store;
	return db->ops->check(db, check->found, check->user, err);
}

enum wpkg_status wpkg_store_check_database(struct wpkg_store *store,
					   void (*found)(void *user, struct wpkg_str problem),
					   void *user, struct wpkg_err *err)
{
	struct database_check check = {.found = found, .user = user};
	return store_read(store, check_alone, &check, err);
}

/* Blobs */

struct suspect {
	struct wpkg_digest digest;
	int64_t id;
	enum blob_place place;
	uint64_t size;
};

struct blob_chunk {
	struct checker *checker;
	struct suspect items[CHUNK];
	size_t count;
};

static enum wpkg_status list_blobs(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct blob_chunk *chunk = arguments;
	struct db_rows rows;
	(void)store;
	chunk->count = 0;
	db_rows_open(&rows, db,
		     "SELECT id, digest, place, size FROM blobs WHERE id > $1 AND place <> 0 "
		     "ORDER BY id LIMIT $2",
		     DB_VALUES(db_integer(chunk->checker->after), db_integer(CHUNK)));
	while (db_rows_next(&rows)) {
		struct suspect *item = &chunk->items[chunk->count];
		*item = (struct suspect){.id = db_rows_integer(&rows, 0),
					 .place = (enum blob_place)db_rows_integer(&rows, 2),
					 .size = (uint64_t)db_rows_integer(&rows, 3)};
		if (db_rows_digest(&item->digest, &rows, 1))
			chunk->count++;
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status hash_fd(struct wpkg_digest *out, int fd, struct wpkg_err *err)
{
	const size_t step = (size_t)256 << 10;
	struct wpkg_hasher *hasher = NULL;
	char *buffer = wpkg_mem_alloc(step);
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "fsck: no memory");
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	while (status == WPKG_OK) {
		ssize_t n = read(fd, buffer, step);
		if (n > 0)
			wpkg_hasher_update(hasher, wpkg_str_of(buffer, (size_t)n));
		else if (n == 0)
			break;
		else if (errno != EINTR)
			status = WPKG_FAIL_ERRNO(err, errno, "reading");
	}
	if (status == WPKG_OK)
		status = wpkg_hasher_finish(out, hasher, err);
	wpkg_hasher_free(hasher);
	wpkg_mem_free(buffer);
	return status;
}

/* A file's bytes by its descriptor, a row's as they are. */
static enum wpkg_status open_suspect(struct wpkg_blob *out, struct checker *checker,
				     const struct suspect *suspect, struct wpkg_err *err)
{
	struct blob_engine *blobs = checker->store->blobs;
	if (suspect->place != BLOB_FILE)
		return wpkg_blob_open(out, checker->store, &suspect->digest, err);
	*out = (struct wpkg_blob){.fd = -1};
	return blobs->ops->open(&out->fd, &out->size, blobs, &suspect->digest, err);
}

/* WPKG_OK when the bytes are what they should be; else err says what is wrong with them. */
static enum wpkg_status check_bytes(struct checker *checker, const struct suspect *suspect,
				    struct wpkg_err *err)
{
	struct wpkg_blob blob;
	struct wpkg_digest is;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status = open_suspect(&blob, checker, suspect, err);
	if (status != WPKG_OK)
		return status;
	uint64_t size = blob.fd >= 0 ? blob.size : blob.bytes.len;
	if (blob.fd >= 0)
		status = hash_fd(&is, blob.fd, err);
	else
		status = wpkg_digest_of(&is, blob.bytes, err);
	wpkg_blob_close(&blob);
	if (status != WPKG_OK)
		return status;
	checker->report.bytes += size;
	if (size != suspect->size)
		return WPKG_FAIL(err, WPKG_EIO, "%llu bytes, not %llu", (unsigned long long)size,
				 (unsigned long long)suspect->size);
	wpkg_digest_format(hex, &is);
	if (!wpkg_digest_equal(&is, &suspect->digest))
		return WPKG_FAIL(err, WPKG_EIO, "its bytes have SHA-256 %s", hex);
	return WPKG_OK;
}

/* Repair: the bytes go aside, and versions whose admission has not begun wait for them again. */

static enum wpkg_status set_bytes_aside(struct wpkg_store *store, struct db *db,
					const struct suspect *suspect, struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_err problem = {0};
	if (suspect->place == BLOB_FILE) {
		enum wpkg_status status = store->blobs->ops->set_aside(
			store->blobs, &suspect->digest, NULL, &problem);
		if (status != WPKG_OK && status != WPKG_ENOTFOUND && err)
			*err = problem;
		return status == WPKG_ENOTFOUND ? WPKG_OK : status;
	}
	db_rows_open(&rows, db, "SELECT bytes FROM blob_bytes WHERE blob_id = $1",
		     DB_VALUES(db_integer(suspect->id)));
	if (db_rows_next(&rows)) {
		struct wpkg_str bytes = db_rows_bytes(&rows, 0);
		if (store->blobs->ops->set_aside(store->blobs, &suspect->digest, &bytes,
						 &problem) != WPKG_OK)
			db_rows_fail(&rows, problem.status, problem.msg);
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status recall_records(struct checker *checker, struct db *db, int64_t blob_id,
				       struct wpkg_err *err)
{
	int64_t *ids = NULL;
	size_t count = 0;
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT r.id FROM record_parcels p JOIN records r ON r.id = p.record_id "
		     "WHERE p.blob_id = $1 AND r.state = 1",
		     DB_VALUES(db_integer(blob_id)));
	while (db_rows_next(&rows)) {
		ids = store_grow(&checker->arena, ids, count, sizeof(*ids));
		if (!ids) {
			db_rows_fail(&rows, WPKG_ENOMEM, "fsck: no memory");
			break;
		}
		ids[count++] = db_rows_integer(&rows, 0);
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	for (size_t i = 0; status == WPKG_OK && ids && i < count; i++) {
		bool moved = false;
		status = record_move(&moved, db, ids[i], RECORD_RECALL, err);
		if (status == WPKG_OK && moved)
			status = record_wait(db, ids[i], err);
	}
	return status;
}

struct repairing {
	struct checker *checker;
	const struct suspect *suspect;
	bool done;
};

static enum wpkg_status repair_blob(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct repairing *repairing = arguments;
	const struct suspect *suspect = repairing->suspect;
	struct blob_row row;
	enum wpkg_status status = blob_index_find(&row, db, &suspect->digest, err);
	if (status != WPKG_OK || row.id != suspect->id || row.place != suspect->place)
		return status;
	status = set_bytes_aside(store, db, suspect, err);
	if (status == WPKG_OK)
		status = blob_index_place(db, row.id, BLOB_ASIDE, row.size, err);
	if (status == WPKG_OK)
		status = recall_records(repairing->checker, db, row.id, err);
	repairing->done = status == WPKG_OK;
	return status;
}

static enum wpkg_status check_blob(struct checker *checker, const struct suspect *suspect,
				   struct wpkg_err *err)
{
	struct repairing repairing = {.checker = checker, .suspect = suspect};
	struct wpkg_err problem;
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &suspect->digest);
	checker->report.blobs++;
	if (suspect->place == BLOB_ASIDE) {
		report_finding(checker, WPKG_FINDING_BLOB_SET_ASIDE, wpkg_str_from(hex),
			       WPKG_LIT("waits to be uploaded again"), false);
		return WPKG_OK;
	}
	enum wpkg_status status = check_bytes(checker, suspect, &problem);
	if (status == WPKG_ENOMEM || status == WPKG_EBUSY) {
		if (err)
			*err = problem;
		return status;
	}
	if (status == WPKG_OK)
		return WPKG_OK;
	enum wpkg_finding_kind kind =
		status == WPKG_ENOTFOUND ? WPKG_FINDING_BLOB_ABSENT : WPKG_FINDING_BLOB_DAMAGED;
	status = WPKG_OK;
	if (checker->options->repair)
		status = store_write(checker->store, repair_blob, &repairing, err);
	report_finding(checker, kind, wpkg_str_from(hex), wpkg_str_from(problem.msg),
		       repairing.done);
	return status;
}

static enum wpkg_status check_blobs(struct checker *checker, struct wpkg_err *err)
{
	struct blob_chunk *chunk = wpkg_mem_alloc(sizeof(*chunk));
	enum wpkg_status status = WPKG_OK;
	if (!chunk)
		return WPKG_FAIL(err, WPKG_ENOMEM, "fsck: no memory");
	chunk->checker = checker;
	checker->after = 0;
	do {
		status = store_read(checker->store, list_blobs, chunk, err);
		for (size_t i = 0; status == WPKG_OK && i < chunk->count; i++) {
			status = check_blob(checker, &chunk->items[i], err);
			checker->after = chunk->items[i].id;
		}
		wpkg_arena_clear(&checker->arena);
	} while (status == WPKG_OK && chunk->count == CHUNK);
	wpkg_mem_free(chunk);
	return status;
}

/* Records */

/* Do the parcels in the index and those in the invoice agree? */
static enum wpkg_status check_parcels(bool *agree, struct db *db, int64_t id,
				      const struct record_draft *draft, struct wpkg_err *err)
{
	struct db_rows rows;
	size_t count = 0;
	db_rows_open(&rows, db,
		     "SELECT b.digest, p.size FROM record_parcels p JOIN blobs b "
		     "ON b.id = p.blob_id WHERE p.record_id = $1 ORDER BY p.position",
		     DB_VALUES(db_integer(id)));
	*agree = true;
	while (db_rows_next(&rows)) {
		struct wpkg_digest digest;
		if (!db_rows_digest(&digest, &rows, 0))
			break;
		*agree = *agree && count < draft->parcel_count &&
			 wpkg_digest_equal(&digest, &draft->parcels[count].digest) &&
			 (uint64_t)db_rows_integer(&rows, 1) == draft->parcels[count].size;
		count++;
	}
	*agree = *agree && count == draft->parcel_count;
	return db_rows_close(&rows, err);
}

static enum wpkg_status check_invoice(struct checker *checker, struct db *db,
				      const struct wpkg_record *record, struct wpkg_str subject,
				      struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	struct record_draft draft;
	struct wpkg_digest digest;
	struct wpkg_err problem;
	bool agree = true;
	const char *wrong = NULL;
	enum wpkg_status status = wpkg_digest_of(&digest, record->invoice, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_invoice_read(&invoice, &checker->record, record->invoice, WPKG_INVOICE_TOML,
				   &problem);
	if (status == WPKG_OK) {
		struct wpkg_new_record new_record = {.invoice = invoice, .text = record->invoice};
		status = record_draft_make(&draft, &checker->record, &new_record, &problem);
	}
	if (status == WPKG_ENOMEM)
		return WPKG_FAIL(err, WPKG_ENOMEM, "fsck: no memory");
	if (!wpkg_digest_equal(&digest, &record->invoice_digest))
		wrong = "the text is not what its digest says";
	else if (status != WPKG_OK)
		wrong = problem.msg;
	else if (!wpkg_str_equal(invoice->name, record->name) ||
		 !wpkg_str_equal(invoice->version, record->version))
		wrong = "the text is another version's";
	status = WPKG_OK;
	if (!wrong) {
		status = check_parcels(&agree, db, record->id, &draft, err);
		if (!agree)
			wrong = "the text names other parcels than the index";
	}
	if (status == WPKG_OK && wrong)
		report_finding(checker, WPKG_FINDING_INVOICE, subject, wpkg_str_from(wrong), false);
	return status;
}

static enum wpkg_status check_record(struct checker *checker, struct db *db,
				     const struct wpkg_record *record, struct wpkg_err *err)
{
	struct wpkg_digests missing = {0};
	struct wpkg_str subject =
		wpkg_arena_format(&checker->record, "%.*s/%.*s", WPKG_STR_ARG(record->name),
				  WPKG_STR_ARG(record->version));
	if (!subject.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "fsck: no memory");
	checker->report.records++;
	enum wpkg_status status = check_invoice(checker, db, record, subject, err);
	bool visible =
		record->state == WPKG_RECORD_PUBLISHED || record->state == WPKG_RECORD_YANKED;
	if (status == WPKG_OK && visible)
		status = record_list_missing(&missing, &checker->record, db, record->id, err);
	for (size_t i = 0; status == WPKG_OK && i < missing.count; i++) {
		char hex[WPKG_DIGEST_TEXT];
		wpkg_digest_format(hex, &missing.items[i]);
		report_finding(checker, WPKG_FINDING_PARCEL_ABSENT, subject, wpkg_str_from(hex),
			       false);
	}
	return status;
}

static enum wpkg_status check_record_chunk(struct wpkg_store *store, struct db *db, void *arguments,
					   struct wpkg_err *err)
{
	struct checker *checker = arguments;
	struct wpkg_record_list list = {0};
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
		     " WHERE r.id > $1 ORDER BY r.id LIMIT $2",
		     DB_VALUES(db_integer(checker->after), db_integer(RECORD_CHUNK)));
	record_list_rows(&list, &checker->arena, &rows);
	enum wpkg_status status = db_rows_close(&rows, err);
	for (size_t i = 0; status == WPKG_OK && i < list.count; i++) {
		status = check_record(checker, db, &list.items[i], err);
		wpkg_arena_clear(&checker->record);
	}
	checker->after = list.count == RECORD_CHUNK ? list.items[RECORD_CHUNK - 1].id : -1;
	return status;
}

static enum wpkg_status check_records(struct checker *checker, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	checker->after = 0;
	while (status == WPKG_OK && checker->after >= 0) {
		status = store_read(checker->store, check_record_chunk, checker, err);
		wpkg_arena_clear(&checker->arena);
	}
	return status;
}

/* Manifests: each blob that one names, its own bytes among them, is there. */

static enum wpkg_status check_manifests(struct wpkg_store *store, struct db *db, void *arguments,
					struct wpkg_err *err)
{
	struct checker *checker = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT n.name, mb.digest, b.digest FROM manifests m "
		     "JOIN names n ON n.id = m.name_id JOIN blobs mb ON mb.id = m.blob_id "
		     "JOIN blobs b ON b.id = m.blob_id WHERE NOT " BLOB_IS_PRESENT
		     " UNION ALL SELECT n.name, mb.digest, b.digest FROM manifest_parts p "
		     "JOIN manifests m ON m.id = p.manifest_id JOIN names n ON n.id = m.name_id "
		     "JOIN blobs mb ON mb.id = m.blob_id "
		     "JOIN blobs b ON b.id = p.blob_id WHERE NOT " BLOB_IS_PRESENT,
		     DB_NO_VALUES);
	while (db_rows_next(&rows)) {
		struct wpkg_digest manifest;
		struct wpkg_digest blob;
		char hex[WPKG_DIGEST_TEXT];
		if (!db_rows_digest(&manifest, &rows, 1) || !db_rows_digest(&blob, &rows, 2))
			break;
		wpkg_digest_format(hex, &manifest);
		struct wpkg_str name = db_rows_bytes(&rows, 0);
		struct wpkg_str subject = wpkg_arena_format(&checker->arena, "%.*s@sha256:%s",
							    WPKG_STR_ARG(name), hex);
		if (!subject.ptr)
			db_rows_fail(&rows, WPKG_ENOMEM, "fsck: no memory");
		wpkg_digest_format(hex, &blob);
		report_finding(checker, WPKG_FINDING_MANIFEST, subject, wpkg_str_from(hex), false);
	}
	wpkg_arena_clear(&checker->arena);
	return db_rows_close(&rows, err);
}

/* Files */

/* A file may be older than its row by one commit: the second look is a writer's, which comes after
 * whatever was under way. */
static enum wpkg_status visit_file(void *user, const struct blob_found *found, struct wpkg_err *err)
{
	struct checker *checker = user;
	struct blob_row_question question = {.digest = found->digest};
	if (!found->digest) {
		report_finding(checker, WPKG_FINDING_FILE_STRANGE, wpkg_str_from(found->path),
			       WPKG_LIT("is not named as a blob"), false);
		return WPKG_OK;
	}
	enum wpkg_status status = store_read(checker->store, blob_row_answer, &question, err);
	if (status == WPKG_OK && question.row.place != BLOB_FILE)
		status = store_write(checker->store, blob_row_answer, &question, err);
	if (status == WPKG_OK && question.row.place != BLOB_FILE)
		report_finding(checker, WPKG_FINDING_FILE_UNKNOWN, wpkg_str_from(found->path),
			       WPKG_LIT("the index does not know it"), false);
	return status;
}

enum wpkg_status wpkg_store_fsck(struct wpkg_fsck_report *out, struct wpkg_store *store,
				 const struct wpkg_fsck_options *options, struct wpkg_err *err)
{
	static const struct wpkg_fsck_options none = {0};
	struct checker checker = {.store = store, .options = options ? options : &none};
	int hold = -1;
	wpkg_arena_init(&checker.arena, ARENA_MAX);
	wpkg_arena_init(&checker.record, ARENA_MAX);
	enum wpkg_status status = store_hold_take(&hold, store, STORE_HOLD_KEEP, err);
	if (status == WPKG_OK)
		status = store_read(store, check_database, &checker, err);
	if (status == WPKG_OK)
		status = check_blobs(&checker, err);
	if (status == WPKG_OK)
		status = check_records(&checker, err);
	if (status == WPKG_OK)
		status = store_read(store, check_manifests, &checker, err);
	if (status == WPKG_OK)
		status = store->blobs->ops->list(store->blobs, visit_file, &checker, err);
	if (status == WPKG_OK)
		*out = checker.report;
	store_hold_release(hold);
	wpkg_arena_clear(&checker.record);
	wpkg_arena_clear(&checker.arena);
	return status;
}
