/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <signal.h>

#include "../tools/commands.h"
#include "module.h"
#include "project_modules.h"
#include "runnable.h"

int main(int argc, char **argv)
{
	/* A reader that went away, or a file that may grow no more, is an error of write, not the
	 * end of the program. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	tool_resolve = module_resolve;
	tool_project_open = project_modules_open;
	tool_package_open = runnable_open;
	return wpkg_program_run(&client_program, argc, argv);
}
