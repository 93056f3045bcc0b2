/* SPDX-License-Identifier: Apache-2.0 */
#include "store/event.h"

#include <stdio.h>

#include "base/cause.h"
#include "base/clock.h"
#include "store/store_int.h"

enum wpkg_status store_add_event(struct db *db, const struct wpkg_event *event,
				 struct wpkg_err *err)
{
	const struct wpkg_cause *cause = wpkg_cause_get();
	return db_run(NULL, db,
		      "INSERT INTO events (happened, kind, name, version, actor, detail, address, "
		      "request, traceparent, manifest) "
		      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		      DB_VALUES(db_integer(wpkg_clock_now()), db_text(event->kind),
				db_text(event->name), db_text(event->version),
				db_text(event->actor), db_text(event->detail),
				db_text(event->address), db_text(wpkg_str_from(cause->request)),
				db_text(wpkg_str_from(cause->traceparent)),
				event->manifest ? db_digest(event->manifest)
						: db_bytes((struct wpkg_str){0})),
		      err);
}

struct listing {
	struct wpkg_event_list *out;
	struct wpkg_arena *arena;
	int64_t after;
	struct wpkg_str name;
	size_t limit;
};

static void open_rows(struct db_rows *rows, struct db *db, const struct listing *listing)
{
	static const char all[] = "SELECT id, happened, kind, name, version, actor, detail, "
				  "address, request, traceparent, manifest FROM events "
				  "WHERE id > $1 ORDER BY id LIMIT $2";
	static const char of_name[] = "SELECT id, happened, kind, name, version, actor, detail, "
				      "address, request, traceparent, manifest FROM events "
				      "WHERE id > $1 AND name = $3 ORDER BY id LIMIT $2";
	bool one = listing->name.len > 0;
	const struct db_value values[] = {db_integer(listing->after), db_size(listing->limit),
					  db_text(listing->name)};
	db_rows_open(rows, db, one ? of_name : all, values, one ? 3 : 2);
}

/* NULL when the event has none, or there is no memory, which fails the rows. */
static const struct wpkg_digest *keep_digest(struct wpkg_arena *arena, struct db_rows *rows,
					     int column)
{
	if (db_rows_bytes(rows, column).len == 0)
		return NULL;
	struct wpkg_digest *digest = wpkg_arena_alloc(arena, 1, sizeof(*digest));
	if (!digest)
		db_rows_fail(rows, WPKG_ENOMEM, "no memory for events");
	else if (!db_rows_digest(digest, rows, column))
		return NULL;
	return digest;
}

/* All that the rows give; closes them. */
static enum wpkg_status take_rows(struct wpkg_event_list *out, struct wpkg_arena *arena,
				  struct db_rows *rows, struct wpkg_err *err)
{
	struct wpkg_event_list events = {0};
	while (db_rows_next(rows)) {
		events.items = store_grow(arena, events.items, events.count, sizeof(*events.items));
		if (!events.items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for events");
			break;
		}
		events.items[events.count++] = (struct wpkg_event){
			.id = db_rows_integer(rows, 0),
			.at = db_rows_integer(rows, 1),
			.kind = store_keep_text(arena, rows, 2),
			.name = store_keep_text(arena, rows, 3),
			.version = store_keep_text(arena, rows, 4),
			.actor = store_keep_text(arena, rows, 5),
			.detail = store_keep_text(arena, rows, 6),
			.address = store_keep_text(arena, rows, 7),
			.request = store_keep_text(arena, rows, 8),
			.traceparent = store_keep_text(arena, rows, 9),
			.manifest = keep_digest(arena, rows, 10),
		};
	}
	enum wpkg_status status = db_rows_close(rows, err);
	if (status == WPKG_OK)
		*out = events;
	return status;
}

static enum wpkg_status list(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct db_rows rows;
	(void)store;
	open_rows(&rows, db, listing);
	return take_rows(listing->out, listing->arena, &rows, err);
}

enum wpkg_status wpkg_event_list(struct wpkg_event_list *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, int64_t after, struct wpkg_str name,
				 size_t limit, struct wpkg_err *err)
{
	struct listing listing = {
		.out = out, .arena = arena, .after = after, .name = name, .limit = limit};
	return store_read(store, list, &listing, err);
}

/* The feed */

#define FEED_SELECT                                                                                \
	"SELECT id, happened, kind, name, version, actor, detail, address, request, traceparent, " \
	"manifest "                                                                                \
	"FROM events e "                                                                           \
	"WHERE kind IN ('publish', 'yank', 'delete', 'flag', 'recheck', 'replace', 'import') "     \
	"AND id > $1 AND (kind <> 'import' OR detail IN ('published', 'yanked')) "                 \
	"AND (kind <> 'delete' OR EXISTS (SELECT 1 FROM events p WHERE p.name = e.name "           \
	"AND p.version = e.version AND (p.kind = 'publish' OR p.kind = 'import' "                  \
	"AND p.detail IN ('published', 'yanked')))) "

struct feeding {
	const struct wpkg_event_feed *feed;
	struct wpkg_arena *arena;
	struct wpkg_event_list found;
};

/* The last event stays, so nobody was ever given a number ahead of it: forgetting leaves one of its
 * own behind all that it removes. */
static enum wpkg_status check_mark(struct db *db, int64_t after, struct wpkg_err *err)
{
	bool found = false;
	int64_t last = 0;
	enum wpkg_status status = db_find_integer(
		&found, &last, db, "SELECT coalesce(max(id), 0) FROM events", DB_NO_VALUES, err);
	if (status == WPKG_OK && after > last)
		return WPKG_FAIL(err, WPKG_EINVAL, "event %lld has not happened here: begin anew",
				 (long long)after);
	return status;
}

static enum wpkg_status read_feed(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	static const char *const of_all[] = {FEED_SELECT "ORDER BY id LIMIT $2",
					     FEED_SELECT "ORDER BY id DESC LIMIT $2"};
	static const char *const of_one[] = {FEED_SELECT "AND name = $3 ORDER BY id LIMIT $2",
					     FEED_SELECT "AND name = $3 ORDER BY id DESC LIMIT $2"};
	struct feeding *feeding = arguments;
	const struct wpkg_event_feed *feed = feeding->feed;
	bool one = feed->name.len > 0;
	const struct db_value values[] = {db_integer(feed->after), db_size(feed->limit),
					  db_text(feed->name)};
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db, (one ? of_one : of_all)[feed->newest_first], values, one ? 3 : 2);
	enum wpkg_status status = take_rows(&feeding->found, feeding->arena, &rows, err);
	if (status == WPKG_OK && feeding->found.count == 0 && feed->after > 0)
		status = check_mark(db, feed->after, err);
	return status;
}

enum wpkg_status wpkg_event_read_feed(struct wpkg_event_list *out, struct wpkg_arena *arena,
				      struct wpkg_store *store, const struct wpkg_event_feed *feed,
				      struct wpkg_err *err)
{
	struct feeding feeding = {.feed = feed, .arena = arena};
	enum wpkg_status status = store_read(store, read_feed, &feeding, err);
	if (status == WPKG_OK)
		*out = feeding.found;
	return status;
}

/* Forgetting */

#define FORGET_STEP 500 /* events looked at in one transaction: others wait for it */

struct forgetting {
	const struct wpkg_event_forget *wanted;
	int64_t from, to; /* ids: a step looks at those behind from, up to to */
	bool reached;	  /* one that is not old */
	uint64_t forgotten;
};

/* The horizon first: the database itself refuses to remove what is younger. */
static enum wpkg_status raise_horizon(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	const struct forgetting *forgetting = arguments;
	(void)store;
	return db_run(NULL, db,
		      "UPDATE event_horizon SET forgotten_before = $1 WHERE forgotten_before < $1",
		      DB_VALUES(db_integer(forgetting->wanted->before)), err);
}

static enum wpkg_status look_ahead(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct forgetting *forgetting = arguments;
	struct db_rows rows;
	(void)store;
	forgetting->from = forgetting->to;
	db_rows_open(&rows, db,
		     "SELECT id, happened FROM events WHERE id > $1 ORDER BY id LIMIT $2",
		     DB_VALUES(db_integer(forgetting->from), db_integer(FORGET_STEP)));
	while (!forgetting->reached && db_rows_next(&rows)) {
		int64_t id = db_rows_integer(&rows, 0);
		forgetting->reached = db_rows_integer(&rows, 1) >= forgetting->wanted->before ||
				      id > forgetting->wanted->last;
		if (!forgetting->reached)
			forgetting->to = id;
	}
	return db_rows_close(&rows, err);
}

/*
 * Who published what is still there is not forgotten, and not that it was there while everybody may
 * still read that it was deleted.
 */
static enum wpkg_status forget_step(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct forgetting *forgetting = arguments;
	uint64_t changed = 0;
	(void)store;
	enum wpkg_status status =
		db_run(&changed, db,
		       "DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.id <= $1 "
		       "AND e.id > $3 AND NOT (e.kind IN ('publish', 'import') "
		       "AND (EXISTS (SELECT 1 FROM names n JOIN records r ON r.name_id = n.id "
		       "WHERE n.name = e.name AND r.version = e.version) "
		       "OR EXISTS (SELECT 1 FROM events d WHERE d.name = e.name "
		       "AND d.version = e.version AND d.kind = 'delete' AND d.happened >= $2))))",
		       DB_VALUES(db_integer(forgetting->to), db_integer(forgetting->wanted->before),
				 db_integer(forgetting->from)),
		       err);
	forgetting->forgotten += changed;
	return status;
}

static enum wpkg_status add_forget_event(struct wpkg_store *store, struct db *db, void *arguments,
					 struct wpkg_err *err)
{
	const struct forgetting *forgetting = arguments;
	char time[WPKG_CLOCK_TEXT];
	char detail[96];
	(void)store;
	wpkg_clock_format(time, forgetting->wanted->before);
	snprintf(detail, sizeof(detail), "%llu events before %s",
		 (unsigned long long)forgetting->forgotten, time);
	return store_add_event(
		db,
		&(struct wpkg_event){.kind = WPKG_LIT("forget"), .detail = wpkg_str_from(detail)},
		err);
}

enum wpkg_status wpkg_event_forget(uint64_t *count, struct wpkg_store *store,
				   const struct wpkg_event_forget *wanted, struct wpkg_err *err)
{
	struct forgetting forgetting = {.wanted = wanted};
	enum wpkg_status status = store_write(store, raise_horizon, &forgetting, err);
	do {
		if (status == WPKG_OK)
			status = store_read(store, look_ahead, &forgetting, err);
		if (status == WPKG_OK && forgetting.to > forgetting.from)
			status = store_write(store, forget_step, &forgetting, err);
	} while (status == WPKG_OK && forgetting.to > forgetting.from && !forgetting.reached &&
		 !(wanted->stop && atomic_load(wanted->stop)));
	if (status == WPKG_OK && forgetting.forgotten > 0)
		status = store_write(store, add_forget_event, &forgetting, err);
	if (status == WPKG_OK)
		*count = forgetting.forgotten;
	return status;
}
