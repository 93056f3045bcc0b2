/* SPDX-License-Identifier: Apache-2.0 */
/* What memory has of uploads that rest: a bounded table, from which idle ones go. */
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "store/session_int.h"
#include "store/store_int.h"

#define MOST 4096	 /* sessions in memory */
#define COMFORTABLE 1024 /* above this, idle ones are left to the disk */
#define IDLE_SECONDS 60

static struct wpkg_session **bucket_of(struct sessions *sessions, const char *id)
{
	uint8_t bytes[2] = {0};
	wpkg_hex_parse(bytes, sizeof(bytes), wpkg_str_of(id, 4));
	return &sessions->buckets[(bytes[0] * 256U + bytes[1]) % SESSION_BUCKETS];
}

struct wpkg_session *sessions_find(struct sessions *sessions, const char *id)
{
	struct wpkg_session *session = *bucket_of(sessions, id);
	while (session && strcmp(session->id, id) != 0)
		session = session->next;
	return session;
}

static void unlink_session(struct sessions *sessions, struct wpkg_session *session)
{
	struct wpkg_session **at = bucket_of(sessions, session->id);
	while (*at && *at != session)
		at = &(*at)->next;
	if (*at) {
		*at = session->next;
		sessions->count--;
	}
}

void session_free(struct wpkg_session *session)
{
	wpkg_mem_free(session->name);
	wpkg_mem_free(session->pusher);
	wpkg_mem_free(session->address);
	wpkg_mem_free(session);
}

void session_forget_upload(struct wpkg_session *session)
{
	struct wpkg_upload *upload = session->upload;
	session->upload = NULL;
	if (!upload)
		return;
	if (session->saved && upload->stage) {
		upload->store->blobs->ops->leave(upload->stage);
		upload->stage = NULL;
	}
	upload_free(upload);
}

void session_discard(struct wpkg_session *session)
{
	struct sessions *sessions = session->store->sessions;
	pthread_mutex_lock(&sessions->lock);
	unlink_session(sessions, session);
	pthread_mutex_unlock(&sessions->lock);
	session_forget_upload(session);
	session_free(session);
}

void sessions_launch(struct sessions *sessions)
{
	pthread_mutex_lock(&sessions->lock);
	sessions->in_flight++;
	pthread_mutex_unlock(&sessions->lock);
}

void sessions_land(struct sessions *sessions)
{
	pthread_mutex_lock(&sessions->lock);
	if (--sessions->in_flight == 0)
		pthread_cond_broadcast(&sessions->landed);
	pthread_mutex_unlock(&sessions->lock);
}

void session_give_back(struct wpkg_session *session)
{
	struct sessions *sessions = session->store->sessions;
	pthread_mutex_lock(&sessions->lock);
	session->touched = wpkg_clock_now();
	session->taken = false;
	pthread_mutex_unlock(&sessions->lock);
}

/*
 * Drops what nobody has and nobody has touched since then. Saved: the disk has all of it. Not
 * saved: nothing of it was acknowledged. Under the lock.
 */
static uint64_t drop_idle(struct sessions *sessions, int64_t before, bool saved)
{
	uint64_t count = 0;
	for (size_t i = 0; i < SESSION_BUCKETS; i++) {
		struct wpkg_session **at = &sessions->buckets[i];
		while (*at) {
			struct wpkg_session *session = *at;
			if (session->taken || session->saved != saved ||
			    session->touched >= before) {
				at = &session->next;
				continue;
			}
			*at = session->next;
			sessions->count--;
			session_forget_upload(session);
			session_free(session);
			count++;
		}
	}
	return count;
}

enum wpkg_status sessions_insert(struct sessions *sessions, struct wpkg_session *session,
				 struct wpkg_err *err)
{
	if (sessions->count >= COMFORTABLE)
		(void)drop_idle(sessions, wpkg_clock_now() - IDLE_SECONDS, true);
	/* Whoever opens sessions and leaves them shall not keep others from theirs. */
	if (sessions->count >= COMFORTABLE)
		(void)drop_idle(sessions, wpkg_clock_now() - IDLE_SECONDS, false);
	if (sessions->count >= MOST)
		return WPKG_FAIL(err, WPKG_EBUSY, "too many uploads are under way");
	struct wpkg_session **bucket = bucket_of(sessions, session->id);
	session->next = *bucket;
	*bucket = session;
	sessions->count++;
	return WPKG_OK;
}

uint64_t sessions_drop_idle(struct sessions *sessions, int64_t before)
{
	pthread_mutex_lock(&sessions->lock);
	drop_idle(sessions, before, true);
	uint64_t count = drop_idle(sessions, before, false);
	pthread_mutex_unlock(&sessions->lock);
	return count;
}

enum wpkg_status sessions_new(struct sessions **out, struct wpkg_err *err)
{
	struct sessions *sessions = wpkg_mem_calloc(1, sizeof(*sessions));
	if (!sessions)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	pthread_mutex_init(&sessions->lock, NULL);
	pthread_cond_init(&sessions->landed, NULL);
	*out = sessions;
	return WPKG_OK;
}

/* A pause that somebody waits for. */
struct pause_wait {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool is_answered;
};

static void answer_pause(void *user, enum wpkg_status status, uint64_t offset,
			 const struct wpkg_err *err)
{
	struct pause_wait *wait = user;
	(void)status;
	(void)offset;
	(void)err;
	pthread_mutex_lock(&wait->lock);
	wait->is_answered = true;
	pthread_cond_signal(&wait->answered);
	pthread_mutex_unlock(&wait->lock);
}

static void pause_and_wait(struct wpkg_session *session)
{
	struct pause_wait wait = {.lock = PTHREAD_MUTEX_INITIALIZER,
				  .answered = PTHREAD_COND_INITIALIZER};
	session->taken = true;
	wpkg_session_pause(session,
			   (struct wpkg_session_done){.call = answer_pause, .user = &wait});
	pthread_mutex_lock(&wait.lock);
	while (!wait.is_answered)
		pthread_cond_wait(&wait.answered, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
	pthread_cond_destroy(&wait.answered);
	pthread_mutex_destroy(&wait.lock);
}

/* One that a request still had is as it was at its last pause. */
static struct wpkg_session *first_unsaved(struct sessions *sessions)
{
	for (size_t i = 0; i < SESSION_BUCKETS; i++)
		for (struct wpkg_session *s = sessions->buckets[i]; s; s = s->next)
			if (!s->taken && !s->saved)
				return s;
	return NULL;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	pthread_mutex_lock(&sessions->lock);
	while (sessions->in_flight > 0)
		pthread_cond_wait(&sessions->landed, &sessions->lock);
	pthread_mutex_unlock(&sessions->lock);
	/* A pause that fails takes its session out of the table: the loop ends. */
	for (struct wpkg_session *s = first_unsaved(sessions); s; s = first_unsaved(sessions))
		pause_and_wait(s);
	for (size_t i = 0; i < SESSION_BUCKETS; i++) {
		struct wpkg_session *session = sessions->buckets[i];
		while (session) {
			struct wpkg_session *next = session->next;
			session_forget_upload(session);
			session_free(session);
			session = next;
		}
	}
	pthread_cond_destroy(&sessions->landed);
	pthread_mutex_destroy(&sessions->lock);
	wpkg_mem_free(sessions);
}
