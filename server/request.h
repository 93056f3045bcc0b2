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

#include "address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/cause.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "net/form.h"
#include "net/traceparent.h"

struct server;
struct request;
struct wpkg_session;
struct wpkg_upload;

enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_PUT = 8,
	METHOD_PATCH = 16,
	METHOD_DELETE = 32,
	METHOD_OPTIONS = 64,
	METHOD_OTHER = 128, /* none that there is, or not known yet */
};

/* How a refusal looks: in which protocol's words. */
enum refusal_style { REFUSAL_TOML, REFUSAL_PLAIN, REFUSAL_PROBLEM, REFUSAL_OCI, REFUSAL_PAGE };

enum body_kind {
	BODY_NONE,   /* what comes all the same is passed over */
	BODY_TEXT,   /* collected in request.body, at most body_max bytes */
	BODY_STREAM, /* each piece goes to request.upload or .session, which begin has made */
};

/* Whose threads a step runs on. */
enum pool {
	POOL_NONE,    /* the connection's: for what does not wait */
	POOL_STORE,   /* for what waits for the disk */
	POOL_LOGINS,  /* for hashes of passwords */
	POOL_CHECKS,  /* for admission, which may take minutes */
	POOL_WAITS,   /* for who waits a while for what others do */
	POOL_METRICS, /* for who watches, who shall see it when all else is busy */
	POOL_COUNT
};

struct route {
	const char *pattern; /* a path; each '*' stands for any text, and goes to request.parts */
	unsigned methods;    /* bits of enum method */
	enum body_kind body;
	uint64_t body_max; /* bytes of a BODY_TEXT; 0: as an invoice */
	enum pool pool;	   /* that handle runs on */
	bool writes;	   /* needs a user where users are asked for */
	bool pushes;	   /* brings bytes to the store: refused while the disk is full */
	bool is_open;	   /* even a private server answers without a login */
	bool keeps;	   /* its answers may be kept: they depend on path and index alone */
	const char *name;  /* in logs and metrics */
	enum refusal_style style;
	bool is_public;	  /* pages of other origins may read its answers (CORS) */
	bool is_internal; /* answered to operators, too, where they have a listener of their own */
	bool moves;	  /* and then to nobody else */
	bool is_given;	  /* with a session, handle gives the request to the store; no pool */
	/* Before the body; may answer at once. NULL: nothing to do. */
	void (*begin)(struct request *request);
	void (*handle)(struct request *request);
};

#define REQUEST_PARTS 3
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
	bool closes;	     /* the connection ends with it */
	const char *problem; /* what a refusal of REFUSAL_PROBLEM is about, a fixed word; NULL: what
			      * its status says */
	const char *reason;  /* the same for log and metrics (metrics_reasons); NULL: problem */
	bool is_counted;     /* as a refusal, before its end */
	struct wpkg_str error;	  /* the refusal's text, its beginning; in the arena */
	uint64_t sent;		  /* bytes of the body that were handed over */
	struct kept_answer *kept; /* whose body it has; NULL: its own. Held */
};

struct request {
	struct server *server;
	bool is_internal; /* it came by the operators' listener: nobody logs in there */
	struct wpkg_arena arena;
	struct wpkg_cause cause;	/* its id, and the trace that it belongs to */
	char parent[WPKG_SPAN_LEN + 1]; /* whose step of the trace asks; empty: nobody's */
	uint64_t started;		/* wpkg_clock_monotonic */
	char address[ADDRESS_TEXT];	/* the client's */
	char network[ADDRESS_TEXT];	/* that counts for it */

	enum method method;
	struct wpkg_str target;		      /* as it came */
	struct wpkg_str path;		      /* decoded */
	struct wpkg_str query;		      /* not decoded */
	struct wpkg_str parts[REQUEST_PARTS]; /* of path, for the stars of the route's pattern */
	const struct route *route;
	struct wpkg_str host, accept, accept_encoding, content_type, content_encoding,
		authorization, range, content_range, if_none_match, if_range, prefer;
	uint64_t content_length;  /* UINT64_MAX: not said */
	uint64_t expected_length; /* what begin knows of a body without a length; 0: nothing */

	struct wpkg_str user;  /* who it is; empty: nobody logged in */
	struct wpkg_str scope; /* of a token; empty: all */

	struct wpkg_buf body;
	uint64_t received;	      /* bytes of the body */
	struct wpkg_upload *upload;   /* BODY_STREAM; freed with the request */
	struct wpkg_session *session; /* the same; dropped with the request */
	void *state;		      /* the handler's between its steps; in the arena */

	/* What comes after this step; see request_continue. */
	void (*next)(struct request *request);
	enum pool next_pool;

	struct response response;
};

/* There is no answer yet: step is to be run on that pool, with the same request. */
void request_continue(struct request *request, enum pool pool,
		      void (*step)(struct request *request));

/* A request that was given away has its answer. Any thread, once, and last: it may be gone then. */
void request_end(struct request *request);

/* The answer is a document: in the format that the client asked for where the route's protocol has
 * two, else in JSON. */
void respond_document(struct request *request, unsigned status, const struct wpkg_value *table);

/* The same for text that is TOML already; type is its media type. */
void respond_text(struct request *request, unsigned status, const char *type, struct wpkg_str text);

/* A refusal in the route's style; the text is for a person. */
void respond_refusal(struct request *request, unsigned status, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* The same with a closer word for what is wrong, which must never change; static. */
void respond_problem(struct request *request, unsigned status, const char *problem,
		     const char *format, ...) WPKG_PRINTF(4, 5);

/* The refusal for a failure: one table says which status is which. */
void respond_error(struct request *request, const struct wpkg_err *err);

/* For refusals that are not written here: their text is kept for the log. */
void respond_note(struct request *request, struct wpkg_str text);

/* Why it is refused: a word of metrics_reasons. */
const char *response_reason(const struct response *response);

/* No body. */
void respond_empty(struct request *request, unsigned status);

/* value must live as long as the request. */
void respond_header(struct request *request, const char *name, const char *value);

/* Sets WWW-Authenticate: a name and a password would help (RFC 7617). */
void respond_challenge(struct request *request);

/* 304 when If-None-Match names that entity tag (with its quotes), and true. Sets ETag in any case.
 */
bool respond_not_modified(struct request *request, const char *tag);

/* Does If-None-Match name that entity tag? */
bool request_names_tag(const struct request *request, const char *tag);

/* Does the client want JSON? By the first kind in Accept that is TOML or JSON. */
bool request_wants_json(const struct request *request);

/* The query, decoded. WPKG_EFORMAT when it is malformed. */
WPKG_MUST_CHECK enum wpkg_status request_form(struct wpkg_form *out, struct request *request,
					      struct wpkg_err *err);

const char *method_name(enum method method);

/* The HTTP status of a failure. */
unsigned http_status_of(enum wpkg_status status);

#endif
