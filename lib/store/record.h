/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_RECORD_H
#define WPKG_STORE_RECORD_H

/*
 * A record: what the registry knows about one version of a package. Its text is the invoice as it
 * is served. It moves between five states; the moves that are allowed stand in record_state.c, and
 * the statement that makes a move names the states it may start from.
 *
 *   incomplete   the invoice is here, parcels are missing; only the pusher sees it
 *   checking     all is here, admission has not spoken; only the pusher sees it
 *   published    everybody sees it; never changes again but for signatures
 *   rejected     admission refused it; only the pusher sees it, and may create it again
 *   yanked       published, but its owner asks nobody to use it any more
 *
 * Reading functions put texts into the caller's arena. Writing functions wait for the commit; each
 * leaves an event (event.h) in the same transaction.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/content_digest.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"
#include "store/store.h"

enum wpkg_record_state {
	WPKG_RECORD_INCOMPLETE,
	WPKG_RECORD_CHECKING,
	WPKG_RECORD_PUBLISHED,
	WPKG_RECORD_REJECTED,
	WPKG_RECORD_YANKED
};

/* "incomplete", "checking", ... Static text. */
const char *wpkg_record_state_name(enum wpkg_record_state state);
bool wpkg_record_state_parse(enum wpkg_record_state *out, struct wpkg_str text);

/* Which record is meant. Ids are never used twice. */
struct wpkg_record_ref {
	int64_t id;
	struct wpkg_str name;
	struct wpkg_str version;
};

struct wpkg_record {
	int64_t id;
	struct wpkg_str name;
	struct wpkg_str version;
	enum wpkg_record_state state;
	struct wpkg_str invoice;	   /* TOML, canonical */
	struct wpkg_digest invoice_digest; /* of that text: an entity tag */
	struct wpkg_str description;	   /* empty: none */
	struct wpkg_str pusher;		   /* user; empty: nobody had to log in */
	int64_t created;		   /* UNIX seconds */
	int64_t published;		   /* UNIX seconds; 0: never */
	struct wpkg_str verdict;	   /* JSON; empty: admission has not spoken */
	int64_t yanked;			   /* UNIX seconds; 0: not yanked */
	struct wpkg_str yanked_by;
	struct wpkg_str yank_reason;
	bool has_manifest;	     /* it is or was published */
	struct wpkg_digest manifest; /* SHA-256: the package's content address */
	uint64_t size;		     /* bytes of its distinct parcels */
	size_t parcel_count;	     /* distinct ones */
};

/* Who asks. A record that is not published or yanked exists only for its pusher, and for all. */
struct wpkg_viewer {
	struct wpkg_str user; /* empty: nobody logged in; sees what nobody pushed */
	bool all;	      /* sees everything: an administrator, the server itself */
};

struct wpkg_digests {
	struct wpkg_digest *items;
	size_t count;
};

struct wpkg_new_manifest;

/*
 * Where not everybody may read all that is there, to know a digest must not be enough to have the
 * bytes: a version owes each parcel that neither its name holds (repository.h) nor is shown. What
 * it owes is missing, whether the bytes are there or not, until it is uploaded for that very
 * version (blob.h), or held or shown when the same push comes again.
 */
struct wpkg_new_record {
	const struct wpkg_invoice *invoice; /* checked by wpkg_invoice_check, digests and all */
	struct wpkg_str text;		    /* the invoice as it will be served: TOML */
	struct wpkg_str pusher;		    /* user; empty: nobody */
	struct wpkg_str address;	    /* that it comes from; empty: not known */
	/* The manifest that it is pushed as (manifest.h), without tags: it gets its version's. All
	 * of its parts must be there. NULL: the manifest will be the one that the invoice says. */
	const struct wpkg_new_manifest *manifest;
	/* What its pusher may read under other names. NULL: everybody may read all that is there,
	 * and nothing is owed. */
	const struct wpkg_digests *shown;
};

struct wpkg_created {
	int64_t id;
	enum wpkg_record_state state; /* INCOMPLETE, or CHECKING when nothing is missing */
	bool existed;		      /* this pusher had created it with the same content before */
	struct wpkg_digest *missing;  /* distinct, in the invoice's order; in the arena */
	size_t missing_count;
	/* With WPKG_ENOTFOUND: what the manifest names and the repository lacks. In the arena. */
	struct wpkg_content_digest *lacking;
	size_t lacking_count;
};

/*
 * Creates a version. Where it is there already:
 *   incomplete or checking, same pusher, same content (signatures do not count): existed is true,
 *     the text given replaces the one stored while it is incomplete;
 *   rejected, same pusher: begins anew with this invoice, and owes nothing that it had before;
 *   anything else, or deleted for good: WPKG_EEXISTS.
 * With a manifest WPKG_ENOTFOUND when the repository lacks parts of it (then *out, and only that
 * list, is filled), WPKG_EINVAL when one has another size than it says, WPKG_EEXISTS when the
 * version is in checking with another manifest. WPKG_EDENIED when another package's name can be
 * mistaken for this one (name.h). The first to create a name owns it (access.h); whether a user may
 * push is the caller's question.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_record_create(struct wpkg_created *out, struct wpkg_arena *arena, struct wpkg_store *store,
		   const struct wpkg_new_record *record, struct wpkg_err *err);

/* Versions owe all that they wait for from now on, or nothing: at a server's start, as the registry
 * may have been one that everybody may read before, or may be one now. */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_set_owed(struct wpkg_store *store, bool owed,
						      struct wpkg_err *err);

/* WPKG_ENOTFOUND when there is none that this viewer may see. */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_find(struct wpkg_record *out, struct wpkg_arena *arena,
						  struct wpkg_store *store, struct wpkg_str name,
						  struct wpkg_str version,
						  const struct wpkg_viewer *viewer,
						  struct wpkg_err *err);
/* The version whose manifest has that digest; of several the highest. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_record_find_manifest(struct wpkg_record *out, struct wpkg_arena *arena,
			  struct wpkg_store *store, struct wpkg_str name,
			  const struct wpkg_digest *manifest, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_record_find_id(struct wpkg_record *out,
						     struct wpkg_arena *arena,
						     struct wpkg_store *store, int64_t id,
						     struct wpkg_err *err);

/* The distinct parcels of a record that are not in the store or that it owes, in the invoice's
 * order. */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_missing(struct wpkg_digests *out,
						     struct wpkg_arena *arena,
						     struct wpkg_store *store, int64_t id,
						     struct wpkg_err *err);

struct wpkg_record_list {
	struct wpkg_record *items;
	size_t count;
};

/* All versions of a name that the viewer may see, highest precedence first. Empty if none. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_record_versions(struct wpkg_record_list *out, struct wpkg_arena *arena,
		     struct wpkg_store *store, struct wpkg_str name,
		     const struct wpkg_viewer *viewer, struct wpkg_err *err);

/* The records in a state, oldest first, at most limit: after a start, those still to check. */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_in_state(struct wpkg_record_list *out,
						      struct wpkg_arena *arena,
						      struct wpkg_store *store,
						      enum wpkg_record_state state, size_t limit,
						      struct wpkg_err *err);

struct wpkg_module_facts {
	struct wpkg_digest digest;
	struct wpkg_str json;
};

/* What admission said. */
struct wpkg_settlement {
	bool accepted;
	struct wpkg_str verdict; /* JSON (verdict.h) */
	const struct wpkg_module_facts *facts;
	size_t fact_count;
};

/* checking -> published or rejected. The manifest is the one that the version was created with, or
 * the one that its invoice says. WPKG_EEXISTS when the record is not in checking. */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_settle(struct wpkg_store *store, int64_t id,
						    const struct wpkg_settlement *settlement,
						    struct wpkg_err *err);

/*
 * A later verdict on what is published or yanked: it and the facts replace the earlier ones, and
 * nothing moves. The event is "flag", with the reason, when it refuses, else "recheck".
 * WPKG_ENOTFOUND when there is none, WPKG_EEXISTS when it was never published.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_recheck(struct wpkg_store *store, int64_t id,
						     const struct wpkg_settlement *settlement,
						     struct wpkg_err *err);

/* Who does something, and why: what the event will say. */
struct wpkg_act {
	struct wpkg_str actor;
	struct wpkg_str reason;	 /* empty: none given */
	struct wpkg_str address; /* of the network, or "local"; empty: not known */
};

/*
 * published -> yanked, with the invoice as it is served from now on (yanked = true, and perhaps a
 * yankedSignature). Of a yanked one only the text is replaced, and the first reason stays.
 * WPKG_ENOTFOUND when there is none, WPKG_EEXISTS when it was never published.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_yank(struct wpkg_store *store, int64_t id,
						  struct wpkg_str invoice,
						  const struct wpkg_act *act, struct wpkg_err *err);

/*
 * Removes a version in any state for good. Name and version stay reserved, with who, when and why.
 * Its blobs go with the next gc. WPKG_ENOTFOUND when there is none.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_delete(struct wpkg_store *store, struct wpkg_str name,
						    struct wpkg_str version,
						    const struct wpkg_act *act,
						    struct wpkg_err *err);

#endif
