/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_COPY_H
#define WPKG_CLIENT_OCI_COPY_H

/*
 * A manifest with all that belongs to it from one store to another, byte for byte: its blobs, what
 * refers to it (signed invoices, signatures and whatever else), then itself under a tag. Blobs that
 * cannot be mounted go by way of the cache, so that each is hashed before it is passed on.
 */

#include "oci_store.h"
#include "reference.h"

struct oci_copy {
	struct oci_store *from;
	struct oci_store *to;
	struct wpkg_oci_document document; /* in from */
	struct wpkg_str tag;		   /* empty: it is found by its digest */

	/* what came of it */
	size_t referrers; /* that are there now and were not */
	size_t blobs;	  /* that were sent */
	bool was_there;	  /* the manifest, under that tag */
};

/* WPKG_EEXISTS when the tag is a version and leads to another manifest. */
WPKG_MUST_CHECK enum wpkg_status oci_copy_artifact(struct oci_copy *copy, struct wpkg_err *err);

/*
 * A version that was found at a registry by Bindle's protocol, as a store with its computed
 * manifest, its signed invoice and nothing else. To be read; the session closes it.
 */
WPKG_MUST_CHECK enum wpkg_status oci_bindle_open(struct oci_store **out, struct session *session,
						 const struct found *found, struct wpkg_err *err);

#endif
