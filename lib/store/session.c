/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session is an upload (upload.c) that rests between requests. In memory it keeps its hash and
 * its open file, so that going on costs nothing; on disk it has a row, which says up to which byte
 * its file, or the bytes in the row itself, may be trusted. Whatever memory holds beyond that may
 * be lost at any moment: then the file is cut at that byte and hashed again.
 *
 * The order of a pause: bytes into the file, the file synced, then the row and, by the commit's
 * settle, the file's name. Of a finish: as an upload, and the row goes in the same transaction.
 */
#include "store/session.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "store/repository_int.h"
#include "store/session_int.h"
#include "store/upload_int.h"

/* New sessions, and those that are read from disk */

static enum wpkg_status begin_upload(struct wpkg_session *session, struct wpkg_err *err)
{
	const struct wpkg_upload_options options = {.size = WPKG_SIZE_UNKNOWN,
						    .limit = session->limit};
	struct wpkg_upload *upload = NULL;
	enum wpkg_status status = upload_new(&upload, session->store, &options, err);
	if (status == WPKG_OK && session->algorithm != WPKG_SHA256)
		status = wpkg_hasher_new_for(&upload->second, session->algorithm, err);
	if (status != WPKG_OK) {
		if (upload)
			upload_free(upload);
		return status;
	}
	upload->keep = session->id;
	upload->context = session;
	session->upload = upload;
	return WPKG_OK;
}

static enum wpkg_status make_session(struct wpkg_session **out, struct wpkg_store *store,
				     struct wpkg_str name, struct wpkg_str pusher,
				     struct wpkg_err *err)
{
	struct wpkg_session *session = wpkg_mem_calloc(1, sizeof(*session));
	if (!session)
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	session->store = store;
	session->started = session->touched = wpkg_clock_now();
	session->name = wpkg_mem_dup_text(name.ptr, name.len);
	session->pusher = wpkg_mem_dup_text(pusher.ptr, pusher.len);
	if (!session->name || !session->pusher) {
		session_free(session);
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	}
	*out = session;
	return WPKG_OK;
}

struct name_check {
	struct wpkg_str name;
	struct wpkg_arena arena;
};

/* A blob for a name that cannot be is refused now and not after it came. */
static enum wpkg_status check_name(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	struct name_check *check = arguments;
	int64_t id = 0;
	(void)store;
	enum wpkg_status status = repository_find(&id, db, check->name, err);
	if (status == WPKG_OK && id == 0)
		status = record_check_name(db, check->name, &check->arena, err);
	return status;
}

/* A read for each upload into the same name would cost as much as the rest of its beginning. */
static enum wpkg_status check_name_once(struct wpkg_store *store, struct wpkg_str name,
					struct wpkg_err *err)
{
	struct name_check check = {.name = name};
	uint64_t hash = wpkg_hash(name);
	atomic_uint_fast64_t *row = &store->sessions->good_names[hash % SESSION_GOOD_NAMES];
	if (atomic_load_explicit(row, memory_order_relaxed) == hash)
		return WPKG_OK;
	wpkg_arena_init(&check.arena, 65536);
	enum wpkg_status status = store_read(store, check_name, &check, err);
	wpkg_arena_clear(&check.arena);
	if (status == WPKG_OK)
		atomic_store_explicit(row, hash, memory_order_relaxed);
	return status;
}

enum wpkg_status wpkg_session_new(char id[WPKG_SESSION_ID], struct wpkg_store *store,
				  const struct wpkg_session_options *options, struct wpkg_err *err)
{
	struct wpkg_session *session = NULL;
	uint8_t random[WPKG_SESSION_ID / 2];
	enum wpkg_status status = check_name_once(store, options->name, err);
	if (status == WPKG_OK)
		status = upload_check_space(store, 0, err);
	if (status == WPKG_OK)
		status = make_session(&session, store, options->name, options->pusher, err);
	if (status != WPKG_OK)
		return status;
	session->address = wpkg_mem_dup_text(options->address.ptr, options->address.len);
	if (!session->address) {
		session_free(session);
		return WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	}
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(session->id, random, sizeof(random));
	session->limit = options->limit;
	session->algorithm = options->algorithm;
	memcpy(id, session->id, sizeof(session->id));
	status = begin_upload(session, err);
	if (status == WPKG_OK) {
		pthread_mutex_lock(&store->sessions->lock);
		status = sessions_insert(store->sessions, session, err);
		pthread_mutex_unlock(&store->sessions->lock);
	}
	if (status != WPKG_OK) {
		session_forget_upload(session);
		session_free(session);
	}
	return status;
}

struct loading {
	struct wpkg_session *session;
	struct wpkg_arena arena;
	bool found;
	bool in_file;
	struct wpkg_str name;
	struct wpkg_str pusher;
	struct wpkg_str bytes;
};

static enum wpkg_status read_row(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct loading *loading = arguments;
	struct wpkg_session *session = loading->session;
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT name, pusher, size, size_limit, algorithm, started, touched, in_file, "
		     "bytes FROM sessions WHERE id = $1",
		     DB_VALUES(db_text(wpkg_str_from(session->id))));
	loading->found = db_rows_next(&rows);
	if (loading->found) {
		loading->name = store_keep_text(&loading->arena, &rows, 0);
		loading->pusher = store_keep_text(&loading->arena, &rows, 1);
		session->saved_size = (uint64_t)db_rows_integer(&rows, 2);
		session->limit = (uint64_t)db_rows_integer(&rows, 3);
		session->algorithm = (enum wpkg_digest_algorithm)db_rows_integer(&rows, 4);
		session->started = db_rows_integer(&rows, 5);
		session->touched = db_rows_integer(&rows, 6);
		loading->in_file = db_rows_integer(&rows, 7) != 0;
		loading->bytes = store_keep_text(&loading->arena, &rows, 8);
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status resume_upload(struct wpkg_session *session, const struct loading *loading,
				      struct wpkg_err *err)
{
	struct blob_engine *blobs = session->store->blobs;
	enum wpkg_status status = begin_upload(session, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_upload *upload = session->upload;
	if (!loading->in_file) {
		/* A crash left a file when it had just become too large for the row. */
		(void)blobs->ops->forget(blobs, session->id, NULL);
		return wpkg_upload_write(upload, loading->bytes, err);
	}
	status = blobs->ops->resume(&upload->stage, blobs, session->id, session->saved_size, err);
	if (status == WPKG_OK)
		status = blobs->ops->rehash(upload->stage, upload->hasher, err);
	if (status == WPKG_OK && upload->second)
		status = blobs->ops->rehash(upload->stage, upload->second, err);
	upload->uploaded.size = upload->space_checked = session->saved_size;
	return status;
}

/* The session is in the table already, taken by us. */
static enum wpkg_status load(struct wpkg_session *session, struct wpkg_err *err)
{
	struct loading loading = {.session = session};
	wpkg_arena_init(&loading.arena, (size_t)4 << 20);
	enum wpkg_status status = store_read(session->store, read_row, &loading, err);
	if (status == WPKG_OK && !loading.found)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no such upload");
	if (status == WPKG_OK) {
		wpkg_mem_free(session->name);
		wpkg_mem_free(session->pusher);
		session->name = wpkg_mem_dup_text(loading.name.ptr, loading.name.len);
		session->pusher = wpkg_mem_dup_text(loading.pusher.ptr, loading.pusher.len);
		session->saved = true;
		if (!session->name || !session->pusher)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "upload: no memory");
	}
	if (status == WPKG_OK)
		status = resume_upload(session, &loading, err);
	wpkg_arena_clear(&loading.arena);
	return status;
}

/* Taking */

bool session_id_parse(char out[WPKG_SESSION_ID], struct wpkg_str id)
{
	uint8_t bytes[WPKG_SESSION_ID / 2];
	if (!wpkg_hex_parse(bytes, sizeof(bytes), id))
		return false;
	wpkg_hex_format(out, bytes, sizeof(bytes));
	return true;
}

/* From the table, or a new entry to be read from disk. Either way it is ours then. */
static enum wpkg_status take_entry(struct wpkg_session **out, struct wpkg_store *store,
				   const char *id, struct wpkg_session *fresh, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	pthread_mutex_lock(&store->sessions->lock);
	struct wpkg_session *session = sessions_find(store->sessions, id);
	if (session && session->taken)
		status = WPKG_FAIL(err, WPKG_EBUSY, "another request writes to this upload");
	else if (!session)
		status = sessions_insert(store->sessions, fresh, err);
	if (status == WPKG_OK) {
		*out = session ? session : fresh;
		(*out)->taken = true;
	}
	pthread_mutex_unlock(&store->sessions->lock);
	return status;
}

enum wpkg_status wpkg_session_take(struct wpkg_session **out, uint64_t *offset,
				   struct wpkg_store *store, struct wpkg_str name,
				   struct wpkg_str id, struct wpkg_err *err)
{
	struct wpkg_session *fresh = NULL;
	struct wpkg_session *session = NULL;
	char text[WPKG_SESSION_ID];
	if (!session_id_parse(text, id))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no such upload");
	enum wpkg_status status = make_session(&fresh, store, name, (struct wpkg_str){0}, err);
	if (status != WPKG_OK)
		return status;
	memcpy(fresh->id, text, sizeof(text));
	status = take_entry(&session, store, text, fresh, err);
	if (session != fresh)
		session_free(fresh);
	if (status != WPKG_OK)
		return status;
	if (!session->upload)
		status = load(session, err);
	if (status != WPKG_OK) {
		session_discard(session);
		return status;
	}
	if (!wpkg_str_equal_text(name, session->name)) {
		session_give_back(session);
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no such upload");
	}
	*offset = wpkg_session_size(session);
	*out = session;
	return WPKG_OK;
}

enum wpkg_status wpkg_session_offset(uint64_t *out, struct wpkg_store *store, struct wpkg_str name,
				     struct wpkg_str id, struct wpkg_err *err)
{
	struct wpkg_session *session = NULL;
	uint64_t offset = 0;
	enum wpkg_status status = wpkg_session_take(&session, &offset, store, name, id, err);
	if (status != WPKG_OK)
		return status;
	session_give_back(session);
	*out = offset;
	return WPKG_OK;
}

/* Writing, pausing, finishing */

enum wpkg_status wpkg_session_write(struct wpkg_session *session, struct wpkg_str bytes,
				    struct wpkg_err *err)
{
	return wpkg_upload_write(session->upload, bytes, err);
}

uint64_t wpkg_session_size(const struct wpkg_session *session)
{
	return session->upload->uploaded.size;
}

static struct wpkg_session *of_job(struct job *job)
{
	return (struct wpkg_session *)((char *)job - offsetof(struct wpkg_session, job));
}

static enum wpkg_status prepare_pause(struct job *job, struct wpkg_err *err)
{
	struct wpkg_upload *upload = of_job(job)->upload;
	enum wpkg_status status = WPKG_OK;
	if (upload->buffer.len > 0)
		status = upload_flush(upload, err);
	if (status == WPKG_OK)
		status = upload->store->blobs->ops->sync(upload->stage, err);
	return status;
}

static enum wpkg_status run_pause(struct job *job, struct db *db, struct wpkg_err *err)
{
	const struct wpkg_session *session = of_job(job);
	const struct wpkg_upload *upload = session->upload;
	bool in_file = upload->stage != NULL;
	struct wpkg_str bytes = {0};
	if (!in_file)
		bytes = wpkg_buf_str(&upload->buffer);
	enum wpkg_status status = db_run(
		NULL, db,
		"INSERT INTO sessions (id, name, pusher, size, size_limit, algorithm, started, "
		"touched, in_file, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT (id) DO UPDATE SET size = excluded.size, touched = excluded.touched, "
		"in_file = excluded.in_file, bytes = excluded.bytes",
		DB_VALUES(db_text(wpkg_str_from(session->id)),
			  db_text(wpkg_str_from(session->name)),
			  db_text(wpkg_str_from(session->pusher)), db_size(upload->uploaded.size),
			  db_size(session->limit), db_integer(session->algorithm),
			  db_integer(session->started), db_integer(wpkg_clock_now()),
			  db_integer(in_file), db_bytes(bytes)),
		err);
	if (status == WPKG_OK && in_file)
		status = upload->store->blobs->ops->keep(upload->stage, err);
	return status;
}

static void done_pause(struct job *job, enum wpkg_status status, const struct wpkg_err *err)
{
	struct wpkg_session *session = of_job(job);
	struct sessions *sessions = session->store->sessions;
	struct wpkg_session_done answer = session->paused;
	uint64_t size = wpkg_session_size(session);
	if (status == WPKG_OK) {
		session->saved = true;
		session->saved_size = size;
		session_give_back(session);
	} else {
		/* The row says what is left of it; without one there is nothing. */
		session_discard(session);
	}
	sessions_land(sessions);
	answer.call(answer.user, status, status == WPKG_OK ? size : 0, err);
}

void wpkg_session_pause(struct wpkg_session *session, struct wpkg_session_done done)
{
	session->paused = done;
	sessions_launch(session->store->sessions);
	session->job = (struct job){
		.prepare = session->upload->stage ? prepare_pause : NULL,
		.run = run_pause,
		.done = done_pause,
	};
	committer_submit(session->store->committer, &session->job);
}

void wpkg_session_drop(struct wpkg_session *session)
{
	if (session->saved) {
		session_discard(session);
		return;
	}
	session_forget_upload(session);
	if (begin_upload(session, NULL) == WPKG_OK)
		session_give_back(session);
	else
		session_discard(session);
}

/* In the transaction that stores the blob. */
static enum wpkg_status place(struct wpkg_upload *upload, struct db *db, int64_t blob_id,
			      struct wpkg_err *err)
{
	const struct wpkg_session *session = upload->context;
	int64_t name_id = 0;
	const struct wpkg_act act = {.actor = wpkg_str_from(session->pusher),
				     .address = wpkg_str_from(session->address)};
	enum wpkg_status status =
		repository_enter(&name_id, db, wpkg_str_from(session->name), &act, err);
	if (status == WPKG_OK)
		status = repository_link(db, name_id, blob_id, act.actor, err);
	const struct quota_change change = {.name_id = name_id,
					    .user = act.actor,
					    .name = wpkg_str_from(session->name),
					    .bytes = wpkg_session_size(session)};
	if (status == WPKG_OK)
		status = quota_judge(session->store, db, &change, err);
	if (status == WPKG_OK && session->saved)
		status = db_run(NULL, db, "DELETE FROM sessions WHERE id = $1",
				DB_VALUES(db_text(wpkg_str_from(session->id))), err);
	return status;
}

static enum wpkg_status run_removal(struct job *job, struct db *db, struct wpkg_err *err)
{
	return db_run(NULL, db, "DELETE FROM sessions WHERE id = $1",
		      DB_VALUES(db_text(wpkg_str_from(of_job(job)->id))), err);
}

/* A row that stayed is one more idle session, for gc. */
static void done_removal(struct job *job, enum wpkg_status status, const struct wpkg_err *err)
{
	struct wpkg_session *session = of_job(job);
	struct sessions *sessions = session->store->sessions;
	struct wpkg_upload_done answer = session->finished;
	struct wpkg_err failure = session->failure;
	(void)status;
	(void)err;
	session_discard(session);
	sessions_land(sessions);
	answer.call(answer.user, failure.status, NULL, &failure);
}

/* The upload frees itself after this, and with it the file if it is still one of ours. Where there
 * is no blob, a row still speaks of the session: it goes before anybody is told that it ended. */
static void answer_finish(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
			  const struct wpkg_err *err)
{
	struct wpkg_session *session = user;
	struct sessions *sessions = session->store->sessions;
	struct wpkg_upload_done answer = session->finished;
	session->upload = NULL;
	if (status != WPKG_OK && session->saved) {
		session->failure = *err;
		session->job = (struct job){.run = run_removal, .done = done_removal};
		committer_submit(session->store->committer, &session->job);
		return;
	}
	session_discard(session);
	sessions_land(sessions);
	answer.call(answer.user, status, result, err);
}

void wpkg_session_finish(struct wpkg_session *session, const struct wpkg_content_digest *digest,
			 struct wpkg_upload_done done)
{
	struct wpkg_upload *upload = session->upload;
	session->finished = done;
	sessions_launch(session->store->sessions);
	upload->has_digest = true;
	upload->wanted = *digest;
	/* A second hash of another algorithm than is asked for is of no use. */
	if (upload->second && digest->algorithm == WPKG_SHA256) {
		wpkg_hasher_free(upload->second);
		upload->second = NULL;
	}
	upload->placed = place;
	wpkg_upload_finish(upload,
			   (struct wpkg_upload_done){.call = answer_finish, .user = session});
}

static enum wpkg_status delete_row(struct wpkg_store *store, struct db *db, void *arguments,
				   struct wpkg_err *err)
{
	(void)store;
	return db_run(NULL, db, "DELETE FROM sessions WHERE id = $1",
		      DB_VALUES(db_text(wpkg_str_from(arguments))), err);
}

enum wpkg_status wpkg_session_cancel(struct wpkg_store *store, struct wpkg_str name,
				     struct wpkg_str id, struct wpkg_err *err)
{
	struct wpkg_session *session = NULL;
	uint64_t offset = 0;
	enum wpkg_status status = wpkg_session_take(&session, &offset, store, name, id, err);
	if (status != WPKG_OK)
		return status;
	if (session->saved)
		status = store_write(store, delete_row, session->id, err);
	if (status == WPKG_OK)
		session->saved = false; /* so that its file goes with it */
	session_discard(session);
	return status;
}
