/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads. The bytes of an upload gather in a buffer of row_max; when it overflows, they go to a
 * stage from then on, through the same buffer, so that the disk sees large writes only.
 *
 * Who relies on what:
 *   - the answer is given after the commit, and the commit comes after the bytes are durable;
 *   - a stage is published inside the transaction that writes the row. When that does not commit,
 *     the file is without a row: nothing to anybody, and removed as soon as that is certain.
 */
#include <pthread.h>

#include "base/mem.h"
#include "store/blob_index.h"
#include "store/upload_int.h"

#define SPACE_STEP ((uint64_t)16 << 20) /* bytes between two looks at the disk's room */
#define COMPLETED_MAX ((size_t)64 << 20)

void upload_free(struct wpkg_upload *upload)
{
	if (upload->stage)
		upload->store->blobs->ops->drop(upload->stage);
	wpkg_hasher_free(upload->hasher);
	wpkg_hasher_free(upload->second);
	wpkg_buf_clear(&upload->buffer);
	wpkg_arena_clear(&upload->arena);
	wpkg_mem_free(upload);
}

void wpkg_upload_abort(struct wpkg_upload *upload)
{
	if (upload)
		upload_free(upload);
}

/* Is there room for so many more bytes beside what is to stay free? */
enum wpkg_status upload_check_space(struct wpkg_store *store, uint64_t bytes, struct wpkg_err *err)
{
	uint64_t space = 0;
	enum wpkg_status status = wpkg_store_space(&space, store, err);
	if (status != WPKG_OK)
		return status;
	if (bytes > space || space - bytes < store->options.keep_free)
		return WPKG_FAIL(err, WPKG_EFULL, "the disk has no room for it");
	return WPKG_OK;
}

static enum wpkg_status check_begin(struct wpkg_store *store,
				    const struct wpkg_upload_options *options, struct wpkg_err *err)
{
	uint64_t size = options->size == WPKG_SIZE_UNKNOWN ? 0 : options->size;
	if (options->limit > 0 && size > options->limit)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%llu bytes, more than %llu",
				 (unsigned long long)size, (unsigned long long)options->limit);
	return upload_check_space(store, size, err);
}

enum wpkg_status upload_new(struct wpkg_upload **out, struct wpkg_store *store,
			    const struct wpkg_upload_options *options, struct wpkg_err *err)
{
	struct wpkg_upload *upload = wpkg_mem_calloc(1, sizeof(*upload));
	if (!upload)
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	upload->store = store;
	upload->size_wanted = options->size;
	upload->limit = options->limit;
	upload->record = options->record;
	if (options->digest) {
		upload->has_digest = true;
		upload->wanted = wpkg_content_digest_of_sha256(options->digest);
	}
	wpkg_buf_init(&upload->buffer, store->options.row_max);
	wpkg_arena_init(&upload->arena, COMPLETED_MAX);
	enum wpkg_status status = wpkg_hasher_new(&upload->hasher, err);
	if (status != WPKG_OK) {
		upload_free(upload);
		return status;
	}
	*out = upload;
	return WPKG_OK;
}

enum wpkg_status wpkg_upload_begin(struct wpkg_upload **out, struct wpkg_store *store,
				   const struct wpkg_upload_options *options, struct wpkg_err *err)
{
	enum wpkg_status status = check_begin(store, options, err);
	return status == WPKG_OK ? upload_new(out, store, options, err) : status;
}

enum wpkg_status upload_flush(struct wpkg_upload *upload, struct wpkg_err *err)
{
	struct blob_engine *blobs = upload->store->blobs;
	enum wpkg_status status = WPKG_OK;
	if (!upload->stage)
		status = blobs->ops->stage(&upload->stage, blobs, upload->keep, err);
	if (status == WPKG_OK)
		status = blobs->ops->append(upload->stage, wpkg_buf_str(&upload->buffer), err);
	wpkg_buf_reset(&upload->buffer);
	return status;
}

static enum wpkg_status check_write(struct wpkg_upload *upload, uint64_t size, struct wpkg_err *err)
{
	if (upload->limit > 0 && size > upload->limit)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %llu bytes",
				 (unsigned long long)upload->limit);
	if (upload->size_wanted != WPKG_SIZE_UNKNOWN && size > upload->size_wanted)
		return WPKG_FAIL(err, WPKG_EINVAL, "more than the %llu bytes that were announced",
				 (unsigned long long)upload->size_wanted);
	if (size - upload->space_checked < SPACE_STEP)
		return WPKG_OK;
	upload->space_checked = size;
	return upload_check_space(upload->store, 0, err);
}

enum wpkg_status wpkg_upload_write(struct wpkg_upload *upload, struct wpkg_str bytes,
				   struct wpkg_err *err)
{
	enum wpkg_status status = check_write(upload, upload->uploaded.size + bytes.len, err);
	if (status != WPKG_OK)
		return status;
	wpkg_hasher_update(upload->hasher, bytes);
	if (upload->second)
		wpkg_hasher_update(upload->second, bytes);
	upload->uploaded.size += bytes.len;
	while (status == WPKG_OK && bytes.len > 0) {
		size_t room = upload->buffer.max - upload->buffer.len;
		if (room == 0)
			status = upload_flush(upload, err);
		struct wpkg_str part = wpkg_str_slice(bytes, 0, room);
		wpkg_buf_append_str(&upload->buffer, part);
		bytes = wpkg_str_from_offset(bytes, part.len);
		if (status == WPKG_OK)
			status = wpkg_buf_check(&upload->buffer, "upload", err);
	}
	return status;
}

/* Finishing */

static enum wpkg_status check_digest(const struct wpkg_upload *upload,
				     const struct wpkg_content_digest *is, struct wpkg_err *err)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	char wanted[WPKG_CONTENT_DIGEST_TEXT];
	if (wpkg_content_digest_equal(is, &upload->wanted))
		return WPKG_OK;
	wpkg_content_digest_format(text, is);
	wpkg_content_digest_format(wanted, &upload->wanted);
	return WPKG_FAIL(err, WPKG_EINVAL, "the bytes have %s, not %s", text, wanted);
}

static enum wpkg_status check_whole(struct wpkg_upload *upload, struct wpkg_err *err)
{
	struct wpkg_uploaded *uploaded = &upload->uploaded;
	if (upload->size_wanted != WPKG_SIZE_UNKNOWN && uploaded->size != upload->size_wanted)
		return WPKG_FAIL(err, WPKG_EINVAL, "%llu bytes, not the %llu that were announced",
				 (unsigned long long)uploaded->size,
				 (unsigned long long)upload->size_wanted);
	enum wpkg_status status = wpkg_hasher_finish(&uploaded->digest, upload->hasher, err);
	if (status == WPKG_OK && upload->has_digest && upload->wanted.algorithm == WPKG_SHA256) {
		struct wpkg_content_digest is = wpkg_content_digest_of_sha256(&uploaded->digest);
		status = check_digest(upload, &is, err);
	}
	if (status == WPKG_OK && upload->stage && upload->buffer.len > 0)
		status = upload_flush(upload, err);
	return status;
}

/* Nobody said in time that SHA-512 would be asked for: the bytes are read once more. */
static enum wpkg_status check_second(struct wpkg_upload *upload, struct wpkg_err *err)
{
	struct wpkg_content_digest is;
	enum wpkg_status status = WPKG_OK;
	if (!upload->second) {
		status = wpkg_hasher_new_for(&upload->second, upload->wanted.algorithm, err);
		if (status == WPKG_OK && upload->stage)
			status = upload->store->blobs->ops->rehash(upload->stage, upload->second,
								   err);
		else if (status == WPKG_OK)
			wpkg_hasher_update(upload->second, wpkg_buf_str(&upload->buffer));
	}
	if (status == WPKG_OK)
		status = wpkg_hasher_finish_content(&is, upload->second, err);
	return status == WPKG_OK ? check_digest(upload, &is, err) : status;
}

static enum wpkg_status prepare(struct job *job, struct wpkg_err *err)
{
	struct wpkg_upload *upload = (struct wpkg_upload *)job;
	enum wpkg_status status = WPKG_OK;
	if (upload->has_digest && upload->wanted.algorithm != WPKG_SHA256)
		status = check_second(upload, err);
	if (status == WPKG_OK && upload->stage)
		status = upload->store->blobs->ops->sync(upload->stage, err);
	return status;
}

static enum wpkg_status run(struct job *job, struct db *db, struct wpkg_err *err)
{
	struct wpkg_upload *upload = (struct wpkg_upload *)job;
	struct wpkg_uploaded *uploaded = &upload->uploaded;
	const struct blob_entry entry = {&uploaded->digest, uploaded->size,
					 upload->stage ? BLOB_FILE : BLOB_ROW};
	struct blob_row before;
	int64_t id = 0;
	enum wpkg_status status = blob_index_enter(&before, &id, db, &entry, err);
	if (status != WPKG_OK)
		return status;
	uploaded->existed = blob_is_present(&before);
	if (!uploaded->existed && entry.place == BLOB_ROW)
		status = blob_index_add_bytes(db, id, wpkg_buf_str(&upload->buffer), err);
	/* Who waits for a blob has made its row. */
	if (status == WPKG_OK && before.id != 0)
		status = record_complete_by_blob(uploaded, &upload->arena, db, id, upload->record,
						 err);
	if (status == WPKG_OK && upload->has_digest)
		status = blob_index_add_alias(db, id, &upload->wanted, err);
	if (status == WPKG_OK && upload->placed)
		status = upload->placed(upload, db, id, err);
	/* Last: whatever fails before leaves no file. */
	if (status == WPKG_OK && !uploaded->existed && upload->stage) {
		status = upload->store->blobs->ops->publish(upload->stage, &uploaded->digest, err);
		upload->published = status == WPKG_OK;
	}
	return status;
}

/* The file that a transaction published which then did not commit. */
struct stray_job {
	struct job job;
	struct wpkg_store *store;
	struct wpkg_digest digest;
};

static enum wpkg_status remove_stray(struct job *job, struct db *db, struct wpkg_err *err)
{
	struct stray_job *self = (struct stray_job *)job;
	bool removed;
	return blob_index_remove_stray(&removed, db, self->store->blobs, &self->digest, err);
}

static void free_stray(struct job *job, enum wpkg_status status, const struct wpkg_err *err)
{
	/* When it could not be removed, gc finds it. */
	(void)status;
	(void)err;
	wpkg_mem_free(job);
}

/*
 * Not after a failed sync: the commit may have reached the disk all the same, and then the next
 * start finds a row that needs the file.
 */
static void take_back(const struct wpkg_upload *upload, enum wpkg_status status)
{
	if (status == WPKG_EIO)
		return;
	struct stray_job *stray = wpkg_mem_calloc(1, sizeof(*stray));
	if (!stray)
		return;
	stray->job.run = remove_stray;
	stray->job.done = free_stray;
	stray->store = upload->store;
	stray->digest = upload->uploaded.digest;
	committer_submit(upload->store->committer, &stray->job);
}

static void done(struct job *job, enum wpkg_status status, const struct wpkg_err *err)
{
	struct wpkg_upload *upload = (struct wpkg_upload *)job;
	struct wpkg_upload_done answer = upload->done;
	if (status != WPKG_OK && upload->published)
		take_back(upload, status);
	answer.call(answer.user, status, status == WPKG_OK ? &upload->uploaded : NULL, err);
	upload_free(upload);
}

void wpkg_upload_finish(struct wpkg_upload *upload, struct wpkg_upload_done answer)
{
	upload->done = answer;
	bool other = upload->has_digest && upload->wanted.algorithm != WPKG_SHA256;
	upload->job.prepare = upload->stage || other ? prepare : NULL;
	upload->job.run = run;
	upload->job.done = done;
	upload->job.err.status = check_whole(upload, &upload->job.err);
	committer_submit(upload->store->committer, &upload->job);
}

/* A whole blob, and the wait for it */

struct put {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool is_answered;
	enum wpkg_status status;
	struct wpkg_uploaded uploaded;
	struct wpkg_err err;
};

static void answer_put(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
		       const struct wpkg_err *err)
{
	struct put *put = user;
	pthread_mutex_lock(&put->lock);
	put->status = status;
	if (status == WPKG_OK)
		put->uploaded = (struct wpkg_uploaded){
			.digest = result->digest, .size = result->size, .existed = result->existed};
	else
		put->err = *err;
	put->is_answered = true;
	pthread_cond_signal(&put->answered);
	pthread_mutex_unlock(&put->lock);
}

enum wpkg_status upload_finish_wait(struct wpkg_uploaded *out, struct wpkg_upload *upload,
				    struct wpkg_err *err)
{
	struct put put = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
	wpkg_upload_finish(upload, (struct wpkg_upload_done){.call = answer_put, .user = &put});
	pthread_mutex_lock(&put.lock);
	while (!put.is_answered)
		pthread_cond_wait(&put.answered, &put.lock);
	pthread_mutex_unlock(&put.lock);
	pthread_cond_destroy(&put.answered);
	pthread_mutex_destroy(&put.lock);
	if (put.status != WPKG_OK && err)
		*err = put.err;
	if (put.status == WPKG_OK && out)
		*out = put.uploaded;
	return put.status;
}

enum wpkg_status wpkg_blob_put(struct wpkg_uploaded *out, struct wpkg_store *store,
			       const struct wpkg_digest *digest, struct wpkg_str bytes,
			       struct wpkg_err *err)
{
	struct wpkg_upload_options options = {.digest = digest, .size = bytes.len};
	struct wpkg_upload *upload = NULL;
	enum wpkg_status status = wpkg_upload_begin(&upload, store, &options, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_upload_write(upload, bytes, err);
	if (status != WPKG_OK) {
		wpkg_upload_abort(upload);
		return status;
	}
	return upload_finish_wait(out, upload, err);
}
