/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_IMPORT_INT_H
#define WPKG_STORE_IMPORT_INT_H

/* An import: the folder that it reads (import.c), the lines of its registry.jsonl (import_line.c),
 * and a version of it (import_version.c). */

#include "data/value.h"
#include "store/record_int.h"
#include "store/repository_int.h"
#include "store/transfer.h"
#include "store/upkeep.h"

struct importer {
	struct wpkg_store *store;
	const struct wpkg_transfer_options *options;
	int folder;
	struct wpkg_arena arena; /* of one item */
	/* The ids (as folders are named) that the lines spoke of; sorted when all are in. */
	struct wpkg_digest *seen;
	size_t seen_count;
	size_t seen_cap;
	struct wpkg_transfer_report report;
};

/* A version, as the source has it. */
struct import_item {
	struct record_draft draft;
	enum wpkg_record_state state; /* as the source says */
	bool stated;		      /* the source says so; else what its parcels make of it */
	struct wpkg_str verdict;
	int64_t created;
	int64_t published;
	int64_t yanked;
	struct wpkg_str yanked_by;
	struct wpkg_str yank_reason;
	struct wpkg_str actor; /* of the event */
	struct wpkg_arena *arena;
	struct package_manifest package;
	bool existed;
};

/* Tells of an item; problem: why it is passed over, NULL: it is not. */
void import_note(struct importer *importer, struct wpkg_str subject, const char *problem);

/* What is wrong with an item is the item's, and is told; what is wrong with us ends the import. */
enum wpkg_status import_pass_over(struct importer *importer, struct wpkg_str subject,
				  enum wpkg_status status, const struct wpkg_err *problem,
				  struct wpkg_err *err);

/* Takes the parcel's blob in, when it is not here and the folder has it. */
enum wpkg_status import_parcel(struct importer *importer, const struct record_parcel *parcel,
			       struct wpkg_err *err);

/* Files of the folder; their text is in the importer's arena. */
enum wpkg_status import_read_file(struct wpkg_str *out, struct importer *importer, const char *path,
				  size_t max, struct wpkg_err *err);
enum wpkg_status import_read_invoice(struct wpkg_str *out, struct importer *importer,
				     const struct wpkg_digest *id, struct wpkg_err *err);

/* A line spoke of this version: its folder will not be looked at. */
enum wpkg_status import_remember(struct importer *importer, const struct wpkg_digest *id,
				 struct wpkg_err *err);

/* Does what a line of registry.jsonl says. */
enum wpkg_status import_line(struct importer *importer, const struct wpkg_value *line,
			     struct wpkg_str subject, struct wpkg_err *err);

/* Reads the invoice into the item's draft. What the source is silent about is filled in. pushed:
 * the manifest that the version was pushed as; NULL: none. */
enum wpkg_status import_item_complete(struct importer *importer, struct import_item *item,
				      struct wpkg_str text, const struct wpkg_new_manifest *pushed,
				      struct wpkg_err *err);

/* Takes in its parcels, and then the version in one commit. */
enum wpkg_status import_item_put(struct importer *importer, struct import_item *item,
				 struct wpkg_str subject, struct wpkg_err *err);

#endif
