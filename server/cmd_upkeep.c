/* SPDX-License-Identifier: Apache-2.0 */
/* gc, fsck, export, import: looking after the data. */
#include "commands.h"

#include <inttypes.h>

#include "base/clock.h"
#include "operator.h"
#include "store/upkeep.h"

/* gc */

struct gc_options {
	struct operator_options common;
	const char *grace;
	const char *incomplete;
	const char *sessions;
	const char *untagged;
	bool dry_run;
};

static const struct wpkg_option gc_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"grace", 0, WPKG_OPTION_TEXT, "TIME", "keep what was uploaded so lately (1d)", NULL,
	 offsetof(struct gc_options, grace)},
	{"incomplete", 0, WPKG_OPTION_TEXT, "TIME",
	 "keep versions whose push did not end for so long (7d)", NULL,
	 offsetof(struct gc_options, incomplete)},
	{"sessions", 0, WPKG_OPTION_TEXT, "TIME",
	 "keep upload sessions that were idle so long (1d)", NULL,
	 offsetof(struct gc_options, sessions)},
	{"untagged", 0, WPKG_OPTION_TEXT, "TIME",
	 "keep manifests that nothing means for so long (for ever)", NULL,
	 offsetof(struct gc_options, untagged)},
	{"dry-run", 'n', WPKG_OPTION_FLAG, NULL, "only say what would be removed", NULL,
	 offsetof(struct gc_options, dry_run)},
	{0}};

/* "0" is no time at all, which the store wants to hear as -1. */
static enum wpkg_status parse_age(int64_t *out, const char *text, struct wpkg_err *err)
{
	int64_t seconds = 0;
	if (!text)
		return WPKG_OK;
	enum wpkg_status status = wpkg_duration_parse(&seconds, wpkg_str_from(text), err);
	if (status == WPKG_OK)
		*out = seconds > 0 ? seconds : -1;
	return status;
}

static enum wpkg_status gc_json(struct wpkg_arena *arena, const struct wpkg_gc_report *report,
				struct wpkg_err *err)
{
	struct wpkg_value *table = wpkg_value_new_table(arena);
	bool good = operator_add_count(arena, table, "versions", report->expired) &&
		    operator_add_count(arena, table, "blobs", report->blobs) &&
		    operator_add_count(arena, table, "bytes", report->bytes) &&
		    operator_add_count(arena, table, "files", report->files) &&
		    operator_add_count(arena, table, "sessions", report->sessions) &&
		    operator_add_count(arena, table, "manifests", report->manifests);
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status gc(struct operator_session *session,
			   const struct wpkg_invocation *invocation, int *code,
			   struct wpkg_err *err)
{
	const struct gc_options *options = invocation->options;
	struct wpkg_gc_options wanted = {.dry_run = options->dry_run};
	struct wpkg_gc_report report;
	(void)code;
	enum wpkg_status status = parse_age(&wanted.grace, options->grace, err);
	if (status == WPKG_OK)
		status = parse_age(&wanted.incomplete, options->incomplete, err);
	if (status == WPKG_OK)
		status = parse_age(&wanted.sessions, options->sessions, err);
	if (status == WPKG_OK)
		status = parse_age(&wanted.untagged, options->untagged, err);
	if (status == WPKG_OK)
		status = wpkg_store_gc(&report, session->store, &wanted, err);
	if (status != WPKG_OK)
		return status;
	if (options->common.json)
		return gc_json(&session->arena, &report, err);
	operator_line(session,
		      "%s %" PRIu64 " blobs of %" PRIu64 " bytes, %" PRIu64
		      " versions that were never completed, %" PRIu64 " upload sessions, %" PRIu64
		      " manifests, %" PRIu64 " stray files",
		      options->dry_run ? "would remove" : "removed", report.blobs, report.bytes,
		      report.expired, report.sessions, report.manifests, report.files);
	return WPKG_OK;
}

static int run_gc(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, gc);
}

const struct wpkg_command cmd_gc = {
	.name = "gc",
	.operands = "",
	.summary = "remove what no version refers to any more",
	.description =
		"Removes blobs that no version needs and whose last upload is older than --grace, "
		"versions that are incomplete since --incomplete, uploads that stopped before "
		"--sessions, and files that a crash left. With --untagged also manifests without "
		"a tag that are in no index, no version's and no referrers. "
		"Safe while the server runs: what a push under way relies on stays.",
	.example = "wpkgd gc --data /var/lib/wpkgd --dry-run",
	.options = gc_rows,
	.options_size = sizeof(struct gc_options),
	.run = run_gc,
};

/* fsck */

struct fsck_options {
	struct operator_options common;
	bool repair;
};

static const struct wpkg_option fsck_rows[] = {OPERATOR_DATA_ROW,
					       OPERATOR_JSON_ROW,
					       {"repair", 0, WPKG_OPTION_FLAG, NULL,
						"move damaged blobs out of the way, to DIR/damaged",
						NULL, offsetof(struct fsck_options, repair)},
					       {0}};

static const char *finding_text(enum wpkg_finding_kind kind)
{
	switch (kind) {
	case WPKG_FINDING_DATABASE:
		return "database damaged";
	case WPKG_FINDING_BLOB_ABSENT:
		return "blob absent";
	case WPKG_FINDING_BLOB_DAMAGED:
		return "blob damaged";
	case WPKG_FINDING_BLOB_SET_ASIDE:
		return "blob set aside";
	case WPKG_FINDING_PARCEL_ABSENT:
		return "parcel missing";
	case WPKG_FINDING_INVOICE:
		return "invoice damaged";
	case WPKG_FINDING_MANIFEST:
		return "manifest not whole";
	case WPKG_FINDING_FILE_UNKNOWN:
		return "file without a row";
	case WPKG_FINDING_FILE_STRANGE:
		return "strange file";
	}
	return "?";
}

struct finding_user {
	struct operator_session *session;
	struct wpkg_value *list; /* for --json; NULL when memory ran out */
};

static void show_finding(void *user, const struct wpkg_finding *finding)
{
	struct finding_user *to = user;
	struct wpkg_arena *arena = &to->session->arena;
	operator_line(to->session, "%s%s: %.*s: %.*s%s",
		      wpkg_finding_is_damage(finding->kind) ? "" : "harmless: ",
		      finding_text(finding->kind), WPKG_STR_ARG(finding->subject),
		      WPKG_STR_ARG(finding->detail), finding->repaired ? " (set aside)" : "");
	if (!to->session->options->json)
		return;
	struct wpkg_value *row = wpkg_value_add(arena, to->list, NULL, WPKG_VALUE_TABLE);
	bool good = wpkg_value_add_string(arena, row, "kind",
					  wpkg_str_from(finding_text(finding->kind))) &&
		    wpkg_value_add_boolean(arena, row, "damage",
					   wpkg_finding_is_damage(finding->kind)) &&
		    wpkg_value_add_string(arena, row, "subject", finding->subject) &&
		    wpkg_value_add_string(arena, row, "detail", finding->detail) &&
		    wpkg_value_add_boolean(arena, row, "repaired", finding->repaired);
	if (!good)
		to->list = NULL;
}

static enum wpkg_status fsck_json(struct finding_user *to, struct wpkg_value *table,
				  const struct wpkg_fsck_report *report, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &to->session->arena;
	bool good = to->list && operator_add_count(arena, table, "blobs", report->blobs) &&
		    operator_add_count(arena, table, "bytes", report->bytes) &&
		    operator_add_count(arena, table, "versions", report->records) &&
		    operator_add_count(arena, table, "damage", report->damage) &&
		    operator_add_count(arena, table, "harmless", report->harmless) &&
		    operator_add_count(arena, table, "repaired", report->repaired);
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status fsck(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const struct fsck_options *options = invocation->options;
	struct wpkg_value *table = wpkg_value_new_table(&session->arena);
	struct finding_user to = {.session = session};
	struct wpkg_fsck_options wanted = {
		.repair = options->repair, .found = show_finding, .user = &to};
	struct wpkg_fsck_report report;
	/* The list stays where it is: counts are added only when it is whole. */
	to.list = wpkg_value_add(&session->arena, table, "findings", WPKG_VALUE_ARRAY);
	enum wpkg_status status = wpkg_store_fsck(&report, session->store, &wanted, err);
	if (status != WPKG_OK)
		return status;
	*code = report.damage > 0 ? WPKG_EXIT_REFUSED : WPKG_EXIT_DONE;
	if (options->common.json)
		return fsck_json(&to, table, &report, err);
	operator_line(session,
		      "looked at %" PRIu64 " versions and %" PRIu64 " blobs of %" PRIu64
		      " bytes: %s",
		      report.records, report.blobs, report.bytes,
		      report.damage > 0 ? "damaged" : "all is whole");
	return WPKG_OK;
}

static int run_fsck(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, fsck);
}

const struct wpkg_command cmd_fsck = {
	.name = "fsck",
	.operands = "",
	.summary = "prove that all data is whole",
	.description =
		"Lets the database check itself, hashes every blob, reads every invoice, and "
		"compares what is there with what should be. It reads everything, and may run "
		"beside the server. Exits 3 when something is damaged; what a crash may leave is "
		"harmless and is said, and 'gc' removes it.\n"
		"\n"
		"With --repair, damaged blobs are moved to DIR/damaged. The versions that need "
		"them say that they are missing, and are whole again once they are uploaded again.",
	.example = "wpkgd fsck --data /var/lib/wpkgd",
	.options = fsck_rows,
	.options_size = sizeof(struct fsck_options),
	.run = run_fsck,
};

/* export and import */

struct transfer_options {
	struct operator_options common;
	bool verbose;
};

static const struct wpkg_option transfer_rows[] = {OPERATOR_DATA_ROW,
						   OPERATOR_JSON_ROW,
						   {"verbose", 'v', WPKG_OPTION_FLAG, NULL,
						    "print each version", NULL,
						    offsetof(struct transfer_options, verbose)},
						   {0}};

struct note_user {
	struct operator_session *session;
	bool verbose;
};

/* What was passed over is never silent. */
static void show_note(void *user, const struct wpkg_transfer_note *note)
{
	const struct note_user *to = user;
	if (note->problem.len > 0)
		operator_note("passed over %.*s: %.*s", WPKG_STR_ARG(note->subject),
			      WPKG_STR_ARG(note->problem));
	else if (to->verbose)
		operator_line(to->session, "%.*s", WPKG_STR_ARG(note->subject));
}

static enum wpkg_status show_transfer(struct operator_session *session, const char *verb,
				      const struct wpkg_transfer_report *report,
				      struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	operator_line(session,
		      "%s %" PRIu64 " versions and %" PRIu64 " blobs of %" PRIu64 " bytes; %" PRIu64
		      " were there already, %" PRIu64 " things passed over",
		      verb, report->records, report->blobs, report->bytes, report->present,
		      report->passed_over);
	if (!session->options->json)
		return WPKG_OK;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	bool good = operator_add_count(arena, table, "versions", report->records) &&
		    operator_add_count(arena, table, "blobs", report->blobs) &&
		    operator_add_count(arena, table, "bytes", report->bytes) &&
		    operator_add_count(arena, table, "present", report->present) &&
		    operator_add_count(arena, table, "passed_over", report->passed_over);
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status export(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err) {
	const struct transfer_options *options = invocation->options;
	struct note_user to = {.session = session, .verbose = options->verbose};
	const struct wpkg_transfer_options wanted = {.note = show_note, .user = &to};
	struct wpkg_transfer_report report;
	(void)code;
	enum wpkg_status status = wpkg_store_export(&report, session->store,
						    invocation->operands[0], &wanted, err);
	return status == WPKG_OK ? show_transfer(session, "exported", &report, err) : status;
}

static int run_export(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, export);
}

const struct wpkg_command cmd_export = {
	.name = "export",
	.operands = "FOLDER",
	.summary = "write the registry to a new folder",
	.description =
		"FOLDER, which must be new or empty, becomes a copy in the layout of an original "
		"Bindle server, which can serve it, with a file registry.jsonl beside it for what "
		"that layout cannot hold: owners, rights, who pushed what when, verdicts. It holds "
		"neither tokens nor keys. What is pushed meanwhile is not in it.",
	.example = "wpkgd export --data /var/lib/wpkgd /backup/registry",
	.options = transfer_rows,
	.options_size = sizeof(struct transfer_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_export,
};

static enum wpkg_status import(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err)
{
	const struct transfer_options *options = invocation->options;
	struct note_user to = {.session = session, .verbose = options->verbose};
	const struct wpkg_transfer_options wanted = {
		.note = show_note, .user = &to, .actor = wpkg_str_from(session->actor)};
	struct wpkg_transfer_report report;
	(void)code;
	enum wpkg_status status =
		wpkg_store_import(&report, session->store, invocation->operands[0], &wanted, err);
	return status == WPKG_OK ? show_transfer(session, "imported", &report, err) : status;
}

static int run_import(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, import);
}

const struct wpkg_command cmd_import = {
	.name = "import",
	.operands = "FOLDER",
	.summary = "take in a registry that was exported, or an original Bindle server's folder",
	.description =
		"Versions that have all their parcels are published as they were, without another "
		"admission; what cannot come in is said and passed over. What is here already "
		"stays, so that an import may be repeated.",
	.example = "wpkgd import --data /var/lib/wpkgd /home/bindle/.local/share/bindle",
	.options = transfer_rows,
	.options_size = sizeof(struct transfer_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_import,
};
