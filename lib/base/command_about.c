/* SPDX-License-Identifier: Apache-2.0 */
/* What a program says of itself, all from its own table: help, version, completions, man page. */
#include "base/command.h"

#include <stdio.h>

static int print(const struct wpkg_invocation *invocation, struct wpkg_buf *text)
{
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (wpkg_buf_check(text, "text", &err) != WPKG_OK) {
		fprintf(stderr, "%s: %s\n", invocation->program->name, err.msg);
		code = WPKG_EXIT_FAILED;
	} else {
		fwrite(wpkg_buf_text(text), 1, text->len, stdout);
	}
	wpkg_buf_clear(text);
	return code;
}

static const struct wpkg_command *find_command(const struct wpkg_program *program,
					       struct wpkg_str name)
{
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		if (wpkg_str_equal_text(name, (*c)->name))
			return *c;
	return NULL;
}

int wpkg_command_run_help(const struct wpkg_invocation *invocation)
{
	const struct wpkg_program *program = invocation->program;
	struct wpkg_buf name;
	struct wpkg_buf text;
	wpkg_buf_init(&name, 256);
	wpkg_buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < invocation->operand_count; i++)
		wpkg_buf_append_format(&name, "%s%s", i ? " " : "", invocation->operands[i]);
	const struct wpkg_command *command = NULL;
	bool found = true;
	if (name.len > 0)
		command = find_command(program, wpkg_buf_str(&name));
	if (command || name.len == 0)
		wpkg_program_write_help(&text, program, command);
	else
		found = wpkg_program_write_group_help(&text, program, wpkg_buf_str(&name));
	if (!found)
		fprintf(stderr, "%s: no command '%s' (see '%s --help')\n", program->name,
			wpkg_buf_text(&name), program->name);
	wpkg_buf_clear(&name);
	if (found)
		return print(invocation, &text);
	wpkg_buf_clear(&text);
	return WPKG_EXIT_USAGE;
}

int wpkg_command_run_version(const struct wpkg_invocation *invocation)
{
	printf("%s %s\n", invocation->program->name, WPKG_VERSION);
	return WPKG_EXIT_DONE;
}

int wpkg_command_run_completion(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	if (wpkg_program_write_completion(&text, invocation->program, invocation->operands[0],
					  &err) != WPKG_OK) {
		fprintf(stderr, "%s: %s\n", invocation->program->name, err.msg);
		return WPKG_EXIT_USAGE;
	}
	return print(invocation, &text);
}

int wpkg_command_run_man(const struct wpkg_invocation *invocation)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_program_write_man(&text, invocation->program);
	return print(invocation, &text);
}
