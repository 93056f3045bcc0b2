/* SPDX-License-Identifier: Apache-2.0 */
/* quota list: how much of what is allowed is used. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "config.h"
#include "operator.h"
#include "store/quota.h"

struct quota_options {
	struct operator_options common;
	const char *config;
	const char *user;
};

static const struct wpkg_option quota_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"config", 0, WPKG_OPTION_TEXT, "FILE", "the server's configuration", "WPKGD_CONFIG",
	 offsetof(struct quota_options, config)},
	{"user", 'u', WPKG_OPTION_TEXT, "NAME", "of those for each user only this user's", NULL,
	 offsetof(struct quota_options, user)},
	{0}};

/* A kind of which there is a limit: its three figures. */
struct figure {
	const char *kind;
	uint64_t limit, used;
};

static enum wpkg_status show_figure(struct operator_session *session, const char *whose,
				    const struct figure *figure, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	if (figure->limit == 0)
		return WPKG_OK;
	operator_line(session, "%s: %" PRIu64 " of %" PRIu64 " %s%s", whose, figure->used,
		      figure->limit, figure->kind,
		      figure->used >= figure->limit ? ", nothing is left" : "");
	if (!session->options->json)
		return WPKG_OK;
	struct wpkg_value *row = wpkg_value_new_table(arena);
	bool good = wpkg_value_add_string(arena, row, "quota", wpkg_str_from(whose)) &&
		    wpkg_value_add_string(arena, row, "kind", wpkg_str_from(figure->kind)) &&
		    operator_add_count(arena, row, "used", figure->used) &&
		    operator_add_count(arena, row, "limit", figure->limit);
	return operator_json(good ? row : NULL, false, err);
}

static enum wpkg_status show_quota(struct operator_session *session, const struct wpkg_quota *quota,
				   struct wpkg_str user, struct wpkg_err *err)
{
	struct wpkg_usage usage;
	char whose[WPKG_QUOTA_TEXT];
	enum wpkg_status status = wpkg_quota_usage(&usage, session->store, quota, user, err);
	const struct figure figures[] = {{"bytes", quota->bytes, usage.bytes},
					 {"versions", quota->versions, usage.versions},
					 {"packages", quota->packages, usage.packages}};
	wpkg_quota_format(whose, quota, user);
	for (size_t i = 0; status == WPKG_OK && i < sizeof(figures) / sizeof(figures[0]); i++)
		status = show_figure(session, whose, &figures[i], err);
	return status;
}

static enum wpkg_status show_users(struct operator_session *session, const struct wpkg_quota *quota,
				   const char *only, struct wpkg_err *err)
{
	struct wpkg_names users;
	enum wpkg_status status = wpkg_quota_users(&users, &session->arena, session->store, err);
	for (size_t i = 0; status == WPKG_OK && i < users.count; i++)
		if (!only || wpkg_str_equal_text(users.items[i], only))
			status = show_quota(session, quota, users.items[i], err);
	return status;
}

static enum wpkg_status list(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const struct quota_options *options = invocation->options;
	struct config_source source;
	struct config config;
	(void)code;
	enum wpkg_status status = config_take_named(&source, &session->arena, options->config,
						    options->common.data, err);
	if (status == WPKG_OK)
		status = config_complete(&config, &session->arena, &source, err);
	for (size_t i = 0; status == WPKG_OK && i < config.quotas.count; i++) {
		const struct wpkg_quota *quota = &config.quotas.items[i];
		if (wpkg_str_equal_text(quota->user, "*"))
			status = show_users(session, quota, options->user, err);
		else
			status = show_quota(session, quota, quota->user, err);
	}
	return status;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, list);
}

const struct wpkg_command cmd_quota_list = {
	.name = "quota list",
	.operands = "",
	.summary = "say how much of each quota is used",
	.description =
		"Prints each limit of the [[quota]] tables of the configuration with what is used "
		"of it; of a quota for each user, a line for each who pushed anything. With --json "
		"each is an object on a line of its own.",
	.example = "wpkgd quota list --config /etc/wpkgd/config.toml --data /var/lib/wpkgd",
	.options = quota_rows,
	.options_size = sizeof(struct quota_options),
	.run = run_list,
};
