/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_STORE_SESSION_H
#define WPKG_TESTS_STORE_SESSION_H

/* Uploads in parts, whose answers come from another thread, as calls that wait for them. */

#include "../unit.h"

#include <pthread.h>

#include "crypto/content_digest.h"
#include "store/session.h"

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t given;
	bool is_given;
	enum wpkg_status status;
	uint64_t offset;
	struct wpkg_digest digest;
};

static inline void give(struct answer *answer, enum wpkg_status status, uint64_t offset)
{
	pthread_mutex_lock(&answer->lock);
	answer->is_given = true;
	answer->status = status;
	answer->offset = offset;
	pthread_cond_signal(&answer->given);
	pthread_mutex_unlock(&answer->lock);
}

static inline void give_pause(void *user, enum wpkg_status status, uint64_t offset,
			      const struct wpkg_err *err)
{
	ck_assert(status == WPKG_OK || err);
	give(user, status, offset);
}

static inline void give_upload(void *user, enum wpkg_status status,
			       const struct wpkg_uploaded *result, const struct wpkg_err *err)
{
	ck_assert(status == WPKG_OK || err);
	if (result)
		((struct answer *)user)->digest = result->digest;
	give(user, status, 0);
}

static inline void begin_answer(struct answer *answer)
{
	*answer = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER,
				  .given = PTHREAD_COND_INITIALIZER};
}

static inline enum wpkg_status wait_answer(struct answer *answer)
{
	pthread_mutex_lock(&answer->lock);
	while (!answer->is_given)
		pthread_cond_wait(&answer->given, &answer->lock);
	pthread_mutex_unlock(&answer->lock);
	return answer->status;
}

/* Either ends what the caller has of the session. *offset: the bytes that are durable. */
static inline enum wpkg_status pause_session(struct wpkg_session *session, uint64_t *offset)
{
	struct answer answer;
	begin_answer(&answer);
	wpkg_session_pause(session,
			   (struct wpkg_session_done){.call = give_pause, .user = &answer});
	enum wpkg_status status = wait_answer(&answer);
	*offset = answer.offset;
	return status;
}

static inline enum wpkg_status finish_session(struct wpkg_session *session,
					      const struct wpkg_content_digest *digest)
{
	struct answer answer;
	begin_answer(&answer);
	wpkg_session_finish(session, digest,
			    (struct wpkg_upload_done){.call = give_upload, .user = &answer});
	return wait_answer(&answer);
}

#endif
