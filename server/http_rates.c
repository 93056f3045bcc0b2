/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket of tokens for each network, which fills over a minute. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "http_int.h"

#define ROWS 4096
#define MINUTE UINT64_C(60000000000)

struct bucket {
	uint64_t hash; /* of the network */
	uint64_t at;   /* when tokens were counted, monotonic nanoseconds */
	double tokens;
};

struct rates {
	pthread_mutex_t mutex;
	const struct limits *limits;
	struct bucket buckets[ROWS];
};

enum wpkg_status rates_new(struct rates **out, const struct limits *limits, struct wpkg_err *err)
{
	struct rates *rates = wpkg_mem_calloc(1, sizeof(*rates));
	if (!rates)
		return WPKG_FAIL(err, WPKG_ENOMEM, "rates: no memory");
	pthread_mutex_init(&rates->mutex, NULL);
	rates->limits = limits;
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

bool rates_take(struct rates *rates, const char *network)
{
	if (!rates)
		return true;
	uint64_t hash = wpkg_hash(wpkg_str_from(network));
	uint64_t now = wpkg_clock_monotonic();
	double capacity = (double)atomic_load(&rates->limits->requests);
	pthread_mutex_lock(&rates->mutex);
	struct bucket *bucket = &rates->buckets[hash % ROWS];
	if (bucket->hash != hash)
		*bucket = (struct bucket){hash, now, capacity};
	bucket->tokens += (double)(now - bucket->at) / (double)MINUTE * capacity;
	bucket->at = now;
	if (bucket->tokens > capacity)
		bucket->tokens = capacity;
	bool has_token = bucket->tokens >= 1;
	if (has_token)
		bucket->tokens -= 1;
	pthread_mutex_unlock(&rates->mutex);
	return has_token;
}
