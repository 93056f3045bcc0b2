/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "pkg/name.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

struct creation {
	struct record_draft draft;
	const struct wpkg_new_manifest *manifest; /* NULL: none */
	const struct wpkg_digests *shown;	  /* NULL: nothing is owed */
	struct wpkg_digests before; /* parcels of the refused version whose place it takes */
	struct wpkg_arena *arena;
	struct wpkg_created created;
};

static enum wpkg_status check_confusable(struct db *db, const struct record_draft *draft,
					 struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_err found = {0};
	db_rows_open(&rows, db, "SELECT name FROM names WHERE skeleton = $1 AND name <> $2",
		     DB_VALUES(db_text(draft->skeleton), db_text(draft->name)));
	if (db_rows_next(&rows)) {
		struct wpkg_str other = db_rows_bytes(&rows, 0);
		wpkg_err_set(&found, WPKG_EDENIED,
			     "'%.*s' can be mistaken for '%.*s', which is there already",
			     WPKG_STR_ARG(draft->name), WPKG_STR_ARG(other));
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status == WPKG_OK && found.status != WPKG_OK && err)
		*err = found;
	return status == WPKG_OK ? found.status : status;
}

static enum wpkg_status fail_exists(const struct record_draft *draft, const char *what,
				    struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_EEXISTS, "%.*s/%.*s %s", WPKG_STR_ARG(draft->name),
			 WPKG_STR_ARG(draft->version), what);
}

static enum wpkg_status check_removed(struct db *db, int64_t name_id,
				      const struct record_draft *draft, struct wpkg_err *err)
{
	bool found = false;
	int64_t removed = 0;
	enum wpkg_status status = db_find_integer(
		&found, &removed, db,
		"SELECT removed FROM removed_versions WHERE name_id = $1 AND version = $2",
		DB_VALUES(db_integer(name_id), db_text(draft->version)), err);
	if (status == WPKG_OK && found)
		status = fail_exists(draft, "was deleted for good", err);
	return status;
}

enum wpkg_status record_check_name(struct db *db, struct wpkg_str name, struct wpkg_arena *arena,
				   struct wpkg_err *err)
{
	struct record_draft draft = {.name = name};
	enum wpkg_status status = wpkg_name_check(name, err);
	if (status == WPKG_OK)
		status = record_draft_name(&draft, arena, err);
	return status == WPKG_OK ? check_confusable(db, &draft, err) : status;
}

enum wpkg_status record_enter_name(int64_t *id, struct db *db, const struct record_draft *draft,
				   struct wpkg_err *err)
{
	bool made = false;
	enum wpkg_status status = record_claim_name(id, &made, db, draft, err);
	if (status == WPKG_OK && made && !draft->skeleton.ptr)
		status = WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is no good name",
				   WPKG_STR_ARG(draft->name));
	if (status == WPKG_OK && made)
		status = check_confusable(db, draft, err);
	if (status == WPKG_OK && made && draft->pusher.len > 0)
		status = store_add_event(db,
					 &(struct wpkg_event){.kind = WPKG_LIT("own"),
							      .name = draft->name,
							      .actor = draft->pusher,
							      .address = draft->address,
							      .detail = draft->pusher},
					 err);
	return status;
}

/* The same push again: what is missing is told anew, and a signature may have come or gone. */
static enum wpkg_status resume(struct creation *creation, struct db *db,
			       const struct record_head *head, struct wpkg_err *err)
{
	const struct record_draft *draft = &creation->draft;
	enum wpkg_status status = WPKG_OK;
	creation->created.id = head->id;
	creation->created.state = head->state;
	creation->created.existed = true;
	/* Its pusher is at work: it is not abandoned. */
	status = db_run(NULL, db, "UPDATE records SET changed = $2 WHERE id = $1 AND state = 0",
			DB_VALUES(db_integer(head->id), db_integer(wpkg_clock_now())), err);
	if (status == WPKG_OK && head->state == WPKG_RECORD_INCOMPLETE &&
	    !wpkg_digest_equal(&head->invoice_digest, &draft->invoice_digest))
		status = record_set_text(db, head->id, draft->text, &draft->invoice_digest, err);
	return status;
}

static enum wpkg_status insert(struct creation *creation, struct db *db, int64_t name_id,
			       struct wpkg_err *err)
{
	const struct record_draft *draft = &creation->draft;
	struct record_head head = {.name = draft->name, .version = draft->version};
	enum wpkg_status status = record_insert(&creation->created.id, db, name_id, draft, err);
	creation->created.state = WPKG_RECORD_INCOMPLETE;
	if (status == WPKG_OK)
		status = record_add_event(
			db, "create", &head,
			&(struct wpkg_act){.actor = draft->pusher, .address = draft->address}, err);
	return status;
}

/* What need not be sent for it. All of a refused version's parcels were there for it. */
static enum wpkg_status forgive(struct creation *creation, struct db *db, int64_t name_id,
				struct wpkg_err *err)
{
	int64_t id = creation->created.id;
	enum wpkg_status status = record_forgive_held(db, id, name_id, err);
	if (status == WPKG_OK)
		status = record_forgive(db, id, &creation->before, err);
	return status == WPKG_OK ? record_forgive(db, id, creation->shown, err) : status;
}

static enum wpkg_status tell_missing(struct creation *creation, struct db *db, struct wpkg_err *err)
{
	const struct record_draft *draft = &creation->draft;
	struct wpkg_created *created = &creation->created;
	struct record_head head = {
		.id = created->id, .name = draft->name, .version = draft->version};
	struct wpkg_digests missing = {0};
	if (created->state != WPKG_RECORD_INCOMPLETE)
		return WPKG_OK;
	enum wpkg_status status =
		record_list_missing(&missing, creation->arena, db, created->id, err);
	if (status != WPKG_OK)
		return status;
	created->missing = missing.items;
	created->missing_count = missing.count;
	if (missing.count > 0 && creation->manifest)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "the manifest says another size than a blob has");
	if (missing.count > 0)
		return record_wait(db, created->id, err);
	created->state = WPKG_RECORD_CHECKING;
	return record_complete(db, &head, err);
}

static enum wpkg_status create(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	struct creation *creation = arguments;
	const struct record_draft *draft = &creation->draft;
	struct record_head head = {0};
	int64_t name_id = 0;
	enum wpkg_status status = record_enter_name(&name_id, db, draft, err);
	if (status == WPKG_OK)
		status = check_removed(db, name_id, draft, err);
	if (status == WPKG_OK)
		status = record_head_find_version(&head, creation->arena, db, name_id,
						  draft->precedence, err);
	if (status != WPKG_OK)
		return status;
	bool own = head.id != 0 && wpkg_str_equal(head.pusher, draft->pusher);
	bool pending = head.state == WPKG_RECORD_INCOMPLETE || head.state == WPKG_RECORD_CHECKING;
	if (own && pending && wpkg_digest_equal(&head.content, &draft->content)) {
		status = resume(creation, db, &head, err);
	} else if (head.id == 0 || (own && head.state == WPKG_RECORD_REJECTED)) {
		/* A new id: a late verdict on the refused content must not find this one. */
		if (head.id != 0 && creation->shown)
			status = record_list_parcels(&creation->before, creation->arena, db,
						     head.id, err);
		if (status == WPKG_OK && head.id != 0)
			status = record_remove(db, head.id, head.summary_id, err);
		if (status == WPKG_OK)
			status = insert(creation, db, name_id, err);
		const struct quota_change change = {.name_id = name_id,
						    .user = draft->pusher,
						    .name = draft->name,
						    .bytes = draft->size,
						    .versions = 1};
		if (status == WPKG_OK)
			status = quota_judge(store, db, &change, err);
	} else {
		return fail_exists(draft, "is there already", err);
	}
	if (status == WPKG_OK && creation->manifest)
		status = pushed_manifest_keep(&creation->created, creation->arena, db, name_id,
					      creation->manifest, err);
	if (status == WPKG_OK && creation->shown)
		status = forgive(creation, db, name_id, err);
	return status == WPKG_OK ? tell_missing(creation, db, err) : status;
}

enum wpkg_status wpkg_record_create(struct wpkg_created *out, struct wpkg_arena *arena,
				    struct wpkg_store *store, const struct wpkg_new_record *record,
				    struct wpkg_err *err)
{
	struct creation creation = {
		.arena = arena, .manifest = record->manifest, .shown = record->shown};
	enum wpkg_status status = record_draft_make(&creation.draft, arena, record, err);
	if (status == WPKG_OK && !creation.draft.skeleton.ptr)
		status = WPKG_FAIL(err, WPKG_EINVAL, "bindle.name: '%.*s' is no good name",
				   WPKG_STR_ARG(creation.draft.name));
	for (size_t i = 0; status == WPKG_OK && i < creation.draft.parcel_count; i++)
		creation.draft.parcels[i].owed = record->shown != NULL;
	if (status == WPKG_OK)
		status = store_write(store, create, &creation, err);
	if (status == WPKG_OK || status == WPKG_ENOTFOUND)
		*out = creation.created;
	return status;
}

static enum wpkg_status set_owed(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	const bool *owed = arguments;
	(void)store;
	return db_run(NULL, db, "UPDATE waiting SET owed = $1 WHERE owed <> $1",
		      DB_VALUES(db_integer(*owed)), err);
}

enum wpkg_status wpkg_record_set_owed(struct wpkg_store *store, bool owed, struct wpkg_err *err)
{
	return store_write(store, set_owed, &owed, err);
}
