/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is slow on purpose. The library's own timeout is one of silence: a byte now and then keeps a
 * connection for ever. Here a head has a time to arrive, and a body a rate to come with; a
 * connection that breaks either is shut down, which the library sees as the client's end.
 */
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http_int.h"

#define SECOND UINT64_C(1000000000)
#define GRACE_SECONDS 5 /* before a body's rate counts */

void slow_enter(struct connection *connection, enum phase phase)
{
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

static bool is_too_slow(const struct config *config, struct connection *connection, uint64_t now)
{
	uint64_t since = atomic_load(&connection->since);
	uint64_t seconds = now > since ? (now - since) / SECOND : 0;
	switch ((enum phase)atomic_load(&connection->phase)) {
	case PHASE_HEAD:
		/* Between two requests a connection may rest. */
		return seconds >=
		       (uint64_t)config->header_timeout + (atomic_load(&connection->is_used)
								   ? (uint64_t)config->idle_timeout
								   : 0);
	case PHASE_BODY:
		return seconds >= GRACE_SECONDS &&
		       atomic_load(&connection->received) < seconds * config->min_rate;
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
			if (is_too_slow(slow->config, c, now))
				shutdown(c->fd, SHUT_RDWR);
		clock_gettime(CLOCK_REALTIME, &when);
		when.tv_sec++;
		pthread_cond_timedwait(&slow->ended, &slow->mutex, &when);
	}
	pthread_mutex_unlock(&slow->mutex);
	return NULL;
}

enum wpkg_status slow_start(struct slow *slow, const struct config *config, struct wpkg_err *err)
{
	slow->config = config;
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
