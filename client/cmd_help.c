/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says of itself. */
#include "commands.h"

#include <stdio.h>

#include "global.h"

const struct wpkg_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "say what the program or a command does",
	.example = "wpkg help key create",
	.most_operands = 2,
	.run = wpkg_command_run_help,
};

static int run_version(const struct wpkg_invocation *invocation)
{
	const struct global_options *global = invocation->global;
	if (!global->json)
		return wpkg_command_run_version(invocation);
	puts("{\"name\":\"wpkg\",\"version\":\"" WPKG_VERSION "\"}");
	return WPKG_EXIT_DONE;
}

const struct wpkg_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.example = "wpkg version",
	.run = run_version,
};

const struct wpkg_command cmd_completion = {
	.name = "completion",
	.operands = "SHELL",
	.summary = "print completions for bash, zsh or fish",
	.example = "wpkg completion bash >~/.local/share/bash-completion/completions/wpkg",
	.least_operands = 1,
	.most_operands = 1,
	.run = wpkg_command_run_completion,
};

const struct wpkg_command cmd_man = {
	.name = "man",
	.operands = "",
	.summary = "print the manual page, for man(1) to show",
	.example = "wpkg man | man -l -",
	.run = wpkg_command_run_man,
};
