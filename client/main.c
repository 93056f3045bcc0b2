/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <signal.h>

int main(int argc, char **argv)
{
	/* A reader that went away is an error of write, not the end of the program. */
	signal(SIGPIPE, SIG_IGN);
	return wpkg_program_run(&client_program, argc, argv);
}
