/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_DEPENDENCIES_H
#define WPKG_CLIENT_DEPENDENCIES_H

/*
 * The dependencies of a package: what wpkg.toml asks for and wpkg.lock says of it, where it lies in
 * a folder, or what its invoice asks for; and what registries have. Which registry is asked for a
 * name is the configuration's word (config.h, [registries]).
 */

#include "pkg/lock.h"
#include "pkg/project.h"
#include "reference.h"
#include "session.h"

struct dependencies {
	struct session *session;
	struct wpkg_str name;		 /* of the package */
	struct wpkg_project *project;	 /* NULL: it lies in no folder */
	struct wpkg_dependencies wanted; /* of the package */
	struct wpkg_lock lock;		 /* what the file says; empty when there is none */
	bool has_lock;
};

/* Reads wpkg.toml and, when it is there, wpkg.lock of an open folder (AT_FDCWD: the working one);
 * all in the session's arena. */
WPKG_MUST_CHECK enum wpkg_status dependencies_read(struct dependencies *out,
						   struct session *session, int folder,
						   struct wpkg_err *err);

/* What an invoice asks for, without a lock. */
WPKG_MUST_CHECK enum wpkg_status dependencies_of_invoice(struct dependencies *out,
							 struct session *session,
							 const struct wpkg_invoice *invoice,
							 struct wpkg_err *err);

/*
 * The versions that fit together, as a lock in the arena. What the old lock has is kept where it
 * fits, unless all or the name is to be updated. With --offline the cache is asked, for what the
 * registries had. WPKG_ENOTFOUND: none fit, and the explanation says why. WPKG_EDENIED: a registry
 * shows another content of a version than was locked.
 */
struct update {
	bool all;
	const char *const *names;
	size_t count;
};

WPKG_MUST_CHECK enum wpkg_status dependencies_resolve(struct wpkg_lock *out,
						      struct dependencies *dependencies,
						      const struct update *update,
						      struct wpkg_buf *explanation,
						      struct wpkg_err *err);

/* WPKG_EINVAL unless there is a lock that has what wpkg.toml and the locked packages ask for. */
WPKG_MUST_CHECK enum wpkg_status dependencies_check_lock(const struct dependencies *dependencies,
							 struct wpkg_err *err);

/*
 * The reference to a locked version, and its registry as the one that is meant. WPKG_EDENIED when
 * it was locked from another one than is asked for that name now.
 */
WPKG_MUST_CHECK enum wpkg_status dependencies_refer(struct reference *out, struct session *session,
						    const struct wpkg_locked *locked,
						    struct wpkg_err *err);

/* The version that it refers to, its signatures verified. */
WPKG_MUST_CHECK enum wpkg_status dependencies_find(struct found *out, struct session *session,
						   const struct wpkg_locked *locked,
						   struct wpkg_err *err);

/* Prints an explanation, a note for each sentence. */
void dependencies_explain(const struct global_options *global, const struct wpkg_buf *explanation);

#endif
