/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_RESOLVE_H
#define WPKG_PKG_RESOLVE_H

/*
 * Which versions of a package's dependencies, and of theirs, fit together: one version of each
 * name, the highest that the requirements leave.
 *
 * The method is PubGrub (N. Weizenbaum, 2018): decide, propagate, and learn from each conflict a
 * rule that explains it, so that a search that fails ends in sentences. The answer depends on
 * nothing but the input. The search is bounded: a universe made to defeat it ends with WPKG_ELIMIT.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct wpkg_dependency {
	struct wpkg_str name;
	struct wpkg_str requirement; /* as in requirement.h */
};

struct wpkg_dependencies {
	const struct wpkg_dependency *items;
	size_t count;
};

/* A version that may be chosen. Texts are borrowed for the whole resolution. */
struct wpkg_candidate {
	struct wpkg_str version; /* strict SemVer; one that is not is passed over */
	bool yanked;		 /* chosen only when it is preferred */
	struct wpkg_dependencies dependencies;
};

struct wpkg_candidates {
	const struct wpkg_candidate *items; /* in any order */
	size_t count;			    /* 0: nobody knows such a package */
};

/* Where candidates come from; asked once for each name that is needed. */
struct wpkg_resolve_source {
	void *state;
	enum wpkg_status (*find)(void *state, struct wpkg_candidates *out, struct wpkg_str name,
				 struct wpkg_err *err);
};

/* A version that stands for its name: in an answer, or in a lock file. */
struct wpkg_choice {
	struct wpkg_str name;
	struct wpkg_str version;
};

struct wpkg_choices {
	struct wpkg_choice *items; /* by name in byte order */
	size_t count;
};

struct wpkg_resolve_options {
	struct wpkg_choices preferred; /* taken before higher ones where they fit */
	size_t conflicts;	       /* conflicts to learn from before giving up; 0: 20,000 */
};

/* Bytes that a resolution may use. */
#define WPKG_RESOLVE_MEMORY ((size_t)1 << 30)

/*
 * Resolves what a package named root asks for. The choices' texts are the candidates' own; the list
 * is in the arena. When nothing fits: WPKG_ENOTFOUND, and the explanation (may be NULL), a sentence
 * a line, is appended. WPKG_EFORMAT for a requirement that is none, WPKG_ELIMIT when the bounds are
 * reached, and whatever the source fails with. NULL options are the defaults.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_resolve(struct wpkg_choices *out, struct wpkg_arena *arena,
					      struct wpkg_str root,
					      const struct wpkg_dependencies *dependencies,
					      const struct wpkg_resolve_source *source,
					      const struct wpkg_resolve_options *options,
					      struct wpkg_buf *explanation, struct wpkg_err *err);

#endif
