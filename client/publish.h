/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_PUBLISH_H
#define WPKG_CLIENT_PUBLISH_H

/*
 * A version on its way to where it is published: a registry, by Bindle's protocol, or a place of
 * OCI. Both ask what is missing there, send only that, and go on after a cut; neither changes a
 * version that is there already with other content.
 */

#include <stdbool.h>

#include "oci_store.h"
#include "pkg/invoice.h"
#include "pkg/oci_manifest.h"
#include "session.h"

struct publication {
	struct session *session;
	const struct wpkg_invoice *invoice; /* with its signatures */
	/* Opens the bytes of a parcel of the invoice; they are not hashed again. */
	enum wpkg_status (*open)(int *out, void *user, size_t parcel, struct wpkg_err *err);
	void *user;
	bool no_wait; /* for a verdict that takes its time */

	/* what came of it */
	bool *sent;			     /* one for each parcel: it was taken from us */
	bool was_there;			     /* published before, with this content */
	bool is_checked;		     /* the registry has all, and no verdict yet */
	const struct wpkg_value *verdict;    /* that was found; NULL: nobody knows */
	const struct wpkg_invoice *accepted; /* as it is shown there; NULL: not yet, or unsigned */
	const char *where;		     /* for people; in the session's arena */
	bool has_digest;
	struct wpkg_digest digest; /* of the manifest, where it is one */
};

/* Prepares sent. */
WPKG_MUST_CHECK enum wpkg_status publication_begin(struct publication *publication,
						   struct wpkg_err *err);

/* To the session's registry, which is connected. WPKG_EDENIED when it checked and refused. */
WPKG_MUST_CHECK enum wpkg_status publish_to_registry(struct publication *publication,
						     struct wpkg_err *err);

/* To a store, under a tag (empty: the version). The signed invoice goes before the tag does. */
WPKG_MUST_CHECK enum wpkg_status publish_to_store(struct publication *publication,
						  struct oci_store *store, struct wpkg_str tag,
						  struct wpkg_err *err);

/*
 * The version is there already: WPKG_OK when it says what ours says, but for where it was built
 * from; else WPKG_EEXISTS.
 */
WPKG_MUST_CHECK enum wpkg_status publication_compare(const struct publication *publication,
						     const struct wpkg_invoice *there,
						     struct wpkg_err *err);

#endif
