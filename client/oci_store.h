/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_STORE_H
#define WPKG_CLIENT_OCI_STORE_H

/*
 * Something that holds manifests and blobs, whatever it is: a repository of a registry
 * (oci_remote.c), a layout in a folder or an archive (oci_local.c), a package of a registry that is
 * spoken to by Bindle's protocol (oci_bindle.c). Who reads or writes artifacts needs no more.
 *
 * Manifests that come out have the digest that was asked for. Blobs are hashed by whoever takes
 * them.
 */

#include "net/oci_registry.h"
#include "oci_place.h"
#include "session.h"

struct oci_store;

/* A manifest on its way in. */
struct oci_offer {
	struct wpkg_oci_document document;
	struct wpkg_str tag; /* empty: it is found by its digest, or as a referrer */
	bool has_subject;
	struct wpkg_digest subject;
	struct wpkg_str artifact_type; /* of one with a subject */
};

struct oci_store_kind {
	/* The manifest of a tag or digest; with neither, the only one that there is. */
	enum wpkg_status (*get_manifest)(struct oci_store *store, struct wpkg_oci_document *out,
					 const struct wpkg_oci_reference *name,
					 struct wpkg_err *err);
	/* artifact_type empty: all. */
	enum wpkg_status (*get_referrers)(struct oci_store *store, struct wpkg_oci_index *out,
					  const struct wpkg_digest *subject,
					  struct wpkg_str artifact_type, struct wpkg_err *err);
	/* As wpkg_oci_get_blobs, wpkg_oci_find_blobs and wpkg_oci_put_blobs. */
	enum wpkg_status (*get_blobs)(struct oci_store *store,
				      const struct wpkg_parcel_queue *queue, struct wpkg_err *err);
	/* NULL, as the next, where nothing can be put. */
	enum wpkg_status (*find_blobs)(struct oci_store *store,
				       const struct wpkg_parcel_queue *queue, struct wpkg_err *err);
	enum wpkg_status (*put_blobs)(struct oci_store *store,
				      const struct wpkg_parcel_queue *queue, struct wpkg_err *err);
	enum wpkg_status (*put_manifest)(struct oci_store *store, const struct oci_offer *offer,
					 struct wpkg_err *err);
	/* All that was put is to stay; NULL: it does. */
	enum wpkg_status (*finish)(struct oci_store *store, struct wpkg_err *err);
	void (*close)(struct oci_store *store);
};

/* What each kind's struct begins with. */
struct oci_store {
	const struct oci_store_kind *kind;
	struct oci_store *next; /* of the session */
	struct session *session;
	const char *name; /* for people and the cache: "oci://host/name"; in the session's arena */
};

enum oci_access { OCI_READ, OCI_WRITE };

/* Opens a place; the session closes it. */
WPKG_MUST_CHECK enum wpkg_status oci_store_open(struct oci_store **out, struct session *session,
						const struct oci_place *place,
						enum oci_access access, struct wpkg_err *err);

/* The repository of a package in the session's own registry, with its credentials, to be read. */
WPKG_MUST_CHECK enum wpkg_status oci_store_open_own(struct oci_store **out, struct session *session,
						    struct wpkg_str name, struct wpkg_err *err);

/* What the kinds' files define. */
WPKG_MUST_CHECK enum wpkg_status oci_remote_open(struct oci_store **out, struct session *session,
						 const struct oci_place *place,
						 enum oci_access access, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status oci_local_open(struct oci_store **out, struct session *session,
						const struct oci_place *place,
						enum oci_access access, struct wpkg_err *err);

/* When both are repositories of one registry, blobs are mounted rather than sent. */
void oci_remote_mount(struct oci_store *to, const struct oci_store *from);

/* Closes the list. */
void oci_stores_close(struct oci_store *first);

/*
 * A blob of at most max bytes as text in the session's arena, hashed. WPKG_EDENIED when its bytes
 * do not have the digest.
 */
WPKG_MUST_CHECK enum wpkg_status oci_store_read_blob(struct wpkg_str *out, struct oci_store *store,
						     const struct wpkg_oci_descriptor *descriptor,
						     size_t max, struct wpkg_err *err);

/* A label whose digest and size are a descriptor's, for the queues; in the arena. */
WPKG_MUST_CHECK enum wpkg_status oci_label_of(struct wpkg_label *out, struct wpkg_arena *arena,
					      const struct wpkg_oci_descriptor *descriptor,
					      struct wpkg_err *err);

#endif
