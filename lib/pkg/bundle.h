/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_BUNDLE_H
#define WPKG_PKG_BUNDLE_H

/*
 * Standalone bundles, Bindle's package without a server: a folder
 *   <IDSHA>/invoice.toml
 *   <IDSHA>/parcels/<SHA256>.dat
 * or <IDSHA>.tar.gz that holds it. Reading an archive is bounded (entries, bytes, ratio) and takes
 * nothing but regular files and folders with the paths above; parcels are hashed on the way.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pkg/invoice.h"

struct wpkg_bundle_limits {
	uint64_t entries; /* 0: 20,000 */
	uint64_t bytes;	  /* unpacked; 0: 4 GiB */
	uint64_t ratio;	  /* unpacked to packed; 0: 200 */
};

/* A bundle on disk: its folder, open. */
struct wpkg_bundle {
	int dir;		      /* the <IDSHA> folder */
	struct wpkg_invoice *invoice; /* in the arena given to open */
};

/*
 * Opens what path names: the <IDSHA> folder itself, or a folder that holds exactly one such
 * folder. Parcels listed in the invoice may be absent (a partial bundle).
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_open(struct wpkg_bundle *out, struct wpkg_arena *arena,
						  const char *path, struct wpkg_err *err);
void wpkg_bundle_close(struct wpkg_bundle *bundle);

/* Opens a parcel's file; WPKG_ENOTFOUND when the bundle does not hold it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_open_parcel(int *out, const struct wpkg_bundle *bundle,
							 struct wpkg_str sha256,
							 struct wpkg_err *err);

/* Does each parcel that is there have the digest and size of its label? WPKG_EDENIED names one. */
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_check(const struct wpkg_bundle *bundle,
						   struct wpkg_err *err);

/*
 * Unpacks an archive below the folder target (made when absent), into <target>/<IDSHA>, which
 * appears by one rename when all of it is right. WPKG_EEXISTS when it is there.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_unpack(const char *archive, const char *target,
						    const struct wpkg_bundle_limits *limits,
						    struct wpkg_err *err);

/* Writes <folder>/<IDSHA>.tar.gz of a bundle, never over an existing file. Equal bytes each time.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_pack(const struct wpkg_bundle *bundle,
						  const char *folder, struct wpkg_err *err);

/*
 * Begins a bundle in <folder>/<IDSHA>: its invoice written, parcels added one by one from open
 * files, checked against their labels; it appears by one rename at finish.
 */
struct wpkg_bundle_writer;

WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_writer_new(struct wpkg_bundle_writer **out,
							const char *folder,
							const struct wpkg_invoice *invoice,
							struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_writer_add(struct wpkg_bundle_writer *writer,
							const struct wpkg_label *label, int fd,
							struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_bundle_writer_finish(struct wpkg_bundle_writer *writer,
							   struct wpkg_err *err);
/* Also after finish; what was not finished is removed. */
void wpkg_bundle_writer_free(struct wpkg_bundle_writer *writer);

#endif
