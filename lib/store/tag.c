/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tag.h"

#include "store/repository_int.h"
#include "store/store_int.h"

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	struct wpkg_str last;
	size_t limit;
	bool exists;
	struct wpkg_tag_list tags;
};

static enum wpkg_status list_tags(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct wpkg_tag_list *tags = &listing->tags;
	size_t limit = listing->limit > 0 ? listing->limit : SIZE_MAX - 1;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT t.tag FROM tags t JOIN names n ON n.id = t.name_id "
		     "WHERE n.name = $1 AND t.tag > $2 ORDER BY t.tag LIMIT $3",
		     DB_VALUES(db_text(listing->name), db_text(listing->last), db_size(limit + 1)));
	while (db_rows_next(&rows)) {
		tags->more = tags->count == limit;
		if (tags->more)
			break;
		tags->items =
			store_grow(listing->arena, tags->items, tags->count, sizeof(*tags->items));
		if (!tags->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of tags");
			break;
		}
		tags->items[tags->count++] = store_keep_text(listing->arena, &rows, 0);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_tag_list(struct wpkg_tag_list *out, struct wpkg_arena *arena,
			       struct wpkg_store *store, struct wpkg_str name, struct wpkg_str last,
			       size_t limit, struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .name = name, .last = last, .limit = limit};
	enum wpkg_status status = store_read(store, list_tags, &listing, err);
	/* A repository may be there and have no tag. */
	if (status == WPKG_OK && listing.tags.count == 0)
		status = wpkg_repository_exists(&listing.exists, store, name, err);
	else
		listing.exists = true;
	if (status == WPKG_OK && !listing.exists)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s", WPKG_STR_ARG(name));
	if (status == WPKG_OK)
		*out = listing.tags;
	return status;
}

struct deletion {
	struct wpkg_str name;
	struct wpkg_str tag;
	const struct wpkg_act *act;
};

/* A version's tag is its number, with the one sign that a tag cannot hold replaced. */
static enum wpkg_status check_free(struct db *db, int64_t manifest_id, struct wpkg_str tag,
				   struct wpkg_err *err)
{
	bool bound = false;
	int64_t one = 0;
	enum wpkg_status status =
		db_find_integer(&bound, &one, db,
				"SELECT 1 FROM records WHERE manifest_id = $1 AND state = 2 "
				"AND replace(version, '+', '_') = $2",
				DB_VALUES(db_integer(manifest_id), db_text(tag)), err);
	if (status == WPKG_OK && bound)
		status = WPKG_FAIL(err, WPKG_EDENIED, "tag %.*s is a published version's",
				   WPKG_STR_ARG(tag));
	return status;
}

static enum wpkg_status delete_tag(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	const struct deletion *deletion = arguments;
	int64_t name_id = 0;
	int64_t manifest_id = 0;
	bool found = false;
	(void)store;
	enum wpkg_status status = repository_find(&name_id, db, deletion->name, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&found, &manifest_id, db,
			"SELECT manifest_id FROM tags WHERE name_id = $1 AND tag = $2",
			DB_VALUES(db_integer(name_id), db_text(deletion->tag)), err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s has no tag %.*s",
				   WPKG_STR_ARG(deletion->name), WPKG_STR_ARG(deletion->tag));
	if (status == WPKG_OK)
		status = check_free(db, manifest_id, deletion->tag, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM tags WHERE name_id = $1 AND tag = $2",
				DB_VALUES(db_integer(name_id), db_text(deletion->tag)), err);
	if (status == WPKG_OK)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = WPKG_LIT("tag-delete"),
							      .name = deletion->name,
							      .actor = deletion->act->actor,
							      .address = deletion->act->address,
							      .detail = deletion->tag},
					 err);
	return status;
}

enum wpkg_status wpkg_tag_delete(struct wpkg_store *store, struct wpkg_str name,
				 struct wpkg_str tag, const struct wpkg_act *act,
				 struct wpkg_err *err)
{
	struct deletion deletion = {.name = name, .tag = tag, .act = act};
	return store_write(store, delete_tag, &deletion, err);
}
