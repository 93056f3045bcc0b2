/* SPDX-License-Identifier: Apache-2.0 */
#include "store/access.h"

#include "pkg/name.h"
#include "store/store_int.h"

static const struct {
	enum wpkg_right right;
	const char *name;
} rights[] = {
	{WPKG_RIGHT_READ, "read"},
	{WPKG_RIGHT_PUSH, "push"},
	{WPKG_RIGHT_YANK, "yank"},
	{WPKG_RIGHT_OWN, "own"},
};

const char *wpkg_right_name(enum wpkg_right right)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (rights[i].right == right)
			return rights[i].name;
	return "none";
}

bool wpkg_right_parse(enum wpkg_right *out, struct wpkg_str text)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (wpkg_str_equal_text(text, rights[i].name)) {
			*out = rights[i].right;
			return true;
		}
	}
	return false;
}

/* The prefix of a pattern that has one, with its slash; else the empty text. */
static struct wpkg_str prefix_of(struct wpkg_str pattern)
{
	return wpkg_str_ends(pattern, WPKG_LIT("/*")) ? wpkg_str_slice(pattern, 0, pattern.len - 1)
						      : (struct wpkg_str){0};
}

bool wpkg_pattern_covers(struct wpkg_str pattern, struct wpkg_str name)
{
	struct wpkg_str prefix = prefix_of(pattern);
	if (prefix.len > 0)
		return wpkg_str_starts(name, prefix) && name.len > prefix.len;
	return wpkg_str_equal_text(pattern, "*") || wpkg_str_equal(pattern, name);
}

enum wpkg_status wpkg_pattern_check(struct wpkg_str pattern, struct wpkg_err *err)
{
	struct wpkg_str prefix = prefix_of(pattern);
	struct wpkg_str name = prefix.len > 0 ? wpkg_str_slice(prefix, 0, prefix.len - 1) : pattern;
	if (wpkg_str_equal_text(pattern, "*"))
		return WPKG_OK;
	enum wpkg_status status = wpkg_name_check(name, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "pattern '%.*s'", WPKG_STR_ARG(pattern));
	return status;
}

struct question {
	struct wpkg_str user;
	struct wpkg_str name;
	struct wpkg_arena *arena;
	struct wpkg_access access;
};

/* What covers a name: itself, each of its prefixes, and all names. */
static enum wpkg_status each_pattern(struct wpkg_str name, struct db *db, void *user,
				     enum wpkg_status (*visit)(void *user, struct db *db,
							       struct wpkg_str pattern,
							       struct wpkg_err *err),
				     struct wpkg_err *err)
{
	enum wpkg_status status = visit(user, db, name, err);
	for (size_t end = name.len; status == WPKG_OK && end > 1; end--) {
		char pattern[WPKG_NAME_MAX + 2];
		if (end == name.len || name.ptr[end - 1] != '/' || end + 1 > sizeof(pattern))
			continue;
		memcpy(pattern, name.ptr, end);
		pattern[end] = '*';
		status = visit(user, db, wpkg_str_of(pattern, end + 1), err);
	}
	return status == WPKG_OK ? visit(user, db, WPKG_LIT("*"), err) : status;
}

static enum wpkg_status ask_pattern(void *user, struct db *db, struct wpkg_str pattern,
				    struct wpkg_err *err)
{
	struct question *question = user;
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT access, user_name = $2 FROM grants WHERE pattern = $1 "
		     "AND (user_name = $2 OR access = 8)",
		     DB_VALUES(db_text(pattern), db_text(question->user)));
	while (db_rows_next(&rows)) {
		unsigned right = (unsigned)db_rows_integer(&rows, 0);
		if (db_rows_integer(&rows, 1) != 0)
			question->access.rights |= right;
		if (right == WPKG_RIGHT_OWN)
			question->access.reserved = true;
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status ask_name(struct question *question, struct db *db, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT n.owner, n.used <> 0 "
		     "OR EXISTS (SELECT 1 FROM records WHERE name_id = n.id) "
		     "OR EXISTS (SELECT 1 FROM removed_versions WHERE name_id = n.id) "
		     "OR EXISTS (SELECT 1 FROM repository_blobs WHERE name_id = n.id) "
		     "FROM names n WHERE n.name = $1",
		     DB_VALUES(db_text(question->name)));
	if (db_rows_next(&rows)) {
		question->access.owner = store_keep_text(question->arena, &rows, 0);
		question->access.exists = db_rows_integer(&rows, 1) != 0;
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status find_access(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct question *question = arguments;
	(void)store;
	enum wpkg_status status = ask_name(question, db, err);
	if (status == WPKG_OK)
		status = each_pattern(question->name, db, question, ask_pattern, err);
	return status;
}

enum wpkg_status wpkg_access_find(struct wpkg_access *out, struct wpkg_arena *arena,
				  struct wpkg_store *store, struct wpkg_str user,
				  struct wpkg_str name, struct wpkg_err *err)
{
	struct question question = {.user = user, .name = name, .arena = arena};
	enum wpkg_status status = store_read(store, find_access, &question, err);
	if (status == WPKG_OK)
		*out = question.access;
	return status;
}

/* Owners */

struct owners {
	struct wpkg_str name;
	struct wpkg_arena *arena;
	struct wpkg_names list;
};

static bool is_listed(const struct wpkg_names *list, struct wpkg_str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (wpkg_str_equal(list->items[i], name))
			return true;
	return false;
}

/* All that the rows give, each once; closes them. */
static enum wpkg_status take_owners(struct owners *owners, struct db_rows *rows,
				    struct wpkg_err *err)
{
	struct wpkg_names *list = &owners->list;
	while (db_rows_next(rows)) {
		struct wpkg_str user = db_rows_bytes(rows, 0);
		if (user.len == 0 || is_listed(list, user))
			continue;
		list->items =
			store_grow(owners->arena, list->items, list->count, sizeof(*list->items));
		if (!list->items) {
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for a list of owners");
			break;
		}
		list->items[list->count++] = store_keep_text(owners->arena, rows, 0);
	}
	return db_rows_close(rows, err);
}

static enum wpkg_status add_owners(void *user, struct db *db, struct wpkg_str pattern,
				   struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT user_name FROM grants WHERE pattern = $1 AND access = 8 "
		     "ORDER BY user_name",
		     DB_VALUES(db_text(pattern)));
	return take_owners(user, &rows, err);
}

static enum wpkg_status list_owners(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct owners *owners = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db, "SELECT owner FROM names WHERE name = $1",
		     DB_VALUES(db_text(owners->name)));
	enum wpkg_status status = take_owners(owners, &rows, err);
	return status == WPKG_OK ? each_pattern(owners->name, db, owners, add_owners, err) : status;
}

enum wpkg_status wpkg_owner_list(struct wpkg_names *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, struct wpkg_str name,
				 struct wpkg_err *err)
{
	struct owners owners = {.name = name, .arena = arena};
	enum wpkg_status status = store_read(store, list_owners, &owners, err);
	if (status == WPKG_OK)
		*out = owners.list;
	return status;
}

struct owning {
	struct wpkg_str name;
	struct wpkg_str owner;
	struct wpkg_str skeleton;
	const struct wpkg_act *act;
};

/* Whoever owned the name, or nobody. */
static enum wpkg_status set_owner(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	const struct owning *owning = arguments;
	const struct wpkg_event event = {.kind = WPKG_LIT("own"),
					 .name = owning->name,
					 .actor = owning->act->actor,
					 .address = owning->act->address,
					 .detail = owning->owner};
	(void)store;
	enum wpkg_status status = db_run(
		NULL, db,
		"INSERT INTO names (name, skeleton, owner, given) VALUES ($1, CASE WHEN EXISTS "
		"(SELECT 1 FROM names WHERE skeleton = $3) THEN NULL ELSE $3 END, $2, 1) "
		"ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, given = 1",
		DB_VALUES(db_text(owning->name), db_text(owning->owner), db_text(owning->skeleton)),
		err);
	return status == WPKG_OK ? store_add_event(db, &event, err) : status;
}

enum wpkg_status wpkg_owner_set(struct wpkg_store *store, struct wpkg_str name,
				struct wpkg_str owner, const struct wpkg_act *act,
				struct wpkg_err *err)
{
	struct owning owning = {.name = name, .owner = owner, .act = act};
	struct wpkg_buf skeleton;
	enum wpkg_status status = wpkg_name_check(name, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&skeleton, (size_t)WPKG_NAME_MAX * 16);
	wpkg_name_append_skeleton(&skeleton, name);
	owning.skeleton = wpkg_buf_str(&skeleton);
	status = wpkg_buf_check(&skeleton, "name", err);
	if (status == WPKG_OK)
		status = store_write(store, set_owner, &owning, err);
	wpkg_buf_clear(&skeleton);
	return status;
}
