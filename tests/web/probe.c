// SPDX-License-Identifier: Apache-2.0
// A WASI command for the tests of "Try it": its first argument says what it does.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int show_arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	printf("\n");
	return 0;
}

// Each line of the input with its number.
static int number_lines(void)
{
	char line[256];
	for (int i = 1; fgets(line, sizeof(line), stdin); i++)
		printf("%d %s", i, line);
	return 0;
}

static int use_files(void)
{
	char text[16] = "";
	struct stat about;
	mkdir("/folder", 0777);
	FILE *file = fopen("/folder/a.txt", "w");
	if (!file || fputs("hello", file) < 0 || fclose(file) != 0)
		return 1;
	if (rename("/folder/a.txt", "/folder/b.txt") != 0 || stat("/folder/b.txt", &about) != 0)
		return 2;
	file = fopen("/folder/b.txt", "r");
	if (!file || fseek(file, 1, SEEK_SET) != 0 || !fgets(text, sizeof(text), file))
		return 3;
	fclose(file);
	printf("%lld bytes, from the second: %s\n", (long long)about.st_size, text);
	DIR *folder = opendir("/folder");
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			printf("file %s\n", entry->d_name);
	closedir(folder);
	printf("left: %d\n", unlink("/folder/b.txt") || rmdir("/folder"));
	return 0;
}

static int tell_time(void)
{
	struct timespec before, after;
	unsigned char random[16] = {0}, none[16] = {0};
	clock_gettime(CLOCK_MONOTONIC, &before);
	usleep(20000);
	clock_gettime(CLOCK_MONOTONIC, &after);
	long long slept =
		(after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
	getentropy(random, sizeof(random));
	printf("%s, %s, %s\n", time(NULL) > 1700000000 ? "today" : "long ago",
	       slept >= 20000000 ? "slept" : "awake", memcmp(random, none, 16) ? "random" : "zero");
	return 0;
}

// Deeper than any stack of calls, without a byte of linear memory.
static int recurse(int depth);
static int (*volatile next)(int) = recurse;

static int recurse(int depth)
{
	return next(depth + 1) + depth;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "arguments";
	if (strcmp(what, "lines") == 0)
		return number_lines();
	if (strcmp(what, "files") == 0)
		return use_files();
	if (strcmp(what, "time") == 0)
		return tell_time();
	if (strcmp(what, "exit") == 0)
		return argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	if (strcmp(what, "trap") == 0) {
		fprintf(stderr, "before the trap\n");
		__builtin_trap();
	}
	if (strcmp(what, "deep") == 0)
		return recurse(0);
	if (strcmp(what, "flood") == 0)
		for (;;)
			puts("the same line again and again");
	if (strcmp(what, "spin") == 0) {
		puts("it begins");
		for (volatile unsigned i = 0;; i++)
			;
	}
	if (strcmp(what, "hostile") == 0) {
		printf("<img src=x onerror=alert(1)> \033[31mred\033[0m \342\200\256desrever\n");
		return 0;
	}
	return show_arguments(argc, argv);
}
