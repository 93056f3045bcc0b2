/* SPDX-License-Identifier: Apache-2.0 */
#include "users.h"

#include <crypt.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "store/token.h"

#define HTPASSWD_MAX ((size_t)4 << 20)
#define REMEMBERED 256 /* passwords that were right */
#define REMEMBER_SECONDS 300
#define SUSPECTS 1024	   /* users and addresses with wrong passwords */
#define SUSPECT_FREE 5	   /* wrong ones before it gets slow */
#define SUSPECT_SECONDS 60 /* that a wrong one counts */
#define CREDENTIALS_MAX 4096

/* A hash that no password has: an unknown user costs as much time as a known one. */
#define NOBODY_HASH "$2y$10$abcdefghijklmnopqrstuuO5dkh7jZ3ArcQ4Wn2sH6S.jUIRpLmFq"

struct remembered {
	struct wpkg_digest digest; /* of the key and the credentials */
	int64_t until;
};

struct suspect {
	struct wpkg_digest digest; /* of the key and the user or address */
	unsigned failures;
	int64_t until; /* when they are forgotten */
};

struct users {
	pthread_mutex_t mutex;
	const struct config *config;
	struct wpkg_store *store;
	struct wpkg_buf htpasswd; /* "user:hash" lines */
	uint8_t key[32];	  /* of the remembered digests: random at each start */
	struct remembered remembered[REMEMBERED];
	struct suspect suspects[SUSPECTS];
};

static enum wpkg_status read_htpasswd(struct wpkg_buf *out, const struct config *config,
				      struct wpkg_err *err)
{
	wpkg_buf_init(out, HTPASSWD_MAX);
	enum wpkg_status status =
		config->htpasswd ? wpkg_file_read(out, AT_FDCWD, config->htpasswd, err) : WPKG_OK;
	if (status != WPKG_OK)
		wpkg_buf_clear(out);
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
	wpkg_random(users->key, sizeof(users->key));
	enum wpkg_status status = read_htpasswd(&users->htpasswd, config, err);
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
	pthread_mutex_destroy(&users->mutex);
	wpkg_mem_wipe(users->key, sizeof(users->key));
	wpkg_mem_free(users);
}

enum wpkg_status users_reload(struct users *users, struct wpkg_err *err)
{
	struct wpkg_buf fresh;
	enum wpkg_status status = read_htpasswd(&fresh, users->config, err);
	if (status != WPKG_OK)
		return status;
	pthread_mutex_lock(&users->mutex);
	struct wpkg_buf old = users->htpasswd;
	users->htpasswd = fresh;
	/* A password that was changed must not be right any more. */
	memset(users->remembered, 0, sizeof(users->remembered));
	pthread_mutex_unlock(&users->mutex);
	wpkg_buf_wipe(&old);
	return WPKG_OK;
}

/* The digest of our random key and a text, under a domain of its own. */
static enum wpkg_status keyed_digest(struct wpkg_digest *out, const struct users *users,
				     const char *domain, struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_hasher *hasher = NULL;
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	if (status != WPKG_OK)
		return status;
	wpkg_hasher_update(hasher, wpkg_str_of(users->key, sizeof(users->key)));
	wpkg_hasher_update(hasher, wpkg_str_of(domain, strlen(domain) + 1));
	wpkg_hasher_update(hasher, text);
	status = wpkg_hasher_finish(out, hasher, err);
	wpkg_hasher_free(hasher);
	return status;
}

static struct remembered *slot_of(struct users *users, const struct wpkg_digest *digest)
{
	return &users->remembered[(digest->bytes[0] | digest->bytes[1] << 8) % REMEMBERED];
}

static bool is_remembered(struct users *users, const struct wpkg_digest *digest)
{
	pthread_mutex_lock(&users->mutex);
	const struct remembered *slot = slot_of(users, digest);
	bool known = slot->until > wpkg_clock_now() && wpkg_digest_equal(&slot->digest, digest);
	pthread_mutex_unlock(&users->mutex);
	return known;
}

static void remember(struct users *users, const struct wpkg_digest *digest)
{
	pthread_mutex_lock(&users->mutex);
	*slot_of(users, digest) = (struct remembered){*digest, wpkg_clock_now() + REMEMBER_SECONDS};
	pthread_mutex_unlock(&users->mutex);
}

/* Counts a failure, or only asks, for a user or an address. */
static bool is_suspect(struct users *users, const char *domain, struct wpkg_str who, bool failed)
{
	struct wpkg_digest digest;
	int64_t now = wpkg_clock_now();
	if (keyed_digest(&digest, users, domain, who, NULL) != WPKG_OK)
		return true;
	pthread_mutex_lock(&users->mutex);
	struct suspect *suspect =
		&users->suspects[(digest.bytes[0] | digest.bytes[1] << 8) % SUSPECTS];
	bool same = suspect->until > now && wpkg_digest_equal(&suspect->digest, &digest);
	if (failed) {
		/* Each failure above the free ones doubles the time that it counts. */
		unsigned failures = same ? suspect->failures + 1 : 1;
		unsigned over = failures > SUSPECT_FREE ? failures - SUSPECT_FREE : 0;
		int64_t seconds = (int64_t)SUSPECT_SECONDS << (over > 4 ? 4 : over);
		*suspect = (struct suspect){digest, failures, now + seconds};
		same = true;
	}
	bool slow = same && suspect->failures > SUSPECT_FREE;
	pthread_mutex_unlock(&users->mutex);
	return slow;
}

static enum wpkg_status wrong(struct users *users, struct wpkg_str user, const char *address,
			      struct wpkg_err *err)
{
	(void)is_suspect(users, "user", user, true);
	(void)is_suspect(users, "address", wpkg_str_from(address), true);
	return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
}

/* The hash of a user's line, copied; the decoy's for a user that there is not. */
static void find_hash(char out[256], struct users *users, struct wpkg_str user)
{
	struct wpkg_str line;
	strcpy(out, NOBODY_HASH);
	pthread_mutex_lock(&users->mutex);
	struct wpkg_str rest = wpkg_buf_str(&users->htpasswd);
	while (wpkg_str_split(&rest, '\n', &line)) {
		size_t colon = wpkg_str_find(line, ':');
		struct wpkg_str hash = wpkg_str_trim(wpkg_str_from_offset(line, colon + 1));
		if (colon == line.len || !wpkg_str_equal(wpkg_str_slice(line, 0, colon), user) ||
		    hash.len >= 256 || !wpkg_str_starts(hash, WPKG_LIT("$2")))
			continue;
		memcpy(out, hash.ptr, hash.len);
		out[hash.len] = '\0';
		break;
	}
	pthread_mutex_unlock(&users->mutex);
}

static bool is_password(struct users *users, struct wpkg_str user, const char *password)
{
	struct crypt_data *data = wpkg_mem_calloc(1, sizeof(*data));
	char hash[256];
	find_hash(hash, users, user);
	const char *got = data ? crypt_r(password, hash, data) : NULL;
	bool right = got && strlen(got) == strlen(hash) &&
		     wpkg_bytes_equal_secret(got, hash, strlen(hash)) &&
		     strcmp(hash, NOBODY_HASH) != 0;
	if (data)
		wpkg_mem_wipe(data, sizeof(*data));
	wpkg_mem_free(data);
	return right;
}

static enum wpkg_status identify_token(struct identity *out, struct users *users,
				       struct wpkg_arena *arena, struct wpkg_str text,
				       struct wpkg_err *err)
{
	struct wpkg_digest hash;
	struct wpkg_token token;
	enum wpkg_status status = wpkg_digest_of(&hash, text, err);
	if (status == WPKG_OK)
		status = wpkg_token_find(&token, arena, users->store, &hash, err);
	if (status == WPKG_ENOTFOUND ||
	    (status == WPKG_OK &&
	     (token.revoked != 0 || (token.expires != 0 && token.expires <= wpkg_clock_now()))))
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	if (status == WPKG_OK)
		*out = (struct identity){token.user, token.scope};
	return status;
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
				       struct wpkg_str password, struct wpkg_str text,
				       const char *address, bool wait, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	enum wpkg_status status = keyed_digest(&digest, users, "basic", text, err);
	if (status != WPKG_OK || is_remembered(users, &digest))
		return status;
	if (!wait)
		return WPKG_FAIL(err, WPKG_EBUSY, "a password takes time");
	if (is_suspect(users, "user", user, false) ||
	    is_suspect(users, "address", wpkg_str_from(address), false))
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized: too many wrong passwords, wait");
	if (!is_password(users, user, password.ptr))
		return wrong(users, user, address, err);
	remember(users, &digest);
	return WPKG_OK;
}

static enum wpkg_status identify_basic(struct identity *out, struct users *users,
				       struct wpkg_arena *arena, struct wpkg_str text,
				       const char *address, bool wait, struct wpkg_err *err)
{
	char buffer[CREDENTIALS_MAX];
	struct wpkg_str user, password;
	if (!parse_basic(buffer, sizeof(buffer), text, &user, &password))
		return WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	*out = (struct identity){0};
	if (user.len == 0 && password.len == 0)
		return WPKG_OK;
	enum wpkg_status status = identify_token(out, users, arena, password, NULL);
	if (status == WPKG_EDENIED) {
		status = check_password(users, user, password, text, address, wait, err);
		out->user = status == WPKG_OK ? wpkg_arena_dup(arena, user) : (struct wpkg_str){0};
		if (status == WPKG_OK && !out->user.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "users: no memory");
	} else if (status == WPKG_OK && user.len > 0 && !wpkg_str_equal(user, out->user)) {
		status = WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	} else if (status != WPKG_OK) {
		wpkg_err_set(err, status, "credentials cannot be checked now");
	}
	wpkg_mem_wipe(buffer, sizeof(buffer));
	return status;
}

enum wpkg_status users_identify(struct identity *out, struct users *users, struct wpkg_arena *arena,
				struct wpkg_str authorization, const char *address, bool wait,
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
					address, wait, err);
	else if (wpkg_str_starts(authorization, WPKG_LIT("Bearer ")))
		status = identify_token(&identity, users, arena,
					wpkg_str_trim(wpkg_str_from_offset(authorization, 7)), err);
	else
		status = WPKG_FAIL(err, WPKG_EDENIED, "unauthorized");
	if (status == WPKG_OK)
		*out = identity;
	return status;
}

/* "push:example.com/" + "*", ... : does one of the parts allow it? */
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
		    (given == right || given == WPKG_RIGHT_OWN) &&
		    wpkg_pattern_covers(wpkg_str_from_offset(part, colon + 1), name))
			return true;
	}
	return false;
}

enum wpkg_status users_allow(struct users *users, struct wpkg_arena *arena,
			     const struct identity *identity, enum wpkg_right right,
			     struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_access access;
	if (users->config->unauthenticated)
		return WPKG_OK;
	if (identity->user.len == 0)
		return WPKG_FAIL(err, WPKG_EDENIED, "access denied");
	if (!is_in_scope(identity->scope, right, name))
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "access denied: the token is not for %s of %.*s",
				 wpkg_right_name(right), WPKG_STR_ARG(name));
	enum wpkg_status status =
		wpkg_access_find(&access, arena, users->store, identity->user, name, err);
	if (status != WPKG_OK)
		return status;
	bool owns = access.owner.len > 0 && wpkg_str_equal(access.owner, identity->user);
	bool granted = (access.rights & ((unsigned)right | WPKG_RIGHT_OWN)) != 0;
	bool is_free = right == WPKG_RIGHT_PUSH && !access.exists && access.owner.len == 0 &&
		       !access.reserved;
	if (owns || granted || is_free)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EDENIED, "access denied: %.*s may not %s %.*s",
			 WPKG_STR_ARG(identity->user), wpkg_right_name(right), WPKG_STR_ARG(name));
}
