/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What versions come to is kept by triggers, a row for each name and pusher, and added up when a
 * quota asks; blobs that are no version's are counted then. Without quotas nothing is added up.
 */
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "pkg/name.h"
#include "store/access.h"
#include "store/quota_int.h"
#include "store/store_int.h"

#define ARENA_MAX ((size_t)4 << 20)

struct quota_book {
	pthread_rwlock_t lock;
	struct wpkg_arena arena; /* of what quotas points to */
	struct wpkg_quotas quotas;
};

enum wpkg_status quota_book_new(struct quota_book **out, struct wpkg_err *err)
{
	struct quota_book *book = wpkg_mem_calloc(1, sizeof(*book));
	if (!book)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	pthread_rwlock_init(&book->lock, NULL);
	wpkg_arena_init(&book->arena, ARENA_MAX);
	*out = book;
	return WPKG_OK;
}

void quota_book_free(struct quota_book *book)
{
	if (!book)
		return;
	wpkg_arena_clear(&book->arena);
	pthread_rwlock_destroy(&book->lock);
	wpkg_mem_free(book);
}

enum wpkg_status wpkg_quotas_set(struct wpkg_store *store, const struct wpkg_quotas *quotas,
				 struct wpkg_err *err)
{
	struct quota_book *book = store->quotas;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, ARENA_MAX);
	struct wpkg_quota *items = wpkg_arena_alloc(&arena, quotas->count + 1, sizeof(*items));
	bool good = items != NULL;
	for (size_t i = 0; good && i < quotas->count; i++) {
		items[i] = quotas->items[i];
		items[i].user = wpkg_arena_dup(&arena, quotas->items[i].user);
		items[i].pattern = wpkg_arena_dup(&arena, quotas->items[i].pattern);
		good = items[i].user.ptr && items[i].pattern.ptr;
	}
	if (!good) {
		wpkg_arena_clear(&arena);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for quotas");
	}
	pthread_rwlock_wrlock(&book->lock);
	struct wpkg_arena before = book->arena;
	book->arena = arena;
	book->quotas = (struct wpkg_quotas){items, quotas->count};
	pthread_rwlock_unlock(&book->lock);
	wpkg_arena_clear(&before);
	return WPKG_OK;
}

bool wpkg_quota_fits(uint64_t limit, uint64_t used, uint64_t more)
{
	return limit == 0 || more == 0 || (more <= limit && used <= limit - more);
}

/* Usage. $1 and $2 are the first and the last name that count, $3 is the user. */

#define IN_NAMES "n.name >= $1 AND n.name <= $2"

static const char versions_of_user[] =
	"SELECT coalesce(sum(u.versions), 0), coalesce(sum(u.bytes), 0) FROM usage u "
	"JOIN names n ON n.id = u.name_id WHERE u.pusher = $3 AND " IN_NAMES;

static const char versions_of_names[] =
	"SELECT coalesce(sum(u.versions), 0), coalesce(sum(u.bytes), 0) FROM names n "
	"JOIN usage u ON u.name_id = n.id WHERE " IN_NAMES;

/* Of a repository's blobs those that none of its versions counts already. */
#define LOOSE                                                                                      \
	"NOT EXISTS (SELECT 1 FROM record_parcels p JOIN records r ON r.id = p.record_id "         \
	"WHERE p.blob_id = x.blob_id AND r.name_id = x.name_id AND r.state <> 3)"

static const char loose_of_user[] =
	"SELECT coalesce(sum(b.size), 0) FROM (SELECT name_id, blob_id FROM repository_blobs "
	"WHERE pusher = $3 UNION SELECT p.name_id, p.blob_id FROM manifests m "
	"JOIN manifest_parts p ON p.manifest_id = m.id WHERE m.pusher = $3 AND m.made = 0) x "
	"JOIN names n ON n.id = x.name_id JOIN blobs b ON b.id = x.blob_id "
	"WHERE " IN_NAMES " AND " LOOSE;

static const char loose_of_names[] =
	"SELECT coalesce(sum(b.size), 0) FROM (SELECT rb.name_id, rb.blob_id FROM names n "
	"JOIN repository_blobs rb ON rb.name_id = n.id WHERE " IN_NAMES
	" UNION SELECT p.name_id, p.blob_id FROM names n JOIN manifests m ON m.name_id = n.id "
	"JOIN manifest_parts p ON p.manifest_id = m.id WHERE m.made = 0 AND " IN_NAMES ") x "
	"JOIN blobs b ON b.id = x.blob_id WHERE " LOOSE;

static const char packages_of_user[] =
	"SELECT count(*) FROM names n WHERE n.owner = $3 AND n.owner <> '' AND " IN_NAMES;

static const char packages_of_names[] = "SELECT count(*) FROM names n WHERE " IN_NAMES;

/* Behind every name that begins so. */
#define LAST "\xf4\x8f\xbf\xbf"

struct range {
	char first[WPKG_NAME_MAX + 8];
	char last[WPKG_NAME_MAX + 8];
};

static void find_range(struct range *out, struct wpkg_str pattern)
{
	size_t most = sizeof(out->first) - sizeof(LAST);
	*out = (struct range){.last = LAST};
	if (pattern.len == 0 || wpkg_str_equal_text(pattern, "*") || pattern.len > most)
		return;
	bool is_prefix = wpkg_str_ends(pattern, WPKG_LIT("/*"));
	size_t len = is_prefix ? pattern.len - 1 : pattern.len;
	memcpy(out->first, pattern.ptr, len);
	memset(out->last, 0, sizeof(out->last));
	memcpy(out->last, pattern.ptr, len);
	if (is_prefix)
		memcpy(out->last + len, LAST, sizeof(LAST));
}

static enum wpkg_status count_usage(struct wpkg_usage *out, struct db *db,
				    const struct wpkg_quota *quota, struct wpkg_str user,
				    struct wpkg_err *err)
{
	bool of_user = quota->user.len > 0;
	bool found = false;
	struct range range;
	struct db_rows rows;
	int64_t loose = 0, packages = 0;
	find_range(&range, quota->pattern);
	const struct db_value values[] = {db_text(wpkg_str_from(range.first)),
					  db_text(wpkg_str_from(range.last)), db_text(user)};
	size_t count = of_user ? 3 : 2;
	*out = (struct wpkg_usage){0};
	db_rows_open(&rows, db, of_user ? versions_of_user : versions_of_names, values, count);
	if (db_rows_next(&rows)) {
		out->versions = (uint64_t)db_rows_integer(&rows, 0);
		out->bytes = (uint64_t)db_rows_integer(&rows, 1);
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK && quota->bytes > 0)
		status = db_find_integer(&found, &loose, db,
					 of_user ? loose_of_user : loose_of_names, values, count,
					 err);
	if (status == WPKG_OK && quota->packages > 0)
		status = db_find_integer(&found, &packages, db,
					 of_user ? packages_of_user : packages_of_names, values,
					 count, err);
	out->bytes += (uint64_t)loose;
	out->packages = (uint64_t)packages;
	return status;
}

/* Judging */

static bool covers(const struct wpkg_quota *quota, struct wpkg_str user, struct wpkg_str name)
{
	bool whose = quota->user.len == 0 || wpkg_str_equal_text(quota->user, "*") ||
		     wpkg_str_equal(quota->user, user);
	return whose && (quota->pattern.len == 0 || wpkg_pattern_covers(quota->pattern, name));
}

void wpkg_quota_format(char out[WPKG_QUOTA_TEXT], const struct wpkg_quota *quota,
		       struct wpkg_str user)
{
	struct wpkg_str pattern = quota->pattern.len > 0 ? quota->pattern : WPKG_LIT("all names");
	if (quota->user.len == 0)
		snprintf(out, WPKG_QUOTA_TEXT, "%.*s", WPKG_STR_ARG(pattern));
	else if (quota->pattern.len == 0)
		snprintf(out, WPKG_QUOTA_TEXT, "%.*s", WPKG_STR_ARG(user));
	else
		snprintf(out, WPKG_QUOTA_TEXT, "%.*s on %.*s", WPKG_STR_ARG(user),
			 WPKG_STR_ARG(pattern));
}

/* What is asked of each kind, beside what is used. */
struct demand {
	struct wpkg_usage used, more;
};

static enum wpkg_status judge(const struct wpkg_quota *quota, const struct demand *demand,
			      struct wpkg_str user, struct wpkg_err *err)
{
	char whose[WPKG_QUOTA_TEXT];
	const struct {
		const char *kind;
		uint64_t limit, used, more;
	} rows[] = {
		{"bytes", quota->bytes, demand->used.bytes, demand->more.bytes},
		{"versions", quota->versions, demand->used.versions, demand->more.versions},
		{"packages", quota->packages, demand->used.packages, demand->more.packages},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (wpkg_quota_fits(rows[i].limit, rows[i].used, rows[i].more))
			continue;
		wpkg_quota_format(whose, quota, user);
		return WPKG_FAIL(err, WPKG_EQUOTA,
				 "the quota of %s is %llu %s: %llu are used, and %llu more were "
				 "asked for",
				 whose, (unsigned long long)rows[i].limit, rows[i].kind,
				 (unsigned long long)rows[i].used,
				 (unsigned long long)rows[i].more);
	}
	return WPKG_OK;
}

static uint64_t without(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

/* after: the usage has what is asked for already. */
static enum wpkg_status judge_all(struct quota_book *book, struct db *db,
				  const struct wpkg_usage *more, bool after, struct wpkg_str user,
				  struct wpkg_str name, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	pthread_rwlock_rdlock(&book->lock);
	for (size_t i = 0; status == WPKG_OK && i < book->quotas.count; i++) {
		const struct wpkg_quota *quota = &book->quotas.items[i];
		struct demand demand = {.more = *more};
		if (!covers(quota, user, name))
			continue;
		status = count_usage(&demand.used, db, quota, user, err);
		if (after) {
			demand.used.bytes = without(demand.used.bytes, more->bytes);
			demand.used.versions = without(demand.used.versions, more->versions);
			demand.used.packages = without(demand.used.packages, more->packages);
		}
		if (status == WPKG_OK)
			status = judge(quota, &demand, user, err);
	}
	pthread_rwlock_unlock(&book->lock);
	return status;
}

static bool has_quotas(struct quota_book *book)
{
	pthread_rwlock_rdlock(&book->lock);
	bool has = book->quotas.count > 0;
	pthread_rwlock_unlock(&book->lock);
	return has;
}

enum wpkg_status quota_judge(struct wpkg_store *store, struct db *db,
			     const struct quota_change *change, struct wpkg_err *err)
{
	struct wpkg_usage more = {.bytes = change->bytes, .versions = change->versions};
	bool found = false;
	int64_t used = 0;
	if (!has_quotas(store->quotas))
		return WPKG_OK;
	enum wpkg_status status =
		db_find_integer(&found, &used, db, "SELECT used FROM names WHERE id = $1",
				DB_VALUES(db_integer(change->name_id)), err);
	more.packages = found && used == 0;
	return status == WPKG_OK
		       ? judge_all(store->quotas, db, &more, true, change->user, change->name, err)
		       : status;
}

static enum wpkg_status check(struct wpkg_store *store, struct db *db, void *arguments,
			      struct wpkg_err *err)
{
	const struct wpkg_quota_question *question = arguments;
	struct wpkg_usage more = {.bytes = question->bytes};
	bool found = false;
	int64_t id = 0;
	enum wpkg_status status =
		db_find_integer(&found, &id, db, "SELECT id FROM names WHERE name = $1",
				DB_VALUES(db_text(question->name)), err);
	more.packages = !found;
	return status == WPKG_OK ? judge_all(store->quotas, db, &more, false, question->user,
					     question->name, err)
				 : status;
}

enum wpkg_status wpkg_quota_check(struct wpkg_store *store,
				  const struct wpkg_quota_question *question, struct wpkg_err *err)
{
	struct wpkg_quota_question copy = *question;
	return has_quotas(store->quotas) ? store_read(store, check, &copy, err) : WPKG_OK;
}

struct asking {
	const struct wpkg_quota *quota;
	struct wpkg_str user;
	struct wpkg_usage usage;
};

static enum wpkg_status ask_usage(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	struct asking *asking = arguments;
	(void)store;
	return count_usage(&asking->usage, db, asking->quota, asking->user, err);
}

enum wpkg_status wpkg_quota_usage(struct wpkg_usage *out, struct wpkg_store *store,
				  const struct wpkg_quota *quota, struct wpkg_str user,
				  struct wpkg_err *err)
{
	struct asking asking = {.quota = quota, .user = user};
	enum wpkg_status status = store_read(store, ask_usage, &asking, err);
	if (status == WPKG_OK)
		*out = asking.usage;
	return status;
}

struct users {
	struct wpkg_arena *arena;
	struct wpkg_names list;
};

static enum wpkg_status list_users(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct users *users = arguments;
	struct wpkg_names *list = &users->list;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT pusher FROM usage WHERE pusher <> '' UNION SELECT pusher "
		     "FROM repository_blobs WHERE pusher <> '' UNION SELECT pusher FROM manifests "
		     "WHERE made = 0 AND pusher <> '' ORDER BY 1",
		     DB_NO_VALUES);
	while (db_rows_next(&rows)) {
		list->items =
			store_grow(users->arena, list->items, list->count, sizeof(*list->items));
		if (!list->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of users");
			break;
		}
		list->items[list->count++] = store_keep_text(users->arena, &rows, 0);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_quota_users(struct wpkg_names *out, struct wpkg_arena *arena,
				  struct wpkg_store *store, struct wpkg_err *err)
{
	struct users users = {.arena = arena};
	enum wpkg_status status = store_read(store, list_users, &users, err);
	if (status == WPKG_OK)
		*out = users.list;
	return status;
}
