/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_OCI_REGISTRY_H
#define WPKG_NET_OCI_REGISTRY_H

/*
 * Typed calls to a registry over the OCI distribution API, version 1.1. One thread an object.
 *
 * What a registry answers is not believed: a manifest has the digest that it was asked for or that
 * was announced, each answer has a greatest size, a blob's bytes are counted while they come.
 * Whether a blob's bytes have its digest is for whoever takes them to check.
 *
 * Nothing is said about the user until the registry demands it (401). Then its challenge decides:
 * Basic credentials go to the registry itself, for Bearer they are shown to its token service.
 * Neither goes over plain HTTP to another machine, nor to another place that a redirect or an
 * upload's location names.
 *
 * Statuses are those of net/registry.h: 404 is WPKG_ENOTFOUND, what may pass WPKG_EBUSY, 401 and
 * 403 WPKG_EINVAL, a refusal of what was pushed (400, 422) WPKG_EDENIED, 409 WPKG_EEXISTS.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/http.h"
#include "net/registry.h"
#include "pkg/oci_image.h"

struct wpkg_oci_registry;

struct wpkg_oci_registry_options {
	const char *origin; /* "https://host:port", without a path */
	/* Sent with every request, whatever the registry asks; NULL: wait until it does. */
	const char *authorization;
	/*
	 * Appends the value of an Authorization header, "Basic ..." or "Bearer ...", or nothing for
	 * nobody. Asked at most once, when the registry first wants to know who it talks to; NULL:
	 * nobody.
	 */
	enum wpkg_status (*credentials)(void *user, struct wpkg_buf *out, struct wpkg_err *err);
	void *user;
	bool plain_credentials; /* send them without TLS to other machines, too */
	struct wpkg_http_options http;
};

/* Copies the texts but those of http. WPKG_EINVAL for what is no origin. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_oci_registry_new(struct wpkg_oci_registry **out,
		      const struct wpkg_oci_registry_options *options, struct wpkg_err *err);
void wpkg_oci_registry_free(struct wpkg_oci_registry *registry);

/* A repository of it, and what is to be done there: tokens are asked for exactly that. */
struct wpkg_oci_repository {
	struct wpkg_oci_registry *registry;
	struct wpkg_str name;	    /* borrowed */
	bool push;		    /* else only pull */
	struct wpkg_str mount_from; /* another repository there that is read; empty: none */
};

/* A manifest or index as it is on the wire. Texts in an arena. */
struct wpkg_oci_document {
	struct wpkg_str bytes;
	struct wpkg_str media_type; /* without parameters */
	struct wpkg_digest digest;  /* of the bytes */
};

/*
 * The manifest of a tag, or of "sha256:HEX". WPKG_EDENIED when its bytes do not have that digest or
 * the one that the registry announced.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_get_manifest(struct wpkg_oci_document *out,
						       struct wpkg_arena *arena,
						       const struct wpkg_oci_repository *repository,
						       struct wpkg_str reference,
						       struct wpkg_err *err);

/*
 * Puts one under a tag, or under its digest when tag is empty. *subject_kept (may be NULL): the
 * registry took notice of its subject, so that it is among the referrers without further ado.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_put_manifest(bool *subject_kept,
						       const struct wpkg_oci_repository *repository,
						       struct wpkg_str tag,
						       const struct wpkg_oci_document *document,
						       struct wpkg_err *err);

/*
 * The manifests whose subject has the digest, of that artifact type (empty: any): asked from the
 * registry, or taken from the tag that stands in for that where it does not know.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_oci_get_referrers(struct wpkg_oci_index *out, struct wpkg_arena *arena,
		       const struct wpkg_oci_repository *repository,
		       const struct wpkg_digest *subject, struct wpkg_str artifact_type,
		       struct wpkg_err *err);

/* Adds a manifest to the tag that stands in for the list of referrers. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_add_referrer(const struct wpkg_oci_repository *repository,
						       const struct wpkg_digest *subject,
						       const struct wpkg_oci_descriptor *descriptor,
						       struct wpkg_err *err);

/* WPKG_OK when the registry answers and takes the credentials. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_check_login(struct wpkg_oci_registry *registry,
						      struct wpkg_err *err);

/*
 * Blobs, several at once: the jobs' labels give digest and size (registry.h). Getting: into the
 * sink. Finding: done is told WPKG_OK for a blob that is there, or now is because it could be
 * mounted from mount_from, and WPKG_ENOTFOUND for one that is not. Putting: from the descriptor.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_get_blobs(const struct wpkg_oci_repository *repository,
						    const struct wpkg_parcel_queue *queue,
						    struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_find_blobs(const struct wpkg_oci_repository *repository,
						     const struct wpkg_parcel_queue *queue,
						     struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_put_blobs(const struct wpkg_oci_repository *repository,
						    const struct wpkg_parcel_queue *queue,
						    struct wpkg_err *err);

#endif
