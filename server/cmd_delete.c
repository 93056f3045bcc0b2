/* SPDX-License-Identifier: Apache-2.0 */
/* delete: removes a version for good. */
#include "commands.h"

#include "operator.h"
#include "pkg/id.h"

struct delete_options {
	struct operator_options common;
	const char *reason;
};

static const struct wpkg_option delete_rows[] = {OPERATOR_DATA_ROW,
						 OPERATOR_JSON_ROW,
						 {"reason", 'r', WPKG_OPTION_TEXT, "TEXT",
						  "why; it is kept with the reserved version", NULL,
						  offsetof(struct delete_options, reason)},
						 {0}};

static enum wpkg_status delete_version(struct operator_session *session,
				       const struct wpkg_invocation *invocation, int *code,
				       struct wpkg_err *err)
{
	const struct delete_options *options = invocation->options;
	const struct wpkg_act act = operator_act(session, options->reason);
	struct wpkg_id id;
	(void)code;
	if (!options->reason || !options->reason[0])
		return WPKG_FAIL(err, WPKG_EINVAL, "why? give --reason TEXT");
	enum wpkg_status status = wpkg_id_parse(&id, wpkg_str_from(invocation->operands[0]), err);
	if (status == WPKG_OK)
		status = wpkg_record_delete(session->store, id.name, id.version_text, &act, err);
	if (status != WPKG_OK)
		return status;
	operator_line(session, "deleted %s; its blobs go with the next gc",
		      invocation->operands[0]);
	if (!options->common.json)
		return WPKG_OK;
	struct wpkg_value *table = wpkg_value_new_table(&session->arena);
	bool good = wpkg_value_add_string(&session->arena, table, "deleted",
					  wpkg_str_from(invocation->operands[0]));
	return operator_json(good ? table : NULL, true, err);
}

static int run_delete(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, delete_version);
}

const struct wpkg_command cmd_delete = {
	.name = "delete",
	.operands = "NAME/VERSION",
	.summary = "remove a version for good",
	.description =
		"For what must not be there: abuse, secrets, what a court forbids. The version "
		"cannot be pulled from that moment on, and nobody can push another one under its "
		"name and number. For everything else there is 'wpkg yank', which breaks nobody.",
	.example = "wpkgd delete --data /var/lib/wpkgd example.com/tool/1.2.3 --reason 'leaked a "
		   "key'",
	.options = delete_rows,
	.options_size = sizeof(struct delete_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_delete,
};
