/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_REFERENCE_H
#define WPKG_CLIENT_REFERENCE_H

/*
 * What a person types to mean a package (pkg/id.h, oci_place.h), and the version that it means: the
 * one that is named or has that content address, or the highest that the requirement allows and
 * that was not yanked. A requirement that names no prerelease is satisfied by none.
 */

#include "net/registry.h"
#include "oci_place.h"
#include "pkg/id.h"
#include "pkg/requirement.h"
#include "session.h"

struct reference {
	struct wpkg_reference parts; /* borrowed from the text; of a place only the parcel */
	struct wpkg_requirement requirement; /* when parts.version is empty */
	bool is_place;
	struct oci_place place;
};

/* A version, and where the bytes of its parcels come from. In the session's arena. */
struct found {
	struct wpkg_invoice *invoice; /* not verified */
	struct wpkg_str url;	      /* what the cache keeps it under; empty: nothing is kept */
	bool has_digest;
	struct wpkg_digest digest; /* of its manifest; known when it came by OCI */
	enum wpkg_status (*get_parcels)(void *user, const struct wpkg_invoice *invoice,
					const struct wpkg_parcel_queue *queue,
					struct wpkg_err *err);
	void *user;
};

/* Wrong ones are WPKG_EFORMAT: wrong usage. Borrows the text. */
WPKG_MUST_CHECK enum wpkg_status reference_parse(struct reference *out, const char *text,
						 struct wpkg_err *err);

/*
 * Finds the version: asks the registry, or with --offline the cache. It is not verified, and may be
 * yanked when it is named. WPKG_ENOTFOUND when there is none; WPKG_EDENIED when the registry shows
 * another content than it did when the version was pulled.
 */
WPKG_MUST_CHECK enum wpkg_status reference_find(struct found *out, struct session *session,
						const struct reference *reference,
						struct wpkg_err *err);

/*
 * The same for what will be used: a yanked version is WPKG_ENOTFOUND, unless it is named by its
 * content address.
 */
WPKG_MUST_CHECK enum wpkg_status reference_find_usable(struct found *out, struct session *session,
						       const struct reference *reference,
						       struct wpkg_err *err);

/* Why a yanked version was yanked, where its registry says so; in the session's arena. */
struct wpkg_str reference_yank_reason(struct session *session, const struct found *found);

/* Keeps the invoice of what was fetched in the cache. */
WPKG_MUST_CHECK enum wpkg_status
reference_remember(struct session *session, const struct found *found, struct wpkg_err *err);

/* Sets chosen for the one parcel that the reference names, of all that the invoice has. */
WPKG_MUST_CHECK enum wpkg_status reference_choose_parcel(bool *chosen,
							 const struct reference *reference,
							 const struct wpkg_invoice *invoice,
							 struct wpkg_err *err);

#endif
