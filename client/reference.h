/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_REFERENCE_H
#define WPKG_CLIENT_REFERENCE_H

/*
 * What a person types to mean a package (pkg/id.h), and the version that it means: the one that is
 * named, or the highest that the requirement allows and that was not yanked. A requirement that
 * names no prerelease is satisfied by none.
 */

#include "pkg/id.h"
#include "pkg/requirement.h"
#include "session.h"

struct reference {
	struct wpkg_reference parts;	     /* borrowed from the text */
	struct wpkg_requirement requirement; /* when parts.version is empty */
};

/* Wrong ones are WPKG_EFORMAT: wrong usage. Borrows the text. */
WPKG_MUST_CHECK enum wpkg_status reference_parse(struct reference *out, const char *text,
						 struct wpkg_err *err);

/*
 * Finds the invoice: asks the registry, or with --offline the cache. It is not verified, and may be
 * yanked when the version is named. In the session's arena. WPKG_ENOTFOUND when there is none;
 * WPKG_EDENIED when the registry shows another content than it did when the version was pulled.
 */
WPKG_MUST_CHECK enum wpkg_status reference_find(struct wpkg_invoice **out, struct session *session,
						const struct reference *reference,
						struct wpkg_err *err);

/* The same for what will be used: a yanked version is WPKG_ENOTFOUND. */
WPKG_MUST_CHECK enum wpkg_status reference_find_usable(struct wpkg_invoice **out,
						       struct session *session,
						       const struct reference *reference,
						       struct wpkg_err *err);

/* Sets chosen for the one parcel that the reference names, of all that the invoice has. */
WPKG_MUST_CHECK enum wpkg_status reference_choose_parcel(bool *chosen,
							 const struct reference *reference,
							 const struct wpkg_invoice *invoice,
							 struct wpkg_err *err);

#endif
