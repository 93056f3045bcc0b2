/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_REFERENCE_H
#define WPKG_PKG_OCI_REFERENCE_H

/*
 * Where an artifact is in an OCI registry (distribution-spec, "Pulling manifests"):
 *
 *   oci://HOST[:PORT]/NAME[:TAG][@sha256:HEX][#sha256:HEX]
 *
 * "oci:" leaves open whether the host is spoken to with TLS; "oci+https:" and "oci+http:" say it.
 * The part after '#' means one parcel, as in every reference to a package.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

enum wpkg_oci_transport { WPKG_OCI_AUTO, WPKG_OCI_HTTP, WPKG_OCI_HTTPS };

/* All texts borrowed. */
struct wpkg_oci_reference {
	enum wpkg_oci_transport transport;
	struct wpkg_str host; /* with its port */
	struct wpkg_str repository;
	struct wpkg_str tag; /* empty: none is given */
	bool has_digest;
	struct wpkg_digest digest; /* of the manifest */
	bool has_parcel;
	struct wpkg_digest parcel;
};

/* Does it begin as one? What does is nothing else. */
bool wpkg_oci_reference_is(struct wpkg_str text);

/* WPKG_EFORMAT says what is wrong. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_reference_parse(struct wpkg_oci_reference *out,
							  struct wpkg_str text,
							  struct wpkg_err *err);

/* [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
bool wpkg_oci_is_tag(struct wpkg_str text);

#endif
