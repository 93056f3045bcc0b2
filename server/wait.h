/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WAIT_H
#define WPKG_SERVER_WAIT_H

/* One thread waits once for another: a worker for the committer. */

#include <pthread.h>
#include <stdbool.h>

struct wait {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool has_ended;
};

void wait_init(struct wait *wait);

/* The other side: what it wrote before is seen by who waits. Touches nothing of the wait after. */
void wait_end(struct wait *wait);

/* Returns when it has ended; the wait is used up. */
void wait_for(struct wait *wait);

#endif
