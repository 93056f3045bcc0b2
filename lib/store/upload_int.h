/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_UPLOAD_INT_H
#define WPKG_STORE_UPLOAD_INT_H

/* An upload's inside, for sessions, which are uploads that pause. */

#include "store/blob.h"
#include "store/record_int.h"
#include "store/store_int.h"

struct wpkg_upload {
	struct job job;
	struct wpkg_store *store;
	struct wpkg_hasher *hasher; /* SHA-256 */
	struct wpkg_hasher *second; /* of another algorithm; NULL: none yet */
	struct wpkg_buf buffer;
	struct blob_stage *stage; /* NULL: all of it is in the buffer */
	const char *keep;	  /* the name of a stage that may be resumed; NULL: none */
	bool has_digest;
	struct wpkg_content_digest wanted;
	uint64_t size_wanted;
	uint64_t limit;
	int64_t record;		/* that it is for; 0: none */
	uint64_t space_checked; /* size at the last look at the disk */
	bool published;
	/* Called in the transaction when the blob is there; NULL: nothing more to do. */
	enum wpkg_status (*placed)(struct wpkg_upload *upload, struct db *db, int64_t blob_id,
				   struct wpkg_err *err);
	void *context;		 /* of whoever set placed */
	struct wpkg_arena arena; /* of what uploaded points to */
	struct wpkg_uploaded uploaded;
	struct wpkg_upload_done done;
};

/* As wpkg_upload_begin, without looking at the disk's room. */
WPKG_MUST_CHECK enum wpkg_status upload_new(struct wpkg_upload **out, struct wpkg_store *store,
					    const struct wpkg_upload_options *options,
					    struct wpkg_err *err);

/* WPKG_EFULL unless there is room for so many more bytes beside what is to stay free. */
WPKG_MUST_CHECK enum wpkg_status upload_check_space(struct wpkg_store *store, uint64_t bytes,
						    struct wpkg_err *err);

/* What is in the buffer goes to the stage, which is made when there is none. */
WPKG_MUST_CHECK enum wpkg_status upload_flush(struct wpkg_upload *upload, struct wpkg_err *err);

void upload_free(struct wpkg_upload *upload);

#endif
