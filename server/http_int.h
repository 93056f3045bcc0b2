/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTTP_INT_H
#define WPKG_SERVER_HTTP_INT_H

/* What the files of HTTP share. The only ones that see libmicrohttpd. */

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http.h"

/* What a connection is busy with, for who looks for slow ones. */
enum phase {
	PHASE_HEAD, /* a head is awaited or comes */
	PHASE_BODY, /* a body comes */
	PHASE_BUSY, /* it is our turn */
};

struct connection {
	struct connection *next, *previous; /* of the list of all */
	int fd;
	atomic_int phase;
	atomic_uint_fast64_t since;    /* when the phase began, monotonic nanoseconds */
	atomic_uint_fast64_t received; /* bytes of the body that comes */
	atomic_bool is_used;	       /* it had a request before */
};

/* All connections, and the thread that ends slow ones. */
struct slow {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	pthread_t thread;
	bool is_ending, is_running;
	struct connection *first;
	const struct config *config;
};

enum wpkg_status slow_start(struct slow *slow, const struct config *config, struct wpkg_err *err);
void slow_stop(struct slow *slow);
struct connection *slow_add(struct slow *slow, int fd);
void slow_remove(struct slow *slow, struct connection *connection);
void slow_enter(struct connection *connection, enum phase phase);

/* Requests a minute of each address, roughly: addresses share a row now and then. */
struct rates;
enum wpkg_status rates_new(struct rates **out, uint64_t per_minute, struct wpkg_err *err);
void rates_free(struct rates *rates);
bool rates_take(struct rates *rates, const char *address);

enum stage {
	STAGE_HEAD,	   /* nothing was done yet */
	STAGE_IDENTIFYING, /* a worker finds out who it is */
	STAGE_BODY,	   /* the body comes */
	STAGE_HANDLING,	   /* a worker runs the handler */
	STAGE_ANSWER,	   /* the answer is ready */
};

struct exchange {
	struct request request; /* first: one address */
	struct http *http;
	struct MHD_Connection *mhd;
	struct connection *connection;
	struct task task;
	enum stage stage;
	bool is_answered;
	uint64_t drained; /* bytes of a body that nobody wants */
};

struct http {
	struct server *server;
	struct MHD_Daemon *daemon;
	struct slow slow;
	struct rates *rates;
	atomic_uint pending;
	char *certificate, *key; /* PEM; the library borrows them */
};

/*
 * Checks the head of a request beyond what the library does, and takes from it what handlers want.
 * False, and the answer is made, when it is refused; then the connection is to be closed.
 */
bool head_take(struct exchange *exchange, const char *method, const char *version);

#endif
