/* SPDX-License-Identifier: Apache-2.0 */
/* proc(5): a line of fields, of which the second is the program's name in parentheses. */
#include "metrics_page.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields behind the name, counted from its state. */
enum { FIELD_USER_TIME = 11, FIELD_SYSTEM_TIME = 12, FIELD_VIRTUAL = 20, FIELD_RESIDENT };
#define FIELDS (FIELD_RESIDENT + 1)

static bool read_fields(long long out[FIELDS])
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	char *rest = strrchr(text, ')');
	if (!rest)
		return false;
	rest++; /* then the state, a letter, which the first turn skips */
	out[0] = 0;
	for (int i = 1; i < FIELDS; i++) {
		char *end;
		rest += strspn(rest, " ");
		rest += strcspn(rest, " ");
		out[i] = strtoll(rest, &end, 10);
		if (end == rest)
			return false;
	}
	return true;
}

static uint64_t count_descriptors(void)
{
	uint64_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count > 3 ? count - 3 : 0; /* ".", ".." and this one */
}

void metrics_write_process(struct exposition *exposition)
{
	long long fields[FIELDS];
	struct rlimit limit;
	double tick = (double)sysconf(_SC_CLK_TCK);
	if (read_fields(fields)) {
		exposition_family(exposition, "process_cpu_seconds", EXPOSITION_COUNTER,
				  "Processor time of this process.");
		exposition_real(exposition, NULL,
				(double)(fields[FIELD_USER_TIME] + fields[FIELD_SYSTEM_TIME]) /
					tick);
		exposition_gauge(exposition, "process_virtual_memory_bytes",
				 "Address space of this process.", (uint64_t)fields[FIELD_VIRTUAL]);
		exposition_gauge(
			exposition, "process_resident_memory_bytes", "Memory of this process.",
			(uint64_t)fields[FIELD_RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE));
	}
	exposition_gauge(exposition, "process_open_fds", "Descriptors that are open.",
			 count_descriptors());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		exposition_gauge(exposition, "process_max_fds", "Descriptors that may be open.",
				 limit.rlim_cur);
}
