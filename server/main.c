/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <signal.h>
#include <string.h>

/* "wpkgd --data DIR" means "wpkgd serve --data DIR": serving is what the program is for. */
static int run(int argc, char **argv, char **words)
{
	words[0] = argv[0];
	words[1] = (char[]){"serve"};
	memcpy(words + 2, argv + 1, (size_t)argc * sizeof(char *));
	return wpkg_program_run(&server_program, argc + 1, words);
}

static int is_program_option(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

int main(int argc, char **argv)
{
	char *words[256];
	/* A peer that went away, or a file that may grow no more, is an error of write, not the end
	 * of the program. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc > 1 && argc < 250 && argv[1][0] == '-' && !is_program_option(argv[1]))
		return run(argc, argv, words);
	return wpkg_program_run(&server_program, argc, argv);
}
