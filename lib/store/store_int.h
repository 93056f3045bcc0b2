/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_STORE_INT_H
#define WPKG_STORE_STORE_INT_H

/* The store's inside, for the files of this folder. */

#include "base/arena.h"
#include "store/blob.h"
#include "store/blob_engine.h"
#include "store/blob_index.h"
#include "store/committer.h"
#include "store/db.h"
#include "store/event.h"
#include "store/quota_int.h"
#include "store/readers.h"
#include "store/store.h"

#define STORE_INDEX "registry.db" /* the database, in the store's folder */

struct wpkg_store {
	int folder;
	int lock;			   /* held by who serves; -1: an administrator's */
	struct wpkg_store_options options; /* every field set */
	struct blob_engine *blobs;
	struct db *writer; /* the committer's */
	struct readers *readers;
	struct committer *committer;
	struct sessions *sessions;
	struct quota_book *quotas;
};

/*
 * A change: body runs in the committer's transaction and the call returns after the commit.
 * arguments is passed on.
 */
typedef enum wpkg_status store_body(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err);

WPKG_MUST_CHECK enum wpkg_status store_write(struct wpkg_store *store, store_body *body,
					     void *arguments, struct wpkg_err *err);

/* The same with a read-only connection, at once and on this thread. All statements of the body see
 * one moment. */
WPKG_MUST_CHECK enum wpkg_status store_read(struct wpkg_store *store, store_body *body,
					    void *arguments, struct wpkg_err *err);

/*
 * Keeps every blob's file where it is while it is held: for whoever reads or relies on blobs that
 * nothing in the index holds yet. gc is what waits for nobody: it is WPKG_EBUSY while somebody
 * holds this.
 */
enum store_hold { STORE_HOLD_KEEP, STORE_HOLD_REMOVE };

WPKG_MUST_CHECK enum wpkg_status store_hold_take(int *out, struct wpkg_store *store,
						 enum store_hold hold, struct wpkg_err *err);
void store_hold_release(int hold); /* below 0: none */

/* What a query found out about a blob. */
struct blob_content {
	struct wpkg_digest digest;
	enum blob_place place; /* BLOB_ABSENT when it found none */
	struct wpkg_blob blob; /* its size, and its bytes when it is a row */
};

/* Asks with a text whose columns are digest, place and size of blobs, and bytes of blob_bytes. */
WPKG_MUST_CHECK enum wpkg_status blob_content_find(struct blob_content *out, struct db *db,
						   const char *sql, const struct db_value *values,
						   size_t count, struct wpkg_err *err);
bool blob_content_is_there(const struct blob_content *found);

/* Opens one that is there; its bytes go to *out. */
WPKG_MUST_CHECK enum wpkg_status blob_content_open(struct wpkg_blob *out, struct wpkg_store *store,
						   const struct blob_content *found,
						   struct wpkg_err *err);

/* A body of store_read or store_write: what the index says of a digest. */
struct blob_row_question {
	const struct wpkg_digest *digest;
	struct blob_row row; /* the answer */
};
WPKG_MUST_CHECK enum wpkg_status blob_row_answer(struct wpkg_store *store, struct db *db,
						 void *question, struct wpkg_err *err);

/* All of an open blob in the arena. */
WPKG_MUST_CHECK enum wpkg_status blob_read_whole(struct wpkg_str *out, struct wpkg_arena *arena,
						 const struct wpkg_blob *blob,
						 struct wpkg_err *err);

/* Upload sessions that are in memory (session.c). */
struct sessions;

WPKG_MUST_CHECK enum wpkg_status sessions_new(struct sessions **out, struct wpkg_err *err);

/* Pauses all, so that they are on disk, and frees them. NULL is fine. */
void sessions_free(struct sessions *sessions);

/* Removes those that were last touched before a moment; *count is how many. And files of sessions
 * that no row knows. */
WPKG_MUST_CHECK enum wpkg_status sessions_expire(uint64_t *count, struct wpkg_store *store,
						 int64_t before, bool dry_run,
						 struct wpkg_err *err);

/* Removes files that a crash left: of sessions that were never paused. */
WPKG_MUST_CHECK enum wpkg_status sessions_clean(struct wpkg_store *store, struct wpkg_err *err);

/* Of an event, what changes from one to the next: id and time are given by the store. */
WPKG_MUST_CHECK enum wpkg_status store_add_event(struct db *db, const struct wpkg_event *event,
						 struct wpkg_err *err);

/* A column as a text in the arena; memory running out is a failure of the rows. */
struct wpkg_str store_keep_text(struct wpkg_arena *arena, struct db_rows *rows, int column);

/*
 * Room in the arena for one more item of a list that grows by doubling; NULL when memory is out.
 * items may move.
 */
void *store_grow(struct wpkg_arena *arena, void *items, size_t count, size_t size);

#endif
