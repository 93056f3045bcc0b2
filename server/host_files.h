/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HOST_FILES_H
#define WPKG_SERVER_HOST_FILES_H

/* The host profiles of the operator: a folder of files like those of schema/hosts. */

#include "base/arena.h"
#include "base/err.h"
#include "pkg/invoice.h"

/*
 * The texts of the folder's .toml files, by name, in the arena. WPKG_EFORMAT names the file that is
 * no profile, WPKG_EINVAL one that builds on a profile that is not there.
 */
WPKG_MUST_CHECK enum wpkg_status host_files_read(struct wpkg_strings *out, struct wpkg_arena *arena,
						 const char *folder, struct wpkg_err *err);

struct wpkg_host_profiles;

/* All profiles there are: those that the program has, and those texts. In the arena. */
WPKG_MUST_CHECK enum wpkg_status host_files_profiles(struct wpkg_host_profiles **out,
						     struct wpkg_arena *arena,
						     const struct wpkg_strings *texts,
						     struct wpkg_err *err);

#endif
