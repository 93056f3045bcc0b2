/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ADMISSION_OPTIONS_H
#define WPKG_SERVER_ADMISSION_OPTIONS_H

/* What a configuration says of admission. */

#include "admission.h"
#include "config.h"

/* Reads the operator's host profiles, too. Texts borrowed from the configuration, or in the arena.
 */
WPKG_MUST_CHECK enum wpkg_status admission_options_of(struct admission_options *out,
						      const struct config *config,
						      struct wpkg_arena *arena,
						      struct wpkg_err *err);

#endif
