/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migration.h"

#include "base/clock.h"

struct migration {
	int number;
	const char *name;
	const char *sql;
};

static const struct migration migrations[] = {
#include "store/migrations.inc"
};

#define COUNT (sizeof(migrations) / sizeof(migrations[0]))

enum wpkg_status migration_pending(size_t *out, struct db *db, struct wpkg_err *err)
{
	bool found = false;
	int64_t last = 0;
	enum wpkg_status status = db->ops->script(
		db,
		"CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, "
		"name TEXT NOT NULL, applied INTEGER NOT NULL)",
		err);
	if (status == WPKG_OK)
		status = db_find_integer(&found, &last, db,
					 "SELECT coalesce(max(number), 0) FROM migrations",
					 DB_NO_VALUES, err);
	if (status != WPKG_OK)
		return status;
	if (last > (int64_t)COUNT)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "the store was written by a newer version of this program (schema "
				 "%lld, this one knows %zu)",
				 (long long)last, COUNT);
	*out = COUNT - (size_t)last;
	return WPKG_OK;
}

static enum wpkg_status apply(struct db *db, const struct migration *migration,
			      struct wpkg_err *err)
{
	enum wpkg_status status = db_begin(db, DB_WRITE, err);
	if (status == WPKG_OK)
		status = db->ops->script(db, migration->sql, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "INSERT INTO migrations VALUES ($1, $2, $3)",
				DB_VALUES(db_integer(migration->number),
					  db_text(wpkg_str_from(migration->name)),
					  db_integer(wpkg_clock_now())),
				err);
	if (status == WPKG_OK)
		status = db_commit(db, err);
	if (status != WPKG_OK) {
		db_rollback(db);
		wpkg_err_prepend(err, "migration %d", migration->number);
	}
	return status;
}

enum wpkg_status migration_run(struct db *db, struct wpkg_err *err)
{
	size_t pending = 0;
	enum wpkg_status status = migration_pending(&pending, db, err);
	for (size_t i = COUNT - pending; status == WPKG_OK && i < COUNT; i++)
		status = apply(db, &migrations[i], err);
	return status;
}
