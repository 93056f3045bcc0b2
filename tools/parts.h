/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_PARTS_H
#define WPKG_TOOLS_PARTS_H

/*
 * What takes part when a module is run: the module and, when it comes with a package, those of the
 * package and of its dependencies that it imports from. Loaded only where something is imported
 * from them, and held against each other before any of them runs.
 */

#include "commands.h"
#include "exec/assembly.h"

struct parts {
	struct wpkg_arena arena;
	struct wpkg_wiring wiring;
	struct tool_package package; /* state NULL: a file, alone */
	bool is_whole;		     /* the dependencies' modules are in the wiring */
	struct part *items;	     /* by number; those that were loaded */
	size_t count;		     /* of items */
	const struct wpkg_module *main;
};

struct parts_request {
	const struct wpkg_invocation *invocation;
	const char *operand;
	const char *module; /* file name in the package; NULL: its only one */
};

/* Is the exit code; what is wrong is reported. Close it whatever the code is. */
int parts_open(struct parts *out, const struct parts_request *request);
void parts_close(struct parts *parts);

/* The instance of the module, over those of the others; assembly has all but its parts. */
WPKG_MUST_CHECK enum wpkg_status parts_instantiate(struct wpkg_instance **out, struct parts *parts,
						   struct wpkg_assembly *assembly,
						   struct wpkg_outcome *outcome,
						   struct wpkg_err *err);

/* The module's file, without folders. */
struct wpkg_str parts_file_name(const struct parts *parts);

/* Does the module import from others? */
bool parts_are_linked(const struct parts *parts);

#endif
