/* SPDX-License-Identifier: Apache-2.0 */
#include "store/webhook.h"

#include "base/clock.h"
#include "store/store_int.h"

#define COLUMNS                                                                                    \
	"id, delivery, hook, name, event, body, queued, attempts, due, last_error, "               \
	"request, traceparent"

struct hook {
	struct wpkg_str name;
	int64_t cursor;
};

static enum wpkg_status enter(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	struct hook *hook = arguments;
	bool found = false;
	(void)store;
	enum wpkg_status status = db_run(NULL, db,
					 "INSERT INTO webhooks (name, cursor) "
					 "SELECT $1, coalesce(max(id), 0) FROM events WHERE true "
					 "ON CONFLICT DO NOTHING",
					 DB_VALUES(db_text(hook->name)), err);
	if (status == WPKG_OK)
		status = db_find_integer(&found, &hook->cursor, db,
					 "SELECT cursor FROM webhooks WHERE name = $1",
					 DB_VALUES(db_text(hook->name)), err);
	return status;
}

enum wpkg_status wpkg_webhook_enter(int64_t *cursor, struct wpkg_store *store, struct wpkg_str hook,
				    struct wpkg_err *err)
{
	struct hook entered = {.name = hook};
	enum wpkg_status status = store_write(store, enter, &entered, err);
	if (status == WPKG_OK)
		*cursor = entered.cursor;
	return status;
}

/* The cursor only rises: whoever else moved it meanwhile has queued what it passed. */
static enum wpkg_status queue(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	const struct wpkg_webhook_step *step = arguments;
	int64_t now = wpkg_clock_now();
	enum wpkg_status status = WPKG_OK;
	(void)store;
	for (size_t i = 0; status == WPKG_OK && i < step->count; i++)
		status = db_run(NULL, db,
				"INSERT INTO webhook_deliveries (delivery, hook, name, event, "
				"body, queued, due, request, traceparent) "
				"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				DB_VALUES(db_text(step->items[i].delivery), db_text(step->hook),
					  db_text(step->items[i].name),
					  db_text(step->items[i].event),
					  db_text(step->items[i].body), db_integer(now),
					  db_integer(now * 1000), db_text(step->items[i].request),
					  db_text(step->items[i].traceparent)),
				err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE webhooks SET cursor = max(cursor, $2) "
				"WHERE name = $1",
				DB_VALUES(db_text(step->hook), db_integer(step->cursor)), err);
	return status;
}

enum wpkg_status wpkg_webhook_queue(struct wpkg_store *store, const struct wpkg_webhook_step *step,
				    struct wpkg_err *err)
{
	struct wpkg_webhook_step copy = *step;
	return store_write(store, queue, &copy, err);
}

/* Lists */

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str hook, delivery;
	int64_t from; /* a moment or an id */
	size_t limit;
	struct wpkg_delivery_list found;
};

/* All that the rows give; closes them. */
static enum wpkg_status take_deliveries(struct listing *listing, struct db_rows *rows,
					struct wpkg_err *err)
{
	struct wpkg_arena *arena = listing->arena;
	struct wpkg_delivery_list *list = &listing->found;
	while (db_rows_next(rows)) {
		list->items = store_grow(arena, list->items, list->count, sizeof(*list->items));
		if (!list->items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for deliveries");
			break;
		}
		list->items[list->count++] = (struct wpkg_delivery){
			.id = db_rows_integer(rows, 0),
			.delivery = store_keep_text(arena, rows, 1),
			.hook = store_keep_text(arena, rows, 2),
			.name = store_keep_text(arena, rows, 3),
			.event = store_keep_text(arena, rows, 4),
			.body = store_keep_text(arena, rows, 5),
			.queued = db_rows_integer(rows, 6),
			.attempts = (unsigned)db_rows_integer(rows, 7),
			.due = db_rows_integer(rows, 8),
			.error = store_keep_text(arena, rows, 9),
			.request = store_keep_text(arena, rows, 10),
			.traceparent = store_keep_text(arena, rows, 11),
		};
	}
	return db_rows_close(rows, err);
}

static enum wpkg_status list_due(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " COLUMNS " FROM webhook_deliveries d "
		     "WHERE hook = $1 AND dead = 0 AND due <= $2 AND NOT EXISTS "
		     "(SELECT 1 FROM webhook_deliveries e WHERE e.hook = d.hook "
		     "AND e.name = d.name AND e.dead = 0 AND e.id < d.id) ORDER BY due LIMIT $3",
		     DB_VALUES(db_text(listing->hook), db_integer(listing->from),
			       db_size(listing->limit)));
	return take_deliveries(listing, &rows, err);
}

enum wpkg_status wpkg_webhook_due(struct wpkg_delivery_list *out, struct wpkg_arena *arena,
				  struct wpkg_store *store, struct wpkg_str hook, int64_t now,
				  size_t limit, struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .hook = hook, .from = now, .limit = limit};
	enum wpkg_status status = store_read(store, list_due, &listing, err);
	if (status == WPKG_OK)
		*out = listing.found;
	return status;
}

static enum wpkg_status list_dead(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT " COLUMNS " FROM webhook_deliveries "
		     "WHERE dead = 1 AND (hook = $1 OR $1 = '') AND id > $2 ORDER BY id LIMIT $3",
		     DB_VALUES(db_text(listing->hook), db_integer(listing->from),
			       db_size(listing->limit)));
	return take_deliveries(listing, &rows, err);
}

enum wpkg_status wpkg_webhook_dead(struct wpkg_delivery_list *out, struct wpkg_arena *arena,
				   struct wpkg_store *store, struct wpkg_str hook, int64_t after,
				   size_t limit, struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .hook = hook, .from = after, .limit = limit};
	enum wpkg_status status = store_read(store, list_dead, &listing, err);
	if (status == WPKG_OK)
		*out = listing.found;
	return status;
}

struct finding {
	struct listing listing;
	bool dead;
};

static enum wpkg_status find_delivery(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct finding *finding = arguments;
	struct db_rows rows;
	bool found = false;
	int64_t dead = 0;
	const struct db_value values[] = {db_text(finding->listing.delivery)};
	(void)store;
	enum wpkg_status status = db_find_integer(
		&found, &dead, db, "SELECT dead FROM webhook_deliveries WHERE delivery = $1",
		values, 1, err);
	finding->dead = dead != 0;
	if (status != WPKG_OK)
		return status;
	db_rows_open(&rows, db, "SELECT " COLUMNS " FROM webhook_deliveries WHERE delivery = $1",
		     values, 1);
	return take_deliveries(&finding->listing, &rows, err);
}

enum wpkg_status wpkg_webhook_find(bool *found, bool *dead, struct wpkg_delivery *out,
				   struct wpkg_arena *arena, struct wpkg_store *store,
				   struct wpkg_str delivery, struct wpkg_err *err)
{
	struct finding finding = {.listing = {.arena = arena, .delivery = delivery}};
	enum wpkg_status status = store_read(store, find_delivery, &finding, err);
	if (status != WPKG_OK)
		return status;
	*found = finding.listing.found.count > 0;
	*dead = finding.dead;
	if (*found)
		*out = finding.listing.found.items[0];
	return WPKG_OK;
}

struct states {
	struct wpkg_arena *arena;
	struct wpkg_webhook_state_list list;
};

static enum wpkg_status list_states(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct states *states = arguments;
	struct wpkg_webhook_state_list *list = &states->list;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT w.name, w.delivered, w.last_delivered, w.last_failed, w.last_error, "
		     "(SELECT count(*) FROM webhook_deliveries d WHERE d.hook = w.name "
		     "AND d.dead = 0), (SELECT count(*) FROM webhook_deliveries d "
		     "WHERE d.hook = w.name AND d.dead = 1) FROM webhooks w ORDER BY w.name",
		     DB_NO_VALUES);
	while (db_rows_next(&rows)) {
		list->items =
			store_grow(states->arena, list->items, list->count, sizeof(*list->items));
		if (!list->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of webhooks");
			break;
		}
		list->items[list->count++] = (struct wpkg_webhook_state){
			.hook = store_keep_text(states->arena, &rows, 0),
			.delivered = (uint64_t)db_rows_integer(&rows, 1),
			.last_delivered = db_rows_integer(&rows, 2),
			.last_failed = db_rows_integer(&rows, 3),
			.last_error = store_keep_text(states->arena, &rows, 4),
			.waiting = (uint64_t)db_rows_integer(&rows, 5),
			.dead = (uint64_t)db_rows_integer(&rows, 6),
		};
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_webhook_list(struct wpkg_webhook_state_list *out, struct wpkg_arena *arena,
				   struct wpkg_store *store, struct wpkg_err *err)
{
	struct states states = {.arena = arena};
	enum wpkg_status status = store_read(store, list_states, &states, err);
	if (status == WPKG_OK)
		*out = states.list;
	return status;
}

/* Changes */

struct settlement {
	const struct wpkg_delivery *delivery;
	const struct wpkg_delivery_result *result;
};

static enum wpkg_status note_delivered(struct db *db, const struct wpkg_delivery *delivery,
				       struct wpkg_err *err)
{
	enum wpkg_status status = db_run(NULL, db, "DELETE FROM webhook_deliveries WHERE id = $1",
					 DB_VALUES(db_integer(delivery->id)), err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE webhooks SET delivered = delivered + 1, "
				"last_delivered = $2 WHERE name = $1",
				DB_VALUES(db_text(delivery->hook), db_integer(wpkg_clock_now())),
				err);
	return status;
}

static enum wpkg_status settle(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	const struct settlement *settlement = arguments;
	const struct wpkg_delivery *delivery = settlement->delivery;
	const struct wpkg_delivery_result *result = settlement->result;
	(void)store;
	if (result->outcome == WPKG_DELIVERED)
		return note_delivered(db, delivery, err);
	enum wpkg_status status =
		db_run(NULL, db,
		       "UPDATE webhook_deliveries SET attempts = attempts + 1, due = $2, "
		       "dead = $3, last_error = $4 WHERE id = $1",
		       DB_VALUES(db_integer(delivery->id), db_integer(result->due),
				 db_integer(result->outcome == WPKG_DELIVERY_DEAD),
				 db_text(result->error)),
		       err);
	if (status == WPKG_OK)
		status = db_run(NULL, db,
				"UPDATE webhooks SET last_failed = $2, last_error = $3 "
				"WHERE name = $1",
				DB_VALUES(db_text(delivery->hook), db_integer(wpkg_clock_now()),
					  db_text(result->error)),
				err);
	return status;
}

enum wpkg_status wpkg_webhook_settle(struct wpkg_store *store, const struct wpkg_delivery *delivery,
				     const struct wpkg_delivery_result *result,
				     struct wpkg_err *err)
{
	struct settlement settlement = {.delivery = delivery, .result = result};
	return store_write(store, settle, &settlement, err);
}

struct change {
	struct wpkg_str hook, delivery;
	int64_t before;
	uint64_t count;
};

static enum wpkg_status retry(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	struct change *change = arguments;
	(void)store;
	return db_run(&change->count, db,
		      "UPDATE webhook_deliveries SET dead = 0, attempts = 0, due = $3 "
		      "WHERE dead = 1 AND (hook = $1 OR $1 = '') AND (delivery = $2 OR $2 = '')",
		      DB_VALUES(db_text(change->hook), db_text(change->delivery),
				db_integer(wpkg_clock_now() * 1000)),
		      err);
}

enum wpkg_status wpkg_webhook_retry(uint64_t *count, struct wpkg_store *store, struct wpkg_str hook,
				    struct wpkg_str delivery, struct wpkg_err *err)
{
	struct change change = {.hook = hook, .delivery = delivery};
	enum wpkg_status status = store_write(store, retry, &change, err);
	if (status == WPKG_OK)
		*count = change.count;
	return status;
}

static enum wpkg_status forget(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	struct change *change = arguments;
	(void)store;
	return db_run(&change->count, db,
		      "DELETE FROM webhook_deliveries WHERE id IN (SELECT id "
		      "FROM webhook_deliveries WHERE dead = 1 AND due < $1 LIMIT 500)",
		      DB_VALUES(db_integer(change->before * 1000)), err);
}

enum wpkg_status wpkg_webhook_forget(uint64_t *count, struct wpkg_store *store, int64_t before,
				     struct wpkg_err *err)
{
	struct change change = {.before = before};
	enum wpkg_status status = store_write(store, forget, &change, err);
	if (status == WPKG_OK)
		*count = change.count;
	return status;
}
