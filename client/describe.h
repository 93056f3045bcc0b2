/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_DESCRIBE_H
#define WPKG_CLIENT_DESCRIBE_H

/* What an invoice says, for people and as JSON. */

#include "crypto/digest.h"
#include "data/value.h"
#include "pkg/invoice.h"
#include "session.h"

/* "NAME/VERSION" in the arena; never NULL. */
const char *describe_id(struct wpkg_arena *arena, const struct wpkg_invoice *invoice);

/* "sha256:HEX" in the arena; never NULL. */
const char *describe_digest(struct wpkg_arena *arena, const struct wpkg_digest *digest);

/* Adds "digest"; nothing for NULL. False when memory is out. */
WPKG_MUST_CHECK bool describe_add_digest(struct wpkg_arena *arena, struct wpkg_value *table,
					 const struct wpkg_digest *digest);

/* Bytes of all parcels. */
uint64_t describe_size(const struct wpkg_invoice *invoice);

/* The package in some lines, without its parcels; then a line for each parcel. */
void describe_package(struct session *session, const struct wpkg_invoice *invoice);
void describe_parcels(struct session *session, const struct wpkg_invoice *invoice);

/* Adds "id", "name", "version", "yanked" and "size"; false when memory is out. */
WPKG_MUST_CHECK bool describe_add_summary(struct wpkg_arena *arena, struct wpkg_value *table,
					  const struct wpkg_invoice *invoice);

/* Adds "parcels", an array of name, sha256, size and mediaType. */
WPKG_MUST_CHECK bool describe_add_parcels(struct wpkg_arena *arena, struct wpkg_value *table,
					  const struct wpkg_invoice *invoice);

#endif
