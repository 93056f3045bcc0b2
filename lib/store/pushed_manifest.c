/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest that a version was pushed as. It is kept with the version from its creation on, in
 * the same commit, so that whoever gets to publish it, after a crash as well, publishes that one.
 */
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

/* All that it names must have been pushed to the repository: nobody gets at what is elsewhere by
 * naming it. */
static enum wpkg_status check_parts(struct wpkg_created *created, struct wpkg_arena *arena,
				    struct db *db, int64_t name_id,
				    const struct wpkg_oci_parts *parts, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < parts->count; i++) {
		struct blob_row blob;
		status = repository_find_blob(&blob, db, name_id, &parts->parts[i].digest, err);
		if (status != WPKG_OK || blob.id != 0 || parts->parts[i].optional)
			continue;
		created->lacking = store_grow(arena, created->lacking, created->lacking_count,
					      sizeof(*created->lacking));
		if (!created->lacking)
			return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
		created->lacking[created->lacking_count++] = parts->parts[i].digest;
	}
	if (status == WPKG_OK && created->lacking_count > 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND,
				   "the repository lacks %zu blobs of the manifest",
				   created->lacking_count);
	return status;
}

/* Is the one that is kept another one? */
static enum wpkg_status check_same(struct db *db, int64_t id,
				   const struct wpkg_new_manifest *manifest, struct wpkg_err *err)
{
	bool other = false;
	int64_t one = 0;
	enum wpkg_status status = db_find_integer(
		&other, &one, db,
		"SELECT 1 FROM pushed_manifests WHERE record_id = $1 "
		"AND (bytes <> $2 OR media_type <> $3)",
		DB_VALUES(db_integer(id), db_bytes(manifest->bytes), db_text(manifest->media_type)),
		err);
	if (status == WPKG_OK && other)
		status = WPKG_FAIL(err, WPKG_EEXISTS,
				   "the version is being published as another manifest");
	return status;
}

enum wpkg_status pushed_manifest_keep(struct wpkg_created *created, struct wpkg_arena *arena,
				      struct db *db, int64_t name_id,
				      const struct wpkg_new_manifest *manifest,
				      struct wpkg_err *err)
{
	enum wpkg_status status = check_parts(created, arena, db, name_id, manifest->parts, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"INSERT INTO pushed_manifests (record_id, media_type, bytes) "
				"VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
				DB_VALUES(db_integer(created->id), db_text(manifest->media_type),
					  db_bytes(manifest->bytes)),
				err);
	return status == WPKG_OK ? check_same(db, created->id, manifest, err) : status;
}

struct question {
	struct wpkg_arena *arena;
	int64_t id;
	bool found;
	struct wpkg_new_manifest *manifest;
};

static enum wpkg_status find_pushed(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT media_type, bytes FROM pushed_manifests WHERE record_id = $1",
		     DB_VALUES(db_integer(question->id)));
	question->found = db_rows_next(&rows);
	if (question->found) {
		question->manifest->media_type = store_keep_text(question->arena, &rows, 0);
		question->manifest->bytes = store_keep_text(question->arena, &rows, 1);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status pushed_manifest_find(const struct wpkg_new_manifest **out,
				      struct wpkg_arena *arena, struct wpkg_store *store,
				      int64_t id, struct wpkg_err *err)
{
	struct wpkg_oci_parts *parts = wpkg_arena_alloc(arena, 1, sizeof(*parts));
	struct wpkg_new_manifest *manifest = wpkg_arena_alloc(arena, 1, sizeof(*manifest));
	if (!parts || !manifest)
		return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
	*manifest = (struct wpkg_new_manifest){.parts = parts};
	struct question question = {.arena = arena, .id = id, .manifest = manifest};
	enum wpkg_status status = store_read(store, find_pushed, &question, err);
	if (status == WPKG_OK && question.found)
		status = wpkg_oci_parts_read(parts, arena, manifest->bytes, err);
	if (status == WPKG_OK)
		*out = question.found ? manifest : NULL;
	return status;
}

enum wpkg_status pushed_manifest_take(bool *found, struct db *db, int64_t id, struct wpkg_err *err)
{
	uint64_t removed = 0;
	enum wpkg_status status =
		db_run(&removed, db, "DELETE FROM pushed_manifests WHERE record_id = $1",
		       DB_VALUES(db_integer(id)), err);
	*found = removed > 0;
	return status;
}
