/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_COMMANDS_H
#define WPKG_TOOLS_COMMANDS_H

/*
 * The toolchain's commands, which are linked into wpkg. A new one is an object here (a file
 * tools/NAME.c with tool_NAME) and a row in client/program.c.
 */

#include "base/arena.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "link/wiring.h"

extern const struct wpkg_command tool_hosts;
extern const struct wpkg_command tool_inspect;
extern const struct wpkg_command tool_link;
extern const struct wpkg_command tool_run;
extern const struct wpkg_command tool_validate;
extern const struct wpkg_command tool_wast;
extern const struct wpkg_command tool_wat_parse;
extern const struct wpkg_command tool_wat_print;

/*
 * The bytes of the module that an operand names: a file when there is one of that name, else a
 * package reference, which tool_resolve (when the program set it) turns into a file.
 */
WPKG_MUST_CHECK enum wpkg_status tool_module_open(struct wpkg_file_map *out,
						  const struct wpkg_invocation *invocation,
						  const char *operand, struct wpkg_err *err);

/*
 * Set by the program at its start: finds the module of a package, pulling it when it is not there.
 * *path is heap (wpkg_mem_free). NULL where there is no registry: only files are opened then.
 */
extern enum wpkg_status (*tool_resolve)(char **path, const struct wpkg_invocation *invocation,
					const char *reference, struct wpkg_err *err);

/* The modules of a project and of the packages that its lock file has, all in an arena. */
struct tool_project {
	struct wpkg_wiring wiring; /* the project's own modules first; none is connected */
	const char **paths;	   /* by module: of its file */
	struct wpkg_strings hosts; /* that the project is for */
};

/*
 * Set by the program at its start: the project in the working folder, with dependencies that are
 * pulled when they are not there. NULL where there is no registry.
 */
extern enum wpkg_status (*tool_project_open)(struct tool_project *out, struct wpkg_arena *arena,
					     const struct wpkg_invocation *invocation,
					     struct wpkg_err *err);

/* Largest module that the commands read: what the address space of a module's offsets can say. */
#define TOOL_MODULE_MAX ((uint64_t)1 << 32)

/*
 * A package with a module that is to be run: the modules that it has itself, and on demand those of
 * the packages that it depends on, all verified before their bytes are seen.
 */
struct tool_package {
	void *state;
	size_t main; /* number of the module that is meant */
	/* Adds the modules of what it depends on, and of what that depends on. At most once. */
	enum wpkg_status (*add_dependencies)(void *state, struct wpkg_wiring *wiring,
					     struct wpkg_err *err);
	enum wpkg_status (*open_module)(struct wpkg_file_map *out, void *state, size_t number,
					struct wpkg_err *err);
	void (*close)(void *state);
};

/*
 * Set by the program at its start: opens the package that an operand names, a folder, an archive or
 * a reference, and adds its modules to the empty wiring. module is the file that is meant; NULL:
 * the only one. Texts in the wiring live until it is closed.
 */
extern enum wpkg_status (*tool_package_open)(struct tool_package *out, struct wpkg_wiring *wiring,
					     const struct wpkg_invocation *invocation,
					     const char *operand, const char *module,
					     struct wpkg_err *err);

#endif
