/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_MANIFEST_H
#define WPKG_STORE_MANIFEST_H

/*
 * Manifests of a repository: JSON documents that are kept byte for byte, named by their digest,
 * and refer to blobs, to other manifests (an index) and perhaps to a subject (a referrer).
 *
 * Each published or yanked version of a package has one, made with it in the same commit: the one
 * that it was pushed as, or the one that pkg/oci_manifest.h computes. Beside it stands a referrer
 * that holds the signed invoice. A version's manifest goes with the version and in no other way.
 */

#include "crypto/content_digest.h"
#include "pkg/oci_parts.h"
#include "store/record.h"

#define WPKG_MANIFEST_TAGS_MAX 64 /* tags of one push */

/* A tag that a push sets. */
struct wpkg_tag_set {
	struct wpkg_str tag;
	bool fixed; /* WPKG_EEXISTS if it is there and means another manifest; else it moves */
};

struct wpkg_new_manifest {
	struct wpkg_str name;			  /* of the repository; made when there is none */
	struct wpkg_str bytes;			  /* at most WPKG_OCI_MANIFEST_MAX */
	struct wpkg_str media_type;		  /* as it is served */
	const struct wpkg_oci_parts *parts;	  /* what stands in the bytes (pkg/oci_parts.h) */
	const struct wpkg_content_digest *digest; /* what the pusher calls it; NULL: its SHA-256 */
	const struct wpkg_tag_set *tags;
	size_t tag_count;
	struct wpkg_str pusher;	 /* user; empty: nobody */
	struct wpkg_str address; /* that it comes from; empty: not known */
};

struct wpkg_put_manifest {
	struct wpkg_content_digest digest; /* by the algorithm that the pusher used */
	bool existed;			   /* the repository had it before */
	/* With WPKG_ENOTFOUND: what it names and the repository does not hold. In the arena. */
	struct wpkg_content_digest *missing;
	size_t missing_count;
};

/*
 * Adds a manifest, or only tags when it is there already. WPKG_EINVAL when the bytes have another
 * digest; WPKG_ENOTFOUND when a part that must be there is not (then *out, and only its list, is
 * filled); WPKG_EEXISTS for a tag that may not move; WPKG_EDENIED for a new name that can be
 * mistaken for another. Nothing of it is left then.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_manifest_put(struct wpkg_put_manifest *out, struct wpkg_arena *arena, struct wpkg_store *store,
		  const struct wpkg_new_manifest *manifest, struct wpkg_err *err);

struct wpkg_manifest {
	struct wpkg_str bytes; /* empty where only the head was asked for */
	uint64_t size;	       /* bytes */
	struct wpkg_str media_type;
	struct wpkg_digest sha256;	   /* always */
	struct wpkg_content_digest digest; /* as it was asked for; by a tag: as it was pushed */
	struct wpkg_str artifact_type;	   /* of its list entry; empty: none */
	struct wpkg_str annotations;	   /* JSON object; empty: none */
	int64_t pushed;			   /* UNIX seconds */
	struct wpkg_str version;	   /* of the package version that it is; empty: of none */
	bool yanked;			   /* that version is */
	struct wpkg_str yank_reason;
};

enum wpkg_manifest_want { WPKG_MANIFEST_HEAD, WPKG_MANIFEST_WHOLE };

/* By digest or by tag. Texts in the arena. WPKG_ENOTFOUND when there is none. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_manifest_find(struct wpkg_manifest *out, struct wpkg_arena *arena, struct wpkg_store *store,
		   struct wpkg_str name, const struct wpkg_content_digest *digest,
		   enum wpkg_manifest_want want, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status
wpkg_manifest_find_tag(struct wpkg_manifest *out, struct wpkg_arena *arena,
		       struct wpkg_store *store, struct wpkg_str name, struct wpkg_str tag,
		       enum wpkg_manifest_want want, struct wpkg_err *err);

/*
 * Removes a manifest and every tag on it. WPKG_ENOTFOUND; WPKG_EDENIED when it is a package
 * version's or its invoice's. An index that names it keeps its word for it; blobs go with a gc.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_manifest_delete(struct wpkg_store *store,
						      struct wpkg_str name,
						      const struct wpkg_content_digest *digest,
						      const struct wpkg_act *act,
						      struct wpkg_err *err);

struct wpkg_manifest_list {
	struct wpkg_manifest *items; /* heads */
	size_t count;
	int64_t next; /* where the next page begins; 0: this was the last */
};

/* The manifests whose subject is the digest (which need not be there), oldest first; of one
 * artifact type, or all when that is empty; from a page's beginning (0: the first) on. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_manifest_referrers(struct wpkg_manifest_list *out, struct wpkg_arena *arena,
			struct wpkg_store *store, struct wpkg_str name,
			const struct wpkg_content_digest *subject, struct wpkg_str artifact_type,
			int64_t from, size_t limit, struct wpkg_err *err);

#endif
