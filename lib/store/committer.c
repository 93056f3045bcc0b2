/* SPDX-License-Identifier: Apache-2.0 */
#include "store/committer.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"

#define PREPARERS 2 /* more threads that sync do not make a file system sync faster */

#define MILLISECONDS UINT64_C(1000000)

const struct wpkg_histogram_bounds wpkg_commit_sizes = {10,
							{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};
const struct wpkg_histogram_bounds wpkg_commit_nanoseconds = {
	13,
	{MILLISECONDS / 4, MILLISECONDS / 2, MILLISECONDS, 2 * MILLISECONDS, 5 * MILLISECONDS,
	 10 * MILLISECONDS, 25 * MILLISECONDS, 50 * MILLISECONDS, 100 * MILLISECONDS,
	 250 * MILLISECONDS, 1000 * MILLISECONDS, 2500 * MILLISECONDS, 10000 * MILLISECONDS}};

struct queue {
	struct job *first;
	struct job **end;
};

struct committer {
	struct db *db;
	struct blob_engine *blobs;
	pthread_mutex_t lock;
	pthread_cond_t to_prepare; /* preparing is not empty, or stopping */
	pthread_cond_t to_commit;  /* committing is not empty, or nothing can come any more */
	struct queue preparing;
	struct queue committing;
	size_t in_preparation; /* jobs that a preparer holds */
	bool stopping;
	pthread_t preparers[PREPARERS];
	size_t preparer_count;
	pthread_t thread;
	bool has_thread;
	/* What it did. */
	atomic_uint_fast64_t waiting, failed;
	struct wpkg_histogram sizes, nanoseconds;
};

static void push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static void clear(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static struct job *take_one(struct queue *queue)
{
	struct job *job = queue->first;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

static struct job *take_all(struct queue *queue)
{
	struct job *job = queue->first;
	clear(queue);
	return job;
}

static void *prepare_jobs(void *argument)
{
	struct committer *self = argument;
	pthread_mutex_lock(&self->lock);
	for (;;) {
		while (!self->preparing.first && !self->stopping)
			pthread_cond_wait(&self->to_prepare, &self->lock);
		if (!self->preparing.first)
			break;
		struct job *job = take_one(&self->preparing);
		self->in_preparation++;
		pthread_mutex_unlock(&self->lock);
		job->err.status = job->prepare(job, &job->err);
		pthread_mutex_lock(&self->lock);
		self->in_preparation--;
		push(&self->committing, job);
		pthread_cond_signal(&self->to_commit);
	}
	pthread_mutex_unlock(&self->lock);
	return NULL;
}

static void fail_all(struct job *batch, const struct wpkg_err *err)
{
	for (struct job *job = batch; job; job = job->next)
		if (job->err.status == WPKG_OK)
			job->err = *err;
}

static enum wpkg_status run_alone(struct committer *self, struct job *job)
{
	wpkg_cause_set(&job->cause);
	enum wpkg_status status = job->run(job, self->db, &job->err);
	wpkg_cause_set(NULL);
	job->err.status = status;
	return status;
}

/* A savepoint each: a job that fails takes back its own work and nobody else's. */
static enum wpkg_status run_among_others(struct committer *self, struct job *job)
{
	struct wpkg_err err;
	enum wpkg_status status = db_run(NULL, self->db, "SAVEPOINT job", DB_NO_VALUES, &job->err);
	if (status != WPKG_OK)
		return status;
	status = run_alone(self, job);
	bool ended = status == WPKG_OK || db_run(NULL, self->db, "ROLLBACK TO SAVEPOINT job",
						 DB_NO_VALUES, &err) == WPKG_OK;
	if (!ended ||
	    db_run(NULL, self->db, "RELEASE SAVEPOINT job", DB_NO_VALUES, &err) != WPKG_OK) {
		if (status == WPKG_OK)
			job->err = err;
		/* What a failed job has done must not be committed with the others' work. */
		db_rollback(self->db);
	}
	return job->err.status;
}

/*
 * On a full disk and the like the engine may give up the whole transaction in the middle: then
 * nothing of the batch is left, and no further job may begin as if something were.
 */
static enum wpkg_status run_batch(struct committer *self, struct job *batch, struct wpkg_err *err)
{
	bool any = false;
	bool alone = !batch->next; /* the transaction is its own */
	enum wpkg_status status = db_begin(self->db, DB_WRITE, err);
	if (status != WPKG_OK)
		return status;
	for (struct job *job = batch; job; job = job->next) {
		if (job->err.status != WPKG_OK)
			continue;
		if ((alone ? run_alone : run_among_others)(self, job) == WPKG_OK)
			any = true;
		if (!self->db->ops->in_transaction(self->db)) {
			*err = job->err;
			return job->err.status;
		}
	}
	if (!any)
		return WPKG_OK;
	status = self->blobs->ops->settle(self->blobs, err);
	if (status == WPKG_OK)
		status = db_commit(self->db, err);
	return status;
}

static bool has_work(const struct job *batch)
{
	while (batch && batch->err.status != WPKG_OK)
		batch = batch->next;
	return batch != NULL;
}

static uint64_t count_jobs(const struct job *batch)
{
	uint64_t count = 0;
	for (const struct job *job = batch; job; job = job->next)
		count++;
	return count;
}

static void commit_batch(struct committer *self, struct job *batch)
{
	struct wpkg_err err;
	uint64_t count = count_jobs(batch);
	if (has_work(batch)) {
		uint64_t began = wpkg_clock_monotonic();
		if (run_batch(self, batch, &err) != WPKG_OK) {
			atomic_fetch_add(&self->failed, 1);
			fail_all(batch, &err);
		}
		db_rollback(self->db);
		wpkg_histogram_add(&self->sizes, &wpkg_commit_sizes, count);
		wpkg_histogram_add(&self->nanoseconds, &wpkg_commit_nanoseconds,
				   wpkg_clock_monotonic() - began);
	}
	atomic_fetch_sub(&self->waiting, count);
	while (batch) {
		struct job *next = batch->next;
		enum wpkg_status status = batch->err.status;
		struct wpkg_cause cause = batch->cause; /* done may free the job */
		wpkg_cause_set(&cause);
		batch->done(batch, status, status == WPKG_OK ? NULL : &batch->err);
		wpkg_cause_set(NULL);
		batch = next;
	}
}

static bool is_finished(const struct committer *self)
{
	return self->stopping && !self->preparing.first && self->in_preparation == 0;
}

static void *commit_jobs(void *argument)
{
	struct committer *self = argument;
	pthread_mutex_lock(&self->lock);
	for (;;) {
		while (!self->committing.first && !is_finished(self))
			pthread_cond_wait(&self->to_commit, &self->lock);
		if (!self->committing.first)
			break;
		struct job *batch = take_all(&self->committing);
		pthread_mutex_unlock(&self->lock);
		commit_batch(self, batch);
		pthread_mutex_lock(&self->lock);
	}
	pthread_mutex_unlock(&self->lock);
	return NULL;
}

void committer_submit(struct committer *committer, struct job *job)
{
	atomic_fetch_add(&committer->waiting, 1);
	job->cause = *wpkg_cause_get();
	pthread_mutex_lock(&committer->lock);
	if (job->prepare && job->err.status == WPKG_OK) {
		push(&committer->preparing, job);
		pthread_cond_signal(&committer->to_prepare);
	} else {
		push(&committer->committing, job);
		pthread_cond_signal(&committer->to_commit);
	}
	pthread_mutex_unlock(&committer->lock);
}

/* A caller that waits for a job of its own: the job borrows its done. */
struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool is_answered;
};

struct waiting_job {
	struct job job;
	struct job *inner;
	struct waiter *waiter;
};

static enum wpkg_status run_inner(struct job *job, struct db *db, struct wpkg_err *err)
{
	struct waiting_job *self = (struct waiting_job *)job;
	return self->inner->run(self->inner, db, err);
}

static void answer(struct job *job, enum wpkg_status status, const struct wpkg_err *err)
{
	struct waiter *waiter = ((struct waiting_job *)job)->waiter;
	(void)status;
	(void)err;
	pthread_mutex_lock(&waiter->lock);
	waiter->is_answered = true;
	pthread_cond_signal(&waiter->answered);
	pthread_mutex_unlock(&waiter->lock);
}

enum wpkg_status committer_wait(struct committer *committer, struct job *job, struct wpkg_err *err)
{
	struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER,
				.answered = PTHREAD_COND_INITIALIZER};
	struct waiting_job outer = {
		.job = {.run = run_inner, .done = answer}, .inner = job, .waiter = &waiter};
	committer_submit(committer, &outer.job);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.is_answered)
		pthread_cond_wait(&waiter.answered, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	pthread_cond_destroy(&waiter.answered);
	pthread_mutex_destroy(&waiter.lock);
	if (outer.job.err.status != WPKG_OK && err)
		*err = outer.job.err;
	return outer.job.err.status;
}

void committer_read(struct wpkg_store_activity *out, const struct committer *committer)
{
	out->waiting = atomic_load(&committer->waiting);
	out->failed = atomic_load(&committer->failed);
	wpkg_histogram_read(&out->sizes, &committer->sizes, &wpkg_commit_sizes);
	wpkg_histogram_read(&out->nanoseconds, &committer->nanoseconds, &wpkg_commit_nanoseconds);
}

void committer_free(struct committer *committer)
{
	if (!committer)
		return;
	pthread_mutex_lock(&committer->lock);
	committer->stopping = true;
	pthread_cond_broadcast(&committer->to_prepare);
	pthread_cond_broadcast(&committer->to_commit);
	pthread_mutex_unlock(&committer->lock);
	for (size_t i = 0; i < committer->preparer_count; i++)
		pthread_join(committer->preparers[i], NULL);
	pthread_mutex_lock(&committer->lock);
	pthread_cond_broadcast(&committer->to_commit);
	pthread_mutex_unlock(&committer->lock);
	if (committer->has_thread)
		pthread_join(committer->thread, NULL);
	pthread_cond_destroy(&committer->to_prepare);
	pthread_cond_destroy(&committer->to_commit);
	pthread_mutex_destroy(&committer->lock);
	wpkg_mem_free(committer);
}

enum wpkg_status committer_new(struct committer **out, struct db *db, struct blob_engine *blobs,
			       struct wpkg_err *err)
{
	struct committer *self = wpkg_mem_calloc(1, sizeof(*self));
	if (!self)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	self->db = db;
	self->blobs = blobs;
	clear(&self->preparing);
	clear(&self->committing);
	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->to_prepare, NULL);
	pthread_cond_init(&self->to_commit, NULL);
	int failed = 0;
	while (failed == 0 && self->preparer_count < PREPARERS) {
		failed = pthread_create(&self->preparers[self->preparer_count], NULL, prepare_jobs,
					self);
		if (failed == 0)
			self->preparer_count++;
	}
	if (failed == 0)
		failed = pthread_create(&self->thread, NULL, commit_jobs, self);
	self->has_thread = failed == 0;
	if (failed != 0) {
		committer_free(self);
		return WPKG_FAIL_ERRNO(err, failed, "store: starting a thread");
	}
	*out = self;
	return WPKG_OK;
}
