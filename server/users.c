/* SPDX-License-Identifier: Apache-2.0 */
#include "users.h"

#include <crypt.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "access_token.h"
#include "attempts.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "htpasswd.h"
#include "store/token.h"

#define HASH_TEXT 128	     /* bytes of a bcrypt hash, with room */
#define CREDENTIALS_MAX 4096 /* bytes of user and password */

struct users {
	pthread_mutex_t mutex;
	const struct config *config;
	struct wpkg_store *store;
	struct wpkg_buf htpasswd; /* "user:hash" lines */
	char decoy[HASH_TEXT];	  /* checked for a user that there is not: as slow as theirs */
	struct attempts *attempts;
	struct access_token_key key;
};

/* The htpasswd file. */

#define DECOY "$2y$05$abcdefghijklmnopqrstuuO5dkh7jZ3ArcQ4Wn2sH6S.jUIRpLmFq"
#define COST_AT 4 /* offset of the two digits of the cost */

/* "$2y$12$" and 53 characters. */
static bool is_bcrypt(struct wpkg_str hash)
{
	return hash.len == 60 && wpkg_str_starts(hash, WPKG_LIT("$2")) &&
	       strchr("aby", hash.ptr[2]) && hash.ptr[3] == '$' && hash.ptr[6] == '$';
}

/* The next line that is a user's; false at the end. *number counts lines. */
static bool next_user(struct wpkg_str *rest, struct wpkg_str *user, struct wpkg_str *hash,
		      size_t *number)
{
	struct wpkg_str line;
	while (wpkg_str_split(rest, '\n', &line)) {
		++*number;
		line = wpkg_str_trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		size_t colon = wpkg_str_find(line, ':');
		*user = wpkg_str_slice(line, 0, colon);
		*hash = wpkg_str_from_offset(line, colon + 1);
		return true;
	}
	return false;
}

/* Every line must be one that somebody can log in with; *cost is the greatest. */
static enum wpkg_status check_htpasswd(const struct wpkg_buf *text, char cost[2],
				       struct wpkg_err *err)
{
	struct wpkg_str rest = wpkg_buf_str(text);
	struct wpkg_str user, hash;
	size_t number = 0;
	while (next_user(&rest, &user, &hash, &number)) {
		if (user.len == 0 || !is_bcrypt(hash))
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "line %zu is not a user and a bcrypt hash "
					 "(htpasswd -B makes them)",
					 number);
		if (memcmp(hash.ptr + COST_AT, cost, 2) > 0)
			memcpy(cost, hash.ptr + COST_AT, 2);
	}
	return WPKG_OK;
}

static enum wpkg_status read_htpasswd(struct wpkg_buf *out, char decoy[HASH_TEXT], const char *path,
				      struct wpkg_err *err)
{
	wpkg_buf_init(out, HTPASSWD_MAX);
	snprintf(decoy, HASH_TEXT, "%s", DECOY);
	if (!path)
		return WPKG_OK;
	enum wpkg_status status = htpasswd_read(out, path, false, err);
	if (status == WPKG_OK) {
		status = check_htpasswd(out, decoy + COST_AT, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", path);
	}
	if (status != WPKG_OK)
		wpkg_buf_wipe(out);
	return status;
}

enum wpkg_status users_new(struct users **out, const struct config *config,
			   struct wpkg_store *store, struct wpkg_err *err)
{
	struct users *users = wpkg_mem_calloc(1, sizeof(*users));
	if (!users)
		return WPKG_FAIL(err, WPKG_ENOMEM, "users: no memory");
	pthread_mutex_init(&users->mutex, NULL);
	users->config = config;
	users->store = store;
	access_token_key_new(&users->key);
	enum wpkg_status status = attempts_new(&users->attempts, err);
	if (status == WPKG_OK)
		status = read_htpasswd(&users->htpasswd, users->decoy, config->htpasswd, err);
	if (status != WPKG_OK)
		users_free(users);
	else
		*out = users;
	return status;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	wpkg_buf_wipe(&users->htpasswd);
	attempts_free(users->attempts);
	pthread_mutex_destroy(&users->mutex);
	wpkg_mem_free(users);
}

enum wpkg_status users_reload(struct users *users, const struct config *config,
			      struct wpkg_err *err)
{
	struct wpkg_buf fresh;
	char decoy[HASH_TEXT];
	enum wpkg_status status = read_htpasswd(&fresh, decoy, config->htpasswd, err);
	if (status != WPKG_OK)
		return status;
	pthread_mutex_lock(&users->mutex);
	struct wpkg_buf old = users->htpasswd;
	users->htpasswd = fresh;
	memcpy(users->decoy, decoy, sizeof(decoy));
	pthread_mutex_unlock(&users->mutex);
	/* A password that was changed must not be right any more. */
	attempts_forget(users->attempts);
	wpkg_buf_wipe(&old);
	return WPKG_OK;
}

/* Passwords. */

/* The user's hash, copied; the decoy for a user that there is not: then false. */
static bool find_hash(char out[HASH_TEXT], struct users *users, struct wpkg_str user)
{
	struct wpkg_str found, hash;
	size_t number = 0;
	bool known = false;
	pthread_mutex_lock(&users->mutex);
	struct wpkg_str rest = wpkg_buf_str(&users->htpasswd);
	memcpy(out, users->decoy, HASH_TEXT);
	while (!known && next_user(&rest, &found, &hash, &number)) {
		known = wpkg_str_equal(found, user);
		if (known)
			snprintf(out, HASH_TEXT, "%.*s", WPKG_STR_ARG(hash));
	}
	pthread_mutex_unlock(&users->mutex);
	return known;
}

static bool is_password(struct users *users, struct wpkg_str user, const char *password)
{
	struct crypt_data *data = wpkg_mem_calloc(1, sizeof(*data));
	char hash[HASH_TEXT];
	bool known = find_hash(hash, users, user);
	const char *got = data ? crypt_r(password, hash, data) : NULL;
	bool right = got && strlen(got) == strlen(hash) &&
		     wpkg_bytes_equal_secret(got, hash, strlen(hash));
	if (data)
		wpkg_mem_wipe(data, sizeof(*data));
	wpkg_mem_free(data);
	return right && known;
}

static enum wpkg_status identify_token(struct identity *out, struct users *users,
				       struct wpkg_arena *arena, struct wpkg_str text,
				       struct wpkg_err *err)
{
	struct wpkg_digest hash;
	struct wpkg_token token;
	if (access_token_read(&out->user, &out->scope, &users->key, arena, text))
		return WPKG_OK;
	enum wpkg_status status = wpkg_digest_of(&hash, text, err);
	if (status == WPKG_OK)
		status = wpkg_token_find(&token, arena, users->store, &hash, err);
	if (status == WPKG_ENOTFOUND)
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	if (status != WPKG_OK)
		return status;
	/* Whoever has the token may know what became of it. */
	if (token.revoked != 0)
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized: the token was revoked");
	if (token.expires != 0 && token.expires <= wpkg_clock_now())
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized: the token has expired");
	*out = (struct identity){token.user, token.scope};
	return WPKG_OK;
}

/* User and password of "Basic"; they borrow from the buffer. */
static bool parse_basic(char *buffer, size_t size, struct wpkg_str text, struct wpkg_str *user,
			struct wpkg_str *password)
{
	size_t len = 0;
	if (!wpkg_base64_parse(buffer, size - 1, &len, text))
		return false;
	struct wpkg_str decoded = wpkg_str_of(buffer, len);
	size_t colon = wpkg_str_find(decoded, ':');
	if (colon == len || memchr(buffer, '\0', len))
		return false;
	buffer[len] = '\0';
	*user = wpkg_str_slice(decoded, 0, colon);
	*password = wpkg_str_from_offset(decoded, colon + 1);
	return true;
}

static enum wpkg_status check_password(struct users *users, struct wpkg_str user,
				       struct wpkg_str password, const char *network,
				       struct wpkg_err *err)
{
	struct wpkg_str from = wpkg_str_from(network);
	enum wpkg_status status = attempts_begin(users->attempts, user, from, err);
	if (status != WPKG_OK || is_password(users, user, password.ptr))
		return status;
	attempts_fail(users->attempts, user, from);
	return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
}

/* A password that is a token; the user's name beside it may be left out, but not be another's. */
static enum wpkg_status check_token_as_password(struct identity *out, struct users *users,
						struct wpkg_arena *arena, struct wpkg_str user,
						struct wpkg_str password, struct wpkg_err *err)
{
	struct identity identity;
	enum wpkg_status status = identify_token(&identity, users, arena, password, err);
	if (status != WPKG_OK)
		return status;
	if (user.len > 0 && !wpkg_str_equal(user, identity.user))
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	*out = identity;
	return WPKG_OK;
}

static enum wpkg_status take_user(struct identity *out, struct wpkg_arena *arena,
				  struct wpkg_str user, struct wpkg_err *err)
{
	*out = (struct identity){.user = wpkg_arena_dup(arena, user)};
	return out->user.ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "users: no memory");
}

static enum wpkg_status identify_basic(struct identity *out, struct users *users,
				       struct wpkg_arena *arena, struct wpkg_str text,
				       const char *network, bool wait, struct wpkg_err *err)
{
	char buffer[CREDENTIALS_MAX];
	struct wpkg_str user, password;
	enum wpkg_status status = WPKG_OK;
	*out = (struct identity){0};
	if (!parse_basic(buffer, sizeof(buffer), text, &user, &password)) {
		status = WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
		goto out;
	}
	if (user.len == 0 && password.len == 0)
		goto out;
	if (attempts_is_known(users->attempts, text)) {
		status = take_user(out, arena, user, err);
		goto out;
	}
	status = check_token_as_password(out, users, arena, user, password, err);
	if (status != WPKG_EDENIED)
		goto out;
	if (!wait) {
		status = WPKG_FAIL(err, WPKG_EBUSY, "a password takes time");
		goto out;
	}
	/* The check is slow: a reload may come while it goes on. */
	unsigned generation = attempts_generation(users->attempts);
	status = check_password(users, user, password, network, err);
	if (status != WPKG_OK)
		goto out;
	attempts_remember(users->attempts, text, generation);
	status = take_user(out, arena, user, err);
out:
	wpkg_mem_wipe(buffer, sizeof(buffer));
	return status;
}

struct wpkg_str users_access_token(const struct users *users, struct wpkg_arena *arena,
				   const struct identity *identity)
{
	return access_token_make(&users->key, arena, identity->user, identity->scope);
}

enum wpkg_status users_identify(struct identity *out, struct users *users, struct wpkg_arena *arena,
				struct wpkg_str authorization, const char *network, bool wait,
				struct wpkg_err *err)
{
	struct identity identity = {0};
	enum wpkg_status status = WPKG_OK;
	if (users->config->unauthenticated || authorization.len == 0) {
		*out = identity;
		return WPKG_OK;
	}
	if (wpkg_str_starts(authorization, WPKG_LIT("Basic ")))
		status = identify_basic(&identity, users, arena,
					wpkg_str_trim(wpkg_str_from_offset(authorization, 6)),
					network, wait, err);
	else if (wpkg_str_starts(authorization, WPKG_LIT("Bearer ")))
		status = identify_token(&identity, users, arena,
					wpkg_str_trim(wpkg_str_from_offset(authorization, 7)), err);
	else
		status = WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	if (status == WPKG_OK)
		*out = identity;
	return status;
}

/*
 * "push:example.com/" + "*", ... : does one of the parts allow it? One that allows anything of a
 * name allows reading it.
 */
static bool is_in_scope(struct wpkg_str scope, enum wpkg_right right, struct wpkg_str name)
{
	struct wpkg_str part;
	if (scope.len == 0)
		return true;
	while (wpkg_str_split(&scope, ',', &part)) {
		enum wpkg_right given;
		part = wpkg_str_trim(part);
		size_t colon = wpkg_str_find(part, ':');
		if (wpkg_right_parse(&given, wpkg_str_slice(part, 0, colon)) &&
		    (given == right || given == WPKG_RIGHT_OWN || right == WPKG_RIGHT_READ) &&
		    wpkg_pattern_covers(wpkg_str_from_offset(part, colon + 1), name))
			return true;
	}
	return false;
}

static bool has_right(const struct wpkg_access *access, struct wpkg_str user, enum wpkg_right right)
{
	bool owns = access->owner.len > 0 && wpkg_str_equal(access->owner, user);
	if (owns || (access->rights & ((unsigned)right | WPKG_RIGHT_OWN)))
		return true;
	switch (right) {
	case WPKG_RIGHT_READ:
		return !access->reserved || access->rights != 0;
	case WPKG_RIGHT_PUSH:
		return !access->exists && access->owner.len == 0 && !access->reserved;
	case WPKG_RIGHT_YANK:
	case WPKG_RIGHT_OWN:
		break;
	}
	return false;
}

enum wpkg_status users_allow(struct users *users, struct wpkg_arena *arena,
			     const struct identity *identity, enum wpkg_right right,
			     struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_access access;
	if (users->config->unauthenticated ||
	    (right == WPKG_RIGHT_READ && !users->config->is_private))
		return WPKG_OK;
	if (identity->user.len == 0)
		return WPKG_FAIL(err, WPKG_EDENIED, "access denied");
	if (!is_in_scope(identity->scope, right, name))
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "access denied: the token is not for %s of %.*s",
				 wpkg_right_name(right), WPKG_STR_ARG(name));
	enum wpkg_status status =
		wpkg_access_find(&access, arena, users->store, identity->user, name, err);
	if (status != WPKG_OK || has_right(&access, identity->user, right))
		return status;
	return WPKG_FAIL(err, WPKG_EDENIED, "access denied: %.*s may not %s %.*s",
			 WPKG_STR_ARG(identity->user), wpkg_right_name(right), WPKG_STR_ARG(name));
}
