/* SPDX-License-Identifier: Apache-2.0 */
/* grant add, list, revoke; owner set: who may do what to which names. */
#include "commands.h"

#include "operator.h"
#include "store/access.h"

static const struct wpkg_option change_rows[] = {OPERATOR_DATA_ROW, OPERATOR_REASON_ROW, {0}};

/* USER RIGHT PATTERN */
static enum wpkg_status read_grant(struct wpkg_grant *out, char *const *operands,
				   struct wpkg_err *err)
{
	*out = (struct wpkg_grant){.user = wpkg_str_from(operands[0]),
				   .pattern = wpkg_str_from(operands[2])};
	if (!wpkg_right_parse(&out->right, wpkg_str_from(operands[1])))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%s' is not read, push, yank or own",
				 operands[1]);
	return WPKG_OK;
}

static enum wpkg_status add(struct operator_session *session,
			    const struct wpkg_invocation *invocation, int *code,
			    struct wpkg_err *err)
{
	const struct wpkg_act act = operator_act(session, session->options->reason);
	struct wpkg_grant grant;
	(void)code;
	enum wpkg_status status = read_grant(&grant, invocation->operands, err);
	if (status == WPKG_OK)
		status = wpkg_grant_add(session->store, &grant, &act, err);
	if (status == WPKG_OK)
		operator_line(session, "%s may %s %s", invocation->operands[0],
			      invocation->operands[1], invocation->operands[2]);
	return status;
}

static int run_add(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, add);
}

const struct wpkg_command cmd_grant_add = {
	.name = "grant add",
	.operands = "USER RIGHT PATTERN",
	.summary = "give a user a right on names",
	.description =
		"RIGHT is read, push, yank or own, which is all of them. PATTERN is a name, a "
		"prefix such as 'example.com/*', or '*'. To own a prefix reserves it: nobody else "
		"can be the first to push a name below it.",
	.example = "wpkgd grant add --data /var/lib/wpkgd jo own 'example.com/*'",
	.options = change_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 3,
	.most_operands = 3,
	.run = run_add,
};

static enum wpkg_status revoke(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err)
{
	const struct wpkg_act act = operator_act(session, session->options->reason);
	struct wpkg_grant grant;
	(void)code;
	enum wpkg_status status = read_grant(&grant, invocation->operands, err);
	if (status == WPKG_OK)
		status = wpkg_grant_revoke(session->store, &grant, &act, err);
	if (status == WPKG_OK)
		operator_line(session, "%s may no longer %s %s by this grant",
			      invocation->operands[0], invocation->operands[1],
			      invocation->operands[2]);
	return status;
}

static int run_revoke(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, revoke);
}

const struct wpkg_command cmd_grant_revoke = {
	.name = "grant revoke",
	.operands = "USER RIGHT PATTERN",
	.summary = "take back a right that was granted",
	.description = "What the user has by owning a name, or by another grant, stays.",
	.example = "wpkgd grant revoke --data /var/lib/wpkgd jo push 'example.com/*'",
	.options = change_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 3,
	.most_operands = 3,
	.run = run_revoke,
};

static const struct wpkg_option list_rows[] = {
	OPERATOR_DATA_ROW, OPERATOR_JSON_ROW, OPERATOR_USER_ROW, {0}};

static bool add_row(struct wpkg_arena *arena, struct wpkg_value *list,
		    const struct wpkg_grant *grant)
{
	struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	return wpkg_value_add_string(arena, row, "user", grant->user) &&
	       wpkg_value_add_string(arena, row, "right",
				     wpkg_str_from(wpkg_right_name(grant->right))) &&
	       wpkg_value_add_string(arena, row, "pattern", grant->pattern) &&
	       wpkg_value_add_string(arena, row, "by", grant->by) &&
	       wpkg_value_add_integer(arena, row, "created", grant->created);
}

static enum wpkg_status list(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const struct operator_options *options = session->options;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_grant_list grants;
	(void)invocation;
	(void)code;
	enum wpkg_status status =
		wpkg_grant_list(&grants, arena, session->store, wpkg_str_from(options->user), err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *rows = wpkg_value_add(arena, document, "grants", WPKG_VALUE_ARRAY);
	bool good = rows != NULL;
	for (size_t i = 0; i < grants.count; i++) {
		const struct wpkg_grant *grant = &grants.items[i];
		good = good && add_row(arena, rows, grant);
		operator_line(session, "%.*s  %s  %.*s  (by %.*s, %s)", WPKG_STR_ARG(grant->user),
			      wpkg_right_name(grant->right), WPKG_STR_ARG(grant->pattern),
			      WPKG_STR_ARG(grant->by), operator_time(arena, grant->created));
	}
	return options->json ? operator_json(good ? document : NULL, true, err) : WPKG_OK;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, list);
}

const struct wpkg_command cmd_grant_list = {
	.name = "grant list",
	.operands = "",
	.summary = "list the rights that were granted",
	.description = "Whoever was the first to push a name owns it without a grant.",
	.example = "wpkgd grant list --data /var/lib/wpkgd",
	.options = list_rows,
	.options_size = sizeof(struct operator_options),
	.run = run_list,
};

static enum wpkg_status set_owner(struct operator_session *session,
				  const struct wpkg_invocation *invocation, int *code,
				  struct wpkg_err *err)
{
	const struct wpkg_act act = operator_act(session, session->options->reason);
	(void)code;
	enum wpkg_status status =
		wpkg_owner_set(session->store, wpkg_str_from(invocation->operands[0]),
			       wpkg_str_from(invocation->operands[1]), &act, err);
	if (status == WPKG_OK)
		operator_line(session, "%s owns %s now", invocation->operands[1],
			      invocation->operands[0]);
	return status;
}

static int run_set_owner(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, set_owner);
}

const struct wpkg_command cmd_owner_set = {
	.name = "owner set",
	.operands = "NAME USER",
	.summary = "give a package to a user",
	.description = "Also a name that nobody pushed yet: it is then that user's to push.",
	.example = "wpkgd owner set --data /var/lib/wpkgd example.com/tool jo",
	.options = change_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 2,
	.most_operands = 2,
	.run = run_set_owner,
};
