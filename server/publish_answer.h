/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_PUBLISH_ANSWER_H
#define WPKG_SERVER_PUBLISH_ANSWER_H

/*
 * The answer to the request that completed a version, whatever protocol it came by: the verdict,
 * once there is one; or before, where the client prefers that (preference.h), 202 and where to look
 * for it.
 */

#include "request.h"

struct publish_answer {
	int64_t id; /* the version's */
	/* In the protocol's words: it is published; it was refused; there is no verdict now. */
	void (*published)(struct request *request, const struct publish_answer *answer);
	void (*rejected)(struct request *request, struct wpkg_str reason);
	void (*failed)(struct request *request, const struct wpkg_err *err);
	/* Adds to the 202 what the protocol says of every push; NULL: nothing. */
	void (*checking)(struct request *request, const struct publish_answer *answer);
	const void *user;  /* the protocol's own */
	uint64_t deadline; /* set here: until when the client waits who would not for ever */
};

/* Asks admission on a worker, and answers. The answer is in the request's arena. Takes
 * request->state. */
void publish_answer(struct request *request, struct publish_answer *answer);

#endif
