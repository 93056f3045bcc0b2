/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_OCI_SIGNED_H
#define WPKG_PKG_OCI_SIGNED_H

/*
 * A manifest has no signatures: the invoice with them is a manifest of its own whose subject is the
 * package's (schema/oci-manifest.md). Whoever reads such a referrer believes it only when its
 * invoice is about this very manifest.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"

/* The configuration of a referrer, its bytes. */
#define WPKG_OCI_EMPTY_CONFIG "{}"

/* What a referrer is about, as its descriptor says it. */
struct wpkg_oci_subject {
	struct wpkg_str media_type;
	struct wpkg_str digest; /* "sha256:HEX" */
	uint64_t size;		/* bytes */
};

/*
 * The manifest of a referrer whose only layer is the invoice's text, of that digest and size;
 * in the arena, ptr NULL when memory is out.
 */
struct wpkg_str wpkg_oci_referrer_of_invoice(struct wpkg_arena *arena,
					     const struct wpkg_digest *invoice, uint64_t size,
					     const struct wpkg_oci_subject *subject,
					     struct wpkg_err *err);

/*
 * Is the invoice about the manifest with these bytes? Either the manifest is what is computed of
 * the invoice, or it is another tool's and the invoice what is computed of it. WPKG_EDENIED when
 * neither.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_oci_check_signed(struct wpkg_str manifest,
						       const struct wpkg_invoice *invoice,
						       struct wpkg_err *err);

/*
 * Adds the signatures of another invoice with the same content that are not there yet, and its
 * yank. Shares its texts.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_merge(struct wpkg_invoice *invoice,
						    struct wpkg_arena *arena,
						    const struct wpkg_invoice *other,
						    struct wpkg_err *err);

#endif
