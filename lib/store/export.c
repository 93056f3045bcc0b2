/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "data/json.h"
#include "pkg/id.h"
#include "store/blob_index.h"
#include "store/record_int.h"
#include "store/store_int.h"
#include "store/transfer.h"
#include "store/upkeep.h"

#define FOLDER_MODE 0755
#define FILE_MODE 0644
#define FLUSH_AT ((size_t)256 << 10)
#define RECORD_MAX ((size_t)64 << 20)

struct exporter {
	struct wpkg_store *store;
	struct db *db;
	const struct wpkg_transfer_options *options;
	int folder;
	int lines;	     /* registry.jsonl */
	struct wpkg_buf buf; /* what is not yet written to it */
	struct wpkg_transfer_report report;
};

static void note(struct exporter *exporter, struct wpkg_str subject, struct wpkg_str problem)
{
	struct wpkg_transfer_note step = {.subject = subject, .problem = problem};
	if (exporter->options->note)
		exporter->options->note(exporter->options->user, &step);
}

/* Lines */

static void begin_line(struct exporter *exporter, const char *kind)
{
	wpkg_buf_append_format(&exporter->buf, "{\"kind\":\"%s\"", kind);
}

static void add_text(struct exporter *exporter, const char *key, struct wpkg_str text)
{
	wpkg_buf_append_format(&exporter->buf, ",\"%s\":", key);
	wpkg_json_write_string(&exporter->buf, text);
}

static void add_integer(struct exporter *exporter, const char *key, int64_t integer)
{
	wpkg_buf_append_format(&exporter->buf, ",\"%s\":%lld", key, (long long)integer);
}

static enum wpkg_status flush(struct exporter *exporter, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_buf_check(&exporter->buf, TRANSFER_FILE, err);
	if (status == WPKG_OK)
		status = wpkg_file_write_fd(exporter->lines, wpkg_buf_str(&exporter->buf),
					    TRANSFER_FILE, err);
	wpkg_buf_reset(&exporter->buf);
	return status;
}

static enum wpkg_status end_line(struct exporter *exporter, struct wpkg_err *err)
{
	wpkg_buf_append_text(&exporter->buf, "}\n");
	return exporter->buf.len >= FLUSH_AT || exporter->buf.failed != WPKG_OK
		       ? flush(exporter, err)
		       : WPKG_OK;
}

/* Runs line for each row of a statement without values. */
static enum wpkg_status each_row(struct exporter *exporter, const char *sql,
				 enum wpkg_status (*line)(struct exporter *exporter,
							  struct db_rows *rows,
							  struct wpkg_err *err),
				 struct wpkg_err *err)
{
	struct db_rows rows;
	enum wpkg_status status = WPKG_OK;
	db_rows_open(&rows, exporter->db, sql, DB_NO_VALUES);
	while (status == WPKG_OK && db_rows_next(&rows))
		status = line(exporter, &rows, err);
	enum wpkg_status read = db_rows_close(&rows, status == WPKG_OK ? err : NULL);
	return status == WPKG_OK ? read : status;
}

static enum wpkg_status write_name(struct exporter *exporter, struct db_rows *rows,
				   struct wpkg_err *err)
{
	begin_line(exporter, "name");
	add_text(exporter, "name", db_rows_bytes(rows, 0));
	add_text(exporter, "owner", db_rows_bytes(rows, 1));
	add_integer(exporter, "given", db_rows_integer(rows, 2));
	return end_line(exporter, err);
}

static enum wpkg_status write_removed(struct exporter *exporter, struct db_rows *rows,
				      struct wpkg_err *err)
{
	begin_line(exporter, "removed");
	add_text(exporter, "name", db_rows_bytes(rows, 0));
	add_text(exporter, "version", db_rows_bytes(rows, 1));
	add_integer(exporter, "removed", db_rows_integer(rows, 2));
	add_text(exporter, "actor", db_rows_bytes(rows, 3));
	add_text(exporter, "reason", db_rows_bytes(rows, 4));
	return end_line(exporter, err);
}

static enum wpkg_status write_grant(struct exporter *exporter, struct db_rows *rows,
				    struct wpkg_err *err)
{
	begin_line(exporter, "grant");
	add_text(exporter, "pattern", db_rows_bytes(rows, 0));
	add_text(exporter, "user", db_rows_bytes(rows, 1));
	add_integer(exporter, "right", db_rows_integer(rows, 2));
	add_text(exporter, "by", db_rows_bytes(rows, 3));
	add_integer(exporter, "created", db_rows_integer(rows, 4));
	return end_line(exporter, err);
}

static void add_sha256(struct exporter *exporter, struct db_rows *rows, int column)
{
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT] = "";
	if (db_rows_digest(&digest, rows, column))
		wpkg_digest_format(hex, &digest);
	add_text(exporter, "sha256", wpkg_str_from(hex));
}

static enum wpkg_status write_alias(struct exporter *exporter, struct db_rows *rows,
				    struct wpkg_err *err)
{
	char hex[129] = "";
	struct wpkg_str sha512 = db_rows_bytes(rows, 1);
	if (sha512.len == 64)
		wpkg_hex_format(hex, (const uint8_t *)sha512.ptr, sha512.len);
	begin_line(exporter, "alias");
	add_sha256(exporter, rows, 0);
	add_text(exporter, "sha512", wpkg_str_from(hex));
	return end_line(exporter, err);
}

/* A manifest once for each of its tags, and once without where it has none. */
static enum wpkg_status write_manifest(struct exporter *exporter, struct db_rows *rows,
				       struct wpkg_err *err)
{
	struct wpkg_str sha512 = db_rows_bytes(rows, 5);
	struct wpkg_content_digest called = {.algorithm = WPKG_SHA512};
	struct wpkg_digest sha256;
	char text[WPKG_CONTENT_DIGEST_TEXT] = "";
	if (db_rows_digest(&sha256, rows, 1)) {
		bool other = db_rows_integer(rows, 4) == WPKG_SHA512 && sha512.len == 64;
		if (other)
			memcpy(called.bytes, sha512.ptr, 64);
		else
			called = wpkg_content_digest_of_sha256(&sha256);
		wpkg_content_digest_format(text, &called);
	}
	begin_line(exporter, "manifest");
	add_text(exporter, "name", db_rows_bytes(rows, 0));
	add_sha256(exporter, rows, 1);
	add_text(exporter, "digest", wpkg_str_from(text));
	add_text(exporter, "media_type", db_rows_bytes(rows, 2));
	add_text(exporter, "pusher", db_rows_bytes(rows, 3));
	if (db_rows_bytes(rows, 6).len > 0)
		add_text(exporter, "tag", db_rows_bytes(rows, 6));
	return end_line(exporter, err);
}

static enum wpkg_status write_facts(struct exporter *exporter, struct db_rows *rows,
				    struct wpkg_err *err)
{
	begin_line(exporter, "facts");
	add_sha256(exporter, rows, 0);
	add_text(exporter, "json", db_rows_bytes(rows, 1));
	return end_line(exporter, err);
}

/* Records */

static enum wpkg_status write_invoice(struct exporter *exporter, const struct wpkg_record *record,
				      struct wpkg_err *err)
{
	struct wpkg_digest id;
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	enum wpkg_status status = wpkg_id_digest(&id, record->name, record->version, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(hex, &id);
	snprintf(path, sizeof(path), "invoices/%s", hex);
	status = wpkg_file_make_dirs(exporter->folder, path, FOLDER_MODE, err);
	snprintf(path, sizeof(path), "invoices/%s/invoice.toml", hex);
	if (status == WPKG_OK)
		status =
			wpkg_file_write(exporter->folder, path, record->invoice, FILE_MODE, 0, err);
	return status;
}

/* What it owes at the source it owes wherever it goes. */
static enum wpkg_status add_owed(struct exporter *exporter, int64_t id, struct wpkg_err *err)
{
	struct db_rows rows;
	size_t count = 0;
	db_rows_open(&rows, exporter->db,
		     "SELECT b.digest FROM waiting w JOIN blobs b ON b.id = w.blob_id "
		     "WHERE w.record_id = $1 AND w.owed = 1 ORDER BY b.id",
		     DB_VALUES(db_integer(id)));
	while (db_rows_next(&rows)) {
		struct wpkg_digest digest;
		char hex[WPKG_DIGEST_TEXT];
		if (!db_rows_digest(&digest, &rows, 0))
			break;
		wpkg_digest_format(hex, &digest);
		wpkg_buf_append_format(&exporter->buf, "%s\"%s\"",
				       count++ > 0 ? "," : ",\"owed\":[", hex);
	}
	if (count > 0)
		wpkg_buf_append_text(&exporter->buf, "]");
	return db_rows_close(&rows, err);
}

/* Whoever serves the folder serves every invoice in it: only what everybody may see is one. */
static enum wpkg_status write_record_line(struct exporter *exporter,
					  const struct wpkg_record *record, bool was_pushed,
					  struct wpkg_err *err)
{
	char manifest[WPKG_DIGEST_TEXT];
	bool visible =
		record->state == WPKG_RECORD_PUBLISHED || record->state == WPKG_RECORD_YANKED;
	enum wpkg_status status = WPKG_OK;
	if (visible)
		status = write_invoice(exporter, record, err);
	if (status != WPKG_OK)
		return status;
	begin_line(exporter, "record");
	add_text(exporter, "name", record->name);
	add_text(exporter, "version", record->version);
	add_text(exporter, "state", wpkg_str_from(wpkg_record_state_name(record->state)));
	add_text(exporter, "pusher", record->pusher);
	add_integer(exporter, "created", record->created);
	add_integer(exporter, "published", record->published);
	add_text(exporter, "verdict", record->verdict);
	add_integer(exporter, "yanked", record->yanked);
	add_text(exporter, "yanked_by", record->yanked_by);
	add_text(exporter, "yank_reason", record->yank_reason);
	wpkg_digest_format(manifest, &record->manifest);
	if (was_pushed)
		add_text(exporter, "manifest", wpkg_str_from(manifest));
	if (!visible)
		add_text(exporter, "invoice", record->invoice);
	if (record->state == WPKG_RECORD_INCOMPLETE)
		status = add_owed(exporter, record->id, err);
	return status == WPKG_OK ? end_line(exporter, err) : status;
}

static enum wpkg_status write_record(struct exporter *exporter, struct db_rows *rows,
				     struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, RECORD_MAX);
	struct wpkg_record record = record_of_row(&arena, rows);
	enum wpkg_status status = rows->err.status; /* close tells it */
	if (status == WPKG_OK)
		status = write_record_line(exporter, &record,
					   record.has_manifest &&
						   db_rows_integer(rows, RECORD_COLUMN_COUNT) == 0,
					   err);
	else if (err)
		*err = rows->err;
	if (status == WPKG_OK) {
		struct wpkg_str subject =
			wpkg_arena_format(&arena, "%.*s/%.*s", WPKG_STR_ARG(record.name),
					  WPKG_STR_ARG(record.version));
		exporter->report.records++;
		note(exporter, subject, (struct wpkg_str){0});
	}
	wpkg_arena_clear(&arena);
	return status;
}

/* Blobs */

static enum wpkg_status copy_fd(int to, int from, const char *what, struct wpkg_err *err)
{
	const size_t step = (size_t)256 << 10;
	char *buffer = wpkg_mem_alloc(step);
	enum wpkg_status status = WPKG_OK;
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "export: no memory");
	while (status == WPKG_OK) {
		ssize_t n = read(from, buffer, step);
		if (n == 0)
			break;
		if (n > 0)
			status = wpkg_file_write_fd(to, wpkg_str_of(buffer, (size_t)n), what, err);
		else if (errno != EINTR)
			status = WPKG_FAIL_ERRNO(err, errno, "%s", what);
	}
	wpkg_mem_free(buffer);
	return status;
}

static enum wpkg_status write_blob_file(struct exporter *exporter, const char *path,
					const struct wpkg_digest *digest, struct wpkg_str bytes,
					bool is_file, struct wpkg_err *err)
{
	struct blob_engine *blobs = exporter->store->blobs;
	uint64_t size = 0;
	int from = -1;
	if (!is_file)
		return wpkg_file_write(exporter->folder, path, bytes, FILE_MODE, 0, err);
	enum wpkg_status status = blobs->ops->open(&from, &size, blobs, digest, err);
	if (status != WPKG_OK)
		return status;
	int to = openat(exporter->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (to < 0) {
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	} else {
		status = copy_fd(to, from, path, err);
		close(to);
	}
	close(from);
	return status;
}

static enum wpkg_status write_blob(struct exporter *exporter, struct db_rows *rows,
				   struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	if (!db_rows_digest(&digest, rows, 0))
		return WPKG_OK;
	wpkg_digest_format(hex, &digest);
	snprintf(path, sizeof(path), "parcels/%s", hex);
	enum wpkg_status status = wpkg_file_make_dirs(exporter->folder, path, FOLDER_MODE, err);
	snprintf(path, sizeof(path), "parcels/%s/parcel.dat", hex);
	if (status == WPKG_OK)
		status = write_blob_file(exporter, path, &digest, db_rows_bytes(rows, 3),
					 db_rows_integer(rows, 1) == BLOB_FILE, err);
	if (status == WPKG_OK) {
		exporter->report.blobs++;
		exporter->report.bytes += (uint64_t)db_rows_integer(rows, 2);
	}
	return status;
}

static enum wpkg_status write_all(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct exporter *exporter = arguments;
	(void)store;
	exporter->db = db;
	begin_line(exporter, "registry");
	add_integer(exporter, "version", TRANSFER_VERSION);
	enum wpkg_status status = end_line(exporter, err);
	if (status == WPKG_OK)
		status = each_row(exporter, "SELECT name, owner, given FROM names ORDER BY name",
				  write_name, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT b.digest, a.digest FROM blob_aliases a "
				  "JOIN blobs b ON b.id = a.blob_id ORDER BY b.id",
				  write_alias, err);
	if (status == WPKG_OK)
		status = each_row(
			exporter,
			"SELECT n.name, b.digest, m.media_type, m.pusher, m.algorithm, "
			"a.digest, t.tag FROM manifests m JOIN names n ON n.id = m.name_id "
			"JOIN blobs b ON b.id = m.blob_id "
			"LEFT JOIN blob_aliases a ON a.blob_id = b.id "
			"LEFT JOIN tags t ON t.manifest_id = m.id WHERE m.made = 0 "
			"ORDER BY m.id, t.tag",
			write_manifest, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT " RECORD_COLUMNS ", m.made FROM " RECORD_TABLES
				  " ORDER BY r.id",
				  write_record, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT n.name, v.version, v.removed, v.actor, v.reason "
				  "FROM removed_versions v JOIN names n ON n.id = v.name_id",
				  write_removed, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT pattern, user_name, access, granted_by, created "
				  "FROM grants ORDER BY pattern, user_name, access",
				  write_grant, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT b.digest, f.json FROM facts f "
				  "JOIN blobs b ON b.id = f.blob_id ORDER BY b.id",
				  write_facts, err);
	if (status == WPKG_OK)
		status = each_row(exporter,
				  "SELECT b.digest, b.place, b.size, c.bytes FROM blobs b "
				  "LEFT JOIN blob_bytes c ON c.blob_id = b.id "
				  "WHERE " BLOB_IS_PRESENT " AND (EXISTS "
				  "(SELECT 1 FROM record_parcels WHERE blob_id = b.id) OR EXISTS "
				  "(SELECT 1 FROM manifests WHERE blob_id = b.id AND made = 0) "
				  "OR EXISTS (SELECT 1 FROM manifest_parts p JOIN manifests m "
				  "ON m.id = p.manifest_id WHERE p.blob_id = b.id AND m.made = 0)) "
				  "ORDER BY b.id",
				  write_blob, err);
	return status == WPKG_OK ? flush(exporter, err) : status;
}

static enum wpkg_status open_target(struct exporter *exporter, const char *folder,
				    struct wpkg_err *err)
{
	size_t entries = 0;
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, folder, FOLDER_MODE, err);
	if (status != WPKG_OK)
		return status;
	DIR *list = opendir(folder);
	if (!list)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	while (entries < 3 && readdir(list))
		entries++;
	closedir(list);
	if (entries > 2) /* "." and ".." */
		return WPKG_FAIL(err, WPKG_EEXISTS, "%s is not empty", folder);
	exporter->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (exporter->folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	status = wpkg_file_make_dirs(exporter->folder, "invoices", FOLDER_MODE, err);
	if (status == WPKG_OK)
		status = wpkg_file_make_dirs(exporter->folder, "parcels", FOLDER_MODE, err);
	if (status != WPKG_OK)
		return status;
	exporter->lines = openat(exporter->folder, TRANSFER_FILE,
				 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return exporter->lines >= 0 ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, TRANSFER_FILE);
}

enum wpkg_status wpkg_store_export(struct wpkg_transfer_report *out, struct wpkg_store *store,
				   const char *folder, const struct wpkg_transfer_options *options,
				   struct wpkg_err *err)
{
	static const struct wpkg_transfer_options none = {0};
	struct exporter exporter = {
		.store = store, .options = options ? options : &none, .folder = -1, .lines = -1};
	int hold = -1;
	wpkg_buf_init(&exporter.buf, TRANSFER_LINE_MAX);
	enum wpkg_status status = open_target(&exporter, folder, err);
	/* The view is one moment's, and so must be the files that it names. */
	if (status == WPKG_OK)
		status = store_hold_take(&hold, store, STORE_HOLD_KEEP, err);
	if (status == WPKG_OK)
		status = store_read(store, write_all, &exporter, err);
	/* Thousands of new files: one sync of their file system instead of one each. */
	if (status == WPKG_OK && syncfs(exporter.folder) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	if (status == WPKG_OK)
		*out = exporter.report;
	store_hold_release(hold);
	wpkg_buf_clear(&exporter.buf);
	if (exporter.lines >= 0)
		close(exporter.lines);
	if (exporter.folder >= 0)
		close(exporter.folder);
	return status;
}
