/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says of itself. */
#include "commands.h"

const struct wpkg_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "say what the program or a command does",
	.example = "wpkgd help serve",
	.most_operands = 2,
	.run = wpkg_command_run_help,
};

const struct wpkg_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.example = "wpkgd version",
	.run = wpkg_command_run_version,
};

const struct wpkg_command cmd_completion = {
	.name = "completion",
	.operands = "SHELL",
	.summary = "print completions for bash, zsh or fish",
	.example = "wpkgd completion bash >~/.local/share/bash-completion/completions/wpkgd",
	.least_operands = 1,
	.most_operands = 1,
	.run = wpkg_command_run_completion,
};

const struct wpkg_command cmd_man = {
	.name = "man",
	.operands = "",
	.summary = "print the manual page, for man(1) to show",
	.example = "wpkgd man | man -l -",
	.run = wpkg_command_run_man,
};
