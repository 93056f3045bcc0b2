/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_API_H
#define WPKG_SERVER_API_H

/*
 * The JSON API, version 1, as schema/openapi.json describes it: its handlers, and what they share.
 * What an answer tells is read by lib/store (package.h, search.h, event.h); a handler gives it its
 * form. A refusal is application/problem+json.
 *
 * Every answer has an entity tag, the digest of its bytes; who accepts gzip gets it packed, under a
 * tag of that coding. Lists are pages: "next" is the cursor of
 * the one that follows, also as a Link header (RFC 8288). "fields=a,b.c" keeps of an answer those
 * members alone.
 */

#include "net/form.h"
#include "pkg/invoice.h"
#include "pkg/verify.h"
#include "request.h"
#include "store/package.h"

void api_preflight(struct request *request);	  /* OPTIONS, before a page's request (CORS) */
void api_registry(struct request *request);	  /* GET registry */
void api_packages(struct request *request);	  /* GET packages */
void api_package(struct request *request);	  /* GET packages/NAME */
void api_dependents(struct request *request);	  /* GET dependents/NAME */
void api_version(struct request *request);	  /* GET versions/NAME/VERSION */
void api_verdict(struct request *request);	  /* GET verdicts/NAME/VERSION */
void api_parcel(struct request *request);	  /* GET parcels/NAME/VERSION/SHA256 */
void api_search(struct request *request);	  /* GET search */
void api_version_change(struct request *request); /* PATCH versions/NAME/VERSION */
void api_account(struct request *request);	  /* GET account */
void api_tokens(struct request *request);	  /* GET tokens */
void api_token_create(struct request *request);	  /* POST tokens */
void api_token_revoke(struct request *request);	  /* DELETE tokens/ID */
void api_events(struct request *request);	  /* GET events */
void api_atom(struct request *request);		  /* GET events.atom */
void api_index(struct request *request);	  /* GET /index/packages/NAME */
void api_index_config(struct request *request);	  /* GET /index/config.json */
void api_diff(struct request *request);		  /* GET diff/NAME/VERSION */

/* What a request asks of an answer, beyond its address. */
struct api_query {
	struct wpkg_form form;
	struct wpkg_str cursor; /* empty: the first page */
	size_t limit;		/* of items */
	struct wpkg_str fields; /* empty: all */
};

/*
 * Reads the query: "cursor", "limit" and "fields", and those of known, a list of names with spaces
 * between. False, and the answer is made, for any other, a repeated or a malformed one.
 */
bool api_take_query(struct api_query *out, struct request *request, const char *known);

/* The value of a parameter; empty when it is not there. */
struct wpkg_str api_parameter(const struct api_query *query, const char *name);

/* May the user know of the name? */
bool api_may_read(struct request *request, struct wpkg_str name);

/* The package that the request may see; false, and the answer is made, when none. */
bool api_find_package(struct wpkg_package *out, struct request *request, struct wpkg_str name);

/* The record "NAME/VERSION" that the request may see; false, and the answer is made, when none. */
bool api_find_record(struct wpkg_record *out, struct request *request, struct wpkg_str id);

/* A record's invoice; false, and the answer is made, on failure. */
bool api_read_invoice(struct wpkg_invoice **out, struct request *request,
		      const struct wpkg_record *record);

/* What the invoice calls the parcel with that digest; empty: it has none. */
struct wpkg_str api_parcel_name(const struct wpkg_invoice *invoice,
				const struct wpkg_digest *digest);

/* A page of packages that the request may see. */
struct api_packages {
	struct wpkg_package_list list;
	bool more;	  /* there may be some behind these */
	const char *next; /* with more: the cursor; NULL when memory is out */
	bool has_total;	  /* of a search, where it may be told */
	uint64_t total;
	bool total_is_least;
	struct wpkg_str corrected; /* what was searched for instead; empty: what was asked */
};

/* Of all, by "order" and "cursor"; of a search, by "q" and "cursor". False, and the answer is made,
 * on failure. */
bool api_read_packages(struct api_packages *out, struct request *request,
		       const struct api_query *query);
bool api_read_search(struct api_packages *out, struct request *request,
		     const struct api_query *query);

/* A version and the facts of its modules. */
struct api_known {
	struct wpkg_record record;
	struct wpkg_invoice *invoice;
	struct wpkg_module_facts_list modules;
	struct wpkg_value **facts; /* of each module; NULL where nothing is known */
};

/* Of "NAME/VERSION", as the request may see it; false, and the answer is made, when none. */
bool api_find_known(struct api_known *out, struct request *request, struct wpkg_str id);

/* The version next below that the user may see: empty text when there is none. False, and the
 * answer is made, on failure. */
bool api_find_previous(struct wpkg_str *out, struct request *request,
		       const struct wpkg_record *record);

/* What is to be made of a signature, as a sentence; in the arena. */
struct wpkg_str api_signature_meaning(struct wpkg_arena *arena,
				      const struct wpkg_signature *signature,
				      enum wpkg_signature_verdict verdict);

/* An answer under construction. What fails sticks: memory is out then. */
struct api_answer {
	struct request *request;
	struct wpkg_value *root; /* a table */
	bool failed;
};

struct api_answer api_answer_begin(struct request *request);

/* Each adds to a table under a key, or to an array (key NULL). */
struct wpkg_value *api_put_table(struct api_answer *answer, struct wpkg_value *to, const char *key);
struct wpkg_value *api_put_array(struct api_answer *answer, struct wpkg_value *to, const char *key);
void api_put_text(struct api_answer *answer, struct wpkg_value *to, const char *key,
		  struct wpkg_str text);
void api_put_number(struct api_answer *answer, struct wpkg_value *to, const char *key,
		    uint64_t number);
void api_put_flag(struct api_answer *answer, struct wpkg_value *to, const char *key, bool flag);
/* A moment in RFC 3339; nothing for 0. */
void api_put_time(struct api_answer *answer, struct wpkg_value *to, const char *key,
		  int64_t seconds);
/* A text; nothing when it is empty. */
void api_put_optional(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      struct wpkg_str text);
/* "sha256:HEX" */
void api_put_digest(struct api_answer *answer, struct wpkg_value *to, const char *key,
		    const struct wpkg_digest *digest);
/* A JSON document that is stored as a text; nothing when it is none. */
void api_put_document(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      struct wpkg_str json);

/* Takes a member out of a table. */
void api_drop(struct wpkg_value *table, const char *key);

/* There is a page behind this one: adds "next" and sets the Link header. */
void api_put_next(struct api_answer *answer, const struct api_query *query, const char *cursor);

/* What an invoice says of its package: description, authors, license, repository, ... */
void api_put_about(struct api_answer *answer, struct wpkg_value *to,
		   const struct wpkg_invoice *invoice);

/* A package as lists have it. */
void api_put_package(struct api_answer *answer, struct wpkg_value *to,
		     const struct wpkg_package *package);

/* An array of names and requirements. */
void api_put_dependencies(struct api_answer *answer, struct wpkg_value *to, const char *key,
			  const struct wpkg_invoice *invoice);

/* A parcel, and where its bytes are. */
void api_put_parcel(struct api_answer *answer, struct wpkg_value *to,
		    const struct wpkg_invoice *invoice, const struct wpkg_label *label);

/* "verdict", without the facts of modules, and "flagged" when it refuses what is published; nothing
 * when there is none. */
void api_put_verdict(struct api_answer *answer, const struct wpkg_record *record);

/* "modules": what differs between two versions. */
void api_put_diff(struct api_answer *answer, const struct api_known *old,
		  const struct api_known *fresh);

/* "yank": when, by whom, why. */
void api_put_yank(struct api_answer *answer, struct wpkg_value *to, int64_t at, struct wpkg_str by,
		  struct wpkg_str reason);

/* Sends it with its entity tag, cut to the fields that are asked for; or 304. */
void api_answer_end(struct api_answer *answer, const struct api_query *query);

/* Sends what stands in the response's body already, with its tag; or 304. */
void api_finish(struct request *request, const char *type);

#endif
