/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_SERVER_H
#define WPKG_SERVER_SERVER_H

/* What all handlers share. Made once; only what is behind a lock changes while it serves. */

#include <pthread.h>
#include <stdatomic.h>

#include "admission.h"
#include "config.h"
#include "host_keys.h"
#include "metrics.h"
#include "request.h"
#include "store/store.h"
#include "users.h"
#include "worker.h"

struct server {
	struct config config;
	struct wpkg_arena arena; /* what the configuration points to */
	struct wpkg_store *store;
	struct admission *admission;
	struct workers *workers;
	struct users *users;
	struct host_keys *keys;
	struct metrics metrics;
	atomic_uint_fast64_t next_request;
	uint64_t id_seed; /* so that two servers' request ids differ */
	atomic_bool is_ending;
};

/* The route of a path and method; NULL when no route has the path. *allowed has the methods that
 * routes of that path take. */
const struct route *route_find(struct request *request, unsigned *allowed);

/* Admission of a version that has all its parcels: the verdict is written, and *reason says why it
 * was refused (in the arena; empty: published). Waits. */
WPKG_MUST_CHECK enum wpkg_status publish(struct wpkg_str *reason, struct server *server,
					 struct wpkg_arena *arena, int64_t id,
					 struct wpkg_err *err);

/* Takes up what an earlier run left in checking, on the workers. */
void publish_resume(struct server *server);

#endif
