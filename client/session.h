/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_SESSION_H
#define WPKG_CLIENT_SESSION_H

/*
 * What a command works with: the options of every command, the configuration, where files are, and
 * the registry once it is needed. One a command; its arena holds what lives as long.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "cache.h"
#include "config.h"
#include "global.h"
#include "net/registry.h"

struct oci_store;

struct session {
	const struct global_options *global;
	struct wpkg_arena arena;
	char *folder; /* the configuration's; heap */
	struct config config;
	struct wpkg_buf url;		/* the registry's, in normal form; empty: none is known */
	struct wpkg_registry *registry; /* NULL until session_connect */
	struct oci_store *stores;	/* places that were opened by oci_store.h; closed with it */
	struct cache cache;		/* dir -1 until session_open_cache */
	int changes;			/* -1 until session_begin_change; holds the lock */
};

/* Reads the configuration. Failure or not, session_close is due. No network. */
WPKG_MUST_CHECK enum wpkg_status
session_open(struct session *out, const struct wpkg_invocation *invocation, struct wpkg_err *err);
void session_close(struct session *session);

/*
 * Makes sure that there is a registry: --registry, WPKG_REGISTRY or the configuration's, with the
 * credentials for it. WPKG_EINVAL when none is named, or with --offline.
 */
WPKG_MUST_CHECK enum wpkg_status session_connect(struct session *session, struct wpkg_err *err);

/* The same with other credentials than those that are stored; authorization NULL: none. */
WPKG_MUST_CHECK enum wpkg_status
session_connect_as(struct session *session, const char *authorization, struct wpkg_err *err);

/*
 * Makes the registry of a package's name the one that is meant: the configuration's by the longest
 * beginning of the name that it has, else the usual one. WPKG_EDENIED when the command line names
 * another one.
 */
WPKG_MUST_CHECK enum wpkg_status session_choose(struct session *session, struct wpkg_str name,
						struct wpkg_err *err);

/* How every connection is made: the configuration's bounds, --verbose. Borrows from the session. */
struct wpkg_http_options session_http_options(struct session *session);

/* WPKG_EINVAL with --offline. */
WPKG_MUST_CHECK enum wpkg_status session_need_network(const struct session *session,
						      struct wpkg_err *err);

/* Says which registry is meant, without a connection. WPKG_EINVAL when none is. */
WPKG_MUST_CHECK enum wpkg_status session_need_url(struct session *session, struct wpkg_err *err);

WPKG_MUST_CHECK enum wpkg_status session_open_cache(struct session *session, struct wpkg_err *err);

/* A file of the configuration folder, in the arena; NULL when memory is out. */
const char *session_path(struct session *session, const char *name);

/*
 * Makes the configuration folder, for its owner alone, and waits until no other command changes
 * what is in it. Keys, keyring and credentials are files that are written anew: what two commands
 * read before either wrote would be lost for one of them. Ends with the session.
 */
WPKG_MUST_CHECK enum wpkg_status session_begin_change(struct session *session,
						      struct wpkg_err *err);

#endif
