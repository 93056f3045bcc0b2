/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_SECRET_KEYS_H
#define WPKG_PKG_SECRET_KEYS_H

/*
 * The secret keys of a person, a CI job or a server: Bindle's secret key file, in which a key may
 * also stand as "sealed" (crypto/sealed.h) instead of "keypair". Files are mode 0600 and refused
 * when others may read them. Held in ordinary memory and wiped by clear.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/key.h"
#include "pkg/keyring.h"
#include "pkg/role.h"

struct wpkg_secret_entry {
	char *label;		    /* heap */
	unsigned roles;		    /* bit 1 << enum wpkg_role */
	bool sealed;		    /* key is not open: public_key is known, sealed_text holds it */
	struct wpkg_secret_key key; /* when not sealed */
	struct wpkg_public_key public_key;
	char *sealed_text; /* heap; NULL: stored in the clear */
};

struct wpkg_secret_keys {
	struct wpkg_secret_entry *entries; /* heap */
	size_t count;
};

/* Wipes and frees all; the struct is empty. */
void wpkg_secret_keys_clear(struct wpkg_secret_keys *keys);

/* Sealed entries stay sealed until wpkg_secret_keys_open. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_keys_read(struct wpkg_secret_keys *out,
						       struct wpkg_str text, struct wpkg_err *err);

/* Reads a file and refuses one that group or others may read (WPKG_EDENIED). */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_keys_load(struct wpkg_secret_keys *out,
						       const char *path, struct wpkg_err *err);

/* Appends the file's text; the caller wipes the buffer. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_keys_write(struct wpkg_buf *buf,
							const struct wpkg_secret_keys *keys,
							struct wpkg_err *err);

/* Writes the file with mode 0600, durable, replacing it whole. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_keys_save(const struct wpkg_secret_keys *keys,
						       const char *path, struct wpkg_err *err);

/* A new key under a label; sealed when a passphrase is given (ptr not NULL). */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_keys_create(struct wpkg_secret_keys *keys,
							 struct wpkg_str label, unsigned roles,
							 struct wpkg_str passphrase,
							 struct wpkg_err *err);

/* Opens a sealed entry; WPKG_EDENIED for a wrong passphrase. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_entry_open(struct wpkg_secret_entry *entry,
							struct wpkg_str passphrase,
							struct wpkg_err *err);

/* The first entry with the role, and with that label when one is given (ptr not NULL). */
struct wpkg_secret_entry *wpkg_secret_keys_find(const struct wpkg_secret_keys *keys,
						enum wpkg_role role, struct wpkg_str label);

/* The entry's public side, with a label signature; texts in the arena. Needs an open entry. */
WPKG_MUST_CHECK enum wpkg_status wpkg_secret_entry_public(struct wpkg_keyring_entry *out,
							  struct wpkg_arena *arena,
							  const struct wpkg_secret_entry *entry,
							  struct wpkg_err *err);

#endif
