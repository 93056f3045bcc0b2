/* SPDX-License-Identifier: Apache-2.0 */
#include "store/event.h"

#include "base/clock.h"
#include "store/store_int.h"

enum wpkg_status store_add_event(struct db *db, const struct wpkg_event *event,
				 struct wpkg_err *err)
{
	return db_run(NULL, db,
		      "INSERT INTO events (happened, kind, name, version, actor, detail) "
		      "VALUES ($1, $2, $3, $4, $5, $6)",
		      DB_VALUES(db_integer(wpkg_clock_now()), db_text(event->kind),
				db_text(event->name), db_text(event->version),
				db_text(event->actor), db_text(event->detail)),
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
	static const char all[] =
		"SELECT id, happened, kind, name, version, actor, detail FROM events "
		"WHERE id > $1 ORDER BY id LIMIT $2";
	static const char of_name[] =
		"SELECT id, happened, kind, name, version, actor, detail FROM events "
		"WHERE id > $1 AND name = $3 ORDER BY id LIMIT $2";
	bool one = listing->name.len > 0;
	const struct db_value values[] = {db_integer(listing->after), db_size(listing->limit),
					  db_text(listing->name)};
	db_rows_open(rows, db, one ? of_name : all, values, one ? 3 : 2);
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
	"SELECT id, happened, kind, name, version, actor, detail FROM events e "                   \
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
	return take_rows(&feeding->found, feeding->arena, &rows, err);
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
