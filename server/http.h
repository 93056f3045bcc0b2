/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTTP_H
#define WPKG_SERVER_HTTP_H

/*
 * HTTP by libmicrohttpd, hardened: what it lets through is checked here before a handler sees it
 * (http_head.c), and who is slow loses the connection (http_slow.c).
 */

#include "base/err.h"
#include "server.h"

struct http;

/* Whom a socket is for. */
enum http_audience {
	HTTP_CLIENTS,
	/* A few routes (route.is_internal): plain HTTP, no login, no rate, one thread. */
	HTTP_OPERATORS,
};

/* Serves on a socket that listens; it is closed at the end. */
WPKG_MUST_CHECK enum wpkg_status http_start(struct http **out, struct server *server, int socket,
					    enum http_audience audience, struct wpkg_err *err);

/* A new certificate is in force with the next connection. A failure leaves what was there. */
WPKG_MUST_CHECK enum wpkg_status http_reload(struct http *http, const struct config *config,
					     struct wpkg_err *err);

/* Takes no more connections; those that are open go on. */
void http_quiesce(struct http *http);

/* Requests that were not answered yet. */
unsigned http_pending(const struct http *http);

/* Those among them that were given to somebody who has not ended them yet: the library must not be
 * stopped before. */
unsigned http_given(const struct http *http);

/* Ends everything there. No worker may have a request any more. NULL is fine. */
void http_stop(struct http *http);

#endif
