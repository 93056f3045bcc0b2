/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_SERVER_H
#define WPKG_SERVER_SERVER_H

/* What all handlers share. Made once; only what is atomic or behind a lock changes while it serves.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "admission.h"
#include "config.h"
#include "host_keys.h"
#include "limits.h"
#include "metrics.h"
#include "publish.h"
#include "request.h"
#include "store/store.h"
#include "users.h"
#include "watermark.h"
#include "worker.h"

struct wpkg_host_profiles;

struct server {
	struct config config;	 /* as it was at the start */
	struct wpkg_arena arena; /* what the configuration points to */
	struct config_source source;
	struct limits limits;
	struct wpkg_store *store;
	struct admission *admission;
	struct publisher *publisher;
	struct workers *pools[POOL_COUNT];
	struct answer_cache *answers;
	struct web_assets *assets;
	struct popular *popular;
	struct wpkg_host_profiles *hosts; /* those of the start, for what they are called */
	struct users *users;
	struct forgetter *forgetter;
	struct watermark watermark;
	struct webhooks *webhooks; /* NULL: none are configured */
	struct host_keys *keys;
	struct metrics metrics;
	int64_t started; /* UNIX seconds */
	atomic_uint_fast64_t next_request;
	uint64_t id_seed;	/* so that two servers' request ids differ */
	atomic_bool is_ending;	/* connections close with their next answer */
	atomic_bool is_stopped; /* time is up: what has not begun is not done any more */
};

/* The route of a path and method; NULL when no route has the path. *allowed has the methods that
 * routes of that path take. */
const struct route *route_find(struct request *request, unsigned *allowed);

/* All routes, by number; NULL behind the last. */
const struct route *route_at(size_t number);

/* Which row of the metrics is a route's: its number and one; 0 for none. */
size_t route_row(const struct route *route);

#endif
