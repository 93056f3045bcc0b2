/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_REQUEST_H
#define WPKG_SERVER_REQUEST_H

/*
 * A request from its first line to its answer. http.c makes it, feeds it and sends what a handler
 * left in response; a handler sees only this. One thread at a time has it: libmicrohttpd's, or a
 * worker's while the connection is suspended.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "net/form.h"

struct server;
struct request;
struct wpkg_upload;

enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_PUT = 8,
	METHOD_PATCH = 16,
	METHOD_DELETE = 32,
	METHOD_OPTIONS = 64,
};

/* How a refusal looks: in which protocol's words. */
enum refusal_style { REFUSAL_TOML, REFUSAL_PLAIN, REFUSAL_PROBLEM };

enum body_kind {
	BODY_NONE,   /* a body is refused */
	BODY_TEXT,   /* collected in request.body, at most the configured invoice */
	BODY_STREAM, /* each piece goes to request.upload, which the route's begin has made */
};

struct route {
	const char *pattern; /* exact, or a prefix when it ends in "*" */
	unsigned methods;    /* bits of enum method */
	enum body_kind body;
	bool writes;	  /* needs a user where users are asked for */
	bool waits;	  /* handle may wait: it runs on a worker */
	bool is_open;	  /* even a private server answers without a login */
	const char *name; /* in logs and metrics */
	enum refusal_style style;
	void (*begin)(
		struct request *request); /* before the body; may answer at once. May be NULL */
	void (*handle)(struct request *request);
};

#define RESPONSE_HEADERS 12

struct response {
	unsigned status; /* 0: nothing yet */
	const char *content_type;
	struct wpkg_buf body;
	int fd; /* a file to send instead of the body, owned; -1: none */
	uint64_t fd_offset, fd_size;
	struct {
		const char *name;
		const char *value; /* in the arena or static */
	} headers[RESPONSE_HEADERS];
	size_t header_count;
	bool closes; /* the connection ends with it */
};

#define REQUEST_ID 17 /* 16 hex digits and a NUL */

struct request {
	struct server *server;
	struct wpkg_arena arena;
	char id[REQUEST_ID];
	uint64_t started; /* wpkg_clock_monotonic */
	char address[48]; /* the client's */

	enum method method;
	struct wpkg_str target; /* as it came */
	struct wpkg_str path;	/* decoded */
	struct wpkg_str query;	/* not decoded */
	struct wpkg_str tail;	/* of path, behind a route's prefix */
	const struct route *route;
	struct wpkg_str accept, content_type, authorization, range, if_none_match, if_range;
	uint64_t content_length; /* UINT64_MAX: not said */

	struct wpkg_str user;  /* who it is; empty: nobody logged in */
	struct wpkg_str scope; /* of a token; empty: all */
	bool is_identified;    /* user is known or known to be nobody */

	struct wpkg_buf body;
	uint64_t received;	    /* bytes of the body */
	struct wpkg_upload *upload; /* BODY_STREAM; freed with the request */
	void *state;		    /* the handler's between begin and handle; in the arena */

	struct response response;
};

/* The answer is a document in the format that the client asked for. */
void respond_document(struct request *request, unsigned status, const struct wpkg_value *table);

/* The same for text that is TOML already; type is its media type. */
void respond_text(struct request *request, unsigned status, const char *type, struct wpkg_str text);

/* A refusal in the route's style; the text is for a person. */
void respond_refusal(struct request *request, unsigned status, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* The refusal for a failure: one table says which status is which. */
void respond_error(struct request *request, const struct wpkg_err *err);

/* No body. */
void respond_empty(struct request *request, unsigned status);

/* value must live as long as the request. */
void respond_header(struct request *request, const char *name, const char *value);

/* Does the client want JSON? By the first kind in Accept that is TOML or JSON. */
bool request_wants_json(const struct request *request);

/* The query, decoded. WPKG_EFORMAT when it is malformed. */
WPKG_MUST_CHECK enum wpkg_status request_form(struct wpkg_form *out, struct request *request,
					      struct wpkg_err *err);

/* The HTTP status of a failure. */
unsigned http_status_of(enum wpkg_status status);

#endif
