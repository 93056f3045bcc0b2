/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies on several threads. They depend on nothing but what was read before the code section, so
 * each thread takes the next run of them and checks it with a validator of its own.
 *
 * The first error is the one that a single thread would find. Runs are handed out in order, and a
 * thread that finds an error takes no more; so all bodies before the first wrong one are checked
 * by somebody. When the sizes of the bodies go wrong, those before it are checked first.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "wasm/decode.h"

#define THREADS_MAX 64
#define RUN_BYTES (64 * 1024) /* of bodies that a thread takes at a time, at least */

struct pool {
	struct decoder *d;
	uint32_t first, end; /* functions whose bodies are there */
	atomic_uint next;    /* the first one that nobody has taken */
	atomic_uint failed;  /* the smallest one that is known to be wrong */
};

struct worker {
	struct pool *pool;
	struct validator validator;
	struct wpkg_err err;
	uint32_t failed; /* function; WPKG_INDEX_NONE */
};

/* The next run of functions; false when there is none that could hold the first error. */
static bool take_run(struct pool *pool, uint32_t *from, uint32_t *to)
{
	const struct wpkg_module *module = pool->d->module;
	unsigned start = atomic_load(&pool->next);
	do {
		if (start >= pool->end || start > atomic_load(&pool->failed))
			return false;
		*to = start + 1;
		while (*to < pool->end &&
		       wpkg_module_body(module, *to).start - wpkg_module_body(module, start).start <
			       RUN_BYTES)
			++*to;
	} while (!atomic_compare_exchange_weak(&pool->next, &start, *to));
	*from = start;
	return true;
}

static void note_failure(struct worker *worker, uint32_t function)
{
	worker->failed = function;
	wasm_decode_name_function(&worker->err, worker->validator.opcode, function);
	unsigned known = atomic_load(&worker->pool->failed);
	while (function < known &&
	       !atomic_compare_exchange_weak(&worker->pool->failed, &known, function))
		;
}

static void check_run(struct worker *worker, uint32_t from, uint32_t to)
{
	const struct wpkg_module *module = worker->pool->d->module;
	struct wpkg_reader *r = &worker->validator.in.r;
	const struct wpkg_reader *file = &worker->pool->d->in->r;
	for (uint32_t i = from; i < to; i++) {
		struct wpkg_range body = wpkg_module_body(module, i);
		const uint8_t *start = file->base + (body.start - file->origin);
		wpkg_reader_init(r, wpkg_str_of(start, body.end - body.start), body.start,
				 &worker->err);
		r->limit = file->limit;
		if (!wasm_validate_body(&worker->validator, i)) {
			note_failure(worker, i);
			return;
		}
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint32_t from, to;
	while (worker->failed == WPKG_INDEX_NONE && take_run(worker->pool, &from, &to))
		check_run(worker, from, to);
	return NULL;
}

static void worker_init(struct worker *worker, struct pool *pool)
{
	const struct validator *like = &pool->d->validator;
	worker->pool = pool;
	worker->failed = WPKG_INDEX_NONE;
	wasm_validator_init(&worker->validator, pool->d->module);
	worker->validator.in = like->in;
	worker->validator.declared = like->declared;
	worker->validator.operand_limit = like->operand_limit;
	worker->validator.local_limit = like->local_limit;
	worker->validator.is_slow = like->is_slow;
	worker->validator.type_calls = like->type_calls;
}

/* What the worker met first may be before what others met first. */
static void merge_features(struct wasm_input *in, const struct wasm_input *other)
{
	for (unsigned i = 0; i < WPKG_FEATURE_COUNT; i++) {
		if (!(other->used >> i & 1))
			continue;
		if (!(in->used >> i & 1) || other->feature_offsets[i] < in->feature_offsets[i])
			in->feature_offsets[i] = other->feature_offsets[i];
		in->used |= (wpkg_features)1 << i;
	}
}

/* The decoder gets what the workers found. */
static void finish(struct decoder *d, struct worker *workers, unsigned count)
{
	const struct worker *first = NULL;
	for (unsigned i = 0; i < count; i++) {
		merge_features(d->in, &workers[i].validator.in);
		if (workers[i].failed != WPKG_INDEX_NONE &&
		    (!first || workers[i].failed < first->failed))
			first = &workers[i];
	}
	if (first) {
		d->failed_function = first->failed;
		wpkg_reader_join(&d->in->r, &first->validator.in.r);
		if (d->in->r.err)
			*d->in->r.err = first->err;
	}
	for (unsigned i = 0; i < count; i++) {
		workers[i].validator.declared = NULL; /* the decoder's */
		wasm_validator_clear(&workers[i].validator);
	}
}

/* The caller's thread works, too. One that cannot be started only leaves more to the others. */
static void run_pool(struct pool *pool, struct worker *workers, unsigned count)
{
	pthread_t threads[THREADS_MAX];
	unsigned started = 1;
	for (unsigned i = 0; i < count; i++)
		worker_init(&workers[i], pool);
	while (started < count &&
	       pthread_create(&threads[started], NULL, work, &workers[started]) == 0)
		started++;
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	finish(pool->d, workers, count);
}

static bool check_bodies(struct decoder *d, uint32_t first)
{
	struct pool pool = {.d = d, .first = first};
	unsigned count = d->threads < THREADS_MAX ? d->threads : THREADS_MAX;
	pool.end = d->module->func_import_count + d->body_count;
	atomic_init(&pool.next, first);
	atomic_init(&pool.failed, WPKG_INDEX_NONE);
	struct worker *workers = wpkg_mem_calloc(count, sizeof(*workers));
	if (!workers)
		return wpkg_reader_fail(&d->in->r, d->in->r.at, WPKG_ENOMEM,
					"no memory for threads");
	run_pool(&pool, workers, count);
	wpkg_mem_free(workers);
	return d->in->r.status == WPKG_OK;
}

bool wasm_decode_bodies_on_threads(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	struct wpkg_err *err = r->err;
	struct wpkg_err size_err;
	uint32_t first = d->module->func_import_count + d->body_count;
	r->err = &size_err;
	while (d->body_count < d->module->func_count - d->module->func_import_count) {
		uint32_t size;
		if (!wasm_decode_body_size(d, &size))
			break;
		uint32_t start = wpkg_reader_offset(r);
		if (!wpkg_reader_skip(r, size))
			break;
		d->module->bodies[d->body_count++] = (struct wpkg_range){start, start + size};
	}
	struct wpkg_reader after = *r;
	r->err = err;
	r->status = WPKG_OK;
	if (!check_bodies(d, first) || after.status == WPKG_OK)
		return r->status == WPKG_OK;
	wpkg_reader_join(r, &after);
	if (err)
		*err = size_err;
	return false;
}
