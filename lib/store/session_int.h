/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_SESSION_INT_H
#define WPKG_STORE_SESSION_INT_H

/*
 * Uploads that rest between requests: what memory has of them (session_table.c), the way of one
 * (session.c), and the end of those that nobody goes on with (session_expire.c).
 */

#include <pthread.h>
#include <stdatomic.h>

#include "store/session.h"
#include "store/upload_int.h"

#define SESSION_BUCKETS 512
#define SESSION_GOOD_NAMES 256

struct wpkg_session {
	struct wpkg_session *next; /* of its bucket */
	struct wpkg_store *store;
	char id[WPKG_SESSION_ID];
	char *name;
	char *pusher;
	char *address; /* NULL: not known */
	enum wpkg_digest_algorithm algorithm;
	uint64_t limit;
	int64_t started;
	int64_t touched;
	struct wpkg_upload *upload; /* NULL while it is being read from disk */
	bool taken;
	bool saved;	     /* there is a row */
	uint64_t saved_size; /* what the row says */
	struct job job;	     /* of a pause, or of a removal */
	struct wpkg_session_done paused;
	struct wpkg_upload_done finished;
	struct wpkg_err failure; /* what finished will hear */
};

struct sessions {
	/* Hashes of names that were good lately: a hint, which the end of an upload does not trust.
	 */
	atomic_uint_fast64_t good_names[SESSION_GOOD_NAMES];
	pthread_mutex_t lock;
	pthread_cond_t landed; /* in_flight is 0 */
	struct wpkg_session *buckets[SESSION_BUCKETS];
	size_t count;
	size_t in_flight; /* that the committer has, until it is done with them */
};

/* The session, whoever has it; NULL. Under the lock. */
struct wpkg_session *sessions_find(struct sessions *sessions, const char *id);

/* WPKG_EBUSY: there are too many. Under the lock. */
enum wpkg_status sessions_insert(struct sessions *sessions, struct wpkg_session *session,
				 struct wpkg_err *err);

/* Frees what is in no table. */
void session_free(struct wpkg_session *session);

/* Ends what memory has of an upload; what the row trusts stays on disk. */
void session_forget_upload(struct wpkg_session *session);

/* Out of memory; the row, if there is one, stays. The caller has the session. */
void session_discard(struct wpkg_session *session);

/* Whoever has it has it no longer. */
void session_give_back(struct wpkg_session *session);

/* The committer has one more of them, one less. */
void sessions_launch(struct sessions *sessions);
void sessions_land(struct sessions *sessions);

/* Takes out of memory those that nobody has touched since then. How many are gone with it: nothing
 * of them was acknowledged. */
uint64_t sessions_drop_idle(struct sessions *sessions, int64_t before);

/* Is the text a session's id? Then out has it as the table knows it. */
bool session_id_parse(char out[WPKG_SESSION_ID], struct wpkg_str text);

#endif
