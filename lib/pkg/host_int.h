/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_HOST_INT_H
#define WPKG_PKG_HOST_INT_H

/* What the files of host profiles share. */

#include "pkg/host_profile.h"

/* Reads a profile as a document; what it includes is not looked at (host_read.c). */
WPKG_MUST_CHECK enum wpkg_status host_profile_read(struct wpkg_host_profile *out,
						   struct wpkg_arena *arena,
						   const struct wpkg_value *value,
						   struct wpkg_err *err);

/* A type as a profile writes it (host_type.c); a string value. */
WPKG_MUST_CHECK enum wpkg_status host_type_parse(struct wpkg_host_type *out,
						 struct wpkg_arena *arena,
						 const struct wpkg_value *value,
						 struct wpkg_err *err);

/* The index space's entry of a module against what a host gives: may the module import it so? */
bool host_type_gives(const struct wpkg_host_type *type, const struct wpkg_module *module,
		     enum wpkg_extern kind, uint32_t index);

/* The same for what a host wants: does the module's export have that type? */
bool host_type_takes(const struct wpkg_host_type *type, const struct wpkg_module *module,
		     enum wpkg_extern kind, uint32_t index);

/* In the words of the text format: "func (param i32) (result i32)", "memory 1", "any". */
void host_type_format(struct wpkg_buf *out, const struct wpkg_host_type *type);

#endif
