/* SPDX-License-Identifier: Apache-2.0 */
/* backup and restore: a copy of the data that is whole at any moment. */
#include "commands.h"

#include <inttypes.h>

#include "operator.h"
#include "store/backup.h"

struct backup_options {
	struct operator_options common;
	bool copies;
	bool verify;
};

static const struct wpkg_option backup_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"copy", 0, WPKG_OPTION_FLAG, NULL, "copy blobs, also where links could be made", NULL,
	 offsetof(struct backup_options, copies)},
	{"verify", 0, WPKG_OPTION_FLAG, NULL, "make none; read all of the one that is there", NULL,
	 offsetof(struct backup_options, verify)},
	{0}};

static enum wpkg_status show_report(struct operator_session *session, const char *what,
				    const struct wpkg_backup_report *report, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	operator_line(session,
		      "%s: %" PRIu64 " versions and %" PRIu64 " blobs of %" PRIu64
		      " bytes as of %s; %" PRIu64 " blobs linked, %" PRIu64 " copied, %" PRIu64
		      " removed",
		      what, report->versions, report->blobs, report->bytes,
		      operator_time(arena, report->made), report->linked, report->copied,
		      report->removed);
	if (!session->options->json)
		return WPKG_OK;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	bool good = wpkg_value_add_integer(arena, table, "made", report->made) &&
		    operator_add_count(arena, table, "versions", report->versions) &&
		    operator_add_count(arena, table, "blobs", report->blobs) &&
		    operator_add_count(arena, table, "bytes", report->bytes) &&
		    operator_add_count(arena, table, "linked", report->linked) &&
		    operator_add_count(arena, table, "copied", report->copied) &&
		    operator_add_count(arena, table, "removed", report->removed) &&
		    operator_add_count(arena, table, "damage", report->damage);
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status backup(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err)
{
	static const char *const files[] = {"host-keys.toml"};
	const struct backup_options *options = invocation->options;
	const struct wpkg_backup_options wanted = {
		.files = files,
		.file_count = sizeof(files) / sizeof(files[0]),
		.copies = options->copies,
	};
	struct wpkg_backup_report report;
	(void)code;
	enum wpkg_status status =
		wpkg_store_backup(&report, session->store, invocation->operands[0], &wanted, err);
	return status == WPKG_OK ? show_report(session, "backup", &report, err) : status;
}

/* Without a store: only what is printed with. */
static int finish(struct operator_session *session, enum wpkg_status status, int code,
		  const struct wpkg_err *err)
{
	wpkg_arena_clear(&session->arena);
	if (status == WPKG_OK)
		return code;
	operator_note("%s", err->msg);
	return (int)wpkg_exit_of(status);
}

static void show_finding(void *user, struct wpkg_str subject, struct wpkg_str problem)
{
	const struct operator_session *session = user;
	operator_line(session, "%.*s: %.*s", WPKG_STR_ARG(subject), WPKG_STR_ARG(problem));
}

static int run_verify(const struct wpkg_invocation *invocation)
{
	struct operator_session session = {.options = invocation->options};
	const struct wpkg_backup_finding finding = {.found = show_finding, .user = &session};
	struct wpkg_backup_report report = {0};
	struct wpkg_err err;
	wpkg_arena_init(&session.arena, (size_t)1 << 20);
	enum wpkg_status status =
		wpkg_backup_verify(&report, invocation->operands[0], &finding, &err);
	if (status == WPKG_OK)
		status = show_report(&session, report.damage > 0 ? "damaged" : "all is whole",
				     &report, &err);
	return finish(&session, status, report.damage > 0 ? WPKG_EXIT_REFUSED : WPKG_EXIT_DONE,
		      &err);
}

static int run_backup(const struct wpkg_invocation *invocation)
{
	const struct backup_options *options = invocation->options;
	return options->verify ? run_verify(invocation) : operator_run(invocation, backup);
}

const struct wpkg_command cmd_backup = {
	.name = "backup",
	.operands = "FOLDER",
	.summary = "bring a backup up to date while the server runs",
	.description =
		"Copies the index as of one moment, and brings the blobs that it names and FOLDER "
		"lacks: as hard links on the same file system, else as copies. A link shares its "
		"bytes with the original: FOLDER should be copied elsewhere, or lie on another "
		"disk. Until all is on the disk FOLDER stays the backup that it was, whatever "
		"kills this one; a manifest there (backup.json) says what the backup holds.\n"
		"\n"
		"What is in it: packages, users' tokens (as hashes), rights, events, webhooks' "
		"queue, and the server's signing key. What is not: the configuration, the file of "
		"users, the keyring, certificates, and uploads under way.\n"
		"\n"
		"With --verify it reads all of the backup, and exits 3 when something is damaged.",
	.example = "wpkgd backup --data /var/lib/wpkgd /backup/wpkgd\n"
		   "wpkgd backup --verify /backup/wpkgd",
	.options = backup_rows,
	.options_size = sizeof(struct backup_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_backup,
};

static const struct wpkg_option restore_rows[] = {OPERATOR_DATA_ROW, OPERATOR_JSON_ROW, {0}};

static int run_restore(const struct wpkg_invocation *invocation)
{
	struct operator_session session = {.options = invocation->options};
	struct wpkg_backup_report report = {0};
	struct wpkg_err err;
	if (!session.options->data) {
		operator_note("where to? give --data DIR, a new or empty folder");
		return WPKG_EXIT_USAGE;
	}
	wpkg_arena_init(&session.arena, (size_t)1 << 20);
	enum wpkg_status status =
		wpkg_backup_restore(&report, invocation->operands[0], session.options->data, &err);
	if (status == WPKG_OK)
		status = show_report(&session, "restored", &report, &err);
	return finish(&session, status, WPKG_EXIT_DONE, &err);
}

const struct wpkg_command cmd_restore = {
	.name = "restore",
	.operands = "FOLDER",
	.summary = "make a server's data of a backup",
	.description =
		"Copies a backup to the folder of --data, which must be new or empty, and checks "
		"every byte on its way. A restore that was interrupted is begun again with the "
		"same words; until it has ended no server starts over the folder. 'fsck' proves "
		"the result.",
	.example = "wpkgd restore --data /var/lib/wpkgd /backup/wpkgd",
	.options = restore_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_restore,
};
