/* SPDX-License-Identifier: Apache-2.0 */
#include "store/summary.h"

enum wpkg_status summary_claim(int64_t *id, struct db *db, int64_t name_id, struct wpkg_str name,
			       struct wpkg_str description, struct wpkg_err *err)
{
	bool found = false;
	enum wpkg_status status = db_find_integer(
		&found, id, db, "SELECT id FROM summaries WHERE name_id = $1 AND description = $2",
		DB_VALUES(db_integer(name_id), db_text(description)), err);
	if (status != WPKG_OK || found)
		return status;
	status = db_find_integer(&found, id, db,
				 "INSERT INTO summaries (name_id, description) VALUES ($1, $2) "
				 "RETURNING id",
				 DB_VALUES(db_integer(name_id), db_text(description)), err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, db->ops->search_add,
				DB_VALUES(db_integer(*id), db_text(name), db_text(description)),
				err);
	return status;
}

/* The index of texts keeps none itself: to take one out, it must be given again. */
enum wpkg_status summary_release(struct db *db, int64_t id, struct wpkg_err *err)
{
	struct db_rows rows;
	enum wpkg_status status = WPKG_OK;
	db_rows_open(&rows, db,
		     "SELECT n.name, s.description FROM summaries s JOIN names n "
		     "ON n.id = s.name_id WHERE s.id = $1 "
		     "AND NOT EXISTS (SELECT 1 FROM records WHERE summary_id = s.id)",
		     DB_VALUES(db_integer(id)));
	bool unused = db_rows_next(&rows);
	if (unused)
		status = db_run(NULL, db, db->ops->search_remove,
				DB_VALUES(db_integer(id), db_text(db_rows_bytes(&rows, 0)),
					  db_text(db_rows_bytes(&rows, 1))),
				err);
	enum wpkg_status read = db_rows_close(&rows, status == WPKG_OK ? err : NULL);
	if (status == WPKG_OK)
		status = read;
	if (status == WPKG_OK && unused)
		status = db_run(NULL, db, "DELETE FROM summaries WHERE id = $1",
				DB_VALUES(db_integer(id)), err);
	return status;
}
