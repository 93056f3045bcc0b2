/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what export.c writes and what an original Bindle server keeps. First the lines of
 * registry.jsonl, when there is one, in their order; then each invoice of the folder that no line
 * spoke of. A version's parcels come before the version itself, each in a commit of its own, so
 * that a cut import has brought whole versions and may be run again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "data/json.h"
#include "pkg/id.h"
#include "store/access.h"
#include "store/blob_index.h"
#include "store/package_index.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"
#include "store/transfer.h"
#include "store/upkeep.h"

#define PACKAGES_STEP 200
#define ITEM_MAX ((size_t)512 << 20) /* of one line or invoice in memory */
#define READ_STEP ((size_t)256 << 10)

struct importer {
	struct wpkg_store *store;
	const struct wpkg_transfer_options *options;
	int folder;
	struct wpkg_arena arena; /* of one item */
	/* The ids (as folders are named) that the lines spoke of; sorted when all are in. */
	struct wpkg_digest *seen;
	size_t seen_count;
	size_t seen_cap;
	struct wpkg_transfer_report report;
};

static void note(struct importer *importer, struct wpkg_str subject, const char *problem)
{
	struct wpkg_transfer_note step = {.subject = subject, .problem = wpkg_str_from(problem)};
	if (problem)
		importer->report.passed_over++;
	if (importer->options->note)
		importer->options->note(importer->options->user, &step);
}

/* What is wrong with an item is the item's; what is wrong with us ends the import. */
static bool is_ours(enum wpkg_status status)
{
	return status == WPKG_ENOMEM || status == WPKG_EBUSY || status == WPKG_EIO ||
	       status == WPKG_EFULL;
}

static enum wpkg_status pass_over(struct importer *importer, struct wpkg_str subject,
				  enum wpkg_status status, const struct wpkg_err *problem,
				  struct wpkg_err *err)
{
	if (status == WPKG_OK)
		return WPKG_OK;
	if (is_ours(status)) {
		if (err)
			*err = *problem;
		return status;
	}
	note(importer, subject, problem->msg);
	return WPKG_OK;
}

/* Parcels */

static enum wpkg_status upload_fd(struct importer *importer, int fd,
				  const struct record_parcel *parcel, struct wpkg_err *err)
{
	struct wpkg_upload_options options = {.digest = &parcel->digest, .size = parcel->size};
	struct wpkg_upload *upload = NULL;
	struct wpkg_uploaded uploaded;
	char *buffer = wpkg_mem_alloc(READ_STEP);
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	enum wpkg_status status = wpkg_upload_begin(&upload, importer->store, &options, err);
	while (status == WPKG_OK) {
		ssize_t n = read(fd, buffer, READ_STEP);
		if (n == 0)
			break;
		if (n > 0)
			status = wpkg_upload_write(upload, wpkg_str_of(buffer, (size_t)n), err);
		else if (errno != EINTR)
			status = WPKG_FAIL_ERRNO(err, errno, "reading");
	}
	if (status == WPKG_OK)
		status = upload_finish_wait(&uploaded, upload, err);
	else
		wpkg_upload_abort(upload);
	if (status == WPKG_OK && !uploaded.existed) {
		importer->report.blobs++;
		importer->report.bytes += uploaded.size;
	}
	wpkg_mem_free(buffer);
	return status;
}

/* A pipe or a device under a parcel's name must not hold us up: only a plain file is opened. */
static enum wpkg_status open_plain(int *out, int folder, const char *path, struct wpkg_err *err)
{
	struct stat info;
	enum wpkg_status status =
		wpkg_file_open_beneath(out, folder, path, O_RDONLY | O_NONBLOCK, 0, err);
	if (status != WPKG_OK)
		return status;
	if (fstat(*out, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(*out);
		return WPKG_FAIL(err, WPKG_EINVAL, "%s is not a plain file", path);
	}
	return WPKG_OK;
}

static enum wpkg_status import_parcel(struct importer *importer, const struct record_parcel *parcel,
				      struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	struct wpkg_err problem;
	uint64_t size;
	int fd = -1;
	enum wpkg_status status = wpkg_blob_size(&size, importer->store, &parcel->digest, &problem);
	if (status != WPKG_ENOTFOUND)
		return pass_over(importer, (struct wpkg_str){0}, status, &problem, err);
	wpkg_digest_format(hex, &parcel->digest);
	snprintf(path, sizeof(path), "parcels/%s/parcel.dat", hex);
	status = open_plain(&fd, importer->folder, path, &problem);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status == WPKG_OK) {
		status = upload_fd(importer, fd, parcel, &problem);
		close(fd);
	}
	return pass_over(importer, wpkg_str_from(path), status, &problem, err);
}

/* Records */

struct item {
	struct record_draft draft;
	enum wpkg_record_state state; /* as the source says */
	bool stated;		      /* the source says so; else what its parcels make of it */
	struct wpkg_str verdict;
	int64_t created;
	int64_t published;
	int64_t yanked;
	struct wpkg_str yanked_by;
	struct wpkg_str yank_reason;
	struct wpkg_str actor; /* of the event */
	struct wpkg_arena *arena;
	struct package_manifest package;
	bool existed;
};

/* The way to a state is the way that any version goes, so that counts and rules hold. */
static enum wpkg_status move_to(struct db *db, int64_t id, enum wpkg_record_state state,
				struct wpkg_err *err)
{
	static const struct {
		enum record_move moves[3];
		size_t count;
	} ways[] = {
		[WPKG_RECORD_INCOMPLETE] = {.count = 0},
		[WPKG_RECORD_CHECKING] = {{RECORD_COMPLETE}, 1},
		[WPKG_RECORD_PUBLISHED] = {{RECORD_COMPLETE, RECORD_PUBLISH}, 2},
		[WPKG_RECORD_REJECTED] = {{RECORD_COMPLETE, RECORD_REJECT}, 2},
		[WPKG_RECORD_YANKED] = {{RECORD_COMPLETE, RECORD_PUBLISH, RECORD_YANK}, 3},
	};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < ways[state].count; i++) {
		bool moved = false;
		status = record_move(&moved, db, id, ways[state].moves[i], err);
	}
	return status;
}

static enum wpkg_status choose_state(enum wpkg_record_state *out, const struct item *item,
				     struct db *db, int64_t id, struct wpkg_err *err)
{
	struct wpkg_digests missing;
	enum wpkg_status status = record_list_missing(&missing, item->arena, db, id, err);
	if (status != WPKG_OK)
		return status;
	*out = item->state;
	/* A refused version may have lost its parcels to gc. */
	if (missing.count == 0 || item->state == WPKG_RECORD_REJECTED)
		return WPKG_OK;
	if (item->state == WPKG_RECORD_YANKED)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "it is yanked and %zu parcels are missing",
				 missing.count);
	*out = WPKG_RECORD_INCOMPLETE;
	return WPKG_OK;
}

static enum wpkg_status set_history(struct db *db, int64_t id, const struct item *item,
				    struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db,
		       "UPDATE records SET created = $2, "
		       "published = CASE WHEN state IN (2, 4) THEN $3 ELSE 0 END, "
		       "yanked = CASE WHEN state = 4 THEN $4 ELSE 0 END, yanked_by = $5, "
		       "yank_reason = $6 WHERE id = $1",
		       DB_VALUES(db_integer(id), db_integer(item->created),
				 db_integer(item->published), db_integer(item->yanked),
				 db_text(item->yanked_by), db_text(item->yank_reason)),
		       err);
	if (status == WPKG_OK && item->verdict.len > 0)
		status = db_run(NULL, db,
				"UPDATE record_texts SET verdict = $2 WHERE record_id = $1",
				DB_VALUES(db_integer(id), db_text(item->verdict)), err);
	return status;
}

static enum wpkg_status check_free(struct item *item, struct db *db, int64_t name_id,
				   struct wpkg_err *err)
{
	struct record_head head;
	bool found = false;
	int64_t removed = 0;
	enum wpkg_status status = record_head_find_version(&head, item->arena, db, name_id,
							   item->draft.precedence, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&found, &removed, db,
			"SELECT removed FROM removed_versions "
			"WHERE name_id = $1 AND version = $2",
			DB_VALUES(db_integer(name_id), db_text(item->draft.version)), err);
	if (status == WPKG_OK && found)
		return WPKG_FAIL(err, WPKG_EEXISTS, "it was deleted for good here");
	item->existed = status == WPKG_OK && head.id != 0;
	return status;
}

static enum wpkg_status insert_item(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct item *item = arguments;
	enum wpkg_record_state state = WPKG_RECORD_INCOMPLETE;
	int64_t name_id = 0;
	int64_t id = 0;
	bool made = false;
	(void)store;
	enum wpkg_status status = record_claim_name(&name_id, &made, db, &item->draft, err);
	if (status == WPKG_OK)
		status = check_free(item, db, name_id, err);
	if (status != WPKG_OK || item->existed)
		return status;
	status = record_insert(&id, db, name_id, &item->draft, err);
	if (status == WPKG_OK)
		status = choose_state(&state, item, db, id, err);
	if (status == WPKG_OK)
		status = move_to(db, id, state, err);
	bool is_public = state == WPKG_RECORD_PUBLISHED || state == WPKG_RECORD_YANKED;
	if (status == WPKG_OK && is_public)
		status = package_manifest_insert(db, id, &item->package, err);
	if (status == WPKG_OK && state == WPKG_RECORD_INCOMPLETE)
		status = record_wait(db, id, err);
	if (status == WPKG_OK)
		status = set_history(db, id, item, err);
	if (status == WPKG_OK)
		status = package_mark_times(db, name_id, err);
	const struct wpkg_event event = {
		.kind = WPKG_LIT("import"),
		.name = item->draft.name,
		.version = item->draft.version,
		.actor = item->actor,
		.detail = wpkg_str_from(wpkg_record_state_name(state)),
		.manifest = is_public ? package_manifest_digest(&item->package) : NULL,
	};
	return status == WPKG_OK ? store_add_event(db, &event, err) : status;
}

/* Reads the invoice into the item's draft. What the source is silent about is filled in. pushed:
 * the manifest that the version was pushed as; NULL: none. */
static enum wpkg_status complete_item(struct importer *importer, struct item *item,
				      struct wpkg_str text, const struct wpkg_new_manifest *pushed,
				      struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_buf canonical;
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, &importer->arena, text, WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_new_record record = {.invoice = invoice, .pusher = item->draft.pusher};
	if (!item->stated) {
		item->state = invoice->yanked ? WPKG_RECORD_YANKED : WPKG_RECORD_PUBLISHED;
		item->created = item->published = item->yanked = wpkg_clock_now();
		record.pusher = importer->options->actor;
	}
	/* From now on it is served in our own form. */
	wpkg_buf_init(&canonical, (size_t)8 * WPKG_INVOICE_MAX);
	status = wpkg_invoice_write(&canonical, invoice, WPKG_INVOICE_TOML, err);
	record.text = wpkg_buf_str(&canonical);
	if (status == WPKG_OK)
		status = record_draft_make(&item->draft, &importer->arena, &record, err);
	if (status == WPKG_OK) {
		item->draft.text = wpkg_arena_dup(&importer->arena, record.text);
		if (!item->draft.text.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	}
	wpkg_buf_clear(&canonical);
	if (status == WPKG_OK)
		status = package_manifest_make(&item->package, &importer->arena, item->draft.text,
					       pushed, err);
	item->arena = &importer->arena;
	item->actor = importer->options->actor;
	return status;
}

static enum wpkg_status import_item(struct importer *importer, struct item *item,
				    struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_err problem;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < item->draft.parcel_count; i++)
		status = import_parcel(importer, &item->draft.parcels[i], err);
	if (status != WPKG_OK)
		return status;
	status = store_write(importer->store, insert_item, item, &problem);
	if (status != WPKG_OK)
		return pass_over(importer, subject, status, &problem, err);
	if (item->existed) {
		importer->report.present++;
		return WPKG_OK;
	}
	importer->report.records++;
	note(importer, subject, NULL);
	return WPKG_OK;
}

static enum wpkg_status read_file(struct wpkg_str *out, struct importer *importer, const char *path,
				  size_t max, struct wpkg_err *err)
{
	struct wpkg_buf text;
	int fd = -1;
	enum wpkg_status status = open_plain(&fd, importer->folder, path, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&text, max);
	status = wpkg_file_read_fd(&text, fd, path, err);
	close(fd);
	if (status == WPKG_OK) {
		*out = wpkg_arena_dup(&importer->arena, wpkg_buf_str(&text));
		if (!out->ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status read_invoice(struct wpkg_str *out, struct importer *importer,
				     const struct wpkg_digest *id, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	wpkg_digest_format(hex, id);
	snprintf(path, sizeof(path), "invoices/%s/invoice.toml", hex);
	return read_file(out, importer, path, WPKG_INVOICE_MAX, err);
}

/* Manifests */

static enum wpkg_status read_manifest(struct wpkg_str *out, struct wpkg_oci_parts *parts,
				      struct importer *importer, struct wpkg_str sha256,
				      struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char path[TRANSFER_PATH];
	if (!wpkg_digest_parse(&digest, sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "its sha256 is none");
	snprintf(path, sizeof(path), "parcels/%.*s/parcel.dat", WPKG_STR_ARG(sha256));
	enum wpkg_status status = read_file(out, importer, path, WPKG_OCI_MANIFEST_MAX, err);
	return status == WPKG_OK ? wpkg_oci_parts_read(parts, &importer->arena, *out, err) : status;
}

struct linking {
	struct wpkg_str name;
	struct wpkg_str pusher;
	const struct wpkg_oci_parts *parts;
};

/* What the source had in the repository was pushed to it. */
static enum wpkg_status link_parts(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	const struct linking *linking = arguments;
	int64_t name_id = 0;
	(void)store;
	enum wpkg_status status = repository_enter(
		&name_id, db, linking->name, &(struct wpkg_act){.actor = linking->pusher}, err);
	for (size_t i = 0; status == WPKG_OK && i < linking->parts->count; i++) {
		const struct wpkg_oci_part *part = &linking->parts->parts[i];
		struct blob_row blob = {0};
		if (part->is_manifest)
			continue;
		status = blob_index_find_content(&blob, db, &part->digest, err);
		if (status == WPKG_OK && blob.id != 0)
			status = repository_link(db, name_id, blob.id, linking->pusher, err);
	}
	return status;
}

static enum wpkg_status import_part_blobs(struct importer *importer,
					  const struct wpkg_oci_parts *parts, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < parts->count; i++) {
		struct record_parcel parcel = {.size = WPKG_SIZE_UNKNOWN};
		if (parts->parts[i].is_manifest || parts->parts[i].digest.algorithm != WPKG_SHA256)
			continue;
		memcpy(parcel.digest.bytes, parts->parts[i].digest.bytes,
		       sizeof(parcel.digest.bytes));
		status = import_parcel(importer, &parcel, err);
	}
	return status;
}

/* Lines */

static struct wpkg_str text_of(const struct wpkg_value *line, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(line, key);
	return value && value->kind == WPKG_VALUE_STRING ? value->string
							 : (struct wpkg_str)WPKG_STR("");
}

static int64_t integer_of(const struct wpkg_value *line, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(line, key);
	return value && value->kind == WPKG_VALUE_INTEGER ? value->integer : 0;
}

static enum wpkg_status remember(struct importer *importer, const struct wpkg_digest *id,
				 struct wpkg_err *err)
{
	if (importer->seen_count == importer->seen_cap) {
		size_t cap = importer->seen_cap > 0 ? importer->seen_cap * 2 : 1024;
		struct wpkg_digest *longer = wpkg_mem_resize(importer->seen, cap, sizeof(*longer));
		if (!longer)
			return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
		importer->seen = longer;
		importer->seen_cap = cap;
	}
	importer->seen[importer->seen_count++] = *id;
	return WPKG_OK;
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct wpkg_digest));
}

static enum wpkg_status put_manifest(struct importer *importer, const struct wpkg_value *line,
				     struct wpkg_str bytes, const struct wpkg_oci_parts *parts,
				     struct wpkg_err *err)
{
	struct linking linking = {
		.name = text_of(line, "name"), .pusher = text_of(line, "pusher"), .parts = parts};
	const struct wpkg_tag_set tag = {.tag = text_of(line, "tag"), .fixed = true};
	struct wpkg_content_digest called;
	struct wpkg_put_manifest put;
	if (!wpkg_content_digest_parse(&called, text_of(line, "digest")))
		return WPKG_FAIL(err, WPKG_EFORMAT, "its digest is none");
	const struct wpkg_new_manifest manifest = {.name = linking.name,
						   .bytes = bytes,
						   .media_type = text_of(line, "media_type"),
						   .parts = parts,
						   .digest = &called,
						   .tags = &tag,
						   .tag_count = tag.tag.len > 0,
						   .pusher = linking.pusher};
	enum wpkg_status status = store_write(importer->store, link_parts, &linking, err);
	if (status == WPKG_OK)
		status = wpkg_manifest_put(&put, &importer->arena, importer->store, &manifest, err);
	return status;
}

static enum wpkg_status import_manifest_line(struct importer *importer,
					     const struct wpkg_value *line, struct wpkg_str subject,
					     struct wpkg_err *err)
{
	struct wpkg_oci_parts parts;
	struct wpkg_str bytes;
	struct wpkg_err problem;
	enum wpkg_status status =
		read_manifest(&bytes, &parts, importer, text_of(line, "sha256"), &problem);
	if (status != WPKG_OK)
		return pass_over(importer, subject, status, &problem, err);
	status = import_part_blobs(importer, &parts, err);
	if (status != WPKG_OK)
		return status;
	status = put_manifest(importer, line, bytes, &parts, &problem);
	return pass_over(importer, subject, status, &problem, err);
}

/* The manifest that a version was pushed as; its line came before. */
static enum wpkg_status find_pushed(struct wpkg_new_manifest *out, struct wpkg_oci_parts *parts,
				    struct importer *importer, struct wpkg_str name,
				    struct wpkg_str sha256, struct wpkg_err *err)
{
	struct wpkg_content_digest digest = {.algorithm = WPKG_SHA256};
	struct wpkg_manifest manifest;
	struct wpkg_digest plain;
	if (!wpkg_digest_parse(&plain, sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "its manifest is none");
	digest = wpkg_content_digest_of_sha256(&plain);
	enum wpkg_status status = wpkg_manifest_find(&manifest, &importer->arena, importer->store,
						     name, &digest, WPKG_MANIFEST_WHOLE, err);
	if (status == WPKG_OK)
		status = wpkg_oci_parts_read(parts, &importer->arena, manifest.bytes, err);
	*out = (struct wpkg_new_manifest){
		.bytes = manifest.bytes, .media_type = manifest.media_type, .parts = parts};
	return status;
}

/* The invoice of a version that everybody may see is a file; others' stand in the line. */
static enum wpkg_status import_record_line(struct importer *importer, const struct wpkg_value *line,
					   struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_digest id;
	struct wpkg_err problem;
	struct wpkg_str text = text_of(line, "invoice");
	struct wpkg_str manifest = text_of(line, "manifest");
	struct wpkg_new_manifest pushed;
	struct wpkg_oci_parts parts;
	struct item item = {
		.stated = true,
		.draft.pusher = text_of(line, "pusher"),
		.verdict = text_of(line, "verdict"),
		.created = integer_of(line, "created"),
		.published = integer_of(line, "published"),
		.yanked = integer_of(line, "yanked"),
		.yanked_by = text_of(line, "yanked_by"),
		.yank_reason = text_of(line, "yank_reason"),
	};
	enum wpkg_status status =
		wpkg_id_digest(&id, text_of(line, "name"), text_of(line, "version"), err);
	if (status == WPKG_OK)
		status = remember(importer, &id, err);
	if (status != WPKG_OK)
		return status;
	if (!wpkg_record_state_parse(&item.state, text_of(line, "state"))) {
		note(importer, subject, "its state is none");
		return WPKG_OK;
	}
	if (text.len == 0)
		status = read_invoice(&text, importer, &id, &problem);
	if (status == WPKG_OK && manifest.len > 0)
		status = find_pushed(&pushed, &parts, importer, text_of(line, "name"), manifest,
				     &problem);
	if (status == WPKG_OK)
		status = complete_item(importer, &item, text, manifest.len > 0 ? &pushed : NULL,
				       &problem);
	if (status != WPKG_OK)
		return pass_over(importer, subject, status, &problem, err);
	return import_item(importer, &item, subject, err);
}

struct line_change {
	const struct wpkg_value *line;
	const char *sql;
	struct db_value values[5];
	size_t count;
	struct record_draft draft; /* of a name that must be there first; name.len 0: none */
};

static enum wpkg_status apply_line(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct line_change *change = arguments;
	enum wpkg_status status = WPKG_OK;
	int64_t id = 0;
	bool made = false;
	(void)store;
	if (change->draft.name.len > 0) {
		status = record_claim_name(&id, &made, db, &change->draft, err);
		change->values[0] = db_integer(id);
	}
	return status == WPKG_OK ? db_run(NULL, db, change->sql, change->values, change->count, err)
				 : status;
}

/* An owner who is here already stays. */
static void name_change(struct line_change *change, const struct wpkg_value *line)
{
	change->sql = "UPDATE names SET owner = $2, given = $3 WHERE id = $1 AND owner = ''";
	change->draft.name = text_of(line, "name");
	change->values[1] = db_text(text_of(line, "owner"));
	change->values[2] = db_integer(integer_of(line, "given") != 0);
	change->count = 3;
}

static void removed_change(struct line_change *change, const struct wpkg_value *line)
{
	change->sql = "INSERT INTO removed_versions SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS "
		      "(SELECT 1 FROM records WHERE name_id = $1 AND version = $2) "
		      "ON CONFLICT DO NOTHING";
	change->draft.name = text_of(line, "name");
	change->values[1] = db_text(text_of(line, "version"));
	change->values[2] = db_integer(integer_of(line, "removed"));
	change->values[3] = db_text(text_of(line, "actor"));
	change->values[4] = db_text(text_of(line, "reason"));
	change->count = 5;
}

static void grant_change(struct line_change *change, const struct wpkg_value *line)
{
	change->sql = "INSERT INTO grants (pattern, user_name, access, granted_by, created) "
		      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
	change->values[0] = db_text(text_of(line, "pattern"));
	change->values[1] = db_text(text_of(line, "user"));
	change->values[2] = db_integer(integer_of(line, "right"));
	change->values[3] = db_text(text_of(line, "by"));
	change->values[4] = db_integer(integer_of(line, "created"));
	change->count = 5;
}

static enum wpkg_status import_change(struct importer *importer, struct line_change *change,
				      struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_err problem;
	enum wpkg_status status = WPKG_OK;
	if (change->draft.name.len > 0)
		status = record_draft_name(&change->draft, &importer->arena, &problem);
	if (status == WPKG_OK)
		status = store_write(importer->store, apply_line, change, &problem);
	return pass_over(importer, subject, status, &problem, err);
}

/* The second name of a blob that is wanted by it: the blob comes first. */
static enum wpkg_status import_alias_line(struct importer *importer, const struct wpkg_value *line,
					  struct wpkg_str subject, struct wpkg_err *err)
{
	struct record_parcel parcel = {.size = WPKG_SIZE_UNKNOWN};
	uint8_t sha512[64];
	if (!wpkg_digest_parse(&parcel.digest, text_of(line, "sha256")) ||
	    !wpkg_hex_parse(sha512, sizeof(sha512), text_of(line, "sha512"))) {
		note(importer, subject, "its digests are none");
		return WPKG_OK;
	}
	struct line_change change = {
		.sql = "INSERT INTO blob_aliases (digest, blob_id) SELECT $2, id FROM blobs "
		       "WHERE digest = $1 ON CONFLICT DO NOTHING",
		.values = {db_digest(&parcel.digest), db_bytes(wpkg_str_of(sha512, 64))},
		.count = 2,
	};
	enum wpkg_status status = import_parcel(importer, &parcel, err);
	return status == WPKG_OK ? import_change(importer, &change, subject, err) : status;
}

static enum wpkg_status import_line(struct importer *importer, const struct wpkg_value *line,
				    struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_str kind = text_of(line, "kind");
	struct line_change change = {.line = line};
	struct wpkg_digest digest;
	if (wpkg_str_equal_text(kind, "record")) {
		subject = wpkg_arena_format(&importer->arena, "%.*s/%.*s",
					    WPKG_STR_ARG(text_of(line, "name")),
					    WPKG_STR_ARG(text_of(line, "version")));
		return import_record_line(importer, line, subject, err);
	}
	if (wpkg_str_equal_text(kind, "manifest"))
		return import_manifest_line(importer, line, subject, err);
	if (wpkg_str_equal_text(kind, "alias"))
		return import_alias_line(importer, line, subject, err);
	if (wpkg_str_equal_text(kind, "registry")) {
		if (integer_of(line, "version") == TRANSFER_VERSION)
			return WPKG_OK;
		return WPKG_FAIL(err, WPKG_EFORMAT, TRANSFER_FILE " has version %lld, not %d",
				 (long long)integer_of(line, "version"), TRANSFER_VERSION);
	}
	if (wpkg_str_equal_text(kind, "name")) {
		name_change(&change, line);
	} else if (wpkg_str_equal_text(kind, "removed")) {
		removed_change(&change, line);
	} else if (wpkg_str_equal_text(kind, "grant")) {
		grant_change(&change, line);
	} else if (wpkg_str_equal_text(kind, "facts") &&
		   wpkg_digest_parse(&digest, text_of(line, "sha256"))) {
		change.sql = "INSERT INTO facts (blob_id, json) SELECT id, $2 FROM blobs "
			     "WHERE digest = $1 ON CONFLICT DO NOTHING";
		change.values[0] = db_digest(&digest);
		change.values[1] = db_text(text_of(line, "json"));
		change.count = 2;
	} else {
		note(importer, subject, "its kind is none");
		return WPKG_OK;
	}
	return import_change(importer, &change, subject, err);
}

static enum wpkg_status import_text(struct importer *importer, struct wpkg_str text, size_t number,
				    struct wpkg_err *err)
{
	struct wpkg_value *line = NULL;
	struct wpkg_err problem;
	struct wpkg_str subject =
		wpkg_arena_format(&importer->arena, TRANSFER_FILE " line %zu", number);
	if (!subject.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	enum wpkg_status status = wpkg_json_read(&line, &importer->arena, text, &problem);
	if (status != WPKG_OK)
		return pass_over(importer, subject, status, &problem, err);
	return import_line(importer, line, subject, err);
}

/* A file of lines, read in pieces into a buffer that holds the longest. */
struct lines {
	int fd;
	struct wpkg_buf buf;
	size_t at; /* of what was not yet given */
	bool ended;
};

static enum wpkg_status fill_lines(struct lines *lines, struct wpkg_err *err)
{
	size_t rest = lines->buf.len - lines->at;
	if (lines->at > 0)
		memmove(lines->buf.ptr, lines->buf.ptr + lines->at, rest);
	lines->buf.len = rest;
	lines->at = 0;
	size_t step = lines->buf.max - rest < READ_STEP ? lines->buf.max - rest : READ_STEP;
	if (step == 0)
		return WPKG_FAIL(err, WPKG_ELIMIT,
				 TRANSFER_FILE " has a line of more than %zu bytes",
				 lines->buf.max);
	char *to = wpkg_buf_extend(&lines->buf, step);
	if (!to)
		return wpkg_buf_check(&lines->buf, TRANSFER_FILE, err);
	ssize_t n = read(lines->fd, to, step);
	lines->buf.len = rest + (n > 0 ? (size_t)n : 0);
	lines->ended = n == 0;
	if (n < 0 && errno != EINTR)
		return WPKG_FAIL_ERRNO(err, errno, TRANSFER_FILE);
	return WPKG_OK;
}

/* *line is borrowed until the next call; its ptr is NULL at the end. */
static enum wpkg_status next_line(struct wpkg_str *line, struct lines *lines, struct wpkg_err *err)
{
	size_t searched = 0;
	for (;;) {
		struct wpkg_str rest = wpkg_str_from_offset(wpkg_buf_str(&lines->buf), lines->at);
		size_t end = searched + wpkg_str_find(wpkg_str_from_offset(rest, searched), '\n');
		if (end < rest.len || (lines->ended && rest.len > 0)) {
			*line = wpkg_str_slice(rest, 0, end);
			lines->at += end < rest.len ? end + 1 : end;
			return WPKG_OK;
		}
		*line = (struct wpkg_str){0};
		if (lines->ended)
			return WPKG_OK;
		searched = rest.len;
		enum wpkg_status status = fill_lines(lines, err);
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status import_lines(struct importer *importer, struct wpkg_err *err)
{
	struct lines lines = {0};
	struct wpkg_str line;
	size_t number = 0;
	enum wpkg_status status = open_plain(&lines.fd, importer->folder, TRANSFER_FILE, err);
	if (status != WPKG_OK)
		return status == WPKG_ENOTFOUND ? WPKG_OK : status;
	wpkg_buf_init(&lines.buf, TRANSFER_LINE_MAX);
	do {
		status = next_line(&line, &lines, err);
		if (status == WPKG_OK && line.ptr)
			status = import_text(importer, line, ++number, err);
		wpkg_arena_clear(&importer->arena);
	} while (status == WPKG_OK && line.ptr);
	close(lines.fd);
	wpkg_buf_clear(&lines.buf);
	if (importer->seen_count > 0)
		qsort(importer->seen, importer->seen_count, sizeof(*importer->seen),
		      compare_digests);
	return status;
}

/* Folders */

static bool is_seen(const struct importer *importer, const struct wpkg_digest *id)
{
	return importer->seen_count > 0 &&
	       bsearch(id, importer->seen, importer->seen_count, sizeof(*id), compare_digests);
}

static enum wpkg_status import_folder(struct importer *importer, const char *name,
				      struct wpkg_err *err)
{
	struct item item = {0};
	struct wpkg_digest id;
	struct wpkg_digest is;
	struct wpkg_err problem;
	struct wpkg_str text;
	struct wpkg_str subject = wpkg_arena_format(&importer->arena, "invoices/%s", name);
	if (!subject.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	if (!wpkg_digest_parse(&id, wpkg_str_from(name))) {
		note(importer, subject, "is not named by a digest");
		return WPKG_OK;
	}
	if (is_seen(importer, &id))
		return WPKG_OK;
	enum wpkg_status status = read_invoice(&text, importer, &id, &problem);
	if (status == WPKG_OK)
		status = complete_item(importer, &item, text, NULL, &problem);
	if (status == WPKG_OK)
		status = wpkg_id_digest(&is, item.draft.name, item.draft.version, &problem);
	if (status == WPKG_OK && !wpkg_digest_equal(&is, &id))
		status = WPKG_FAIL(&problem, WPKG_EINVAL,
				   "it holds %.*s/%.*s, which belongs elsewhere",
				   WPKG_STR_ARG(item.draft.name), WPKG_STR_ARG(item.draft.version));
	if (status != WPKG_OK)
		return pass_over(importer, subject, status, &problem, err);
	subject = wpkg_arena_format(&importer->arena, "%.*s/%.*s", WPKG_STR_ARG(item.draft.name),
				    WPKG_STR_ARG(item.draft.version));
	return import_item(importer, &item, subject, err);
}

static enum wpkg_status import_folders(struct importer *importer, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	int fd = openat(importer->folder, "invoices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list) {
		status = WPKG_FAIL_ERRNO(err, errno, "invoices");
		if (fd >= 0)
			close(fd);
		return status;
	}
	for (const struct dirent *entry = readdir(list); status == WPKG_OK && entry;
	     entry = readdir(list)) {
		if (entry->d_name[0] == '.')
			continue;
		status = import_folder(importer, entry->d_name, err);
		wpkg_arena_clear(&importer->arena);
	}
	closedir(list);
	return status;
}

/* Once what versions hold is all there. */
static enum wpkg_status derive_packages(struct wpkg_store *store, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	bool done = false;
	while (status == WPKG_OK && !done)
		status = wpkg_packages_catch_up(&done, store, PACKAGES_STEP, err);
	return status;
}

enum wpkg_status wpkg_store_import(struct wpkg_transfer_report *out, struct wpkg_store *store,
				   const char *folder, const struct wpkg_transfer_options *options,
				   struct wpkg_err *err)
{
	static const struct wpkg_transfer_options none = {0};
	struct importer importer = {.store = store, .options = options ? options : &none};
	int hold = -1;
	enum wpkg_status status = WPKG_OK;
	importer.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (importer.folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	wpkg_arena_init(&importer.arena, ITEM_MAX);
	/* Parcels come before the version that holds them. */
	status = store_hold_take(&hold, store, STORE_HOLD_KEEP, err);
	if (status == WPKG_OK)
		status = import_lines(&importer, err);
	if (status == WPKG_OK)
		status = import_folders(&importer, err);
	if (status == WPKG_OK)
		status = derive_packages(store, err);
	if (status == WPKG_OK)
		*out = importer.report;
	store_hold_release(hold);
	wpkg_mem_free(importer.seen);
	wpkg_arena_clear(&importer.arena);
	close(importer.folder);
	return status;
}
