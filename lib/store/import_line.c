/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of registry.jsonl, which export.c writes, means: its kind says it. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "pkg/id.h"
#include "store/access.h"
#include "store/blob_index.h"
#include "store/import_int.h"
#include "store/store_int.h"

static enum wpkg_status read_manifest(struct wpkg_str *out, struct wpkg_oci_parts *parts,
				      struct importer *importer, struct wpkg_str sha256,
				      struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char path[TRANSFER_PATH];
	if (!wpkg_digest_parse(&digest, sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "its sha256 is none");
	snprintf(path, sizeof(path), "parcels/%.*s/parcel.dat", WPKG_STR_ARG(sha256));
	enum wpkg_status status = import_read_file(out, importer, path, WPKG_OCI_MANIFEST_MAX, err);
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

static int64_t integer_of(const struct wpkg_value *line, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(line, key);
	return value && value->kind == WPKG_VALUE_INTEGER ? value->integer : 0;
}

static enum wpkg_status put_manifest(struct importer *importer, const struct wpkg_value *line,
				     struct wpkg_str bytes, const struct wpkg_oci_parts *parts,
				     struct wpkg_err *err)
{
	struct linking linking = {.name = wpkg_value_find_string(line, "name"),
				  .pusher = wpkg_value_find_string(line, "pusher"),
				  .parts = parts};
	const struct wpkg_tag_set tag = {.tag = wpkg_value_find_string(line, "tag"), .fixed = true};
	struct wpkg_content_digest called;
	struct wpkg_put_manifest put;
	if (!wpkg_content_digest_parse(&called, wpkg_value_find_string(line, "digest")))
		return WPKG_FAIL(err, WPKG_EFORMAT, "its digest is none");
	const struct wpkg_new_manifest manifest = {
		.name = linking.name,
		.bytes = bytes,
		.media_type = wpkg_value_find_string(line, "media_type"),
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
	enum wpkg_status status = read_manifest(&bytes, &parts, importer,
						wpkg_value_find_string(line, "sha256"), &problem);
	if (status != WPKG_OK)
		return import_pass_over(importer, subject, status, &problem, err);
	status = import_part_blobs(importer, &parts, err);
	if (status != WPKG_OK)
		return status;
	status = put_manifest(importer, line, bytes, &parts, &problem);
	return import_pass_over(importer, subject, status, &problem, err);
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
	if (status == WPKG_OK)
		*out = (struct wpkg_new_manifest){
			.bytes = manifest.bytes, .media_type = manifest.media_type, .parts = parts};
	return status;
}

static void take_owed(struct import_item *item, const struct wpkg_value *line)
{
	struct wpkg_digest digest;
	const struct wpkg_value *owed = wpkg_value_find(line, "owed");
	bool is_list = owed && owed->kind == WPKG_VALUE_ARRAY;
	for (size_t i = 0; is_list && i < owed->count; i++) {
		if (owed->items[i].kind != WPKG_VALUE_STRING ||
		    !wpkg_digest_parse(&digest, owed->items[i].string))
			continue;
		for (size_t p = 0; p < item->draft.parcel_count; p++)
			if (wpkg_digest_equal(&item->draft.parcels[p].digest, &digest))
				item->draft.parcels[p].owed = true;
	}
}

/* The invoice of a version that everybody may see is a file; others' stand in the line. */
static enum wpkg_status import_record_line(struct importer *importer, const struct wpkg_value *line,
					   struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_digest id;
	struct wpkg_err problem;
	struct wpkg_str text = wpkg_value_find_string(line, "invoice");
	struct wpkg_str manifest = wpkg_value_find_string(line, "manifest");
	struct wpkg_new_manifest pushed;
	struct wpkg_oci_parts parts;
	struct import_item item = {
		.stated = true,
		.draft.pusher = wpkg_value_find_string(line, "pusher"),
		.verdict = wpkg_value_find_string(line, "verdict"),
		.created = integer_of(line, "created"),
		.published = integer_of(line, "published"),
		.yanked = integer_of(line, "yanked"),
		.yanked_by = wpkg_value_find_string(line, "yanked_by"),
		.yank_reason = wpkg_value_find_string(line, "yank_reason"),
	};
	enum wpkg_status status = wpkg_id_digest(&id, wpkg_value_find_string(line, "name"),
						 wpkg_value_find_string(line, "version"), err);
	if (status == WPKG_OK)
		status = import_remember(importer, &id, err);
	if (status != WPKG_OK)
		return status;
	if (!wpkg_record_state_parse(&item.state, wpkg_value_find_string(line, "state"))) {
		import_note(importer, subject, "its state is none");
		return WPKG_OK;
	}
	if (text.len == 0)
		status = import_read_invoice(&text, importer, &id, &problem);
	if (status == WPKG_OK && manifest.len > 0)
		status = find_pushed(&pushed, &parts, importer,
				     wpkg_value_find_string(line, "name"), manifest, &problem);
	if (status == WPKG_OK)
		status = import_item_complete(importer, &item, text,
					      manifest.len > 0 ? &pushed : NULL, &problem);
	if (status != WPKG_OK)
		return import_pass_over(importer, subject, status, &problem, err);
	take_owed(&item, line);
	return import_item_put(importer, &item, subject, err);
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
	change->draft.name = wpkg_value_find_string(line, "name");
	change->values[1] = db_text(wpkg_value_find_string(line, "owner"));
	change->values[2] = db_integer(integer_of(line, "given") != 0);
	change->count = 3;
}

static void removed_change(struct line_change *change, const struct wpkg_value *line)
{
	change->sql = "INSERT INTO removed_versions SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS "
		      "(SELECT 1 FROM records WHERE name_id = $1 AND version = $2) "
		      "ON CONFLICT DO NOTHING";
	change->draft.name = wpkg_value_find_string(line, "name");
	change->values[1] = db_text(wpkg_value_find_string(line, "version"));
	change->values[2] = db_integer(integer_of(line, "removed"));
	change->values[3] = db_text(wpkg_value_find_string(line, "actor"));
	change->values[4] = db_text(wpkg_value_find_string(line, "reason"));
	change->count = 5;
}

static void grant_change(struct line_change *change, const struct wpkg_value *line)
{
	change->sql = "INSERT INTO grants (pattern, user_name, access, granted_by, created) "
		      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
	change->values[0] = db_text(wpkg_value_find_string(line, "pattern"));
	change->values[1] = db_text(wpkg_value_find_string(line, "user"));
	change->values[2] = db_integer(integer_of(line, "right"));
	change->values[3] = db_text(wpkg_value_find_string(line, "by"));
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
	return import_pass_over(importer, subject, status, &problem, err);
}

/* The second name of a blob that is wanted by it: the blob comes first. */
static enum wpkg_status import_alias_line(struct importer *importer, const struct wpkg_value *line,
					  struct wpkg_str subject, struct wpkg_err *err)
{
	struct record_parcel parcel = {.size = WPKG_SIZE_UNKNOWN};
	uint8_t sha512[64];
	if (!wpkg_digest_parse(&parcel.digest, wpkg_value_find_string(line, "sha256")) ||
	    !wpkg_hex_parse(sha512, sizeof(sha512), wpkg_value_find_string(line, "sha512"))) {
		import_note(importer, subject, "its digests are none");
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

enum wpkg_status import_line(struct importer *importer, const struct wpkg_value *line,
			     struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_str kind = wpkg_value_find_string(line, "kind");
	struct line_change change = {.line = line};
	struct wpkg_digest digest;
	if (wpkg_str_equal_text(kind, "record")) {
		subject = wpkg_arena_format(&importer->arena, "%.*s/%.*s",
					    WPKG_STR_ARG(wpkg_value_find_string(line, "name")),
					    WPKG_STR_ARG(wpkg_value_find_string(line, "version")));
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
		   wpkg_digest_parse(&digest, wpkg_value_find_string(line, "sha256"))) {
		change.sql = "INSERT INTO facts (blob_id, json) SELECT id, $2 FROM blobs "
			     "WHERE digest = $1 ON CONFLICT DO NOTHING";
		change.values[0] = db_digest(&digest);
		change.values[1] = db_text(wpkg_value_find_string(line, "json"));
		change.count = 2;
	} else {
		import_note(importer, subject, "its kind is none");
		return WPKG_OK;
	}
	return import_change(importer, &change, subject, err);
}
