/* SPDX-License-Identifier: Apache-2.0 */
/* audit: what happened, who did it. */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "operator.h"
#include "store/event.h"

#define STEP 500	    /* events read at once */
#define FOLLOW_NS 500000000 /* between two looks */

struct audit_options {
	struct operator_options common;
	const char *name;
	const char *kind;
	const char *actor;
	const char *since;
	uint64_t after;
	bool follow;
};

static const struct wpkg_option audit_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"name", 0, WPKG_OPTION_TEXT, "NAME", "only of this package, or this pattern's rights",
	 NULL, offsetof(struct audit_options, name)},
	{"kind", 'k', WPKG_OPTION_TEXT, "KIND", "only of this kind, such as publish or delete",
	 NULL, offsetof(struct audit_options, kind)},
	{"actor", 'a', WPKG_OPTION_TEXT, "USER", "only what this user did", NULL,
	 offsetof(struct audit_options, actor)},
	{"since", 's', WPKG_OPTION_TEXT, "TIME", "only later than this time, such as 2026-11-24",
	 NULL, offsetof(struct audit_options, since)},
	{"after", 0, WPKG_OPTION_NUMBER, "ID", "only after the event of this number", NULL,
	 offsetof(struct audit_options, after)},
	{"follow", 'f', WPKG_OPTION_FLAG, NULL, "go on with what happens from now on", NULL,
	 offsetof(struct audit_options, follow)},
	{0}};

static bool is_wanted(const struct audit_options *options, int64_t since,
		      const struct wpkg_event *event)
{
	return event->at >= since &&
	       (!options->kind || wpkg_str_equal_text(event->kind, options->kind)) &&
	       (!options->actor || wpkg_str_equal_text(event->actor, options->actor));
}

/* A JSON object a line: what follows others is read line by line. */
static enum wpkg_status show_json(struct wpkg_arena *arena, const struct wpkg_event *event,
				  struct wpkg_err *err)
{
	struct wpkg_value *row = wpkg_value_new_table(arena);
	bool good = wpkg_value_add_integer(arena, row, "id", event->id) &&
		    wpkg_value_add_integer(arena, row, "at", event->at) &&
		    wpkg_value_add_string(arena, row, "kind", event->kind) &&
		    wpkg_value_add_string(arena, row, "name", event->name) &&
		    wpkg_value_add_string(arena, row, "version", event->version) &&
		    wpkg_value_add_string(arena, row, "actor", event->actor) &&
		    wpkg_value_add_string(arena, row, "detail", event->detail);
	return operator_json(good ? row : NULL, false, err);
}

static enum wpkg_status show(struct operator_session *session, const struct wpkg_event *event,
			     struct wpkg_err *err)
{
	if (session->options->json)
		return show_json(&session->arena, event, err);
	operator_line(session, "%lld  %s  %.*s  %.*s%s%.*s  %.*s%s%.*s", (long long)event->id,
		      operator_time(&session->arena, event->at), WPKG_STR_ARG(event->kind),
		      WPKG_STR_ARG(event->name), event->version.len ? "/" : "",
		      WPKG_STR_ARG(event->version),
		      WPKG_STR_ARG(event->actor.len ? event->actor : WPKG_LIT("-")),
		      event->detail.len ? ": " : "", WPKG_STR_ARG(event->detail));
	return WPKG_OK;
}

/* All that there is after *after, which moves on. */
static enum wpkg_status show_all(struct operator_session *session,
				 const struct audit_options *options, int64_t since, int64_t *after,
				 struct wpkg_err *err)
{
	struct wpkg_event_list events;
	enum wpkg_status status = WPKG_OK;
	do {
		wpkg_arena_clear(&session->arena);
		status = wpkg_event_list(&events, &session->arena, session->store, *after,
					 wpkg_str_from(options->name), STEP, err);
		for (size_t i = 0; status == WPKG_OK && i < events.count; i++) {
			*after = events.items[i].id;
			if (is_wanted(options, since, &events.items[i]))
				status = show(session, &events.items[i], err);
		}
	} while (status == WPKG_OK && events.count == STEP);
	fflush(stdout);
	return status;
}

static enum wpkg_status audit(struct operator_session *session,
			      const struct wpkg_invocation *invocation, int *code,
			      struct wpkg_err *err)
{
	const struct audit_options *options = invocation->options;
	const struct timespec pause = {.tv_nsec = FOLLOW_NS};
	int64_t since = INT64_MIN;
	int64_t after = options->after > INT64_MAX ? INT64_MAX : (int64_t)options->after;
	enum wpkg_status status = WPKG_OK;
	(void)code;
	if (options->since)
		status = wpkg_clock_parse(&since, wpkg_str_from(options->since), err);
	if (status == WPKG_OK)
		status = show_all(session, options, since, &after, err);
	/* Until a signal, or until nobody reads. */
	while (status == WPKG_OK && options->follow && !ferror(stdout)) {
		nanosleep(&pause, NULL);
		status = show_all(session, options, since, &after, err);
	}
	return status;
}

static int run_audit(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, audit);
}

const struct wpkg_command cmd_audit = {
	.name = "audit",
	.operands = "",
	.summary = "say what happened, and who did it",
	.description =
		"Prints the registry's events, oldest first: number, time, kind, package, who, and "
		"a reason or detail. An event is written together with what it tells of and never "
		"changes. With --json each is one JSON object on a line of its own.",
	.example = "wpkgd audit --data /var/lib/wpkgd --kind publish --since 2026-11-24\n"
		   "wpkgd audit --data /var/lib/wpkgd --name example.com/tool --follow",
	.options = audit_rows,
	.options_size = sizeof(struct audit_options),
	.run = run_audit,
};
