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

/* What covers a name: itself, each of its prefixes, and all names. */

struct question {
	struct wpkg_str user;
	struct wpkg_str name;
	struct wpkg_arena *arena;
	struct wpkg_access access;
};

static enum wpkg_status ask_pattern(struct question *question, struct db *db,
				    struct wpkg_str pattern, struct wpkg_err *err)
{
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

static enum wpkg_status ask_prefixes(struct question *question, struct db *db, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	struct wpkg_str name = question->name;
	for (size_t i = 0; status == WPKG_OK && i + 1 < name.len; i++) {
		char pattern[WPKG_NAME_MAX + 2];
		if (name.ptr[i] != '/' || i + 2 > sizeof(pattern))
			continue;
		memcpy(pattern, name.ptr, i + 1);
		pattern[i + 1] = '*';
		status = ask_pattern(question, db, wpkg_str_of(pattern, i + 2), err);
	}
	return status;
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
		status = ask_pattern(question, db, question->name, err);
	if (status == WPKG_OK)
		status = ask_prefixes(question, db, err);
	if (status == WPKG_OK)
		status = ask_pattern(question, db, WPKG_LIT("*"), err);
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

struct owning {
	struct wpkg_str name;
	struct wpkg_str owner;
	struct wpkg_str skeleton;
	const struct wpkg_act *act; /* NULL: a claim, only where nobody owns it */
	bool changed;
};

/* A claim does nothing where somebody owns the name; an operator's word replaces whoever did. */
static enum wpkg_status set_owner(struct wpkg_store *store, struct db *db, void *arguments,
				  struct wpkg_err *err)
{
	static const char claim[] =
		"INSERT INTO names (name, skeleton, owner) VALUES ($1, CASE WHEN EXISTS "
		"(SELECT 1 FROM names WHERE skeleton = $3) THEN NULL ELSE $3 END, $2) "
		"ON CONFLICT (name) DO UPDATE SET owner = excluded.owner WHERE names.owner = ''";
	static const char give[] =
		"INSERT INTO names (name, skeleton, owner, given) VALUES ($1, CASE WHEN EXISTS "
		"(SELECT 1 FROM names WHERE skeleton = $3) THEN NULL ELSE $3 END, $2, 1) "
		"ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, given = 1";
	struct owning *owning = arguments;
	struct wpkg_event event = {
		.kind = WPKG_LIT("own"), .name = owning->name, .detail = owning->owner};
	uint64_t changed = 0;
	(void)store;
	enum wpkg_status status = db_run(
		&changed, db, owning->act ? give : claim,
		DB_VALUES(db_text(owning->name), db_text(owning->owner), db_text(owning->skeleton)),
		err);
	owning->changed = changed > 0;
	event.actor = owning->act ? owning->act->actor : owning->owner;
	if (owning->act)
		event.address = owning->act->address;
	if (status == WPKG_OK && owning->changed)
		status = store_add_event(db, &event, err);
	return status;
}

static enum wpkg_status change_owner(struct wpkg_store *store, struct owning *owning,
				     struct wpkg_err *err)
{
	struct wpkg_buf skeleton;
	enum wpkg_status status = wpkg_name_check(owning->name, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&skeleton, (size_t)WPKG_NAME_MAX * 16);
	wpkg_name_append_skeleton(&skeleton, owning->name);
	owning->skeleton = wpkg_buf_str(&skeleton);
	status = wpkg_buf_check(&skeleton, "name", err);
	if (status == WPKG_OK)
		status = store_write(store, set_owner, owning, err);
	wpkg_buf_clear(&skeleton);
	return status;
}

enum wpkg_status wpkg_owner_set(struct wpkg_store *store, struct wpkg_str name,
				struct wpkg_str owner, const struct wpkg_act *act,
				struct wpkg_err *err)
{
	struct owning owning = {.name = name, .owner = owner, .act = act};
	return change_owner(store, &owning, err);
}

enum wpkg_status wpkg_owner_claim(bool *claimed, struct wpkg_store *store, struct wpkg_str name,
				  struct wpkg_str owner, struct wpkg_err *err)
{
	struct owning owning = {.name = name, .owner = owner};
	enum wpkg_status status = WPKG_OK;
	if (owner.len > 0)
		status = change_owner(store, &owning, err);
	if (status == WPKG_OK)
		*claimed = owning.changed;
	return status;
}
