/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ANSWER_CACHE_H
#define WPKG_SERVER_ANSWER_CACHE_H

/*
 * Small answers that were given a moment ago, kept for whoever asks the same before the index
 * changes: a manifest or a small blob that many pull costs one look into a table then. Kept is what
 * a route's answers allow (route.keeps), for everybody the same. One commit, of any process, and
 * nothing that was kept is used again, so nobody sees what is not so any more.
 */

#include <stdbool.h>

#include "base/err.h"
#include "request.h"
#include "store/store.h"

struct answer_cache;
struct kept_answer;

WPKG_MUST_CHECK enum wpkg_status answer_cache_new(struct answer_cache **out, struct wpkg_err *err);
void answer_cache_free(struct answer_cache *cache); /* NULL is fine; after the last answer */

/* May this request's answer come from here, or be kept? Then *now is what the index is like. */
bool answer_cache_takes(struct wpkg_moment *now, const struct request *request);

/* Makes request->response one that was kept; false when there is none. */
bool answer_cache_find(struct answer_cache *cache, struct request *request,
		       const struct wpkg_moment *now);

/* Keeps the answer that was made of an index that was like that, or a later one. */
void answer_cache_keep(struct answer_cache *cache, const struct request *request,
		       const struct wpkg_moment *before);

/* The body of one that was found, as long as it is held. */
char *kept_answer_body(size_t *len, const struct kept_answer *answer);
void kept_answer_release(struct kept_answer *answer);

#endif
