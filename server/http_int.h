/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTTP_INT_H
#define WPKG_SERVER_HTTP_INT_H

/* What the files of HTTP share. The only ones that see libmicrohttpd. */

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http.h"
#include "http_tls.h"

/* http_slow.c: who is slow. */

/* What a connection is busy with. */
enum phase {
	PHASE_HEAD,   /* a head is awaited or comes */
	PHASE_BODY,   /* a body comes */
	PHASE_BUSY,   /* it is our turn */
	PHASE_ANSWER, /* an answer goes */
};

struct connection {
	struct connection *next, *previous; /* of the list of all */
	int fd;
	atomic_int phase;
	atomic_uint_fast64_t since;    /* when the phase began, monotonic nanoseconds */
	atomic_uint_fast64_t received; /* bytes of the body that comes */
	atomic_bool is_used;	       /* it had a request before */
	/* The watcher's: what the client had acknowledged when it first saw an answer go. */
	uint64_t answer_since, acknowledged;
	bool is_cut; /* by the watcher */
};

/* All connections, and the thread that ends slow ones. */
struct slow {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	pthread_t thread;
	bool is_ending, is_running;
	struct connection *first;
	const struct limits *limits;
	struct metrics *metrics;
	uint64_t idle_timeout; /* seconds */
};

enum wpkg_status slow_start(struct slow *slow, struct server *server, struct wpkg_err *err);
void slow_stop(struct slow *slow);
struct connection *slow_add(struct slow *slow, int fd);
void slow_remove(struct slow *slow, struct connection *connection);
/* connection may be NULL: memory was out when it began. */
void slow_enter(struct connection *connection, enum phase phase);

/* http_rates.c: so many a minute of each key, roughly: some share a row now and then. NULL has
 * no limit. */

struct rates;
/* limit: so many a minute; 0: any number. */
enum wpkg_status rates_new(struct rates **out, const atomic_uint_fast64_t *limit,
			   struct wpkg_err *err);
void rates_free(struct rates *rates);
/* 0, or seconds until there is one more. */
unsigned rates_take(struct rates *rates, struct wpkg_str key);

/* http_exchange.c: a request's way. */

enum stage {
	STAGE_HEAD,	   /* nothing was done yet */
	STAGE_IDENTIFYING, /* a worker finds out who it is */
	STAGE_BODY,	   /* the body comes */
	STAGE_HANDLING,	   /* workers run the handler's steps */
	STAGE_ANSWER,	   /* the answer was given to the library */
};

struct exchange {
	struct request request; /* first: one address */
	struct http *http;
	struct MHD_Connection *mhd;
	struct connection *connection;
	struct task task;
	void (*step)(struct request *request); /* that the task runs */
	enum stage stage;
	bool is_chunked;
	bool expects_continue; /* it holds its body back until it is told */
	bool is_upload;	       /* its body comes into the store: it is counted */
	uint64_t drained;      /* bytes of a body that nobody wants */
};

struct http {
	struct server *server;
	enum http_audience audience;
	struct MHD_Daemon *daemon;
	struct slow slow;
	/* Of networks, of users, and of users' pushes. NULL: no limit. */
	struct rates *rates, *user_rates, *push_rates;
	struct certificates *certificates; /* NULL: plain HTTP */
	atomic_uint pending;
	atomic_uint given; /* requests that somebody else will end */
};

/* Callbacks of the library. user: struct http. */
void *exchange_begin(void *user, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_take(void *user, struct MHD_Connection *mhd, const char *url,
			      const char *method, const char *version, const char *bytes,
			      size_t *size, void **context);
void exchange_end(void *user, struct MHD_Connection *mhd, void **context,
		  enum MHD_RequestTerminationCode code);

/* Why the library answered with that status, a word of metrics_reasons. */
const char *refusal_of_library(unsigned status);

/* http_answer.c: gives what the handler left to the library. */
enum MHD_Result exchange_answer(struct exchange *exchange);

/*
 * http_head.c: checks the head of a request beyond what the library does, and takes from it what
 * handlers want. False, and the answer is made, when it is refused; then the connection is to be
 * closed.
 */
bool head_take(struct exchange *exchange, const char *method, const char *version);

#endif
