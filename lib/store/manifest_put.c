/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a manifest comes: its bytes become a blob, its row and what it names are written, and its
 * tags are set, all in one transaction, so that a tag never means what is not whole.
 */
#include "base/clock.h"
#include "pkg/oci_manifest.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

enum wpkg_status manifest_insert(int64_t *id, bool *existed, struct db *db,
				 const struct manifest_row *row, struct wpkg_err *err)
{
	bool found = false;
	enum wpkg_status status = db_find_integer(
		&found, id, db,
		"INSERT INTO manifests (name_id, blob_id, algorithm, media_type, artifact_type, "
		"annotations, subject, pushed, pusher, made) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT (name_id, blob_id) DO NOTHING RETURNING id",
		DB_VALUES(db_integer(row->name_id), db_integer(row->blob_id),
			  db_integer(row->algorithm), db_text(row->media_type),
			  db_text(row->artifact_type), db_text(row->annotations),
			  row->subject ? db_content_digest(row->subject)
				       : db_bytes((struct wpkg_str){0}),
			  db_integer(wpkg_clock_now()), db_text(row->pusher),
			  db_integer(row->made)),
		err);
	*existed = status == WPKG_OK && !found;
	if (*existed)
		status = db_find_integer(
			&found, id, db,
			"SELECT id FROM manifests WHERE name_id = $1 AND blob_id = $2",
			DB_VALUES(db_integer(row->name_id), db_integer(row->blob_id)), err);
	return status;
}

enum wpkg_status manifest_add_part(struct db *db, int64_t manifest_id, int64_t name_id,
				   int64_t blob_id, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "INSERT INTO manifest_parts (manifest_id, blob_id, name_id) "
		      "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		      DB_VALUES(db_integer(manifest_id), db_integer(blob_id), db_integer(name_id)),
		      err);
}

enum wpkg_status manifest_set_tag(struct db *db, int64_t name_id, struct wpkg_str tag,
				  int64_t manifest_id, struct wpkg_err *err)
{
	return db_run(
		NULL, db,
		"INSERT INTO tags (name_id, tag, manifest_id, moved) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (name_id, tag) DO UPDATE SET manifest_id = excluded.manifest_id, "
		"moved = excluded.moved WHERE tags.manifest_id <> excluded.manifest_id",
		DB_VALUES(db_integer(name_id), db_text(tag), db_integer(manifest_id),
			  db_integer(wpkg_clock_now())),
		err);
}

struct putting {
	const struct wpkg_new_manifest *manifest;
	struct wpkg_arena *arena;
	struct wpkg_digest sha256;
	struct wpkg_content_digest called; /* as the pusher calls it */
	struct wpkg_put_manifest out;
};

static enum wpkg_status add_missing(struct putting *putting,
				    const struct wpkg_content_digest *digest, struct wpkg_err *err)
{
	struct wpkg_put_manifest *out = &putting->out;
	out->missing =
		store_grow(putting->arena, out->missing, out->missing_count, sizeof(*out->missing));
	if (!out->missing)
		return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
	out->missing[out->missing_count++] = *digest;
	return WPKG_OK;
}

/* A manifest in an index is one of the repository, a layer a blob of it. */
static enum wpkg_status find_part(struct blob_row *out, struct db *db, int64_t name_id,
				  const struct wpkg_oci_part *part, struct wpkg_err *err)
{
	bool found = false;
	int64_t one = 0;
	if (!part->is_manifest)
		return repository_find_blob(out, db, name_id, &part->digest, err);
	enum wpkg_status status = blob_index_find_content(out, db, &part->digest, err);
	if (status == WPKG_OK && out->id != 0)
		status = db_find_integer(
			&found, &one, db,
			"SELECT 1 FROM manifests WHERE name_id = $1 AND blob_id = $2",
			DB_VALUES(db_integer(name_id), db_integer(out->id)), err);
	if (!found)
		*out = (struct blob_row){0};
	return status;
}

static enum wpkg_status add_parts(struct putting *putting, struct db *db, int64_t id,
				  int64_t name_id, struct wpkg_err *err)
{
	const struct wpkg_oci_parts *parts = putting->manifest->parts;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < parts->count; i++) {
		struct blob_row blob = {0};
		status = find_part(&blob, db, name_id, &parts->parts[i], err);
		if (status == WPKG_OK && blob.id != 0)
			status = manifest_add_part(db, id, name_id, blob.id, err);
		else if (status == WPKG_OK && !parts->parts[i].optional)
			status = add_missing(putting, &parts->parts[i].digest, err);
	}
	if (status == WPKG_OK && putting->out.missing_count > 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND,
				   "the manifest names %zu blobs or manifests that %.*s lacks",
				   putting->out.missing_count,
				   WPKG_STR_ARG(putting->manifest->name));
	return status;
}

static enum wpkg_status check_fixed(struct db *db, int64_t name_id, const struct wpkg_tag_set *tag,
				    int64_t manifest_id, struct wpkg_err *err)
{
	bool other = false;
	int64_t one = 0;
	enum wpkg_status status = db_find_integer(
		&other, &one, db,
		"SELECT 1 FROM tags WHERE name_id = $1 AND tag = $2 "
		"AND manifest_id <> $3",
		DB_VALUES(db_integer(name_id), db_text(tag->tag), db_integer(manifest_id)), err);
	if (status == WPKG_OK && other)
		status = WPKG_FAIL(err, WPKG_EEXISTS, "tag %.*s means another manifest",
				   WPKG_STR_ARG(tag->tag));
	return status;
}

static enum wpkg_status set_tags(struct putting *putting, struct db *db, int64_t id,
				 int64_t name_id, struct wpkg_err *err)
{
	const struct wpkg_new_manifest *manifest = putting->manifest;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < manifest->tag_count; i++) {
		const struct wpkg_tag_set *tag = &manifest->tags[i];
		if (tag->fixed)
			status = check_fixed(db, name_id, tag, id, err);
		if (status == WPKG_OK)
			status = manifest_set_tag(db, name_id, tag->tag, id, err);
	}
	return status;
}

static enum wpkg_status add_event(const struct putting *putting, struct db *db,
				  struct wpkg_err *err)
{
	const struct wpkg_new_manifest *manifest = putting->manifest;
	char digest[WPKG_CONTENT_DIGEST_TEXT];
	struct wpkg_buf detail;
	wpkg_content_digest_format(digest, &putting->called);
	wpkg_buf_init(&detail, 65536);
	wpkg_buf_append_text(&detail, digest);
	for (size_t i = 0; i < manifest->tag_count; i++)
		wpkg_buf_append_format(&detail, " %.*s", WPKG_STR_ARG(manifest->tags[i].tag));
	enum wpkg_status status = wpkg_buf_check(&detail, "manifest", err);
	if (status == WPKG_OK)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = WPKG_LIT("manifest"),
							      .name = manifest->name,
							      .actor = manifest->pusher,
							      .address = manifest->address,
							      .detail = wpkg_buf_str(&detail)},
					 err);
	wpkg_buf_clear(&detail);
	return status;
}

static enum wpkg_status put(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	struct putting *putting = arguments;
	const struct wpkg_new_manifest *manifest = putting->manifest;
	const struct wpkg_oci_parts *parts = manifest->parts;
	struct manifest_row row = {.algorithm = putting->called.algorithm,
				   .media_type = manifest->media_type,
				   .artifact_type = parts->artifact_type,
				   .subject = parts->has_subject ? &parts->subject : NULL,
				   .pusher = manifest->pusher};
	int64_t id = 0;
	/* Only a list of referrers shows annotations. */
	if (parts->has_subject)
		row.annotations = parts->annotations;
	enum wpkg_status status = repository_enter(
		&row.name_id, db, manifest->name,
		&(struct wpkg_act){.actor = manifest->pusher, .address = manifest->address}, err);
	if (status == WPKG_OK)
		status = blob_index_keep_bytes(&row.blob_id, db, &putting->sha256, manifest->bytes,
					       err);
	if (status == WPKG_OK)
		status = blob_index_add_alias(db, row.blob_id, &putting->called, err);
	if (status == WPKG_OK)
		status = manifest_insert(&id, &putting->out.existed, db, &row, err);
	if (status == WPKG_OK && !putting->out.existed)
		status = add_parts(putting, db, id, row.name_id, err);
	if (status == WPKG_OK)
		status = set_tags(putting, db, id, row.name_id, err);
	const struct quota_change change = {
		.name_id = row.name_id, .user = manifest->pusher, .name = manifest->name};
	if (status == WPKG_OK)
		status = quota_judge(store, db, &change, err);
	if (status == WPKG_OK)
		status = record_use_name(db, row.name_id, err);
	return status == WPKG_OK ? add_event(putting, db, err) : status;
}

static enum wpkg_status check_digest(struct putting *putting, struct wpkg_err *err)
{
	const struct wpkg_new_manifest *manifest = putting->manifest;
	char is[WPKG_CONTENT_DIGEST_TEXT];
	enum wpkg_status status = wpkg_digest_of(&putting->sha256, manifest->bytes, err);
	putting->called = wpkg_content_digest_of_sha256(&putting->sha256);
	if (status != WPKG_OK || !manifest->digest)
		return status;
	status = wpkg_content_digest_of(&putting->called, manifest->digest->algorithm,
					manifest->bytes, err);
	if (status == WPKG_OK && !wpkg_content_digest_equal(&putting->called, manifest->digest)) {
		wpkg_content_digest_format(is, &putting->called);
		status = WPKG_FAIL(err, WPKG_EINVAL, "the manifest's digest is %s", is);
	}
	return status;
}

enum wpkg_status wpkg_manifest_put(struct wpkg_put_manifest *out, struct wpkg_arena *arena,
				   struct wpkg_store *store,
				   const struct wpkg_new_manifest *manifest, struct wpkg_err *err)
{
	struct putting putting = {.manifest = manifest, .arena = arena};
	if (manifest->bytes.len > WPKG_OCI_MANIFEST_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "the manifest has %zu bytes, more than %zu",
				 manifest->bytes.len, WPKG_OCI_MANIFEST_MAX);
	enum wpkg_status status = check_digest(&putting, err);
	if (status == WPKG_OK)
		status = store_write(store, put, &putting, err);
	putting.out.digest = putting.called;
	if (status == WPKG_OK || status == WPKG_ENOTFOUND)
		*out = putting.out;
	return status;
}
