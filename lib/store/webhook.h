/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_WEBHOOK_H
#define WPKG_STORE_WEBHOOK_H

/*
 * What is still to be told to whom, durably. Events are written with what they tell of (event.h);
 * a hook has a cursor in them, and moves it on in the transaction that queues deliveries for those
 * that it passes. So an event that was committed, by whatever process, is queued once, whenever the
 * server was killed. A delivery is there until it was acknowledged, or given up: then it is dead,
 * and waits for an operator's word.
 *
 * Which events are a hook's business, and how one is sent, is the caller's.
 */

#include "base/arena.h"
#include "store/record.h"

#define WPKG_DELIVERY_ID 33 /* 32 hex digits and a NUL */

struct wpkg_delivery {
	int64_t id;		  /* of the queue */
	struct wpkg_str delivery; /* what the receiver knows it by, however often it is sent */
	struct wpkg_str hook;
	struct wpkg_str name;  /* of the package: those of one are sent one after the other */
	struct wpkg_str event; /* its kind */
	struct wpkg_str body;  /* as it is sent */
	int64_t queued;	       /* UNIX seconds */
	unsigned attempts;     /* that failed */
	int64_t due;	       /* UNIX milliseconds */
	struct wpkg_str error; /* of the last attempt */
	struct wpkg_str request, traceparent; /* of the event; empty: none */
};

struct wpkg_delivery_list {
	struct wpkg_delivery *items;
	size_t count;
};

/* Makes the hook known: a new one begins with what happens from now on. *cursor: the id of the last
 * event that it passed. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_enter(int64_t *cursor, struct wpkg_store *store,
						    struct wpkg_str hook, struct wpkg_err *err);

/* Queues deliveries of a hook (of each delivery, name, event, body, request and traceparent) and
 * moves its cursor on. */
struct wpkg_webhook_step {
	struct wpkg_str hook;
	int64_t cursor; /* from here on */
	const struct wpkg_delivery *items;
	size_t count;
};
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_queue(struct wpkg_store *store,
						    const struct wpkg_webhook_step *step,
						    struct wpkg_err *err);

/* Those of a hook that may be sent now (UNIX milliseconds), at most limit: of each package the
 * first that waits. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_due(struct wpkg_delivery_list *out,
						  struct wpkg_arena *arena,
						  struct wpkg_store *store, struct wpkg_str hook,
						  int64_t now, size_t limit, struct wpkg_err *err);

enum wpkg_delivery_outcome { WPKG_DELIVERED, WPKG_DELIVERY_LATER, WPKG_DELIVERY_DEAD };

/* What an attempt came to: due and error count where it failed. */
struct wpkg_delivery_result {
	enum wpkg_delivery_outcome outcome;
	int64_t due; /* UNIX milliseconds */
	struct wpkg_str error;
};
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_settle(struct wpkg_store *store,
						     const struct wpkg_delivery *delivery,
						     const struct wpkg_delivery_result *result,
						     struct wpkg_err *err);

struct wpkg_webhook_state {
	struct wpkg_str hook;
	uint64_t waiting, dead;		     /* deliveries */
	uint64_t delivered;		     /* ever */
	int64_t last_delivered, last_failed; /* UNIX seconds; 0: never */
	struct wpkg_str last_error;
};

struct wpkg_webhook_state_list {
	struct wpkg_webhook_state *items;
	size_t count;
};

/* All that were ever known, by name. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_list(struct wpkg_webhook_state_list *out,
						   struct wpkg_arena *arena,
						   struct wpkg_store *store, struct wpkg_err *err);

/* Dead ones behind an id, oldest first, at most limit; of one hook, or all when hook is empty. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_dead(struct wpkg_delivery_list *out,
						   struct wpkg_arena *arena,
						   struct wpkg_store *store, struct wpkg_str hook,
						   int64_t after, size_t limit,
						   struct wpkg_err *err);

/* Dead ones wait again, as if never tried: the one of that id, else all of a hook, else all.
 * *count is how many. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_retry(uint64_t *count, struct wpkg_store *store,
						    struct wpkg_str hook, struct wpkg_str delivery,
						    struct wpkg_err *err);

/* Removes those that died before a moment. */
WPKG_MUST_CHECK enum wpkg_status wpkg_webhook_forget(uint64_t *count, struct wpkg_store *store,
						     int64_t before, struct wpkg_err *err);

/* What became of a delivery: *found is false when it was delivered, or never was. Else attempts and
 * error are filled, and *dead. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_webhook_find(bool *found, bool *dead, struct wpkg_delivery *out, struct wpkg_arena *arena,
		  struct wpkg_store *store, struct wpkg_str delivery, struct wpkg_err *err);

#endif
