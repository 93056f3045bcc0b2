/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_IMAGE_H
#define WPKG_PKG_OCI_IMAGE_H

/*
 * Image manifests and indexes as whoever moves them reads them (image-spec manifest.md,
 * image-index.md, descriptor.md): what they name, by digest and size. Blobs and manifests by sha256
 * only, which is what everybody uses.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

/* Texts in the arena; empty: absent. */
struct wpkg_oci_descriptor {
	struct wpkg_str media_type;
	struct wpkg_digest digest;
	uint64_t size;
	struct wpkg_str artifact_type;
	struct wpkg_str name; /* annotation org.opencontainers.image.ref.name: a tag in a layout */
	bool elsewhere; /* it has urls, or may not be passed on: registries need not have it */
	/* In an index, what a manifest is for: "wasip1" and "wasm". */
	struct wpkg_str os, architecture;
};

/* Configuration and layers, in this order. */
struct wpkg_oci_image {
	struct wpkg_oci_descriptor *blobs;
	size_t count;		       /* 1 and the number of layers */
	struct wpkg_str media_type;    /* the document's own word; empty: it has none */
	struct wpkg_str artifact_type; /* artifactType, else the configuration's media type */
	bool has_subject;
	struct wpkg_digest subject;
};

/* WPKG_EFORMAT for what is no image manifest. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_image_read(struct wpkg_oci_image *out,
						     struct wpkg_arena *arena,
						     struct wpkg_str bytes, struct wpkg_err *err);

struct wpkg_oci_index {
	struct wpkg_oci_descriptor *manifests;
	size_t count;
};

/* Entries whose digest is not of sha256 are passed over. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_index_read(struct wpkg_oci_index *out,
						     struct wpkg_arena *arena,
						     struct wpkg_str bytes, struct wpkg_err *err);

/* Is it an index, or what Docker calls a list? */
bool wpkg_oci_is_index(struct wpkg_arena *arena, struct wpkg_str bytes);

/*
 * The one manifest of an index that is for WebAssembly: of those with a platform, the one whose
 * architecture is wasm; where none has one, the only manifest. WPKG_ENOTFOUND says which platforms
 * there are, WPKG_EINVAL which manifests may be meant.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_index_choose(struct wpkg_oci_descriptor *out,
						       const struct wpkg_oci_index *index,
						       struct wpkg_err *err);

/*
 * Appends the index with the descriptor in it; bytes empty: a new one. Entries of the same digest
 * and name are replaced, and with one of a name, the name is taken from all others. Whatever else
 * stands in the index stays.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_index_add(struct wpkg_buf *out, struct wpkg_str bytes,
						    const struct wpkg_oci_descriptor *descriptor,
						    struct wpkg_err *err);

/* The tag that holds an index of referrers where a registry does not know them: "sha256-HEX". */
#define WPKG_OCI_REFERRERS_TAG (sizeof("sha256-") + 64)
void wpkg_oci_referrers_tag(char out[WPKG_OCI_REFERRERS_TAG], const struct wpkg_digest *subject);

#endif
