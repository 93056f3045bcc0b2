/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

#include <errno.h>

enum wpkg_status turns_init(struct turns *turns, unsigned most, unsigned waiting_most,
			    struct wpkg_err *err)
{
	*turns = (struct turns){.most = most, .waiting_most = waiting_most};
	int code = pthread_mutex_init(&turns->mutex, NULL);
	if (code != 0)
		return WPKG_FAIL_ERRNO(err, code, "turns");
	return WPKG_OK;
}

void turns_clear(struct turns *turns)
{
	pthread_mutex_destroy(&turns->mutex);
}

static unsigned running_of(const struct turns *turns, struct wpkg_str user)
{
	unsigned count = 0;
	for (const struct turn *turn = turns->first; turn; turn = turn->next)
		count += turn->running && wpkg_str_equal(turn->user, user);
	return count;
}

/* Nobody in particular is many. */
static bool has_too_many(const struct turns *turns, struct wpkg_str user)
{
	unsigned count = 0;
	for (const struct turn *turn = turns->first; turn && user.len > 0; turn = turn->next)
		count += !turn->running && wpkg_str_equal(turn->user, user);
	return count > 0 && count >= turns->waiting_most / 2;
}

/* The waiting one who is next; NULL when nobody waits. */
static struct turn *choose(const struct turns *turns)
{
	struct turn *next = NULL;
	unsigned least = 0;
	for (struct turn *turn = turns->first; turn; turn = turn->next) {
		if (turn->running)
			continue;
		unsigned running = running_of(turns, turn->user);
		if (!next || running < least) {
			next = turn;
			least = running;
		}
	}
	return next;
}

static void start_next(struct turns *turns)
{
	while (turns->running < turns->most && !turns->closed) {
		struct turn *next = choose(turns);
		if (!next)
			return;
		next->running = true;
		turns->running++;
		turns->waiting--;
		pthread_cond_signal(&next->ready);
	}
}

static void leave_line(struct turns *turns, struct turn *turn)
{
	struct turn **at = &turns->first;
	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
}

void turns_close(struct turns *turns)
{
	pthread_mutex_lock(&turns->mutex);
	turns->closed = true;
	for (struct turn *turn = turns->first; turn; turn = turn->next)
		pthread_cond_signal(&turn->ready);
	pthread_mutex_unlock(&turns->mutex);
}

enum wpkg_status turns_take(struct turns *turns, struct turn *turn, struct wpkg_str user,
			    struct wpkg_err *err)
{
	*turn = (struct turn){.user = user};
	int code = pthread_cond_init(&turn->ready, NULL);
	if (code != 0)
		return WPKG_FAIL_ERRNO(err, code, "turns");
	pthread_mutex_lock(&turns->mutex);
	bool is_full = turns->running >= turns->most && turns->waiting >= turns->waiting_most;
	bool is_greedy = turns->running >= turns->most && has_too_many(turns, user);
	if (is_full || is_greedy) {
		pthread_mutex_unlock(&turns->mutex);
		pthread_cond_destroy(&turn->ready);
		return WPKG_FAIL(err, WPKG_EBUSY,
				 "%u versions%s wait to be checked, try again later",
				 is_full ? turns->waiting_most : turns->waiting_most / 2,
				 is_full ? "" : " of yours");
	}
	struct turn **end = &turns->first;
	while (*end)
		end = &(*end)->next;
	*end = turn;
	turns->waiting++;
	start_next(turns);
	while (!turn->running && !turns->closed)
		pthread_cond_wait(&turn->ready, &turns->mutex);
	bool has_turn = turn->running;
	if (!has_turn) {
		leave_line(turns, turn);
		turns->waiting--;
	}
	pthread_mutex_unlock(&turns->mutex);
	if (has_turn)
		return WPKG_OK;
	pthread_cond_destroy(&turn->ready);
	return WPKG_FAIL(err, WPKG_EBUSY, "no version is checked any more, try again later");
}

void turns_read(unsigned *running, unsigned *waiting, struct turns *turns)
{
	pthread_mutex_lock(&turns->mutex);
	*running = turns->running;
	*waiting = turns->waiting;
	pthread_mutex_unlock(&turns->mutex);
}

void turns_give(struct turns *turns, struct turn *turn)
{
	pthread_mutex_lock(&turns->mutex);
	leave_line(turns, turn);
	turns->running--;
	start_next(turns);
	pthread_mutex_unlock(&turns->mutex);
	pthread_cond_destroy(&turn->ready);
}
