/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <pthread.h>
#include <time.h>

#include "base/mem.h"

#define IDLE_SECONDS 30 /* that a thread waits for work before it goes */

struct workers {
	pthread_mutex_t mutex;
	pthread_cond_t filled; /* there is a task, or no more will come */
	pthread_cond_t gone;   /* a thread has ended */
	struct task *first, *last;
	size_t queued;
	size_t threads, idle;
	size_t most;
	bool closed;
};

/* Waits for a task or the end; false when this thread is needed no more. */
static bool await_task(struct workers *workers)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += IDLE_SECONDS;
	int code = 0;
	workers->idle++;
	while (!workers->first && !workers->closed && code == 0)
		code = pthread_cond_timedwait(&workers->filled, &workers->mutex, &until);
	workers->idle--;
	return workers->first != NULL;
}

static struct task *take(struct workers *workers)
{
	struct task *task = workers->first;
	workers->first = task->next;
	if (!workers->first)
		workers->last = NULL;
	workers->queued--;
	return task;
}

static void *work(void *argument)
{
	struct workers *workers = argument;
	pthread_mutex_lock(&workers->mutex);
	while (await_task(workers)) {
		struct task *task = take(workers);
		pthread_mutex_unlock(&workers->mutex);
		task->run(task->user);
		pthread_mutex_lock(&workers->mutex);
	}
	workers->threads--;
	pthread_cond_broadcast(&workers->gone);
	pthread_mutex_unlock(&workers->mutex);
	return NULL;
}

enum wpkg_status workers_new(struct workers **out, size_t most, struct wpkg_err *err)
{
	struct workers *workers = wpkg_mem_calloc(1, sizeof(*workers));
	if (!workers)
		return WPKG_FAIL(err, WPKG_ENOMEM, "workers: no memory");
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->filled, NULL);
	pthread_cond_init(&workers->gone, NULL);
	workers->most = most;
	*out = workers;
	return WPKG_OK;
}

static bool start_thread(struct workers *workers)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, work, workers) != 0)
		return false;
	pthread_detach(thread);
	workers->threads++;
	return true;
}

bool workers_add(struct workers *workers, struct task *task)
{
	pthread_mutex_lock(&workers->mutex);
	bool good = !workers->closed;
	if (good && workers->queued >= workers->idle && workers->threads < workers->most)
		/* Where no thread can be had, those that run will come to it. */
		good = start_thread(workers) || workers->threads > 0;
	if (good) {
		task->next = NULL;
		if (workers->last)
			workers->last->next = task;
		else
			workers->first = task;
		workers->last = task;
		workers->queued++;
		pthread_cond_signal(&workers->filled);
	}
	pthread_mutex_unlock(&workers->mutex);
	return good;
}

void workers_read(struct workers_reading *out, struct workers *workers)
{
	pthread_mutex_lock(&workers->mutex);
	*out = (struct workers_reading){workers->threads - workers->idle, workers->most,
					workers->queued};
	pthread_mutex_unlock(&workers->mutex);
}

void workers_close(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->closed = true;
	pthread_cond_broadcast(&workers->filled);
	while (workers->threads > 0)
		pthread_cond_wait(&workers->gone, &workers->mutex);
	pthread_mutex_unlock(&workers->mutex);
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	workers_close(workers);
	pthread_cond_destroy(&workers->gone);
	pthread_cond_destroy(&workers->filled);
	pthread_mutex_destroy(&workers->mutex);
	wpkg_mem_free(workers);
}
