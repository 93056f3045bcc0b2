/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: is everything around a server as it should be. */
#include "commands.h"

#include <stdio.h>

#include "doctor.h"
#include "operator.h"

#define ARENA_MAX ((size_t)16 << 20)

struct doctor_options {
	struct operator_options common;
	const char *config;
	bool strict;
};

static const struct wpkg_option doctor_rows[] = {
	OPERATOR_DATA_ROW,
	OPERATOR_JSON_ROW,
	{"config", 0, WPKG_OPTION_TEXT, "FILE", "the server's configuration", "WPKGD_CONFIG",
	 offsetof(struct doctor_options, config)},
	{"strict", 0, WPKG_OPTION_FLAG, NULL, "a warning is a failure, too", NULL,
	 offsetof(struct doctor_options, strict)},
	{0}};

/* Lines for people as they come, or rows for JSON. */
struct output {
	struct operator_session *session;
	struct wpkg_value *rows; /* NULL when memory ran out */
};

static void show(void *user, const char *check, enum doctor_level level, struct wpkg_str what,
		 struct wpkg_str remedy)
{
	struct output *output = user;
	struct wpkg_arena *arena = &output->session->arena;
	operator_line(output->session, "%-4s  %s: %.*s%s%.*s", doctor_level_name(level), check,
		      WPKG_STR_ARG(what), remedy.len > 0 ? "; to do: " : "", WPKG_STR_ARG(remedy));
	if (!output->session->options->json || !output->rows)
		return;
	/* What is said is borrowed for the call. */
	struct wpkg_value *row = wpkg_value_add(arena, output->rows, NULL, WPKG_VALUE_TABLE);
	bool good = row && wpkg_value_add_string(arena, row, "check", wpkg_str_from(check)) &&
		    wpkg_value_add_string(arena, row, "level",
					  wpkg_str_from(doctor_level_name(level))) &&
		    wpkg_value_add_string(arena, row, "finding", wpkg_arena_dup(arena, what)) &&
		    (remedy.len == 0 ||
		     wpkg_value_add_string(arena, row, "to_do", wpkg_arena_dup(arena, remedy)));
	if (!good)
		output->rows = NULL;
}

/* The configuration is the first finding; without one there is nothing else to look at. */
static bool read_config(struct config *out, struct doctor *doctor,
			const struct doctor_options *options)
{
	struct wpkg_err err;
	struct config_source source;
	enum wpkg_status status = config_take_named(&source, doctor->arena, options->config,
						    options->common.data, &err);
	if (status == WPKG_OK)
		status = config_complete(out, doctor->arena, &source, &err);
	if (status == WPKG_OK && !out->data)
		status = WPKG_FAIL(&err, WPKG_EINVAL, "no folder for the data is given");
	if (status != WPKG_OK)
		doctor_say(doctor, "configuration", DOCTOR_BAD,
			   "mend it; 'wpkgd config' prints what is in force", "%s", err.msg);
	else
		doctor_say(doctor, "configuration", DOCTOR_OK, NULL, "%s",
			   out->config ? out->config : "no file: defaults and variables");
	return status == WPKG_OK;
}

static int run_doctor(const struct wpkg_invocation *invocation)
{
	const struct doctor_options *options = invocation->options;
	struct operator_session session = {.options = &options->common};
	struct output output = {.session = &session};
	struct config config;
	struct wpkg_err err;
	wpkg_arena_init(&session.arena, ARENA_MAX);
	struct wpkg_value *root = wpkg_value_new_table(&session.arena);
	struct doctor doctor = {
		.config = &config, .arena = &session.arena, .found = show, .user = &output};
	output.rows = wpkg_value_add(&session.arena, root, "findings", WPKG_VALUE_ARRAY);
	if (read_config(&config, &doctor, options))
		doctor_run(&doctor);
	enum wpkg_status status = WPKG_OK;
	if (options->common.json)
		status = operator_json(output.rows ? root : NULL, true, &err);
	wpkg_arena_clear(&session.arena);
	if (status != WPKG_OK) {
		operator_note("%s", err.msg);
		return (int)wpkg_exit_of(status);
	}
	bool failed = doctor.bad > 0 || (options->strict && doctor.warnings > 0);
	return failed ? WPKG_EXIT_REFUSED : WPKG_EXIT_DONE;
}

const struct wpkg_command cmd_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "check what surrounds a server, and say what to do",
	.description =
		"Looks at the configuration, who can reach the server, permissions of its files, "
		"disk, descriptors, clock, the certificate's end, what protects the server from "
		"modules, the database's own proof, and webhooks. Prints a line for each: ok, warn "
		"or bad, what was seen, and what to do. It runs beside the server, and should as "
		"its user, with its configuration and variables; settings that the server has as "
		"flags are not seen.\n"
		"\n"
		"Exits 0 when nothing is bad, 3 when something is, or with --strict also when "
		"there is a warning.",
	.example = "wpkgd doctor --config /etc/wpkgd/config.toml",
	.options = doctor_rows,
	.options_size = sizeof(struct doctor_options),
	.run = run_doctor,
};
