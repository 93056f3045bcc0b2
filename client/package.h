/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_PACKAGE_H
#define WPKG_CLIENT_PACKAGE_H

/*
 * A package that lies on this machine: a project (a folder with wpkg.toml, or a revision of one in
 * git), or a standalone bundle (a folder, or an archive that is unpacked for the time being). Its
 * invoice, and the bytes of its parcels.
 */

#include <stddef.h>

#include "base/command.h"
#include "git.h"
#include "pkg/bundle.h"
#include "pkg/project.h"
#include "session.h"

struct package_options {
	const char *revision; /* of a project in git; NULL: the folder as it is */
	bool require_clean;   /* a project in git whose folder is what its commit holds */
};

struct package {
	struct wpkg_invoice *invoice; /* in the session's arena; a project's is unsigned */
	bool is_project;

	struct wpkg_bundle bundle;	/* of a bundle */
	char *unpacked;			/* folder of an archive's content, heap; NULL: none */
	int folder;			/* of a project that is not at a revision; else -1 */
	struct wpkg_source source;	/* of a project */
	struct git *git;		/* of a project in a work tree */
	struct wpkg_packed_file *files; /* of a project */
};

#define PACKAGE_ARCHIVE_END ".tar.gz"
#define PACKAGE_NONE                                                                               \
	{                                                                                          \
		.bundle = {.dir = -1}, .folder = -1                                                \
	}

/* Rows for the option table of a command whose options struct has a package_options MEMBER. */
#define PACKAGE_ROWS(type, member)                                                                 \
	{"rev",                                                                                    \
	 0,                                                                                        \
	 WPKG_OPTION_TEXT,                                                                         \
	 "REVISION",                                                                               \
	 "pack what this git tag, branch or commit holds",                                         \
	 NULL,                                                                                     \
	 offsetof(type, member.revision)},                                                         \
	{                                                                                          \
		"require-clean", 0, WPKG_OPTION_FLAG, NULL,                                        \
			"refuse files that are not as git's commit has them", NULL,                \
			offsetof(type, member.require_clean)                                       \
	}

/* path: the folder, its wpkg.toml, or the archive. Hashes all files of a project. */
WPKG_MUST_CHECK enum wpkg_status package_open(struct package *out, struct session *session,
					      const char *path,
					      const struct package_options *options,
					      struct wpkg_err *err);
void package_close(struct package *package);

/*
 * Opens the bytes of the invoice's parcel; they are not hashed again. WPKG_ENOTFOUND when a bundle
 * does not hold it.
 */
WPKG_MUST_CHECK enum wpkg_status package_open_parcel(int *out, const struct package *package,
						     size_t parcel, struct wpkg_err *err);

/* Does the text name something on this machine that could be a package? */
bool package_is_here(const char *path);

/* A new folder below another, or for NULL in the system's place for temporary ones; heap. */
WPKG_MUST_CHECK enum wpkg_status package_make_temporary(char **out, const char *below,
							struct wpkg_err *err);
/* Removes it with all that is in it, and frees the text; NULL is fine. */
void package_remove_temporary(char *path);

#endif
