/* SPDX-License-Identifier: Apache-2.0 */
#include "store/token.h"

#include "base/clock.h"
#include "store/store_int.h"

/* "token 7 of jo": what an event says of a token, never its hash. */
static enum wpkg_status add_event(struct db *db, const char *kind, int64_t id, struct wpkg_str user,
				  const struct wpkg_act *act, struct wpkg_err *err)
{
	struct wpkg_buf detail;
	wpkg_buf_init(&detail, 4096);
	wpkg_buf_append_format(&detail, "token %lld of %.*s", (long long)id, WPKG_STR_ARG(user));
	if (act->reason.len > 0)
		wpkg_buf_append_format(&detail, ": %.*s", WPKG_STR_ARG(act->reason));
	enum wpkg_status status = wpkg_buf_check(&detail, "token", err);
	if (status == WPKG_OK)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = wpkg_str_from(kind),
							      .actor = act->actor,
							      .address = act->address,
							      .detail = wpkg_buf_str(&detail)},
					 err);
	wpkg_buf_clear(&detail);
	return status;
}

struct addition {
	const struct wpkg_token *token;
	const struct wpkg_act *act;
	int64_t id;
};

static enum wpkg_status add(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	struct addition *addition = arguments;
	const struct wpkg_token *token = addition->token;
	bool found = false;
	(void)store;
	enum wpkg_status status = db_find_integer(
		&found, &addition->id, db,
		"INSERT INTO tokens (hash, user_name, scope, note, created, expires) "
		"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
		DB_VALUES(db_digest(&token->hash), db_text(token->user), db_text(token->scope),
			  db_text(token->note), db_integer(wpkg_clock_now()),
			  db_integer(token->expires)),
		err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_EEXISTS, "the token is there already");
	if (status == WPKG_OK)
		status = add_event(db, "token", addition->id, token->user, addition->act, err);
	return status;
}

enum wpkg_status wpkg_token_add(int64_t *id, struct wpkg_store *store,
				const struct wpkg_token *token, const struct wpkg_act *act,
				struct wpkg_err *err)
{
	struct addition addition = {.token = token, .act = act};
	enum wpkg_status status = store_write(store, add, &addition, err);
	if (status == WPKG_OK)
		*id = addition.id;
	return status;
}

#define TOKEN_SELECT                                                                               \
	"SELECT id, hash, user_name, scope, note, created, expires, revoked FROM tokens "

static struct wpkg_token token_of_row(struct wpkg_arena *arena, struct db_rows *rows)
{
	struct wpkg_token token = {
		.id = db_rows_integer(rows, 0),
		.user = store_keep_text(arena, rows, 2),
		.scope = store_keep_text(arena, rows, 3),
		.note = store_keep_text(arena, rows, 4),
		.created = db_rows_integer(rows, 5),
		.expires = db_rows_integer(rows, 6),
		.revoked = db_rows_integer(rows, 7),
	};
	db_rows_digest(&token.hash, rows, 1);
	return token;
}

struct question {
	struct wpkg_arena *arena;
	const struct wpkg_digest *hash;
	bool found;
	struct wpkg_token token;
};

static enum wpkg_status find(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct question *question = arguments;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db, TOKEN_SELECT "WHERE hash = $1",
		     DB_VALUES(db_digest(question->hash)));
	question->found = db_rows_next(&rows);
	if (question->found)
		question->token = token_of_row(question->arena, &rows);
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_token_find(struct wpkg_token *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, const struct wpkg_digest *hash,
				 struct wpkg_err *err)
{
	struct question question = {.arena = arena, .hash = hash};
	enum wpkg_status status = store_read(store, find, &question, err);
	if (status == WPKG_OK && !question.found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no such token");
	if (status == WPKG_OK)
		*out = question.token;
	return status;
}

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str user;
	struct wpkg_token_list tokens;
};

static enum wpkg_status list(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct listing *listing = arguments;
	struct wpkg_token_list *tokens = &listing->tokens;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db, TOKEN_SELECT "WHERE user_name = $1 OR $1 = '' ORDER BY id",
		     DB_VALUES(db_text(listing->user)));
	while (db_rows_next(&rows)) {
		tokens->items = store_grow(listing->arena, tokens->items, tokens->count,
					   sizeof(*tokens->items));
		if (!tokens->items) {
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a list of tokens");
			break;
		}
		tokens->items[tokens->count++] = token_of_row(listing->arena, &rows);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status wpkg_token_list(struct wpkg_token_list *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, struct wpkg_str user,
				 struct wpkg_err *err)
{
	struct listing listing = {.arena = arena, .user = user};
	enum wpkg_status status = store_read(store, list, &listing, err);
	if (status == WPKG_OK)
		*out = listing.tokens;
	return status;
}

struct revocation {
	int64_t id;
	const struct wpkg_act *act;
};

static enum wpkg_status revoke(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	const struct revocation *revocation = arguments;
	struct db_rows rows;
	struct wpkg_err event_err = {0};
	bool first = false;
	(void)store;
	db_rows_open(&rows, db, "SELECT user_name, revoked FROM tokens WHERE id = $1",
		     DB_VALUES(db_integer(revocation->id)));
	bool found = db_rows_next(&rows);
	if (found)
		first = db_rows_integer(&rows, 1) == 0;
	if (first && add_event(db, "token-revoke", revocation->id, db_rows_bytes(&rows, 0),
			       revocation->act, &event_err) != WPKG_OK)
		db_rows_fail(&rows, event_err.status, event_err.msg);
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK && !found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no token %lld",
				   (long long)revocation->id);
	if (status == WPKG_OK && first)
		status = db_run(NULL, db, "UPDATE tokens SET revoked = $2 WHERE id = $1",
				DB_VALUES(db_integer(revocation->id), db_integer(wpkg_clock_now())),
				err);
	return status;
}

enum wpkg_status wpkg_token_revoke(struct wpkg_store *store, int64_t id, const struct wpkg_act *act,
				   struct wpkg_err *err)
{
	struct revocation revocation = {.id = id, .act = act};
	return store_write(store, revoke, &revocation, err);
}
