/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_MANIFEST_H
#define WPKG_PKG_OCI_MANIFEST_H

/*
 * A package version as an OCI image manifest (image-spec 1.1, manifest.md), and back.
 *
 * The manifest is a pure function of the invoice without its signatures and yank state, so whoever
 * has the invoice can compute the manifest's digest: it is the content address of the package.
 * schema/oci-manifest.md writes the function down, with vectors.
 *
 *   one parcel, WebAssembly   the CNCF "Wasm OCI Artifact": config
 * application/vnd.wasm.config.v0+json, the parcel as the only layer anything else artifactType
 * WPKG_OCI_PACKAGE_TYPE with the empty config, a layer for each parcel in the invoice's order
 *
 * In both the annotation "dev.wpkg.invoice" has the invoice as JSON, so that nothing is lost; the
 * standard annotations repeat what people and other tools look for.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"

#define WPKG_OCI_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define WPKG_OCI_INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define WPKG_OCI_EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define WPKG_OCI_WASM_CONFIG_TYPE "application/vnd.wasm.config.v0+json"
#define WPKG_OCI_PACKAGE_TYPE "application/vnd.wpkg.package.v1"
#define WPKG_OCI_INVOICE_TYPE "application/vnd.wpkg.invoice.v1+toml" /* the signed invoice */

#define WPKG_OCI_MANIFEST_MAX ((size_t)4 << 20) /* bytes of a manifest that is read or written */

/* All texts in the arena that they were made in. */
struct wpkg_oci_manifest {
	struct wpkg_str text;
	struct wpkg_digest digest; /* of the text */
	struct wpkg_str config;	   /* the bytes that the manifest's config names */
	struct wpkg_digest config_digest;
	const char *config_type; /* static */
};

/* WPKG_ENOMEM also when the manifest would be larger than WPKG_OCI_MANIFEST_MAX. */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_manifest_of_invoice(struct wpkg_oci_manifest *out,
							      struct wpkg_arena *arena,
							      const struct wpkg_invoice *invoice,
							      struct wpkg_err *err);

/*
 * The invoice that a manifest says, for the version of a package that it was pushed as. A manifest
 * of ours gives back the invoice it was made of: WPKG_EINVAL when name, version or layers are not
 * what that invoice says; a name that is not given (ptr NULL) is whatever it says, and
 * WPKG_ENOTFOUND for a manifest that is not ours. Any other image manifest becomes an invoice with
 * a parcel for each layer: layers of the WebAssembly types in use are application/wasm, their names
 * are their titles. WPKG_EFORMAT for what is no image manifest. Signatures are not in a manifest.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_oci_manifest_to_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
			     struct wpkg_str manifest, struct wpkg_str name,
			     struct wpkg_str version, struct wpkg_err *err);

/* Is that the digest of the invoice's manifest? False also when memory is out. */
bool wpkg_oci_is_digest_of(const struct wpkg_digest *digest, const struct wpkg_invoice *invoice);

/* Is a layer of this type a module or component as it is? Parameters are ignored. */
bool wpkg_oci_is_wasm_layer(struct wpkg_str media_type);

/* The tag of a version: '+' becomes '_'. In the arena; ptr NULL when memory is out. */
struct wpkg_str wpkg_oci_tag_of_version(struct wpkg_arena *arena, struct wpkg_str version);

/*
 * The version that a tag is: '_' becomes '+'. False when it is no semantic version (a moving tag
 * such as "latest") or memory is out.
 */
bool wpkg_oci_version_of_tag(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_str tag);

/* Can the package be a repository (distribution-spec, <name>)? Names with capitals cannot. */
bool wpkg_oci_is_repository(struct wpkg_str name);

#endif
