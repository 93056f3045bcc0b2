/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

/* Upper bounds of the buckets, in seconds. */
static const double bounds[METRICS_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
					       0.05,   0.1,   0.25,   1,     10,   1e9};

/* The row of a route, claimed when it is its first request. Names are static: one pointer each. */
static struct route_metrics *row_of(struct metrics *metrics, const char *route)
{
	for (int i = 0; i < METRICS_ROUTES; i++) {
		const char *name = NULL;
		struct route_metrics *row = &metrics->routes[i];
		if (atomic_load(&row->name) == route ||
		    atomic_compare_exchange_strong(&row->name, &name, route) || name == route)
			return row;
	}
	return &metrics->routes[METRICS_ROUTES - 1];
}

void metrics_count_request(struct metrics *metrics, const char *route, unsigned status,
			   uint64_t nanoseconds)
{
	struct route_metrics *row = row_of(metrics, route);
	int bucket = 0;
	while (bucket < METRICS_BUCKETS - 1 && (double)nanoseconds > bounds[bucket] * 1e9)
		bucket++;
	atomic_fetch_add(&row->statuses[status / 100 < 6 ? status / 100 : 0], 1);
	atomic_fetch_add(&row->buckets[bucket], 1);
	atomic_fetch_add(&row->nanoseconds, nanoseconds);
}

void metrics_count_verdict(struct metrics *metrics, bool accepted)
{
	atomic_fetch_add(accepted ? &metrics->accepted : &metrics->refused, 1);
}

static void format_number(struct wpkg_buf *out, const char *name, const char *kind,
			  const char *help, int64_t value)
{
	wpkg_buf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, kind,
			       name, (long long)value);
}

static void format_route(struct wpkg_buf *out, const struct route_metrics *row, const char *name)
{
	uint64_t count = 0;
	for (int i = 0; i < METRICS_BUCKETS; i++) {
		count += atomic_load(&row->buckets[i]);
		if (i < METRICS_BUCKETS - 1)
			wpkg_buf_append_format(
				out, "wpkgd_request_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n",
				name, bounds[i], (unsigned long long)count);
	}
	wpkg_buf_append_format(out,
			       "wpkgd_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n"
			       "wpkgd_request_seconds_sum{route=\"%s\"} %.9f\n"
			       "wpkgd_request_seconds_count{route=\"%s\"} %llu\n",
			       name, (unsigned long long)count, name,
			       (double)atomic_load(&row->nanoseconds) / 1e9, name,
			       (unsigned long long)count);
}

void metrics_format(struct wpkg_buf *out, const struct metrics *metrics)
{
	wpkg_buf_append_text(out, "# HELP wpkgd_requests_total Requests by route and status.\n"
				  "# TYPE wpkgd_requests_total counter\n");
	for (int i = 0; i < METRICS_ROUTES; i++) {
		const struct route_metrics *row = &metrics->routes[i];
		const char *name = atomic_load(&row->name);
		for (unsigned s = 0; name && s < 6; s++)
			if (atomic_load(&row->statuses[s]) > 0)
				wpkg_buf_append_format(
					out,
					"wpkgd_requests_total{route=\"%s\",status=\"%uxx\"} %llu\n",
					name, s,
					(unsigned long long)atomic_load(&row->statuses[s]));
	}
	wpkg_buf_append_text(out, "# HELP wpkgd_request_seconds Time from head to answer.\n"
				  "# TYPE wpkgd_request_seconds histogram\n");
	for (int i = 0; i < METRICS_ROUTES; i++) {
		const char *name = atomic_load(&metrics->routes[i].name);
		if (name)
			format_route(out, &metrics->routes[i], name);
	}
	format_number(out, "wpkgd_received_bytes_total", "counter", "Bytes of bodies that came.",
		      (int64_t)atomic_load(&metrics->received));
	format_number(out, "wpkgd_sent_bytes_total", "counter", "Bytes of bodies that went.",
		      (int64_t)atomic_load(&metrics->sent));
	format_number(out, "wpkgd_connections", "gauge", "Connections that are open.",
		      atomic_load(&metrics->connections));
	format_number(out, "wpkgd_uploads", "gauge", "Uploads that are under way.",
		      atomic_load(&metrics->uploads));
	format_number(out, "wpkgd_admission_accepted_total", "counter", "Versions published.",
		      (int64_t)atomic_load(&metrics->accepted));
	format_number(out, "wpkgd_admission_refused_total", "counter", "Versions refused.",
		      (int64_t)atomic_load(&metrics->refused));
	format_number(out, "wpkgd_logins_failed_total", "counter", "Credentials that were wrong.",
		      (int64_t)atomic_load(&metrics->logins_failed));
	wpkg_buf_append_format(out,
			       "# HELP wpkgd_build_info The version that runs.\n"
			       "# TYPE wpkgd_build_info gauge\n"
			       "wpkgd_build_info{version=\"%s\"} 1\n",
			       WPKG_VERSION);
}
