/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_COMMITTER_H
#define WPKG_STORE_COMMITTER_H

/*
 * The one that writes. A job is done in three steps, each optional but the last:
 *
 *   prepare   on a thread that may wait for the disk: syncing a large file
 *   run       on the committer's thread, in its transaction, inside a savepoint of its own
 *   done      on the committer's thread after the commit, or after whatever failed
 *
 * The committer takes all jobs that are queued, runs each, settles the blobs' folders, commits
 * once, and answers. While it waits for the disk the next jobs queue up: the batch grows with the
 * load by itself, and a lone job waits for nobody.
 */

#include "base/cause.h"
#include "store/blob_engine.h"
#include "store/db.h"
#include "store/figures.h"

struct committer;

struct job {
	enum wpkg_status (*prepare)(struct job *job, struct wpkg_err *err); /* NULL: nothing */
	enum wpkg_status (*run)(struct job *job, struct db *db, struct wpkg_err *err);
	/* The job is its owner's again. err is NULL with WPKG_OK. */
	void (*done)(struct job *job, enum wpkg_status status, const struct wpkg_err *err);
	/* The committer's. A status other than WPKG_OK before the job is given to it means that it
	 * failed already: only done is called. */
	struct wpkg_err err;
	struct wpkg_cause cause; /* the caller's, when it was given */
	struct job *next;
};

/* db and blobs are borrowed until the committer is freed; db is used by its thread alone. */
WPKG_MUST_CHECK enum wpkg_status committer_new(struct committer **out, struct db *db,
					       struct blob_engine *blobs, struct wpkg_err *err);

/* Finishes what is queued, and what that queues, first. NULL is fine. */
void committer_free(struct committer *committer);

/* Takes the job; cannot fail. */
void committer_submit(struct committer *committer, struct job *job);

/* Runs the job and waits for it; its done is not used. Not on the committer's own thread. */
WPKG_MUST_CHECK enum wpkg_status committer_wait(struct committer *committer, struct job *job,
						struct wpkg_err *err);

/* What it did so far. Any thread. */
void committer_read(struct wpkg_store_activity *out, const struct committer *committer);

#endif
