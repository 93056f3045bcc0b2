/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_VERIFY_H
#define WPKG_PKG_VERIFY_H

/*
 * Signing an invoice and deciding whether its signatures are enough.
 *
 * The signed block is Bindle's, byte for byte: BY, NAME, VERSION, ROLE, "~" and each parcel's
 * sha256, joined by newlines, without one at the end. It covers neither the time nor labels,
 * groups or annotations; and so texts with control characters are refused before they are signed.
 *
 * The six strategies decide as the original's do (design table: wanted roles, all must be valid,
 * unknown keys, each role present). Beyond it a keyring's roles, validity periods and revocations
 * are honoured, unless honour_roles is off for keyrings of before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "pkg/invoice.h"
#include "pkg/keyring.h"
#include "pkg/secret_keys.h"

enum wpkg_strategy_kind {
	WPKG_STRATEGY_CREATIVE_INTEGRITY,
	WPKG_STRATEGY_AUTHORITATIVE_INTEGRITY,
	WPKG_STRATEGY_GREEDY_VERIFICATION,
	WPKG_STRATEGY_EXHAUSTIVE_VERIFICATION,
	WPKG_STRATEGY_MULTIPLE_ATTESTATION,
	WPKG_STRATEGY_MULTIPLE_ATTESTATION_GREEDY
};

struct wpkg_strategy {
	enum wpkg_strategy_kind kind;
	unsigned roles; /* of the two MULTIPLE_ATTESTATION kinds: bit 1 << enum wpkg_role */
};

/* "GreedyVerification", "MultipleAttestation[Creator, Host]", ... in any case. */
WPKG_MUST_CHECK enum wpkg_status wpkg_strategy_parse(struct wpkg_strategy *out,
						     struct wpkg_str text, struct wpkg_err *err);
void wpkg_strategy_append(struct wpkg_buf *buf, const struct wpkg_strategy *strategy);

/* Appends the block that a signature covers. WPKG_EINVAL for texts with control characters. */
WPKG_MUST_CHECK enum wpkg_status wpkg_signature_block(struct wpkg_buf *buf,
						      const struct wpkg_invoice *invoice,
						      struct wpkg_str by, enum wpkg_role role,
						      struct wpkg_err *err);

/*
 * Appends a signature to the invoice, in its arena. WPKG_EEXISTS when this key signed it already.
 * at: UNIX seconds.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_sign(struct wpkg_invoice *invoice,
						   struct wpkg_arena *arena,
						   const struct wpkg_secret_entry *entry,
						   enum wpkg_role role, uint64_t at,
						   struct wpkg_err *err);

/* What is to be said of one signature. */
enum wpkg_signature_verdict {
	WPKG_SIGNATURE_TRUSTED,
	WPKG_SIGNATURE_UNKNOWN_KEY, /* valid, by a key that the keyring does not have */
	WPKG_SIGNATURE_WRONG_ROLE,  /* valid, by a key that is not trusted in this role */
	WPKG_SIGNATURE_EXPIRED,	    /* valid, outside the key's period */
	WPKG_SIGNATURE_REVOKED,
	WPKG_SIGNATURE_INVALID, /* does not belong to the invoice, or is no signature */
};

const char *wpkg_signature_verdict_text(enum wpkg_signature_verdict verdict);

struct wpkg_verification {
	struct wpkg_strategy strategy;
	const struct wpkg_keyring *keyring;
	bool honour_roles; /* and periods and revocations */
	int64_t now;	   /* UNIX seconds */
};

enum wpkg_signature_verdict wpkg_signature_judge(const struct wpkg_invoice *invoice,
						 const struct wpkg_signature *signature,
						 const struct wpkg_verification *verification);

/* WPKG_OK, or WPKG_EDENIED with the reason. */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_verify(const struct wpkg_invoice *invoice,
						     const struct wpkg_verification *verification,
						     struct wpkg_err *err);

#endif
