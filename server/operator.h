/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_OPERATOR_H
#define WPKG_SERVER_OPERATOR_H

/*
 * What the commands for operators share: the store of --data, opened beside a running server, and
 * what they print. Results go to standard output, lines for people or one JSON value with --json;
 * errors and notes go to standard error. Nothing that came from outside reaches a terminal
 * unescaped.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/err.h"
#include "data/value.h"
#include "store/record.h"

/* The first member of each command's options, or all of them. NULL: not given, or no such option.
 */
struct operator_options {
	const char *data;
	const char *reason;
	const char *user;
	bool json;
};

/* Their rows, for the head of a command's table. */
#define OPERATOR_DATA_ROW                                                                          \
	{                                                                                          \
		"data", 'd', WPKG_OPTION_TEXT, "DIR", "the folder of the server's data",           \
			"WPKGD_DATA", offsetof(struct operator_options, data)                      \
	}
#define OPERATOR_JSON_ROW                                                                          \
	{                                                                                          \
		"json", 0, WPKG_OPTION_FLAG, NULL, "print JSON", NULL,                             \
			offsetof(struct operator_options, json)                                    \
	}
#define OPERATOR_REASON_ROW                                                                        \
	{                                                                                          \
		"reason", 'r', WPKG_OPTION_TEXT, "TEXT", "why", NULL,                              \
			offsetof(struct operator_options, reason)                                  \
	}
#define OPERATOR_USER_ROW                                                                          \
	{                                                                                          \
		"user", 'u', WPKG_OPTION_TEXT, "USER", "only this user's", NULL,                   \
			offsetof(struct operator_options, user)                                    \
	}

struct operator_session {
	const struct operator_options *options;
	struct wpkg_store *store;
	struct wpkg_arena arena;
	char actor[128]; /* "operator NAME": what events say */
};

/*
 * Opens the store, runs the body and prints what went wrong. The body's code is the program's, or
 * that of its failure.
 */
typedef enum wpkg_status operator_body(struct operator_session *session,
				       const struct wpkg_invocation *invocation, int *code,
				       struct wpkg_err *err);

int operator_run(const struct wpkg_invocation *invocation, operator_body *body);

/* Who does it and why; reason may be NULL. */
struct wpkg_act operator_act(const struct operator_session *session, const char *reason);

/* A line of the result; nothing with --json. */
void operator_line(const struct operator_session *session, const char *format, ...)
	WPKG_PRINTF(2, 3);

/* A line to standard error. */
void operator_note(const char *format, ...) WPKG_PRINTF(1, 2);

/* The result as JSON on one line or indented; a NULL value is memory that ran out. */
WPKG_MUST_CHECK enum wpkg_status operator_json(const struct wpkg_value *value, bool indented,
					       struct wpkg_err *err);

/* Adds a count to a JSON table; false when memory is out. */
WPKG_MUST_CHECK bool operator_add_count(struct wpkg_arena *arena, struct wpkg_value *table,
					const char *key, uint64_t count);

/* "2026-11-24T13:00:00Z" in the arena; "-" for 0. */
const char *operator_time(struct wpkg_arena *arena, int64_t seconds);

#endif
