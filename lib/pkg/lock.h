/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_LOCK_H
#define WPKG_PKG_LOCK_H

/*
 * wpkg.lock: which versions of its dependencies a package was last resolved to, with their content
 * digests, so that the next pull gets the same bytes or none. Written by programs, kept in version
 * control, merged line by line:
 *
 *   # Written by wpkg lock. Keep it in version control.
 *   version = 1
 *
 *   [[package]]
 *   name = "example.com/json"
 *   version = "1.4.2"
 *   registry = "https://packages.example.com"
 *   digest = "sha256:..."
 *   dependencies = ["example.com/text ^1.2"]
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "pkg/resolve.h"

#define WPKG_LOCK_FILE "wpkg.lock"
#define WPKG_LOCK_MAX ((size_t)16 << 20) /* bytes */

struct wpkg_locked {
	struct wpkg_str name;
	struct wpkg_str version;
	struct wpkg_str registry;   /* URL in normal form */
	struct wpkg_digest content; /* the package's content address */
	struct wpkg_dependencies dependencies;
};

struct wpkg_lock {
	struct wpkg_locked *packages; /* by name in byte order, each name once */
	size_t count;
};

/*
 * Reads a lock file; all it holds lives in the arena. WPKG_EFORMAT with line and column,
 * WPKG_ELIMIT for one of a later version or a longer one than WPKG_LOCK_MAX.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_lock_read(struct wpkg_lock *out, struct wpkg_arena *arena,
						struct wpkg_str text, struct wpkg_err *err);

/* Appends the text: equal locks give equal bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_lock_write(struct wpkg_buf *buf, const struct wpkg_lock *lock,
						 struct wpkg_err *err);

/* The locked package of a name; NULL when there is none. */
const struct wpkg_locked *wpkg_lock_find(const struct wpkg_lock *lock, struct wpkg_str name);

#endif
