/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

void wait_init(struct wait *wait)
{
	pthread_mutex_init(&wait->mutex, NULL);
	pthread_cond_init(&wait->changed, NULL);
	wait->has_ended = false;
}

void wait_end(struct wait *wait)
{
	pthread_mutex_lock(&wait->mutex);
	wait->has_ended = true;
	pthread_cond_signal(&wait->changed);
	pthread_mutex_unlock(&wait->mutex);
}

void wait_for(struct wait *wait)
{
	pthread_mutex_lock(&wait->mutex);
	while (!wait->has_ended)
		pthread_cond_wait(&wait->changed, &wait->mutex);
	pthread_mutex_unlock(&wait->mutex);
	pthread_mutex_destroy(&wait->mutex);
	pthread_cond_destroy(&wait->changed);
}
