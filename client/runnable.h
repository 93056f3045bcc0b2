/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_RUNNABLE_H
#define WPKG_CLIENT_RUNNABLE_H

/*
 * A package whose module is to be run, with the packages that it depends on: those that wpkg.lock
 * has for one in a folder with wpkg.toml, those that 'wpkg lock' would choose now for any other.
 * Nothing is asked for them before they are needed, and no bytes of theirs are seen before their
 * signatures were verified.
 */

#include "../tools/commands.h"

/* The form that tools/commands.h wants. */
WPKG_MUST_CHECK enum wpkg_status runnable_open(struct tool_package *out, struct wpkg_wiring *wiring,
					       const struct wpkg_invocation *invocation,
					       const char *operand, const char *module,
					       struct wpkg_err *err);

#endif
