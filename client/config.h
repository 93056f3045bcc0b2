/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_CONFIG_H
#define WPKG_CLIENT_CONFIG_H

/*
 * The user's configuration, config.toml in the configuration folder:
 *
 *   registry = "https://packages.example.org"   # where packages come from and go to
 *   strategy = "MultipleAttestationGreedy[Host]" # which signatures a package needs
 *   honour-roles = true          # false: keyrings of before, whose roles meant nothing
 *   allow-unsigned = false       # true: what nobody signed will do, too
 *   keyring = "/path"            # instead of keyring.toml in the folder
 *   ca-file = "/path"            # certificates to trust instead of the system's
 *   plain-credentials = false    # true: send them without TLS too
 *   parallel = 4                 # transfers at once, 1 to 16
 *   connect-seconds = 15
 *   stall-seconds = 60           # a connection that is silent for so long is given up
 *
 *   [registries]                 # where packages come from whose names begin so, and from nowhere
 *   "example.com/" = "https://packages.example.com" # else: a public name cannot shadow them
 *
 * A missing file is an empty one; unknown keys are errors.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pkg/verify.h"

struct config {
	struct wpkg_str registry;   /* empty: none is configured */
	struct wpkg_map registries; /* beginning of a name to URL */
	struct wpkg_strategy strategy;
	bool honour_roles;
	bool plain_credentials;
	bool allow_unsigned;
	struct wpkg_str keyring; /* empty: the usual place; in the arena like the next */
	struct wpkg_str ca_file; /* empty: the system's */
	unsigned parallel;
	uint64_t connect_seconds;
	uint64_t stall_seconds;
};

/* path: the file; required: it must exist. */
WPKG_MUST_CHECK enum wpkg_status config_read(struct config *out, struct wpkg_arena *arena,
					     const char *path, bool required, struct wpkg_err *err);

#endif
