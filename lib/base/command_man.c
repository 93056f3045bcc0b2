/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page of a program in mdoc(7). */
#include "base/command.h"

/* A line of running text: no line may look like a request, a backslash is written \e. */
static void write_text(struct wpkg_buf *buf, const char *text)
{
	bool line_start = true;
	for (; *text; text++) {
		if (line_start && *text == '\n')
			wpkg_buf_append_text(buf, ".Pp");
		if (line_start && (*text == '.' || *text == '\''))
			wpkg_buf_append_text(buf, "\\&");
		if (*text == '\\')
			wpkg_buf_append_text(buf, "\\e");
		else
			wpkg_buf_append_byte(buf, (uint8_t)*text);
		line_start = *text == '\n';
	}
	if (!line_start)
		wpkg_buf_append_byte(buf, '\n');
}

static void write_options(struct wpkg_buf *buf, const struct wpkg_option *rows)
{
	if (!rows || !rows->name)
		return;
	wpkg_buf_append_text(buf, ".Bl -tag -width Ds\n");
	for (; rows->name; rows++) {
		wpkg_buf_append_text(buf, ".It");
		if (rows->letter)
			wpkg_buf_append_format(buf, " Fl %c ,", rows->letter);
		wpkg_buf_append_format(buf, " Fl \\-%s", rows->name);
		if (rows->argument)
			wpkg_buf_append_format(buf, " Ar %s", rows->argument);
		wpkg_buf_append_byte(buf, '\n');
		write_text(buf, rows->help);
		if (rows->environment)
			wpkg_buf_append_format(buf, ".Pq Ev %s\n", rows->environment);
	}
	wpkg_buf_append_text(buf, ".El\n");
}

/* Lines of the form "TAG: text". */
static void write_tagged(struct wpkg_buf *buf, const char *text)
{
	wpkg_buf_append_text(buf, ".Bl -tag -width Ds\n");
	while (*text) {
		const char *end = strchr(text, '\n');
		const char *colon = strstr(text, ": ");
		size_t len = end ? (size_t)(end - text) : strlen(text);
		size_t tag = colon && colon < text + len ? (size_t)(colon - text) : 0;
		wpkg_buf_append_format(buf, ".It %.*s\n", (int)tag, text);
		wpkg_buf_append(buf, text + tag + (tag ? 2 : 0), len - tag - (tag ? 2 : 0));
		wpkg_buf_append_byte(buf, '\n');
		text += len + (end ? 1 : 0);
	}
	wpkg_buf_append_text(buf, ".El\n");
}

/* ".Nm" without an argument begins a line here. */
static void write_synopsis(struct wpkg_buf *buf, const struct wpkg_command *command)
{
	wpkg_buf_append_text(buf, ".Nm\n");
	if (command->name[0])
		wpkg_buf_append_format(buf, ".Cm %s\n", command->name);
	wpkg_buf_append_text(buf, ".Op Ar options\n");
	if (command->operands[0])
		wpkg_buf_append_format(buf, ".Ar \"%s\"\n", command->operands);
}

static void write_literal(struct wpkg_buf *buf, const char *text)
{
	wpkg_buf_append_text(buf, ".Bd -literal -offset indent\n");
	write_text(buf, text);
	wpkg_buf_append_text(buf, ".Ed\n");
}

static void write_command(struct wpkg_buf *buf, const struct wpkg_program *program,
			  const struct wpkg_command *command)
{
	if (command->name[0])
		wpkg_buf_append_format(buf, ".Ss %s %s", program->name, command->name);
	else
		wpkg_buf_append_format(buf, ".Ss %s", program->name);
	wpkg_buf_append_format(buf, " %s\n", command->operands);
	write_text(buf, command->summary);
	if (command->description && command->description[0]) {
		wpkg_buf_append_text(buf, ".Pp\n");
		write_text(buf, command->description);
	}
	write_options(buf, command->options);
	if (command->example && command->example[0])
		write_literal(buf, command->example);
}

static void write_upper(struct wpkg_buf *buf, const char *text)
{
	for (; *text; text++)
		wpkg_buf_append_byte(
			buf, (uint8_t)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text));
}

static const struct {
	int code;
	const char *meaning;
} exits[] = {
	{WPKG_EXIT_DONE, "done"},
	{WPKG_EXIT_FAILED, "failed"},
	{WPKG_EXIT_USAGE, "wrong usage"},
	{WPKG_EXIT_REFUSED, "verification or validation refused"},
	{WPKG_EXIT_TRY_LATER, "try again later"},
};

void wpkg_program_write_man(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	wpkg_buf_append_text(buf, ".Dd November 24, 2026\n.Dt ");
	write_upper(buf, program->name);
	wpkg_buf_append_format(buf, " %d\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n",
			       program->section, program->name, program->summary);
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		write_synopsis(buf, *c);
	wpkg_buf_append_text(buf, ".Sh DESCRIPTION\n");
	write_text(buf, program->description ? program->description : program->summary);
	if (program->global && program->global->name) {
		wpkg_buf_append_text(buf, ".Ss Options of every command\n");
		write_options(buf, program->global);
	}
	wpkg_buf_append_text(buf, ".Sh COMMANDS\n");
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		write_command(buf, program, *c);
	if (program->environment) {
		wpkg_buf_append_text(buf, ".Sh ENVIRONMENT\n");
		write_tagged(buf, program->environment);
	}
	if (program->files) {
		wpkg_buf_append_text(buf, ".Sh FILES\n");
		write_tagged(buf, program->files);
	}
	wpkg_buf_append_text(buf, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		wpkg_buf_append_format(buf, ".It %d\n%s\n", exits[i].code, exits[i].meaning);
	wpkg_buf_append_text(buf, ".El\n");
}
