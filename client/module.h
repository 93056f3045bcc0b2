/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_MODULE_H
#define WPKG_CLIENT_MODULE_H

/*
 * The WebAssembly module that a package reference means: the parcel that is named, or the only one
 * that is WebAssembly. Verified and in the cache, pulled when it is not there.
 */

#include "base/command.h"
#include "base/err.h"
#include "reference.h"

/* *path is heap: the module's file in the cache. The form that tools/commands.h wants. */
WPKG_MUST_CHECK enum wpkg_status module_resolve(char **path,
						const struct wpkg_invocation *invocation,
						const char *reference, struct wpkg_err *err);

/* The module of an invoice that the reference means, as the number of its parcel. */
WPKG_MUST_CHECK enum wpkg_status module_choose(size_t *out, struct session *session,
					       const struct reference *reference,
					       const struct wpkg_invoice *invoice,
					       struct wpkg_err *err);

/* Brings a parcel of what was found and verified into the cache; *path as above. */
WPKG_MUST_CHECK enum wpkg_status module_fetch(char **path, struct session *session,
					      const struct found *found, size_t parcel,
					      struct wpkg_err *err);

#endif
