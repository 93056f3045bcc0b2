/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_DYLINK_H
#define WPKG_LINK_DYLINK_H

/*
 * Dynamic libraries (modules with a section "dylink.0", tool conventions, DynamicLinking.md) as one
 * module that needs no loader: what a program would have them loaded with is decided beforehand.
 */

#include "link/link.h"

/* Is it one? */
bool wpkg_dylink_is(const struct wpkg_module *module);

/* The zero value is the default. */
struct wpkg_dylink_options {
	uint64_t stack_size;  /* bytes; 0: 64 KiB */
	bool allow_undefined; /* functions that nobody exports are the host's */
};

/*
 * Appends the module, whose exports are the first input's functions, the memory and, when there is
 * something to construct, "_initialize"; or a "_start" that does it before the first input's. A
 * symbol is that of the first input that exports it. Libraries are named as others need them: by
 * their input's name or the file name of its origin.
 *
 * WPKG_EINVAL: something does not fit; problems, when not NULL, gets a line for each. All else as
 * with wpkg_link_merge. prefix of the options is not used.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_dylink_join(struct wpkg_buf *out,
						  const struct wpkg_link_inputs *inputs,
						  const struct wpkg_link_options *options,
						  const struct wpkg_dylink_options *how,
						  struct wpkg_buf *problems, struct wpkg_err *err);

#endif
