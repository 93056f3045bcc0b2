/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is slow on purpose. The library's own timeout is one of silence: a byte now and then keeps a
 * connection for ever. Here a head has a time to arrive, and bodies a rate to come and to go with;
 * a connection that breaks either is shut down, which the library sees as the client's end.
 */
#include <linux/tcp.h> /* the C library's has no tcpi_bytes_acked */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http_int.h"

#define SECOND UINT64_C(1000000000)
#define GRACE_SECONDS 5 /* that do not count for a rate */

void slow_enter(struct connection *connection, enum phase phase)
{
	if (!connection)
		return;
	atomic_store(&connection->since, wpkg_clock_monotonic());
	atomic_store(&connection->received, 0);
	atomic_store(&connection->phase, (int)phase);
}

struct connection *slow_add(struct slow *slow, int fd)
{
	struct connection *connection = wpkg_mem_calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	connection->fd = fd;
	slow_enter(connection, PHASE_HEAD);
	pthread_mutex_lock(&slow->mutex);
	connection->next = slow->first;
	if (slow->first)
		slow->first->previous = connection;
	slow->first = connection;
	pthread_mutex_unlock(&slow->mutex);
	return connection;
}

void slow_remove(struct slow *slow, struct connection *connection)
{
	pthread_mutex_lock(&slow->mutex);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		slow->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	pthread_mutex_unlock(&slow->mutex);
	wpkg_mem_free(connection);
}

/* Bytes that the client's side has acknowledged; 0 when the system cannot say. */
static uint64_t acknowledged(const struct connection *connection)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);
	if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    size < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked))
		return 0;
	return info.tcpi_bytes_acked;
}

/* What an answer brought so far is known from when it was first looked at. */
static bool takes_too_slowly(struct connection *connection, uint64_t since, uint64_t needed)
{
	uint64_t now = acknowledged(connection);
	if (connection->answer_since != since) {
		connection->answer_since = since;
		connection->acknowledged = now;
		return false;
	}
	return now - connection->acknowledged < needed;
}

/* Once for a connection. */
static void cut(struct slow *slow, struct connection *connection)
{
	static const char *const reasons[] = {[PHASE_HEAD] = "slow-head",
					      [PHASE_BODY] = "slow-body",
					      [PHASE_ANSWER] = "slow-answer",
					      [PHASE_BUSY] = "other"};
	/* A connection that rested long enough is no refusal. */
	bool rested = connection->phase == PHASE_HEAD && atomic_load(&connection->is_used);
	if (!connection->is_cut && !rested)
		metrics_count_refusal(slow->metrics, reasons[atomic_load(&connection->phase)]);
	connection->is_cut = true;
	shutdown(connection->fd, SHUT_RDWR);
}

static bool is_too_slow(const struct slow *slow, struct connection *connection, uint64_t now)
{
	uint64_t since = atomic_load(&connection->since);
	uint64_t seconds = now > since ? (now - since) / SECOND : 0;
	uint64_t in_rate = seconds > GRACE_SECONDS ? seconds - GRACE_SECONDS : 0;
	uint64_t needed = in_rate * atomic_load(&slow->limits->min_rate);
	switch ((enum phase)atomic_load(&connection->phase)) {
	case PHASE_HEAD:
		/* Between two requests a connection may rest. */
		return seconds >=
		       atomic_load(&slow->limits->header_timeout) +
			       (atomic_load(&connection->is_used) ? slow->idle_timeout : 0);
	case PHASE_BODY:
		return atomic_load(&connection->received) < needed;
	case PHASE_ANSWER:
		return takes_too_slowly(connection, since, needed);
	case PHASE_BUSY:
		break;
	}
	return false;
}

static void *watch(void *argument)
{
	struct slow *slow = argument;
	pthread_mutex_lock(&slow->mutex);
	while (!slow->is_ending) {
		struct timespec when;
		uint64_t now = wpkg_clock_monotonic();
		for (struct connection *c = slow->first; c; c = c->next)
			if (is_too_slow(slow, c, now))
				cut(slow, c);
		clock_gettime(CLOCK_REALTIME, &when);
		when.tv_sec++;
		pthread_cond_timedwait(&slow->ended, &slow->mutex, &when);
	}
	pthread_mutex_unlock(&slow->mutex);
	return NULL;
}

enum wpkg_status slow_start(struct slow *slow, struct server *server, struct wpkg_err *err)
{
	slow->metrics = &server->metrics;
	slow->limits = &server->limits;
	slow->idle_timeout = (uint64_t)server->config.idle_timeout;
	pthread_mutex_init(&slow->mutex, NULL);
	pthread_cond_init(&slow->ended, NULL);
	int code = pthread_create(&slow->thread, NULL, watch, slow);
	slow->is_running = code == 0;
	return code == 0 ? WPKG_OK : WPKG_FAIL_ERRNO(err, code, "thread");
}

void slow_stop(struct slow *slow)
{
	if (!slow->is_running)
		return;
	pthread_mutex_lock(&slow->mutex);
	slow->is_ending = true;
	pthread_cond_signal(&slow->ended);
	pthread_mutex_unlock(&slow->mutex);
	pthread_join(slow->thread, NULL);
	pthread_mutex_destroy(&slow->mutex);
	pthread_cond_destroy(&slow->ended);
	slow->is_running = false;
}
