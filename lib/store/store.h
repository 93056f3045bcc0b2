/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_STORE_H
#define WPKG_STORE_STORE_H

/*
 * A registry's data in one folder:
 *
 *   registry.db   the index, and blobs of up to 64 KiB as rows (SQLite, WAL, synchronous=FULL)
 *   blobs/xx/yy/  larger blobs, a file each, named by its SHA-256
 *   tmp/          uploads that are under way; what a crash left there goes at the next open
 *   sessions/     uploads that may be taken up again (session.h)
 *   lock          held by the one server that serves the folder
 *
 * Everything that changes goes through one committer thread, which takes whatever is queued, does
 * it in one transaction with a savepoint each, and answers after the commit: a call that returned
 * WPKG_OK, or a completion with WPKG_OK, means durable. Readers have read-only connections of their
 * own and never wait for it. Every function may be called from any thread, and from several at
 * once, unless it says otherwise; only completions run on the committer's thread.
 *
 * Status of every function here, beside what it says itself: WPKG_EFULL when the disk is full,
 * WPKG_EIO when disk or database fails, WPKG_ENOMEM. After any failure nothing of the call is left.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wpkg_store;

enum wpkg_store_mode {
	WPKG_STORE_SERVE, /* makes the folder if there is none; WPKG_EBUSY if another one serves it
			   */
	WPKG_STORE_ADMIN, /* beside a running server; WPKG_ENOTFOUND if there is no store */
};

/* The zero value is the default. */
struct wpkg_store_options {
	enum wpkg_store_mode mode;
	unsigned readers;   /* read-only connections; 0: 8 */
	size_t row_max;	    /* bytes up to which a blob is a row; 0: 64 KiB, at most 1 MiB */
	uint64_t keep_free; /* bytes of disk that uploads leave free: WPKG_EFULL before; 0: none */
};

/* Opens the folder, brings its schema up to date, removes what a crash left. Options may be NULL.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_open(struct wpkg_store **out, const char *folder,
						 const struct wpkg_store_options *options,
						 struct wpkg_err *err);

/*
 * Finishes what is queued, with completions, and closes. Nobody may use the store, an upload or a
 * blob of it during or after the call. NULL is fine.
 */
void wpkg_store_close(struct wpkg_store *store);

/* Bytes that the folder's disk has left for us. */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_space(uint64_t *out, struct wpkg_store *store,
						  struct wpkg_err *err);

/* Something that is another one after each commit of anybody: compare the bytes. */
struct wpkg_moment {
	uint8_t bytes[48];
};

/*
 * The moment that a read would see now, without asking the database; false when only asking can
 * tell. What was read after a moment m is still so as long as the moment is m.
 */
bool wpkg_store_moment(struct wpkg_moment *out, const struct wpkg_store *store);

/* Does the database answer, and would a commit work? For a readiness check. */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_check(struct wpkg_store *store, struct wpkg_err *err);

#endif
