/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_POPULAR_H
#define WPKG_SERVER_POPULAR_H

/*
 * The packages that most others ask for, as they were at most a minute ago: to find them passes all
 * dependencies of the registry, and the first page of the web page is the one that is asked for
 * most.
 *
 * What is popular is what others build on. Nobody's downloads are counted: clients keep what they
 * have pulled, and mirrors pull what nobody asked them for.
 */

#include "store/package.h"

struct popular;

WPKG_MUST_CHECK enum wpkg_status popular_new(struct popular **out, struct wpkg_err *err);
void popular_free(struct popular *popular); /* NULL is fine */

/* The first of them, most first; those that a request may not see among them. In the arena. */
WPKG_MUST_CHECK enum wpkg_status popular_list(struct wpkg_needed_list *out,
					      struct wpkg_arena *arena, struct popular *popular,
					      struct wpkg_store *store, struct wpkg_err *err);

#endif
