/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_BINDLE_H
#define WPKG_SERVER_BINDLE_H

/* Bindle's HTTP API, version 1: what its resources share, and their handlers for the route table.
 */

#include "request.h"
#include "store/record.h"

void bindle_create(struct request *request);	    /* POST _i */
void bindle_get(struct request *request);	    /* GET _i/ID and _i/ID@SHA */
void bindle_yank(struct request *request);	    /* DELETE _i/ID */
void bindle_begin_parcel(struct request *request);  /* POST _i/ID@SHA, before its body */
void bindle_create_parcel(struct request *request); /* and after it */
void bindle_missing(struct request *request);	    /* GET _r/missing/ID */
void bindle_query(struct request *request);	    /* GET _q */
void bindle_keys(struct request *request);	    /* GET bindle-keys */
void bindle_login(struct request *request);	    /* GET login */
void bindle_none(struct request *request);	    /* an address without an id */

/* "NAME/VERSION" or "NAME/VERSION@SHA256" of a path. */
struct bindle_address {
	struct wpkg_str name, version;
	bool has_parcel;
	struct wpkg_str sha256; /* as it stands there */
};

/* False, and the answer is made, when it is none. */
bool bindle_parse(struct bindle_address *out, struct request *request);

/* The record that the request may see; false, and the answer is made, when there is none. */
bool bindle_find(struct wpkg_record *out, struct request *request,
		 const struct bindle_address *address);

/* The record's invoice, in the request's arena; false, and the answer is made, on failure. */
bool bindle_read(struct wpkg_invoice **out, struct request *request,
		 const struct wpkg_record *record);

/* May the user do that to the name? False, and the answer is made, when not. */
bool bindle_allow(struct request *request, unsigned right, struct wpkg_str name);

/* May the user know of the name? */
bool bindle_may_read(struct request *request, struct wpkg_str name);

/*
 * The version has all its parcels: admission is asked on a worker, and the verdict is the answer.
 * done answers when it is published. A client that prefers an answer before (preference.h) is told
 * where to look for the verdict. Takes request->state.
 */
typedef void bindle_published_fn(struct request *request, int64_t id);
void bindle_publish(struct request *request, int64_t id, bindle_published_fn *done);

/* 200 with 'message = "..."'. */
void bindle_respond_message(struct request *request, const char *text);

/* The parcel's bytes, with ranges and conditions. */
void bindle_get_parcel(struct request *request, const struct wpkg_record *record,
		       const struct bindle_address *address);

#endif
