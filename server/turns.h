/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_TURNS_H
#define WPKG_SERVER_TURNS_H

/*
 * So many at once, and users in turn: of those who wait, the next is the first of the user who has
 * the fewest running. So whoever pushes a thousand versions waits for himself, not others for him:
 * one user has at most half of the places to wait in.
 */

#include <pthread.h>

#include "base/err.h"
#include "base/str.h"

struct turn {
	struct wpkg_str user; /* borrowed until the turn is given back */
	bool running;
	pthread_cond_t ready;
	struct turn *next;
};

struct turns {
	pthread_mutex_t mutex;
	struct turn *first; /* running and waiting, in the order of arrival */
	unsigned most;	    /* may run at once */
	unsigned running;
	unsigned waiting, waiting_most;
	bool closed;
};

WPKG_MUST_CHECK enum wpkg_status turns_init(struct turns *turns, unsigned most,
					    unsigned waiting_most, struct wpkg_err *err);

/* Nobody gets a turn any more; who waits for one is told so. */
void turns_close(struct turns *turns);

/* Nobody may have a turn or wait. */
void turns_clear(struct turns *turns);

/*
 * Waits for a turn. WPKG_EBUSY when too many wait already, of this user or of all, or turns are
 * closed. *turn is the caller's, until given.
 */
WPKG_MUST_CHECK enum wpkg_status turns_take(struct turns *turns, struct turn *turn,
					    struct wpkg_str user, struct wpkg_err *err);
/* How many have a turn, and how many wait. */
void turns_read(unsigned *running, unsigned *waiting, struct turns *turns);

void turns_give(struct turns *turns, struct turn *turn);

#endif
