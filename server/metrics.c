/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <string.h>

#include "request.h"
#include "server.h"

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S (1000 * MS)

const struct wpkg_histogram_bounds metrics_request_bounds = {
	16,
	{100 * US, 250 * US, 500 * US, 1 * MS, 2500 * US, 5 * MS, 10 * MS, 25 * MS, 50 * MS,
	 100 * MS, 250 * MS, 500 * MS, 1 * S, 5 * S, 30 * S, 300 * S}};
const struct wpkg_histogram_bounds metrics_admission_bounds = {12,
							       {5 * MS, 10 * MS, 25 * MS, 50 * MS,
								100 * MS, 250 * MS, 500 * MS, 1 * S,
								5 * S, 15 * S, 60 * S, 300 * S}};

#define NAME(number) [METRICS_STATUS_##number] = #number,
static const char *const status_names[] = {
	[METRICS_STATUS_NONE] = "none",
	METRICS_STATUSES(NAME)[METRICS_STATUS_OTHER] = "other",
};

#define ROW(number) [number] = METRICS_STATUS_##number,
static const uint8_t status_rows[] = {METRICS_STATUSES(ROW)};

const char *const metrics_reasons[] = {
	/* In answers. */
	"malformed", "bad-request", "bad-parameter", "bad-cursor", "bad-content", "bad-range",
	"login-needed", "wrong-login", "too-many-logins", "not-allowed", "not-found",
	"method-not-allowed", "conflict", "too-large", "too-many-requests", "rejected", "no-space",
	"quota-exceeded", "try-again", "ending", "internal",
	/* Without an answer: the connection ends. */
	"slow-head", "slow-body", "slow-answer", "unwanted-body", "too-many-connections", "other",
	NULL};

_Static_assert(sizeof(metrics_reasons) / sizeof(metrics_reasons[0]) - 1 <= METRICS_REASONS,
	       "no room for a reason");

const char *metrics_status_name(enum metrics_status status)
{
	return status < METRICS_STATUS_COUNT ? status_names[status] : NULL;
}

static enum metrics_status row_of_status(unsigned status)
{
	if (status == 0)
		return METRICS_STATUS_NONE;
	enum metrics_status row =
		status < sizeof(status_rows) ? status_rows[status] : METRICS_STATUS_NONE;
	return row != METRICS_STATUS_NONE ? row : METRICS_STATUS_OTHER;
}

static void add(atomic_uint_fast64_t *counter, uint64_t amount)
{
	/* Nothing else is ordered by these. */
	atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void metrics_count_request(struct metrics *metrics, const struct request *request,
			   uint64_t nanoseconds)
{
	struct route_metrics *row = &metrics->routes[route_row(request->route)];
	const struct response *response = &request->response;
	unsigned method = (unsigned)__builtin_ctz((unsigned)request->method);
	add(&row->requests[method][row_of_status(response->status)], 1);
	wpkg_histogram_add(&row->nanoseconds, &metrics_request_bounds, nanoseconds);
	if (request->received > 0)
		add(&row->received, request->received);
	if (response->sent > 0)
		add(&row->sent, response->sent);
	if (response->status >= 400 && !response->is_counted)
		metrics_count_refusal(metrics, response_reason(response));
}

void metrics_count_refusal(struct metrics *metrics, const char *reason)
{
	size_t i = 0;
	while (metrics_reasons[i + 1] && strcmp(metrics_reasons[i], reason) != 0)
		i++;
	add(&metrics->refusals[i], 1);
}
