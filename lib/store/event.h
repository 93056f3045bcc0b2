/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_EVENT_H
#define WPKG_STORE_EVENT_H

/*
 * What happened, written in the same transaction as what it tells of. The database itself refuses
 * to change an event, and to remove one that is not older than the horizon of wpkg_event_forget.
 * Kinds: "create", "complete", "publish", "reject", "flag", "recheck", "yank", "replace", "delete",
 * "expire", "own", "grant", "revoke", "token", "token-revoke", "import", "manifest",
 * "manifest-delete", "tag-delete", "forget".
 */

#include <stdatomic.h>

#include "store/record.h"

struct wpkg_event {
	int64_t id; /* rises; gaps are possible */
	int64_t at; /* UNIX seconds */
	struct wpkg_str kind;
	struct wpkg_str name;	 /* empty: not about a name */
	struct wpkg_str version; /* empty: not about a version */
	struct wpkg_str actor;	 /* empty: the server itself, or nobody had to log in */
	struct wpkg_str detail;	 /* reason, pattern and the like; may be empty */
	struct wpkg_str address; /* of the network, or "local" for an operator's command; empty: the
				  * server itself, or not known. Not for everybody to know. */
	/* Given by the store, of the thread's cause (base/cause.h): id of the request that it is
	 * owed to, and the header for what is asked of others on behalf of it; empty: none. */
	struct wpkg_str request, traceparent;
	const struct wpkg_digest *manifest; /* content address of what was published; NULL: none */
};

struct wpkg_event_list {
	struct wpkg_event *items;
	size_t count;
};

/* Events after an id, oldest first, at most limit; of one name, or all when name is empty. */
WPKG_MUST_CHECK enum wpkg_status wpkg_event_list(struct wpkg_event_list *out,
						 struct wpkg_arena *arena, struct wpkg_store *store,
						 int64_t after, struct wpkg_str name, size_t limit,
						 struct wpkg_err *err);

/*
 * Of those, what everybody may know: publish, yank, flag, recheck and replace, delete of what had
 * been published, import of what is. The zero value has them all from the first on.
 */
struct wpkg_event_feed {
	int64_t after;	      /* id; only those behind it */
	struct wpkg_str name; /* of that package; empty: of all */
	bool newest_first;
	size_t limit;
};

/*
 * WPKG_EINVAL when after is ahead of all events: it is another store's, or this one's before it
 * went back to a backup, and whoever waits there would miss what happens until then.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_event_read_feed(struct wpkg_event_list *out,
						      struct wpkg_arena *arena,
						      struct wpkg_store *store,
						      const struct wpkg_event_feed *feed,
						      struct wpkg_err *err);

struct wpkg_event_forget {
	int64_t before;		 /* UNIX seconds: what happened earlier is old */
	int64_t last;		 /* id; nothing behind it is forgotten, whatever its age */
	const atomic_bool *stop; /* ends between two steps once it is true; NULL: never */
};

/*
 * Forgets old events: but for those that say who published a version that is still there. Leaves an
 * event of its own that says how many. The horizon that it sets never goes back.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_event_forget(uint64_t *count, struct wpkg_store *store,
						   const struct wpkg_event_forget *wanted,
						   struct wpkg_err *err);

#endif
