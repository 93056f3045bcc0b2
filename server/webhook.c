/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, one HTTP client. Its queue asks for the next delivery whenever it has room; that is
 * also when new events are looked at. A hook has a few places of the client's at most, so that one
 * that is slow does not hold up others.
 */
#include "webhook.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "exposition.h"
#include "log.h"
#include "net/http.h"
#include "server.h"
#include "store/event.h"
#include "store/webhook.h"
#include "webhook_rules.h"

#define PLACES 16 /* deliveries under way */
#define OF_ONE 4  /* of one hook */
#define STEP 200  /* events looked at in one transaction */
#define IDLE_STEP                                                                                  \
	1000 /* events that are none of a hook's before its cursor is written all the same */
#define TICK_NS 50000000
#define LOOK_NS UINT64_C(500000000) /* between two looks at what became due */
#define ANSWER_MAX 65536
#define BODY_MAX ((size_t)256 << 10)
#define ARENA_MAX ((size_t)64 << 20)
#define RETRY_AFTER_MAX 3600		   /* seconds that a receiver may ask for */
#define DEAD_SECONDS (INT64_C(30) * 86400) /* that dead ones are kept */

struct hook {
	const struct webhook_rule *rule;
	struct wpkg_buf secret;
	int64_t cursor; /* events looked at */
	int64_t saved;	/* what the store knows of that */
	unsigned under_way;
};

/* A delivery under way. */
struct place {
	bool is_taken;
	struct hook *hook;
	struct wpkg_delivery delivery;
	struct wpkg_arena arena;
	struct wpkg_http_exchange exchange;
	char signature[WEBHOOK_SIGNATURE];
	const char *headers[11];
};

struct webhooks {
	struct server *server;
	struct wpkg_http *http;
	struct hook *hooks;
	size_t count;
	size_t turn; /* the hook that is asked first */
	struct place places[PLACES];
	struct wpkg_moment moment; /* of the last look at events */
	uint64_t looked;	   /* monotonic, at what is due */
	int64_t tidied;		   /* UNIX seconds */
	pthread_t thread;
	bool has_thread;
	atomic_bool stop;
	atomic_int_fast64_t passed;
	atomic_uint_fast64_t delivered, failed, dead;
};

/* Events to deliveries */

static bool make_delivery(struct wpkg_delivery *out, struct wpkg_arena *arena,
			  const struct wpkg_event *event)
{
	struct wpkg_buf body;
	char id[WPKG_DELIVERY_ID];
	uint8_t random[WPKG_DELIVERY_ID / 2];
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(id, random, sizeof(random));
	wpkg_buf_init(&body, BODY_MAX);
	webhook_append_body(&body, id, event);
	*out = (struct wpkg_delivery){.delivery = wpkg_arena_dup(arena, wpkg_str_from(id)),
				      .name = event->name,
				      .event = webhook_kind(event),
				      .body = wpkg_arena_dup(arena, wpkg_buf_str(&body)),
				      .request = event->request,
				      .traceparent = event->traceparent};
	bool good = body.failed == WPKG_OK && out->delivery.ptr && out->body.ptr;
	wpkg_buf_clear(&body);
	return good;
}

/* The next events of a hook. *more: there may be others behind them. */
static enum wpkg_status queue_step(bool *more, struct hook *hook, struct webhooks *webhooks,
				   struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_store *store = webhooks->server->store;
	struct wpkg_event_list events;
	struct wpkg_webhook_step step = {.hook = wpkg_str_from(hook->rule->name)};
	enum wpkg_status status = wpkg_event_list(&events, arena, store, hook->cursor,
						  (struct wpkg_str){0}, STEP, err);
	if (status != WPKG_OK)
		return status;
	*more = events.count == STEP;
	struct wpkg_delivery *items = wpkg_arena_alloc(arena, events.count + 1, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "webhooks: no memory");
	step.items = items;
	step.cursor = hook->cursor;
	for (size_t i = 0; i < events.count; i++) {
		step.cursor = events.items[i].id;
		if (webhook_rule_wants(hook->rule, &events.items[i]) &&
		    !make_delivery(&items[step.count++], arena, &events.items[i]))
			return WPKG_FAIL(err, WPKG_ENOMEM, "webhooks: no memory");
	}
	/* Other events are not worth a commit each; after a crash they are looked at again. */
	if (step.count > 0 || step.cursor - hook->saved >= IDLE_STEP) {
		status = wpkg_webhook_queue(store, &step, err);
		if (status != WPKG_OK)
			return status;
		hook->saved = step.cursor;
	}
	hook->cursor = step.cursor;
	return WPKG_OK;
}

static enum wpkg_status queue_events(struct webhooks *webhooks, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	int64_t passed = INT64_MAX;
	for (size_t i = 0; status == WPKG_OK && i < webhooks->count; i++) {
		struct hook *hook = &webhooks->hooks[i];
		bool more = true;
		while (status == WPKG_OK && more && !atomic_load(&webhooks->stop)) {
			struct wpkg_arena arena;
			wpkg_arena_init(&arena, ARENA_MAX);
			status = queue_step(&more, hook, webhooks, &arena, err);
			wpkg_arena_clear(&arena);
		}
		passed = hook->cursor < passed ? hook->cursor : passed;
	}
	if (status == WPKG_OK)
		atomic_store(&webhooks->passed, passed);
	return status;
}

/* Has anybody committed anything since the last look? */
static bool has_changed(struct webhooks *webhooks)
{
	struct wpkg_moment moment;
	if (!wpkg_store_moment(&moment, webhooks->server->store))
		return true;
	bool changed = memcmp(&moment, &webhooks->moment, sizeof(moment)) != 0;
	webhooks->moment = moment;
	return changed;
}

/* Sending */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_under_way(const struct webhooks *webhooks, int64_t id)
{
	for (size_t i = 0; i < PLACES; i++)
		if (webhooks->places[i].is_taken && webhooks->places[i].delivery.id == id)
			return true;
	return false;
}

static struct place *free_place(struct webhooks *webhooks)
{
	for (size_t i = 0; i < PLACES; i++)
		if (!webhooks->places[i].is_taken)
			return &webhooks->places[i];
	return NULL;
}

/* A receiver goes on with the trace of the request that it was, and can name it. */
static void set_headers(struct place *place)
{
	const struct wpkg_delivery *delivery = &place->delivery;
	const char *headers[][2] = {{"Wpkg-Event", delivery->event.ptr},
				    {"Wpkg-Delivery", delivery->delivery.ptr},
				    {"Wpkg-Signature", place->signature},
				    {"X-Request-Id", delivery->request.ptr},
				    {"traceparent", delivery->traceparent.ptr}};
	_Static_assert(sizeof(headers) + sizeof(*place->headers) <= sizeof(place->headers),
		       "room for headers");
	size_t count = 0;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (headers[i][1][0] == '\0')
			continue;
		place->headers[count++] = headers[i][0];
		place->headers[count++] = headers[i][1];
	}
	place->headers[count] = NULL;
}

/* The signature is of now: a receiver may refuse what is old. */
static void fill(struct place *place, struct hook *hook, const struct wpkg_delivery *delivery)
{
	const struct webhook_rule *rule = hook->rule;
	place->is_taken = true;
	place->hook = hook;
	place->delivery = *delivery;
	hook->under_way++;
	webhook_sign(place->signature, wpkg_buf_str(&hook->secret), wpkg_clock_now(),
		     delivery->body);
	set_headers(place);
	place->exchange = (struct wpkg_http_exchange){
		.method = WPKG_HTTP_POST,
		.url = rule->url,
		.content_type = "application/json",
		.more_headers = place->headers,
		.body = delivery->body,
		.most_seconds = (uint64_t)rule->timeout,
		.only_public = !rule->allow_private,
		.ca_file = rule->ca_file,
		.max_answer = ANSWER_MAX,
		.user = place,
	};
}

/* Takes a place for one that is due of a hook; NULL when there is none. */
static struct place *take_due(struct webhooks *webhooks, struct hook *hook, struct wpkg_err *err)
{
	struct wpkg_delivery_list due = {0};
	struct place *place = free_place(webhooks);
	if (!place || hook->under_way >= OF_ONE)
		return NULL;
	wpkg_arena_init(&place->arena, ARENA_MAX);
	if (wpkg_webhook_due(&due, &place->arena, webhooks->server->store,
			     wpkg_str_from(hook->rule->name), now_ms(), OF_ONE + 1, err) != WPKG_OK)
		log_event("webhook-queue-failed", "error", err->msg);
	for (size_t i = 0; i < due.count; i++)
		if (!is_under_way(webhooks, due.items[i].id)) {
			fill(place, hook, &due.items[i]);
			return place;
		}
	wpkg_arena_clear(&place->arena);
	return NULL;
}

static enum wpkg_status next(void *user, struct wpkg_http_exchange **out, struct wpkg_err *err)
{
	struct webhooks *webhooks = user;
	if (has_changed(webhooks)) {
		enum wpkg_status status = queue_events(webhooks, err);
		if (status != WPKG_OK)
			return status;
	}
	for (size_t i = 0; i < webhooks->count; i++) {
		struct hook *hook = &webhooks->hooks[(webhooks->turn + i) % webhooks->count];
		struct place *place = take_due(webhooks, hook, err);
		if (place) {
			webhooks->turn = (webhooks->turn + i + 1) % webhooks->count;
			*out = &place->exchange;
			return WPKG_OK;
		}
	}
	webhooks->looked = wpkg_clock_monotonic();
	return WPKG_OK;
}

/* Milliseconds that the receiver asks for, within reason. */
static int64_t retry_after(const struct wpkg_http_exchange *exchange)
{
	uint64_t seconds = 0;
	if (!wpkg_str_parse_u64(wpkg_http_header(exchange, "retry-after", 0), &seconds))
		return 0;
	return (int64_t)(seconds < RETRY_AFTER_MAX ? seconds : RETRY_AFTER_MAX) * 1000;
}

static void judge(struct wpkg_delivery_result *out, char why[256], const struct place *place)
{
	const struct wpkg_http_exchange *exchange = &place->exchange;
	uint32_t chance;
	unsigned failures = place->delivery.attempts + 1;
	if (exchange->result == WPKG_OK && exchange->status >= 200 && exchange->status < 300) {
		*out = (struct wpkg_delivery_result){.outcome = WPKG_DELIVERED};
		return;
	}
	wpkg_random(&chance, sizeof(chance));
	int64_t wait = webhook_backoff(failures, chance);
	if (exchange->result == WPKG_OK) {
		int64_t asked = retry_after(exchange);
		wait = asked > wait ? asked : wait;
		snprintf(why, 256, "it answers %u", exchange->status);
	} else {
		snprintf(why, 256, "%s", exchange->err.msg);
	}
	bool is_gone = exchange->result == WPKG_OK && exchange->status == 410;
	*out = (struct wpkg_delivery_result){
		.outcome = is_gone || failures >= place->hook->rule->attempts ? WPKG_DELIVERY_DEAD
									      : WPKG_DELIVERY_LATER,
		.due = now_ms() + wait,
		.error = wpkg_str_from(why)};
}

static void log_outcome(const struct place *place, const struct wpkg_delivery_result *result)
{
	static const char *const events[] = {[WPKG_DELIVERED] = "webhook",
					     [WPKG_DELIVERY_LATER] = "webhook-failed",
					     [WPKG_DELIVERY_DEAD] = "webhook-dead"};
	struct log_line line;
	log_begin(&line, events[result->outcome]);
	log_text(&line, "hook", place->delivery.hook);
	log_text(&line, "delivery", place->delivery.delivery);
	log_text(&line, "kind", place->delivery.event);
	log_text(&line, "name", place->delivery.name);
	log_number(&line, "attempt", place->delivery.attempts + 1);
	if (place->delivery.request.len > 0)
		log_text(&line, "request", place->delivery.request);
	if (result->error.len > 0)
		log_text(&line, "error", result->error);
	log_end(&line);
}

static void count_outcome(struct webhooks *webhooks, enum wpkg_delivery_outcome outcome)
{
	atomic_fetch_add(outcome == WPKG_DELIVERED ? &webhooks->delivered : &webhooks->failed, 1);
	if (outcome == WPKG_DELIVERY_DEAD)
		atomic_fetch_add(&webhooks->dead, 1);
}

static enum wpkg_status done(void *user, struct wpkg_http_exchange *exchange, struct wpkg_err *err)
{
	struct webhooks *webhooks = user;
	struct place *place = exchange->user;
	struct wpkg_delivery_result result;
	char why[256];
	enum wpkg_status status = WPKG_OK;
	/* What was cut off by our own end was no attempt. */
	if (!atomic_load(&webhooks->stop) || exchange->result == WPKG_OK) {
		judge(&result, why, place);
		status = wpkg_webhook_settle(webhooks->server->store, &place->delivery, &result,
					     err);
		log_outcome(place, &result);
		count_outcome(webhooks, result.outcome);
	}
	wpkg_http_exchange_clear(exchange);
	wpkg_arena_clear(&place->arena);
	place->hook->under_way--;
	place->is_taken = false;
	return status;
}

/* Once a day or so. */
static void tidy(struct webhooks *webhooks)
{
	struct wpkg_err err;
	uint64_t count = 0;
	int64_t now = wpkg_clock_now();
	if (now - webhooks->tidied < 86400)
		return;
	webhooks->tidied = now;
	if (wpkg_webhook_forget(&count, webhooks->server->store, now - DEAD_SECONDS, &err) !=
	    WPKG_OK)
		log_event("webhook-tidy-failed", "error", err.msg);
}

static void *run(void *argument)
{
	struct webhooks *webhooks = argument;
	const struct timespec tick = {.tv_nsec = TICK_NS};
	const struct wpkg_http_queue queue = {
		.parallel = PLACES, .next = next, .done = done, .user = webhooks};
	bool is_time = true;
	while (!atomic_load(&webhooks->stop)) {
		struct wpkg_err err;
		if (is_time) {
			tidy(webhooks);
			/* A look that failed is due again at once, but not in every tick. */
			if (wpkg_http_run_queue(webhooks->http, &queue, &err) != WPKG_OK &&
			    !atomic_load(&webhooks->stop)) {
				log_event("webhooks-failed", "error", err.msg);
				memset(&webhooks->moment, 0, sizeof(webhooks->moment));
				webhooks->looked = wpkg_clock_monotonic();
			}
		}
		nanosleep(&tick, NULL);
		struct wpkg_moment moment;
		bool known = wpkg_store_moment(&moment, webhooks->server->store);
		is_time = wpkg_clock_monotonic() - webhooks->looked >= LOOK_NS ||
			  (known && memcmp(&moment, &webhooks->moment, sizeof(moment)) != 0);
	}
	return NULL;
}

/* Start and end */

static enum wpkg_status open_hooks(struct webhooks *webhooks, struct wpkg_err *err)
{
	const struct webhook_rules *rules = &webhooks->server->config.webhooks;
	enum wpkg_status status = WPKG_OK;
	webhooks->hooks = wpkg_mem_calloc(rules->count, sizeof(*webhooks->hooks));
	if (!webhooks->hooks)
		return WPKG_FAIL(err, WPKG_ENOMEM, "webhooks: no memory");
	for (size_t i = 0; status == WPKG_OK && i < rules->count; i++) {
		struct hook *hook = &webhooks->hooks[i];
		hook->rule = &rules->items[i];
		status = webhook_secret_read(&hook->secret, hook->rule, err);
		webhooks->count += status == WPKG_OK;
		if (status == WPKG_OK)
			status = wpkg_webhook_enter(&hook->cursor, webhooks->server->store,
						    wpkg_str_from(hook->rule->name), err);
		hook->saved = hook->cursor;
	}
	return status;
}

enum wpkg_status webhooks_start(struct webhooks **out, struct server *server, struct wpkg_err *err)
{
	if (server->config.webhooks.count == 0)
		return WPKG_OK;
	struct webhooks *webhooks = wpkg_mem_calloc(1, sizeof(*webhooks));
	if (!webhooks)
		return WPKG_FAIL(err, WPKG_ENOMEM, "webhooks: no memory");
	const struct wpkg_http_options options = {.stop = &webhooks->stop};
	webhooks->server = server;
	enum wpkg_status status = open_hooks(webhooks, err);
	if (status == WPKG_OK)
		status = wpkg_http_new(&webhooks->http, &options, err);
	if (status == WPKG_OK) {
		int code = pthread_create(&webhooks->thread, NULL, run, webhooks);
		if (code != 0)
			status = WPKG_FAIL_ERRNO(err, code, "webhooks");
		webhooks->has_thread = code == 0;
	}
	if (status != WPKG_OK) {
		webhooks_stop(webhooks);
		return status;
	}
	*out = webhooks;
	return WPKG_OK;
}

void webhooks_stop(struct webhooks *webhooks)
{
	if (!webhooks)
		return;
	atomic_store(&webhooks->stop, true);
	if (webhooks->has_thread)
		pthread_join(webhooks->thread, NULL);
	wpkg_http_free(webhooks->http);
	for (size_t i = 0; i < webhooks->count; i++)
		wpkg_buf_wipe(&webhooks->hooks[i].secret);
	wpkg_mem_free(webhooks->hooks);
	wpkg_mem_free(webhooks);
}

int64_t webhooks_passed(struct webhooks *webhooks)
{
	return webhooks ? atomic_load(&webhooks->passed) : INT64_MAX;
}

void webhooks_write(struct exposition *exposition, struct webhooks *webhooks)
{
	if (!webhooks)
		return;
	exposition_counter(exposition, "wpkgd_webhook_deliveries",
			   "Deliveries that were acknowledged.", atomic_load(&webhooks->delivered));
	exposition_counter(exposition, "wpkgd_webhook_failures", "Attempts to deliver that failed.",
			   atomic_load(&webhooks->failed));
	exposition_counter(exposition, "wpkgd_webhook_dead", "Deliveries that were given up.",
			   atomic_load(&webhooks->dead));
}
