/* SPDX-License-Identifier: Apache-2.0 */
#include "forget.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log.h"
#include "server.h"
#include "store/event.h"
#include "webhook.h"

#define INTERVAL UINT64_C(3600000000000) /* nanoseconds between two looks at all events */

struct forgetter {
	struct task task;
	struct server *server;
	atomic_bool is_running;
	uint64_t last; /* when it began, monotonic; 0: never */
	int64_t age;   /* seconds, at that time */
};

enum wpkg_status forgetter_new(struct forgetter **out, struct server *server, struct wpkg_err *err)
{
	struct forgetter *forgetter = wpkg_mem_calloc(1, sizeof(*forgetter));
	if (!forgetter)
		return WPKG_FAIL(err, WPKG_ENOMEM, "retention: no memory");
	forgetter->server = server;
	*out = forgetter;
	return WPKG_OK;
}

void forgetter_free(struct forgetter *forgetter)
{
	wpkg_mem_free(forgetter);
}

static void run(void *user)
{
	struct forgetter *forgetter = user;
	struct server *server = forgetter->server;
	struct wpkg_err err;
	uint64_t count = 0;
	const struct wpkg_event_forget wanted = {.before = wpkg_clock_now() - forgetter->age,
						 .last = webhooks_passed(server->webhooks),
						 .stop = &server->is_ending};
	if (wpkg_event_forget(&count, server->store, &wanted, &err) != WPKG_OK) {
		log_event("forget-failed", "error", err.msg);
	} else if (count > 0) {
		struct log_line line;
		log_begin(&line, "forget");
		log_number(&line, "events", (int64_t)count);
		log_end(&line);
	}
	atomic_store(&forgetter->is_running, false);
}

void forget_begin(struct forgetter *forgetter)
{
	struct server *server = forgetter->server;
	uint64_t now = wpkg_clock_monotonic();
	int64_t age = (int64_t)atomic_load(&server->limits.audit_retention);
	bool is_time =
		forgetter->last == 0 || now - forgetter->last >= INTERVAL || age != forgetter->age;
	if (age == 0 || !is_time || atomic_exchange(&forgetter->is_running, true))
		return;
	forgetter->last = now;
	forgetter->age = age;
	forgetter->task = (struct task){.run = run, .user = forgetter};
	if (!workers_add(server->pools[POOL_STORE], &forgetter->task))
		atomic_store(&forgetter->is_running, false);
}
