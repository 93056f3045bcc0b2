/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_PLACE_H
#define WPKG_CLIENT_OCI_PLACE_H

/*
 * Where an OCI artifact is, as a person types it:
 *
 *   oci://HOST[:PORT]/NAME[:TAG][@sha256:HEX]   in a registry (pkg/oci_reference.h)
 *   oci-layout:DIR[:TAG][@sha256:HEX]           in a folder (image-spec, image-layout.md)
 *   oci-archive:FILE[:TAG][@sha256:HEX]         in a tar of such a folder
 *
 * each with an optional "#sha256:HEX" for one parcel.
 */

#include "base/err.h"
#include "base/str.h"
#include "pkg/oci_reference.h"

enum oci_place_kind { OCI_REGISTRY, OCI_LAYOUT, OCI_ARCHIVE };

struct oci_place {
	enum oci_place_kind kind;
	struct wpkg_oci_reference name; /* host and repository are empty unless in a registry */
	struct wpkg_str path;		/* of the folder or archive */
	struct wpkg_str whole;		/* the text without tag, digest and parcel */
};

/* Does it begin as one? What does is nothing else. */
bool oci_place_is(const char *text);

/* Borrows the text. Wrong ones are WPKG_EFORMAT: wrong usage. */
WPKG_MUST_CHECK enum wpkg_status oci_place_parse(struct oci_place *out, const char *text,
						 struct wpkg_err *err);

#endif
