/* SPDX-License-Identifier: Apache-2.0 */
/* What a package is. */
#include "commands.h"

#include "describe.h"
#include "oci_find.h"
#include "package.h"
#include "pkg/oci_manifest.h"
#include "reference.h"
#include "report.h"
#include "trust.h"

static int report(struct session *session, const struct found *found,
		  const struct wpkg_verification *verification)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_err why;
	const struct wpkg_invoice *invoice = found->invoice;
	const struct wpkg_digest *digest = found->has_digest ? &found->digest : NULL;
	struct wpkg_str reason = reference_yank_reason(session, found);
	if (!session->global->json) {
		describe_package(session, invoice);
		if (reason.len > 0)
			report_line(session->global, "%-11s %.*s", "yanked", WPKG_STR_ARG(reason));
		if (digest)
			report_line(session->global, "%-11s %s", "digest",
				    describe_digest(arena, digest));
		describe_parcels(session, invoice);
		trust_report(session, invoice, verification);
		return WPKG_EXIT_DONE;
	}
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool good =
		describe_add_summary(arena, document, invoice) &&
		describe_add_digest(arena, document, digest) &&
		(reason.len == 0 || wpkg_value_add_string(arena, document, "yankReason", reason)) &&
		wpkg_value_add_boolean(arena, document, "trusted",
				       wpkg_invoice_verify(invoice, verification, &why) ==
					       WPKG_OK) &&
		trust_add_json(session, document, invoice, verification);
	struct wpkg_value *copy =
		good ? wpkg_value_add(arena, document, "invoice", WPKG_VALUE_TABLE) : NULL;
	good = copy && wpkg_invoice_to_value(arena, copy, invoice, &why) == WPKG_OK;
	return report_json(good ? document : NULL);
}

/* A package on this machine has the address that it would have anywhere. */
static enum wpkg_status describe_here(struct found *out, struct session *session,
				      const struct package *package, struct wpkg_err *err)
{
	struct wpkg_oci_manifest made;
	enum wpkg_status status =
		wpkg_oci_manifest_of_invoice(&made, &session->arena, package->invoice, err);
	if (status == WPKG_OK)
		*out = (struct found){
			.invoice = package->invoice, .has_digest = true, .digest = made.digest};
	return status;
}

static int run_info(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct reference reference;
	struct wpkg_keyring keyring;
	struct found found = {0};
	struct package package = PACKAGE_NONE;
	struct wpkg_err err = {0};
	int code = WPKG_EXIT_DONE;
	const char *operand = invocation->operands[0];
	bool here = package_is_here(operand);
	if (!here && reference_parse(&reference, operand, &err) != WPKG_OK)
		return report_usage("info: %s", err.msg);
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = here ? package_open(&package, &session, operand, NULL, &err)
			      : reference_find(&found, &session, &reference, &err);
	if (status == WPKG_OK && here)
		status = describe_here(&found, &session, &package, &err);
	else if (status == WPKG_OK)
		oci_find_address(&found, &session);
	if (status == WPKG_OK)
		status = trust_load(&keyring, &session, &err);
	if (status == WPKG_OK) {
		struct wpkg_verification rules = trust_verification(&session, &keyring);
		code = report(&session, &found, &rules);
	} else {
		code = report_error(&err);
	}
	package_close(&package);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_info = {
	.name = "info",
	.operands = "REF|DIR|BUNDLE",
	.summary = "say what a package is: its parcels, its origin, who signed it",
	.description =
		"Nothing is pulled, and nothing but the signatures is checked: see 'wpkg "
		"verify'. The digest is that of the package's OCI manifest, its content address. "
		"With --json the invoice is in the document as the registry has it.",
	.example = "wpkg info example.com/greet@^1.2",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_info,
};
