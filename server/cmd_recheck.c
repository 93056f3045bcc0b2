/* SPDX-License-Identifier: Apache-2.0 */
/* recheck: what is published, through admission again. */
#include "commands.h"

#include <string.h>

#include "admission_options.h"
#include "operator.h"
#include "pkg/id.h"
#include "pkg/verdict.h"
#include "store/query.h"

/* Versions that are looked up at a time. */
#define PAGE 64

/* What one version takes: its invoice, the verdict, the facts. */
#define ARENA_MAX ((size_t)256 << 20)

struct recheck_options {
	struct operator_options common;
	const char *config;
	bool dry_run;
	bool stale;
};

static const struct wpkg_option recheck_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"config", 0, WPKG_OPTION_TEXT, "FILE", "the server's settings, with its rules",
	 "WPKGD_CONFIG", offsetof(struct recheck_options, config)},
	{"dry-run", 'n', WPKG_OPTION_FLAG, NULL, "keep the verdicts of before", NULL,
	 offsetof(struct recheck_options, dry_run)},
	{"stale", 0, WPKG_OPTION_FLAG, NULL, "only what another version of wpkg looked at last",
	 NULL, offsetof(struct recheck_options, stale)},
	{0}};

struct rechecking {
	struct operator_session *session;
	const struct recheck_options *options;
	struct admission *admission;
	struct wpkg_value *flagged; /* for --json */
	struct wpkg_value *failed;  /* the same */
	uint64_t checked, flagged_count, failed_count;
};

static void give(struct config_source *source, const char *name)
{
	for (size_t row = 0; config_rows[row].name; row++)
		if (strcmp(config_rows[row].name, name) == 0)
			source->given[row] = true;
}

static enum wpkg_status open_admission(struct rechecking *rechecking, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &rechecking->session->arena;
	struct config_source source = {.values = {.data = rechecking->options->common.data,
						  .config = rechecking->options->config}};
	struct config config;
	struct admission_options options;
	give(&source, "data");
	if (source.values.config)
		give(&source, "config");
	enum wpkg_status status = config_complete(&config, arena, &source, err);
	if (status == WPKG_OK)
		status = admission_options_of(&options, &config, arena, err);
	if (status == WPKG_OK)
		status = admission_new(&rechecking->admission, &options, err);
	return status;
}

/* For --json. */
static enum wpkg_status list(struct rechecking *rechecking, struct wpkg_value *list_of,
			     const struct wpkg_record *record, struct wpkg_str reason,
			     struct wpkg_err *err)
{
	struct wpkg_arena *arena = &rechecking->session->arena;
	if (!rechecking->options->common.json)
		return WPKG_OK;
	struct wpkg_value *entry = wpkg_value_add(arena, list_of, NULL, WPKG_VALUE_TABLE);
	if (!entry || !wpkg_value_add_string(arena, entry, "name", record->name) ||
	    !wpkg_value_add_string(arena, entry, "version", record->version) ||
	    !wpkg_value_add_string(arena, entry, "reason", reason))
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the output");
	return WPKG_OK;
}

static enum wpkg_status report(struct rechecking *rechecking, const struct wpkg_record *record,
			       const struct admission_result *result, struct wpkg_err *err)
{
	rechecking->flagged_count++;
	operator_line(rechecking->session, "%.*s/%.*s: %.*s", WPKG_STR_ARG(record->name),
		      WPKG_STR_ARG(record->version), WPKG_STR_ARG(result->reason));
	return list(rechecking, rechecking->flagged, record, result->reason, err);
}

/* Nobody can say: a damaged blob, no worker. It is no verdict, and changes nothing. */
static enum wpkg_status report_failure(struct rechecking *rechecking,
				       const struct wpkg_record *record,
				       const struct wpkg_err *failed, struct wpkg_err *err)
{
	rechecking->failed_count++;
	operator_note("%.*s/%.*s: %s", WPKG_STR_ARG(record->name), WPKG_STR_ARG(record->version),
		      failed->msg);
	return list(rechecking, rechecking->failed, record, wpkg_str_from(failed->msg), err);
}

/* Was it this version that looked at it last? */
static bool is_current(const struct wpkg_record *record)
{
	struct wpkg_arena arena;
	struct wpkg_verdict verdict;
	wpkg_arena_init(&arena, ARENA_MAX);
	bool current = false;
	if (wpkg_verdict_read(&verdict, &arena, record->verdict, NULL) == WPKG_OK) {
		const struct wpkg_value *engine = wpkg_value_find(verdict.value, "engine");
		current = engine && engine->kind == WPKG_VALUE_STRING &&
			  wpkg_str_equal_text(engine->string, "wpkg " WPKG_VERSION);
	}
	wpkg_arena_clear(&arena);
	return current;
}

static enum wpkg_status recheck_one(struct rechecking *rechecking, const struct wpkg_record *record,
				    struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct admission_result result;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_store *store = rechecking->session->store;
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, arena, record->invoice, WPKG_INVOICE_TOML, err);
	if (status != WPKG_OK)
		return status;
	const struct admission_question question = {.invoice = invoice, .store = store};
	status = admission_run(&result, rechecking->admission, &question, arena, err);
	if (status != WPKG_OK)
		return status;
	rechecking->checked++;
	if (!rechecking->options->dry_run)
		status = wpkg_record_recheck(store, record->id, &result.settlement, err);
	if (status == WPKG_OK && !result.settlement.accepted)
		status = report(rechecking, record, &result, err);
	return status;
}

/* One that cannot be asked about (a damaged blob, say) is no reason to leave the others out. */
static enum wpkg_status recheck_page(struct rechecking *rechecking, uint64_t *count,
				     const struct wpkg_query *query, struct wpkg_arena *arena,
				     struct wpkg_err *err)
{
	struct wpkg_query_result page;
	enum wpkg_status status =
		wpkg_query_run(&page, arena, rechecking->session->store, query, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; i < page.count; i++) {
		const struct wpkg_record *record = &page.records[i];
		struct wpkg_arena own;
		struct wpkg_err failed;
		if (rechecking->options->stale && is_current(record))
			continue;
		wpkg_arena_init(&own, ARENA_MAX);
		if (recheck_one(rechecking, record, &own, &failed) != WPKG_OK)
			status = report_failure(rechecking, record, &failed, err);
		wpkg_arena_clear(&own);
		if (status != WPKG_OK)
			return status;
	}
	*count = page.count;
	return WPKG_OK;
}

/* What an operand means: a name, or NAME/VERSION. */
static void set_query(struct wpkg_query *query, struct wpkg_arena *arena, const char *operand)
{
	struct wpkg_id id;
	*query = (struct wpkg_query){.yanked = true, .limit = PAGE};
	if (!operand)
		return;
	query->match = WPKG_QUERY_EXACT;
	query->text = wpkg_str_from(operand);
	if (wpkg_id_parse(&id, query->text, NULL) != WPKG_OK)
		return;
	query->text = id.name;
	/* Without the sign it would be every version that is compatible. */
	query->version = wpkg_arena_format(arena, "=%.*s", WPKG_STR_ARG(id.version_text));
}

static enum wpkg_status recheck_all(struct rechecking *rechecking, const char *operand,
				    struct wpkg_err *err)
{
	struct wpkg_query query;
	uint64_t count = PAGE;
	enum wpkg_status status = WPKG_OK;
	set_query(&query, &rechecking->session->arena, operand);
	while (status == WPKG_OK && count == PAGE) {
		struct wpkg_arena arena;
		wpkg_arena_init(&arena, ARENA_MAX);
		status = recheck_page(rechecking, &count, &query, &arena, err);
		wpkg_arena_clear(&arena);
		query.offset += count;
	}
	return status;
}

static enum wpkg_status conclude(struct rechecking *rechecking, struct wpkg_value *table,
				 struct wpkg_err *err)
{
	struct wpkg_arena *arena = &rechecking->session->arena;
	operator_line(rechecking->session, "rechecked %llu versions, flagged %llu",
		      (unsigned long long)rechecking->checked,
		      (unsigned long long)rechecking->flagged_count);
	if (rechecking->failed_count > 0)
		operator_line(rechecking->session, "could not recheck %llu",
			      (unsigned long long)rechecking->failed_count);
	if (!rechecking->options->common.json)
		return WPKG_OK;
	bool good = wpkg_value_add_integer(arena, table, "checked", (int64_t)rechecking->checked);
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status recheck(struct operator_session *session,
				const struct wpkg_invocation *invocation, int *code,
				struct wpkg_err *err)
{
	struct rechecking rechecking = {.session = session, .options = invocation->options};
	struct wpkg_value *table = wpkg_value_new_table(&session->arena);
	rechecking.flagged = wpkg_value_add(&session->arena, table, "flagged", WPKG_VALUE_ARRAY);
	rechecking.failed = wpkg_value_add(&session->arena, table, "failed", WPKG_VALUE_ARRAY);
	if (!rechecking.flagged || !rechecking.failed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	enum wpkg_status status = open_admission(&rechecking, err);
	if (status == WPKG_OK && invocation->operand_count == 0)
		status = recheck_all(&rechecking, NULL, err);
	for (size_t i = 0; i < invocation->operand_count && status == WPKG_OK; i++)
		status = recheck_all(&rechecking, invocation->operands[i], err);
	admission_free(rechecking.admission);
	if (status == WPKG_OK)
		status = conclude(&rechecking, table, err);
	if (rechecking.failed_count > 0)
		*code = WPKG_EXIT_FAILED;
	if (rechecking.flagged_count > 0)
		*code = WPKG_EXIT_REFUSED;
	return status;
}

static int run_recheck(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, recheck);
}

const struct wpkg_command cmd_recheck = {
	.name = "recheck",
	.operands = "[NAME[/VERSION]...]",
	.summary = "put what is published through admission again",
	.description =
		"After an update, or with new rules: every version that is published or yanked is "
		"validated, linked with its dependencies as they are now, and checked once more, "
		"with the rules of --config, and its verdict and "
		"facts are replaced. A version that would be refused today is flagged: its verdict "
		"and the audit log say why, and nothing else happens to it. Whether to yank or "
		"delete it is for people to decide. Exits with 3 when something was flagged, else "
		"with 1 when something could not be looked at. Each version is done for itself: "
		"with --stale a recheck that was cut goes on where it was.\n"
		"\n"
		"Safe while the server runs.",
	.example = "wpkgd recheck --data /var/lib/wpkgd --config /etc/wpkgd/config.toml\n"
		   "wpkgd recheck --data /var/lib/wpkgd --dry-run example.com/tool",
	.options = recheck_rows,
	.options_size = sizeof(struct recheck_options),
	.most_operands = SIZE_MAX,
	.run = run_recheck,
};
