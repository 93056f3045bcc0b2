/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_HTTP_H
#define WPKG_NET_HTTP_H

/*
 * An HTTP client with bounds on everything a server may do: where it redirects to (http and https
 * only, never from https to http, never with credentials to another host), how long it stays
 * silent, how much it sends. Several exchanges run at once on kept connections; one thread a
 * client.
 *
 * libcurl does the work and is seen in this folder only. It is loaded with the first exchange.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum wpkg_http_method {
	WPKG_HTTP_GET,
	WPKG_HTTP_HEAD,
	WPKG_HTTP_POST,
	WPKG_HTTP_PUT,
	WPKG_HTTP_DELETE
};

const char *wpkg_http_method_name(enum wpkg_http_method method);

#define WPKG_HTTP_REQUEST_ID_MAX 64

/*
 * One request and its answer. The caller owns it and all it points to until it is given back;
 * zeroed, then filled. What a run fills in is freed by wpkg_http_exchange_clear.
 */
struct wpkg_http_exchange {
	/* the request */
	enum wpkg_http_method method;
	const char *url;
	const char *accept;		 /* NULL: anything */
	const char *content_type;	 /* NULL: none */
	const char *authorization;	 /* the header's value; NULL: anonymous */
	const char *const *more_headers; /* name and value in turn, NULL ends; or NULL */
	bool from_fd; /* POST, PUT: the body is body_size bytes of body_fd, from its start */
	int body_fd;
	uint64_t body_size;
	struct wpkg_str body;	/* POST, PUT, when not from_fd */
	uint64_t stall_seconds; /* given up after so long without a byte; 0: the client's */
	uint64_t most_seconds;	/* given up after so long in all; 0: never */
	/* Only to addresses of the Internet (public_address.h), over a connection of its own and no
	 * proxy: what a name resolves to is looked at when it is connected to. WPKG_EDENIED. */
	bool only_public;
	const char *ca_file; /* instead of the client's; NULL: that */

	/* what becomes of the answer */
	uint64_t max_answer; /* bytes of a body; more is WPKG_ELIMIT */
	/* Takes the body of a 2xx answer; NULL: it is kept in text. A failure ends the exchange. */
	enum wpkg_status (*sink)(void *user, struct wpkg_str bytes, struct wpkg_err *err);
	/* Told of each piece of body that went either way; NULL: nobody. */
	void (*progress)(void *user, uint64_t bytes);
	void *user;

	/* the answer */
	enum wpkg_status result; /* WPKG_OK: an answer came, whatever its status */
	struct wpkg_err err;	 /* when result is not WPKG_OK */
	unsigned status;	 /* 200, 404, ... */
	struct wpkg_buf text;	 /* the body without a sink, or the start of a refusal's */
	struct wpkg_buf headers; /* the last answer's, line by line: see wpkg_http_header */
	char request_id[WPKG_HTTP_REQUEST_ID_MAX]; /* X-Request-Id; empty: none */
	double seconds;

	struct wpkg_http_transfer *transfer; /* the client's, while it runs */
};

void wpkg_http_exchange_clear(struct wpkg_http_exchange *exchange);

/*
 * The value of the answer's header of that name, without the spaces around it; of several, the one
 * with that index. ptr is NULL when there is none. Borrowed from the exchange.
 */
struct wpkg_str wpkg_http_header(const struct wpkg_http_exchange *exchange, const char *name,
				 size_t index);

struct wpkg_http_options {
	uint64_t connect_seconds; /* 0: 15 */
	uint64_t stall_seconds;	  /* 0: 60 */
	uint64_t redirects;	  /* at most; 0: 5 */
	const char *ca_file;	  /* certificates to trust instead of the system's; NULL */
	const char *traceparent;  /* the trace that all of it belongs to (traceparent.h); NULL */
	/* Everything is given up soon after it is true, WPKG_EBUSY; NULL: never. */
	const atomic_bool *stop;
	/* Told of each finished exchange; NULL: nobody. */
	void (*trace)(void *user, const struct wpkg_http_exchange *exchange);
	void *user;
};

struct wpkg_http;

/* Borrows the texts of the options. */
WPKG_MUST_CHECK enum wpkg_status wpkg_http_new(struct wpkg_http **out,
					       const struct wpkg_http_options *options,
					       struct wpkg_err *err);
void wpkg_http_free(struct wpkg_http *http);

/* Runs one exchange to its end; its result is returned and in it. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_http_run(struct wpkg_http *http, struct wpkg_http_exchange *exchange, struct wpkg_err *err);

/*
 * Many exchanges, at most parallel at once. next gives one when there is room for it, NULL when
 * there is none; done takes it back with its answer or its failure (exchange->result). Each that
 * next gave comes back exactly once. What is done may have made another one, so next is asked again
 * after each; the run ends when it has none and none is under way. After the first failure that
 * next or done returns no more are begun and those under way are given up; that failure is the
 * run's.
 */
struct wpkg_http_queue {
	unsigned parallel; /* 1 to 16 */
	enum wpkg_status (*next)(void *user, struct wpkg_http_exchange **out, struct wpkg_err *err);
	enum wpkg_status (*done)(void *user, struct wpkg_http_exchange *exchange,
				 struct wpkg_err *err);
	void *user;
};

WPKG_MUST_CHECK enum wpkg_status wpkg_http_run_queue(struct wpkg_http *http,
						     const struct wpkg_http_queue *queue,
						     struct wpkg_err *err);

#endif
