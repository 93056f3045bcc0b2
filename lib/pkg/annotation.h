/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_ANNOTATION_H
#define WPKG_PKG_ANNOTATION_H

/*
 * The documented annotation keys. Bindle's readers refuse keys that they do not know everywhere
 * else, so all that Bindle has no field for goes here: under OCI's standard keys (image-spec,
 * annotations.md) where one exists, else under "dev.wpkg.".
 */

#define WPKG_ANNOTATION_LICENSES "org.opencontainers.image.licenses"
#define WPKG_ANNOTATION_SOURCE "org.opencontainers.image.source"
#define WPKG_ANNOTATION_REVISION "org.opencontainers.image.revision"
#define WPKG_ANNOTATION_CREATED "org.opencontainers.image.created"
#define WPKG_ANNOTATION_URL "org.opencontainers.image.url"
#define WPKG_ANNOTATION_DOCUMENTATION "org.opencontainers.image.documentation"
#define WPKG_ANNOTATION_SOURCE_REF "dev.wpkg.source.ref"     /* tag or branch that was packed */
#define WPKG_ANNOTATION_SOURCE_DIRTY "dev.wpkg.source.dirty" /* "true" when files differed */
#define WPKG_ANNOTATION_KEYWORDS "dev.wpkg.keywords"	     /* words joined by commas */
/* One requirement a line, "NAME REQUIREMENT", sorted. */
#define WPKG_ANNOTATION_DEPENDENCIES "dev.wpkg.dependencies"
/* The package's checks as compact JSON: see check.h. */
#define WPKG_ANNOTATION_CHECKS "dev.wpkg.checks"
/* In an OCI manifest: what the invoice says without annotations, repeated for others. */
#define WPKG_ANNOTATION_TITLE "org.opencontainers.image.title"
#define WPKG_ANNOTATION_VERSION "org.opencontainers.image.version"
#define WPKG_ANNOTATION_DESCRIPTION "org.opencontainers.image.description"
#define WPKG_ANNOTATION_AUTHORS "org.opencontainers.image.authors"
/* In an OCI manifest: the invoice as compact JSON, see oci_manifest.h. */
#define WPKG_ANNOTATION_INVOICE "dev.wpkg.invoice"
/* On a label: the layer type of the OCI artifact that it came from, where that was another. */
#define WPKG_ANNOTATION_LAYER_TYPE "dev.wpkg.layer-type"
/* On a WebAssembly label: "component", and what it exports and imports, a name a line. */
#define WPKG_ANNOTATION_WASM_KIND "dev.wpkg.wasm.kind"
#define WPKG_ANNOTATION_WASM_EXPORTS "dev.wpkg.wasm.exports"
#define WPKG_ANNOTATION_WASM_IMPORTS "dev.wpkg.wasm.imports"
#define WPKG_ANNOTATION_WASM_TARGET "dev.wpkg.wasm.target" /* the world it was made for */
/* The hosts that a package is for: ids of profiles (schema/hosts) joined by commas. */
#define WPKG_ANNOTATION_HOSTS "dev.wpkg.hosts"
/* On a label: "true" marks the readme (Bindle's reserved key). */
#define WPKG_ANNOTATION_README "bindle.dev/readme"

#include <stdbool.h>

#include "pkg/invoice.h"
#include "pkg/resolve.h"

/* Takes the next line off *rest, the value of WPKG_ANNOTATION_DEPENDENCIES; false at its end.
 * Borrows from it. */
bool wpkg_dependency_next(struct wpkg_dependency *out, struct wpkg_str *rest);

/* What a version asks for, in the arena; texts borrowed from the invoice. False when memory is out.
 */
WPKG_MUST_CHECK bool wpkg_invoice_dependencies(struct wpkg_dependencies *out,
					       struct wpkg_arena *arena,
					       const struct wpkg_invoice *invoice);

/* The parcel that an invoice marks as its readme, or that is called README.md; NULL: none. */
const struct wpkg_parcel *wpkg_invoice_readme(const struct wpkg_invoice *invoice);

#endif
