/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_EXPLAIN_H
#define WPKG_LINK_EXPLAIN_H

/*
 * Why something is in the output of a link: who provides it, and who needs it, from one that does
 * up to a root. Of several chains it is the one that the linker followed first.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum wpkg_explained_state {
	WPKG_EXPLAINED_IN,	/* in the output */
	WPKG_EXPLAINED_MADE,	/* the linker makes it */
	WPKG_EXPLAINED_HOST,	/* imported */
	WPKG_EXPLAINED_UNUSED,	/* nothing needs it: left out */
	WPKG_EXPLAINED_WAITING, /* in an archive, of which the member was not taken */
	WPKG_EXPLAINED_MISSING, /* nobody defines it */
	WPKG_EXPLAINED_COUNT
};

/* Something in a file or input; one of the two may be empty. */
struct wpkg_explained_step {
	struct wpkg_str what, where;
};

struct wpkg_explained {
	struct wpkg_str name;
	struct wpkg_str kind; /* "function", "data", ... */
	enum wpkg_explained_state state;
	struct wpkg_str where;			 /* file, archive member or input that has it */
	struct wpkg_str module, field;		 /* host: what is imported */
	const struct wpkg_explained_step *needs; /* who needs it first, the root last */
	size_t need_count;
	struct wpkg_str root; /* what makes the last one a root; empty when nothing needs it */
	const struct wpkg_explained_step *pulls; /* of members of archives: for which symbol, and */
	size_t pull_count;			 /* for whom each was taken in */
};

struct wpkg_explanation {
	struct wpkg_explained *items; /* several when local things share a name */
	size_t count;
	struct wpkg_str hints; /* near names, when there is none */
};

/* "in", "made", ... Static text. */
const char *wpkg_explained_state_name(enum wpkg_explained_state state);

#endif
