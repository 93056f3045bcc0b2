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
/* On a label: "true" marks the readme (Bindle's reserved key). */
#define WPKG_ANNOTATION_README "bindle.dev/readme"

#endif
