/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_REPOSITORY_INT_H
#define WPKG_STORE_REPOSITORY_INT_H

/* What the files about repositories share. Inside a transaction of the caller's. */

#include "pkg/oci_manifest.h"
#include "store/blob_index.h"
#include "store/db.h"
#include "store/manifest.h"
#include "store/repository.h"

/* In SQL: ids of names with a version that was pushed as a manifest, of which admission has not
 * spoken yet. Nothing but their blobs' being in the repository keeps those. */
#define NAMES_IN_CHECKING                                                                          \
	"SELECT r.name_id FROM pushed_manifests p JOIN records r ON r.id = p.record_id"

/* The name's id; 0: there is no such name. */
WPKG_MUST_CHECK enum wpkg_status repository_find(int64_t *id, struct db *db, struct wpkg_str name,
						 struct wpkg_err *err);

/* The same, made when there is none, with the act's user as its owner; as record_enter_name. */
WPKG_MUST_CHECK enum wpkg_status repository_enter(int64_t *id, struct db *db, struct wpkg_str name,
						  const struct wpkg_act *act, struct wpkg_err *err);

/* Puts a blob into a repository; its grace there begins anew. */
WPKG_MUST_CHECK enum wpkg_status repository_link(struct db *db, int64_t name_id, int64_t blob_id,
						 struct wpkg_str pusher, struct wpkg_err *err);

/* The blob, when its bytes are there and the repository holds it; else id is 0. */
WPKG_MUST_CHECK enum wpkg_status repository_find_blob(struct blob_row *out, struct db *db,
						      int64_t name_id,
						      const struct wpkg_content_digest *digest,
						      struct wpkg_err *err);

/* A manifest to insert, its bytes in the store already. */
struct manifest_row {
	int64_t name_id;
	int64_t blob_id;
	enum wpkg_digest_algorithm algorithm;
	struct wpkg_str media_type;
	struct wpkg_str artifact_type;
	struct wpkg_str annotations;
	const struct wpkg_content_digest *subject; /* NULL: none */
	struct wpkg_str pusher;
	bool made; /* by us, of a version's invoice */
};

/* *existed: the repository has it already, and *id is that one's. */
WPKG_MUST_CHECK enum wpkg_status manifest_insert(int64_t *id, bool *existed, struct db *db,
						 const struct manifest_row *row,
						 struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status manifest_add_part(struct db *db, int64_t manifest_id,
						   int64_t name_id, int64_t blob_id,
						   struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status manifest_set_tag(struct db *db, int64_t name_id,
						  struct wpkg_str tag, int64_t manifest_id,
						  struct wpkg_err *err);

/* Removes it, with its tags. */
WPKG_MUST_CHECK enum wpkg_status manifest_remove(struct db *db, int64_t id, struct wpkg_err *err);

/* Keeps the manifest that a version is pushed as; created->id is the version. WPKG_ENOTFOUND, with
 * the list in *created, when the repository lacks parts; WPKG_EEXISTS when another is kept. */
WPKG_MUST_CHECK enum wpkg_status pushed_manifest_keep(struct wpkg_created *created,
						      struct wpkg_arena *arena, struct db *db,
						      int64_t name_id,
						      const struct wpkg_new_manifest *manifest,
						      struct wpkg_err *err);

/* Outside of a transaction: the one that is kept, in the arena; NULL when there is none. */
WPKG_MUST_CHECK enum wpkg_status pushed_manifest_find(const struct wpkg_new_manifest **out,
						      struct wpkg_arena *arena,
						      struct wpkg_store *store, int64_t id,
						      struct wpkg_err *err);

/* It is not needed any more; *found: there was one. */
WPKG_MUST_CHECK enum wpkg_status pushed_manifest_take(bool *found, struct db *db, int64_t id,
						      struct wpkg_err *err);

/*
 * The manifest and referrer of a version: computed from its invoice outside of a transaction,
 * inserted inside.
 */
struct package_manifest {
	bool is_none; /* it would be too large to be one */
	bool is_made; /* of the invoice; else it was pushed */
	struct wpkg_str tag;
	struct wpkg_str config; /* of a made one */
	struct wpkg_digest config_digest;
	struct wpkg_str text;
	struct wpkg_digest digest;
	struct wpkg_content_digest called; /* as its pusher calls it */
	struct wpkg_str media_type;
	struct wpkg_oci_parts parts;
	struct wpkg_str invoice; /* as it is served */
	struct wpkg_digest invoice_digest;
	struct wpkg_str referrer;
	struct wpkg_digest referrer_digest;
};

/* All in the arena. pushed: the manifest that the version was pushed as, or NULL. */
WPKG_MUST_CHECK enum wpkg_status package_manifest_make(struct package_manifest *out,
						       struct wpkg_arena *arena,
						       struct wpkg_str invoice,
						       const struct wpkg_new_manifest *pushed,
						       struct wpkg_err *err);

/* What its manifest is addressed by; NULL when it is none. Borrowed. */
const struct wpkg_digest *package_manifest_digest(const struct package_manifest *package);

/* For a published or yanked record that has none yet: its manifest and referrer, and a tag unless
 * it is yanked. WPKG_ENOTFOUND when the repository lacks a part of a pushed one. */
WPKG_MUST_CHECK enum wpkg_status package_manifest_insert(struct db *db, int64_t record_id,
							 const struct package_manifest *package,
							 struct wpkg_err *err);

/* After the invoice's text was replaced: a new referrer for the old one, and no tag if it is
 * yanked. */
WPKG_MUST_CHECK enum wpkg_status package_manifest_renew(struct db *db, int64_t record_id,
							struct wpkg_str text, struct wpkg_err *err);

/* Before a record is removed: its manifest and referrer go. */
WPKG_MUST_CHECK enum wpkg_status package_manifest_remove(struct db *db, int64_t record_id,
							 struct wpkg_err *err);

#endif
