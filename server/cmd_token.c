/* SPDX-License-Identifier: Apache-2.0 */
/* token create, list, revoke. */
#include "commands.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "new_token.h"
#include "operator.h"
#include "store/access.h"
#include "store/token.h"

/* create */

struct create_options {
	struct operator_options common;
	const char *user;
	struct wpkg_option_list scopes;
	int64_t expires;
	const char *note;
};

static const struct wpkg_option create_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"user", 'u', WPKG_OPTION_TEXT, "USER", "whose token it is", NULL,
	 offsetof(struct create_options, user)},
	{"scope", 's', WPKG_OPTION_TEXTS, "RIGHT:PATTERN",
	 "what it is good for, such as push:example.com/*; several allowed (all that the user may)",
	 NULL, offsetof(struct create_options, scopes)},
	{"expires", 'e', WPKG_OPTION_DURATION, "TIME", "how long it lasts, such as 90d (for ever)",
	 NULL, offsetof(struct create_options, expires)},
	{"note", 0, WPKG_OPTION_TEXT, "TEXT", "what it is for", NULL,
	 offsetof(struct create_options, note)},
	{0}};

static enum wpkg_status join_scopes(struct wpkg_buf *out, const struct wpkg_option_list *scopes,
				    struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < scopes->count; i++)
		status = new_token_add_scopes(out, wpkg_str_from(scopes->items[i]), err);
	return status;
}

static enum wpkg_status add_token(int64_t *id, struct operator_session *session,
				  const struct create_options *options, struct wpkg_str secret,
				  struct wpkg_err *err)
{
	const struct wpkg_act act = operator_act(session, options->note);
	struct wpkg_buf scope;
	struct wpkg_token token = {.user = wpkg_str_from(options->user),
				   .note = wpkg_str_from(options->note)};
	if (options->expires > 0)
		token.expires = wpkg_clock_now() + options->expires;
	wpkg_buf_init(&scope, 4096);
	enum wpkg_status status = join_scopes(&scope, &options->scopes, err);
	token.scope = wpkg_buf_str(&scope);
	if (status == WPKG_OK)
		status = wpkg_digest_of(&token.hash, secret, err);
	if (status == WPKG_OK)
		status = wpkg_token_add(id, session->store, &token, &act, err);
	wpkg_buf_clear(&scope);
	return status;
}

/* The token alone goes to standard output: into a file, a pipe, a clipboard. */
static enum wpkg_status show_new(struct operator_session *session, int64_t id, const char *secret,
				 struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	if (!session->options->json) {
		puts(secret);
		operator_note("token %lld: it is shown this once and kept nowhere", (long long)id);
		return WPKG_OK;
	}
	struct wpkg_value *table = wpkg_value_new_table(arena);
	bool good = wpkg_value_add_integer(arena, table, "id", id) &&
		    wpkg_value_add_string(arena, table, "token", wpkg_str_from(secret));
	return operator_json(good ? table : NULL, true, err);
}

static enum wpkg_status create(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err)
{
	const struct create_options *options = invocation->options;
	char secret[TOKEN_SECRET];
	int64_t id = 0;
	(void)code;
	if (!options->user || !options->user[0])
		return WPKG_FAIL(err, WPKG_EINVAL, "whose token? give --user USER");
	new_token_secret(secret);
	enum wpkg_status status = add_token(&id, session, options, wpkg_str_from(secret), err);
	if (status == WPKG_OK)
		status = show_new(session, id, secret, err);
	wpkg_mem_wipe(secret, sizeof(secret));
	return status;
}

static int run_create(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, create);
}

const struct wpkg_command cmd_token_create = {
	.name = "token create",
	.operands = "",
	.summary = "make a token that speaks for a user",
	.description = "Prints the token once; only its hash is kept. It may do what its user may, "
		       "within its scopes, until it expires or is revoked.",
	.example =
		"wpkgd token create --data /var/lib/wpkgd --user jo --scope 'push:example.com/*' "
		"--expires 90d",
	.options = create_rows,
	.options_size = sizeof(struct create_options),
	.run = run_create,
};

/* list */

static const struct wpkg_option list_rows[] = {
	OPERATOR_DATA_ROW, OPERATOR_JSON_ROW, OPERATOR_USER_ROW, {0}};

static bool add_row(struct wpkg_arena *arena, struct wpkg_value *list,
		    const struct wpkg_token *token)
{
	struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	return wpkg_value_add_integer(arena, row, "id", token->id) &&
	       wpkg_value_add_string(arena, row, "user", token->user) &&
	       wpkg_value_add_string(arena, row, "scope", token->scope) &&
	       wpkg_value_add_string(arena, row, "note", token->note) &&
	       wpkg_value_add_integer(arena, row, "created", token->created) &&
	       wpkg_value_add_integer(arena, row, "expires", token->expires) &&
	       wpkg_value_add_integer(arena, row, "revoked", token->revoked);
}

static const char *state_of(const struct wpkg_token *token)
{
	if (token->revoked != 0)
		return "revoked";
	return token->expires != 0 && token->expires <= wpkg_clock_now() ? "expired" : "valid";
}

static enum wpkg_status list(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const struct operator_options *options = session->options;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_token_list tokens;
	(void)invocation;
	(void)code;
	enum wpkg_status status =
		wpkg_token_list(&tokens, arena, session->store, wpkg_str_from(options->user), err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *rows = wpkg_value_add(arena, document, "tokens", WPKG_VALUE_ARRAY);
	bool good = rows != NULL;
	for (size_t i = 0; i < tokens.count; i++) {
		const struct wpkg_token *token = &tokens.items[i];
		good = good && add_row(arena, rows, token);
		operator_line(session, "%lld  %.*s  %s  %s  until %s%s%.*s%s%.*s",
			      (long long)token->id, WPKG_STR_ARG(token->user), state_of(token),
			      operator_time(arena, token->created),
			      token->expires ? operator_time(arena, token->expires) : "revoked",
			      token->scope.len ? "  " : "", WPKG_STR_ARG(token->scope),
			      token->note.len ? "  " : "", WPKG_STR_ARG(token->note));
	}
	return options->json ? operator_json(good ? document : NULL, true, err) : WPKG_OK;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, list);
}

const struct wpkg_command cmd_token_list = {
	.name = "token list",
	.operands = "",
	.summary = "list tokens, without what is secret of them",
	.example = "wpkgd token list --data /var/lib/wpkgd --user jo",
	.options = list_rows,
	.options_size = sizeof(struct operator_options),
	.run = run_list,
};

/* revoke */

static const struct wpkg_option revoke_rows[] = {OPERATOR_DATA_ROW, OPERATOR_REASON_ROW, {0}};

static enum wpkg_status revoke(struct operator_session *session,
			       const struct wpkg_invocation *invocation, int *code,
			       struct wpkg_err *err)
{
	const struct wpkg_act act = operator_act(session, session->options->reason);
	uint64_t id = 0;
	(void)code;
	if (!wpkg_str_parse_u64(wpkg_str_from(invocation->operands[0]), &id) || id > INT64_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "'%s' is no token's number (see 'token list')",
				 invocation->operands[0]);
	enum wpkg_status status = wpkg_token_revoke(session->store, (int64_t)id, &act, err);
	if (status == WPKG_OK)
		operator_line(session, "revoked token %s", invocation->operands[0]);
	return status;
}

static int run_revoke(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, revoke);
}

const struct wpkg_command cmd_token_revoke = {
	.name = "token revoke",
	.operands = "ID",
	.summary = "end a token",
	.description = "A running server refuses it from the next request on.",
	.example = "wpkgd token revoke --data /var/lib/wpkgd 7 --reason 'laptop lost'",
	.options = revoke_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_revoke,
};
