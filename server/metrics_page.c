/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is counted, gathered and written. */
#include "metrics_page.h"

#include <stdio.h>
#include <string.h>

#include "server.h"
#include "store/figures.h"
#include "webhook.h"

#define SECONDS 1e9 /* nanoseconds */
#define LABELS 160  /* bytes of a sample's labels */

static uint64_t read_counter(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* A gauge that two threads count at once may be below zero for a moment. */
static uint64_t read_gauge(const atomic_int_fast64_t *gauge)
{
	int64_t value = atomic_load_explicit(gauge, memory_order_relaxed);
	return value > 0 ? (uint64_t)value : 0;
}

/* Routes. Those of one name are one row here. */

struct route_sums {
	const char *name;
	uint64_t requests[METRICS_METHODS][METRICS_STATUS_COUNT];
	struct wpkg_histogram_reading nanoseconds;
	uint64_t received, sent;
};

struct all_routes {
	struct route_sums rows[METRICS_ROUTES];
	size_t count;
};

static struct route_sums *row_of_name(struct all_routes *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->rows[i].name, name) == 0)
			return &all->rows[i];
	all->rows[all->count].name = name;
	return &all->rows[all->count++];
}

static void add_route(struct route_sums *sums, const struct route_metrics *route)
{
	struct wpkg_histogram_reading reading;
	for (int method = 0; method < METRICS_METHODS; method++)
		for (int status = 0; status < METRICS_STATUS_COUNT; status++)
			sums->requests[method][status] +=
				read_counter(&route->requests[method][status]);
	wpkg_histogram_read(&reading, &route->nanoseconds, &metrics_request_bounds);
	for (size_t i = 0; i <= metrics_request_bounds.count; i++)
		sums->nanoseconds.upto[i] += reading.upto[i];
	sums->nanoseconds.count += reading.count;
	sums->nanoseconds.sum += reading.sum;
	sums->received += read_counter(&route->received);
	sums->sent += read_counter(&route->sent);
}

/* Those that had a request; row 0 is for requests without a route. */
static void gather_routes(struct all_routes *all, const struct metrics *metrics)
{
	for (size_t row = 0; row == 0 || route_at(row - 1); row++) {
		const char *name = row == 0 ? "unrouted" : route_at(row - 1)->name;
		const struct wpkg_histogram *any = &metrics->routes[row].nanoseconds;
		struct wpkg_histogram_reading reading;
		wpkg_histogram_read(&reading, any, &metrics_request_bounds);
		if (reading.count > 0)
			add_route(row_of_name(all, name), &metrics->routes[row]);
	}
}

static void write_statuses(struct exposition *exposition, const struct route_sums *sums)
{
	char labels[LABELS];
	for (int method = 0; method < METRICS_METHODS; method++)
		for (int status = 0; status < METRICS_STATUS_COUNT; status++) {
			if (sums->requests[method][status] == 0)
				continue;
			snprintf(labels, sizeof(labels), "route=\"%s\",method=\"%s\",status=\"%s\"",
				 sums->name, method_name((enum method)(1 << method)),
				 metrics_status_name((enum metrics_status)status));
			exposition_integer(exposition, labels, sums->requests[method][status]);
		}
}

static const char *label_of(char out[LABELS], const struct route_sums *sums)
{
	snprintf(out, LABELS, "route=\"%s\"", sums->name);
	return out;
}

/* One family after the other, each for all routes: that is how they must stand. */
static void write_routes(struct exposition *exposition, const struct all_routes *all)
{
	char labels[LABELS];
	exposition_family(exposition, "wpkgd_http_requests", EXPOSITION_COUNTER,
			  "Requests by route, method and status.");
	for (size_t i = 0; i < all->count; i++)
		write_statuses(exposition, &all->rows[i]);
	exposition_family(exposition, "wpkgd_http_request_duration_seconds", EXPOSITION_HISTOGRAM,
			  "Time from a request's head to the end of its answer.");
	for (size_t i = 0; i < all->count; i++)
		exposition_histogram(exposition, label_of(labels, &all->rows[i]),
				     &all->rows[i].nanoseconds, &metrics_request_bounds, SECONDS);
	exposition_family(exposition, "wpkgd_http_received_bytes", EXPOSITION_COUNTER,
			  "Bytes of requests' bodies.");
	for (size_t i = 0; i < all->count; i++)
		exposition_integer(exposition, label_of(labels, &all->rows[i]),
				   all->rows[i].received);
	exposition_family(exposition, "wpkgd_http_sent_bytes", EXPOSITION_COUNTER,
			  "Bytes of answers' bodies, counted when they are handed over.");
	for (size_t i = 0; i < all->count; i++)
		exposition_integer(exposition, label_of(labels, &all->rows[i]), all->rows[i].sent);
}

/* Every reason from the start on: an alert can tell a rise from nothing. */
static void write_refusals(struct exposition *exposition, const struct metrics *metrics)
{
	char labels[LABELS];
	exposition_family(exposition, "wpkgd_refusals", EXPOSITION_COUNTER,
			  "Requests and connections that were refused, by reason.");
	for (size_t i = 0; metrics_reasons[i]; i++) {
		snprintf(labels, sizeof(labels), "reason=\"%s\"", metrics_reasons[i]);
		exposition_integer(exposition, labels, read_counter(&metrics->refusals[i]));
	}
}

static void write_http(struct exposition *exposition, const struct server *server)
{
	const struct metrics *metrics = &server->metrics;
	exposition_gauge(exposition, "wpkgd_connections", "Connections that are open.",
			 read_gauge(&metrics->connections));
	exposition_gauge(exposition, "wpkgd_connections_limit", "Connections that may be open.",
			 server->config.max_connections);
	exposition_counter(exposition, "wpkgd_connections_accepted", "Connections ever.",
			   read_counter(&metrics->accepted));
	if (read_gauge(&metrics->certificate_expiry) > 0)
		exposition_gauge(exposition, "wpkgd_tls_certificate_expiry_timestamp_seconds",
				 "When the certificate ends, in UNIX seconds.",
				 read_gauge(&metrics->certificate_expiry));
	exposition_gauge(exposition, "wpkgd_uploads", "Bodies that are coming into the store.",
			 read_gauge(&metrics->uploads));
	exposition_counter(exposition, "wpkgd_answer_cache_hits",
			   "Answers that were given a moment ago.",
			   read_counter(&metrics->cache_hits));
	exposition_counter(exposition, "wpkgd_answer_cache_misses",
			   "Answers that might have been kept, but were not there.",
			   read_counter(&metrics->cache_misses));
}

/* Work. */

static void write_pools(struct exposition *exposition, const struct server *server)
{
	static const struct {
		enum pool pool;
		const char *labels;
	} pools[] = {{POOL_STORE, "pool=\"store\""},
		     {POOL_LOGINS, "pool=\"logins\""},
		     {POOL_CHECKS, "pool=\"checks\""},
		     {POOL_WAITS, "pool=\"waits\""}};
	struct workers_reading readings[sizeof(pools) / sizeof(pools[0])];
	const size_t count = sizeof(pools) / sizeof(pools[0]);
	for (size_t i = 0; i < count; i++)
		workers_read(&readings[i], server->pools[pools[i].pool]);
	exposition_family(exposition, "wpkgd_workers_busy", EXPOSITION_GAUGE,
			  "Threads that are at something.");
	for (size_t i = 0; i < count; i++)
		exposition_integer(exposition, pools[i].labels, readings[i].busy);
	exposition_family(exposition, "wpkgd_workers_limit", EXPOSITION_GAUGE,
			  "Threads that there may be.");
	for (size_t i = 0; i < count; i++)
		exposition_integer(exposition, pools[i].labels, readings[i].most);
	exposition_family(exposition, "wpkgd_workers_queued", EXPOSITION_GAUGE,
			  "Steps of requests that wait for a thread.");
	for (size_t i = 0; i < count; i++)
		exposition_integer(exposition, pools[i].labels, readings[i].queued);
}

static void write_admission(struct exposition *exposition, struct server *server)
{
	const struct metrics *metrics = &server->metrics;
	struct wpkg_histogram_reading reading;
	struct admission_reading now;
	admission_read(&now, server->admission);
	exposition_gauge(exposition, "wpkgd_admission_running", "Versions that are being checked.",
			 now.running);
	exposition_gauge(exposition, "wpkgd_admission_running_limit",
			 "Versions that may be checked at once.", now.running_limit);
	exposition_gauge(exposition, "wpkgd_admission_queued", "Versions that wait to be checked.",
			 now.waiting);
	exposition_gauge(exposition, "wpkgd_admission_queued_limit", "Versions that may wait.",
			 now.waiting_limit);
	exposition_family(exposition, "wpkgd_admission_verdicts", EXPOSITION_COUNTER,
			  "Questions to admission by what came of them.");
	exposition_integer(exposition, "verdict=\"published\"", read_counter(&metrics->published));
	exposition_integer(exposition, "verdict=\"rejected\"", read_counter(&metrics->rejected));
	exposition_integer(exposition, "verdict=\"none\"", read_counter(&metrics->undecided));
	wpkg_histogram_read(&reading, &metrics->admission, &metrics_admission_bounds);
	exposition_family(exposition, "wpkgd_admission_duration_seconds", EXPOSITION_HISTOGRAM,
			  "Time to a verdict, waiting included.");
	exposition_histogram(exposition, NULL, &reading, &metrics_admission_bounds, SECONDS);
}

/* The store. */

static void write_activity(struct exposition *exposition, const struct server *server)
{
	struct wpkg_store_activity activity;
	wpkg_store_activity(&activity, server->store);
	exposition_gauge(exposition, "wpkgd_store_changes_waiting",
			 "Changes that are not committed yet.", activity.waiting);
	exposition_counter(exposition, "wpkgd_store_commits_failed", "Commits that failed.",
			   activity.failed);
	exposition_family(exposition, "wpkgd_store_commit_changes", EXPOSITION_HISTOGRAM,
			  "Changes that went into one commit.");
	exposition_histogram(exposition, NULL, &activity.sizes, &wpkg_commit_sizes, 1);
	exposition_family(exposition, "wpkgd_store_commit_duration_seconds", EXPOSITION_HISTOGRAM,
			  "Time of a commit, its syncs included.");
	exposition_histogram(exposition, NULL, &activity.nanoseconds, &wpkg_commit_nanoseconds,
			     SECONDS);
}

static void write_versions(struct exposition *exposition, const struct wpkg_store_figures *figures)
{
	exposition_family(exposition, "wpkgd_store_versions", EXPOSITION_GAUGE,
			  "Package versions by state.");
	exposition_integer(exposition, "state=\"incomplete\"", figures->incomplete);
	exposition_integer(exposition, "state=\"checking\"", figures->checking);
	exposition_integer(exposition, "state=\"published\"", figures->published);
	exposition_integer(exposition, "state=\"rejected\"", figures->rejected);
	exposition_integer(exposition, "state=\"yanked\"", figures->yanked);
}

/* A store that cannot be read is no reason to hide everything else. */
static void write_store(struct exposition *exposition, const struct server *server)
{
	struct wpkg_err err;
	struct wpkg_store_figures figures = {0};
	bool is_read = wpkg_store_figures(&figures, server->store, &err) == WPKG_OK;
	exposition_gauge(exposition, "wpkgd_store_readable", "1: the index answers.", is_read);
	if (!is_read)
		return;
	const struct {
		const char *name, *help;
		uint64_t value;
	} gauges[] = {
		{"wpkgd_store_packages", "Packages with a version to be had.", figures.packages},
		{"wpkgd_store_blobs", "Blobs that are whole.", figures.blobs},
		{"wpkgd_store_blob_bytes", "Bytes of those, each once.", figures.blob_bytes},
		{"wpkgd_store_blobs_damaged", "Blobs that were set aside.", figures.damaged},
		{"wpkgd_store_manifests", "Manifests.", figures.manifests},
		{"wpkgd_store_tags", "Tags.", figures.tags},
		{"wpkgd_store_sessions", "Uploads in several requests that are not at their end.",
		 figures.sessions},
		{"wpkgd_store_index_bytes", "Bytes of the index and its journal.",
		 figures.index_bytes},
		{"wpkgd_store_free_bytes", "Bytes that the disk has left.", figures.free_bytes},
	};
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		exposition_gauge(exposition, gauges[i].name, gauges[i].help, gauges[i].value);
	write_versions(exposition, &figures);
}

static void write_disk(struct exposition *exposition, struct server *server)
{
	enum disk_state state = watermark_look(NULL, server);
	exposition_gauge(exposition, "wpkgd_disk_low", "1: less than warn-free is left.",
			 state != DISK_ENOUGH);
	exposition_gauge(exposition, "wpkgd_disk_full", "1: less than keep-free is left.",
			 state == DISK_FULL);
}

static void write_build(struct exposition *exposition)
{
	exposition_family(exposition, "wpkgd_build_info", EXPOSITION_GAUGE,
			  "The version that runs, and what built it.");
	exposition_integer(exposition, "version=\"" WPKG_VERSION "\",compiler=\"" __VERSION__ "\"",
			   1);
}

/* A range for OpenMetrics 1.0.0, or of no version, that is not ruled out. */
static bool wants_open_metrics(const struct request *request)
{
	struct wpkg_str rest = request->accept;
	struct wpkg_str range;
	while (wpkg_str_split(&rest, ',', &range)) {
		bool fits = true;
		struct wpkg_str parameter;
		struct wpkg_str type = {0};
		if (!wpkg_str_split(&range, ';', &type) ||
		    !wpkg_str_equal_nocase(wpkg_str_trim(type),
					   WPKG_LIT("application/openmetrics-text")))
			continue;
		while (wpkg_str_split(&range, ';', &parameter)) {
			parameter = wpkg_str_trim(parameter);
			if (wpkg_str_starts(parameter, WPKG_LIT("version=")))
				fits = fits && wpkg_str_equal_text(parameter, "version=1.0.0");
			else if (wpkg_str_equal_text(parameter, "q=0"))
				fits = false;
		}
		if (fits)
			return true;
	}
	return false;
}

void metrics_get(struct request *request)
{
	struct server *server = request->server;
	struct exposition exposition = {.out = &request->response.body,
					.is_open_metrics = wants_open_metrics(request)};
	struct all_routes *routes = wpkg_arena_alloc(&request->arena, 1, sizeof(*routes));
	if (!routes) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	respond_text(request, 200,
		     exposition.is_open_metrics
			     ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			     : "text/plain; version=0.0.4; charset=utf-8",
		     (struct wpkg_str){0});
	gather_routes(routes, &server->metrics);
	write_routes(&exposition, routes);
	write_refusals(&exposition, &server->metrics);
	write_http(&exposition, server);
	write_pools(&exposition, server);
	write_admission(&exposition, server);
	write_activity(&exposition, server);
	write_disk(&exposition, server);
	write_store(&exposition, server);
	webhooks_write(&exposition, server->webhooks);
	metrics_write_process(&exposition);
	exposition_gauge(&exposition, "process_start_time_seconds",
			 "When this process began, in UNIX seconds.", (uint64_t)server->started);
	write_build(&exposition);
	exposition_end(&exposition);
}
