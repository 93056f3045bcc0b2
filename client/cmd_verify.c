/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed a package, whether that is enough, and whether its bytes are those that were signed.
 */
#include "commands.h"

#include <stddef.h>
#include <unistd.h>

#include "describe.h"
#include "fetch.h"
#include "package.h"
#include "pkg/parcel.h"
#include "progress.h"
#include "reference.h"
#include "report.h"
#include "trust.h"

struct verify_options {
	const char *strategy;
};

static const struct wpkg_option verify_rows[] = {
	{"strategy", 0, WPKG_OPTION_TEXT, "STRATEGY",
	 "demand these signatures, such as 'CreativeIntegrity'", NULL,
	 offsetof(struct verify_options, strategy)},
	{0}};

/* What was found out; texts and lists in the session's arena. */
struct verification {
	struct session *session;
	struct found found; /* when it is not on this machine */
	const struct wpkg_invoice *invoice;
	struct wpkg_verification rules;
	struct wpkg_err distrust;	/* status WPKG_OK: the signatures are enough */
	struct fetch_outcome *outcomes; /* one for each parcel */
	size_t bad;			/* parcels that are not whole */
};

/* Parcels. */

/* Those of a bundle or a project, where they lie. */
static enum wpkg_status check_here(struct verification *verification, const struct package *package,
				   struct wpkg_err *err)
{
	size_t count = package->invoice->parcel_count;
	struct progress progress;
	struct wpkg_arena *arena = &verification->session->arena;
	struct fetch_outcome *outcomes = wpkg_arena_alloc(arena, count, sizeof(*outcomes));
	if (!outcomes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	progress_begin(&progress, verification->session->global, "hashing",
		       describe_size(package->invoice));
	for (size_t i = 0; i < count; i++) {
		int fd = -1;
		outcomes[i].status = package_open_parcel(&fd, package, i, &outcomes[i].err);
		if (outcomes[i].status != WPKG_OK)
			continue;
		outcomes[i].status = wpkg_parcel_check(&package->invoice->parcels[i].label, fd,
						       &outcomes[i].err);
		close(fd);
		progress_add(&progress, package->invoice->parcels[i].label.size);
	}
	progress_end(&progress);
	verification->outcomes = outcomes;
	return WPKG_OK;
}

/* Those of a registry, by way of the cache. */
static enum wpkg_status check_there(struct verification *verification, struct wpkg_err *err)
{
	size_t count = verification->invoice->parcel_count;
	bool *all = wpkg_arena_alloc(&verification->session->arena, count, sizeof(*all));
	struct fetch fetch = {.found = &verification->found, .chosen = all, .keep_going = true};
	if (!all)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	memset(all, true, count);
	enum wpkg_status status = fetch_parcels(&fetch, verification->session, err);
	verification->outcomes = fetch.outcomes;
	return status;
}

/* Signatures. */

static enum wpkg_status judge(struct verification *verification, struct wpkg_keyring *keyring,
			      struct wpkg_err *err)
{
	enum wpkg_status status = trust_load(keyring, verification->session, err);
	if (status != WPKG_OK)
		return status;
	verification->rules = trust_verification(verification->session, keyring);
	status = trust_check(verification->session, verification->invoice, &verification->distrust);
	if (status == WPKG_OK || status == WPKG_EDENIED)
		return WPKG_OK;
	*err = verification->distrust;
	return status;
}

/* Reports. */

static const char *outcome_text(const struct fetch_outcome *outcome)
{
	return outcome->status == WPKG_OK ? "whole" : outcome->err.msg;
}

static void report_parcels(const struct verification *verification)
{
	struct session *session = verification->session;
	for (size_t i = 0; i < verification->invoice->parcel_count; i++) {
		const struct wpkg_label *label = &verification->invoice->parcels[i].label;
		report_line(session->global, "%-11s %.*s, %llu bytes, sha256:%.*s: %s", "parcel",
			    WPKG_STR_ARG(label->name), (unsigned long long)label->size,
			    WPKG_STR_ARG(label->sha256), outcome_text(&verification->outcomes[i]));
	}
}

static void report_lines(const struct verification *verification)
{
	struct session *session = verification->session;
	struct wpkg_buf strategy;
	report_line(session->global, "%-11s %s%s", "package",
		    describe_id(&session->arena, verification->invoice),
		    verification->invoice->yanked ? ", yanked" : "");
	trust_report(session, verification->invoice, &verification->rules);
	report_parcels(verification);
	wpkg_buf_init(&strategy, 256);
	wpkg_strategy_append(&strategy, &verification->rules.strategy);
	report_line(session->global, "%-11s %s", "strategy", wpkg_buf_text(&strategy));
	wpkg_buf_clear(&strategy);
	if (verification->distrust.status == WPKG_OK && verification->bad == 0)
		report_verdict(session->global, true, "verified");
	else if (verification->distrust.status != WPKG_OK)
		report_verdict(session->global, false, "%s", verification->distrust.msg);
	else
		report_verdict(session->global, false, "%zu %s not whole", verification->bad,
			       report_plural(verification->bad, "parcel is", "parcels are"));
}

static bool add_parcels(const struct verification *verification, struct wpkg_value *document)
{
	struct wpkg_arena *arena = &verification->session->arena;
	struct wpkg_value *list = wpkg_value_add(arena, document, "parcels", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < verification->invoice->parcel_count; i++) {
		const struct wpkg_label *label = &verification->invoice->parcels[i].label;
		const struct fetch_outcome *outcome = &verification->outcomes[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = wpkg_value_add_string(arena, row, "name", label->name) &&
		       wpkg_value_add_string(arena, row, "sha256", label->sha256) &&
		       wpkg_value_add_integer(arena, row, "size", (int64_t)label->size) &&
		       wpkg_value_add_boolean(arena, row, "whole", outcome->status == WPKG_OK) &&
		       wpkg_value_add_string(arena, row, "verdict",
					     wpkg_str_from(outcome_text(outcome)));
	}
	return good;
}

static int report_document(const struct verification *verification)
{
	struct session *session = verification->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	const char *distrust = verification->distrust.msg;
	bool trusted = verification->distrust.status == WPKG_OK;
	bool good =
		describe_add_summary(arena, document, verification->invoice) &&
		wpkg_value_add_boolean(arena, document, "verified",
				       trusted && verification->bad == 0) &&
		wpkg_value_add_boolean(arena, document, "trusted", trusted) &&
		(trusted ||
		 wpkg_value_add_string(arena, document, "reason", wpkg_str_from(distrust))) &&
		trust_add_json(session, document, verification->invoice, &verification->rules) &&
		add_parcels(verification, document);
	return report_json(good ? document : NULL);
}

static int report(const struct verification *verification)
{
	int code = WPKG_EXIT_DONE;
	if (verification->session->global->json)
		code = report_document(verification);
	else
		report_lines(verification);
	if (code != WPKG_EXIT_DONE)
		return code;
	return verification->distrust.status == WPKG_OK && verification->bad == 0
		       ? WPKG_EXIT_DONE
		       : WPKG_EXIT_REFUSED;
}

/* The command. */

static enum wpkg_status find(struct verification *verification, const struct reference *reference,
			     struct wpkg_err *err)
{
	enum wpkg_status status =
		reference_find(&verification->found, verification->session, reference, err);
	verification->invoice = verification->found.invoice;
	return status;
}

static enum wpkg_status verify(struct verification *verification, struct package *package,
			       const char *operand, const struct reference *reference,
			       struct wpkg_keyring *keyring, struct wpkg_err *err)
{
	enum wpkg_status status;
	if (reference) {
		status = find(verification, reference, err);
	} else {
		status = package_open(package, verification->session, operand, NULL, err);
		verification->invoice = package->invoice;
	}
	if (status == WPKG_OK)
		status = judge(verification, keyring, err);
	if (status == WPKG_OK)
		status = reference ? check_there(verification, err)
				   : check_here(verification, package, err);
	for (size_t i = 0; status == WPKG_OK && i < verification->invoice->parcel_count; i++)
		verification->bad += verification->outcomes[i].status != WPKG_OK;
	return status;
}

static int run_verify(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct reference reference;
	struct wpkg_keyring keyring = {0};
	struct wpkg_err err = {0};
	struct package package = PACKAGE_NONE;
	struct verification verification = {.session = &session};
	const struct verify_options *options = invocation->options;
	const char *operand = invocation->operands[0];
	bool here = package_is_here(operand);
	if (!here && reference_parse(&reference, operand, &err) != WPKG_OK)
		return report_usage("verify: %s", err.msg);
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK && options->strategy)
		status = wpkg_strategy_parse(&session.config.strategy,
					     wpkg_str_from(options->strategy), &err);
	/* That something is taken without a signature does not make it verified. */
	session.config.allow_unsigned = false;
	if (status == WPKG_OK)
		status = verify(&verification, &package, operand, here ? NULL : &reference,
				&keyring, &err);
	int code = status == WPKG_OK ? report(&verification) : report_error(&err);
	package_close(&package);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_verify = {
	.name = "verify",
	.operands = "REF|BUNDLE",
	.summary = "say who signed a package and whether its bytes are what was signed",
	.description =
		"Prints a line for each signature (who, in which role, with which key, trusted or "
		"why "
		"not) and for each parcel (digest and size). The parcels of a REF come from the "
		"registry, by way of the cache; BUNDLE is a folder or an archive.\n"
		"\n"
		"The strategies are Bindle's: CreativeIntegrity, AuthoritativeIntegrity, "
		"GreedyVerification, ExhaustiveVerification, MultipleAttestation[ROLE,...] and "
		"MultipleAttestationGreedy[ROLE,...]; [Host] of the last is the default.\n"
		"\n"
		"The exit code is 3 when the signatures are not enough by the configured strategy, "
		"or a parcel is not whole.",
	.example = "wpkg verify example.com/greet@^1.2\n"
		   "wpkg verify dist/*.tar.gz --strategy CreativeIntegrity",
	.options = verify_rows,
	.options_size = sizeof(struct verify_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_verify,
};
