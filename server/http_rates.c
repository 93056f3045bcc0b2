/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket of tokens for each key, which fills over a minute. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "http_int.h"

#define ROWS 4096
#define MINUTE UINT64_C(60000000000)

struct bucket {
	uint64_t hash; /* of the key */
	uint64_t at;   /* when tokens were counted, monotonic nanoseconds */
	double tokens;
};

struct rates {
	pthread_mutex_t mutex;
	const atomic_uint_fast64_t *limit;
	struct bucket buckets[ROWS];
};

enum wpkg_status rates_new(struct rates **out, const atomic_uint_fast64_t *limit,
			   struct wpkg_err *err)
{
	struct rates *rates = wpkg_mem_calloc(1, sizeof(*rates));
	if (!rates)
		return WPKG_FAIL(err, WPKG_ENOMEM, "rates: no memory");
	pthread_mutex_init(&rates->mutex, NULL);
	rates->limit = limit;
	*out = rates;
	return WPKG_OK;
}

void rates_free(struct rates *rates)
{
	if (!rates)
		return;
	pthread_mutex_destroy(&rates->mutex);
	wpkg_mem_free(rates);
}

/* Whole seconds until there is a token, at least one. */
static unsigned wait_for_token(double tokens, double capacity)
{
	double seconds = (1 - tokens) * 60 / capacity;
	return (unsigned)seconds + 1;
}

unsigned rates_take(struct rates *rates, struct wpkg_str key)
{
	if (!rates)
		return 0;
	uint64_t hash = wpkg_hash(key);
	uint64_t now = wpkg_clock_monotonic();
	double capacity = (double)atomic_load(rates->limit);
	unsigned wait = 0;
	if (capacity == 0)
		return 0;
	pthread_mutex_lock(&rates->mutex);
	struct bucket *bucket = &rates->buckets[hash % ROWS];
	if (bucket->hash != hash)
		*bucket = (struct bucket){hash, now, capacity};
	bucket->tokens += (double)(now - bucket->at) / (double)MINUTE * capacity;
	bucket->at = now;
	if (bucket->tokens > capacity)
		bucket->tokens = capacity;
	if (bucket->tokens >= 1)
		bucket->tokens -= 1;
	else
		wait = wait_for_token(bucket->tokens, capacity);
	pthread_mutex_unlock(&rates->mutex);
	return wait;
}
