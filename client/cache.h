/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_CACHE_H
#define WPKG_CLIENT_CACHE_H

/*
 * What was pulled, on disk, shared by every process of the user:
 *
 *   parcels/SHA256                    a parcel, read-only
 *   invoices/REGISTRY/url             the registry's URL
 *   invoices/REGISTRY/NAME/name       the package's name
 *   invoices/REGISTRY/NAME/VERSION    its invoice; REGISTRY and NAME are SHA-256 of the texts
 *   temporary/...                     being written
 *   lock
 *
 * A file appears whole by one rename; two processes that fetch the same parcel both succeed. A
 * parcel's bytes are hashed each time they are used: one that was changed is removed and counts as
 * absent. Nothing is synced: what a crash spoils is found by its hash and fetched again. Users hold
 * the lock shared, cleaning takes it alone.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"

struct cache {
	int dir;  /* -1: not open */
	int lock; /* holds the lock, shared */
};

WPKG_MUST_CHECK enum wpkg_status cache_open(struct cache *out, const char *path,
					    struct wpkg_err *err);
void cache_close(struct cache *cache);

/*
 * Opens a parcel whose bytes have the digest and the size. WPKG_ENOTFOUND when there is none; a
 * spoilt one is removed and *spoilt (may be NULL) set.
 */
WPKG_MUST_CHECK enum wpkg_status cache_open_parcel(int *out, bool *spoilt,
						   const struct cache *cache,
						   const struct wpkg_label *label,
						   struct wpkg_err *err);

/* Where a parcel's file is, whether or not it is there; heap. */
WPKG_MUST_CHECK enum wpkg_status cache_parcel_path(char **out, const struct wpkg_label *label,
						   struct wpkg_err *err);

/* A parcel on its way in: bytes are hashed as they are written. */
struct cache_entry {
	int fd; /* -1: none */
	char name[48];
	struct wpkg_hasher *hasher;
	uint64_t size;
};

WPKG_MUST_CHECK enum wpkg_status cache_entry_begin(struct cache_entry *out,
						   const struct cache *cache, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status cache_entry_write(struct cache_entry *entry, struct wpkg_str bytes,
						   struct wpkg_err *err);

/* Places it when it has the label's digest and size (else WPKG_EDENIED); ends the entry. */
WPKG_MUST_CHECK enum wpkg_status cache_entry_commit(struct cache_entry *entry,
						    const struct cache *cache,
						    const struct wpkg_label *label,
						    struct wpkg_err *err);
/* Ends an entry that was not committed; others are left alone. */
void cache_entry_abandon(struct cache_entry *entry, const struct cache *cache);

WPKG_MUST_CHECK enum wpkg_status cache_put_invoice(const struct cache *cache, struct wpkg_str url,
						   const struct wpkg_invoice *invoice,
						   struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status cache_get_invoice(struct wpkg_invoice **out,
						   struct wpkg_arena *arena,
						   const struct cache *cache, struct wpkg_str url,
						   struct wpkg_str name, struct wpkg_str version,
						   struct wpkg_err *err);

/* Each version of the name that is cached; the text is borrowed for the call. */
WPKG_MUST_CHECK enum wpkg_status cache_each_version(
	const struct cache *cache, struct wpkg_str url, struct wpkg_str name,
	enum wpkg_status (*visit)(void *user, struct wpkg_str version, struct wpkg_err *err),
	void *user, struct wpkg_err *err);

/* Each invoice of all registries, in no order. */
WPKG_MUST_CHECK enum wpkg_status cache_each_invoice(
	const struct cache *cache, struct wpkg_arena *arena,
	enum wpkg_status (*visit)(void *user, struct wpkg_str url,
				  const struct wpkg_invoice *invoice, struct wpkg_err *err),
	void *user, struct wpkg_err *err);

/* Each parcel's file: good says whether its bytes have the digest of its name. */
WPKG_MUST_CHECK enum wpkg_status
cache_each_parcel(const struct cache *cache, bool check,
		  enum wpkg_status (*visit)(void *user, const char *sha256, uint64_t size,
					    bool good, struct wpkg_err *err),
		  void *user, struct wpkg_err *err);

/* Removes a parcel; a missing one is fine. */
WPKG_MUST_CHECK enum wpkg_status cache_remove_parcel(const struct cache *cache, const char *sha256,
						     struct wpkg_err *err);

/* Removes everything. WPKG_EBUSY while another process uses the cache. */
WPKG_MUST_CHECK enum wpkg_status cache_clean(struct cache *cache, struct wpkg_err *err);

#endif
