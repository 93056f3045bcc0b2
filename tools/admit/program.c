/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

static const struct wpkg_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.example = "wpkg-admit version",
	.run = wpkg_command_run_version,
};

static const struct wpkg_command cmd_man = {
	.name = "man",
	.operands = "",
	.summary = "print the manual page, for man(1) to show",
	.example = "wpkg-admit man | man -l -",
	.run = wpkg_command_run_man,
};

static const struct wpkg_command *const commands[] = {&cmd_version, &cmd_man, NULL};

const struct wpkg_program admit_program = {
	.name = "wpkg-admit",
	.summary = "examines what is pushed to a registry, behind walls",
	.section = 8,
	.description =
		"wpkgd starts this program without arguments; it has no use by itself. It forks a "
		"worker for each package version that is pushed. The worker validates the "
		"modules, applies the operator's rules, runs the package's own checks, gives a "
		"verdict and ends.\n"
		"\n"
		"A worker reads what strangers wrote, so it is shut in before it reads: no file, "
		"no network, no other process, no way to start one, a bounded share of memory and "
		"of time. For this it uses user, mount, network and process namespaces, Landlock, "
		"a filter of system calls and resource limits, none of which needs root. Where the "
		"system does not offer one, 'wpkgd serve' says which in its log when it starts and "
		"goes on with the others.\n"
		"\n"
		"A container runtime that forbids user namespaces takes the namespaces away; "
		"Landlock needs kernel 5.13 or newer and must be among the kernel's security "
		"modules. A worker that cannot enter what the program found at its start ends "
		"without a verdict, and the version is not published.\n"
		"\n"
		"The settings are those of 'wpkgd serve': --admission-program says where this "
		"program is, the other --admission options how many workers there may be and "
		"what each may use.",
	.commands = commands,
};
