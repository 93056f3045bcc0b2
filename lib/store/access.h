/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_ACCESS_H
#define WPKG_STORE_ACCESS_H

/*
 * Who owns a name, and who has which right on which names. This is what is written down; what it
 * allows is the server's policy.
 *
 * A pattern is a name, or a prefix ending in a slash and a star ("example.com/" + "*"), or "*" for
 * every name.
 */

#include "store/record.h"
#include "store/repository.h"

enum wpkg_right {
	WPKG_RIGHT_READ = 1,
	WPKG_RIGHT_PUSH = 2,
	WPKG_RIGHT_YANK = 4,
	WPKG_RIGHT_OWN = 8, /* all of it; an owned prefix is reserved for its owners */
};

/* "read", "push", "yank", "own". Static text. */
const char *wpkg_right_name(enum wpkg_right right);
bool wpkg_right_parse(enum wpkg_right *out, struct wpkg_str text);

bool wpkg_pattern_covers(struct wpkg_str pattern, struct wpkg_str name);

/* WPKG_EINVAL says what is wrong with a pattern. */
WPKG_MUST_CHECK enum wpkg_status wpkg_pattern_check(struct wpkg_str pattern, struct wpkg_err *err);

/* Everything a decision about one user and one name needs. */
struct wpkg_access {
	bool exists;	       /* the name has been pushed before */
	struct wpkg_str owner; /* in the arena; empty: the name is nobody's */
	unsigned rights;       /* bits of enum wpkg_right that the user was granted on it */
	bool reserved;	       /* a pattern that covers it is owned by somebody */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_access_find(struct wpkg_access *out, struct wpkg_arena *arena,
						  struct wpkg_store *store, struct wpkg_str user,
						  struct wpkg_str name, struct wpkg_err *err);

/* Gives a name to an owner, also one that has none yet or does not exist yet. */
WPKG_MUST_CHECK enum wpkg_status wpkg_owner_set(struct wpkg_store *store, struct wpkg_str name,
						struct wpkg_str owner, const struct wpkg_act *act,
						struct wpkg_err *err);

/* Who may do everything with a name: its owner, then whoever owns it or a pattern that covers it,
 * the closest pattern first. In the arena; empty when there is nobody. */
WPKG_MUST_CHECK enum wpkg_status wpkg_owner_list(struct wpkg_names *out, struct wpkg_arena *arena,
						 struct wpkg_store *store, struct wpkg_str name,
						 struct wpkg_err *err);

struct wpkg_grant {
	struct wpkg_str pattern;
	struct wpkg_str user;
	enum wpkg_right right;
	struct wpkg_str by; /* who granted it */
	int64_t created;    /* UNIX seconds */
};

struct wpkg_grant_list {
	struct wpkg_grant *items;
	size_t count;
};

/* Granting twice is fine. by and created of the grant are not read: act says who. */
WPKG_MUST_CHECK enum wpkg_status wpkg_grant_add(struct wpkg_store *store,
						const struct wpkg_grant *grant,
						const struct wpkg_act *act, struct wpkg_err *err);

/* WPKG_ENOTFOUND when there is no such grant. */
WPKG_MUST_CHECK enum wpkg_status wpkg_grant_revoke(struct wpkg_store *store,
						   const struct wpkg_grant *grant,
						   const struct wpkg_act *act,
						   struct wpkg_err *err);

/* Of a user, or everybody's when user is empty; by pattern, user, right. */
WPKG_MUST_CHECK enum wpkg_status wpkg_grant_list(struct wpkg_grant_list *out,
						 struct wpkg_arena *arena, struct wpkg_store *store,
						 struct wpkg_str user, struct wpkg_err *err);

#endif
