/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_CAUSE_H
#define WPKG_BASE_CAUSE_H

/*
 * What a thread works for: the request that whatever it does now is owed to. It goes with the work
 * and not with each call, since who writes a log line or an event is far from who took the request;
 * whoever gives work to another thread takes the cause along (a copy) and sets it there.
 */

#define WPKG_CAUSE_REQUEST_MAX 64 /* bytes of a request's id */
#define WPKG_TRACEPARENT 56	  /* bytes of a traceparent with its NUL */

/* The zero value: nothing in particular. */
struct wpkg_cause {
	char request[WPKG_CAUSE_REQUEST_MAX + 1]; /* its id, as log and answer have it */
	/* The header (W3C Trace Context) for what is asked of others on behalf of it; empty: none.
	 */
	char traceparent[WPKG_TRACEPARENT];
};

/* Never NULL. */
const struct wpkg_cause *wpkg_cause_get(void);

/* Of this thread, from now on. Borrowed until the next call; NULL: nothing in particular. */
void wpkg_cause_set(const struct wpkg_cause *cause);

#endif
