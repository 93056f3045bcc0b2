/* SPDX-License-Identifier: Apache-2.0 */
/* A small real program: greets whoever is named, or each line of its standard input. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char line[256];

	for (int i = 1; i < argc; i++)
		printf("hello, %s\n", argv[i]);
	while (argc == 1 && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		printf("hello, %s\n", line);
	}
	return 0;
}
