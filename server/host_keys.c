/* SPDX-License-Identifier: Apache-2.0 */
#include "host_keys.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "pkg/keyring.h"
#include "pkg/secret_keys.h"
#include "pkg/verify.h"

/* One reading of the files; replaced as a whole. */
struct loaded {
	struct wpkg_secret_keys secret;
	struct wpkg_arena arena;
	struct wpkg_keyring trusted; /* the operator's keyring and the host's own keys */
	struct wpkg_keyring own;     /* the host's keys alone */
	struct wpkg_strategy strategy;
	bool allows_unsigned;
	bool honour_roles;
};

struct host_keys {
	pthread_rwlock_t lock;
	struct loaded loaded;
	char *path; /* of the secret keys */
};

static void clear_loaded(struct loaded *loaded)
{
	wpkg_secret_keys_clear(&loaded->secret);
	wpkg_arena_clear(&loaded->arena);
}

/* The first start: a key of our own, written before it is used. */
static enum wpkg_status make_key(struct loaded *loaded, const struct host_keys *keys,
				 const struct config *config, struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_secret_keys_create(&loaded->secret, wpkg_str_from(config->host_label),
					1U << WPKG_ROLE_HOST, (struct wpkg_str){0}, err);
	return status == WPKG_OK ? wpkg_secret_keys_save(&loaded->secret, keys->path, err) : status;
}

static enum wpkg_status load_secret(struct loaded *loaded, const struct host_keys *keys,
				    const struct config *config, struct wpkg_err *err)
{
	struct wpkg_err absent = {0};
	enum wpkg_status status = wpkg_secret_keys_load(&loaded->secret, keys->path, &absent);
	if (status == WPKG_ENOTFOUND)
		return make_key(loaded, keys, config, err);
	if (status != WPKG_OK && err)
		*err = absent;
	if (status == WPKG_OK &&
	    !wpkg_secret_keys_find(&loaded->secret, WPKG_ROLE_HOST, (struct wpkg_str){0}))
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: no key with the role host", keys->path);
	return status;
}

static enum wpkg_status load_keyring(struct loaded *loaded, const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	if (!path)
		return WPKG_OK;
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK)
		status = wpkg_keyring_read(&loaded->trusted, &loaded->arena, wpkg_buf_str(&text),
					   err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "keyring");
	wpkg_buf_clear(&text);
	return status;
}

/* Our own public keys: what we serve, and trusted when they come back. */
static enum wpkg_status add_own(struct loaded *loaded, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < loaded->secret.count; i++) {
		struct wpkg_keyring_entry entry;
		if (!(loaded->secret.entries[i].roles & 1U << WPKG_ROLE_HOST))
			continue;
		status = wpkg_secret_entry_public(&entry, &loaded->arena,
						  &loaded->secret.entries[i], err);
		entry.roles = 1U << WPKG_ROLE_HOST;
		if (status == WPKG_OK)
			status = wpkg_keyring_add(&loaded->own, &loaded->arena, &entry, err);
		if (status == WPKG_OK)
			status = wpkg_keyring_add(&loaded->trusted, &loaded->arena, &entry, err);
	}
	return status;
}

static enum wpkg_status load(struct loaded *out, const struct host_keys *keys,
			     const struct config *config, struct wpkg_err *err)
{
	struct loaded loaded = {.allows_unsigned = strcmp(config->unsigned_, "allow") == 0,
				.honour_roles = !config->ignore_roles};
	wpkg_arena_init(&loaded.arena, (size_t)64 << 20);
	enum wpkg_status status =
		wpkg_strategy_parse(&loaded.strategy, wpkg_str_from(config->strategy), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "strategy");
	if (status == WPKG_OK)
		status = load_secret(&loaded, keys, config, err);
	if (status == WPKG_OK)
		status = load_keyring(&loaded, config->keyring, err);
	if (status == WPKG_OK)
		status = add_own(&loaded, err);
	if (status != WPKG_OK)
		clear_loaded(&loaded);
	else
		*out = loaded;
	return status;
}

enum wpkg_status host_keys_new(struct host_keys **out, const struct config *config,
			       struct wpkg_err *err)
{
	struct host_keys *keys = wpkg_mem_calloc(1, sizeof(*keys));
	if (!keys)
		return WPKG_FAIL(err, WPKG_ENOMEM, "host keys: no memory");
	pthread_rwlock_init(&keys->lock, NULL);
	keys->path = wpkg_path_join(config->data, "host-keys.toml");
	enum wpkg_status status =
		keys->path ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "host keys: no memory");
	if (status == WPKG_OK)
		status = load(&keys->loaded, keys, config, err);
	if (status != WPKG_OK)
		host_keys_free(keys);
	else
		*out = keys;
	return status;
}

void host_keys_free(struct host_keys *keys)
{
	if (!keys)
		return;
	clear_loaded(&keys->loaded);
	pthread_rwlock_destroy(&keys->lock);
	wpkg_mem_free(keys->path);
	wpkg_mem_free(keys);
}

enum wpkg_status host_keys_reload(struct host_keys *keys, const struct config *config,
				  struct wpkg_err *err)
{
	struct loaded fresh;
	enum wpkg_status status = load(&fresh, keys, config, err);
	if (status != WPKG_OK)
		return status;
	pthread_rwlock_wrlock(&keys->lock);
	struct loaded old = keys->loaded;
	keys->loaded = fresh;
	pthread_rwlock_unlock(&keys->lock);
	clear_loaded(&old);
	return WPKG_OK;
}

/* The lock is held. */
static struct wpkg_verification verification_of(const struct loaded *loaded)
{
	return (struct wpkg_verification){.strategy = loaded->strategy,
					  .keyring = &loaded->trusted,
					  .honour_roles = loaded->honour_roles,
					  .now = wpkg_clock_now()};
}

const enum wpkg_signature_verdict *host_keys_judge(struct host_keys *keys, struct wpkg_arena *arena,
						   const struct wpkg_invoice *invoice)
{
	enum wpkg_signature_verdict *verdicts =
		wpkg_arena_alloc(arena, invoice->signature_count + 1, sizeof(*verdicts));
	if (!verdicts)
		return NULL;
	pthread_rwlock_rdlock(&keys->lock);
	const struct wpkg_verification verification = verification_of(&keys->loaded);
	for (size_t i = 0; i < invoice->signature_count; i++)
		verdicts[i] = wpkg_signature_judge(invoice, &invoice->signatures[i], &verification);
	pthread_rwlock_unlock(&keys->lock);
	return verdicts;
}

enum wpkg_status host_keys_verify(struct host_keys *keys, const struct wpkg_invoice *invoice,
				  struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	pthread_rwlock_rdlock(&keys->lock);
	const struct loaded *loaded = &keys->loaded;
	const struct wpkg_verification verification = verification_of(loaded);
	if (!loaded->allows_unsigned || invoice->signature_count > 0)
		status = wpkg_invoice_verify(invoice, &verification, err);
	pthread_rwlock_unlock(&keys->lock);
	return status;
}

enum wpkg_status host_keys_sign(struct host_keys *keys, struct wpkg_invoice *invoice,
				struct wpkg_arena *arena, struct wpkg_err *err)
{
	pthread_rwlock_rdlock(&keys->lock);
	const struct wpkg_secret_entry *entry =
		wpkg_secret_keys_find(&keys->loaded.secret, WPKG_ROLE_HOST, (struct wpkg_str){0});
	enum wpkg_status status = wpkg_invoice_sign(invoice, arena, entry, WPKG_ROLE_HOST,
						    (uint64_t)wpkg_clock_now(), err);
	pthread_rwlock_unlock(&keys->lock);
	return status;
}

enum wpkg_status host_keys_public(struct wpkg_str *out, struct host_keys *keys,
				  struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_str copy = {0};
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	pthread_rwlock_rdlock(&keys->lock);
	enum wpkg_status status = wpkg_keyring_write(&text, &keys->loaded.own, err);
	pthread_rwlock_unlock(&keys->lock);
	if (status == WPKG_OK) {
		copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
		status = copy.ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "keys: no memory");
	}
	wpkg_buf_clear(&text);
	if (status == WPKG_OK)
		*out = copy;
	return status;
}
