/* SPDX-License-Identifier: Apache-2.0 */
#include "store/package.h"

#include "store/package_index.h"
#include "store/record_int.h"
#include "store/store_int.h"

/* Packages */

#define PACKAGE_SELECT                                                                             \
	"SELECT n.name, n.owner, n.published, n.yanked, p.published, p.updated, r.version, "       \
	"r.state, s.description, r.size FROM packages p JOIN names n ON n.id = p.name_id "         \
	"JOIN records r ON r.id = p.record_id JOIN summaries s ON s.id = r.summary_id "

static struct wpkg_package package_of_row(struct wpkg_arena *arena, struct db_rows *rows)
{
	return (struct wpkg_package){
		.name = store_keep_text(arena, rows, 0),
		.owner = store_keep_text(arena, rows, 1),
		.version_count = (uint64_t)db_rows_integer(rows, 2),
		.yanked_count = (uint64_t)db_rows_integer(rows, 3),
		.published = db_rows_integer(rows, 4),
		.updated = db_rows_integer(rows, 5),
		.version = store_keep_text(arena, rows, 6),
		.is_yanked = db_rows_integer(rows, 7) == WPKG_RECORD_YANKED,
		.description = store_keep_text(arena, rows, 8),
		.size = (uint64_t)db_rows_integer(rows, 9),
	};
}

struct listing {
	struct wpkg_arena *arena;
	const struct wpkg_package_page *page; /* NULL: the one with that name */
	struct wpkg_str name;
	struct wpkg_package_list found;
};

static void open_packages(struct db_rows *rows, struct db *db, const struct listing *listing)
{
	static const char by_name[] =
		PACKAGE_SELECT "WHERE n.name > $1 AND n.published + n.yanked > 0 "
			       "ORDER BY n.name LIMIT $2";
	static const char of_owner[] =
		PACKAGE_SELECT "WHERE n.owner = $3 AND n.owner <> '' AND n.name > $1 "
			       "AND n.published + n.yanked > 0 ORDER BY n.name LIMIT $2";
	/* Those of one second by name id, which the page before ended with. */
	static const char newest[] =
		PACKAGE_SELECT "WHERE p.record_id IS NOT NULL AND (p.published, p.name_id) < "
			       "($2, coalesce((SELECT id FROM names WHERE name = $1), 0)) "
			       "ORDER BY p.published DESC, p.name_id DESC LIMIT $3";
	static const char updated[] =
		PACKAGE_SELECT "WHERE p.record_id IS NOT NULL AND (p.updated, p.name_id) < "
			       "($2, coalesce((SELECT id FROM names WHERE name = $1), 0)) "
			       "ORDER BY p.updated DESC, p.name_id DESC LIMIT $3";
	if (!listing->page) {
		db_rows_open(rows, db, PACKAGE_SELECT "WHERE n.name = $1",
			     DB_VALUES(db_text(listing->name)));
		return;
	}
	const struct wpkg_package_page *page = listing->page;
	const struct db_value limit = db_size(page->limit);
	const struct db_value name = db_text(page->after.name);
	const struct db_value at =
		db_integer(page->after.name.len > 0 ? page->after.at : INT64_MAX);
	if (page->owner.len > 0)
		db_rows_open(rows, db, of_owner, DB_VALUES(name, limit, db_text(page->owner)));
	else if (page->order == WPKG_PACKAGES_BY_NAME)
		db_rows_open(rows, db, by_name, DB_VALUES(name, limit));
	else
		db_rows_open(rows, db, page->order == WPKG_PACKAGES_NEWEST ? newest : updated,
			     DB_VALUES(name, at, limit));
}

static enum wpkg_status list_packages(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct wpkg_package_list *found = &listing->found;
	struct db_rows rows;
	(void)store;
	open_packages(&rows, db, listing);
	while (db_rows_next(&rows)) {
		found->items = store_grow(listing->arena, found->items, found->count,
					  sizeof(*found->items));
		if (!found->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of packages");
			break;
		}
		found->items[found->count++] = package_of_row(listing->arena, &rows);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_package_list(struct wpkg_package_list *out, struct wpkg_arena *arena,
				   struct wpkg_store *store, const struct wpkg_package_page *page,
				   struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .page = page};
	enum wpkg_status status = store_read(store, list_packages, &listing, err);
	if (status == WPKG_OK)
		*out = listing.found;
	return status;
}

enum wpkg_status wpkg_package_find(struct wpkg_package *out, struct wpkg_arena *arena,
				   struct wpkg_store *store, struct wpkg_str name,
				   struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .name = name};
	enum wpkg_status status = store_read(store, list_packages, &listing, err);
	if (status == WPKG_OK && listing.found.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no package %.*s",
				   WPKG_STR_ARG(name));
	if (status == WPKG_OK)
		*out = listing.found.items[0];
	return status;
}

enum wpkg_status package_list_ids(struct wpkg_package_list *out, struct wpkg_arena *arena,
				  struct db *db, const int64_t *ids, size_t count,
				  struct wpkg_err *err)
{
	struct wpkg_package_list list = {0};
	enum wpkg_status status = WPKG_OK;
	list.items = wpkg_arena_alloc(arena, count + 1, sizeof(*list.items));
	if (!list.items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a list of packages");
	for (size_t i = 0; status == WPKG_OK && i < count; i++) {
		struct db_rows rows;
		db_rows_open(&rows, db, PACKAGE_SELECT "WHERE p.name_id = $1",
			     DB_VALUES(db_integer(ids[i])));
		if (db_rows_next(&rows))
			list.items[list.count++] = package_of_row(arena, &rows);
		status = db_rows_close(&rows, err);
	}
	if (status == WPKG_OK)
		*out = list;
	return status;
}

/* Versions */

struct versions {
	struct wpkg_arena *arena;
	const struct wpkg_package_versions_page *page;
	struct wpkg_str precedence; /* below that; empty: all */
	struct wpkg_package_version_list found;
};

static struct wpkg_package_version version_of_row(struct wpkg_arena *arena, struct db_rows *rows)
{
	struct wpkg_package_version version = {
		.version = store_keep_text(arena, rows, 0),
		.state = (enum wpkg_record_state)db_rows_integer(rows, 1),
		.created = db_rows_integer(rows, 2),
		.published = db_rows_integer(rows, 3),
		.yanked = db_rows_integer(rows, 4),
		.yanked_by = store_keep_text(arena, rows, 5),
		.yank_reason = store_keep_text(arena, rows, 6),
		.size = (uint64_t)db_rows_integer(rows, 7),
		.parcel_count = (size_t)db_rows_integer(rows, 8),
	};
	db_rows_digest(&version.invoice, rows, 9);
	if (db_rows_bytes(rows, 10).len > 0)
		version.has_manifest = db_rows_digest(&version.manifest, rows, 10);
	return version;
}

static enum wpkg_status list_versions(struct wpkg_store *store, struct db *db, void *arguments,
				      struct wpkg_err *err)
{
	struct versions *versions = arguments;
	const struct wpkg_package_versions_page *page = versions->page;
	struct wpkg_package_version_list *found = &versions->found;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT r.version, r.state, r.created, r.published, r.yanked, r.yanked_by, "
		     "r.yank_reason, r.size, r.parcel_count, r.invoice_digest, mb.digest "
		     "FROM names n JOIN records r ON r.name_id = n.id "
		     "LEFT JOIN manifests m ON m.id = r.manifest_id "
		     "LEFT JOIN blobs mb ON mb.id = m.blob_id "
		     "WHERE n.name = $1 AND (r.state IN (2, 4) OR r.pusher = $2 OR $3 <> 0) "
		     "AND ($4 = x'' OR r.precedence < $4) ORDER BY r.precedence DESC LIMIT $5",
		     DB_VALUES(db_text(page->name), db_text(page->viewer.user),
			       db_integer(page->viewer.all), db_bytes(versions->precedence),
			       db_size(page->limit)));
	while (db_rows_next(&rows)) {
		found->items = store_grow(versions->arena, found->items, found->count,
					  sizeof(*found->items));
		if (!found->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of versions");
			break;
		}
		found->items[found->count++] = version_of_row(versions->arena, &rows);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_package_versions(struct wpkg_package_version_list *out,
				       struct wpkg_arena *arena, struct wpkg_store *store,
				       const struct wpkg_package_versions_page *page,
				       struct wpkg_err *err)
{
	struct versions versions = {.arena = arena, .page = page};
	enum wpkg_status status = WPKG_OK;
	if (page->after.len > 0)
		status = record_precedence(&versions.precedence, arena, page->after, err);
	if (status == WPKG_ENOTFOUND)
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is no version",
				 WPKG_STR_ARG(page->after));
	if (status == WPKG_OK)
		status = store_read(store, list_versions, &versions, err);
	if (status == WPKG_OK)
		*out = versions.found;
	return status;
}

/* Dependents */

struct dependents {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	struct wpkg_str after;
	size_t limit;
	struct wpkg_dependent_list found;
};

static enum wpkg_status list_dependents(struct wpkg_store *store, struct db *db, void *arguments,
					struct wpkg_err *err)
{
	struct dependents *dependents = arguments;
	struct wpkg_dependent_list *found = &dependents->found;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT n.name, r.version, d.requirement FROM package_dependencies d "
		     "JOIN packages p ON p.name_id = d.name_id JOIN names n ON n.id = d.name_id "
		     "JOIN records r ON r.id = p.record_id "
		     "WHERE d.dependency = $1 AND n.name > $2 ORDER BY n.name LIMIT $3",
		     DB_VALUES(db_text(dependents->name), db_text(dependents->after),
			       db_size(dependents->limit)));
	while (db_rows_next(&rows)) {
		found->items = store_grow(dependents->arena, found->items, found->count,
					  sizeof(*found->items));
		if (!found->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of packages");
			break;
		}
		found->items[found->count++] = (struct wpkg_dependent){
			.name = store_keep_text(dependents->arena, &rows, 0),
			.version = store_keep_text(dependents->arena, &rows, 1),
			.requirement = store_keep_text(dependents->arena, &rows, 2)};
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_package_dependents(struct wpkg_dependent_list *out, struct wpkg_arena *arena,
					 struct wpkg_store *store, struct wpkg_str name,
					 struct wpkg_str after, size_t limit, struct wpkg_err *err)
{
	struct dependents dependents = {
		.arena = arena, .name = name, .after = after, .limit = limit};
	enum wpkg_status status = store_read(store, list_dependents, &dependents, err);
	if (status == WPKG_OK)
		*out = dependents.found;
	return status;
}

/* Dependencies */

struct dependencies {
	struct wpkg_arena *arena;
	struct wpkg_str name;
	struct wpkg_dependency_list found;
};

static enum wpkg_status list_dependencies(struct wpkg_store *store, struct db *db, void *arguments,
					  struct wpkg_err *err)
{
	struct dependencies *dependencies = arguments;
	struct wpkg_dependency_list *found = &dependencies->found;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT d.dependency, d.requirement FROM names n "
		     "JOIN package_dependencies d ON d.name_id = n.id "
		     "WHERE n.name = $1 ORDER BY d.dependency",
		     DB_VALUES(db_text(dependencies->name)));
	while (db_rows_next(&rows)) {
		found->items = store_grow(dependencies->arena, found->items, found->count,
					  sizeof(*found->items));
		if (!found->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of packages");
			break;
		}
		found->items[found->count++] = (struct wpkg_dependency){
			.name = store_keep_text(dependencies->arena, &rows, 0),
			.requirement = store_keep_text(dependencies->arena, &rows, 1)};
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_package_dependencies(struct wpkg_dependency_list *out,
					   struct wpkg_arena *arena, struct wpkg_store *store,
					   struct wpkg_str name, struct wpkg_err *err)
{
	struct dependencies dependencies = {.arena = arena, .name = name};
	enum wpkg_status status = store_read(store, list_dependencies, &dependencies, err);
	if (status == WPKG_OK)
		*out = dependencies.found;
	return status;
}

struct needed {
	struct wpkg_arena *arena;
	size_t limit;
	struct wpkg_needed_list found;
};

static enum wpkg_status list_needed(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct needed *needed = arguments;
	struct wpkg_needed_list *found = &needed->found;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT n.name, d.dependents FROM "
		     "(SELECT dependency, count(*) AS dependents FROM package_dependencies "
		     "GROUP BY dependency) d JOIN names n ON n.name = d.dependency "
		     "JOIN packages p ON p.name_id = n.id WHERE p.record_id IS NOT NULL "
		     "ORDER BY d.dependents DESC, n.name LIMIT $1",
		     DB_VALUES(db_size(needed->limit)));
	while (db_rows_next(&rows)) {
		found->items = store_grow(needed->arena, found->items, found->count,
					  sizeof(*found->items));
		if (!found->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of packages");
			break;
		}
		found->items[found->count++] =
			(struct wpkg_needed){.name = store_keep_text(needed->arena, &rows, 0),
					     .dependents = (uint64_t)db_rows_integer(&rows, 1)};
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_package_most_needed(struct wpkg_needed_list *out, struct wpkg_arena *arena,
					  struct wpkg_store *store, size_t limit,
					  struct wpkg_err *err)
{
	struct needed needed = {.arena = arena, .limit = limit};
	enum wpkg_status status = store_read(store, list_needed, &needed, err);
	if (status == WPKG_OK)
		*out = needed.found;
	return status;
}

/* Modules */

struct modules {
	struct wpkg_arena *arena;
	int64_t record_id;
	struct wpkg_module_facts_list found;
};

static enum wpkg_status list_modules(struct wpkg_store *store, struct db *db, void *arguments,
				     struct wpkg_err *err)
{
	struct modules *modules = arguments;
	(void)store;
	return package_list_modules(&modules->found, modules->arena, db, modules->record_id, err);
}

enum wpkg_status wpkg_record_modules(struct wpkg_module_facts_list *out, struct wpkg_arena *arena,
				     struct wpkg_store *store, int64_t record_id,
				     struct wpkg_err *err)
{
	struct modules modules = {.arena = arena, .record_id = record_id};
	enum wpkg_status status = store_read(store, list_modules, &modules, err);
	if (status == WPKG_OK)
		*out = modules.found;
	return status;
}

/* Figures */

static enum wpkg_status count(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	struct wpkg_registry_figures *figures = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT (SELECT count(*) FROM packages WHERE record_id IS NOT NULL), "
		     "published, yanked, (SELECT coalesce(max(id), 0) FROM events) FROM totals",
		     DB_NO_VALUES);
	if (db_rows_next(&rows))
		*figures = (struct wpkg_registry_figures){
			.packages = (uint64_t)db_rows_integer(&rows, 0),
			.versions = (uint64_t)db_rows_integer(&rows, 1),
			.yanked = (uint64_t)db_rows_integer(&rows, 2),
			.last_event = db_rows_integer(&rows, 3)};
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_registry_figures(struct wpkg_registry_figures *out, struct wpkg_store *store,
				       struct wpkg_err *err)
{
	struct wpkg_registry_figures figures = {0};
	enum wpkg_status status = store_read(store, count, &figures, err);
	if (status == WPKG_OK)
		*out = figures;
	return status;
}
