/* SPDX-License-Identifier: Apache-2.0 */
#include "base/command.h"

#include <stdio.h>

#define WIDTH 80

/* Breaks a text between words at the width; a line that begins with a space stays as it is. */
static void write_wrapped(struct wpkg_buf *buf, const char *text, size_t indent)
{
	struct wpkg_str rest = wpkg_str_from(text);
	struct wpkg_str line;
	while (wpkg_str_split(&rest, '\n', &line)) {
		size_t column = 0;
		struct wpkg_str word;
		bool as_is = line.len > 0 && line.ptr[0] == ' ';
		if (as_is) {
			wpkg_buf_append_format(buf, "%*s%.*s\n", (int)indent, "",
					       WPKG_STR_ARG(line));
			continue;
		}
		while (wpkg_str_split(&line, ' ', &word)) {
			if (column > 0 && indent + column + 1 + word.len > WIDTH) {
				wpkg_buf_append_byte(buf, '\n');
				column = 0;
			}
			if (column == 0)
				wpkg_buf_append_format(buf, "%*s", word.len ? (int)indent : 0, "");
			else
				wpkg_buf_append_byte(buf, ' ');
			wpkg_buf_append_str(buf, word);
			column += word.len + (column > 0);
		}
		wpkg_buf_append_byte(buf, '\n');
	}
}

static void write_options(struct wpkg_buf *buf, const char *title, const struct wpkg_option *rows)
{
	if (!rows || !rows->name)
		return;
	wpkg_buf_append_format(buf, "\n%s:\n", title);
	for (; rows->name; rows++) {
		char left[64];
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", rows->letter ? '-' : ' ',
			 rows->letter ? rows->letter : ' ', rows->letter ? ',' : ' ', rows->name,
			 rows->argument ? " " : "", rows->argument ? rows->argument : "");
		wpkg_buf_append_format(buf, "  %-28s  %s", left, rows->help);
		if (rows->environment)
			wpkg_buf_append_format(buf, " (%s)", rows->environment);
		wpkg_buf_append_byte(buf, '\n');
	}
}

static void write_usage(struct wpkg_buf *buf, const struct wpkg_program *program,
			const struct wpkg_command *command)
{
	wpkg_buf_append_format(buf, "usage: %s", program->name);
	if (command->name[0])
		wpkg_buf_append_format(buf, " %s", command->name);
	wpkg_buf_append_text(buf, " [options]");
	if (command->operands[0])
		wpkg_buf_append_format(buf, " %s", command->operands);
	wpkg_buf_append_byte(buf, '\n');
}

static void write_command(struct wpkg_buf *buf, const struct wpkg_program *program,
			  const struct wpkg_command *command)
{
	write_usage(buf, program, command);
	wpkg_buf_append_byte(buf, '\n');
	write_wrapped(buf, command->summary, 0);
	if (command->description && command->description[0]) {
		wpkg_buf_append_byte(buf, '\n');
		write_wrapped(buf, command->description, 0);
	}
	write_options(buf, "options", command->options);
	if (command->name[0])
		write_options(buf, "options of every command", program->global);
	if (command->example && command->example[0]) {
		wpkg_buf_append_text(buf, "\nexample:\n");
		write_wrapped(buf, command->example, 2);
	}
}

/* Is it a command, or one of those whose names begin with the words of group? */
static bool is_listed(const struct wpkg_command *command, struct wpkg_str group)
{
	struct wpkg_str name = wpkg_str_from(command->name);
	return name.len > group.len && wpkg_str_starts(name, group) &&
	       (group.len == 0 || name.ptr[group.len] == ' ');
}

static size_t write_commands(struct wpkg_buf *buf, const struct wpkg_program *program,
			     struct wpkg_str group)
{
	size_t count = 0;
	wpkg_buf_append_text(buf, "\ncommands:\n");
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		if (!is_listed(*c, group))
			continue;
		wpkg_buf_append_format(buf, "  %-16s  %s\n", (*c)->name, (*c)->summary);
		count++;
	}
	return count;
}

static void write_end(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	write_options(buf, "options", program->global);
	wpkg_buf_append_format(buf, "\n'%s COMMAND --help' says more about each.\n", program->name);
}

static void write_program(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	wpkg_buf_append_format(buf, "usage: %s COMMAND [options]\n\n", program->name);
	write_wrapped(buf, program->summary, 0);
	if (program->description && program->description[0]) {
		wpkg_buf_append_byte(buf, '\n');
		write_wrapped(buf, program->description, 0);
	}
	write_commands(buf, program, (struct wpkg_str){0});
	write_end(buf, program);
}

void wpkg_program_write_help(struct wpkg_buf *buf, const struct wpkg_program *program,
			     const struct wpkg_command *command)
{
	if (command) {
		write_command(buf, program, command);
		return;
	}
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		if ((*c)->name[0] == '\0') {
			write_command(buf, program, *c);
			wpkg_buf_append_byte(buf, '\n');
		}
	}
	if (program->commands[0] && program->commands[1])
		write_program(buf, program);
}

bool wpkg_program_write_group_help(struct wpkg_buf *buf, const struct wpkg_program *program,
				   struct wpkg_str group)
{
	wpkg_buf_append_format(buf, "usage: %s %.*s COMMAND [options]\n", program->name,
			       WPKG_STR_ARG(group));
	if (write_commands(buf, program, group) == 0)
		return false;
	write_end(buf, program);
	return true;
}
