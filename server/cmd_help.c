/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says of itself, all from its own table: help, version, completion, man. */
#include "commands.h"

#include <stdio.h>

#include "base/buf.h"

static int print(struct wpkg_buf *buf)
{
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (wpkg_buf_check(buf, "text", &err) != WPKG_OK) {
		fprintf(stderr, "wpkgd: %s\n", err.msg);
		code = WPKG_EXIT_FAILED;
	} else {
		fwrite(wpkg_buf_text(buf), 1, buf->len, stdout);
	}
	wpkg_buf_clear(buf);
	return code;
}

static const struct wpkg_command *find_command(struct wpkg_str name)
{
	for (const struct wpkg_command *const *c = server_program.commands; *c; c++)
		if (wpkg_str_equal_text(name, (*c)->name))
			return *c;
	return NULL;
}

static int run_help(const struct wpkg_invocation *invocation)
{
	struct wpkg_buf name;
	struct wpkg_buf text;
	const struct wpkg_command *command = NULL;
	wpkg_buf_init(&name, 256);
	wpkg_buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < invocation->operand_count; i++)
		wpkg_buf_append_format(&name, "%s%s", i ? " " : "", invocation->operands[i]);
	if (invocation->operand_count > 0) {
		command = find_command(wpkg_buf_str(&name));
		if (!command) {
			fprintf(stderr, "wpkgd: no command '%s' (see 'wpkgd --help')\n",
				wpkg_buf_text(&name));
			wpkg_buf_clear(&name);
			return WPKG_EXIT_USAGE;
		}
	}
	wpkg_buf_clear(&name);
	wpkg_program_write_help(&text, &server_program, command);
	return print(&text);
}

const struct wpkg_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "say what the program or a command does",
	.example = "wpkgd help serve",
	.most_operands = 2,
	.run = run_help,
};

static int run_version(const struct wpkg_invocation *invocation)
{
	(void)invocation;
	puts("wpkgd " WPKG_VERSION);
	return WPKG_EXIT_DONE;
}

const struct wpkg_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.example = "wpkgd version",
	.run = run_version,
};

static int run_completion(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	if (wpkg_program_write_completion(&text, &server_program, invocation->operands[0], &err) !=
	    WPKG_OK) {
		fprintf(stderr, "wpkgd: %s\n", err.msg);
		return WPKG_EXIT_USAGE;
	}
	return print(&text);
}

const struct wpkg_command cmd_completion = {
	.name = "completion",
	.operands = "SHELL",
	.summary = "print completions for bash, zsh or fish",
	.example = "wpkgd completion bash >~/.local/share/bash-completion/completions/wpkgd",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_completion,
};

static int run_man(const struct wpkg_invocation *invocation)
{
	(void)invocation;
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_program_write_man(&text, &server_program, 8);
	return print(&text);
}

const struct wpkg_command cmd_man = {
	.name = "man",
	.operands = "",
	.summary = "print the manual page, for man(1) to show",
	.example = "wpkgd man | man -l -",
	.run = run_man,
};
