/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_GIT_H
#define WPKG_CLIENT_GIT_H

/*
 * Where a package's files come from, when they lie in a git work tree: which commit, and whether
 * the files are what it holds. libgit2 does the work; it is loaded by git_open.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pkg/project.h"

struct git;

/* Is there a .git here or above? Loads nothing. */
bool git_is_near(const char *folder);

/*
 * Opens the work tree that the folder lies in, at a revision (a tag, a branch, a commit) or, for
 * NULL, as it lies there. WPKG_ENOTFOUND without a work tree, commit or libgit2; WPKG_EDENIED for
 * one that belongs to somebody else. Borrows revision.
 */
WPKG_MUST_CHECK enum wpkg_status git_open(struct git **out, const char *folder,
					  const char *revision, struct wpkg_err *err);
void git_close(struct git *git);

struct git_facts {
	struct wpkg_str commit; /* hex digits */
	struct wpkg_str ref;	/* a tag of the commit, else the branch; empty: neither */
	struct wpkg_str remote; /* URL without credentials; empty: none, or on this machine */
	int64_t time;		/* of the commit, UNIX seconds */
	bool clean;		/* nothing differs and nothing is unknown to git but ignored */
};

/* Texts in the arena. */
WPKG_MUST_CHECK enum wpkg_status git_read_facts(struct git_facts *out, struct wpkg_arena *arena,
						const struct git *git, struct wpkg_err *err);

/*
 * The files of the folder as the commit holds them; hidden ones and links are not listed. Borrows
 * git. WPKG_ENOTFOUND when the commit has no such folder.
 */
WPKG_MUST_CHECK enum wpkg_status git_source(struct wpkg_source *out, struct git *git,
					    struct wpkg_err *err);

#endif
