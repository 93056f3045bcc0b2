/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_RECORD_INT_H
#define WPKG_STORE_RECORD_INT_H

/* What the files about records share. Inside a transaction of the caller's. */

#include "store/blob.h"
#include "store/db.h"
#include "store/record.h"
#include "store/record_state.h"

/* In SQL: the version owes the blob (record.h); both are SQL for an id. */
#define RECORD_OWES(record, blob)                                                                  \
	"EXISTS (SELECT 1 FROM waiting o WHERE o.record_id = " record " AND o.blob_id = " blob     \
	" AND o.owed = 1)"

/* A whole record: "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES " WHERE ...". */
#define RECORD_COLUMNS                                                                             \
	"r.id, n.name, r.version, r.state, t.invoice, r.invoice_digest, s.description, r.pusher, " \
	"r.created, r.published, t.verdict, r.yanked, r.yanked_by, r.yank_reason, r.size, "        \
	"r.parcel_count, mb.digest"
#define RECORD_COLUMN_COUNT 17
#define RECORD_TABLES                                                                              \
	"records r JOIN names n ON n.id = r.name_id JOIN summaries s ON s.id = r.summary_id "      \
	"JOIN record_texts t ON t.record_id = r.id "                                               \
	"LEFT JOIN manifests m ON m.id = r.manifest_id LEFT JOIN blobs mb ON mb.id = m.blob_id"

/* The rows' current row; failures stick to the rows. */
struct wpkg_record record_of_row(struct wpkg_arena *arena, struct db_rows *rows);

/* All that the rows still give. */
void record_list_rows(struct wpkg_record_list *out, struct wpkg_arena *arena, struct db_rows *rows);

/* What a change needs to know of a record. Texts in the arena. */
struct record_head {
	int64_t id; /* 0: there is none */
	int64_t name_id;
	int64_t summary_id;
	enum wpkg_record_state state;
	struct wpkg_str name;
	struct wpkg_str version;
	struct wpkg_str pusher;
	struct wpkg_str address; /* that the push came from */
	struct wpkg_digest content;
	struct wpkg_digest invoice_digest;
};

WPKG_MUST_CHECK enum wpkg_status record_head_find(struct record_head *out, struct wpkg_arena *arena,
						  struct db *db, int64_t id, struct wpkg_err *err);

/* The record of a version, its precedence given. */
WPKG_MUST_CHECK enum wpkg_status
record_head_find_version(struct record_head *out, struct wpkg_arena *arena, struct db *db,
			 int64_t name_id, struct wpkg_str precedence, struct wpkg_err *err);

/* A version's precedence in the arena; WPKG_ENOTFOUND when the text is no version. */
WPKG_MUST_CHECK enum wpkg_status record_precedence(struct wpkg_str *out, struct wpkg_arena *arena,
						   struct wpkg_str version, struct wpkg_err *err);

/* The digest of what never changes: the invoice without signatures and yank. */
WPKG_MUST_CHECK enum wpkg_status
record_content(struct wpkg_digest *out, const struct wpkg_invoice *invoice, struct wpkg_err *err);

/* Everything of a new record that can be known without the database. Texts borrowed or in an
 * arena. */
struct record_draft {
	struct wpkg_str name;
	struct wpkg_str skeleton; /* ptr NULL: the name is none that we would accept */
	struct wpkg_str version;
	struct wpkg_str precedence;
	struct wpkg_str description;
	struct wpkg_str text;
	struct wpkg_str pusher;
	struct wpkg_str address; /* that it comes from; empty: not known */
	struct wpkg_digest content;
	struct wpkg_digest invoice_digest;
	struct record_parcel {
		struct wpkg_digest digest;
		uint64_t size;
		bool owed; /* as it is inserted */
	} * parcels;	   /* distinct, in the invoice's order */
	size_t parcel_count;
	uint64_t size;
};

/* WPKG_EINVAL when a parcel's digest or the version is none. */
WPKG_MUST_CHECK enum wpkg_status record_draft_make(struct record_draft *out,
						   struct wpkg_arena *arena,
						   const struct wpkg_new_record *record,
						   struct wpkg_err *err);

/* Only what a name needs: its skeleton, from draft->name. */
WPKG_MUST_CHECK enum wpkg_status record_draft_name(struct record_draft *draft,
						   struct wpkg_arena *arena, struct wpkg_err *err);

/* The name's id, made when there is none, with the draft's pusher as its owner. *made: by this. */
WPKG_MUST_CHECK enum wpkg_status record_claim_name(int64_t *id, bool *made, struct db *db,
						   const struct record_draft *draft,
						   struct wpkg_err *err);

/* The same for a name that somebody pushes: WPKG_EDENIED when it is new and can be mistaken for
 * another, WPKG_EINVAL when it is new and no good name. Leaves an event of its first owner. */
WPKG_MUST_CHECK enum wpkg_status record_enter_name(int64_t *id, struct db *db,
						   const struct record_draft *draft,
						   struct wpkg_err *err);

/* Could a name that is not there be entered? The same failures. */
WPKG_MUST_CHECK enum wpkg_status record_check_name(struct db *db, struct wpkg_str name,
						   struct wpkg_arena *arena, struct wpkg_err *err);

/* Something is published under the name. */
WPKG_MUST_CHECK enum wpkg_status record_use_name(struct db *db, int64_t name_id,
						 struct wpkg_err *err);

/* Removes a name that holds nothing, never did, and was given to nobody. */
WPKG_MUST_CHECK enum wpkg_status record_release_name(struct db *db, int64_t name_id,
						     struct wpkg_err *err);

/* A new record, incomplete, with its parcels. The version must be free. */
WPKG_MUST_CHECK enum wpkg_status record_insert(int64_t *id, struct db *db, int64_t name_id,
					       const struct record_draft *draft,
					       struct wpkg_err *err);

/* Replaces the text; its content must be the same. */
WPKG_MUST_CHECK enum wpkg_status record_set_text(struct db *db, int64_t id, struct wpkg_str text,
						 const struct wpkg_digest *digest,
						 struct wpkg_err *err);

/* Removes the record and what only it needed, but for blobs and its name. */
WPKG_MUST_CHECK enum wpkg_status record_remove(struct db *db, int64_t id, int64_t summary_id,
					       struct wpkg_err *err);

/* The record's parcels that are not there with the size that the invoice says, or are owed. */
WPKG_MUST_CHECK enum wpkg_status record_list_missing(struct wpkg_digests *out,
						     struct wpkg_arena *arena, struct db *db,
						     int64_t id, struct wpkg_err *err);

/* An event about the record; the act's reason is its detail. */
WPKG_MUST_CHECK enum wpkg_status record_add_event(struct db *db, const char *kind,
						  const struct record_head *head,
						  const struct wpkg_act *act, struct wpkg_err *err);

/* Moves an incomplete record that lacks nothing to checking. */
WPKG_MUST_CHECK enum wpkg_status record_complete(struct db *db, const struct record_head *head,
						 struct wpkg_err *err);

/* Notes for which of its parcels the record waits. */
WPKG_MUST_CHECK enum wpkg_status record_wait(struct db *db, int64_t id, struct wpkg_err *err);

/* All of the record's parcels. */
WPKG_MUST_CHECK enum wpkg_status record_list_parcels(struct wpkg_digests *out,
						     struct wpkg_arena *arena, struct db *db,
						     int64_t id, struct wpkg_err *err);

/* The record does not owe these any more; nor, the second, what its name holds. */
WPKG_MUST_CHECK enum wpkg_status
record_forgive(struct db *db, int64_t id, const struct wpkg_digests *parcels, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status record_forgive_held(struct db *db, int64_t id, int64_t name_id,
						     struct wpkg_err *err);

/* After a blob came for a record, or for none (0): those of the versions that wait for it, and do
 * not owe it or are that one, which lack nothing any more move to checking, and are listed in
 * uploaded, in the arena. */
WPKG_MUST_CHECK enum wpkg_status record_complete_by_blob(struct wpkg_uploaded *uploaded,
							 struct wpkg_arena *arena, struct db *db,
							 int64_t blob_id, int64_t record_id,
							 struct wpkg_err *err);

/* Ends an upload and waits for it, as wpkg_blob_put does. */
WPKG_MUST_CHECK enum wpkg_status
upload_finish_wait(struct wpkg_uploaded *out, struct wpkg_upload *upload, struct wpkg_err *err);

#endif
