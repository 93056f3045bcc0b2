/* SPDX-License-Identifier: Apache-2.0 */
/* audit: what happened, who did it. */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "base/clock.h"
#include "operator.h"
#include "store/access.h"
#include "store/event.h"

#define STEP 500	    /* events read at once */
#define FOLLOW_NS 500000000 /* between two looks */

struct audit_options {
	struct operator_options common;
	const char *name;
	const char *kind;
	const char *actor;
	const char *address;
	const char *since, *until;
	uint64_t after;
	bool follow;
};

static const struct wpkg_option audit_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"name", 0, WPKG_OPTION_TEXT, "NAME",
	 "only of this package, or of those that a pattern covers", NULL,
	 offsetof(struct audit_options, name)},
	{"kind", 'k', WPKG_OPTION_TEXT, "KIND",
	 "only of this kind, such as publish, or of several with commas between", NULL,
	 offsetof(struct audit_options, kind)},
	{"actor", 'a', WPKG_OPTION_TEXT, "USER", "only what this user did", NULL,
	 offsetof(struct audit_options, actor)},
	{"address", 0, WPKG_OPTION_TEXT, "ADDRESS",
	 "only from this address or network (192.0.2.0/24), or 'local' commands", NULL,
	 offsetof(struct audit_options, address)},
	{"since", 's', WPKG_OPTION_TEXT, "TIME", "only later than this time, such as 2026-11-24",
	 NULL, offsetof(struct audit_options, since)},
	{"until", 0, WPKG_OPTION_TEXT, "TIME", "only earlier than this time", NULL,
	 offsetof(struct audit_options, until)},
	{"after", 0, WPKG_OPTION_NUMBER, "ID", "only after the event of this number", NULL,
	 offsetof(struct audit_options, after)},
	{"follow", 'f', WPKG_OPTION_FLAG, NULL, "go on with what happens from now on", NULL,
	 offsetof(struct audit_options, follow)},
	{0}};

/* What of the options is not a text to compare with. */
struct wanted {
	const struct audit_options *options;
	int64_t since, until; /* UNIX seconds */
	struct wpkg_str name; /* exact, for the index; empty: a pattern or none */
	int64_t after;	      /* id of the last event that was looked at */
};

static bool is_kind(const char *kinds, struct wpkg_str kind)
{
	struct wpkg_str rest = wpkg_str_from(kinds);
	struct wpkg_str one;
	while (wpkg_str_split(&rest, ',', &one))
		if (wpkg_str_equal(wpkg_str_trim(one), kind))
			return true;
	return false;
}

static bool is_wanted(const struct wanted *wanted, const struct wpkg_event *event)
{
	const struct audit_options *options = wanted->options;
	return event->at >= wanted->since && event->at < wanted->until &&
	       (!options->name || wanted->name.len > 0 ||
		wpkg_pattern_covers(wpkg_str_from(options->name), event->name)) &&
	       (!options->kind || is_kind(options->kind, event->kind)) &&
	       (!options->actor || wpkg_str_equal_text(event->actor, options->actor)) &&
	       (!options->address ||
		address_is_within(event->address, wpkg_str_from(options->address)));
}

/* Empty when the event has none. */
static struct wpkg_str content_address(struct wpkg_arena *arena, const struct wpkg_event *event)
{
	char hex[WPKG_DIGEST_TEXT];
	if (!event->manifest)
		return (struct wpkg_str){0};
	wpkg_digest_format(hex, event->manifest);
	return wpkg_arena_format(arena, "sha256:%s", hex);
}

/* A JSON object a line: what follows others is read line by line. */
static enum wpkg_status show_json(struct wpkg_arena *arena, const struct wpkg_event *event,
				  struct wpkg_err *err)
{
	struct wpkg_value *row = wpkg_value_new_table(arena);
	struct wpkg_str digest = content_address(arena, event);
	bool good = wpkg_value_add_integer(arena, row, "id", event->id) &&
		    wpkg_value_add_integer(arena, row, "at", event->at) &&
		    wpkg_value_add_string(arena, row, "kind", event->kind) &&
		    wpkg_value_add_string(arena, row, "name", event->name) &&
		    wpkg_value_add_string(arena, row, "version", event->version) &&
		    wpkg_value_add_string(arena, row, "actor", event->actor) &&
		    wpkg_value_add_string(arena, row, "address", event->address) &&
		    wpkg_value_add_string(arena, row, "request", event->request) &&
		    (digest.len == 0 || wpkg_value_add_string(arena, row, "digest", digest)) &&
		    wpkg_value_add_string(arena, row, "detail", event->detail);
	return operator_json(good ? row : NULL, false, err);
}

static enum wpkg_status show(struct operator_session *session, const struct wpkg_event *event,
			     struct wpkg_err *err)
{
	if (session->options->json)
		return show_json(&session->arena, event, err);
	operator_line(session, "%lld  %s  %.*s  %.*s%s%.*s  %.*s%s%.*s%s%.*s%s%.*s",
		      (long long)event->id, operator_time(&session->arena, event->at),
		      WPKG_STR_ARG(event->kind), WPKG_STR_ARG(event->name),
		      event->version.len ? "/" : "", WPKG_STR_ARG(event->version),
		      WPKG_STR_ARG(event->actor.len ? event->actor : WPKG_LIT("-")),
		      event->address.len ? " at " : "", WPKG_STR_ARG(event->address),
		      event->request.len ? " by request " : "", WPKG_STR_ARG(event->request),
		      event->detail.len ? ": " : "", WPKG_STR_ARG(event->detail));
	return WPKG_OK;
}

/* All that there is behind wanted->after, which moves on. */
static enum wpkg_status show_all(struct operator_session *session, struct wanted *wanted,
				 struct wpkg_err *err)
{
	struct wpkg_event_list events;
	enum wpkg_status status = WPKG_OK;
	do {
		wpkg_arena_clear(&session->arena);
		status = wpkg_event_list(&events, &session->arena, session->store, wanted->after,
					 wanted->name, STEP, err);
		for (size_t i = 0; status == WPKG_OK && i < events.count; i++) {
			wanted->after = events.items[i].id;
			if (is_wanted(wanted, &events.items[i]))
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
	struct wanted wanted = {.options = options,
				.since = INT64_MIN,
				.until = INT64_MAX,
				.after = options->after > INT64_MAX ? INT64_MAX
								    : (int64_t)options->after};
	enum wpkg_status status = WPKG_OK;
	(void)code;
	if (options->name && !strchr(options->name, '*'))
		wanted.name = wpkg_str_from(options->name);
	if (options->name)
		status = wpkg_pattern_check(wpkg_str_from(options->name), err);
	if (status == WPKG_OK && options->address)
		status = address_check_network(wpkg_str_from(options->address), err);
	if (status == WPKG_OK && options->since)
		status = wpkg_clock_parse(&wanted.since, wpkg_str_from(options->since), err);
	if (status == WPKG_OK && options->until)
		status = wpkg_clock_parse(&wanted.until, wpkg_str_from(options->until), err);
	if (status == WPKG_OK)
		status = show_all(session, &wanted, err);
	/* Until a signal, or until nobody reads. */
	while (status == WPKG_OK && options->follow && !ferror(stdout)) {
		nanosleep(&pause, NULL);
		status = show_all(session, &wanted, err);
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
		"Prints the registry's events, oldest first: number, time, kind, package, who, "
		"from "
		"which address, and a reason or detail. An event is written together with what it "
		"tells of and never changes: the database refuses. With --json each is one JSON "
		"object on a line of its own.\n"
		"\n"
		"The server forgets events after its setting audit-retention, but never who "
		"published a version that is still there.",
	.example = "wpkgd audit --data /var/lib/wpkgd --kind publish --since 2026-11-24\n"
		   "wpkgd audit --data /var/lib/wpkgd --name 'example.com/*' --follow\n"
		   "wpkgd audit --data /var/lib/wpkgd --actor jo --address 192.0.2.0/24 --json",
	.options = audit_rows,
	.options_size = sizeof(struct audit_options),
	.run = run_audit,
};
