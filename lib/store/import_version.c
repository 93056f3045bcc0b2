/* SPDX-License-Identifier: Apache-2.0 */
/* A version that is imported: it goes to its state the way that any version does, in one commit. */
#include "base/clock.h"
#include "store/import_int.h"
#include "store/package_index.h"
#include "store/store_int.h"

/* The way to a state is the way that any version goes, so that counts and rules hold. */
static enum wpkg_status move_to(struct db *db, int64_t id, enum wpkg_record_state state,
				struct wpkg_err *err)
{
	static const struct {
		enum record_move moves[3];
		size_t count;
	} ways[] = {
		[WPKG_RECORD_INCOMPLETE] = {.count = 0},
		[WPKG_RECORD_CHECKING] = {{RECORD_COMPLETE}, 1},
		[WPKG_RECORD_PUBLISHED] = {{RECORD_COMPLETE, RECORD_PUBLISH}, 2},
		[WPKG_RECORD_REJECTED] = {{RECORD_COMPLETE, RECORD_REJECT}, 2},
		[WPKG_RECORD_YANKED] = {{RECORD_COMPLETE, RECORD_PUBLISH, RECORD_YANK}, 3},
	};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < ways[state].count; i++) {
		bool moved = false;
		status = record_move(&moved, db, id, ways[state].moves[i], err);
	}
	return status;
}

static enum wpkg_status choose_state(enum wpkg_record_state *out, const struct import_item *item,
				     struct db *db, int64_t id, struct wpkg_err *err)
{
	struct wpkg_digests missing;
	enum wpkg_status status = record_list_missing(&missing, item->arena, db, id, err);
	if (status != WPKG_OK)
		return status;
	*out = item->state;
	/* A refused version may have lost its parcels to gc. */
	if (missing.count == 0 || item->state == WPKG_RECORD_REJECTED)
		return WPKG_OK;
	if (item->state == WPKG_RECORD_YANKED)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "it is yanked and %zu parcels are missing",
				 missing.count);
	*out = WPKG_RECORD_INCOMPLETE;
	return WPKG_OK;
}

static enum wpkg_status set_history(struct db *db, int64_t id, const struct import_item *item,
				    struct wpkg_err *err)
{
	enum wpkg_status status =
		db_run(NULL, db,
		       "UPDATE records SET created = $2, "
		       "published = CASE WHEN state IN (2, 4) THEN $3 ELSE 0 END, "
		       "yanked = CASE WHEN state = 4 THEN $4 ELSE 0 END, yanked_by = $5, "
		       "yank_reason = $6 WHERE id = $1",
		       DB_VALUES(db_integer(id), db_integer(item->created),
				 db_integer(item->published), db_integer(item->yanked),
				 db_text(item->yanked_by), db_text(item->yank_reason)),
		       err);
	if (status == WPKG_OK && item->verdict.len > 0)
		status = db_run(NULL, db,
				"UPDATE record_texts SET verdict = $2 WHERE record_id = $1",
				DB_VALUES(db_integer(id), db_text(item->verdict)), err);
	return status;
}

static enum wpkg_status check_free(struct import_item *item, struct db *db, int64_t name_id,
				   struct wpkg_err *err)
{
	struct record_head head;
	bool found = false;
	int64_t removed = 0;
	enum wpkg_status status = record_head_find_version(&head, item->arena, db, name_id,
							   item->draft.precedence, err);
	if (status == WPKG_OK)
		status = db_find_integer(
			&found, &removed, db,
			"SELECT removed FROM removed_versions "
			"WHERE name_id = $1 AND version = $2",
			DB_VALUES(db_integer(name_id), db_text(item->draft.version)), err);
	if (status == WPKG_OK && found)
		return WPKG_FAIL(err, WPKG_EEXISTS, "it was deleted for good here");
	item->existed = status == WPKG_OK && head.id != 0;
	return status;
}

static enum wpkg_status insert_item(struct wpkg_store *store, struct db *db, void *arguments,
				    struct wpkg_err *err)
{
	struct import_item *item = arguments;
	enum wpkg_record_state state = WPKG_RECORD_INCOMPLETE;
	int64_t name_id = 0;
	int64_t id = 0;
	bool made = false;
	(void)store;
	enum wpkg_status status = record_claim_name(&name_id, &made, db, &item->draft, err);
	if (status == WPKG_OK)
		status = check_free(item, db, name_id, err);
	if (status != WPKG_OK || item->existed)
		return status;
	status = record_insert(&id, db, name_id, &item->draft, err);
	if (status == WPKG_OK)
		status = choose_state(&state, item, db, id, err);
	if (status == WPKG_OK)
		status = move_to(db, id, state, err);
	bool is_public = state == WPKG_RECORD_PUBLISHED || state == WPKG_RECORD_YANKED;
	if (status == WPKG_OK && is_public)
		status = package_manifest_insert(db, id, &item->package, err);
	if (status == WPKG_OK && state == WPKG_RECORD_INCOMPLETE)
		status = record_wait(db, id, err);
	if (status == WPKG_OK)
		status = set_history(db, id, item, err);
	if (status == WPKG_OK)
		status = package_mark_times(db, name_id, err);
	const struct wpkg_event event = {
		.kind = WPKG_LIT("import"),
		.name = item->draft.name,
		.version = item->draft.version,
		.actor = item->actor,
		.detail = wpkg_str_from(wpkg_record_state_name(state)),
		.manifest = is_public ? package_manifest_digest(&item->package) : NULL,
	};
	return status == WPKG_OK ? store_add_event(db, &event, err) : status;
}

enum wpkg_status import_item_complete(struct importer *importer, struct import_item *item,
				      struct wpkg_str text, const struct wpkg_new_manifest *pushed,
				      struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_buf canonical;
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, &importer->arena, text, WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_new_record record = {.invoice = invoice, .pusher = item->draft.pusher};
	if (!item->stated) {
		item->state = invoice->yanked ? WPKG_RECORD_YANKED : WPKG_RECORD_PUBLISHED;
		item->created = item->published = item->yanked = wpkg_clock_now();
		record.pusher = importer->options->actor;
	}
	/* From now on it is served in our own form. */
	wpkg_buf_init(&canonical, (size_t)8 * WPKG_INVOICE_MAX);
	status = wpkg_invoice_write(&canonical, invoice, WPKG_INVOICE_TOML, err);
	record.text = wpkg_buf_str(&canonical);
	if (status == WPKG_OK)
		status = record_draft_make(&item->draft, &importer->arena, &record, err);
	if (status == WPKG_OK) {
		item->draft.text = wpkg_arena_dup(&importer->arena, record.text);
		if (!item->draft.text.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	}
	wpkg_buf_clear(&canonical);
	if (status == WPKG_OK)
		status = package_manifest_make(&item->package, &importer->arena, item->draft.text,
					       pushed, err);
	item->arena = &importer->arena;
	item->actor = importer->options->actor;
	return status;
}

enum wpkg_status import_item_put(struct importer *importer, struct import_item *item,
				 struct wpkg_str subject, struct wpkg_err *err)
{
	struct wpkg_err problem;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < item->draft.parcel_count; i++)
		status = import_parcel(importer, &item->draft.parcels[i], err);
	if (status != WPKG_OK)
		return status;
	status = store_write(importer->store, insert_item, item, &problem);
	if (status != WPKG_OK)
		return import_pass_over(importer, subject, status, &problem, err);
	if (item->existed) {
		importer->report.present++;
		return WPKG_OK;
	}
	importer->report.records++;
	import_note(importer, subject, NULL);
	return WPKG_OK;
}
