/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_CONFIG_H
#define WPKG_SERVER_CONFIG_H

/*
 * What the server is told. One table (config.c) has every setting: it makes the flags of "serve",
 * the WPKGD_ variables, the keys of the configuration file, the help and what "config" prints. A
 * flag beats a variable beats the file beats the default.
 *
 * The rules of admission (pkg/policy.h) stand in the file only, in a table of their own:
 *
 *   [policy]
 *   need-check = true
 *
 * and so do webhooks and quotas, in tables of an array (webhook_rules.h, quota_rules.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/command.h"
#include "base/err.h"
#include "pkg/policy.h"
#include "quota_rules.h"
#include "webhook_rules.h"

/* Texts are borrowed from the command line, the environment or an arena. NULL: not given. */
struct config {
	const char *config; /* path of the configuration file */

	const char *data;
	const char *listen;	    /* "ADDRESS:PORT" */
	const char *metrics_listen; /* the same, for operators; NULL: one listener for all */
	const char *port_file;
	const char *tls_cert, *tls_key;
	bool insecure;
	const char *public_url;	     /* what clients call us; NULL: what each request says */
	const char *trusted_proxies; /* addresses and networks, with commas between */

	bool unauthenticated;
	bool is_private;  /* reading needs a login */
	bool basic_login; /* what OCI clients are asked for; both are always taken */
	const char *htpasswd;
	const char *keyring;
	const char *strategy;
	const char *unsigned_; /* "allow" or "deny" */
	bool ignore_roles;
	bool mutable_versions; /* an OCI tag that is a version may be moved, as a tag */
	const char *host_label;

	uint64_t max_invoice; /* bytes */
	uint64_t max_parcel;  /* bytes */
	uint64_t max_header;  /* bytes */
	uint64_t max_connections;
	uint64_t max_connections_per_address;
	uint64_t max_requests_per_address; /* a minute */
	int64_t header_timeout;		   /* seconds for a request's head to arrive */
	int64_t idle_timeout;		   /* seconds without a byte */
	int64_t stop_timeout;		   /* seconds for running requests when it is to end */
	int64_t session_timeout;	   /* seconds between two requests of an upload */
	uint64_t min_rate;		   /* bytes a second that a body must bring, and take */
	uint64_t max_requests_per_user;	   /* a minute; 0: no limit */
	uint64_t max_pushes_per_user;	   /* requests of pushes a minute; 0: no limit */
	uint64_t warn_free;		   /* bytes of disk below which it is said */
	uint64_t keep_free;		   /* bytes of disk below which nothing is pushed */
	int64_t audit_retention;	   /* seconds that events are kept; 0: for ever */
	uint64_t threads;		   /* that talk HTTP */
	uint64_t workers;		   /* that wait for the disk */

	const char *admission_program;
	int64_t admission_timeout;
	uint64_t admission_memory;
	uint64_t admission_fuel;
	uint64_t admission_output;
	uint64_t admission_workers;
	struct wpkg_policy policy;
	const char *host_profiles; /* folder; NULL: none */

	const char *log_format; /* "text" or "json" */
	struct webhook_rules webhooks;
	struct wpkg_quotas quotas;
};

#define CONFIG_ROWS_MAX 64

extern const struct wpkg_option config_rows[];

/* What flags and variables said, kept to be completed again when the file has changed. */
struct config_source {
	struct config values;
	bool given[CONFIG_ROWS_MAX]; /* one for each of config_rows */
};

void config_take(struct config_source *out, const struct wpkg_invocation *invocation);

/* The same without flags but for these two, each NULL when not given; variables count. Texts are
 * borrowed from the environment, or in the arena. */
WPKG_MUST_CHECK enum wpkg_status config_take_named(struct config_source *out,
						   struct wpkg_arena *arena, const char *file,
						   const char *data, struct wpkg_err *err);

/*
 * What flags and variables said, then the file's settings, then the defaults. Texts of the file
 * live in the arena. WPKG_EINVAL and WPKG_EFORMAT name the setting, with line and column in a file.
 */
WPKG_MUST_CHECK enum wpkg_status config_complete(struct config *out, struct wpkg_arena *arena,
						 const struct config_source *source,
						 struct wpkg_err *err);

/* Appends every setting as a line of the configuration file. */
WPKG_MUST_CHECK enum wpkg_status config_format(struct wpkg_buf *out, const struct config *config,
					       struct wpkg_err *err);

/* The first setting in which the two differ that only a restart brings into force; NULL: none. */
const char *config_needs_restart(const struct config *old, const struct config *fresh);

#endif
