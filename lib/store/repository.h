/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_REPOSITORY_H
#define WPKG_STORE_REPOSITORY_H

/*
 * What an OCI client sees under a package's name: a repository of blobs, manifests (manifest.h) and
 * tags (tag.h). The bytes are the store's; a repository only says which of them are its own. A
 * blob is in a repository when it was uploaded or mounted there, or a manifest there names it: what
 * one repository holds says nothing about another.
 *
 * A repository exists while it holds anything.
 */

#include "crypto/content_digest.h"
#include "store/blob.h"
#include "store/record.h"

/* WPKG_ENOTFOUND when the repository does not hold the blob. */
WPKG_MUST_CHECK enum wpkg_status wpkg_repository_blob_size(uint64_t *out, struct wpkg_store *store,
							   struct wpkg_str name,
							   const struct wpkg_content_digest *digest,
							   struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status
wpkg_repository_blob_open(struct wpkg_blob *out, struct wpkg_store *store, struct wpkg_str name,
			  const struct wpkg_content_digest *digest, struct wpkg_err *err);

/* Makes a blob of one repository one of another, too. WPKG_ENOTFOUND when from does not hold it;
 * mounting twice is fine. act: whose user owns the name if it is new. */
WPKG_MUST_CHECK enum wpkg_status wpkg_repository_mount(struct wpkg_store *store,
						       struct wpkg_str name, struct wpkg_str from,
						       const struct wpkg_content_digest *digest,
						       const struct wpkg_act *act,
						       struct wpkg_err *err);

struct wpkg_names {
	struct wpkg_str *items;
	size_t count;
};

/* Repositories that hold a blob, at most limit, in no order: for a mount that names none. Whether
 * the caller may know of them is the caller's question. */
WPKG_MUST_CHECK enum wpkg_status wpkg_repository_holders(struct wpkg_names *out,
							 struct wpkg_arena *arena,
							 struct wpkg_store *store,
							 const struct wpkg_content_digest *digest,
							 size_t limit, struct wpkg_err *err);

/*
 * Takes a blob out of a repository; its bytes go with a gc once nothing needs them.
 * WPKG_ENOTFOUND when it is not there, WPKG_EDENIED while a manifest of the repository names it.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_repository_blob_delete(struct wpkg_store *store, struct wpkg_str name,
			    const struct wpkg_content_digest *digest, struct wpkg_err *err);

/* Does it hold a manifest or a blob? */
WPKG_MUST_CHECK enum wpkg_status wpkg_repository_exists(bool *out, struct wpkg_store *store,
							struct wpkg_str name, struct wpkg_err *err);

/* Names of repositories that hold a manifest, in byte order, after the name last (empty: from the
 * first), at most limit. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_repository_list(struct wpkg_names *out, struct wpkg_arena *arena, struct wpkg_store *store,
		     struct wpkg_str last, size_t limit, struct wpkg_err *err);

#endif
