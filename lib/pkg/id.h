/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_ID_H
#define WPKG_PKG_ID_H

/* "NAME/VERSION", split at the last slash; and what a person types to mean a package. */

#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "pkg/version.h"

struct wpkg_id {
	struct wpkg_str name;	      /* borrowed; not checked beyond being there */
	struct wpkg_str version_text; /* borrowed */
	struct wpkg_version version;  /* borrowed */
};

/* Bindle's rule: both parts are there and the version is strict. Borrows from the text. */
WPKG_MUST_CHECK enum wpkg_status wpkg_id_parse(struct wpkg_id *out, struct wpkg_str text,
					       struct wpkg_err *err);

/* SHA-256 of "NAME/VERSION": the name of an invoice's folder in a store or a bundle. */
WPKG_MUST_CHECK enum wpkg_status wpkg_id_digest(struct wpkg_digest *out, struct wpkg_str name,
						struct wpkg_str version, struct wpkg_err *err);

/*
 * A reference on the command line: "name", "name@REQUIREMENT", "name/1.2.3", "name@1.2.3",
 * "name@sha256:HEX" and "name/1.2.3@sha256:HEX" for the version with that manifest, each with an
 * optional "#sha256:HEX" for one parcel. All texts borrowed.
 */
struct wpkg_reference {
	struct wpkg_str name;
	struct wpkg_str version;     /* a full version; empty when a requirement or none is given */
	struct wpkg_str requirement; /* the text after '@'; empty: any release */
	bool has_digest;
	struct wpkg_digest digest; /* of the manifest (oci_manifest.h): the content address */
	bool has_parcel;
	struct wpkg_digest parcel;
};

WPKG_MUST_CHECK enum wpkg_status wpkg_reference_parse(struct wpkg_reference *out,
						      struct wpkg_str text, struct wpkg_err *err);

#endif
