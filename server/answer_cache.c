/* SPDX-License-Identifier: Apache-2.0 */
/* A table in which each path has one place, whoever is there. */
#include "answer_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "gzip.h"
#include "server.h"

#define PLACES 256
#define BODY_MAX ((size_t)64 << 10)   /* bytes */
#define ENTRY_MAX ((size_t)128 << 10) /* bytes, all told */

/* Held by the table and by each answer that is being sent. */
struct kept_answer {
	atomic_uint holders;
	struct wpkg_arena arena; /* of all texts */
	const struct route *route;
	struct wpkg_str path;
	bool varies, takes_gzip; /* it is for who takes gzip alone, or for who does not */
	struct wpkg_moment moment;
	struct response response; /* its head */
	char *body;
	size_t body_len;
};

struct answer_cache {
	pthread_mutex_t mutex;
	struct kept_answer *places[PLACES];
};

enum wpkg_status answer_cache_new(struct answer_cache **out, struct wpkg_err *err)
{
	struct answer_cache *cache = wpkg_mem_calloc(1, sizeof(*cache));
	if (!cache)
		return WPKG_FAIL(err, WPKG_ENOMEM, "cache of answers: no memory");
	pthread_mutex_init(&cache->mutex, NULL);
	*out = cache;
	return WPKG_OK;
}

void kept_answer_release(struct kept_answer *answer)
{
	if (!answer || atomic_fetch_sub(&answer->holders, 1) > 1)
		return;
	wpkg_arena_clear(&answer->arena);
	wpkg_mem_free(answer);
}

void answer_cache_free(struct answer_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < PLACES; i++)
		kept_answer_release(cache->places[i]);
	pthread_mutex_destroy(&cache->mutex);
	wpkg_mem_free(cache);
}

char *kept_answer_body(size_t *len, const struct kept_answer *answer)
{
	*len = answer->body_len;
	return answer->body;
}

/* What depends on who asks, or on more than the path, is asked anew. */
bool answer_cache_takes(struct wpkg_moment *now, const struct request *request)
{
	return request->route->keeps && !request->server->config.is_private &&
	       request->range.len == 0 && request->if_range.len == 0 &&
	       wpkg_store_moment(now, request->server->store);
}

static struct kept_answer **place_of(struct answer_cache *cache, const struct request *request)
{
	return &cache->places[wpkg_hash(request->path) % PLACES];
}

static bool answers(const struct kept_answer *answer, const struct request *request,
		    const struct wpkg_moment *now)
{
	return answer && answer->route == request->route &&
	       memcmp(&answer->moment, now, sizeof(*now)) == 0 &&
	       wpkg_str_equal(answer->path, request->path) &&
	       (!answer->varies ||
		answer->takes_gzip == gzip_is_accepted(request->accept_encoding));
}

static const char *header_of(const struct response *response, const char *name)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (strcmp(response->headers[i].name, name) == 0)
			return response->headers[i].value;
	return NULL;
}

/* That the client has it already: known of a whole answer, and of one that said just that. */
static bool is_unchanged(const struct kept_answer *answer, const struct request *request)
{
	return request->if_none_match.len > 0 &&
	       request_names_tag(request, header_of(&answer->response, "ETag"));
}

/* The head alone, as the request's own. */
static bool copy_unchanged(struct request *request, const struct kept_answer *answer)
{
	struct response *to = &request->response;
	for (size_t i = 0; i < answer->response.header_count; i++) {
		struct wpkg_str value = wpkg_arena_dup(
			&request->arena, wpkg_str_from(answer->response.headers[i].value));
		if (!value.ptr)
			return false;
		to->headers[i].name = answer->response.headers[i].name;
		to->headers[i].value = value.ptr;
	}
	to->header_count = answer->response.header_count;
	to->status = 304;
	return true;
}

bool answer_cache_find(struct answer_cache *cache, struct request *request,
		       const struct wpkg_moment *now)
{
	struct kept_answer **place = place_of(cache, request);
	pthread_mutex_lock(&cache->mutex);
	struct kept_answer *found = answers(*place, request, now) ? *place : NULL;
	if (found)
		atomic_fetch_add(&found->holders, 1);
	pthread_mutex_unlock(&cache->mutex);
	if (!found)
		return false;
	bool unchanged = is_unchanged(found, request);
	if (unchanged || found->response.status == 304) {
		bool answered = unchanged && copy_unchanged(request, found);
		kept_answer_release(found);
		return answered;
	}
	struct wpkg_buf body = request->response.body;
	request->response = found->response;
	request->response.body = body;
	request->response.kept = found;
	return true;
}

static bool fill(struct kept_answer *answer, const struct request *request)
{
	const struct response *from = &request->response;
	struct response *to = &answer->response;
	answer->path = wpkg_arena_dup(&answer->arena, request->path);
	answer->body_len = from->body.len;
	answer->body = wpkg_arena_alloc(&answer->arena, answer->body_len + 1, 1);
	if (answer->body && answer->body_len > 0)
		memcpy(answer->body, from->body.ptr, answer->body_len);
	*to = (struct response){.status = from->status, .fd = -1};
	if (from->content_type)
		to->content_type =
			wpkg_arena_dup(&answer->arena, wpkg_str_from(from->content_type)).ptr;
	to->header_count = from->header_count;
	bool whole = answer->path.ptr && answer->body && (to->content_type || !from->content_type);
	for (size_t i = 0; i < from->header_count; i++) {
		to->headers[i].name = from->headers[i].name;
		to->headers[i].value =
			wpkg_arena_dup(&answer->arena, wpkg_str_from(from->headers[i].value)).ptr;
		whole = whole && to->headers[i].value;
	}
	return whole;
}

void answer_cache_keep(struct answer_cache *cache, const struct request *request,
		       const struct wpkg_moment *before)
{
	const struct response *response = &request->response;
	if ((response->status != 200 && response->status != 304) || response->fd >= 0 ||
	    response->closes || response->body.failed != WPKG_OK || response->body.len > BODY_MAX)
		return;
	struct kept_answer *answer = wpkg_mem_calloc(1, sizeof(*answer));
	if (!answer)
		return;
	wpkg_arena_init(&answer->arena, ENTRY_MAX);
	answer->holders = 1;
	answer->route = request->route;
	answer->moment = *before;
	answer->varies = header_of(response, "Vary") != NULL;
	answer->takes_gzip = gzip_is_accepted(request->accept_encoding);
	if (!fill(answer, request)) {
		kept_answer_release(answer);
		return;
	}
	struct kept_answer **place = place_of(cache, request);
	pthread_mutex_lock(&cache->mutex);
	struct kept_answer *previous = *place;
	*place = answer;
	pthread_mutex_unlock(&cache->mutex);
	kept_answer_release(previous);
}
