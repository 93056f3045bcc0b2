/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a record after it was created: verdict, yank, signatures, deletion. */
#include "base/clock.h"
#include "pkg/verdict.h"
#include "store/package_index.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/store_int.h"

#define ARENA_MAX ((size_t)64 << 20)
#define SETTLE_TRIES 5 /* while others sign the invoice */

static enum wpkg_status fail_absent(int64_t id, struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no record %lld", (long long)id);
}

static enum wpkg_status fail_state(const struct record_head *head, const char *wanted,
				   struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_EEXISTS, "%.*s/%.*s is %s, not %s", WPKG_STR_ARG(head->name),
			 WPKG_STR_ARG(head->version), wpkg_record_state_name(head->state), wanted);
}

/* Verdict */

struct settling {
	int64_t id;
	const struct wpkg_settlement *settlement;
	struct wpkg_str reason;
	struct package_manifest package; /* of an accepted one */
	struct wpkg_arena arena;
};

static enum wpkg_status add_facts(struct db *db, const struct wpkg_settlement *settlement,
				  struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < settlement->fact_count; i++)
		status = db_run(NULL, db,
				"INSERT INTO facts (blob_id, json) "
				"SELECT id, $2 FROM blobs WHERE digest = $1 "
				"ON CONFLICT (blob_id) DO UPDATE SET json = excluded.json",
				DB_VALUES(db_digest(&settlement->facts[i].digest),
					  db_text(settlement->facts[i].json)),
				err);
	return status;
}

static enum wpkg_status keep_verdict(struct db *db, int64_t id,
				     const struct wpkg_settlement *settlement, struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db, "UPDATE record_texts SET verdict = $2 WHERE record_id = $1",
		       DB_VALUES(db_integer(id), db_text(settlement->verdict)), err);
	if (status == WPKG_OK)
		status = add_facts(db, settlement, err);
	return status;
}

/* The invoice may have been signed once more since it was read for this. */
static enum wpkg_status add_manifest(const struct settling *settling, struct db *db,
				     const struct record_head *head, bool was_pushed,
				     struct wpkg_err *err)
{
	if (!wpkg_digest_equal(&settling->package.invoice_digest, &head->invoice_digest))
		return WPKG_FAIL(err, WPKG_EBUSY, "%.*s/%.*s has changed meanwhile",
				 WPKG_STR_ARG(head->name), WPKG_STR_ARG(head->version));
	if (settling->package.is_made && was_pushed)
		return WPKG_FAIL(err, WPKG_EBUSY, "%.*s/%.*s has a manifest meanwhile",
				 WPKG_STR_ARG(head->name), WPKG_STR_ARG(head->version));
	return package_manifest_insert(db, head->id, &settling->package, err);
}

static enum wpkg_status settle(struct wpkg_store *store, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	struct settling *settling = arguments;
	const struct wpkg_settlement *settlement = settling->settlement;
	bool accepted = settlement->accepted;
	bool moved = false;
	bool was_pushed = false;
	struct record_head head;
	enum wpkg_status status = record_head_find(&head, &settling->arena, db, settling->id, err);
	if (status != WPKG_OK)
		return status;
	if (head.id == 0)
		return fail_absent(settling->id, err);
	status = record_move(&moved, db, head.id, accepted ? RECORD_PUBLISH : RECORD_REJECT, err);
	if (status == WPKG_OK && !moved)
		return fail_state(&head, "checking", err);
	if (status == WPKG_OK)
		status = pushed_manifest_take(&was_pushed, db, head.id, err);
	if (status == WPKG_OK && accepted)
		status = add_manifest(settling, db, &head, was_pushed, err);
	if (status == WPKG_OK)
		status = keep_verdict(db, head.id, settlement, err);
	if (status == WPKG_OK && accepted)
		status = package_renew(store, db, head.name_id, err);
	const struct wpkg_event event = {
		.kind = wpkg_str_from(accepted ? "publish" : "reject"),
		.name = head.name,
		.version = head.version,
		.actor = head.pusher,
		.address = head.address,
		.detail = settling->reason,
		.manifest = accepted ? package_manifest_digest(&settling->package) : NULL,
	};
	return status == WPKG_OK ? store_add_event(db, &event, err) : status;
}

static enum wpkg_status recheck(struct wpkg_store *store, struct db *db, void *arguments,
				struct wpkg_err *err)
{
	struct settling *settling = arguments;
	const struct wpkg_settlement *settlement = settling->settlement;
	struct record_head head;
	enum wpkg_status status = record_head_find(&head, &settling->arena, db, settling->id, err);
	if (status != WPKG_OK)
		return status;
	if (head.id == 0)
		return fail_absent(settling->id, err);
	if (head.state != WPKG_RECORD_PUBLISHED && head.state != WPKG_RECORD_YANKED)
		return fail_state(&head, "published", err);
	status = keep_verdict(db, head.id, settlement, err);
	if (status == WPKG_OK)
		status = package_mark(db, head.id, err);
	if (status == WPKG_OK)
		status = package_renew(store, db, head.name_id, err);
	if (status == WPKG_OK)
		status = record_add_event(db, settlement->accepted ? "recheck" : "flag", &head,
					  &(struct wpkg_act){.reason = settling->reason}, err);
	return status;
}

/* The event says why; a verdict that cannot be read is kept as it is and says nothing. */
static void read_reason(struct settling *settling)
{
	struct wpkg_verdict verdict;
	if (!settling->settlement->accepted &&
	    wpkg_verdict_read(&verdict, &settling->arena, settling->settlement->verdict, NULL) ==
		    WPKG_OK)
		settling->reason = verdict.reason;
}

/* What takes long is done before the transaction. */
static enum wpkg_status prepare_settling(struct settling *settling, struct wpkg_store *store,
					 struct wpkg_err *err)
{
	const struct wpkg_new_manifest *pushed = NULL;
	struct wpkg_record record;
	read_reason(settling);
	if (!settling->settlement->accepted)
		return WPKG_OK;
	enum wpkg_status status =
		wpkg_record_find_id(&record, &settling->arena, store, settling->id, err);
	if (status != WPKG_OK)
		return status;
	status = pushed_manifest_find(&pushed, &settling->arena, store, settling->id, err);
	if (status != WPKG_OK)
		return status;
	return package_manifest_make(&settling->package, &settling->arena, record.invoice, pushed,
				     err);
}

enum wpkg_status wpkg_record_settle(struct wpkg_store *store, int64_t id,
				    const struct wpkg_settlement *settlement, struct wpkg_err *err)
{
	struct settling settling = {.id = id, .settlement = settlement};
	enum wpkg_status status = WPKG_EBUSY;
	for (int i = 0; status == WPKG_EBUSY && i < SETTLE_TRIES; i++) {
		wpkg_arena_init(&settling.arena, ARENA_MAX);
		status = prepare_settling(&settling, store, err);
		if (status == WPKG_OK)
			status = store_write(store, settle, &settling, err);
		wpkg_arena_clear(&settling.arena);
	}
	return status;
}

enum wpkg_status wpkg_record_recheck(struct wpkg_store *store, int64_t id,
				     const struct wpkg_settlement *settlement, struct wpkg_err *err)
{
	struct settling settling = {.id = id, .settlement = settlement};
	wpkg_arena_init(&settling.arena, ARENA_MAX);
	read_reason(&settling);
	enum wpkg_status status = store_write(store, recheck, &settling, err);
	wpkg_arena_clear(&settling.arena);
	return status;
}

/* Yanking */

struct yanking {
	int64_t id;
	struct wpkg_str text; /* of the invoice from now on */
	struct wpkg_digest text_digest;
	struct wpkg_digest content;
	bool yanked; /* the text says so */
	const struct wpkg_act *act;
	struct wpkg_arena arena;
};

static enum wpkg_status read_yanked(struct yanking *yanking, struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, &yanking->arena, yanking->text, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = record_content(&yanking->content, invoice, err);
	if (status == WPKG_OK)
		status = wpkg_digest_of(&yanking->text_digest, yanking->text, err);
	if (status == WPKG_OK)
		yanking->yanked = invoice->yanked;
	if (status == WPKG_EFORMAT)
		return WPKG_FAIL(err, WPKG_EINVAL, "the invoice is unreadable");
	return status;
}

static enum wpkg_status check_yanked(const struct yanking *yanking, const struct record_head *head,
				     struct wpkg_err *err)
{
	if (!wpkg_digest_equal(&yanking->content, &head->content))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%.*s/%.*s: the invoice differs in more than signatures",
				 WPKG_STR_ARG(head->name), WPKG_STR_ARG(head->version));
	if (!yanking->yanked)
		return WPKG_FAIL(err, WPKG_EINVAL, "%.*s/%.*s: the invoice says it is not yanked",
				 WPKG_STR_ARG(head->name), WPKG_STR_ARG(head->version));
	return WPKG_OK;
}

static enum wpkg_status yank(struct wpkg_store *store, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct yanking *yanking = arguments;
	const struct wpkg_act *act = yanking->act;
	struct record_head head;
	bool moved = false;
	enum wpkg_status status = record_head_find(&head, &yanking->arena, db, yanking->id, err);
	if (status != WPKG_OK)
		return status;
	if (head.id == 0)
		return fail_absent(yanking->id, err);
	if (head.state != WPKG_RECORD_PUBLISHED && head.state != WPKG_RECORD_YANKED)
		return fail_state(&head, "published", err);
	status = check_yanked(yanking, &head, err);
	if (status == WPKG_OK)
		status = record_move(&moved, db, head.id, RECORD_YANK, err);
	if (status == WPKG_OK)
		status = record_set_text(db, head.id, yanking->text, &yanking->text_digest, err);
	if (status == WPKG_OK && moved)
		status = db_run(
			NULL, db,
			"UPDATE records SET yanked_by = $2, yank_reason = $3 WHERE id = $1",
			DB_VALUES(db_integer(head.id), db_text(act->actor), db_text(act->reason)),
			err);
	if (status == WPKG_OK)
		status = package_manifest_renew(db, head.id, yanking->text, err);
	if (status == WPKG_OK)
		status = package_renew(store, db, head.name_id, err);
	if (status == WPKG_OK)
		status = record_add_event(db, moved ? "yank" : "replace", &head, act, err);
	return status;
}

enum wpkg_status wpkg_record_yank(struct wpkg_store *store, int64_t id, struct wpkg_str invoice,
				  const struct wpkg_act *act, struct wpkg_err *err)
{
	struct yanking yanking = {.id = id, .text = invoice, .act = act};
	wpkg_arena_init(&yanking.arena, ARENA_MAX);
	enum wpkg_status status = read_yanked(&yanking, err);
	if (status == WPKG_OK)
		status = store_write(store, yank, &yanking, err);
	wpkg_arena_clear(&yanking.arena);
	return status;
}

/* Deletion */

struct deletion {
	struct wpkg_str name;
	struct wpkg_str version;
	struct wpkg_str precedence;
	const struct wpkg_act *act;
	struct wpkg_arena arena;
};

static enum wpkg_status delete_version(struct wpkg_store *store, struct db *db, void *arguments,
				       struct wpkg_err *err)
{
	struct deletion *deletion = arguments;
	const struct wpkg_act *act = deletion->act;
	struct record_head head = {0};
	int64_t name_id = 0;
	bool found = false;
	enum wpkg_status status =
		db_find_integer(&found, &name_id, db, "SELECT id FROM names WHERE name = $1",
				DB_VALUES(db_text(deletion->name)), err);
	if (status == WPKG_OK && found)
		status = record_head_find_version(&head, &deletion->arena, db, name_id,
						  deletion->precedence, err);
	if (status != WPKG_OK)
		return status;
	if (head.id == 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s/%.*s",
				 WPKG_STR_ARG(deletion->name), WPKG_STR_ARG(deletion->version));
	status = record_remove(db, head.id, head.summary_id, err);
	if (status == WPKG_OK)
		status = package_renew(store, db, name_id, err);
	if (status == WPKG_OK)
		status =
			db_run(NULL, db, "INSERT INTO removed_versions VALUES ($1, $2, $3, $4, $5)",
			       DB_VALUES(db_integer(name_id), db_text(head.version),
					 db_integer(wpkg_clock_now()), db_text(act->actor),
					 db_text(act->reason)),
			       err);
	if (status == WPKG_OK)
		status = record_add_event(db, "delete", &head, act, err);
	return status;
}

enum wpkg_status wpkg_record_delete(struct wpkg_store *store, struct wpkg_str name,
				    struct wpkg_str version, const struct wpkg_act *act,
				    struct wpkg_err *err)
{
	struct deletion deletion = {.name = name, .version = version, .act = act};
	wpkg_arena_init(&deletion.arena, ARENA_MAX);
	enum wpkg_status status =
		record_precedence(&deletion.precedence, &deletion.arena, version, err);
	if (status == WPKG_OK)
		status = store_write(store, delete_version, &deletion, err);
	wpkg_arena_clear(&deletion.arena);
	return status;
}
