/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_PROJECT_MODULES_H
#define WPKG_CLIENT_PROJECT_MODULES_H

/* The WebAssembly modules of the project in the working folder and of what its wpkg.lock has. */

#include "../tools/commands.h"

/*
 * The form that tools/commands.h wants. Dependencies are verified and in the cache, pulled when
 * they are not there, each with the content and from the registry that the lock file says.
 * WPKG_EINVAL when that is not what wpkg.toml asks for.
 */
WPKG_MUST_CHECK enum wpkg_status project_modules_open(struct tool_project *out,
						      struct wpkg_arena *arena,
						      const struct wpkg_invocation *invocation,
						      struct wpkg_err *err);

#endif
