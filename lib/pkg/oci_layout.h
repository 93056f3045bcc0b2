/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_LAYOUT_H
#define WPKG_PKG_OCI_LAYOUT_H

/*
 * OCI artifacts in a folder (image-spec, image-layout.md), and such a folder in a tar:
 *
 *   oci-layout          {"imageLayoutVersion":"1.0.0"}
 *   index.json          names manifests, a tag as org.opencontainers.image.ref.name
 *   blobs/sha256/HEX    manifests and blobs
 *
 * Blobs appear whole by one rename, and the index is replaced last, so that a crash leaves at most
 * blobs that nothing names. Nothing on the way to a file may be a link. What is read has its size
 * bounded, and manifests their digest checked; blobs are for the reader to hash.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"
#include "pkg/oci_image.h"

struct wpkg_oci_layout {
	int dir; /* -1: not open */
};

/* create: the folder is made when there is none or it is empty. WPKG_EFORMAT for any other one. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_layout_open(struct wpkg_oci_layout *out, const char *path,
						      bool create, struct wpkg_err *err);
void wpkg_oci_layout_close(struct wpkg_oci_layout *layout);

/* What index.json names. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_layout_list(struct wpkg_oci_index *out,
						      struct wpkg_arena *arena,
						      const struct wpkg_oci_layout *layout,
						      struct wpkg_err *err);

/* Opens a blob; WPKG_ENOTFOUND when there is none. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_layout_open_blob(int *out,
							   const struct wpkg_oci_layout *layout,
							   const struct wpkg_digest *digest,
							   struct wpkg_err *err);

/* A manifest's bytes, in the arena; WPKG_EDENIED when they do not have the digest. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_layout_read(struct wpkg_str *out,
						      struct wpkg_arena *arena,
						      const struct wpkg_oci_layout *layout,
						      const struct wpkg_digest *digest,
						      struct wpkg_err *err);

/* Puts a blob, hashed on its way from the start of a file: WPKG_EDENIED when it is not the label's.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_layout_put(const struct wpkg_oci_layout *layout,
						     const struct wpkg_label *label, int fd,
						     struct wpkg_err *err);

/* Puts a manifest's bytes, then names it in index.json as the descriptor does. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_oci_layout_put_manifest(const struct wpkg_oci_layout *layout, struct wpkg_str bytes,
			     const struct wpkg_oci_descriptor *descriptor, struct wpkg_err *err);

/*
 * Unpacks a tar, gzipped or not, into an empty folder: the files of a layout and no others, at most
 * 20,000 entries and 16 GiB, and no more than 200 times its size.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_archive_unpack(const char *archive, const char *target,
							 struct wpkg_err *err);

/* Writes a layout as a tar, which takes the place of what has its name by one rename. Equal bytes
 * each time. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_archive_pack(const struct wpkg_oci_layout *layout,
						       const char *archive, struct wpkg_err *err);

#endif
