/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_UPKEEP_H
#define WPKG_STORE_UPKEEP_H

/*
 * Looking after a store: removing what nothing refers to, proving that all is whole, moving a
 * registry. All of it works while the store is served, from the serving process or another.
 */

#include "store/store.h"

/* The zero value is the default. */
struct wpkg_gc_options {
	int64_t grace;	    /* seconds a blob stays after its last upload; 0: a day, -1: none */
	int64_t incomplete; /* seconds an incomplete version may last; 0: a week, -1: none */
	int64_t sessions;   /* seconds an upload session may be idle; 0: a day, -1: none */
	int64_t untagged;   /* seconds a manifest stays that has no tag, is in no index, and is no
			     * version's and no referrer; 0: for ever, -1: none */
	bool dry_run;	    /* only counts */
};

struct wpkg_gc_report {
	uint64_t expired;   /* incomplete versions removed */
	uint64_t blobs;	    /* removed */
	uint64_t bytes;	    /* of those */
	uint64_t files;	    /* without a row, as a crash leaves them: removed */
	uint64_t sessions;  /* removed */
	uint64_t manifests; /* removed */
};

/*
 * A blob stays as long as an incomplete, checking, published or yanked version or a manifest names
 * it, whether or not that was there when the call began. A rejected version holds it for the grace,
 * and so does a repository that it was uploaded to without a manifest.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_gc(struct wpkg_gc_report *out, struct wpkg_store *store,
					       const struct wpkg_gc_options *options,
					       struct wpkg_err *err);

enum wpkg_finding_kind {
	/* Damage: something promised is not as it was. */
	WPKG_FINDING_DATABASE,	     /* SQLite's own check of the file */
	WPKG_FINDING_BLOB_ABSENT,    /* the row names a file that is not there */
	WPKG_FINDING_BLOB_DAMAGED,   /* size or digest is wrong */
	WPKG_FINDING_BLOB_SET_ASIDE, /* an earlier repair did; waits to be uploaded again */
	WPKG_FINDING_PARCEL_ABSENT,  /* a published or yanked version lacks a blob */
	WPKG_FINDING_INVOICE,  /* the stored text is not what its digest says, or unreadable */
	WPKG_FINDING_MANIFEST, /* one that lacks its bytes or a blob that it names */
	/* Harmless: what a crash may leave. gc removes it. */
	WPKG_FINDING_FILE_UNKNOWN, /* a blob's file without a row */
	WPKG_FINDING_FILE_STRANGE, /* a file in blobs that is not named as one */
};

bool wpkg_finding_is_damage(enum wpkg_finding_kind kind);

struct wpkg_finding {
	enum wpkg_finding_kind kind;
	struct wpkg_str subject; /* digest, NAME/VERSION or path */
	struct wpkg_str detail;
	bool repaired; /* set aside: in DIR/damaged */
};

/* The database's own proof alone, which needs a fraction of the time: told of each problem. */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_check_database(struct wpkg_store *store,
							   void (*found)(void *user,
									 struct wpkg_str problem),
							   void *user, struct wpkg_err *err);

struct wpkg_fsck_options {
	bool repair; /* damaged blobs go to DIR/damaged; versions that need them say so as missing
		      */
	void (*found)(void *user, const struct wpkg_finding *finding); /* NULL: only counted */
	void *user;
};

struct wpkg_fsck_report {
	uint64_t blobs;	   /* looked at */
	uint64_t bytes;	   /* hashed */
	uint64_t records;  /* looked at */
	uint64_t damage;   /* findings of the first group */
	uint64_t harmless; /* of the second */
	uint64_t repaired;
};

/* WPKG_OK says that all was looked at; what was found is in the report. */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_fsck(struct wpkg_fsck_report *out,
						 struct wpkg_store *store,
						 const struct wpkg_fsck_options *options,
						 struct wpkg_err *err);

/* One step of an export or import, for a line of progress. */
struct wpkg_transfer_note {
	struct wpkg_str subject; /* NAME/VERSION, or a path when it could not be read */
	struct wpkg_str problem; /* empty: moved; otherwise why it was passed over */
};

struct wpkg_transfer_options {
	void (*note)(void *user, const struct wpkg_transfer_note *note); /* NULL: none */
	void *user;
	struct wpkg_str
		actor; /* whom an import's events and pusher name where the source is mute */
};

struct wpkg_transfer_report {
	uint64_t records; /* moved */
	uint64_t blobs;	  /* moved */
	uint64_t bytes;	  /* of those */
	uint64_t present; /* records that the target had already */
	uint64_t passed_over;
};

/*
 * Writes the registry to an empty or new folder, in the layout of an original Bindle server, which
 * can serve it:
 *
 *   invoices/SHA256(NAME/VERSION)/invoice.toml
 *   parcels/SHA256/parcel.dat
 *   registry.jsonl     what that layout cannot hold, a JSON object a line: states, pushers,
 *                      verdicts, facts, owners, rights, what was deleted, and whole the versions
 *                      that nobody but their pusher may see. No tokens.
 *
 * The view is one moment's, whatever is pushed meanwhile.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_export(struct wpkg_transfer_report *out,
						   struct wpkg_store *store, const char *folder,
						   const struct wpkg_transfer_options *options,
						   struct wpkg_err *err);

/*
 * Reads such a folder, with or without registry.jsonl: an original Bindle server's too, whose
 * invoices may break rules that we have (name, media types, ...) and still come in. What cannot
 * (unreadable, a digest that is none, a parcel whose bytes are wrong) is passed over with a note.
 * A version that has all its parcels is published; one that lacks some is incomplete. May be
 * repeated: what is here already stays.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_import(struct wpkg_transfer_report *out,
						   struct wpkg_store *store, const char *folder,
						   const struct wpkg_transfer_options *options,
						   struct wpkg_err *err);

#endif
