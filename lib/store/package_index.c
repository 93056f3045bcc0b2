/* SPDX-License-Identifier: Apache-2.0 */
#include "store/package_index.h"

#include "pkg/annotation.h"
#include "pkg/version.h"
#include "store/package_text.h"
#include "store/record_int.h"

#define ARENA_MAX ((size_t)64 << 20)
#define DEPENDENCIES_MAX 1000

enum wpkg_status package_mark(struct db *db, int64_t record_id, struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "INSERT INTO packages (name_id, stale, published, updated) "
		      "SELECT name_id, 1, published, published FROM records WHERE id = $1 "
		      "ON CONFLICT (name_id) DO UPDATE SET stale = 1, "
		      "updated = max(packages.updated, excluded.updated)",
		      DB_VALUES(db_integer(record_id)), err);
}

enum wpkg_status package_mark_times(struct db *db, int64_t name_id, struct wpkg_err *err)
{
	return db_run(NULL, db, "UPDATE packages SET stale = 1, published = 0 WHERE name_id = $1",
		      DB_VALUES(db_integer(name_id)), err);
}

/* Which version stands for the package: most often the first that is looked at. */
static enum wpkg_status choose(int64_t *out, struct db *db, int64_t name_id, struct wpkg_err *err)
{
	int64_t release = 0;
	int64_t prerelease = 0;
	int64_t yanked = 0;
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT id, version, state FROM records WHERE name_id = $1 "
		     "AND state IN (2, 4) ORDER BY precedence DESC",
		     DB_VALUES(db_integer(name_id)));
	while (release == 0 && db_rows_next(&rows)) {
		struct wpkg_version version = {0};
		bool parsed =
			wpkg_version_parse(&version, db_rows_bytes(&rows, 1), NULL) == WPKG_OK;
		int64_t *slot = &prerelease;
		if (db_rows_integer(&rows, 2) == WPKG_RECORD_YANKED)
			slot = &yanked;
		else if (parsed && version.prerelease.len == 0)
			slot = &release;
		if (*slot == 0)
			*slot = db_rows_integer(&rows, 0);
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	*out = release ? release : prerelease ? prerelease : yanked;
	return status;
}

static enum wpkg_status read_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
				     struct db *db, int64_t record_id, struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_str text = {0};
	db_rows_open(&rows, db, "SELECT invoice FROM record_texts WHERE record_id = $1",
		     DB_VALUES(db_integer(record_id)));
	if (db_rows_next(&rows))
		text = store_keep_text(arena, &rows, 0);
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status != WPKG_OK)
		return status;
	/* One that an old store holds and nobody can read says nothing. */
	status = wpkg_invoice_read(out, arena, text, WPKG_INVOICE_TOML, err);
	return status == WPKG_ENOMEM ? status : WPKG_OK;
}

enum wpkg_status package_list_modules(struct wpkg_module_facts_list *out, struct wpkg_arena *arena,
				      struct db *db, int64_t record_id, struct wpkg_err *err)
{
	struct wpkg_module_facts_list found = {0};
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT b.digest, f.json FROM record_parcels p JOIN facts f "
		     "ON f.blob_id = p.blob_id JOIN blobs b ON b.id = p.blob_id "
		     "WHERE p.record_id = $1 AND NOT " RECORD_OWES(
			     "p.record_id", "p.blob_id") " ORDER BY p.position",
		     DB_VALUES(db_integer(record_id)));
	while (db_rows_next(&rows)) {
		found.items = store_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for facts");
			break;
		}
		struct wpkg_module_facts *facts = &found.items[found.count++];
		facts->json = store_keep_text(arena, &rows, 1);
		db_rows_digest(&facts->digest, &rows, 0);
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK)
		*out = found;
	return status;
}

static enum wpkg_status put_dependencies(struct db *db, int64_t name_id,
					 const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_dependency dependency;
	struct wpkg_str rest = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0;
	     status == WPKG_OK && i < DEPENDENCIES_MAX && wpkg_dependency_next(&dependency, &rest);
	     i++)
		status = db_run(NULL, db,
				"INSERT INTO package_dependencies VALUES ($1, $2, $3) "
				"ON CONFLICT DO NOTHING",
				DB_VALUES(db_integer(name_id), db_text(dependency.name),
					  db_text(dependency.requirement)),
				err);
	return status;
}

static enum wpkg_status set_record(struct db *db, int64_t name_id, int64_t record_id,
				   struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db, "UPDATE packages SET stale = 0, record_id = $2 WHERE name_id = $1",
		       DB_VALUES(db_integer(name_id), db_integer(record_id)), err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE packages SET (published, updated) = ("
				"SELECT min(published), max(published) FROM records "
				"WHERE name_id = $1 AND state IN (2, 4)) "
				"WHERE name_id = $1 AND published = 0",
				DB_VALUES(db_integer(name_id)), err);
	return status;
}

static enum wpkg_status derive(struct wpkg_store *store, struct db *db, int64_t name_id,
			       int64_t record_id, struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_invoice *invoice = NULL;
	wpkg_arena_init(&arena, ARENA_MAX);
	enum wpkg_status status = set_record(db, name_id, record_id, err);
	if (status == WPKG_OK)
		status = read_invoice(&invoice, &arena, db, record_id, err);
	if (status == WPKG_OK && invoice)
		status = put_dependencies(db, name_id, invoice, err);
	if (status == WPKG_OK)
		status = package_text_renew(store, db, name_id, record_id, invoice, err);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status package_renew(struct wpkg_store *store, struct db *db, int64_t name_id,
			       struct wpkg_err *err)
{
	bool is_stale = false;
	int64_t record_id = 0;
	enum wpkg_status status =
		db_find_integer(&is_stale, &record_id, db,
				"SELECT name_id FROM packages WHERE name_id = $1 AND stale = 1",
				DB_VALUES(db_integer(name_id)), err);
	if (status != WPKG_OK || !is_stale)
		return status;
	status = choose(&record_id, db, name_id, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM package_dependencies WHERE name_id = $1",
				DB_VALUES(db_integer(name_id)), err);
	if (status == WPKG_OK && record_id == 0)
		status = package_text_renew(store, db, name_id, 0, NULL, err);
	if (status == WPKG_OK && record_id == 0)
		return db_run(NULL, db, "DELETE FROM packages WHERE name_id = $1",
			      DB_VALUES(db_integer(name_id)), err);
	return status == WPKG_OK ? derive(store, db, name_id, record_id, err) : status;
}

/* Packages that an older program's store has, or an import brought. */

struct catching_up {
	size_t limit;
	size_t count;
};

static enum wpkg_status catch_up(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct catching_up *catching = arguments;
	enum wpkg_status status = WPKG_OK;
	bool found = true;
	catching->count = 0;
	while (status == WPKG_OK && found && catching->count < catching->limit) {
		int64_t name_id = 0;
		status = db_find_integer(&found, &name_id, db,
					 "SELECT name_id FROM packages WHERE stale = 1 "
					 "ORDER BY name_id LIMIT 1",
					 DB_NO_VALUES, err);
		if (status == WPKG_OK && found)
			status = package_renew(store, db, name_id, err);
		catching->count += found;
	}
	return status;
}

enum wpkg_status wpkg_packages_catch_up(bool *done, struct wpkg_store *store, size_t limit,
					struct wpkg_err *err)
{
	struct catching_up catching = {.limit = limit};
	enum wpkg_status status = store_write(store, catch_up, &catching, err);
	if (status == WPKG_OK)
		*done = catching.count < limit;
	return status;
}
