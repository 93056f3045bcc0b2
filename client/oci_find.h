/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_FIND_H
#define WPKG_CLIENT_OCI_FIND_H

/*
 * From a manifest to a version of a package: its signed invoice is among the manifest's referrers,
 * and believed to be its only when it gives this very manifest. Of several, the signatures are
 * taken together. An artifact without one is what its manifest says, signed by nobody; a referrer
 * that is about something else, or not readable, is never taken for "nobody signed".
 */

#include "oci_store.h"
#include "reference.h"

/* What was looked for: the manifest, and what it is. */
struct oci_package {
	struct oci_store *store;
	struct wpkg_oci_document document;
	struct wpkg_invoice *invoice; /* merged of all that are signed; NULL: there is none */
};

/* Reads the manifest of a name in a store and its signed invoices. */
WPKG_MUST_CHECK enum wpkg_status oci_read_package(struct oci_package *out, struct oci_store *store,
						  const struct wpkg_oci_reference *name,
						  struct wpkg_err *err);

/* As reference_find, for a place. */
WPKG_MUST_CHECK enum wpkg_status oci_find(struct found *out, struct session *session,
					  const struct oci_place *place, struct wpkg_err *err);

/* The version with that content address in the session's registry. WPKG_ENOTFOUND also when the
 * registry does not speak OCI. */
WPKG_MUST_CHECK enum wpkg_status oci_find_own(struct found *out, struct session *session,
					      const struct wpkg_reference *reference,
					      struct wpkg_err *err);

/*
 * Makes the content address of what was found by Bindle's protocol known, if it can be: what the
 * registry has under the version's tag, when the invoice is about that; else what is computed, when
 * the registry has that. A failure leaves it unknown.
 */
void oci_find_address(struct found *found, struct session *session);

/* From the cache, what was pulled from that place before. */
WPKG_MUST_CHECK enum wpkg_status oci_recall(struct found *out, struct session *session,
					    const struct oci_place *place, struct wpkg_err *err);

#endif
