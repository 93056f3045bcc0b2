/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_BLOB_ENGINE_H
#define WPKG_STORE_BLOB_ENGINE_H

/*
 * Where blobs lie that are too large for a row: a small seam, whose engine for a folder stands in
 * blob_files.c. It knows bytes and digests; which of them exist is the index's word alone, so that
 * a file without a row is nothing and may go at any time.
 *
 * A stage holds the bytes of one upload, invisible. Three steps make them a blob:
 *
 *   sync      they are durable where they are; slow, on a thread of its own
 *   publish   they are under their digest; quick, inside the committer's transaction
 *   settle    all that was published is durable under its digest; once for each transaction, just
 *             before it commits
 *
 * A crash between publish and commit leaves a file without a row.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"

struct blob_engine;

struct blob_stage {
	struct blob_engine *engine;
};

/* What list finds. digest is NULL for what is not named as a blob. */
struct blob_found {
	const char *path; /* for people */
	const struct wpkg_digest *digest;
	uint64_t size; /* bytes */
};

struct blob_engine_ops {
	void (*close)(struct blob_engine *engine);
	/* Removes stages that nobody has open: what a crash left. */
	enum wpkg_status (*clean)(struct blob_engine *engine, struct wpkg_err *err);
	/* Bytes that there is still room for. */
	enum wpkg_status (*space)(uint64_t *out, struct blob_engine *engine, struct wpkg_err *err);
	/* keep: the name under which the stage may be taken up again; NULL: never. */
	enum wpkg_status (*stage)(struct blob_stage **out, struct blob_engine *engine,
				  const char *keep, struct wpkg_err *err);
	enum wpkg_status (*append)(struct blob_stage *stage, struct wpkg_str bytes,
				   struct wpkg_err *err);
	enum wpkg_status (*sync)(struct blob_stage *stage, struct wpkg_err *err);
	enum wpkg_status (*publish)(struct blob_stage *stage, const struct wpkg_digest *digest,
				    struct wpkg_err *err);
	/* Ends a stage; what was not published is gone. */
	void (*drop)(struct blob_stage *stage);
	/* Adds all that the stage has so far to a hash. */
	enum wpkg_status (*rehash)(struct blob_stage *stage, struct wpkg_hasher *hasher,
				   struct wpkg_err *err);

	/* A stage with a name: the next settle makes the name durable; leave ends it for now;
	 * resume takes it up with the first size bytes; forget removes it, WPKG_EBUSY while
	 * somebody has it. */
	enum wpkg_status (*keep)(struct blob_stage *stage, struct wpkg_err *err);
	void (*leave)(struct blob_stage *stage);
	enum wpkg_status (*resume)(struct blob_stage **out, struct blob_engine *engine,
				   const char *keep, uint64_t size, struct wpkg_err *err);
	enum wpkg_status (*forget)(struct blob_engine *engine, const char *keep,
				   struct wpkg_err *err);
	enum wpkg_status (*list_kept)(struct blob_engine *engine,
				      enum wpkg_status (*visit)(void *user, const char *keep,
								struct wpkg_err *err),
				      void *user, struct wpkg_err *err);

	enum wpkg_status (*settle)(struct blob_engine *engine, struct wpkg_err *err);
	/* A descriptor to read from; WPKG_ENOTFOUND when there is no such file. */
	enum wpkg_status (*open)(int *fd, uint64_t *size, struct blob_engine *engine,
				 const struct wpkg_digest *digest, struct wpkg_err *err);
	/* A second name for it, a path below an open folder: what costs no bytes. Any failure means
	 * that it cannot be had there; WPKG_ENOTFOUND also when the path's folder is not there. */
	enum wpkg_status (*link)(struct blob_engine *engine, const struct wpkg_digest *digest,
				 int folder, const char *path, struct wpkg_err *err);
	/* WPKG_ENOTFOUND when there is none. */
	enum wpkg_status (*remove)(struct blob_engine *engine, const struct wpkg_digest *digest,
				   struct wpkg_err *err);
	/* Out of the way, kept for people. bytes: instead of a file, what was a row. */
	enum wpkg_status (*set_aside)(struct blob_engine *engine, const struct wpkg_digest *digest,
				      const struct wpkg_str *bytes, struct wpkg_err *err);
	/* Everything there, in no order; a visit that fails ends the list with its failure. */
	enum wpkg_status (*list)(struct blob_engine *engine,
				 enum wpkg_status (*visit)(void *user,
							   const struct blob_found *found,
							   struct wpkg_err *err),
				 void *user, struct wpkg_err *err);
};

struct blob_engine {
	const struct blob_engine_ops *ops;
};

/* The folder's engine. folder is an open descriptor, borrowed until close. */
WPKG_MUST_CHECK enum wpkg_status blob_files_open(struct blob_engine **out, int folder,
						 struct wpkg_err *err);

/* What lies in "blobs" of another folder: as list. */
WPKG_MUST_CHECK enum wpkg_status blob_files_list(
	int folder,
	enum wpkg_status (*visit)(void *user, const struct blob_found *found, struct wpkg_err *err),
	void *user, struct wpkg_err *err);

#endif
