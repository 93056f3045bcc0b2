/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"

struct workers {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct task *first, *last;
	bool closing;
	size_t count; /* threads that run */
	pthread_t threads[];
};

static struct task *take(struct workers *workers)
{
	pthread_mutex_lock(&workers->mutex);
	while (!workers->first && !workers->closing)
		pthread_cond_wait(&workers->filled, &workers->mutex);
	struct task *task = workers->first;
	if (task) {
		workers->first = task->next;
		if (!workers->first)
			workers->last = NULL;
	}
	pthread_mutex_unlock(&workers->mutex);
	return task;
}

static void *work(void *argument)
{
	struct workers *workers = argument;
	struct task *task;
	while ((task = take(workers)) != NULL)
		task->run(task->user);
	return NULL;
}

enum wpkg_status workers_new(struct workers **out, size_t count, struct wpkg_err *err)
{
	struct workers *workers =
		wpkg_mem_calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
	if (!workers)
		return WPKG_FAIL(err, WPKG_ENOMEM, "workers: no memory");
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->filled, NULL);
	for (; workers->count < count; workers->count++) {
		int code = pthread_create(&workers->threads[workers->count], NULL, work, workers);
		if (code != 0) {
			workers_free(workers);
			return WPKG_FAIL_ERRNO(err, code, "workers");
		}
	}
	*out = workers;
	return WPKG_OK;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->closing = true;
	pthread_cond_broadcast(&workers->filled);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < workers->count; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_mutex_destroy(&workers->mutex);
	pthread_cond_destroy(&workers->filled);
	wpkg_mem_free(workers);
}

void workers_add(struct workers *workers, struct task *task)
{
	task->next = NULL;
	pthread_mutex_lock(&workers->mutex);
	if (workers->last)
		workers->last->next = task;
	else
		workers->first = task;
	workers->last = task;
	pthread_cond_signal(&workers->filled);
	pthread_mutex_unlock(&workers->mutex);
}
