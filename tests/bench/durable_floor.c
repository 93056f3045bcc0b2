/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk can do at best for small files that shall last: write, fdatasync, rename, fsync of
 * the folder, by some threads at once. durable_floor FOLDER COUNT THREADS SIZE prints how many a
 * second.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
	int folder;
	long count;
	size_t size;
	atomic_long next;
} work;

static void check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void store(long number, const char *bytes)
{
	char temporary[32], name[32];
	snprintf(temporary, sizeof(temporary), "t%ld", number);
	snprintf(name, sizeof(name), "f%ld", number);
	int fd = openat(work.folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	check(fd >= 0, "open");
	check(write(fd, bytes, work.size) == (ssize_t)work.size, "write");
	check(fdatasync(fd) == 0, "fdatasync");
	close(fd);
	check(renameat(work.folder, temporary, work.folder, name) == 0, "rename");
	check(fsync(work.folder) == 0, "fsync");
}

static void *store_all(void *unused)
{
	char *bytes = calloc(1, work.size);
	(void)unused;
	for (long i; (i = atomic_fetch_add(&work.next, 1)) < work.count;)
		store(i, bytes);
	free(bytes);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[256];
	if (argc != 5) {
		fprintf(stderr, "durable_floor FOLDER COUNT THREADS SIZE\n");
		return 2;
	}
	work.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(work.folder >= 0, argv[1]);
	work.count = strtol(argv[2], NULL, 10);
	size_t count = strtoul(argv[3], NULL, 10);
	work.size = strtoul(argv[4], NULL, 10);
	if (count < 1 || count > 256)
		return 2;
	uint64_t start = wpkg_clock_monotonic();
	for (size_t i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, store_all, NULL);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%.1f\n", (double)work.count * 1e9 / (double)(wpkg_clock_monotonic() - start));
	return 0;
}
