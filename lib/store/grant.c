/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "store/access.h"
#include "store/store_int.h"

struct change {
	const struct wpkg_grant *grant;
	const struct wpkg_act *act;
};

/* "push to jo": what an event says of a grant. */
static enum wpkg_status add_event(struct db *db, const char *kind, const struct change *change,
				  struct wpkg_err *err)
{
	struct wpkg_buf detail;
	wpkg_buf_init(&detail, 4096);
	wpkg_buf_append_format(&detail, "%s to %.*s", wpkg_right_name(change->grant->right),
			       WPKG_STR_ARG(change->grant->user));
	if (change->act->reason.len > 0)
		wpkg_buf_append_format(&detail, ": %.*s", WPKG_STR_ARG(change->act->reason));
	enum wpkg_status status = wpkg_buf_check(&detail, "grant", err);
	if (status == WPKG_OK)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = wpkg_str_from(kind),
							      .name = change->grant->pattern,
							      .actor = change->act->actor,
							      .address = change->act->address,
							      .detail = wpkg_buf_str(&detail)},
					 err);
	wpkg_buf_clear(&detail);
	return status;
}

static enum wpkg_status add(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	const struct change *change = arguments;
	const struct wpkg_grant *grant = change->grant;
	uint64_t changed = 0;
	(void)store;
	enum wpkg_status status = db_run(
		&changed, db,
		"INSERT INTO grants (pattern, user_name, access, granted_by, created) "
		"VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		DB_VALUES(db_text(grant->pattern), db_text(grant->user), db_integer(grant->right),
			  db_text(change->act->actor), db_integer(wpkg_clock_now())),
		err);
	if (status == WPKG_OK && changed > 0)
		status = add_event(db, "grant", change, err);
	return status;
}

enum wpkg_status wpkg_grant_add(struct wpkg_store *store, const struct wpkg_grant *grant,
				const struct wpkg_act *act, struct wpkg_err *err)
{
	struct change change = {.grant = grant, .act = act};
	enum wpkg_status status = wpkg_pattern_check(grant->pattern, err);
	if (status == WPKG_OK && grant->user.len == 0)
		status = WPKG_FAIL(err, WPKG_EINVAL, "a grant needs a user");
	return status == WPKG_OK ? store_write(store, add, &change, err) : status;
}

static enum wpkg_status revoke(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	const struct change *change = arguments;
	const struct wpkg_grant *grant = change->grant;
	uint64_t changed = 0;
	(void)store;
	enum wpkg_status status = db_run(
		&changed, db,
		"DELETE FROM grants WHERE pattern = $1 AND user_name = $2 AND access = $3",
		DB_VALUES(db_text(grant->pattern), db_text(grant->user), db_integer(grant->right)),
		err);
	if (status == WPKG_OK && changed == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "'%.*s' was not granted %s on '%.*s'",
				   WPKG_STR_ARG(grant->user), wpkg_right_name(grant->right),
				   WPKG_STR_ARG(grant->pattern));
	return status == WPKG_OK ? add_event(db, "revoke", change, err) : status;
}

enum wpkg_status wpkg_grant_revoke(struct wpkg_store *store, const struct wpkg_grant *grant,
				   const struct wpkg_act *act, struct wpkg_err *err)
{
	struct change change = {.grant = grant, .act = act};
	return store_write(store, revoke, &change, err);
}

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str user;
	struct wpkg_grant_list grants;
};

static enum wpkg_status list(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct wpkg_arena *arena = listing->arena;
	struct wpkg_grant_list *grants = &listing->grants;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT pattern, user_name, access, granted_by, created FROM grants "
		     "WHERE user_name = $1 OR $1 = '' ORDER BY pattern, user_name, access",
		     DB_VALUES(db_text(listing->user)));
	while (db_rows_next(&rows)) {
		grants->items =
			store_grow(arena, grants->items, grants->count, sizeof(*grants->items));
		if (!grants->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of grants");
			break;
		}
		grants->items[grants->count++] =
			(struct wpkg_grant){.pattern = store_keep_text(arena, &rows, 0),
					    .user = store_keep_text(arena, &rows, 1),
					    .right = (enum wpkg_right)db_rows_integer(&rows, 2),
					    .by = store_keep_text(arena, &rows, 3),
					    .created = db_rows_integer(&rows, 4)};
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_grant_list(struct wpkg_grant_list *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, struct wpkg_str user,
				 struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .user = user};
	enum wpkg_status status = store_read(store, list, &listing, err);
	if (status == WPKG_OK)
		*out = listing.grants;
	return status;
}
