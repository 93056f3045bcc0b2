/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_REGISTRY_H
#define WPKG_NET_REGISTRY_H

/*
 * Typed calls to a registry over Bindle's HTTP API, version 1, and what a registry of ours says of
 * admission. One thread an object.
 *
 * What a server answers is not believed: an invoice must be the one that was asked for, each answer
 * has a greatest size, a parcel's bytes are counted against its label while they come. Whether
 * signatures and digests are right is the caller's to check.
 *
 * Errors say what was asked and, where the server gave a reason, the server's words. 404 is
 * WPKG_ENOTFOUND, 409 WPKG_EEXISTS, 429 and 5xx that may pass WPKG_EBUSY, 401 and 403 WPKG_EINVAL
 * (WPKG_EDENIED is for what is not verified). 400 and 422 are WPKG_EDENIED for what was pushed: the
 * registry checked it and refused; else WPKG_EINVAL.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "net/http.h"
#include "pkg/invoice.h"
#include "pkg/keyring.h"

struct wpkg_registry;

struct wpkg_registry_options {
	const char *url;	   /* "https://host:port/prefix"; a trailing "/v1" is taken off */
	const char *authorization; /* the header's value; NULL: anonymous */
	bool plain_credentials;	   /* send them without TLS to other machines too */
	struct wpkg_http_options http;
};

/* Copies url and authorization. WPKG_EINVAL for a URL that is none, or unsafe credentials. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_new(struct wpkg_registry **out,
						   const struct wpkg_registry_options *options,
						   struct wpkg_err *err);
void wpkg_registry_free(struct wpkg_registry *registry);

/* The normal form of its URL, without a slash at the end. */
const char *wpkg_registry_url(const struct wpkg_registry *registry);

/*
 * The normal form that wpkg_registry_url would give, appended; what credentials and caches are kept
 * under. Needs no network and no libcurl.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_normalise(struct wpkg_buf *out, struct wpkg_str url,
							 struct wpkg_err *err);

/* The invoice of a version. yanked: also one that was yanked. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_registry_get_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
			  struct wpkg_registry *registry, struct wpkg_str name,
			  struct wpkg_str version, bool yanked, struct wpkg_err *err);

/* In the arena given to the call that fills it. */
struct wpkg_labels {
	struct wpkg_label *items;
	size_t count;
	bool is_checked; /* none is missing, and there is no verdict yet: ask for it */
};

/*
 * What is pushed is checked before it is published. A registry that knows how answers before that,
 * after so many seconds; any other when it is done.
 */
#define WPKG_REGISTRY_PREFER_SECONDS 2

/*
 * Creates a version and tells which parcels the server wants to have. WPKG_EEXISTS when there is
 * one already.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_create(struct wpkg_labels *missing,
						      struct wpkg_arena *arena,
						      struct wpkg_registry *registry,
						      const struct wpkg_invoice *invoice,
						      struct wpkg_err *err);

WPKG_MUST_CHECK enum wpkg_status
wpkg_registry_get_missing(struct wpkg_labels *missing, struct wpkg_arena *arena,
			  struct wpkg_registry *registry, struct wpkg_str name,
			  struct wpkg_str version, struct wpkg_err *err);

/* Where a version is on its way. Texts in the arena. */
struct wpkg_registry_verdict {
	struct wpkg_str state;		/* "checking", "published", "rejected", "incomplete", ... */
	struct wpkg_str progress;	/* while it is checked, for people; may be empty */
	const struct wpkg_value *value; /* pkg/verdict.h; NULL: there is none */
};

/* Comes when there is a verdict, or after so many seconds with what there is then. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_get_verdict(struct wpkg_registry_verdict *out,
							   struct wpkg_arena *arena,
							   struct wpkg_registry *registry,
							   const struct wpkg_invoice *invoice,
							   unsigned seconds, struct wpkg_err *err);

/* Appends where that is. */
void wpkg_registry_append_verdict_url(struct wpkg_buf *url, const struct wpkg_registry *registry,
				      const struct wpkg_invoice *invoice);

/* reason: empty for none. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_yank(struct wpkg_registry *registry,
						    struct wpkg_str name, struct wpkg_str version,
						    struct wpkg_str reason, struct wpkg_err *err);

struct wpkg_query {
	struct wpkg_str text;	 /* part of a name; empty: any */
	bool terms;		 /* each word of text, in the name or the description */
	struct wpkg_str version; /* a filter; empty: any version, prereleases too */
	uint64_t offset;
	uint64_t limit; /* 1 to 255 */
	bool yanked;	/* also what was yanked */
};

struct wpkg_matches {
	struct wpkg_invoice **invoices; /* not verified; in the arena */
	size_t count;
	uint64_t total;
	bool more; /* there are matches after these */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_registry_query(struct wpkg_matches *out,
						     struct wpkg_arena *arena,
						     struct wpkg_registry *registry,
						     const struct wpkg_query *query,
						     struct wpkg_err *err);

/* The keys with which the registry signs. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_get_keys(struct wpkg_keyring *out,
							struct wpkg_arena *arena,
							struct wpkg_registry *registry,
							struct wpkg_err *err);

/* WPKG_OK when the registry answers and takes the credentials. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_check_login(struct wpkg_registry *registry,
							   struct wpkg_err *err);

/* One parcel on its way. The caller's; label and fd stay until done. */
struct wpkg_parcel_job {
	const struct wpkg_label *label; /* its digest must be one (digest.h) */
	int fd;				/* sending: the content, from its start */
	/* Receiving: bytes that an earlier try has brought, less than label->size; the rest will
	 * do. */
	uint64_t have;
	/* Receiving, before the first byte: where in the parcel they begin, 0 or have. */
	uint64_t began;
	/* Receiving: takes the bytes as they come, at most label->size of them. */
	enum wpkg_status (*sink)(void *user, struct wpkg_str bytes, struct wpkg_err *err);
	void (*progress)(void *user, uint64_t bytes); /* bytes that went; NULL: nobody asks */
	void *user;
	bool is_checked; /* sent: the version is whole now, and there is no verdict yet */
};

/*
 * Jobs, at most parallel at once. next gives one or NULL at the end; done gets each back exactly
 * once, with how it ended. A failure that done returns ends the whole; a job's own failure does so
 * only when done returns it.
 */
struct wpkg_parcel_queue {
	unsigned parallel; /* 1 to 16 */
	enum wpkg_status (*next)(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err);
	enum wpkg_status (*done)(void *user, struct wpkg_parcel_job *job, enum wpkg_status status,
				 struct wpkg_err *err);
	void *user;
};

WPKG_MUST_CHECK enum wpkg_status wpkg_registry_get_parcels(struct wpkg_registry *registry,
							   struct wpkg_str name,
							   struct wpkg_str version,
							   const struct wpkg_parcel_queue *queue,
							   struct wpkg_err *err);

/* A parcel that is there already is done like one that was sent. */
WPKG_MUST_CHECK enum wpkg_status wpkg_registry_post_parcels(struct wpkg_registry *registry,
							    struct wpkg_str name,
							    struct wpkg_str version,
							    const struct wpkg_parcel_queue *queue,
							    struct wpkg_err *err);

#endif
