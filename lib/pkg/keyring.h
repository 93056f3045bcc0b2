/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_KEYRING_H
#define WPKG_PKG_KEYRING_H

/*
 * Public keys that are trusted, in which roles and when. The file is Bindle's keyring, with three
 * keys more that its readers tolerate: validFrom and validUntil (RFC 3339 texts) and revoked
 * (RFC 3339 text: from then on nothing that this key signs counts; earlier signatures neither,
 * since a signature's time is not proven).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/key.h"
#include "pkg/role.h"

struct wpkg_keyring_entry {
	struct wpkg_str label;
	unsigned roles; /* bit 1 << enum wpkg_role */
	struct wpkg_public_key key;
	struct wpkg_str label_signature; /* base64; ptr NULL: absent */
	int64_t valid_from;		 /* UNIX seconds; INT64_MIN: always was */
	int64_t valid_until;		 /* UNIX seconds; INT64_MAX: no end */
	bool revoked;
	int64_t revoked_at; /* UNIX seconds when revoked */
};

/* Plain data; entries and texts in an arena that the caller owns. */
struct wpkg_keyring {
	struct wpkg_keyring_entry *entries;
	size_t count;
	size_t capacity;
};

#define WPKG_KEYRING_MAX ((size_t)1 << 20) /* bytes of a keyring's text */

WPKG_MUST_CHECK enum wpkg_status wpkg_keyring_read(struct wpkg_keyring *out,
						   struct wpkg_arena *arena, struct wpkg_str text,
						   struct wpkg_err *err);

/* Appends the TOML text, which the original's readers take too. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_keyring_write(struct wpkg_buf *buf, const struct wpkg_keyring *keyring, struct wpkg_err *err);

/* Adds a copy, or merges roles into the entry that has this key. WPKG_ENOMEM only. */
WPKG_MUST_CHECK enum wpkg_status wpkg_keyring_add(struct wpkg_keyring *keyring,
						  struct wpkg_arena *arena,
						  const struct wpkg_keyring_entry *entry,
						  struct wpkg_err *err);

struct wpkg_keyring_entry *wpkg_keyring_find(const struct wpkg_keyring *keyring,
					     const struct wpkg_public_key *key);

#endif
