/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One model: each version that is published is also a manifest in the repository of its name, with
 * the tag of its number, and the invoice with its signatures is a referrer of that manifest. Both
 * are made in the commit that publishes the version; when the invoice is signed or yanked, only the
 * referrer is another one, and a yanked version loses its tag.
 */
#include "pkg/invoice.h"
#include "pkg/oci_signed.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

static const char empty_object[] = WPKG_OCI_EMPTY_CONFIG;

/* A referrer with the empty configuration and the invoice as its only layer. */
static enum wpkg_status make_referrer(struct package_manifest *package, struct wpkg_arena *arena,
				      struct wpkg_err *err)
{
	char digest[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(digest, &package->called);
	const struct wpkg_oci_subject subject = {.media_type = package->media_type,
						 .digest = wpkg_str_from(digest),
						 .size = package->text.len};
	package->referrer = wpkg_oci_referrer_of_invoice(arena, &package->invoice_digest,
							 package->invoice.len, &subject, err);
	if (!package->referrer.ptr)
		return WPKG_ENOMEM;
	return wpkg_digest_of(&package->referrer_digest, package->referrer, err);
}

static enum wpkg_status take_pushed(struct package_manifest *package,
				    const struct wpkg_new_manifest *pushed, struct wpkg_err *err)
{
	package->text = pushed->bytes;
	package->media_type = pushed->media_type;
	package->parts = *pushed->parts;
	enum wpkg_status status = wpkg_digest_of(&package->digest, package->text, err);
	package->called =
		pushed->digest ? *pushed->digest : wpkg_content_digest_of_sha256(&package->digest);
	return status;
}

/* A package of thousands of parcels can be too large to be a manifest; it is a package without. */
static enum wpkg_status compute(struct package_manifest *package, struct wpkg_arena *arena,
				const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_oci_manifest made;
	struct wpkg_err problem;
	enum wpkg_status status = wpkg_oci_manifest_of_invoice(&made, arena, invoice, &problem);
	package->is_none = status == WPKG_ELIMIT;
	if (package->is_none)
		return WPKG_OK;
	if (status != WPKG_OK) {
		if (err)
			*err = problem;
		return status;
	}
	package->is_made = true;
	package->text = made.text;
	package->digest = made.digest;
	package->called = wpkg_content_digest_of_sha256(&made.digest);
	package->media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE);
	package->config = made.config;
	package->config_digest = made.config_digest;
	return wpkg_oci_parts_read(&package->parts, arena, made.text, err);
}

enum wpkg_status package_manifest_make(struct package_manifest *out, struct wpkg_arena *arena,
				       struct wpkg_str text, const struct wpkg_new_manifest *pushed,
				       struct wpkg_err *err)
{
	struct package_manifest package = {.invoice = text};
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = wpkg_invoice_read(&invoice, arena, text, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_digest_of(&package.invoice_digest, text, err);
	if (status == WPKG_OK && pushed)
		status = take_pushed(&package, pushed, err);
	else if (status == WPKG_OK)
		status = compute(&package, arena, invoice, err);
	if (status == WPKG_OK && !package.is_none) {
		package.tag = wpkg_oci_tag_of_version(arena, invoice->version);
		if (!package.tag.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
	}
	if (status == WPKG_OK && !package.is_none)
		status = make_referrer(&package, arena, err);
	if (status == WPKG_OK)
		*out = package;
	return status;
}

const struct wpkg_digest *package_manifest_digest(const struct package_manifest *package)
{
	return package->is_none ? NULL : &package->digest;
}

/* In the transaction */

/* What a version's own manifest names is the version's; what a pushed one names must have been
 * pushed to the repository, too. */
static enum wpkg_status add_parts(struct db *db, int64_t id, int64_t name_id,
				  const struct package_manifest *package, struct wpkg_err *err)
{
	const struct wpkg_oci_parts *parts = &package->parts;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < parts->count; i++) {
		const struct wpkg_content_digest *digest = &parts->parts[i].digest;
		struct blob_row blob;
		if (package->is_made)
			status = blob_index_find_content(&blob, db, digest, err);
		else
			status = repository_find_blob(&blob, db, name_id, digest, err);
		if (status == WPKG_OK && blob.id != 0)
			status = manifest_add_part(db, id, name_id, blob.id, err);
		else if (status == WPKG_OK && !parts->parts[i].optional)
			status = WPKG_FAIL(err, WPKG_ENOTFOUND,
					   "the manifest names a blob that is not there");
	}
	return status;
}

static enum wpkg_status insert_manifest(int64_t *id, struct db *db, struct manifest_row *row,
					const struct package_manifest *package,
					struct wpkg_err *err)
{
	int64_t config_id = 0;
	bool existed = false;
	enum wpkg_status status = WPKG_OK;
	if (package->is_made)
		status = blob_index_keep_bytes(&config_id, db, &package->config_digest,
					       package->config, err);
	if (status == WPKG_OK)
		status = blob_index_keep_bytes(&row->blob_id, db, &package->digest, package->text,
					       err);
	if (status == WPKG_OK)
		status = blob_index_add_alias(db, row->blob_id, &package->called, err);
	row->algorithm = package->called.algorithm;
	row->media_type = package->media_type;
	row->made = package->is_made;
	row->artifact_type = package->parts.artifact_type;
	if (package->parts.has_subject) {
		row->subject = &package->parts.subject;
		row->annotations = package->parts.annotations;
	}
	if (status == WPKG_OK)
		status = manifest_insert(id, &existed, db, row, err);
	return status == WPKG_OK ? add_parts(db, *id, row->name_id, package, err) : status;
}

static enum wpkg_status insert_referrer(int64_t *id, struct db *db, int64_t name_id,
					struct wpkg_str pusher,
					const struct package_manifest *package,
					struct wpkg_err *err)
{
	struct manifest_row row = {
		.name_id = name_id,
		.media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
		.artifact_type = WPKG_LIT(WPKG_OCI_INVOICE_TYPE),
		.subject = &package->called,
		.pusher = pusher,
		.made = true,
	};
	struct wpkg_digest empty;
	int64_t blobs[2] = {0};
	bool existed = false;
	enum wpkg_status status = wpkg_digest_of(&empty, wpkg_str_from(empty_object), err);
	if (status == WPKG_OK)
		status = blob_index_keep_bytes(&blobs[0], db, &empty, wpkg_str_from(empty_object),
					       err);
	if (status == WPKG_OK)
		status = blob_index_keep_bytes(&blobs[1], db, &package->invoice_digest,
					       package->invoice, err);
	if (status == WPKG_OK)
		status = blob_index_keep_bytes(&row.blob_id, db, &package->referrer_digest,
					       package->referrer, err);
	if (status == WPKG_OK)
		status = manifest_insert(id, &existed, db, &row, err);
	for (size_t i = 0; status == WPKG_OK && i < 2; i++)
		status = manifest_add_part(db, *id, name_id, blobs[i], err);
	return status;
}

struct version_row {
	int64_t name_id;
	int64_t manifest_id;
	int64_t referrer_id;
	enum wpkg_record_state state;
	struct wpkg_str pusher; /* in the arena */
};

static enum wpkg_status find_row(struct version_row *out, struct wpkg_arena *arena, struct db *db,
				 int64_t record_id, struct wpkg_err *err)
{
	struct db_rows rows;
	*out = (struct version_row){0};
	db_rows_open(&rows, db,
		     "SELECT name_id, manifest_id, referrer_id, state, pusher FROM records "
		     "WHERE id = $1",
		     DB_VALUES(db_integer(record_id)));
	if (db_rows_next(&rows))
		*out = (struct version_row){
			.name_id = db_rows_integer(&rows, 0),
			.manifest_id = db_rows_integer(&rows, 1),
			.referrer_id = db_rows_integer(&rows, 2),
			.state = (enum wpkg_record_state)db_rows_integer(&rows, 3),
			.pusher = store_keep_text(arena, &rows, 4),
		};
	return db_rows_close(&rows, err);
}

static enum wpkg_status bind_record(struct db *db, int64_t record_id, int64_t manifest_id,
				    int64_t referrer_id, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "UPDATE records SET manifest_id = $2, referrer_id = $3 WHERE id = $1",
		      DB_VALUES(db_integer(record_id),
				manifest_id != 0 ? db_integer(manifest_id) : db_null(),
				referrer_id != 0 ? db_integer(referrer_id) : db_null()),
		      err);
}

static enum wpkg_status insert(struct db *db, struct wpkg_arena *arena, int64_t record_id,
			       const struct package_manifest *package, struct wpkg_err *err)
{
	struct version_row version;
	int64_t manifest_id = 0;
	int64_t referrer_id = 0;
	enum wpkg_status status = find_row(&version, arena, db, record_id, err);
	struct manifest_row row = {.name_id = version.name_id, .pusher = version.pusher};
	if (status == WPKG_OK)
		status = insert_manifest(&manifest_id, db, &row, package, err);
	if (status == WPKG_OK)
		status = insert_referrer(&referrer_id, db, version.name_id, version.pusher, package,
					 err);
	if (status == WPKG_OK)
		status = bind_record(db, record_id, manifest_id, referrer_id, err);
	if (status == WPKG_OK && version.state == WPKG_RECORD_PUBLISHED)
		status = manifest_set_tag(db, version.name_id, package->tag, manifest_id, err);
	return status;
}

enum wpkg_status package_manifest_insert(struct db *db, int64_t record_id,
					 const struct package_manifest *package,
					 struct wpkg_err *err)
{
	struct wpkg_arena arena;
	if (package->is_none)
		return WPKG_OK;
	wpkg_arena_init(&arena, 65536);
	enum wpkg_status status = insert(db, &arena, record_id, package, err);
	wpkg_arena_clear(&arena);
	return status;
}

/* The referrer is about whatever manifest the version has, computed or pushed. */
static enum wpkg_status find_subject(struct package_manifest *package, struct wpkg_arena *arena,
				     struct db *db, int64_t manifest_id, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT m.media_type, b.digest, b.size, m.algorithm, a.digest "
		     "FROM manifests m JOIN blobs b ON b.id = m.blob_id "
		     "LEFT JOIN blob_aliases a ON a.blob_id = b.id WHERE m.id = $1",
		     DB_VALUES(db_integer(manifest_id)));
	if (db_rows_next(&rows)) {
		struct wpkg_str sha512 = db_rows_bytes(&rows, 4);
		package->media_type = store_keep_text(arena, &rows, 0);
		package->text.len = (size_t)db_rows_integer(&rows, 2);
		if (db_rows_digest(&package->digest, &rows, 1))
			package->called = wpkg_content_digest_of_sha256(&package->digest);
		if (db_rows_integer(&rows, 3) == WPKG_SHA512 && sha512.len == 64) {
			package->called.algorithm = WPKG_SHA512;
			memcpy(package->called.bytes, sha512.ptr, 64);
		}
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status renew(struct db *db, struct wpkg_arena *arena, int64_t record_id,
			      struct wpkg_str text, struct wpkg_err *err)
{
	struct package_manifest package = {.invoice = text};
	struct version_row version;
	int64_t referrer_id = 0;
	enum wpkg_status status = find_row(&version, arena, db, record_id, err);
	if (status != WPKG_OK || version.manifest_id == 0)
		return status;
	status = wpkg_digest_of(&package.invoice_digest, text, err);
	if (status == WPKG_OK)
		status = find_subject(&package, arena, db, version.manifest_id, err);
	if (status == WPKG_OK)
		status = make_referrer(&package, arena, err);
	if (status == WPKG_OK)
		status = insert_referrer(&referrer_id, db, version.name_id, version.pusher,
					 &package, err);
	if (status == WPKG_OK)
		status = bind_record(db, record_id, version.manifest_id, referrer_id, err);
	if (status == WPKG_OK && version.referrer_id != 0 && version.referrer_id != referrer_id)
		status = manifest_remove(db, version.referrer_id, err);
	if (status == WPKG_OK && version.state == WPKG_RECORD_YANKED)
		status = db_run(NULL, db,
				"DELETE FROM tags WHERE name_id = $1 AND manifest_id = $2 "
				"AND tag = (SELECT replace(version, '+', '_') FROM records "
				"WHERE id = $3)",
				DB_VALUES(db_integer(version.name_id),
					  db_integer(version.manifest_id), db_integer(record_id)),
				err);
	return status;
}

enum wpkg_status package_manifest_renew(struct db *db, int64_t record_id, struct wpkg_str text,
					struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, 1 << 20);
	enum wpkg_status status = renew(db, &arena, record_id, text, err);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status package_manifest_remove(struct db *db, int64_t record_id, struct wpkg_err *err)
{
	struct version_row version;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, 65536);
	enum wpkg_status status = find_row(&version, &arena, db, record_id, err);
	wpkg_arena_clear(&arena);
	if (status == WPKG_OK)
		status = bind_record(db, record_id, 0, 0, err);
	if (status == WPKG_OK && version.manifest_id != 0)
		status = manifest_remove(db, version.manifest_id, err);
	if (status == WPKG_OK && version.referrer_id != 0)
		status = manifest_remove(db, version.referrer_id, err);
	return status;
}
