/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HOST_KEYS_H
#define WPKG_SERVER_HOST_KEYS_H

/*
 * The keys that the server signs with (host-keys.toml in its folder, made at the first start) and
 * the keyring that it believes. Both may be read again while it serves.
 */

#include "base/arena.h"
#include "base/err.h"
#include "config.h"
#include "pkg/invoice.h"
#include "pkg/verify.h"

struct host_keys;

WPKG_MUST_CHECK enum wpkg_status host_keys_new(struct host_keys **out, const struct config *config,
					       struct wpkg_err *err);
void host_keys_free(struct host_keys *keys);

/* Reads both files again, and what the configuration says of signatures; a failure leaves what was
 * there. */
WPKG_MUST_CHECK enum wpkg_status
host_keys_reload(struct host_keys *keys, const struct config *config, struct wpkg_err *err);

/* Are the invoice's signatures enough? WPKG_EDENIED says why not. An unsigned one is a switch. */
WPKG_MUST_CHECK enum wpkg_status
host_keys_verify(struct host_keys *keys, const struct wpkg_invoice *invoice, struct wpkg_err *err);

/* What is to be said of each of the invoice's signatures, in their order; an array in the arena,
 * NULL when memory is out. */
const enum wpkg_signature_verdict *host_keys_judge(struct host_keys *keys, struct wpkg_arena *arena,
						   const struct wpkg_invoice *invoice);

/* Appends the host's signature; one that this host made before stays as it is. */
WPKG_MUST_CHECK enum wpkg_status host_keys_sign(struct host_keys *keys,
						struct wpkg_invoice *invoice,
						struct wpkg_arena *arena, struct wpkg_err *err);

/* The public keys of the host, as a keyring in TOML, in the arena. */
WPKG_MUST_CHECK enum wpkg_status host_keys_public(struct wpkg_str *out, struct host_keys *keys,
						  struct wpkg_arena *arena, struct wpkg_err *err);

#endif
