/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_MODULE_H
#define WPKG_CLIENT_MODULE_H

/*
 * The WebAssembly module that a package reference means: the parcel that is named, or the only one
 * that is WebAssembly. Verified and in the cache, pulled when it is not there.
 */

#include "base/command.h"
#include "base/err.h"

/* *path is heap: the module's file in the cache. The form that tools/commands.h wants. */
WPKG_MUST_CHECK enum wpkg_status module_resolve(char **path,
						const struct wpkg_invocation *invocation,
						const char *reference, struct wpkg_err *err);

#endif
