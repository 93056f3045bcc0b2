/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_TRUST_H
#define WPKG_CLIENT_TRUST_H

/* The user's keyring, keyring.toml in the configuration folder, and what it says of invoices. */

#include "base/err.h"
#include "data/value.h"
#include "pkg/verify.h"
#include "session.h"

/* Reads the keyring into the session's arena; a missing file is an empty ring. */
WPKG_MUST_CHECK enum wpkg_status trust_load(struct wpkg_keyring *out, struct session *session,
					    struct wpkg_err *err);
/* What was loaded after session_begin_change. */
WPKG_MUST_CHECK enum wpkg_status
trust_save(struct session *session, const struct wpkg_keyring *keyring, struct wpkg_err *err);

/* The configured strategy over a keyring, for this moment. */
struct wpkg_verification trust_verification(const struct session *session,
					    const struct wpkg_keyring *keyring);

/*
 * WPKG_OK when the invoice's signatures are enough by the configuration, or there is none and that
 * is allowed; else WPKG_EDENIED.
 */
WPKG_MUST_CHECK enum wpkg_status
trust_check(struct session *session, const struct wpkg_invoice *invoice, struct wpkg_err *err);

/* Prints a line for each signature: who, which role, which key, trusted or why not. */
void trust_report(struct session *session, const struct wpkg_invoice *invoice,
		  const struct wpkg_verification *verification);

/* "Jo as creator, packages.example.org as host" in the arena: who signed, believed or not. */
const char *trust_signers(struct wpkg_arena *arena, const struct wpkg_invoice *invoice);

/* Each signature as an array "signatures" in a JSON document; false when memory is out. */
WPKG_MUST_CHECK bool trust_add_json(struct session *session, struct wpkg_value *document,
				    const struct wpkg_invoice *invoice,
				    const struct wpkg_verification *verification);

/* The base64 of a key in the arena; never NULL. */
const char *trust_key_text(struct wpkg_arena *arena, const struct wpkg_public_key *key);

/* A line for each key, "WHAT KEY  LABEL  (ROLES)"; silent with --json. */
void trust_report_keys(struct session *session, const char *what, const struct wpkg_keyring *keys);

/* The document {WHAT: [keys]} with --json, else nothing; is the exit code. */
int trust_report_keys_json(struct session *session, const char *what,
			   const struct wpkg_keyring *keys);

/* Adds label, key and roles to a table; false when memory is out. */
WPKG_MUST_CHECK bool trust_add_key_json(struct wpkg_arena *arena, struct wpkg_value *table,
					struct wpkg_str label, const struct wpkg_public_key *key,
					unsigned roles);

/* "creator, host" in the arena for a set of roles. */
const char *trust_roles_text(struct wpkg_arena *arena, unsigned roles);

/* "creator,host" in any case, as a set; WPKG_EINVAL names a wrong word. */
WPKG_MUST_CHECK enum wpkg_status trust_roles_parse(unsigned *out, struct wpkg_str text,
						   struct wpkg_err *err);

#endif
