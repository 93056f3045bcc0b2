/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_SESSION_H
#define WPKG_STORE_SESSION_H

/*
 * Upload sessions: a blob that comes in several requests, to one repository. Each request takes
 * the session, writes, and then pauses or finishes it. Between requests it waits: in memory for a
 * while, on disk in any case.
 *
 * What a pause was answered for is durable: after a crash the session goes on from there. A session
 * that was never paused is in memory only, and an orderly close pauses all. Idle ones end with
 * wpkg_session_expire, or a gc.
 */

#include "crypto/content_digest.h"
#include "store/blob.h"
#include "store/store.h"

#define WPKG_SESSION_ID 33 /* 32 hex digits that nobody can guess, and a NUL */

struct wpkg_session_options {
	struct wpkg_str name;	 /* of the repository */
	struct wpkg_str pusher;	 /* user, who owns the name if it is new; empty: nobody */
	struct wpkg_str address; /* that it comes from; forgotten by a restart */
	uint64_t limit;		 /* bytes it may have; 0: no limit */
	enum wpkg_digest_algorithm algorithm; /* what finish will likely ask for */
};

/* WPKG_EFULL when the disk has no room, WPKG_EBUSY when too many are open. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_new(char id[WPKG_SESSION_ID],
						  struct wpkg_store *store,
						  const struct wpkg_session_options *options,
						  struct wpkg_err *err);

/* Bytes that it has so far. WPKG_ENOTFOUND when the repository has no such session, WPKG_EBUSY
 * while a request has it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_offset(uint64_t *out, struct wpkg_store *store,
						     struct wpkg_str name, struct wpkg_str id,
						     struct wpkg_err *err);

/* A session that one request has; one thread at a time. */
struct wpkg_session;

/* The same failures. *offset is as above. Whoever takes one pauses, finishes or drops it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_take(struct wpkg_session **out, uint64_t *offset,
						   struct wpkg_store *store, struct wpkg_str name,
						   struct wpkg_str id, struct wpkg_err *err);

/* WPKG_ELIMIT, WPKG_EFULL, WPKG_EIO: then only drop is left. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_write(struct wpkg_session *session,
						    struct wpkg_str bytes, struct wpkg_err *err);

/* Bytes that it has now. */
uint64_t wpkg_session_size(const struct wpkg_session *session);

/* Called once, on a thread of the store: as struct wpkg_upload_done. offset is durable. */
struct wpkg_session_done {
	void (*call)(void *user, enum wpkg_status status, uint64_t offset,
		     const struct wpkg_err *err);
	void *user;
};

/* Gives the session back with what it has. After a failure it stands where it last paused. */
void wpkg_session_pause(struct wpkg_session *session, struct wpkg_session_done done);

/*
 * Ends the session, whatever comes: the blob is in the repository, with the digest that is given,
 * or WPKG_EINVAL says that its bytes have another. uploaded.digest is the SHA-256.
 */
void wpkg_session_finish(struct wpkg_session *session, const struct wpkg_content_digest *digest,
			 struct wpkg_upload_done done);

/* Gives the session back as it was at its last pause: for a request that failed. */
void wpkg_session_drop(struct wpkg_session *session);

/* Ends a session and leaves nothing of it. WPKG_ENOTFOUND and WPKG_EBUSY as above. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_cancel(struct wpkg_store *store, struct wpkg_str name,
						     struct wpkg_str id, struct wpkg_err *err);

/* Ends those that no request has had since a moment; *count is how many. */
WPKG_MUST_CHECK enum wpkg_status wpkg_session_expire(uint64_t *count, struct wpkg_store *store,
						     int64_t before, struct wpkg_err *err);

#endif
