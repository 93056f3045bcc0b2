/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_PARTS_H
#define WPKG_PKG_OCI_PARTS_H

/*
 * What any OCI manifest or index refers to, whatever else is in it (image-spec manifest.md and
 * image-index.md; Docker's schema 2 and list have the same form). Unknown members and media types
 * are nobody's business.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/content_digest.h"

struct wpkg_oci_part {
	struct wpkg_content_digest digest;
	bool is_manifest; /* an index names manifests, a manifest blobs */
	bool optional;	  /* may be absent: it has urls, or its layer may not be distributed */
};

/* All texts in the arena. */
struct wpkg_oci_parts {
	struct wpkg_str media_type; /* the document's own word; empty: it has none */
	/* artifactType, or a manifest's config.mediaType; empty: an index without one */
	struct wpkg_str artifact_type;
	struct wpkg_str annotations; /* JSON object; empty: none */
	bool has_subject;
	struct wpkg_content_digest subject;
	struct wpkg_oci_part *parts; /* distinct */
	size_t count;
};

/*
 * Reads a document. WPKG_EFORMAT when it is no JSON object with a config, layers or
 * manifests, or a descriptor in it has no digest of ours.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_parts_read(struct wpkg_oci_parts *out,
						     struct wpkg_arena *arena,
						     struct wpkg_str bytes, struct wpkg_err *err);

#endif
