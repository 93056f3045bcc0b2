/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   (new) ----> incomplete ----> checking ----> published ----> yanked
 *     |              ^            |  |  ^
 *     +--------------|------------|--|--+   nothing is missing
 *                    +------------+  +-----> rejected ----> (removed, and created anew)
 *
 * Every state may end by an operator's delete, incomplete also by its age. No other move exists: a
 * statement below names the state that it starts from, and nothing else writes records.state.
 */
#include "store/record_state.h"

#include "base/clock.h"
#include "store/package_index.h"

static const char *const names[] = {
	[WPKG_RECORD_INCOMPLETE] = "incomplete", [WPKG_RECORD_CHECKING] = "checking",
	[WPKG_RECORD_PUBLISHED] = "published",	 [WPKG_RECORD_REJECTED] = "rejected",
	[WPKG_RECORD_YANKED] = "yanked",
};

const char *wpkg_record_state_name(enum wpkg_record_state state)
{
	return names[state];
}

bool wpkg_record_state_parse(enum wpkg_record_state *out, struct wpkg_str text)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (wpkg_str_equal_text(text, names[i])) {
			*out = (enum wpkg_record_state)i;
			return true;
		}
	}
	return false;
}

static const char *const moves[] = {
	[RECORD_COMPLETE] = "UPDATE records SET state = 1, changed = $2 "
			    "WHERE id = $1 AND state = 0",
	[RECORD_PUBLISH] = "UPDATE records SET state = 2, changed = $2, published = $2 "
			   "WHERE id = $1 AND state = 1",
	[RECORD_REJECT] = "UPDATE records SET state = 3, changed = $2 "
			  "WHERE id = $1 AND state = 1",
	[RECORD_YANK] = "UPDATE records SET state = 4, changed = $2, yanked = $2 "
			"WHERE id = $1 AND state = 2",
	[RECORD_RECALL] = "UPDATE records SET state = 0, changed = $2 "
			  "WHERE id = $1 AND state = 1",
};

/* Adds to the counts of a record's name and summary, and of all. */
static enum wpkg_status add_counts(struct db *db, int64_t id, int published, int yanked,
				   struct wpkg_err *err)
{
	const struct db_value values[] = {db_integer(id), db_integer(published),
					  db_integer(yanked)};
	enum wpkg_status status = db_run(
		NULL, db,
		"UPDATE names SET published = published + $2, yanked = yanked + $3, used = 1 "
		"WHERE id = (SELECT name_id FROM records WHERE id = $1)",
		values, 3, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE summaries SET published = published + $2, "
				"yanked = yanked + $3 "
				"WHERE id = (SELECT summary_id FROM records WHERE id = $1)",
				values, 3, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE totals SET published = published + $1, "
				"yanked = yanked + $2",
				values + 1, 2, err);
	return status == WPKG_OK ? package_mark(db, id, err) : status;
}

enum wpkg_status record_move(bool *moved, struct db *db, int64_t id, enum record_move move,
			     struct wpkg_err *err)
{
	uint64_t changed = 0;
	enum wpkg_status status =
		db_run(&changed, db, moves[move],
		       DB_VALUES(db_integer(id), db_integer(wpkg_clock_now())), err);
	if (status != WPKG_OK)
		return status;
	*moved = changed > 0;
	if (*moved && move == RECORD_PUBLISH)
		status = add_counts(db, id, 1, 0, err);
	if (*moved && move == RECORD_YANK)
		status = add_counts(db, id, -1, 1, err);
	return status;
}

static enum wpkg_status count_by(struct db *db, int64_t id, int step, struct wpkg_err *err)
{
	bool found = false;
	int64_t state = WPKG_RECORD_INCOMPLETE;
	enum wpkg_status status =
		db_find_integer(&found, &state, db, "SELECT state FROM records WHERE id = $1",
				DB_VALUES(db_integer(id)), err);
	if (status == WPKG_OK && state == WPKG_RECORD_PUBLISHED)
		status = add_counts(db, id, step, 0, err);
	if (status == WPKG_OK && state == WPKG_RECORD_YANKED)
		status = add_counts(db, id, 0, step, err);
	return status;
}

enum wpkg_status record_uncount(struct db *db, int64_t id, struct wpkg_err *err)
{
	return count_by(db, id, -1, err);
}

enum wpkg_status record_count(struct db *db, int64_t id, struct wpkg_err *err)
{
	return count_by(db, id, 1, err);
}
